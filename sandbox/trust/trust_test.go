package trust_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/iam"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/projects"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
)

const (
	pool         = "projects/1/locations/global/workloadIdentityPools/github"
	providerName = pool + "/providers/oidc"
	issuer       = "https://issuer.example.com"
	account      = "deploy@p.iam.gserviceaccount.com"
)

// provider returns a provider, after change, that admits every token of the issuer and maps the claim sub to the subject and to
// attribute.who.
func provider(change func(*trust.Provider)) trust.Provider {
	provider := trust.Provider{
		Name: providerName, Issuer: issuer,
		Mapping: map[string]string{"google.subject": "assertion.sub", "attribute.who": "assertion.sub"},
	}
	if change != nil {
		change(&provider)
	}
	return provider
}

func exchange(t *testing.T, provider trust.Provider, claims map[string]any, memberships ...trust.Membership) trust.Answer {
	t.Helper()
	simulator, err := trust.New(trust.Deployed{Providers: []trust.Provider{provider}, Memberships: memberships})
	require.NoError(t, err)
	all := map[string]any{"iss": issuer, "aud": "https://iam.googleapis.com/" + providerName, "sub": "a/b:c"}
	for name, value := range claims {
		all[name] = value
	}
	answer := simulator.Exchange(all)
	assert.Equal(t, answer.Identities, simulator.Identities(all))
	return answer
}

func TestMembersThatATokenMatches(t *testing.T) {
	t.Parallel()
	for member, want := range map[string]bool{
		"principal://iam.googleapis.com/" + pool + "/subject/a/b:c":               true,
		"principal://iam.googleapis.com/" + pool + "/subject/a/b":                 false,
		"principal://iam.googleapis.com/" + pool + "/attribute.who/a/b:c":         false,
		"principalSet://iam.googleapis.com/" + pool + "/attribute.who/a/b:c":      true,
		"principalSet://iam.googleapis.com/" + pool + "/attribute.who/A/b:c":      false,
		"principalSet://iam.googleapis.com/" + pool + "/attribute.who/a/b:c ":     false,
		"principalSet://iam.googleapis.com/" + pool + "/attribute.who/":           false,
		"principalSet://iam.googleapis.com/" + pool + "/attribute.who":            false,
		"principalSet://iam.googleapis.com/" + pool + "/attribute.who/*":          false,
		"principalSet://iam.googleapis.com/" + pool + "/attribute.other/a/b:c":    false,
		"principalSet://iam.googleapis.com/" + pool + "/attribute.other/":         false,
		"principalSet://iam.googleapis.com/" + pool + "/google.subject/a/b:c":     false,
		"principalSet://iam.googleapis.com/" + pool + "/subject/a/b:c":            false,
		"principalSet://iam.googleapis.com/" + pool + "/*":                        true,
		"principalSet://iam.googleapis.com/" + pool + "-2/*":                      false,
		"principalSet://iam.googleapis.com/" + pool + "-2/attribute.who/a/b:c":    false,
		"serviceAccount:" + account:                                               false,
		"allUsers":                                                                true,
		"allusers":                                                                false,
		"principalSet://example.com/" + pool + "/attribute.who/a/b:c":             false,
		"principalSet://iam.googleapis.com/" + pool + "/group/a/b:c":              false,
		"principalSet://iam.googleapis.com//" + pool + "/attribute.who/a/b:c":     false,
		"principalSet://iam.googleapis.com/x/" + pool + "/attribute.who/a/b:c":    false,
		"PRINCIPALSET://iam.googleapis.com/" + pool + "/attribute.who/a/b:c":      false,
		"principalSet://iam.googleapis.com/" + pool + "/attribute.who/a/b:c/more": false,
	} {
		t.Run(member, func(t *testing.T) {
			t.Parallel()
			answer := exchange(t, provider(nil), nil, trust.Membership{Member: member, Role: "roles/iam.workloadIdentityUser", Account: account})
			require.True(t, answer.Accepted, answer.Reason)
			if !want {
				assert.Empty(t, answer.Identities)
				assert.Equal(t, "oidc: accepted, but no grant names this token", answer.Reason)
				return
			}
			assert.Equal(t, []trust.Identity{{Account: account, Provider: "oidc", Member: member, Grants: []trust.Grant{}}}, answer.Identities)
		})
	}
}

