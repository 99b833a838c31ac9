package trust_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
)

const (
	providerToken = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
	serviceGrant  = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
)

// TestRead checks that a grant's reason comes from the component that made it, which has reasons for other scopes and roles too.
func TestRead(t *testing.T) {
	t.Parallel()
	grant := func(role, scope, reason string) any {
		return map[string]any{"role": role, "scope": scope, "reason": reason}
	}
	member := func(name, parent, service, role string) inventory.Resource {
		return inventory.Resource{URN: name, Parent: parent, Type: serviceGrant, Name: name, Inputs: map[string]any{
			"project": "p", "location": "l", "name": service, "role": role, "member": "serviceAccount:" + account}}
	}
	deployed, err := trust.Read([]inventory.Resource{
		{URN: "component", Type: "procureflow:identity:Identity", Name: "deploy", Inputs: map[string]any{"grants": []any{
			grant("roles/run.viewer", "service web", "It looks."), grant("roles/run.developer", "service api", "It mends."),
			grant("roles/run.developer", "service web", "It releases."),
		}}},
		{URN: "account", Type: "gcp:serviceaccount/account:Account", Name: "deploy-account", CloudName: "projects/p/serviceAccounts/" + account},
		member("deploy-grant-service-web-run-developer", "component", "web", "roles/run.developer"),
		member("deploy-grant-service-api-run-developer", "component", "api", "roles/run.developer"),
		member("deploy-grant-service-web-run-invoker", "component", "web", "roles/run.invoker"),
		member("alone", "", "web", "roles/run.developer"),
		{URN: "as", Type: "gcp:serviceaccount/iAMMember:IAMMember", Name: "as", Inputs: map[string]any{
			"serviceAccountId": "projects/p/serviceAccounts/" + account, "role": "roles/iam.serviceAccountUser", "member": "user:a@b.c"}},
	})
	require.NoError(t, err)
	web := trust.Membership{Member: "serviceAccount:" + account, Role: "roles/run.developer", Scope: "service p/l/web"}
	api, invoker, alone := web, web, web
	web.Name, web.Reason = "deploy-grant-service-web-run-developer", "It releases."
	api.Name, api.Scope, api.Reason = "deploy-grant-service-api-run-developer", "service p/l/api", "It mends."
	invoker.Name, invoker.Role = "deploy-grant-service-web-run-invoker", "roles/run.invoker"
	alone.Name = "alone"
	assert.Equal(t, trust.Deployed{Accounts: []string{account}, Memberships: []trust.Membership{web, api, invoker, alone,
		{Name: "as", Member: "user:a@b.c", Role: "roles/iam.serviceAccountUser", Scope: "service account " + account, Account: account},
	}}, deployed)
}

// TestProviderWithUnknownValues checks that a value that is not plain fails, because it could be anything. Only an
// absent value means the default.
func TestProviderWithUnknownValues(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key   string
		value any
		want  string // of the error
	}{
		"absent values":        {"attributeCondition", nil, ""},
		"an unknown condition": {"attributeCondition", 7, "attributeCondition is not known before it is made, or is not a string"},
		"an unknown disabled":  {"disabled", "true", "disabled is not known before it is made, or is not a bool"},
		"an unknown issuer":    {"oidc", map[string]any{"issuerUri": 7}, "issuerUri is not known before it is made, or is not a string"},
		"an unknown audience": {"oidc", map[string]any{"issuerUri": issuer, "allowedAudiences": []any{"a", 7}},
			"has an audience that is not text"},
		"an unknown attribute": {"attributeMapping", map[string]any{"attribute.a": 7}, "maps attribute.a to something that is not text"},
	} {
		inputs := map[string]any{"oidc": map[string]any{"issuerUri": issuer}}
		inputs[test.key] = test.value
		deployed, err := trust.Read([]inventory.Resource{{Type: providerToken, Name: "x", CloudName: providerName, Inputs: inputs}})
		if test.want != "" {
			assert.EqualError(t, err, `provider "x": `+test.want, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, []trust.Provider{{Name: providerName, Issuer: issuer, Mapping: map[string]string{}}}, deployed.Providers, name)
	}
}

// TestGrantsOfAPlan checks that a job which may become an account of a plan does so. The account's name is known only after the update,
// so it must not be taken for another account.
func TestGrantsOfAPlan(t *testing.T) {
	t.Parallel()
	const later = "[known after the update]"
	everyJob := "principalSet://iam.googleapis.com/" + pool + "/*"
	deployed, err := trust.Read([]inventory.Resource{
		{Type: providerToken, Name: "x", CloudName: providerName, Inputs: map[string]any{"oidc": map[string]any{"issuerUri": issuer},
			"attributeMapping": map[string]any{"google.subject": "assertion.sub"}}},
		{Type: "gcp:serviceaccount/iAMMember:IAMMember", Name: "new", Inputs: map[string]any{"serviceAccountId": inventory.Unknown,
			"role": "roles/iam.workloadIdentityUser", "member": everyJob}},
		{Type: serviceGrant, Name: "calls", Inputs: map[string]any{"project": "p", "location": "l", "name": "web", "role": inventory.Unknown,
			"member": "serviceAccount:" + account, "condition": inventory.Unknown}},
	})
	require.NoError(t, err)
	assert.Equal(t, []trust.Membership{
		{Name: "new", Member: everyJob, Role: "roles/iam.workloadIdentityUser", Scope: "service account " + later, Account: later},
		{Name: "calls", Member: "serviceAccount:" + account, Role: later, Scope: "service p/l/web", Condition: later},
	}, deployed.Memberships)
	simulator, err := trust.New(deployed)
	require.NoError(t, err)
	assert.Equal(t, []trust.Identity{{Account: later, Provider: "oidc", Member: everyJob, Grants: []trust.Grant{}}},
		simulator.Identities(map[string]any{"iss": issuer, "aud": "https://iam.googleapis.com/" + providerName, "sub": "a"}))
}
