package provider

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

const servicePath = "projects/" + project + "/locations/us-central1/services/web"

// TestDriftIsSeenAndRepaired changes a service without the provider, and expects a refresh to see the change and an update to undo
// it.
func TestDriftIsSeenAndRepaired(t *testing.T) {
	t.Parallel()
	w := newWorld(t, GCP, nil)
	withAccount(w)
	m := w.create("gcp:cloudrunv2/service:Service", service())
	w.behind(http.MethodPatch, runAPI+servicePath+"?updateMask=ingress,description,labels", object{
		"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY", "description": "changed by hand", "labels": object{"app": "other", "team": "x"}})

	drifted := w.read(m)
	kinds := map[string]rpc.PropertyDiff_Kind{}
	for path, d := range w.diff(drifted, m.inputs).GetDetailedDiff() {
		kinds[path] = d.GetKind()
	}
	assert.Equal(t, map[string]rpc.PropertyDiff_Kind{
		"ingress": rpc.PropertyDiff_UPDATE, "description": rpc.PropertyDiff_DELETE, "labels.app": rpc.PropertyDiff_UPDATE,
	}, kinds, "a label that the program does not manage is nobody's drift")

	repaired := w.update(drifted, service())
	outputs := w.plain(repaired.outputs)
	assert.Equal(t, "INGRESS_TRAFFIC_ALL", outputs["ingress"])
	assert.NotContains(t, outputs, "description")
	assert.Equal(t, object{"app": "web", "team": "x"}, outputs["effectiveLabels"], "labels of others stay")
	assert.Empty(t, w.diff(w.read(repaired), m.inputs).GetDetailedDiff())
}

// TestTraffic has a row for each way in which a program can treat traffic. It pins what an update of the template sends after
// traffic was shifted without the provider, as measured with the official provider.
func TestTraffic(t *testing.T) {
	t.Parallel()
	const revision, latest = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
	blue := object{"type": revision, "revision": "web-0000000001", "percent": 100.0}
	live := list(object{"type": revision, "revision": "web-0000000001", "percent": 90.0, "tag": "stable"},
		object{"type": latest, "percent": 10.0})
	for _, test := range []struct {
		name              string
		given, keptInputs bool // given: the program gives traffics; keptInputs: ignoreChanges keeps the last inputs
		refresh           bool
		want              []any
	}{
		{"ignored without refresh is stale", true, true, false, list(blue)},
		{"ignored with refresh keeps what is live", true, true, true, live},
		{"not ignored reverts the canary", true, false, true, list(blue)},
		{"no traffics without refresh gives all to the untested revision", false, false, false, list(object{"type": latest, "percent": 100.0})},
		{"no traffics with refresh keeps what is live", false, false, true, live},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, GCP, nil)
			withAccount(w)
			program := service()
			if !test.given {
				delete(program, "traffics")
			}
			m := w.create("gcp:cloudrunv2/service:Service", program)
			w.behind(http.MethodPatch, runAPI+servicePath+"?updateMask=traffic", object{"traffic": live})
			if test.refresh {
				m = w.read(m)
			}
			next := service()
			next["template"].(object)["revision"] = "web-0000000002"
			delete(next, "traffics")
			switch {
			case test.keptInputs:
				next["traffics"] = w.plain(m.inputs)["traffics"]
			case test.given:
				next["traffics"] = list(blue)
			}
			w.update(m, next)
			assert.Equal(t, test.want, w.behind(http.MethodGet, runAPI+servicePath, nil)["traffic"])
		})
	}
}

func TestDeletionProtection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, GCP, nil)
	withAccount(w)
	inputs := service()
	delete(inputs, "deletionProtection") // absent means true
	m := w.create("gcp:cloudrunv2/service:Service", inputs)
	assert.Equal(t, "cannot destroy Service without setting deletionProtection=false and running `pulumi up`",
		status.Convert(w.delete(m)).Message())
	m = w.update(m, service())
	assert.NoError(t, w.delete(m))
}

