package cloud_test

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
)

const (
	p     = "/projects/" + project
	trust = "/iam/v1" + p + "/locations/global/workloadIdentityPools"
)

func TestServiceAccount(t *testing.T) {
	t.Parallel()
	w := start(t)
	const email = "runtime@procureflow-dev.iam.gserviceaccount.com"
	made := w.ok("POST", "/iam/v1"+p+"/serviceAccounts",
		`{"accountId":"runtime","serviceAccount":{"displayName":"Runtime","email":"mine@example.com"}}`)
	assert.Equal(t, email, made["email"])
	assert.Equal(t, "projects/procureflow-dev/serviceAccounts/"+email, made["name"])
	assert.Regexp(t, `^1[0-9]{20}$`, made["uniqueId"])
	for _, path := range []string{p + "/serviceAccounts/" + email, "/projects/-/serviceAccounts/" + email,
		p + "/serviceAccounts/" + made["uniqueId"].(string), "/projects/" + number + "/serviceAccounts/" + email} {
		assert.Equal(t, made, w.ok("GET", "/iam/v1"+path, ""), path)
	}
	patched := w.ok("PATCH", "/iam/v1"+p+"/serviceAccounts/"+email,
		`{"serviceAccount":{"description":"d","uniqueId":"1"},"updateMask":"description,unique_id"}`)
	assert.Equal(t, "d", patched["description"])
	assert.Equal(t, "Runtime", patched["displayName"])
	assert.Equal(t, made["uniqueId"], patched["uniqueId"], "only the API writes it")

	w.ok("POST", "/crm/v1"+p+":setIamPolicy", `{"policy":{"bindings":[{"role":"roles/run.viewer","members":["serviceAccount:`+email+`"]}]}}`)
	w.ok("DELETE", "/iam/v1"+p+"/serviceAccounts/"+email, "")
	again := w.ok("POST", "/iam/v1"+p+"/serviceAccounts", `{"accountId":"runtime"}`)
	assert.NotEqual(t, made["uniqueId"], again["uniqueId"])
	policy := w.ok("POST", "/crm/v1"+p+":getIamPolicy", `{}`)
	assert.Equal(t, "deleted:serviceAccount:"+email+"?uid="+made["uniqueId"].(string), dig(policy, "bindings", 0, "members", 0),
		"the new account must not inherit")
}

func TestPolicyIsMergedAndConcurrent(t *testing.T) {
	t.Parallel()
	w := start(t)
	const url = "/crm/v1" + p
	assert.Equal(t, map[string]any{"etag": "ACAB"}, w.ok("POST", url+":getIamPolicy", `{}`))
	set := w.ok("POST", url+":setIamPolicy", `{"policy":{"etag":"ACAB","bindings":[
		{"role":"roles/run.viewer","members":["user:b@example.com","user:a@example.com"]},
		{"role":"roles/logging.viewer","members":[]},
		{"role":"roles/run.viewer","members":["user:a@example.com"]},
		{"role":"roles/browser","members":["group:g@example.com"]}]}}`)
	assert.Equal(t, []any{
		map[string]any{"role": "roles/browser", "members": []any{"group:g@example.com"}},
		map[string]any{"role": "roles/run.viewer", "members": []any{"user:a@example.com", "user:b@example.com"}}}, set["bindings"])
	code, _ := w.call("POST", url+":setIamPolicy", `{"policy":{"etag":"ACAB"}}`)
	assert.Equal(t, http.StatusConflict, code)
	assert.Equal(t, set, w.ok("POST", url+":getIamPolicy", `{}`))
}

func TestPoolIsDeletedSoftly(t *testing.T) {
	t.Parallel()
	w := start(t)
	made := w.ok("POST", trust+"?workloadIdentityPoolId=github", `{"displayName":"GitHub"}`)
	assert.Equal(t, "projects/123456789012/locations/global/workloadIdentityPools/github", made["name"])
	assert.Equal(t, "ACTIVE", made["state"])
	w.ok("POST", trust+"/github/providers?workloadIdentityPoolProviderId=oidc",
		`{"oidc":{"issuerUri":"https://token.actions.githubusercontent.com"},
		"attributeMapping":{"google.subject":"assertion.sub"},"attributeCondition":"assertion.repository_id == '22'"}`)
	w.ok("DELETE", trust+"/github", "")
	deleted := w.ok("GET", trust+"/github", "")
	assert.Equal(t, "DELETED", deleted["state"])
	assert.Equal(t, "2026-12-23T12:00:00.000000Z", deleted["expireTime"])
	assert.Empty(t, w.ok("GET", trust, ""))
	assert.Len(t, w.ok("GET", trust+"?showDeleted=true", "")["workloadIdentityPools"], 1)
	assert.Equal(t, "Conflict ALREADY_EXISTS: Requested entity already exists",
		w.refused("POST", trust+"?workloadIdentityPoolId=github", `{}`))
	w.ok("POST", trust+"/github:undelete", `{}`)
	assert.Equal(t, made, w.ok("GET", trust+"/github", ""))

	w.ok("DELETE", trust+"/github", "")
	w.clock.Advance(31 * 24 * time.Hour)
	w.ok("POST", trust+"?workloadIdentityPoolId=github", `{}`)
	assert.Empty(t, w.ok("GET", trust+"/github/providers?showDeleted=true", ""), "a purged pool's providers are gone with it")
}