func TestPermissionsOfAnIdentity(t *testing.T) {
	t.Parallel()
	const member = "principalSet://iam.googleapis.com/" + pool + "/*"
	answer := exchange(t, provider(nil), nil,
		trust.Membership{Member: member, Role: "roles/iam.serviceAccountTokenCreator", Account: account, Scope: "service account " + account},
		trust.Membership{Member: member, Role: "roles/run.viewer", Scope: "project p"},
		trust.Membership{Member: member, Role: "roles/iam.serviceAccountUser", Account: account, Scope: "service account " + account},
		trust.Membership{Member: "serviceAccount:" + account, Role: "roles/run.developer", Scope: "project p", Reason: "It releases.",
			Condition: "false"},
		trust.Membership{Member: "serviceAccount:other@p.iam.gserviceaccount.com", Role: "roles/owner", Scope: "project p"},
	)
	assert.Equal(t, []trust.Identity{
		{Provider: "oidc", Member: member, Grants: []trust.Grant{
			{Role: "roles/run.viewer", Scope: "project p"}, {Role: "roles/iam.serviceAccountUser", Scope: "service account " + account},
		}},
		{Account: account, Provider: "oidc", Member: member, Grants: []trust.Grant{
			{Role: "roles/run.developer", Scope: "project p", Reason: "It releases.", Condition: "false"},
		}},
	}, answer.Identities)
}

func TestRoleOnTheProjectReachesEveryAccount(t *testing.T) {
	t.Parallel()
	const member = "principalSet://iam.googleapis.com/" + pool + "/attribute.who/a/b:c"
	simulator, err := trust.New(trust.Deployed{
		Providers: []trust.Provider{provider(nil)}, Accounts: []string{account, "infra@p.iam.gserviceaccount.com"},
		Memberships: []trust.Membership{{Member: member, Role: "roles/iam.workloadIdentityUser", Scope: "project p"}},
	})
	require.NoError(t, err)
	answer := simulator.Exchange(map[string]any{"iss": issuer, "aud": "//iam.googleapis.com/" + providerName, "sub": "a/b:c"})
	assert.Equal(t, []trust.Identity{
		{Provider: "oidc", Member: member, Grants: []trust.Grant{{Role: "roles/iam.workloadIdentityUser", Scope: "project p"}}},
		{Account: account, Provider: "oidc", Member: member, Grants: []trust.Grant{}},
		{Account: "infra@p.iam.gserviceaccount.com", Provider: "oidc", Member: member, Grants: []trust.Grant{}},
	}, answer.Identities)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*trust.Provider)
		claims map[string]any
		want   string
	}{
		"disabled":                            {func(p *trust.Provider) { p.Disabled = true }, nil, "the provider is disabled"},
		"an audience that is not on the list": {func(p *trust.Provider) { p.Audiences = []string{"x"} }, nil, "the audience is"},
		"an empty subject":                    {nil, map[string]any{"sub": ""}, "google.subject is empty"},
		"a long subject": {nil, map[string]any{"sub": strings.Repeat("é", 64)},
			"google.subject has 128 bytes, more than 127"},
		"an attribute that is not text": {
			func(p *trust.Provider) { p.Mapping["attribute.list"] = "assertion.list" }, map[string]any{"list": []any{"a"}},
			"attribute.list would be a list and not text",
		},
		"a missing claim": {func(p *trust.Provider) { p.Mapping["attribute.list"] = "assertion.list" }, nil,
			"attribute.list cannot be made: no such key: list"},
		"too many bytes": {
			func(p *trust.Provider) { p.Mapping["attribute.long"] = "assertion.long" }, map[string]any{"long": strings.Repeat("a", 8192-10+1)},
			"the mapped attributes have 8193 bytes, more than 8192",
		},
		"a condition that fails": {func(p *trust.Provider) { p.Condition = "attribute.who == 'x'" }, nil,
			"the condition does not hold: attribute.who == 'x'"},
		"a condition that breaks": {func(p *trust.Provider) { p.Condition = "assertion.absent == 'x'" }, nil,
			"the condition cannot be evaluated: no such key: absent"},
		"a condition that is not a comparison": {func(p *trust.Provider) { p.Condition = "assertion.text" }, map[string]any{"text": "true"},
			"the condition does not hold"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := exchange(t, provider(test.change), test.claims)
			assert.False(t, answer.Accepted)
			assert.Empty(t, answer.Identities)
			assert.Contains(t, answer.Reason, test.want)
		})
	}
	exactly := exchange(t, provider(func(p *trust.Provider) {
		p.Mapping["attribute.long"], p.Condition = "assertion.long", "google.subject == 'a/b:c' && attribute.who == google.subject"
	}), map[string]any{"long": strings.Repeat("a", 8192-10)})
	assert.True(t, exactly.Accepted, exactly.Reason)
}

