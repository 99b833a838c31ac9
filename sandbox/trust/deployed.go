package trust

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

// Deployed is what decides who may become whom, as a program registers it.
type Deployed struct {
	// Providers are the doors of all pools, by name.
	Providers []Provider
	// Memberships are all grants, to accounts and to federated principals, in the order of their logical names.
	Memberships []Membership
	// Accounts are the addresses of all service accounts it makes.
	Accounts []string
}

// Provider is one workload identity provider.
type Provider struct {
	// Name is projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID.
	Name string
	// Issuer is the one whose tokens it takes.
	Issuer string
	// Audiences are those it takes. None: its own name only.
	Audiences []string
	// Mapping are expressions by the attribute they make.
	Mapping map[string]string
	// Condition is an expression that admits tokens. Empty: all.
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
	// Scope is what the role holds on, for example "project procureflow-dev".
	Scope string
	// Account is the service account whose policy it is part of, empty for other scopes.
	Account string
	// Reason is what the program gives as the reason, empty if nothing.
	Reason string
	// Condition is the grant's condition, empty without one.
	Condition string
}

const (
	providerType = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
	accountType  = "gcp:serviceaccount/account:Account"
)

// scopes are how the scope of a membership is written, and which inputs name it.
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
	"gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember":                {"key", []string{"cryptoKeyId"}},
	"gcp:containeranalysis/noteIamMember:NoteIamMember":            {"note", []string{"project", "note"}},
	"gcp:binaryauthorization/attestorIamMember:AttestorIamMember":  {"attestor", []string{"project", "attestor"}},
}

// read picks from registrations what decides about trust. It fails on what it would have to guess about.
func read(registered []registration) (Deployed, error) {
	slices.SortFunc(registered, func(a, b registration) int { return strings.Compare(a.name, b.name) })
	var deployed Deployed
	for _, r := range registered {
		lower := strings.ToLower(r.typ)
		switch {
		case r.typ == providerType:
			provider, err := readProvider(r)
			if err != nil {
				return Deployed{}, err
			}
			deployed.Providers = append(deployed.Providers, provider)
		case r.typ == accountType:
			deployed.Accounts = append(deployed.Accounts, email(r.outputName))
		case strings.HasSuffix(lower, "iammember"):
			membership, err := readMembership(r, registered)
			if err != nil {
				return Deployed{}, err
			}
			deployed.Memberships = append(deployed.Memberships, membership)
		case strings.HasSuffix(lower, "iambinding"), strings.HasSuffix(lower, "iampolicy"):
			return Deployed{}, fmt.Errorf("%s %q: the simulator reads grants of single members only; use the member resource, or teach it this one", r.typ, r.name)
		}
	}
	return deployed, nil
}

func readProvider(r registration) (Provider, error) {
	oidc, _ := r.inputs["oidc"].(map[string]any)
	provider := Provider{Name: r.outputName, Condition: r.text("attributeCondition"), Mapping: map[string]string{}}
	provider.Disabled, _ = r.inputs["disabled"].(bool)
	provider.Issuer, _ = oidc["issuerUri"].(string)
	if provider.Issuer == "" {
		return Provider{}, fmt.Errorf("provider %q has no OIDC issuer: the simulator knows OIDC providers only", r.name)
	}
	audiences, _ := oidc["allowedAudiences"].([]any)
	for _, audience := range audiences {
		text, ok := audience.(string)
		if !ok {
			return Provider{}, fmt.Errorf("provider %q has an audience that is no text", r.name)
		}
		provider.Audiences = append(provider.Audiences, text)
	}
	mapping, _ := r.inputs["attributeMapping"].(map[string]any)
	for attribute, expression := range mapping {
		text, ok := expression.(string)
		if !ok {
			return Provider{}, fmt.Errorf("provider %q maps %s to what is no text", r.name, attribute)
		}
		provider.Mapping[attribute] = text
	}
	return provider, nil
}

func readMembership(r registration, registered []registration) (Membership, error) {
	scope, known := scopes[r.typ]
	if !known {
		return Membership{}, fmt.Errorf("%s %q: the simulator does not know what this grants a role on; add it to its table", r.typ, r.name)
	}
	var named []string
	for _, key := range scope.keys {
		if text := r.text(key); text != "" {
			named = append(named, text)
		}
	}
	membership := Membership{Name: r.name, Member: r.text("member"), Role: r.text("role"), Scope: scope.kind + " " + strings.Join(named, "/")}
	if scope.kind == "service account" {
		membership.Account = email(r.text("serviceAccountId"))
		membership.Scope = scope.kind + " " + membership.Account
	}
	condition, _ := r.inputs["condition"].(map[string]any)
	membership.Condition, _ = condition["expression"].(string)
	if membership.Member == "" || membership.Role == "" {
		return Membership{}, fmt.Errorf("%s %q has no member or no role that is known before it is made", r.typ, r.name)
	}
	membership.Reason = reasonOf(r, membership.Role, registered)
	return membership, nil
}

// reasonOf finds the reason in the component that the membership belongs to, which lists its grants.
func reasonOf(r registration, role string, registered []registration) string {
	parent := slices.IndexFunc(registered, func(other registration) bool { return other.urn == r.parent })
	if parent < 0 {
		return ""
	}
	grants, _ := registered[parent].inputs["grants"].([]any)
	for _, element := range grants {
		grant, _ := element.(map[string]any)
		scope, _ := grant["scope"].(string)
		if grant["role"] == role && strings.HasPrefix(r.name, registered[parent].name+"-grant-"+naming.Slug(scope)+"-") {
			reason, _ := grant["reason"].(string)
			return reason
		}
	}
	return ""
}

// email is the address in an account's resource name.
func email(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
