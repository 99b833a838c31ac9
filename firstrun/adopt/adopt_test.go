package adopt_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
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

func secret(id string) adopt.Planned {
	return adopt.Planned{
		URN: "urn:pulumi:dev::p::a:b:Secrets$gcp:secretmanager/secret:Secret::secrets-" +
			id, Type: "gcp:secretmanager/secret:Secret", New: true,
		Parent: secretsURN, Provider: providerURN, Inputs: map[string]any{"project": "p", "secretId": id},
	}
}

func find(t *testing.T, answers map[string]string, planned ...adopt.Planned) (adopt.Report, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, http.MethodGet, r.Method, "nothing is changed")
		path := r.URL.Path
		for _, page := range []string{"pageToken", "continue"} {
			if token := r.URL.Query().Get(page); token != "" {
				path += " " + token
			}
		}
		body := answers[path]
		if strings.HasPrefix(r.URL.Path, "/repos/") {
			assert.Equal(t, "Bearer token", r.Header.Get("Authorization"), "GitHub is asked as the person")
			assert.Empty(t, r.Header.Get("X-Goog-User-Project"))
		} else {
			assert.Empty(t, r.Header.Get("Authorization"), "GitHub's token is sent to GitHub only")
			// Without this header Google counts the request for the project of gcloud's own credentials. The APIs are off there, so
			// that every resource would seem absent.
			if strings.Contains(r.URL.Path, "projects/") {
				assert.Equal(t, "p", r.Header.Get("X-Goog-User-Project"), r.URL.Path)
			}
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
		ArtifactRegistry: base, IAM: base, SecretManager: base, Run: base, RunV1: base + "v1/", Monitoring: base, Logging: base, KMS: base,
		ContainerAnalysis: base, BinaryAuthorization: base, Scheduler: base, Storage: base, SQL: base, GitHub: base,
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	metric := adopt.Planned{URN: "urn:x::m", New: true, Type: "gcp:logging/metric:Metric",
		Inputs: map[string]any{"project": "p", "name": "updates"}}
	inUnknown := adopt.Planned{URN: "urn:x::provider", New: true,
		Type: "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
		Inputs: map[string]any{"project": "p", "workloadIdentityPoolId": "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
			"workloadIdentityPoolProviderId": "github"}}
	unnamed := adopt.Planned{URN: "urn:x::alert", New: true, Type: "gcp:monitoring/alertPolicy:AlertPolicy",
		Inputs: map[string]any{"project": "p"}}
	alsoUnknown := inUnknown
	alsoUnknown.URN = "urn:x::another"
	inState := secret("mine")
	inState.New = false
	report, err := find(t, map[string]string{
		"/projects/p/secrets/mine": "down", "/projects/p/secrets/there": `{"name": "x"}`, "/projects/p/secrets/off": "SERVICE_DISABLED",
		"/projects/p/metrics/updates": `{}`,
	}, metric, secret("there"), secret("absent"), secret("off"), inUnknown, alsoUnknown, unnamed, inState)
	require.NoError(t, err, "a resource in the state is not looked for")
	assert.Equal(t, []string{"another", "provider"}, report.Later)
	assert.Equal(t, 7, report.Planned)
	assert.Equal(t, []adopt.Adoption{{Planned: secret("there"), ID: "projects/p/secrets/there"}, {Planned: metric, ID: "updates"}},
		report.Existing)
	assert.True(t, report.Good())
}

const hubURN = "urn:pulumi:dev::p::pulumi:providers:github::github"

func hubProvider() adopt.Planned {
	return adopt.Planned{URN: hubURN, Type: "pulumi:providers:github", Inputs: map[string]any{"owner": "o"}}
}

func hub(name, token string, inputs map[string]any) adopt.Planned {
	inputs["repository"] = "r"
	return adopt.Planned{URN: "urn:x::" + name, Type: token, New: true, Provider: hubURN, Inputs: inputs}
}