func TestProvidersThatGoogleWouldRefuse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*trust.Provider)
		want   string
	}{
		"no name":                    {func(p *trust.Provider) { p.Name = "oidc" }, "its name is not projects/NUMBER"},
		"no subject":                 {func(p *trust.Provider) { delete(p.Mapping, "google.subject") }, "nothing is mapped to google.subject"},
		"an attribute in upper case": {func(p *trust.Provider) { p.Mapping["attribute.Who"] = "'x'" }, `"attribute.Who" is not an attribute`},
		"an attribute with a hyphen": {func(p *trust.Provider) { p.Mapping["attribute.a-b"] = "'x'" }, `"attribute.a-b" is not an attribute`},
		"a long attribute": {func(p *trust.Provider) { p.Mapping["attribute."+strings.Repeat("a", 91)] = "'x'" },
			"is not an attribute"},
		"a long expression": {func(p *trust.Provider) { p.Mapping["attribute.a"] = "'" + strings.Repeat("a", 2047) + "'" },
			"has 2049 characters: Google takes 2048"},
		"a number":          {func(p *trust.Provider) { p.Mapping["attribute.a"] = "1 + 1" }, "makes a int and not a string"},
		"not an expression": {func(p *trust.Provider) { p.Mapping["attribute.a"] = "assertion." }, "the expression of attribute.a"},
		"an unknown name":   {func(p *trust.Provider) { p.Mapping["attribute.a"] = "token.sub" }, "undeclared reference to 'token'"},
		"a long condition": {func(p *trust.Provider) { p.Condition = "'" + strings.Repeat("a", 4095) + "' == ''" },
			"the condition has 4103 characters: Google takes 4096"},
		"a condition's result": {func(p *trust.Provider) { p.Condition = "'true'" }, "makes a string and not a bool"},
		"many attributes": {func(p *trust.Provider) {
			for i := range 50 {
				p.Mapping[fmt.Sprintf("attribute.a%d", i)] = "'x'"
			}
		}, "51 custom attributes are mapped: Google takes 50"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := trust.New(trust.Deployed{Providers: []trust.Provider{provider(test.change)}})
			assert.ErrorContains(t, err, test.want)
		})
	}
	simulator, err := trust.New(trust.Deployed{})
	require.NoError(t, err)
	assert.Equal(t, trust.Answer{Reason: "the program deploys no provider", Identities: []trust.Identity{}, Verdicts: []trust.Verdict{}},
		simulator.Exchange(nil))
}

// TestProvidersAtGooglesLimits uses the longest and the most values that Google accepts.
func TestProvidersAtGooglesLimits(t *testing.T) {
	t.Parallel()
	const base = "'' == ''"
	longest := strings.Repeat("a", 100-len("attribute."))
	answer := exchange(t, provider(func(p *trust.Provider) {
		p.Mapping["attribute."+longest] = "'" + strings.Repeat("a", 2046) + "'"
		for i := range 48 { // in addition to attribute.who and the longest attribute
			p.Mapping[fmt.Sprintf("attribute.a%d", i)] = "'x'"
		}
		p.Condition = base + strings.Repeat(" ", 4096-len(base))
	}), map[string]any{"sub": strings.Repeat("s", 127)}, trust.Membership{
		Member: "principalSet://iam.googleapis.com/" + pool + "/attribute." + longest + "/" + strings.Repeat("a", 2046),
		Role:   "roles/run.viewer", Scope: "project p",
	})
	assert.True(t, answer.Accepted, answer.Reason)
	_, err := trust.New(trust.Deployed{Providers: []trust.Provider{provider(func(p *trust.Provider) {
		p.Mapping["attribute."+longest+"a"] = "'x'"
	})}})
	assert.ErrorContains(t, err, "up to 100 in all")
}

// TestEveryRefusedProviderIsNamed checks that the error names all of them.
func TestEveryRefusedProviderIsNamed(t *testing.T) {
	t.Parallel()
	unnamed := provider(func(p *trust.Provider) { p.Name = "oidc" })
	unmapped := provider(func(p *trust.Provider) { delete(p.Mapping, "google.subject") })
	_, err := trust.New(trust.Deployed{Providers: []trust.Provider{unnamed, provider(nil), unmapped}})
	require.ErrorContains(t, err, "provider oidc: its name is not")
	assert.ErrorContains(t, err, "provider "+providerName+": nothing is mapped to google.subject")
}

