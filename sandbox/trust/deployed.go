package trust

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/sandbox/dryrun"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
)

// Deployed is the part of a program's resources that decides who can become whom.
type Deployed struct {
	// Providers are the identity providers of all pools, by name.
	Providers []Provider
	// Memberships are all grants, to accounts and to federated principals, in the order of their logical names.
	Memberships []Membership
	// Accounts are the addresses of all service accounts that the program makes.
	Accounts []string
}

// Provider is one workload identity provider.
type Provider struct {
	// Name is projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID.
	Name string
	// Issuer is the issuer whose tokens it accepts.
	Issuer string
	// Audiences are the audiences that it accepts. Empty: only its own name.
	Audiences []string
	// Mapping holds an expression for each attribute.
	Mapping map[string]string
	// Condition is the expression that a token has to fulfil. Empty: every token is admitted.
	Condition string
	// Disabled refuses every token.
	Disabled bool
}

// Membership gives one member a role somewhere.
type Membership struct {
	// Name is the membership's logical name in the program.
	Name string
	// Member is serviceAccount:EMAIL, principal://… or principalSet://…
	Member string
	// Role is the role's name.
	Role string
	// Scope is the resource on which the role is granted, for example "project procureflow-dev".
	Scope string
	// Account is the service account to whose policy it belongs; empty for other scopes.
	Account string
	// Reason is the program's reason for the grant; empty if it gives none.
	Reason string
	// Condition is the grant's condition; empty if it has none.
	Condition string
}

const (
	providerType = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
	accountType  = "gcp:serviceaccount/account:Account"
)

// scopes say, for each type of grant, how its scope is written and which inputs name it.
var scopes = map[string]struct {
	kind string
	keys []string
}{
	"gcp:projects/iAMMember:IAMMember":                             {"project", []string{"project"}},
	"gcp:serviceaccount/iAMMember:IAMMember":                       {"service account", []string{"serviceAccountId"}},
	"gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": {"repository", []string{"project", "location", "repository"}},
	"gcp:billing/accountIamMember:AccountIamMember":                {"billing account", []string{"billingAccountId"}},
	"gcp:secretmanager/secretIamMember:SecretIamMember":            {"secret", []string{"project", "secretId"}},
	"gcp:cloudrunv2/serviceIamMember:ServiceIamMember":             {"service", []string{"project", "location", "name"}},
	"gcp:cloudrunv2/jobIamMember:JobIamMember":                     {"job", []string{"project", "location", "name"}},
	"gcp:storage/bucketIAMMember:BucketIAMMember":                  {"bucket", []string{"bucket"}},
	"gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember":                {"key", []string{"cryptoKeyId"}},
	"gcp:containeranalysis/noteIamMember:NoteIamMember":            {"note", []string{"project", "note"}},
	"gcp:binaryauthorization/attestorIamMember:AttestorIamMember":  {"attestor", []string{"project", "attestor"}},
}

// Deploy runs program for a stack as its first up would, without an engine or a cloud, and returns what decides about trust. folder holds
// the application's Pulumi.yaml. document is the settings as JSON, without stand-ins.
func Deploy(program pulumi.RunFunc, folder, stack string, document []byte) (Deployed, error) {
	resources, err := dryrun.Register(program, folder, stack, document)
	if err != nil {
		return Deployed{}, err
	}
	return Read(resources)
}

// Read picks from a stack's resources, sorted by name, what decides about trust. It fails rather than guess about a provider. Of a grant in
// a plan, what is known only after the update is [inventory.Unknown] in words: such an account is another one than each that is known.
func Read(registered []inventory.Resource) (Deployed, error) {
	var deployed Deployed
	for _, r := range registered {
		lower := strings.ToLower(r.Type)
		switch {
		case r.Type == providerType:
			provider, err := readProvider(r)
			if err != nil {
				return Deployed{}, err
			}
			deployed.Providers = append(deployed.Providers, provider)
		case r.Type == accountType:
			deployed.Accounts = append(deployed.Accounts, email(r.CloudName))
		case strings.HasSuffix(lower, "iammember"):
			membership, err := readMembership(r, registered)
			if err != nil {
				return Deployed{}, err
			}
			deployed.Memberships = append(deployed.Memberships, membership)
		case strings.HasSuffix(lower, "iambinding"), strings.HasSuffix(lower, "iampolicy"):
			return Deployed{}, fmt.Errorf("%s %q: the simulator reads grants of single members only; use the member resource, or teach "+
				"it this one", r.Type, r.Name)
		}
	}
	return deployed, nil
}