func TestFindByOtherIdentifiers(t *testing.T) {
	t.Parallel()
	const environment = "/repos/o/r/environments/production"
	answers := map[string]string{
		"/repos/o/r": `{"id": 1}`, environment: `{"id": 2}`, environment +
			"/variables/A": `{"name": "A"}`, "/repos/o/r/actions/variables/B": `{"name": "B"}`,
		environment + "/deployment-branch-policies": `{"branch_policies": [{"id": 7, "name": "release/*"}, {"id": 12345678901, "name": "main"}]}`,
		"/repos/o/r/rulesets":                       `[{"id": 3, "name": "other"}, {"id": 4, "name": "protected-branches"}]`,
		"/projects/p/locations/l/keyRings/k":        `{}`, "/projects/p/locations/l/keyRings/k/cryptoKeys/release": `{}`,
		"/projects/p/locations/l/keyRings/k/cryptoKeys/release/cryptoKeyVersions": `{"cryptoKeyVersions": [{"state": "ENABLED"}]}`,
		"/projects/p/instances/main/users/web@p.iam":                              `{}`, "/projects/p/instances/main/databases/app": `{}`,
		"/projects/p/notes/release": `{}`, "/projects/p/attestors/release": `{}`,
	}
	gcp := func(token string, inputs map[string]any) adopt.Planned {
		return adopt.Planned{URN: "urn:x::" + token, New: true, Type: "gcp:" + token, Inputs: inputs}
	}
	for _, test := range []struct {
		planned adopt.Planned
		id      string // empty if the resource does not exist
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
		{gcp("sql/user:User", map[string]any{"project": "p", "instance": "main", "name": "web@p.iam"}), "p/main/web@p.iam"},
		{gcp("sql/database:Database", map[string]any{"project": "p", "instance": "main", "name": "app"}),
			"projects/p/instances/main/databases/app"},
		{gcp("kms/keyRing:KeyRing", map[string]any{"project": "p", "location": "l", "name": "k"}), "projects/p/locations/l/keyRings/k"},
		{gcp("kms/cryptoKey:CryptoKey", map[string]any{"keyRing": "projects/p/locations/l/keyRings/k", "name": "release"}),
			"projects/p/locations/l/keyRings/k/cryptoKeys/release"},
		{gcp("containeranalysis/note:Note", map[string]any{"project": "p", "name": "release"}), "projects/p/notes/release"},
		{gcp("binaryauthorization/attestor:Attestor", map[string]any{"project": "p", "name": "release"}), "projects/p/attestors/release"},
	} {
		report, err := find(t, answers, hubProvider(), test.planned)
		require.NoError(t, err)
		assert.Empty(t, report.Later)
		want := []adopt.Adoption{}
		if test.id != "" {
			want = []adopt.Adoption{{Planned: test.planned, ID: test.id}}
		}
		assert.Equal(t, want, report.Existing, "%s %v", test.planned.Type, test.planned.Inputs)
	}
}

// TestServingRevisionIsPinned checks the advice for a service that sends requests to its newest revision. Without a pin, the
// revision that the first `up` makes would get all of them.
func TestServingRevisionIsPinned(t *testing.T) {
	t.Parallel()
	const (
		path   = "/projects/p/locations/l/services/web"
		pin    = "gcloud run services update-traffic web --project p --region l --to-revisions "
		latest = `{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": `
		named  = `{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-1", "percent": `
	)
	web := adopt.Planned{URN: "urn:x::web", New: true, Type: "gcp:cloudrunv2/service:Service",
		Inputs: map[string]any{"project": "p", "location": "l", "name": "web"}}
	for name, test := range map[string]struct{ service, want string }{
		"all to the newest":              {`"traffic": [` + latest + `100}]`, pin + "web-2=100"},
		"no traffic, so to the newest":   {`"ingress": "x"`, pin + "web-2=100"},
		"a part to the newest":           {`"traffic": [` + named + `90}, ` + latest + `10}]`, pin + "web-1=90,web-2=10"},
		"the newest twice, once by name": {`"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-2", "percent": 40}, ` + latest + `60}]`, pin + "web-2=100"},
		"by name":                        {`"traffic": [` + named + `100}]`, ""},
		"by name, the newest has a tag": {`"traffic": [` + named +
			`100}, {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "tag": "next"}]`, ""},
		"never ready, so nothing to pin": {`"latestReadyRevision": ""`, ""},
	} {
		body := `{"latestReadyRevision": "projects/p/locations/l/services/web/revisions/web-2", ` + test.service + `}`
		report, err := find(t, map[string]string{path: body}, web)
		require.NoError(t, err, name)
		require.Len(t, report.Existing, 1, name)
		if test.want == "" {
			assert.Empty(t, report.Pins, name)
			assert.NotContains(t, report.Text("import.json"), "update-traffic", name)
		} else {
			assert.Equal(t, []string{test.want}, report.Pins, name)
			assert.Contains(t, report.Text("import.json"), "\n  "+test.want+"\n", name)
			assert.False(t, report.Good(), name)
		}
	}
}

