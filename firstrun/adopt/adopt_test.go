package adopt_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
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
			"type": "gcp:secretmanager/secret:Secret", "parent": "` + secretsURN + `", "provider": "` + providerURN +
		`::04da6b54", "inputs": {"project": "p", "secretId": "key"}}}
	]}`))
	require.NoError(t, err)
	assert.Equal(t, []adopt.Planned{
		{URN: secretsURN, Type: "a:b:Secrets", Parent: stackURN},
		{URN: "urn:pulumi:dev::p::a:b:Secrets$gcp:secretmanager/secret:Secret::secrets-key", Type: "gcp:secretmanager/secret:Secret",
			Custom: true,
			Parent: secretsURN, Provider: providerURN, Inputs: map[string]any{"project": "p", "secretId": "key"}},
	}, planned)

	_, err = adopt.ReadPlan(strings.NewReader("Previewing update (dev):"))
	assert.ErrorContains(t, err, "give the output of `pulumi preview --json`")
	_, err = adopt.ReadPlan(strings.NewReader(`{"steps": [], "diagnostics": [{"severity": "error", "message": "no such stack\n"}]}`))
	assert.EqualError(t, err, "the preview failed, so its plan is not whole: no such stack")
}

func secret(id string) adopt.Planned {
	return adopt.Planned{
		URN: "urn:pulumi:dev::p::a:b:Secrets$gcp:secretmanager/secret:Secret::secrets-" +
			id, Type: "gcp:secretmanager/secret:Secret", Custom: true,
		Parent: secretsURN, Provider: providerURN, Inputs: map[string]any{"project": "p", "secretId": id},
	}
}

func find(t *testing.T, answers map[string]string, planned ...adopt.Planned) ([]adopt.Adoption, []string, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, http.MethodGet, r.Method, "nothing is changed")
		body := answers[r.URL.Path]
		if strings.HasPrefix(r.URL.Path, "/repos/") {
			assert.Equal(t, "Bearer token", r.Header.Get("Authorization"), "GitHub is asked as the person")
			assert.Empty(t, r.Header.Get("X-Goog-User-Project"))
		} else {
			assert.Empty(t, r.Header.Get("Authorization"), "the token for GitHub is GitHub's alone")
			// Without it Google answers for the project of gcloud's own credentials, where the APIs are off, and everything would seem absent.
			assert.Equal(t, "p", r.Header.Get("X-Goog-User-Project"), r.URL.Path)
		}
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
	hub := oauth2.NewClient(t.Context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token"}))
	return adopt.Find(t.Context(), adopt.Clients{Google: server.Client(), GitHub: hub}, allAt(server.URL+"/"), planned)
}