// readProvider fails if an input is not a plain value that is known before anything is made. If such an input counted as absent, the
// simulator would accept other tokens than the real provider.
func readProvider(r inventory.Resource) (Provider, error) {
	var problems []error
	oidc := input[map[string]any](r.Inputs, "oidc", &problems)
	provider := Provider{
		Name: r.CloudName, Mapping: map[string]string{},
		Condition: input[string](r.Inputs, "attributeCondition", &problems),
		Disabled:  input[bool](r.Inputs, "disabled", &problems),
		Issuer:    input[string](oidc, "issuerUri", &problems),
	}
	if len(problems) == 0 && provider.Issuer == "" {
		problems = append(problems, errors.New("has no OIDC issuer: the simulator knows OIDC providers only"))
	}
	if input[string](oidc, "jwksJson", &problems) != "" {
		problems = append(problems, errors.New("has keys of its own (jwksJson): everybody who holds them signs any claims, issuer or not"))
	}
	for _, audience := range input[[]any](oidc, "allowedAudiences", &problems) {
		text, ok := audience.(string)
		if !ok {
			problems = append(problems, errors.New("has an audience that is not text"))
		}
		provider.Audiences = append(provider.Audiences, text)
	}
	for attribute, expression := range input[map[string]any](r.Inputs, "attributeMapping", &problems) {
		text, ok := expression.(string)
		if !ok {
			problems = append(problems, fmt.Errorf("maps %s to something that is not text", attribute))
		}
		provider.Mapping[attribute] = text
	}
	if err := errors.Join(problems...); err != nil {
		return Provider{}, fmt.Errorf("provider %q: %w", r.Name, err)
	}
	return provider, nil
}

// input returns an input of type T, or the zero value if it is absent.
func input[T any](inputs map[string]any, key string, problems *[]error) (value T) {
	given, present := inputs[key]
	if !present || given == nil {
		return value
	}
	value, ok := given.(T)
	if !ok {
		*problems = append(*problems, fmt.Errorf("%s is not known before it is made, or is not a %T", key, value))
	}
	return value
}

func readMembership(r inventory.Resource, registered []inventory.Resource) (Membership, error) {
	scope, known := scopes[r.Type]
	if !known {
		return Membership{}, fmt.Errorf("%s %q: the simulator does not know what this grants a role on; add it to its table", r.Type, r.Name)
	}
	var named []string
	for _, key := range scope.keys {
		if words := r.Words(key); words != "" {
			named = append(named, words)
		}
	}
	membership := Membership{Name: r.Name, Member: r.Words("member"), Role: r.Words("role"),
		Scope: scope.kind + " " + strings.Join(named, "/")}
	if scope.kind == "service account" {
		membership.Account = email(r.Words("serviceAccountId"))
		membership.Scope = scope.kind + " " + membership.Account
	}
	membership.Condition = cmp.Or(r.Words("condition", "expression"), r.Words("condition"))
	if r.At("condition") != nil && membership.Condition == "" {
		return Membership{}, fmt.Errorf("%s %q: condition has no expression", r.Type, r.Name)
	}
	if membership.Member == "" || strings.HasSuffix(membership.Member, ":") || membership.Role == "" {
		return Membership{}, fmt.Errorf("%s %q has no member or no role", r.Type, r.Name)
	}
	membership.Reason = reasonOf(r, registered)
	return membership, nil
}

// reasonOf finds the reason of a grant in the membership's component, which lists its grants.
func reasonOf(r inventory.Resource, registered []inventory.Resource) string {
	parent := slices.IndexFunc(registered, func(other inventory.Resource) bool { return other.URN == r.Parent })
	if parent < 0 {
		return ""
	}
	grants, _ := registered[parent].Inputs["grants"].([]any)
	for _, element := range grants {
		grant, _ := element.(map[string]any)
		scope, _ := grant["scope"].(string)
		if grant["role"] == r.At("role") && strings.HasPrefix(r.Name, registered[parent].Name+"-grant-"+naming.Slug(scope)+"-") {
			reason, _ := grant["reason"].(string)
			return reason
		}
	}
	return ""
}

// email returns the address in an account's resource name.
func email(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
