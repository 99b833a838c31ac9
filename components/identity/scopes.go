package identity

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// Scope is where a grant holds. Its types are [ProjectScope], [RepositoryScope], [SecretScope], [ServiceAccountScope],
// [ServiceScope], [JobScope], [BillingAccountScope], [KeyScope], [NoteScope] and [AttestorScope]. The key of a scope is plain text
// that names the grant, because the scope's own name may be known only later.
type Scope interface{ place() place }

// kind is a kind of scope. Its name and token are in the state of stacks, so they must not change.
type kind struct {
	// name is the kind's name in messages and in the names of grants.
	name string
	// token is the type of the Google resource that gives one member one role there.
	token string
	// inProject says that this resource has a property project.
	inProject bool
}

var (
	projectKind        = kind{"project", "gcp:projects/iAMMember:IAMMember", true}
	repositoryKind     = kind{"repository", "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember", true}
	secretKind         = kind{"secret", "gcp:secretmanager/secretIamMember:SecretIamMember", true}
	serviceAccountKind = kind{"service-account", "gcp:serviceaccount/iAMMember:IAMMember", false}
	serviceKind        = kind{"service", "gcp:cloudrunv2/serviceIamMember:ServiceIamMember", true}
	jobKind            = kind{"job", "gcp:cloudrunv2/jobIamMember:JobIamMember", true}
	billingAccountKind = kind{"billing-account", "gcp:billing/accountIamMember:AccountIamMember", false}
	keyKind            = kind{"key", "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", false}
	noteKind           = kind{"note", "gcp:containeranalysis/noteIamMember:NoteIamMember", true}
	attestorKind       = kind{"attestor", "gcp:binaryauthorization/attestorIamMember:AttestorIamMember", true}
)

// place is one scope in the form that all kinds share.
type place struct {
	kind kind
	key  string
	// keyless says that the scope needs no key, because an identity rarely has a second scope of the kind.
	keyless bool
	// project is the scope's project. Nil means the identity's.
	project pulumi.StringInput
	fields  []field
}

// field is a required field of a scope, and the property of the Google resource that takes its value.
type field struct {
	name, property string
	value          pulumi.StringInput
}

// missing returns the names of the required fields that have no value.
func (p place) missing() []string {
	var names []string
	if p.key == "" && !p.keyless {
		names = append(names, "Key")
	}
	for _, f := range p.fields {
		if f.value == nil {
			names = append(names, f.name)
		}
	}
	return names
}

// String returns the scope in words: its kind and its key.
func (p place) String() string {
	if p.key == "" {
		return p.kind.name
	}
	return p.kind.name + " " + p.key
}

// describe returns a scope in words, or "" for no scope.
func describe(scope Scope) string {
	if scope == nil {
		return ""
	}
	return scope.place().String()
}

// register makes the grant. It registers the resource by its token, because the SDK has its own struct, with the same fields,
// for each of the ten kinds.
func (grant Grant) register(ctx *pulumi.Context, name string, identity *Identity, member, project pulumi.StringInput) error {
	p := grant.Scope.place()
	inputs := pulumi.Map{"role": grant.role(), "member": member}
	for _, f := range p.fields {
		inputs[f.property] = f.value
	}
	if p.kind.inProject {
		if p.project != nil {
			project = p.project
		}
		inputs["project"] = project
	}
	if c := grant.Condition; c != nil {
		condition := pulumi.Map{"title": pulumi.String(c.Title), "expression": pulumi.String(c.Expression)}
		if c.Description != "" {
			condition["description"] = pulumi.String(c.Description)
		}
		inputs["condition"] = condition
	}
	return ctx.RegisterResource(p.kind.token, name, inputs, &iamMember{}, pulumiopt.GoogleChild(identity)...)
}

// iamMember is a grant as a resource. Nobody reads its outputs.
type iamMember struct{ pulumi.CustomResourceState }

// ProjectScope is a whole project. Use it only if Google offers no narrower scope.
type ProjectScope struct {
	// Key tells several projects apart. Default: none, for the identity's own project.
	Key string
	// Project is the project's id. Default: the identity's project.
	Project pulumi.StringInput
}

func (s ProjectScope) place() place {
	return place{kind: projectKind, key: s.Key, project: s.Project, keyless: s.Project == nil}
}