// TestHiddenRepositoryIsAnError checks a 404 for the whole repository. GitHub answers so if the token may not read it, and its
// resources must not count as absent then.
func TestHiddenRepositoryIsAnError(t *testing.T) {
	t.Parallel()
	variable := hub("v", "github:index/actionsVariable:ActionsVariable", map[string]any{"variableName": "B"})
	other := hub("w", "github:index/actionsVariable:ActionsVariable", map[string]any{"variableName": "C"})
	_, err := find(t, nil, hubProvider(), variable, other)
	assert.EqualError(t, err, "look into GitHub's repository o/r: it does not exist, or the token may not read it", "said once")
	_, err = find(t, map[string]string{"/repos/o/r": "denied"}, hubProvider(), variable)
	assert.EqualError(t, err, "look into GitHub's repository o/r: answered 403 Forbidden")
	for answer, why := range map[string]string{"no list": "invalid character 'o' in literal null (expecting 'u')",
		`{"rulesets": []}`: "it is not a list"} {
		_, err = find(t, map[string]string{"/repos/o/r": "{}", "/repos/o/r/rulesets": answer}, hubProvider(),
			hub("r", "github:index/repositoryRuleset:RepositoryRuleset", map[string]any{"name": "protected-branches"}))
		assert.EqualError(t, err, "r: find out whether repos/o/r/rulesets exists: read the answer: "+why)
	}
	_, err = adopt.Find(t.Context(), adopt.Clients{Google: http.DefaultClient}, allAt("http://127.0.0.1:0/"),
		[]adopt.Planned{hubProvider(), variable})
	assert.EqualError(t, err, "the plan has resources of GitHub's repository o/r: set GITHUB_TOKEN to a token that administers it (gh "+
		"auth token)")
}

// TestOutageIsAnError checks that a question that fails also fails the search, and that the error names each failed question.
func TestOutageIsAnError(t *testing.T) {
	t.Parallel()
	_, err := find(t, map[string]string{"/projects/p/secrets/a": "down", "/projects/p/secrets/b": "denied"}, secret("a"), secret("b"))
	require.Error(t, err)
	for _, part := range []string{
		"secrets-a: find out whether projects/p/secrets/a exists: answered 503 Service Unavailable",
		"secrets-b: find out whether projects/p/secrets/b exists: answered 403 Forbidden",
	} {
		assert.ErrorContains(t, err, part)
	}
}

// TestDeletedResourcesAreRefused covers roles, pools and providers. After their deletion the API still returns them and their names
// stay taken, but they cannot be imported.
func TestDeletedResourcesAreRefused(t *testing.T) {
	t.Parallel()
	const (
		pool = "projects/p/locations/global/workloadIdentityPools/github"
		days = "that works for 30 days after the deletion, and then the id is free again"
	)
	for name, test := range map[string]struct{ token, path, answer, want, gone string }{
		"role": {"gcp:projects/iAMCustomRole:IAMCustomRole", "projects/p/roles/reader", `{"name": "x", "deleted": true}`,
			"gcloud iam roles undelete reader --project p",
			"that works for 7 days after the deletion, and from then until day 37 only another id helps: ids of roles begin with the " +
				"application's name in platform.yaml"},
		"pool": {"gcp:iam/workloadIdentityPool:WorkloadIdentityPool", pool, `{"state": "DELETED"}`,
			"gcloud iam workload-identity-pools undelete github --location global --project p", days},
		"provider": {"gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider", pool + "/providers/oidc", `{"state": "DELETED"}`,
			"gcloud iam workload-identity-pools providers undelete oidc --workload-identity-pool github --location global --project p", days},
	} {
		planned := adopt.Planned{URN: "urn:x::it", New: true, Type: test.token, Inputs: map[string]any{
			"project": "p", "roleId": "reader", "workloadIdentityPoolId": "github", "workloadIdentityPoolProviderId": "oidc"}}
		report, err := find(t, map[string]string{"/" + test.path: test.answer, "/projects/p/secrets/there": "{}"}, planned, secret("there"))
		require.NoError(t, err, name)
		require.Len(t, report.Existing, 1, "%s: the search goes on", name)
		require.Len(t, report.Refused, 1, name)
		refusal := report.Refused[0]
		assert.Equal(t, test.path, refusal.Resource, name)
		assert.Equal(t, "it was deleted and its name is still taken", refusal.Why, name)
		assert.Equal(t, "bring it back with `"+test.want+"`, then run adopt again; "+test.gone, refusal.Fix, name)
		assert.False(t, report.Good(), name)
		report, err = find(t, map[string]string{"/" + test.path: `{"name": "x", "deleted": false, "state": "ACTIVE"}`}, planned)
		require.NoError(t, err, name)
		assert.Len(t, report.Existing, 1, name)
	}
}