func TestRoleIsDeletedSoftly(t *testing.T) {
	t.Parallel()
	w := start(t)
	const roles = "/iam/v1" + p + "/roles"
	w.ok("POST", roles, `{"roleId":"custom","role":{"title":"T","stage":"GA","includedPermissions":["run.services.get","run.services.get"]}}`)
	assert.Equal(t, []any{"run.services.get"}, w.ok("GET", roles+"/custom", "")["includedPermissions"])
	assert.Equal(t, true, w.ok("DELETE", roles+"/custom", "")["deleted"])
	const taken = "Bad Request FAILED_PRECONDITION: You can't create a role with role_id (custom) where there is an existing role with " +
		"that role_id in a deleted state."
	assert.Equal(t, taken, w.refused("POST", roles, `{"roleId":"custom"}`))
	assert.Nil(t, w.ok("POST", roles+"/custom:undelete", `{}`)["deleted"])
	w.ok("DELETE", roles+"/custom", "")
	w.clock.Advance(8 * 24 * time.Hour)
	assert.Equal(t,
		"Bad Request FAILED_PRECONDITION: The role named projects/procureflow-dev/roles/custom was deleted more than 7 days ago.",
		w.refused("POST", roles+"/custom:undelete", `{}`))
	w.clock.Advance(30 * 24 * time.Hour)
	w.ok("POST", roles, `{"roleId":"custom"}`)
}

func TestSecretVersions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := newWorld(t, dir, cloud.Options{})
	const secret = "/sm/v1" + p + "/secrets/key"
	const payload = "a value nobody may read"
	encoded := base64.StdEncoding.EncodeToString([]byte(payload))
	made := w.ok("POST", "/sm/v1"+p+"/secrets?secretId=key", `{"replication":{"automatic":{}},"labels":{"a":"b"}}`)
	assert.Equal(t, "projects/123456789012/secrets/key", made["name"])
	version := w.ok("POST", secret+":addVersion", `{"payload":{"data":"`+encoded+`"}}`)
	assert.Equal(t, "projects/123456789012/secrets/key/versions/1", version["name"])
	assert.Equal(t, encoded, dig(w.ok("GET", secret+"/versions/latest:access", ""), "payload", "data"))
	state, err := os.ReadFile(filepath.Join(dir, "state.db"))
	require.NoError(t, err)
	assert.NotContains(t, string(state), payload)
	assert.NotContains(t, string(state), encoded)

	w.ok("POST", secret+"/versions/1:destroy", `{}`)
	assert.Equal(t,
		"Bad Request FAILED_PRECONDITION: Secret Version [projects/123456789012/secrets/key/versions/1] is in DESTROYED state.",
		w.refused("GET", secret+"/versions/1:access", ""))
	assert.Equal(t, "projects/123456789012/secrets/key/versions/2", w.ok("POST", secret+":addVersion",
		`{"payload":{"data":"dg=="}}`)["name"], "numbers are not used again")
	w.ok("DELETE", secret, "")
	code, _ := w.call("GET", secret+"/versions/2", "")
	assert.Equal(t, http.StatusNotFound, code)
}