// RepositoryScope is one Artifact Registry repository.
type RepositoryScope struct {
	// Key names the grant. Required.
	Key string
	// Project is the repository's project. Default: the identity's project.
	Project pulumi.StringInput
	// Location is the repository's region. Required.
	Location pulumi.StringInput
	// Repository is the repository's id. Required.
	Repository pulumi.StringInput
}

func (s RepositoryScope) place() place {
	return place{kind: repositoryKind, key: s.Key, project: s.Project,
		fields: []field{{"Location", "location", s.Location}, {"Repository", "repository", s.Repository}}}
}

// SecretScope is one Secret Manager secret.
type SecretScope struct {
	// Key names the grant. Required.
	Key string
	// Project is the secret's project. Default: the identity's project.
	Project pulumi.StringInput
	// SecretID is the secret's id within its project. Required.
	SecretID pulumi.StringInput
}

func (s SecretScope) place() place {
	return place{kind: secretKind, key: s.Key, project: s.Project, fields: []field{{"SecretID", "secretId", s.SecretID}}}
}

// ServiceAccountScope is one service account: to act as it, for example.
type ServiceAccountScope struct {
	// Key names the grant. Required.
	Key string
	// Name is the account's resource name, projects/P/serviceAccounts/EMAIL. Required.
	Name pulumi.StringInput
}

func (s ServiceAccountScope) place() place {
	return place{kind: serviceAccountKind, key: s.Key, fields: []field{{"Name", "serviceAccountId", s.Name}}}
}

// ServiceScope is one Cloud Run service.
type ServiceScope struct {
	// Key names the grant. Required.
	Key string
	// Project is the service's project. Default: the identity's project.
	Project pulumi.StringInput
	// Location is the service's region. Required.
	Location pulumi.StringInput
	// Service is the service's id. Required.
	Service pulumi.StringInput
}

func (s ServiceScope) place() place {
	return place{kind: serviceKind, key: s.Key, project: s.Project,
		fields: []field{{"Location", "location", s.Location}, {"Service", "name", s.Service}}}
}

// JobScope is one Cloud Run job.
type JobScope struct {
	// Key names the grant. Required.
	Key string
	// Project is the job's project. Default: the identity's project.
	Project pulumi.StringInput
	// Location is the job's region. Required.
	Location pulumi.StringInput
	// Job is the job's id. Required.
	Job pulumi.StringInput
}

func (s JobScope) place() place {
	return place{kind: jobKind, key: s.Key, project: s.Project,
		fields: []field{{"Location", "location", s.Location}, {"Job", "name", s.Job}}}
}

// BillingAccountScope is one billing account, for budgets.
type BillingAccountScope struct {
	// Key tells several billing accounts apart. Default: none.
	Key string
	// ID is the billing account's id, XXXXXX-XXXXXX-XXXXXX. Required.
	ID pulumi.StringInput
}

func (s BillingAccountScope) place() place {
	return place{kind: billingAccountKind, key: s.Key, keyless: true, fields: []field{{"ID", "billingAccountId", s.ID}}}
}

// KeyScope is one key of Cloud KMS.
type KeyScope struct {
	// Key names the grant. Required.
	Key string
	// CryptoKey is the key's resource name, projects/P/locations/L/keyRings/R/cryptoKeys/K. Required.
	CryptoKey pulumi.StringInput
}

func (s KeyScope) place() place {
	return place{kind: keyKind, key: s.Key, fields: []field{{"CryptoKey", "cryptoKeyId", s.CryptoKey}}}
}

// NoteScope is one note of Container Analysis: to attach to it, for example.
type NoteScope struct {
	// Key names the grant. Required.
	Key string
	// Project is the note's project. Default: the identity's project.
	Project pulumi.StringInput
	// Note is the note's id. Required.
	Note pulumi.StringInput
}

func (s NoteScope) place() place {
	return place{kind: noteKind, key: s.Key, project: s.Project, fields: []field{{"Note", "note", s.Note}}}
}

// AttestorScope is one attestor of Binary Authorization.
type AttestorScope struct {
	// Key names the grant. Required.
	Key string
	// Project is the attestor's project. Default: the identity's project.
	Project pulumi.StringInput
	// Attestor is the attestor's id. Required.
	Attestor pulumi.StringInput
}

func (s AttestorScope) place() place {
	return place{kind: attestorKind, key: s.Key, project: s.Project, fields: []field{{"Attestor", "attestor", s.Attestor}}}
}