// TestFailedRevision checks a service whose revision cannot start: it stays in the state, is reported as failed, and the next update
// repairs it.
func TestFailedRevision(t *testing.T) {
	t.Parallel()
	const broken = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	w := newWorldWith(t, GCP, cloud.Options{OperationDelay: 5 * time.Millisecond})
	require.NoError(t, w.cloud.Run.SetBehaviour(broken, run.Behaviour{NeverReady: true}))
	withAccount(w)
	inputs := service()
	template := inputs["template"].(object)
	template["containers"].([]any)[0].(object)["image"] = "us-docker.pkg.dev/cloudrun/container/hello@" + broken
	_, err := w.tryCreate("gcp:cloudrunv2/service:Service", inputs)
	failed := initFailedOf(t, err)
	assert.Equal(t, servicePath, failed.GetId())
	require.Len(t, failed.GetReasons(), 1)
	assert.Contains(t, failed.GetReasons()[0], "Error waiting to create Service: Error code")
	assert.Contains(t, failed.GetReasons()[0], "web-0000000001")
	m := made{token: "gcp:cloudrunv2/service:Service", id: failed.GetId(), inputs: failed.GetInputs(), outputs: failed.GetProperties()}

	good := service()
	good["template"].(object)["revision"] = "web-0000000002"
	good["traffics"].([]any)[0].(object)["revision"] = "web-0000000002"
	m = w.update(m, good)
	assert.Equal(t, "web-0000000002", doc.Last(w.plain(m.outputs)["latestReadyRevision"].(string)))

	// A failed update also keeps the live resource in the state.
	inputs["template"].(object)["revision"] = "web-0000000003"
	inputs["traffics"] = good["traffics"]
	_, err = w.client.Update(w.ctx(), &rpc.UpdateRequest{Urn: w.urn(m.token), Id: m.id, Olds: m.outputs, OldInputs: m.inputs,
		News: w.check(m.token, inputs)})
	properties := w.plain(initFailedOf(t, err).GetProperties())
	assert.Equal(t, "web-0000000002", doc.Last(properties["latestReadyRevision"].(string)))
	assert.Equal(t, "web-0000000003", doc.Last(properties["latestCreatedRevision"].(string)))
}

func initFailedOf(t *testing.T, err error) *rpc.ErrorResourceInitFailed {
	t.Helper()
	require.Error(t, err)
	details := status.Convert(err).Details()
	require.Len(t, details, 1, "%v", err)
	failed, ok := details[0].(*rpc.ErrorResourceInitFailed)
	require.True(t, ok)
	return failed
}

// TestRefusalsKeepTheAPIsWords checks that a refused request makes nothing and that the user reads the API's message.
func TestRefusalsKeepTheAPIsWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, GCP, nil)
	withPool(w)
	_, err := w.tryCreate("gcp:iam/workloadIdentityPool:WorkloadIdentityPool", object{"project": project, "workloadIdentityPoolId": "github"})
	assert.Regexp(t, `^Error creating WorkloadIdentityPool: googleapi: Error 409: .*, alreadyExists$`, status.Convert(err).Message())
	assert.Empty(t, status.Convert(err).Details())

	_, err = w.client.Check(w.ctx(), &rpc.CheckRequest{Urn: w.urn("gcp:spanner/instance:Instance"), News: w.props(object{})})
	assert.Contains(t, status.Convert(err).Message(), "the sandbox has no resource type gcp:spanner/instance:Instance")
	_, err = w.client.Invoke(w.ctx(), &rpc.InvokeRequest{Tok: "gcp:storage/getBucket:getBucket"})
	assert.Contains(t, status.Convert(err).Message(), "the sandbox has no function gcp:storage/getBucket:getBucket")
	_, err = w.client.Read(w.ctx(), &rpc.ReadRequest{Urn: w.urn("gcp:cloudrunv2/service:Service"), Id: "web"})
	assert.Contains(t, status.Convert(err).Message(), `"web" is not an id of this type`)

	unreachable := attach(t, "http://127.0.0.1:1", GCP)
	_, err = unreachable.tryCreate("gcp:iam/workloadIdentityPool:WorkloadIdentityPool",
		object{"project": project, "workloadIdentityPoolId": "github"})
	assert.Contains(t, status.Convert(err).Message(), "the emulated cloud does not answer")
}

// TestSoftDeletion checks that a deleted pool's id stays taken for 30 days, and that a deleted custom role is undeleted on creation.
func TestSoftDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, GCP, nil)
	pool := object{"project": project, "workloadIdentityPoolId": "github"}
	require.NoError(t, w.delete(w.create("gcp:iam/workloadIdentityPool:WorkloadIdentityPool", pool)))
	_, err := w.tryCreate("gcp:iam/workloadIdentityPool:WorkloadIdentityPool", pool)
	assert.Contains(t, status.Convert(err).Message(), "googleapi: Error 409")

	role := func(permissions ...any) object {
		return object{"project": project, "roleId": "keeper", "title": "Keeper", "permissions": list(permissions...)}
	}
	m := w.create("gcp:projects/iAMCustomRole:IAMCustomRole", role("run.services.get"))
	_, err = w.tryCreate("gcp:projects/iAMCustomRole:IAMCustomRole", role("run.services.get"))
	assert.Equal(t, "Custom project role projects/"+project+"/roles/keeper already exists and must be imported", status.Convert(err).Message())
	require.NoError(t, w.delete(m))
	m = w.create("gcp:projects/iAMCustomRole:IAMCustomRole", role("run.services.list"))
	assert.Equal(t, list("run.services.list"), w.plain(m.outputs)["permissions"])
	assert.Equal(t, false, w.plain(m.outputs)["deleted"])
}