// TestTrustIsReadFromAProgram checks that everything that decides about a token reaches the simulator, including what refuses it.
func TestTrustIsReadFromAProgram(t *testing.T) {
	t.Parallel()
	deployed, err := trust.Deploy(func(ctx *pulumi.Context) error {
		if _, err := iam.NewWorkloadIdentityPoolProvider(ctx, "b", &iam.WorkloadIdentityPoolProviderArgs{
			WorkloadIdentityPoolId: pulumi.String("p"), WorkloadIdentityPoolProviderId: pulumi.String("off"), Disabled: pulumi.Bool(true),
			AttributeMapping: pulumi.StringMap{"google.subject": pulumi.String("assertion.sub")}, AttributeCondition: pulumi.String("true"),
			Oidc: &iam.WorkloadIdentityPoolProviderOidcArgs{IssuerUri: pulumi.String(issuer),
				AllowedAudiences: pulumi.StringArray{pulumi.String("a"), pulumi.String("b")}},
		}); err != nil {
			return err
		}
		if _, err := iam.NewWorkloadIdentityPoolProvider(ctx, "a", &iam.WorkloadIdentityPoolProviderArgs{
			WorkloadIdentityPoolId: pulumi.String("p"), WorkloadIdentityPoolProviderId: pulumi.String("on"),
			AttributeMapping: pulumi.StringMap{"google.subject": pulumi.String("assertion.sub")},
			Oidc:             &iam.WorkloadIdentityPoolProviderOidcArgs{IssuerUri: pulumi.String(issuer)},
		}); err != nil {
			return err
		}
		_, err := projects.NewIAMMember(ctx, "m", &projects.IAMMemberArgs{
			Project: pulumi.String("p"), Role: pulumi.String("roles/run.viewer"), Member: pulumi.String("allUsers"),
			Condition: projects.IAMMemberConditionArgs{Title: pulumi.String("t"),
				Expression: pulumi.String("request.time < timestamp('2027-01-01T00:00:00Z')")},
		})
		return err
	}, application, "dev", document(t))
	require.NoError(t, err)
	require.Len(t, deployed.Providers, 2)
	on, off := deployed.Providers[0], deployed.Providers[1]
	assert.Equal(t, []any{issuer, []string(nil), "", false}, []any{on.Issuer, on.Audiences, on.Condition, on.Disabled})
	assert.Equal(t, []any{issuer, []string{"a", "b"}, "true", true}, []any{off.Issuer, off.Audiences, off.Condition, off.Disabled})
	assert.Equal(t, map[string]string{"google.subject": "assertion.sub"}, off.Mapping)
	assert.Equal(t, []trust.Membership{{
		Name: "m", Member: "allUsers", Role: "roles/run.viewer", Scope: "project p", Condition: "request.time < " +
			"timestamp('2027-01-01T00:00:00Z')",
	}}, deployed.Memberships)

	simulator, err := trust.New(deployed)
	require.NoError(t, err)
	answer := simulator.Exchange(map[string]any{"iss": issuer, "aud": "a", "sub": "x"})
	assert.False(t, answer.Accepted, "the provider with this audience is disabled, and the other accepts only its own name")
	assert.Contains(t, answer.Reason, "off: the provider is disabled")
	assert.Contains(t, answer.Reason, `on: the audience is "a" and not the provider's`)
}