func allAt(base string) adopt.APIs {
	return adopt.APIs{
		ArtifactRegistry: base, IAM: base, SecretManager: base, Run: base, Monitoring: base, Logging: base, KMS: base, ContainerAnalysis: base,
		BinaryAuthorization: base, GitHub: base,
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	metric := adopt.Planned{URN: "urn:x::m", Type: "gcp:logging/metric:Metric", Inputs: map[string]any{"project": "p", "name": "updates"}}
	inUnknown := adopt.Planned{URN: "urn:x::provider", Type: "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
		Inputs: map[string]any{"project": "p", "workloadIdentityPoolId": "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
			"workloadIdentityPoolProviderId": "github"}}
	unnamed := adopt.Planned{URN: "urn:x::alert", Type: "gcp:monitoring/alertPolicy:AlertPolicy", Inputs: map[string]any{"project": "p"}}
	adoptions, later, err := find(t, map[string]string{
		"/projects/p/secrets/there": `{"name": "x"}`, "/projects/p/secrets/off": "SERVICE_DISABLED", "/projects/p/metrics/updates": `{}`,
	}, secret("there"), secret("absent"), secret("off"), metric, inUnknown, unnamed)
	require.NoError(t, err)
	assert.Equal(t, []string{"provider"}, later)
	assert.Equal(t, []adopt.Adoption{{Planned: secret("there"), ID: "projects/p/secrets/there"}, {Planned: metric, ID: "updates"}}, adoptions)
}

const hubURN = "urn:pulumi:dev::p::pulumi:providers:github::github"

func hubProvider() adopt.Planned {
	return adopt.Planned{URN: hubURN, Type: "pulumi:providers:github", Custom: true, Inputs: map[string]any{"owner": "o"}}
}

func hub(name, token string, inputs map[string]any) adopt.Planned {
	inputs["repository"] = "r"
	return adopt.Planned{URN: "urn:x::" + name, Type: token, Custom: true, Provider: hubURN, Inputs: inputs}
}

func TestFindByTheirOwnNames(t *testing.T) {
	t.Parallel()
	const environment = "/repos/o/r/environments/production"
	answers := map[string]string{
		"/repos/o/r": `{"id": 1}`, environment: `{"id": 2}`, environment +
			"/variables/A": `{"name": "A"}`, "/repos/o/r/actions/variables/B": `{"name": "B"}`,
		environment + "/deployment-branch-policies": `{"branch_policies": [{"id": 7, "name": "release/*"}, {"id": 12345678901, "name": "main"}]}`,
		"/repos/o/r/rulesets":                       `[{"id": 3, "name": "other"}, {"id": 4, "name": "protected-branches"}]`,
		"/projects/p/locations/l/keyRings/k":        `{}`, "/projects/p/locations/l/keyRings/k/cryptoKeys/release": `{}`,
		"/projects/p/notes/release": `{}`, "/projects/p/attestors/release": `{}`,
	}
	gcp := func(token string, inputs map[string]any) adopt.Planned {
		return adopt.Planned{URN: "urn:x::" + token, Type: "gcp:" + token, Inputs: inputs}
	}
	for _, test := range []struct {
		planned adopt.Planned
		id      string // empty: not there
	}{
		{hub("e", "github:index/repositoryEnvironment:RepositoryEnvironment", map[string]any{"environment": "production"}), "r:production"},
		{hub("e", "github:index/repositoryEnvironment:RepositoryEnvironment", map[string]any{"environment": "dev"}), ""},
		{hub("v", "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable",
			map[string]any{"environment": "production", "variableName": "A"}), "r:production:A"},
		{hub("v", "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable",
			map[string]any{"environment": "production", "variableName": "B"}), ""},
		{hub("v", "github:index/actionsVariable:ActionsVariable", map[string]any{"variableName": "B"}), "r:B"},
		{hub("b", "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy",
			map[string]any{"environment": "production", "branchPattern": "main"}), "r:production:12345678901"},
		{hub("b", "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy",
			map[string]any{"environment": "production", "branchPattern": "dev"}), ""},
		{hub("b", "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy",
			map[string]any{"environment": "dev", "branchPattern": "main"}), ""},
		{hub("r", "github:index/repositoryRuleset:RepositoryRuleset", map[string]any{"name": "protected-branches"}), "r:4"},
		{hub("r", "github:index/repositoryRuleset:RepositoryRuleset", map[string]any{"name": "absent"}), ""},
		{gcp("kms/keyRing:KeyRing", map[string]any{"project": "p", "location": "l", "name": "k"}), "projects/p/locations/l/keyRings/k"},
		{gcp("kms/cryptoKey:CryptoKey", map[string]any{"keyRing": "projects/p/locations/l/keyRings/k", "name": "release"}),
			"projects/p/locations/l/keyRings/k/cryptoKeys/release"},
		{gcp("containeranalysis/note:Note", map[string]any{"project": "p", "name": "release"}), "projects/p/notes/release"},
		{gcp("binaryauthorization/attestor:Attestor", map[string]any{"project": "p", "name": "release"}), "projects/p/attestors/release"},
	} {
		adoptions, later, err := find(t, answers, hubProvider(), test.planned)
		require.NoError(t, err)
		assert.Empty(t, later)
		want := []adopt.Adoption(nil)
		if test.id != "" {
			want = []adopt.Adoption{{Planned: test.planned, ID: test.id}}
		}
		assert.Equal(t, want, adoptions, "%s %v", test.planned.Type, test.planned.Inputs)
	}
}

// TestWhatServesIsPinned: a service that sends requests to whichever revision is newest would send all of them to the one that the
// first `up` makes.
func TestWhatServesIsPinned(t *testing.T) {
	t.Parallel()
	const (
		path   = "/projects/p/locations/l/services/web"
		pin    = "gcloud run services update-traffic web --project p --region l --to-revisions "
		latest = `{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": `
		named  = `{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-1", "percent": `
	)
	web := adopt.Planned{URN: "urn:x::web", Type: "gcp:cloudrunv2/service:Service",
		Inputs: map[string]any{"project": "p", "location": "l", "name": "web"}}
	for name, test := range map[string]struct{ service, want string }{
		"everything to the newest":       {`"traffic": [` + latest + `100}]`, pin + "web-2=100"},
		"nothing said, so to the newest": {`"ingress": "x"`, pin + "web-2=100"},
		"a part to the newest":           {`"traffic": [` + named + `90}, ` + latest + `10}]`, pin + "web-1=90,web-2=10"},
		"the newest twice, once by name": {`"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-2", "percent": 40}, ` + latest + `60}]`, pin + "web-2=100"},
		"by name":                        {`"traffic": [` + named + `100}]`, ""},
		"by name, the newest has a tag": {`"traffic": [` + named +
			`100}, {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "tag": "next"}]`, ""},
		"never ready, so nothing to keep": {`"latestReadyRevision": ""`, ""},
	} {
		body := `{"latestReadyRevision": "projects/p/locations/l/services/web/revisions/web-2", ` + test.service + `}`
		adoptions, _, err := find(t, map[string]string{path: body}, web)
		require.NoError(t, err, name)
		require.Len(t, adoptions, 1, name)
		assert.Equal(t, test.want, adoptions[0].Pin, name)

		adoptions[0].Provider = providerURN
		var out strings.Builder
		require.NoError(t, adopt.Write(filepath.Join(t.TempDir(), "import.json"), []adopt.Planned{web}, adoptions, nil, &out), name)
		if test.want == "" {
			assert.NotContains(t, out.String(), "gcloud", name)
		} else {
			assert.Contains(t, out.String(), "\n  "+test.want+"\n", name)
		}
	}
}

// TestWhatGitHubHidesIsNoAbsence: GitHub answers 404 for what a token may not read.
func TestWhatGitHubHidesIsNoAbsence(t *testing.T) {
	t.Parallel()
	variable := hub("v", "github:index/actionsVariable:ActionsVariable", map[string]any{"variableName": "B"})
	other := hub("w", "github:index/actionsVariable:ActionsVariable", map[string]any{"variableName": "C"})
	_, _, err := find(t, nil, hubProvider(), variable, other)
	assert.EqualError(t, err, "look into GitHub's repository o/r: it does not exist, or the token may not read it", "said once")
	_, _, err = find(t, map[string]string{"/repos/o/r": "denied"}, hubProvider(), variable)
	assert.EqualError(t, err, "look into GitHub's repository o/r: answered 403 Forbidden")
	_, _, err = find(t, map[string]string{"/repos/o/r": "{}", "/repos/o/r/rulesets": "no list"}, hubProvider(),
		hub("r", "github:index/repositoryRuleset:RepositoryRuleset", map[string]any{"name": "protected-branches"}))
	assert.ErrorContains(t, err, "r: find out whether repos/o/r/rulesets exists: read the answer: ")
	_, _, err = adopt.Find(t.Context(), adopt.Clients{Google: http.DefaultClient}, allAt("http://127.0.0.1:0/"),
		[]adopt.Planned{hubProvider(), variable})
	assert.EqualError(t, err, "the plan has resources of GitHub's repository o/r: set GITHUB_TOKEN to a token that administers it (gh "+
		"auth token)")
}

// TestAnOutageIsNoAbsence: whatever cannot be asked fails the whole search, and every failure is named.
func TestAnOutageIsNoAbsence(t *testing.T) {
	t.Parallel()
	_, _, err := find(t, map[string]string{"/projects/p/secrets/a": "down", "/projects/p/secrets/b": "denied"}, secret("a"), secret("b"))
	require.Error(t, err)
	for _, part := range []string{
		"secrets-a: find out whether projects/p/secrets/a exists: answered 503 Service Unavailable",
		"secrets-b: find out whether projects/p/secrets/b exists: answered 403 Forbidden",
	} {
		assert.ErrorContains(t, err, part)
	}
}

// TestWhatWasDeletedIsNotAdopted: roles, pools and providers that were deleted are still read, hold their names, and cannot be imported.
func TestWhatWasDeletedIsNotAdopted(t *testing.T) {
	t.Parallel()
	const pool = "projects/p/locations/global/workloadIdentityPools/github"
	for name, test := range map[string]struct{ token, path, answer, want string }{
		"role": {"gcp:projects/iAMCustomRole:IAMCustomRole", "projects/p/roles/reader", `{"name": "x", "deleted": true}`,
			"gcloud iam roles undelete reader --project p"},
		"pool": {"gcp:iam/workloadIdentityPool:WorkloadIdentityPool", pool, `{"state": "DELETED"}`,
			"gcloud iam workload-identity-pools undelete github --location global --project p"},
		"provider": {"gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider", pool + "/providers/oidc", `{"state": "DELETED"}`,
			"gcloud iam workload-identity-pools providers undelete oidc --workload-identity-pool github --location global --project p"},
	} {
		planned := adopt.Planned{URN: "urn:x::it", Type: test.token, Inputs: map[string]any{
			"project": "p", "roleId": "reader", "workloadIdentityPoolId": "github", "workloadIdentityPoolProviderId": "oidc"}}
		adoptions, _, err := find(t, map[string]string{"/" + test.path: test.answer}, planned)
		assert.Empty(t, adoptions, name)
		require.ErrorContains(t, err, "it: find out whether "+test.path+" exists: it was deleted", name)
		assert.ErrorContains(t, err, "`"+test.want+"`", name)
		adoptions, _, err = find(t, map[string]string{"/" + test.path: `{"name": "x", "deleted": false, "state": "ACTIVE"}`}, planned)
		require.NoError(t, err, name)
		assert.Len(t, adoptions, 1, name)
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