func TestSecretVersionDeletionPolicies(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{"DELETE": "DESTROYED", "DISABLE": "DISABLED", "ABANDON": "ENABLED"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, GCP, nil)
			withSecret(w)
			m := w.create("gcp:secretmanager/secretVersion:SecretVersion", object{"secret": "projects/" + project + "/secrets/database-url",
				"secretData": secret{"aHVudGVyMg=="}, "isSecretDataBase64": true, "deletionPolicy": policy})
			access := w.behind(http.MethodGet, secretAPI+m.id+":access", nil)
			assert.Equal(t, "aHVudGVyMg==", access["payload"].(object)["data"])
			require.NoError(t, w.delete(m))
			assert.Equal(t, want, w.behind(http.MethodGet, secretAPI+m.id, nil)["state"])
		})
	}
}

func TestDisableOnDestroy(t *testing.T) {
	t.Parallel()
	for disable, want := range map[bool]string{true: "DISABLED", false: "ENABLED"} {
		w := newWorld(t, GCP, nil)
		m := w.create("gcp:projects/service:Service", object{"project": project, "service": "logging.googleapis.com",
			"disableOnDestroy": disable})
		require.NoError(t, w.delete(m))
		assert.Equal(t, want, w.behind(http.MethodGet, serviceUsageAPI+"projects/"+project+"/services/logging.googleapis.com", nil)["state"])
	}
}

// TestConcurrentMembersOfOnePolicy grants several members at the same time, while another client changes the policy as well.
// No grant may be lost.
func TestConcurrentMembersOfOnePolicy(t *testing.T) {
	t.Parallel()
	const crm = "/crm/v1/projects/" + project
	var interfere atomic.Int64
	var w *world
	w = newWorld(t, GCP, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			// Before some of the provider's writes another client writes, so that the provider's etag is outdated.
			if n := interfere.Load(); strings.HasSuffix(r.URL.Path, crm+":setIamPolicy") && n > 0 && r.Header.Get("X-Other") == "" &&
				interfere.CompareAndSwap(n, n-1) {
				policy := w.behind(http.MethodPost, crm+":getIamPolicy", object{})
				bindings, _ := policy["bindings"].([]any)
				policy["bindings"] = append(bindings, object{"role": "roles/browser", "members": list("user:other@example.com")})
				w.other(crm+":setIamPolicy", object{"policy": policy})
			}
			next.ServeHTTP(rw, r)
		})
	})
	withAccount(w)
	interfere.Store(3)
	roles := words("run.viewer run.developer secretmanager.viewer monitoring.viewer logging.viewer artifactregistry.reader")
	var group sync.WaitGroup
	for _, role := range roles {
		group.Go(func() {
			_, err := w.client.Create(w.ctx(), &rpc.CreateRequest{Urn: w.urn("gcp:projects/iAMMember:IAMMember"),
				Properties: w.props(member(object{"project": project, "role": "roles/" + role}))})
			assert.NoError(t, err)
		})
	}
	group.Wait()
	granted := map[string]bool{}
	for _, b := range w.behind(http.MethodPost, crm+":getIamPolicy", object{})["bindings"].([]any) {
		granted[b.(object)["role"].(string)] = true
	}
	for _, role := range append(roles, "browser") {
		assert.True(t, granted["roles/"+role], role)
	}
	assert.Zero(t, interfere.Load())
}

// TestConditions checks that a role under another condition is another grant.
func TestConditions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, GCP, nil)
	withAccount(w)
	const token = "gcp:projects/iAMMember:IAMMember"
	plain := w.create(token, member(object{"project": project, "role": "roles/run.viewer"}))
	limited := w.create(token, member(object{"project": project, "role": "roles/run.viewer",
		"condition": object{"title": "until-2030", "expression": `request.time < timestamp("2030-01-01T00:00:00Z")`}}))
	assert.Equal(t, plain.id+"/until-2030", limited.id)
	require.NoError(t, w.delete(plain))
	assert.Empty(t, w.read(plain).id)
	assert.Equal(t, limited.id, w.read(limited).id)
}

// TestRegionOfTheConfiguration makes a schedule that names neither its project nor its region.
func TestRegionOfTheConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, GCP, nil)
	m := w.create("gcp:cloudscheduler/job:Job", object{"name": "nightly", "schedule": "0 3 * * *",
		"httpTarget": object{"uri": "https://x.example"}})
	assert.Equal(t, "projects/"+project+"/locations/us-central1/jobs/nightly", m.id)
	assert.Equal(t, "us-central1", w.plain(m.outputs)["region"])
}

// TestPinningStaysRequired checks a property that the official provider only ever sets to true.
func TestPinningStaysRequired(t *testing.T) {
	t.Parallel()
	w := newWorld(t, GitHub, nil)
	inputs := object{"repository": hub, "allowedActions": "all", "shaPinningRequired": true}
	m := w.create("github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions", inputs)
	inputs["shaPinningRequired"] = false
	m = w.update(m, inputs)
	assert.Equal(t, true, w.plain(m.outputs)["shaPinningRequired"])
}
