package adopt_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/adopt"
)

const (
	stackURN    = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
	providerURN = "urn:pulumi:dev::p::pulumi:providers:gcp::gcp"
	secretsURN  = "urn:pulumi:dev::p::a:b:Secrets::secrets"
)

func TestReadPlan(t *testing.T) {
	t.Parallel()
	planned, err := adopt.ReadPlan(strings.NewReader(`{"steps": [
		{"op": "same", "newState": {"urn": "` + stackURN + `", "type": "pulumi:pulumi:Stack"}},
		{"op": "create", "newState": {"urn": "` + secretsURN + `", "type": "a:b:Secrets", "parent": "` + stackURN + `"}},
		{"op": "create", "newState": {"urn": "urn:pulumi:dev::p::a:b:Secrets$gcp:secretmanager/secret:Secret::secrets-key", "custom": true,
			"type": "gcp:secretmanager/secret:Secret", "parent": "` + secretsURN + `", "provider": "` + providerURN + `::04da6b54", "inputs": {"project": "p", "secretId": "key"}}}
	]}`))
	require.NoError(t, err)
	assert.Equal(t, []adopt.Planned{
		{URN: secretsURN, Type: "a:b:Secrets", Parent: stackURN},
		{URN: "urn:pulumi:dev::p::a:b:Secrets$gcp:secretmanager/secret:Secret::secrets-key", Type: "gcp:secretmanager/secret:Secret", Custom: true,
			Parent: secretsURN, Provider: providerURN, Inputs: map[string]any{"project": "p", "secretId": "key"}},
	}, planned)

	_, err = adopt.ReadPlan(strings.NewReader("Previewing update (dev):"))
	assert.ErrorContains(t, err, "give the output of `pulumi preview --json`")
	_, err = adopt.ReadPlan(strings.NewReader(`{"steps": [], "diagnostics": [{"severity": "error", "message": "no such stack\n"}]}`))
	assert.EqualError(t, err, "the preview failed, so its plan is not whole: no such stack")
}

func secret(id string) adopt.Planned {
	return adopt.Planned{
		URN: "urn:pulumi:dev::p::a:b:Secrets$gcp:secretmanager/secret:Secret::secrets-" + id, Type: "gcp:secretmanager/secret:Secret", Custom: true,
		Parent: secretsURN, Provider: providerURN, Inputs: map[string]any{"project": "p", "secretId": id},
	}
}

func find(t *testing.T, answers map[string]string, planned ...adopt.Planned) ([]adopt.Adoption, []string, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, http.MethodGet, r.Method, "nothing is changed")
		body := answers[r.URL.Path]
		switch {
		case body == "":
			w.WriteHeader(http.StatusNotFound)
		case body == "SERVICE_DISABLED" || body == "denied":
			w.WriteHeader(http.StatusForbidden)
		case body == "down":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	base := server.URL + "/"
	return adopt.Find(t.Context(), server.Client(), adopt.APIs{
		ArtifactRegistry: base, IAM: base, SecretManager: base, Run: base, Monitoring: base, Logging: base,
	}, planned)
}

func TestFind(t *testing.T) {
	t.Parallel()
	metric := adopt.Planned{URN: "urn:x::m", Type: "gcp:logging/metric:Metric", Inputs: map[string]any{"project": "p", "name": "updates"}}
	inUnknown := adopt.Planned{URN: "urn:x::provider", Type: "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
		Inputs: map[string]any{"project": "p", "workloadIdentityPoolId": "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "workloadIdentityPoolProviderId": "github"}}
	unnamed := adopt.Planned{URN: "urn:x::alert", Type: "gcp:monitoring/alertPolicy:AlertPolicy", Inputs: map[string]any{"project": "p"}}
	adoptions, later, err := find(t, map[string]string{
		"/projects/p/secrets/there": `{"name": "x"}`, "/projects/p/secrets/off": "SERVICE_DISABLED", "/projects/p/metrics/updates": `{}`,
	}, secret("there"), secret("absent"), secret("off"), metric, inUnknown, unnamed)
	require.NoError(t, err)
	assert.Equal(t, []string{"provider"}, later)
	assert.Equal(t, []adopt.Adoption{{Planned: secret("there"), ID: "projects/p/secrets/there"}, {Planned: metric, ID: "updates"}}, adoptions)
}

// TestAnOutageIsNoAbsence: whatever cannot be asked fails the whole search, and every failure is named.
func TestAnOutageIsNoAbsence(t *testing.T) {
	t.Parallel()
	_, _, err := find(t, map[string]string{
		"/projects/p/secrets/a": "down", "/projects/p/secrets/b": "denied", "/projects/p/secrets/c": `{"state": "DELETED"}`,
	}, secret("a"), secret("b"), secret("c"))
	require.Error(t, err)
	for _, part := range []string{
		"secrets-a: find out whether projects/p/secrets/a exists: answered 503 Service Unavailable",
		"secrets-b: find out whether projects/p/secrets/b exists: answered 403 Forbidden",
		"secrets-c: find out whether projects/p/secrets/c exists: it was deleted less than 30 days ago",
	} {
		assert.ErrorContains(t, err, part)
	}
}

func TestNewFile(t *testing.T) {
	t.Parallel()
	component := adopt.Planned{URN: secretsURN, Type: "a:b:Secrets", Parent: stackURN}
	a, b := secret("a"), secret("b")
	adoptions := []adopt.Adoption{{Planned: a, ID: "projects/p/secrets/a"}, {Planned: b, ID: "projects/p/secrets/b"}}
	entries := []adopt.Entry{
		{Type: a.Type, Name: "secrets-a", ID: "projects/p/secrets/a", Parent: "secrets", Provider: "gcp"},
		{Type: b.Type, Name: "secrets-b", ID: "projects/p/secrets/b", Parent: "secrets", Provider: "gcp"},
	}

	file, err := adopt.NewFile([]adopt.Planned{component, a, b}, adoptions)
	require.NoError(t, err)
	assert.Equal(t, adopt.File{
		NameTable: map[string]string{"gcp": providerURN},
		Resources: append([]adopt.Entry{{Type: "a:b:Secrets", Name: "secrets", Component: true}}, entries...),
	}, file, "the component comes once, before its children")

	file, err = adopt.NewFile([]adopt.Planned{a, b}, adoptions)
	require.NoError(t, err)
	assert.Equal(t, adopt.File{NameTable: map[string]string{"gcp": providerURN, "secrets": secretsURN}, Resources: entries}, file,
		"a component that is in the state already is referred to")

	a.Provider = ""
	_, err = adopt.NewFile(nil, []adopt.Adoption{{Planned: a, ID: "x"}})
	assert.ErrorContains(t, err, "secrets-a has no provider in the plan")
}