// TestImportsThatWouldReplaceAreRefused covers fields that cannot be changed. The import would succeed, and the next `up` would
// delete the adopted resource and make another one.
func TestImportsThatWouldReplaceAreRefused(t *testing.T) {
	t.Parallel()
	automatic := secret("a")
	automatic.Inputs["replication"] = map[string]any{"auto": map[string]any{}, "__defaults": []any{}}
	registry := adopt.Planned{URN: "urn:x::registry", New: true, Type: "gcp:artifactregistry/repository:Repository",
		Inputs: map[string]any{"project": "p", "location": "l", "repositoryId": "r", "format": "DOCKER"}}
	key := adopt.Planned{URN: "urn:x::key", New: true, Type: "gcp:kms/cryptoKey:CryptoKey", Inputs: map[string]any{
		"keyRing": "projects/p/locations/l/keyRings/k", "name": "release", "purpose": "ASYMMETRIC_SIGN",
		"versionTemplate": map[string]any{"algorithm": "EC_SIGN_P256_SHA256", "protectionLevel": "HSM"}}}
	ownKey := registry
	ownKey.Inputs = maps.Clone(registry.Inputs)
	ownKey.Inputs["kmsKeyName"] = unknownValue
	slo := adopt.Planned{URN: "urn:x::slo", New: true, Type: "gcp:monitoring/slo:Slo",
		Inputs: map[string]any{"project": "p", "service": "s", "sloId": "o"}}
	bucket := adopt.Planned{URN: "urn:x::bucket", New: true, Type: "gcp:storage/bucket:Bucket",
		Inputs: map[string]any{"project": "p", "name": "n", "location": "europe-west1"}}
	const (
		secrets, repository = "projects/p/secrets/a", "projects/p/locations/l/repositories/r"
		keys, objective     = "projects/p/locations/l/keyRings/k/cryptoKeys/release", "projects/p/services/s/serviceLevelObjectives/o"
	)
	for name, test := range map[string]struct {
		planned          adopt.Planned
		path, live, want string
	}{
		"a secret wherever Google likes": {automatic, secrets, `{"replication": {"automatic": {}}}`, ""},
		"a secret in regions": {automatic, secrets, `{"replication": {"userManaged": {"replicas": [{"location": "europe-west1"}]}}}`,
			"its list of regions is replicas.0.location europe-west1 and the program's is Google's choice"},
		"a registry of images":         {registry, repository, `{"format": "DOCKER", "mode": "STANDARD_REPOSITORY"}`, ""},
		"a registry that says no mode": {registry, repository, `{"format": "DOCKER"}`, ""},
		"a registry of packages":       {registry, repository, `{"format": "NPM"}`, "its format is NPM and the program's is DOCKER"},
		"a registry that stands for one": {registry, repository, `{"format": "DOCKER", "mode": "REMOTE_REPOSITORY"}`,
			"its mode is REMOTE_REPOSITORY and the program's is STANDARD_REPOSITORY"},
		"a registry with a key of its own": {registry, repository, `{"format": "DOCKER", "kmsKeyName": "k"}`,
			"its key for encryption is k and the program's is Google's"},
		"a registry whose key the plan does not know yet": {ownKey, repository, `{"format": "DOCKER", "kmsKeyName": "k"}`, ""},
		"a key for signing": {key, keys, `{"purpose": "ASYMMETRIC_SIGN", "versionTemplate": {"protectionLevel": "HSM"}}`, ""},
		"a key in software": {key, keys, `{"purpose": "ASYMMETRIC_SIGN", "versionTemplate": {"protectionLevel": "SOFTWARE"}}`,
			"its protection level is SOFTWARE and the program's is HSM"},
		"a key for encryption": {key, keys, `{"purpose": "ENCRYPT_DECRYPT"}`,
			"its purpose is ENCRYPT_DECRYPT and the program's is ASYMMETRIC_SIGN"},
		"a bucket":           {bucket, "b/n", `{"location": "EUROPE-WEST1"}`, ""},
		"a bucket elsewhere": {bucket, "b/n", `{"location": "US"}`, "its location is US and the program's is europe-west1"},
		"an objective": {slo, objective, `{}`,
			"somebody made it by hand: after an import the provider would replace it, and fail because its name is taken"},
	} {
		report, err := find(t, map[string]string{"/" + test.path: test.live,
			"/" + keys + "/cryptoKeyVersions": `{"cryptoKeyVersions": [{"state": "DESTROYED"}, {"state": "ENABLED"}]}`}, test.planned)
		require.NoError(t, err, name)
		if test.want == "" {
			assert.Len(t, report.Existing, 1, name)
			assert.Empty(t, report.Refused, name)
			continue
		}
		assert.Empty(t, report.Existing, name)
		require.Len(t, report.Refused, 1, name)
		assert.Equal(t, test.path, report.Refused[0].Resource, name)
		why := strings.TrimSuffix(report.Refused[0].Why, ", which cannot be changed: `up` would delete it and make another")
		assert.Equal(t, test.want, why, name)
		assert.NotEmpty(t, report.Refused[0].Fix, name)
	}
}