func TestComputedFields(t *testing.T) {
	t.Parallel()
	w := start(t)
	repository := w.ok("POST", "/ar/v1"+p+"/locations/us-central1/repositories?repositoryId=procureflow",
		`{"format":"DOCKER","dockerConfig":{"immutableTags":true}}`)
	assert.Equal(t, "us-central1-docker.pkg.dev/procureflow-dev/procureflow", repository["registryUri"])
	assert.Equal(t, "SCANNING_DISABLED", dig(repository, "vulnerabilityScanningConfig", "enablementState"))
	channel := w.ok("POST", "/mon/v3"+p+"/notificationChannels",
		`{"type":"email","displayName":"Mail","labels":{"email_address":"a@example.com"}}`)
	assert.Equal(t, true, channel["enabled"])
	policy := w.ok("POST", "/mon/v3"+p+"/alertPolicies", `{"displayName":"a","combiner":"OR","notificationChannels":["`+
		channel["name"].(string)+`"],
		"conditions":[{"displayName":"c","conditionThreshold":{"filter":"metric.type=\"x\" resource.type=\"y\"","comparison":"COMPARISON_GT","duration":"60s","thresholdValue":1}}]}`)
	assert.Regexp(t, "^"+policy["name"].(string)+"/conditions/[0-9]+$", dig(policy, "conditions", 0, "name"))
	assert.Contains(t, w.refused("DELETE", "/mon/v3/"+channel["name"].(string), ""), "it is used by the alert policy")
	w.ok("DELETE", "/mon/v3/"+channel["name"].(string)+"?force=true", "")
	assert.Nil(t, w.ok("GET", "/mon/v3/"+policy["name"].(string), "")["notificationChannels"])

	uptime := w.ok("POST", "/mon/v3"+p+"/uptimeCheckConfigs",
		`{"displayName":"Web is up","timeout":"10s","httpCheck":{"useSsl":true},"monitoredResource":{"type":"uptime_url","labels":{"host":"x.example"}}}`)
	assert.Regexp(t, "^projects/procureflow-dev/uptimeCheckConfigs/web-is-up-[a-z]{11}$", uptime["name"])
	assert.InDelta(t, 443, dig(uptime, "httpCheck", "port"), 0)
	metric := w.ok("POST", "/log/v2"+p+"/metrics", `{"name":"web/deployments","filter":"x"}`)
	assert.Equal(t, metric, w.ok("GET", "/log/v2"+p+"/metrics/web%2Fdeployments", ""))
	assert.Equal(t, "logging.googleapis.com/user/web/deployments", dig(metric, "metricDescriptor", "type"))
	w.ok("POST", "/mon/v3"+p+"/services?serviceId=web", `{"custom":{}}`)
	objective := w.ok("POST", "/mon/v3"+p+"/services/web/serviceLevelObjectives?serviceLevelObjectiveId=availability",
		`{"goal":0.995,"rollingPeriod":"2419200s","serviceLevelIndicator":{"basicSli":{"availability":{}}}}`)
	assert.Equal(t, "projects/123456789012/services/web/serviceLevelObjectives/availability", objective["name"])
	budget := w.ok("POST", "/budgets/v1/billingAccounts/"+billing+"/budgets",
		`{"displayName":"b","amount":{"specifiedAmount":{"units":10}},"budgetFilter":{"projects":["projects/procureflow-dev"]},"thresholdRules":[{"thresholdPercent":0.5}]}`)
	assert.Equal(t, "projects/123456789012", dig(budget, "budgetFilter", "projects", 0))
	assert.Equal(t, map[string]any{"currencyCode": "USD", "units": "10"}, dig(budget, "amount", "specifiedAmount"))
	dashboard := w.ok("POST", "/mon/v1"+p+"/dashboards",
		`{"displayName":"d","mosaicLayout":{"columns":48,"tiles":[{"xPos":0,"width":24,"height":16,"widget":{"title":"t","text":{"content":"x"}}}]}}`)
	assert.Equal(t, dashboard, w.ok("GET", "/mon/v1/"+dashboard["name"].(string), ""))
}

func TestValidateOnlyChangesNothing(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.ok("POST", services+"?serviceId=web&validateOnly=true", `{"template":{"containers":[{"image":"`+image+`"}]}}`)
	assert.Empty(t, w.ok("GET", services, ""))
}

func TestListIsPaged(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, id := range []string{"a", "b", "c"} {
		w.ok("POST", "/sm/v1"+p+"/secrets?secretId="+id, `{"replication":{"automatic":{}}}`)
	}
	first := w.ok("GET", "/sm/v1"+p+"/secrets?pageSize=2", "")
	assert.Len(t, first["secrets"], 2)
	second := w.ok("GET", "/sm/v1"+p+"/secrets?pageSize=2&pageToken="+first["nextPageToken"].(string), "")
	assert.Equal(t, "projects/123456789012/secrets/c", dig(second, "secrets", 0, "name"))
	assert.Nil(t, second["nextPageToken"])
}

func TestInterceptSeesEveryRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir(), cloud.Options{Intercept: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/sm/v1"+p+"/secrets" {
				rw.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(rw, r)
		})
	}})
	code, _ := w.call("GET", "/sm/v1"+p+"/secrets", "")
	assert.Equal(t, http.StatusServiceUnavailable, code)
}
