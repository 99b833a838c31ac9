package command_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	emulator "github.com/guiofsaints/procureflow-platform/emulator/command"
	"github.com/guiofsaints/procureflow-platform/emulator/guard"
	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
	"github.com/guiofsaints/procureflow-platform/firstrun/command"
	"github.com/guiofsaints/procureflow-platform/internal/golden"
)

var update = flag.Bool("update", false, "write testdata again")

// world is the emulator as the command meets it: over HTTP, at an address from the environment.
type world struct {
	t    *testing.T
	apis string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	const token = "token-of-this-test"
	seeds := filepath.Join(t.TempDir(), "seeds.yaml")
	require.NoError(t, os.WriteFile(seeds, []byte(`
projects: [{id: shop-dev, number: "424242424242", billingAccount: 0A0A0A-1B1B1B-2C2C2C}]
repositories: [{owner: acme, ownerId: 1, name: shop, id: 2, userIds: [3]}]
`), 0o600))
	ctx, stop := context.WithCancel(context.Background())
	read, write := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- emulator.Run(ctx, []string{"-listen", "127.0.0.1:0", "-data-plane", "127.0.0.1:0", "-token", token, "-seeds", seeds},
			emulator.Streams{Out: write, Err: io.Discard}, nil)
		_ = write.Close()
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	lines := bufio.NewScanner(read)
	require.True(t, lines.Scan(), "the emulator serves")
	w := &world{t: t, apis: strings.Fields(lines.Text())[1]}
	go func() { _, _ = io.Copy(io.Discard, read) }()

	tokenFile, credentials := filepath.Join(t.TempDir(), "token"), filepath.Join(t.TempDir(), "credentials.json")
	require.NoError(t, os.WriteFile(tokenFile, []byte(token), 0o600))
	content, err := guard.Credentials(w.apis, tokenFile)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(credentials, content, 0o600))
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", credentials)
	t.Setenv("SANDBOX_APIS", w.apis)
	t.Setenv("GITHUB_TOKEN", token)
	return w
}

// made sends a request that must succeed. host is the host of a regional API, or empty.
func (w *world) made(host, method, path, body string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.apis+path, strings.NewReader(body))
	require.NoError(w.t, err)
	request.Header.Set("Authorization", "Bearer "+os.Getenv("GITHUB_TOKEN"))
	if host != "" {
		request.Host = host
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	require.Equal(w.t, http.StatusOK, response.StatusCode, "%s %s: %s", method, path, answer)
}

