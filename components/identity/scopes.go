package identity

import (
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/artifactregistry"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/billing"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/binaryauthorization"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/containeranalysis"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/kms"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/projects"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/secretmanager"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Scope is where a grant holds. Its types are [ProjectScope], [RepositoryScope], [SecretScope], [ServiceAccountScope],
// [ServiceScope], [JobScope], [BillingAccountScope], [KeyScope], [NoteScope] and [AttestorScope]. The key of a scope is plain text
// that names the grant, because the scope's own name may be known only later.
type Scope interface {
	// place is the kind of the scope, its key, and the fields that have no value though they need one.
	place() (kind, key string, missing []string)
	// register makes the grant.
	register(ctx *pulumi.Context, name string, m membership, opts ...pulumi.ResourceOption) error
}

// membership is who gets which role, and the project that a scope is in if it says nothing else.
type membership struct {
	role      pulumi.StringInput
	member    pulumi.StringInput
	project   pulumi.StringInput
	condition *Condition
}

// ProjectScope is a whole project: the last resort, for what Google offers no narrower scope.
type ProjectScope struct {
	// Key tells several projects apart. Default: none, for the identity's own project.
	Key string
	// Project is the project's id. Default: the identity's project.
	Project pulumi.StringInput
}

func (s ProjectScope) place() (string, string, []string) {
	if s.Project != nil && s.Key == "" {
		return "project", s.Key, []string{"Key"}
	}
	return "project", s.Key, nil
}

func (s ProjectScope) register(ctx *pulumi.Context, name string, m membership, opts ...pulumi.ResourceOption) error {
	args := &projects.IAMMemberArgs{Project: or(s.Project, m.project), Role: m.role, Member: m.member}
	if c := m.condition; c != nil {
		args.Condition = projects.IAMMemberConditionArgs{Title: c.title(), Description: c.description(), Expression: c.expression()}
	}
	_, err := projects.NewIAMMember(ctx, name, args, opts...)
	return err
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

func (s RepositoryScope) place() (string, string, []string) {
	return "repository", s.Key, missing(field{"Key", s.Key == ""}, field{"Location", s.Location == nil},
		field{"Repository", s.Repository == nil})
}

func (s RepositoryScope) register(ctx *pulumi.Context, name string, m membership, opts ...pulumi.ResourceOption) error {
	args := &artifactregistry.RepositoryIamMemberArgs{
		Project: or(s.Project, m.project), Location: s.Location,
		Repository: s.Repository, Role: m.role, Member: m.member,
	}
	if c := m.condition; c != nil {
		args.Condition = artifactregistry.RepositoryIamMemberConditionArgs{Title: c.title(), Description: c.description(),
			Expression: c.expression()}
	}
	_, err := artifactregistry.NewRepositoryIamMember(ctx, name, args, opts...)
	return err
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

func (s SecretScope) place() (string, string, []string) {
	return "secret", s.Key, missing(field{"Key", s.Key == ""}, field{"SecretID", s.SecretID == nil})
}

func (s SecretScope) register(ctx *pulumi.Context, name string, m membership, opts ...pulumi.ResourceOption) error {
	args := &secretmanager.SecretIamMemberArgs{
		Project: or(s.Project, m.project), SecretId: s.SecretID, Role: m.role, Member: m.member,
	}
	if c := m.condition; c != nil {
		args.Condition = secretmanager.SecretIamMemberConditionArgs{Title: c.title(), Description: c.description(), Expression: c.expression()}
	}
	_, err := secretmanager.NewSecretIamMember(ctx, name, args, opts...)
	return err
}

// ServiceAccountScope is one service account: to act as it, for example.
type ServiceAccountScope struct {
	// Key names the grant. Required.
	Key string
	// Name is the account's resource name, projects/P/serviceAccounts/EMAIL. Required.
	Name pulumi.StringInput
}

func (s ServiceAccountScope) place() (string, string, []string) {
	return "service-account", s.Key, missing(field{"Key", s.Key == ""}, field{"Name", s.Name == nil})
}

func (s ServiceAccountScope) register(ctx *pulumi.Context, name string, m membership, opts ...pulumi.ResourceOption) error {
	args := &serviceaccount.IAMMemberArgs{ServiceAccountId: s.Name, Role: m.role, Member: m.member}
	if c := m.condition; c != nil {
		args.Condition = serviceaccount.IAMMemberConditionArgs{Title: c.title(), Description: c.description(), Expression: c.expression()}
	}
	_, err := serviceaccount.NewIAMMember(ctx, name, args, opts...)
	return err
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

func (s ServiceScope) place() (string, string, []string) {
	return "service", s.Key, missing(field{"Key", s.Key == ""}, field{"Location", s.Location == nil}, field{"Service", s.Service == nil})
}

func (s ServiceScope) register(ctx *pulumi.Context, name string, m membership, opts ...pulumi.ResourceOption) error {
	args := &cloudrunv2.ServiceIamMemberArgs{
		Project: or(s.Project, m.project), Location: s.Location,
		Name: s.Service, Role: m.role, Member: m.member,
	}
	if c := m.condition; c != nil {
		args.Condition = cloudrunv2.ServiceIamMemberConditionArgs{Title: c.title(), Description: c.description(), Expression: c.expression()}
	}
	_, err := cloudrunv2.NewServiceIamMember(ctx, name, args, opts...)
	return err
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

func (s JobScope) place() (string, string, []string) {
	return "job", s.Key, missing(field{"Key", s.Key == ""}, field{"Location", s.Location == nil}, field{"Job", s.Job == nil})
}

func (s JobScope) register(ctx *pulumi.Context, name string, m membership, opts ...pulumi.ResourceOption) error {
	args := &cloudrunv2.JobIamMemberArgs{
		Project: or(s.Project, m.project), Location: s.Location,
		Name: s.Job, Role: m.role, Member: m.member,
	}
	if c := m.condition; c != nil {
		args.Condition = cloudrunv2.JobIamMemberConditionArgs{Title: c.title(), Description: c.description(), Expression: c.expression()}
	}
	_, err := cloudrunv2.NewJobIamMember(ctx, name, args, opts...)
	return err
}

// BillingAccountScope is one billing account, for budgets.
type BillingAccountScope struct {
	// Key tells several billing accounts apart. Default: none.
	Key string
	// ID is the billing account's id, XXXXXX-XXXXXX-XXXXXX. Required.
	ID pulumi.StringInput
}

func (s BillingAccountScope) place() (string, string, []string) {
	return "billing-account", s.Key, missing(field{"ID", s.ID == nil})
}

func (s BillingAccountScope) register(ctx *pulumi.Context, name string, m membership, opts ...pulumi.ResourceOption) error {
	args := &billing.AccountIamMemberArgs{BillingAccountId: s.ID, Role: m.role, Member: m.member}
	if c := m.condition; c != nil {
		args.Condition = billing.AccountIamMemberConditionArgs{Title: c.title(), Description: c.description(), Expression: c.expression()}
	}
	_, err := billing.NewAccountIamMember(ctx, name, args, opts...)
	return err
}

// KeyScope is one key of Cloud KMS.
type KeyScope struct {
	// Key names the grant. Required.
	Key string
	// CryptoKey is the key's resource name, projects/P/locations/L/keyRings/R/cryptoKeys/K. Required.
	CryptoKey pulumi.StringInput
}

func (s KeyScope) place() (string, string, []string) {
	return "key", s.Key, missing(field{"Key", s.Key == ""}, field{"CryptoKey", s.CryptoKey == nil})
}

func (s KeyScope) register(ctx *pulumi.Context, name string, m membership, opts ...pulumi.ResourceOption) error {
	args := &kms.CryptoKeyIAMMemberArgs{CryptoKeyId: s.CryptoKey, Role: m.role, Member: m.member}
	if c := m.condition; c != nil {
		args.Condition = kms.CryptoKeyIAMMemberConditionArgs{Title: c.title(), Description: c.description(), Expression: c.expression()}
	}
	_, err := kms.NewCryptoKeyIAMMember(ctx, name, args, opts...)
	return err
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

func (s NoteScope) place() (string, string, []string) {
	return "note", s.Key, missing(field{"Key", s.Key == ""}, field{"Note", s.Note == nil})
}

func (s NoteScope) register(ctx *pulumi.Context, name string, m membership, opts ...pulumi.ResourceOption) error {
	args := &containeranalysis.NoteIamMemberArgs{Project: or(s.Project, m.project), Note: s.Note, Role: m.role, Member: m.member}
	if c := m.condition; c != nil {
		args.Condition = containeranalysis.NoteIamMemberConditionArgs{Title: c.title(), Description: c.description(), Expression: c.expression()}
	}
	_, err := containeranalysis.NewNoteIamMember(ctx, name, args, opts...)
	return err
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

func (s AttestorScope) place() (string, string, []string) {
	return "attestor", s.Key, missing(field{"Key", s.Key == ""}, field{"Attestor", s.Attestor == nil})
}

func (s AttestorScope) register(ctx *pulumi.Context, name string, m membership, opts ...pulumi.ResourceOption) error {
	args := &binaryauthorization.AttestorIamMemberArgs{Project: or(s.Project, m.project), Attestor: s.Attestor, Role: m.role, Member: m.member}
	if c := m.condition; c != nil {
		args.Condition = binaryauthorization.AttestorIamMemberConditionArgs{Title: c.title(), Description: c.description(),
			Expression: c.expression()}
	}
	_, err := binaryauthorization.NewAttestorIamMember(ctx, name, args, opts...)
	return err
}

func (c *Condition) title() pulumi.String      { return pulumi.String(c.Title) }
func (c *Condition) expression() pulumi.String { return pulumi.String(c.Expression) }
func (c *Condition) description() pulumi.StringPtrInput {
	if c.Description == "" {
		return nil
	}
	return pulumi.String(c.Description)
}

// describe is a scope in words: its kind and its key.
func describe(scope Scope) string {
	if scope == nil {
		return ""
	}
	kind, key, _ := scope.place()
	if key == "" {
		return kind
	}
	return kind + " " + key
}

func or(given, otherwise pulumi.StringInput) pulumi.StringInput {
	if given != nil {
		return given
	}
	return otherwise
}

type field struct {
	name    string
	missing bool
}

func missing(fields ...field) []string {
	var names []string
	for _, f := range fields {
		if f.missing {
			names = append(names, f.name)
		}
	}
	return names
}