// TestUnreadableResourcesFail checks that the simulator fails on a resource that it cannot read. A grant that it overlooked
// would be a hole that nobody sees.
func TestUnreadableResourcesFail(t *testing.T) {
	t.Parallel()
	deploy := func(program pulumi.RunFunc) error {
		_, err := trust.Deploy(program, application, "dev", document(t))
		return err
	}
	for name, test := range map[string]struct {
		program pulumi.RunFunc
		want    string
	}{
		"a binding": {func(ctx *pulumi.Context) error {
			_, err := serviceaccount.NewIAMBinding(ctx, "x", &serviceaccount.IAMBindingArgs{
				ServiceAccountId: pulumi.String("a"), Role: pulumi.String("r"), Members: pulumi.StringArray{pulumi.String("m")},
			})
			return err
		}, `"x": the simulator reads grants of single members only`},
		"a policy": {func(ctx *pulumi.Context) error {
			_, err := projects.NewIAMPolicy(ctx, "x", &projects.IAMPolicyArgs{Project: pulumi.String("p"), PolicyData: pulumi.String("{}")})
			return err
		}, "the simulator reads grants of single members only"},
		"a grant on an unknown kind of resource": {func(ctx *pulumi.Context) error {
			var member pulumi.CustomResourceState
			return ctx.RegisterResource("gcp:pubsub/topicIAMMember:TopicIAMMember", "x", pulumi.Map{
				"topic": pulumi.String("t"), "role": pulumi.String("r"), "member": pulumi.String("m"),
			}, &member)
		}, "does not know what this grants a role on"},
		"a provider that is not OIDC": {func(ctx *pulumi.Context) error {
			_, err := iam.NewWorkloadIdentityPoolProvider(ctx, "x", &iam.WorkloadIdentityPoolProviderArgs{
				WorkloadIdentityPoolId: pulumi.String("p"), WorkloadIdentityPoolProviderId: pulumi.String("aws"),
				Aws: &iam.WorkloadIdentityPoolProviderAwsArgs{AccountId: pulumi.String("1")},
			})
			return err
		}, `provider "x": has no OIDC issuer`},
		"keys of its own": {func(ctx *pulumi.Context) error {
			_, err := iam.NewWorkloadIdentityPoolProvider(ctx, "x", &iam.WorkloadIdentityPoolProviderArgs{
				WorkloadIdentityPoolId: pulumi.String("p"), WorkloadIdentityPoolProviderId: pulumi.String("oidc"),
				Oidc: &iam.WorkloadIdentityPoolProviderOidcArgs{IssuerUri: pulumi.String(issuer), JwksJson: pulumi.String(`{"keys": []}`)},
			})
			return err
		}, `provider "x": has keys of its own (jwksJson)`},
		"a condition without its expression": {func(ctx *pulumi.Context) error {
			_, err := projects.NewIAMMember(ctx, "x", &projects.IAMMemberArgs{
				Project: pulumi.String("p"), Role: pulumi.String("r"), Member: pulumi.String("m"),
				Condition: projects.IAMMemberConditionArgs{Title: pulumi.String("t"), Expression: pulumi.String("")},
			})
			return err
		}, `"x": condition has no expression`},
		"no member": {func(ctx *pulumi.Context) error {
			_, err := projects.NewIAMMember(ctx, "x", &projects.IAMMemberArgs{Project: pulumi.String("p"), Role: pulumi.String("r"),
				Member: pulumi.String("")})
			return err
		}, `"x" has no member or no role`},
		"an account without an address": {func(ctx *pulumi.Context) error {
			_, err := projects.NewIAMMember(ctx, "x", &projects.IAMMemberArgs{Project: pulumi.String("p"), Role: pulumi.String("r"),
				Member: pulumi.String("serviceAccount:")})
			return err
		}, `"x" has no member or no role`},
		"no role": {func(ctx *pulumi.Context) error {
			_, err := projects.NewIAMMember(ctx, "x", &projects.IAMMemberArgs{Project: pulumi.String("p"), Role: pulumi.String(""),
				Member: pulumi.String("m")})
			return err
		}, `"x" has no member or no role`},
		"a program that fails": {func(*pulumi.Context) error { return fmt.Errorf("broken") }, "run the program of stack dev"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.ErrorContains(t, deploy(test.program), test.want)
		})
	}
	_, err := trust.Deploy(nil, application, "dev", []byte("{}"))
	assert.ErrorContains(t, err, "project")
}

// TestRolesThatMakeAnAccount checks every role with which a token becomes an account, on the account and on its project, for a principal
// and for everybody.
func TestRolesThatMakeAnAccount(t *testing.T) {
	t.Parallel()
	for role, becomes := range map[string]bool{"roles/iam.workloadIdentityUser": true, "roles/iam.serviceAccountTokenCreator": true,
		"roles/iam.serviceAccountKeyAdmin": true, "roles/iam.serviceAccountAdmin": true, "roles/iam.serviceAccountUser": false,
		"roles/iam.serviceAccountViewer": false, "roles/run.invoker": false} {
		for _, member := range []string{"principalSet://iam.googleapis.com/" + pool + "/*", "allUsers", "allAuthenticatedUsers"} {
			for _, scope := range []trust.Membership{{Scope: "service account " + account, Account: account}, {Scope: "project p"}} {
				scope.Member, scope.Role = member, role
				simulator, err := trust.New(trust.Deployed{Providers: []trust.Provider{provider(nil)}, Accounts: []string{account},
					Memberships: []trust.Membership{scope}})
				require.NoError(t, err)
				became := false
				for _, identity := range simulator.Identities(map[string]any{"iss": issuer, "aud": "https://iam.googleapis.com/" + providerName,
					"sub": "a"}) {
					became = became || identity.Account == account
				}
				assert.Equal(t, becomes, became, "%s has %s on %s", member, role, scope.Scope)
			}
		}
	}
}