// planned returns a plan of a service and the resources around it, as `pulumi preview --json --show-sames` writes one.
func planned(image string, change func(service map[string]any)) string {
	const (
		stack  = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
		google = "urn:pulumi:dev::shop::pulumi:providers:gcp::gcp::" + "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
		hub    = "urn:pulumi:dev::shop::pulumi:providers:github::github::" + "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	)
	steps := []any{}
	add := func(token, name, provider string, inputs map[string]any) {
		if provider == google {
			inputs["project"] = "shop-dev"
		}
		steps = append(steps, map[string]any{"op": "create", "newState": map[string]any{"urn": "urn:pulumi:dev::shop::" + token + "::" + name,
			"type": token, "custom": true, "parent": stack, "provider": provider, "inputs": inputs}})
	}
	add("pulumi:providers:gcp", "gcp", "", map[string]any{})
	add("pulumi:providers:github", "github", "", map[string]any{"owner": "acme"})
	add("gcp:serviceaccount/account:Account", "runtime-web-account", google, map[string]any{"accountId": "shop-web"})
	add("gcp:projects/iAMCustomRole:IAMCustomRole", "project-role", google, map[string]any{"roleId": "shopReleaser"})
	add("gcp:iam/workloadIdentityPool:WorkloadIdentityPool", "federation-pool", google, map[string]any{"workloadIdentityPoolId": "github"})
	add("gcp:artifactregistry/repository:Repository", "registry", google,
		map[string]any{"location": "us-central1", "repositoryId": "shop", "format": "DOCKER"})
	add("gcp:secretmanager/secret:Secret", "secrets-mongodb-uri", google,
		map[string]any{"secretId": "mongodb-uri", "replication": map[string]any{"auto": map[string]any{}}})
	add("gcp:secretmanager/secret:Secret", "secrets-nextauth-secret", google, map[string]any{"secretId": "nextauth-secret"})
	add("gcp:monitoring/slo:Slo", "web-slo", google, map[string]any{"service": "web", "sloId": "availability"})
	gate := map[string]any{"repository": "shop", "environment": "dev"}
	if change != nil {
		gate["reviewers"] = []any{map[string]any{"users": []any{3}}}
	}
	add("github:index/repositoryEnvironment:RepositoryEnvironment", "gate", hub, gate)
	probe := map[string]any{"httpGet": map[string]any{"path": "/up"}}
	service := map[string]any{
		"location": "us-central1", "name": "shop-web", "ingress": "INGRESS_TRAFFIC_ALL", "template": map[string]any{
			"serviceAccount": "shop-web@shop-dev.iam.gserviceaccount.com", "timeout": "300s", "maxInstanceRequestConcurrency": 80,
			"executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2", "scaling": map[string]any{"maxInstanceCount": 2},
			"containers": []any{map[string]any{"image": image, "ports": map[string]any{"containerPort": 3000},
				"resources":    map[string]any{"cpuIdle": true, "limits": map[string]any{"cpu": "1", "memory": "512Mi"}},
				"startupProbe": probe, "livenessProbe": probe, "envs": []any{
					map[string]any{"name": "NODE_ENV", "value": "production"},
					secret("MONGODB_URI", "mongodb-uri", "1"), secret("NEXTAUTH_SECRET", "nextauth-secret", "1")}}}}}
	if change != nil {
		change(service)
	}
	add("gcp:cloudrunv2/service:Service", "service-web-service", google, service)
	content, err := json.Marshal(map[string]any{"steps": steps, "changeSummary": map[string]int{"create": len(steps)}})
	if err != nil {
		panic(err)
	}
	return string(content)
}

func secret(name, id, version string) any {
	return map[string]any{"name": name, "valueSource": map[string]any{"secretKeyRef": map[string]any{"secret": id, "version": version}}}
}

// byHand makes what existed before the platform: a v1 service by tag with its secrets at latest, and resources around it.
func (w *world) byHand() {
	const project = "projects/shop-dev/"
	w.made("", http.MethodPost, "/su/v1/"+project+"services:batchEnable", `{"serviceIds": ["run.googleapis.com", "iam.googleapis.com",
		"secretmanager.googleapis.com", "artifactregistry.googleapis.com", "monitoring.googleapis.com"]}`)
	w.made("", http.MethodPost, "/iam/v1/"+project+"serviceAccounts",
		`{"accountId": "shop-web", "serviceAccount": {"displayName": "by hand"}}`)
	for _, id := range []string{"mongodb-uri", "old-key"} {
		w.made("", http.MethodPost, "/sm/v1/"+project+"secrets?secretId="+id, `{"replication": {"automatic": {}}}`)
	}
	for range 2 {
		w.made("", http.MethodPost, "/sm/v1/"+project+"secrets/mongodb-uri:addVersion", `{"payload": {"data": "eA=="}}`)
	}
	w.made("", http.MethodPost, "/sm/v1/"+project+"secrets/mongodb-uri:setIamPolicy", `{"policy": {"bindings": [
		{"role": "roles/secretmanager.secretAccessor", "members": ["serviceAccount:shop-web@shop-dev.iam.gserviceaccount.com"]}]}}`)
	w.made("", http.MethodPost, "/iam/v1/"+project+"roles", `{"roleId": "shopReleaser", "role": {"title": "x"}}`)
	w.made("", http.MethodDelete, "/iam/v1/"+project+"roles/shopReleaser", "")
	w.made("", http.MethodPost, "/iam/v1/"+project+"locations/global/workloadIdentityPools?workloadIdentityPoolId=github", `{}`)
	w.made("", http.MethodDelete, "/iam/v1/"+project+"locations/global/workloadIdentityPools/github", "")
	w.made("", http.MethodPost, "/mon/v3/"+project+"services?serviceId=web", `{"custom": {}}`)
	w.made("", http.MethodPost, "/mon/v3/"+project+"services/web/serviceLevelObjectives?serviceLevelObjectiveId=availability",
		`{"goal": 0.99, "calendarPeriod": "MONTH", "serviceLevelIndicator": {"requestBased": {"goodTotalRatio": {
			"goodServiceFilter": "metric.type=\"run.googleapis.com/request_count\" resource.type=\"cloud_run_revision\"",
			"totalServiceFilter": "metric.type=\"run.googleapis.com/request_count\" resource.type=\"cloud_run_revision\""}}}}`)
	w.made("", http.MethodPut, "/gh/api/v3/repos/acme/shop/environments/dev", `{"reviewers": [{"type": "User", "id": 3}]}`)
	w.made("us-central1-run.googleapis.com", http.MethodPost, "/apis/serving.knative.dev/v1/namespaces/shop-dev/services", `{
		"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "shop-web", "namespace": "shop-dev"},
		"spec": {"template": {"metadata": {"annotations": {"autoscaling.knative.dev/maxScale": "5",
			"run.googleapis.com/execution-environment": "gen2"}}, "spec": {"containerConcurrency": 80, "timeoutSeconds": 300,
			"serviceAccountName": "shop-web@shop-dev.iam.gserviceaccount.com",
			"containers": [{"image": "us-docker.pkg.dev/cloudrun/container/hello:latest", "ports": [{"containerPort": 3000}],
				"resources": {"limits": {"cpu": "1000m", "memory": "1Gi"}}, "env": [
				{"name": "NODE_ENV", "value": "production"}, {"name": "NEXTAUTH_URL", "value": "https://shop.example.com/?key=hidden"},
				{"name": "MONGODB_URI", "valueFrom": {"secretKeyRef": {"name": "mongodb-uri", "key": "latest"}}}]}]}}}}`)
	w.made("", http.MethodPost, "/run/v2/"+project+"locations/us-central1/services/shop-web:setIamPolicy",
		`{"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}}`)
	for _, other := range []string{"europe-west1/services?serviceId=shop-web", "us-central1/services?serviceId=jobs"} {
		w.made("", http.MethodPost, "/run/v2/"+project+"locations/"+other,
			`{"template": {"containers": [{"image": "us-docker.pkg.dev/cloudrun/container/hello"}]}}`)
	}
}

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

// TestAdopt runs the command against the emulator over HTTP, follows all of its advice, and runs it again. It sets environment
// variables, so it does not run in parallel.
func TestAdopt(t *testing.T) {
	w := newWorld(t)
	w.byHand()
	file := filepath.Join(t.TempDir(), "import.json")
	const (
		project = "projects/shop-dev/"
		service = project + "locations/us-central1/services/shop-web"
	)
	code, out, errs := run(t, planned(unknown, nil), "adopt", "--out", file)
	require.Equal(t, command.ExitFound, code, errs)
	_, ready, found := strings.Cut(out, "--to-revisions ")
	require.True(t, found, out)
	ready, _, _ = strings.Cut(ready, "=100")
	printed := strings.NewReplacer(file, "import.json", ready, "READY").Replace(out)
	golden.Check(t, "testdata/adopt.txt", printed, *update)
	imported, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(imported), `"id": "`+service+`"`, "the service is imported in spite of its refusal")

	code, out, errs = run(t, planned(unknown, nil), "adopt", "--out", file, "--json")
	require.Equal(t, command.ExitFound, code, errs)
	assert.NotContains(t, out, "hidden", "values of variables are never shown")
	var report struct {
		Refused []adopt.Refusal
		Changes []adopt.Change
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	assert.Len(t, report.Refused, 5)
	assert.Contains(t, report.Changes, adopt.Change{
		Resource: service, What: "memory", Live: "1Gi", After: "512Mi", Setting: "services.web.memory"})

	// Follow the advice: run its commands and change the settings.
	w.made("", http.MethodPost, "/iam/v1/"+project+"roles/shopReleaser:undelete", `{}`)
	w.made("", http.MethodPost, "/iam/v1/"+project+"locations/global/workloadIdentityPools/github:undelete", `{}`)
	w.made("", http.MethodDelete, "/mon/v3/"+project+"services/web/serviceLevelObjectives/availability", "")
	w.made("", http.MethodPost, "/sm/v1/"+project+"secrets?secretId=nextauth-secret", `{"replication": {"automatic": {}}}`)
	w.made("", http.MethodPost, "/sm/v1/"+project+"secrets/nextauth-secret:addVersion", `{"payload": {"data": "eA=="}}`)
	w.made("", http.MethodPatch, "/run/v2/"+service+"?updateMask=traffic", `{"traffic": [
		{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "`+ready+`", "percent": 100}]}`)
	mended := planned("us-docker.pkg.dev/cloudrun/container/hello@sha256:"+
		"95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a",
		func(service map[string]any) {
			template := service["template"].(map[string]any)
			template["scaling"] = map[string]any{"maxInstanceCount": 5}
			container := template["containers"].([]any)[0].(map[string]any)
			container["resources"] = map[string]any{"cpuIdle": true, "limits": map[string]any{"cpu": "1", "memory": "1Gi"}}
			container["envs"] = append(container["envs"].([]any)[:1],
				map[string]any{"name": "NEXTAUTH_URL", "value": "https://shop.example.com/?key=hidden"},
				secret("MONGODB_URI", "mongodb-uri", "2"), secret("NEXTAUTH_SECRET", "nextauth-secret", "1"))
		})
	code, out, errs = run(t, mended, "adopt", "--out", file)
	assert.Equal(t, command.ExitDone, code, errs)
	assert.Contains(t, out, "7 of the 9 planned resources exist already")
	assert.Contains(t, out, "\n`up` would not fail, and takes nothing away.\n")
}
