package adopt_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
)

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var value map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	return value
}

// merged applies a JSON merge patch to a document; null removes a key.
func merged(document, patch any) any {
	changes, both := patch.(map[string]any)
	if !both {
		return patch
	}
	result, _ := document.(map[string]any)
	if result == nil {
		result = map[string]any{}
	}
	for key, change := range changes {
		if change == nil {
			delete(result, key)
		} else {
			result[key] = merged(result[key], change)
		}
	}
	return result
}

const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

// plannedService is a service in a preview's plan, as the program sends it to the provider. liveService is what the API returns for
// a service that equals it.
const (
	plannedService = `{"__defaults": [], "project": "p", "location": "l", "name": "web", "deletionProtection": false,
		"ingress": "INGRESS_TRAFFIC_ALL", "invokerIamDisabled": false, "labels": {"app": "shop"},
		"traffics": [{"percent": 100, "revision": "` + unknownValue + `", "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"}],
		"template": {"__defaults": [], "annotations": "` + unknownValue + `", "labels": {"app": "shop"}, "revision": "` + unknownValue + `",
			"executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2", "maxInstanceRequestConcurrency": 80, "sessionAffinity": false,
			"scaling": {"minInstanceCount": 0, "maxInstanceCount": 2}, "serviceAccount": "web@p.iam.gserviceaccount.com", "timeout": "300s",
			"containers": [{"image": "` + unknownValue + `", "ports": {"containerPort": 3000},
				"envs": [{"name": "MONGODB_URI", "value": "", "valueSource": {"secretKeyRef": {"secret": "mongodb-uri", "version": "1"}}},
					{"name": "NODE_ENV", "value": "production"}],
				"resources": {"cpuIdle": true, "startupCpuBoost": false, "limits": {"cpu": "1", "memory": "512Mi"}},
				"startupProbe": {"failureThreshold": 12, "httpGet": {"path": "/", "port": 3000}, "initialDelaySeconds": 0,
					"periodSeconds": 10, "timeoutSeconds": 5},
				"livenessProbe": {"failureThreshold": 3, "httpGet": {"path": "/", "port": 3000}, "periodSeconds": 30, "timeoutSeconds": 5}}]}}`
	liveService = `{"name": "projects/p/locations/l/services/web", "uid": "u", "generation": "4", "etag": "e", "createTime": "2025-11-01T10:00:00Z",
		"creator": "a@example.com", "client": "gcloud", "launchStage": "GA", "ingress": "INGRESS_TRAFFIC_ALL", "labels": {"app": "shop"},
		"latestReadyRevision": "projects/p/locations/l/services/web/revisions/web-4", "uri": "https://web-x.a.run.app",
		"urls": ["https://web-123.l.run.app"], "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
		"terminalCondition": {"state": "CONDITION_SUCCEEDED"}, "scaling": {"minInstanceCount": 0}, "satisfiesPzs": true,
		"template": {"revision": "web-4", "labels": {"app": "shop", "client.knative.dev/nonce": "x"},
			"annotations": {"run.googleapis.com/client-name": "gcloud"}, "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
			"maxInstanceRequestConcurrency": 80, "scaling": {"maxInstanceCount": 2}, "serviceAccount": "web@p.iam.gserviceaccount.com",
			"timeout": "300.0s", "containers": [{"name": "web-1", "image": "img@sha256:1", "ports": [{"name": "http1", "containerPort": 3000}],
				"env": [{"name": "NODE_ENV", "value": "production"}, {"name": "MONGODB_URI",
					"valueSource": {"secretKeyRef": {"secret": "projects/123/secrets/mongodb-uri", "version": "1"}}}],
				"resources": {"cpuIdle": true, "limits": {"memory": "0.5Gi", "cpu": "1000m"}}, "buildInfo": {"functionTarget": "f"},
				"startupProbe": {"failureThreshold": 12, "httpGet": {"path": "/"}, "periodSeconds": 10, "timeoutSeconds": 5},
				"livenessProbe": {"failureThreshold": 3, "httpGet": {"path": "/", "port": 3000}, "periodSeconds": 30, "timeoutSeconds": 5}}]}}`
)

// TestCompare checks the line that is reported for each property that a live service can have and the plan can lack.
func TestCompare(t *testing.T) {
	t.Parallel()
	container := func(fields string) string { return `{"template": {"containers": [` + fields + `]}}` }
	// with returns a patch that adds fields to the live container. A patch replaces a list whole, so the patch holds all containers.
	with := func(fields string) string {
		live := object(t, liveService)
		first := live["template"].(map[string]any)["containers"].([]any)[0]
		text, err := json.Marshal(merged(first, object(t, fields)))
		require.NoError(t, err)
		return container(string(text))
	}
	// sidecarIn returns a patch that adds a container to the plan.
	sidecarIn := func(sidecar string) string {
		main := object(t, plannedService)["template"].(map[string]any)["containers"].([]any)[0]
		text, err := json.Marshal(main)
		require.NoError(t, err)
		return container(string(text) + ", " + sidecar)
	}
	for _, test := range []struct {
		name, live, planned string
		latest              map[string]string
		changes, added      []string
	}{
		{name: "the same", live: `{}`},
		{name: "a memory limit", live: with(`{"resources": {"limits": {"memory": "1Gi"}}}`),
			changes: []string{"memory: 1Gi becomes 512Mi; services.web.memory keeps it"}},
		{name: "a CPU limit", live: with(`{"resources": {"limits": {"cpu": "2"}}}`),
			changes: []string{"CPU: 2 becomes 1; services.web.cpu keeps it"}},
		{name: "a GPU", live: `{"template": {"nodeSelector": {"accelerator": "nvidia-l4"}, "gpuZonalRedundancyDisabled": true, "containers": [` +
			with(`{"resources": {"limits": {"nvidia.com/gpu": "1"}}}`)[len(`{"template": {"containers": [`):],
			changes: []string{"accelerator: nvidia-l4 is taken away; no setting keeps it",
				"limit nvidia.com/gpu: 1 is taken away; no setting keeps it",
				"template.gpuZonalRedundancyDisabled is taken away; no setting keeps it"}},
		{name: "CPU that is always allocated", live: with(`{"resources": {"cpuIdle": null, "startupCpuBoost": true}}`),
			changes: []string{"CPU between requests: on becomes off; services.web.cpuIdle keeps it",
				"CPU boost at the start: on becomes off; services.web.startupCpuBoost keeps it"}},
		{name: "limits that the plan leaves to the provider", live: with(`{"resources": {"limits": {"memory": "1Gi"}}}`),
			planned: `{"ingress": null, "template": {"scaling": null, "timeout": null, "serviceAccount": null,
				"maxInstanceRequestConcurrency": null, "containers": [{"image": "` + unknownValue + `"}]}}`,
			changes: []string{"CPU between requests: off becomes on; services.web.cpuIdle keeps it",
				"startup probe: GET / every 10 s, 12 failures of 5 s is taken away; services.web.startup keeps it",
				"liveness probe: GET / every 30 s, 3 failures of 5 s is taken away; services.web.liveness keeps it",
				"variable NODE_ENV: a plain value is taken away; services.web.environment.NODE_ENV keeps it",
				"variable MONGODB_URI: secret mongodb-uri version 1 is taken away; services.web.secrets.MONGODB_URI keeps it"}},
		{name: "how many instances", live: `{"template": {"scaling": {"minInstanceCount": 1, "maxInstanceCount": 10}}}`,
			changes: []string{"minimum of instances: 1 becomes 0; services.web.minInstances keeps it",
				"maximum of instances: 10 becomes 2; services.web.maxInstances keeps it"}},
		{name: "how many instances of the whole service", live: `{"scaling": {"minInstanceCount": 1, "maxInstanceCount": 5,
			"scalingMode": "MANUAL", "manualInstanceCount": 2}}`,
			changes: []string{"minimum of instances of the whole service: 1 becomes 0; no setting keeps it",
				"maximum of instances of the whole service: 5 is taken away; no setting keeps it",
				"scaling: MANUAL becomes AUTOMATIC; no setting keeps it",
				"number of instances set by hand: 2 is taken away; no setting keeps it"}},
		{name: "requests", live: `{"template": {"maxInstanceRequestConcurrency": 8, "timeout": "900s", "sessionAffinity": true}}`,
			changes: []string{"requests at once: 8 becomes 80; services.web.concurrency keeps it",
				"timeout: 900s becomes 300s; services.web.timeoutSeconds keeps it",
				"session affinity: on becomes off; services.web.sessionAffinity keeps it"}},
		{name: "an account", live: `{"template": {"serviceAccount": "other@p.iam.gserviceaccount.com"}}`,
			changes: []string{"account: other@p.iam.gserviceaccount.com becomes web@p.iam.gserviceaccount.com; " +
				"services.web.runtimeAccount keeps it"}},
		{name: "no account", live: `{"template": {"serviceAccount": null}}`,
			changes: []string{"account: Compute Engine's default account becomes web@p.iam.gserviceaccount.com; " +
				"services.web.runtimeAccount keeps it"}},
		{name: "an image, where the settings name one", live: with(`{"image": "old@sha256:2"}`),
			planned: container(`{"image": "img@sha256:1", "ports": {"containerPort": 3000}, "resources": {"cpuIdle": true},
				"envs": [{"name": "NODE_ENV", "value": "production"}, {"name": "MONGODB_URI", "value": "` + unknownValue + `"}],
				"startupProbe": {"failureThreshold": 12, "httpGet": {"path": "/"}, "periodSeconds": 10, "timeoutSeconds": 5},
				"livenessProbe": {"httpGet": {"path": "/"}, "periodSeconds": 30, "timeoutSeconds": 5}}`),
			changes: []string{"image: old@sha256:2 becomes img@sha256:1; services.web.digest keeps it"}},
		{name: "an image by tag, where the settings name a digest of it", live: with(`{"image": "img:latest"}`),
			planned: container(`{"image": "img@sha256:1", "ports": {"containerPort": 3000}, "resources": {"cpuIdle": true},
				"envs": [{"name": "NODE_ENV", "value": "production"}, {"name": "MONGODB_URI", "value": "` + unknownValue + `"}],
				"startupProbe": {"failureThreshold": 12, "httpGet": {"path": "/"}, "periodSeconds": 10, "timeoutSeconds": 5},
				"livenessProbe": {"httpGet": {"path": "/"}, "periodSeconds": 30, "timeoutSeconds": 5}}`)},
		{name: "another port", live: with(`{"ports": [{"containerPort": 8080}], "livenessProbe": {"httpGet": {"port": 8080}}}`),
			changes: []string{"port: 8080 becomes 3000; services.web.port keeps it"}},
		{name: "a protocol that the plan gives", live: with(`{"dependsOn": ["proxy"]}`),
			planned: container(`{"image": "` + unknownValue + `", "ports": {"containerPort": 3000, "name": "h2c"}, "resources": {"cpuIdle": true},
				"envs": [{"name": "NODE_ENV", "value": "production"}, {"name": "MONGODB_URI", "value": "` + unknownValue + `"}],
				"startupProbe": {"failureThreshold": 12, "httpGet": {"path": "/"}, "periodSeconds": 10, "timeoutSeconds": 5},
				"livenessProbe": {"httpGet": {"path": "/"}, "periodSeconds": 30, "timeoutSeconds": 5}}`),
			changes: []string{"protocol: http1 becomes h2c; services.web.http2 keeps it",
				"list of containers before it is taken away; services.web.after keeps it"}},
		{name: "a protocol, which the provider keeps", live: with(`{"ports": [{"containerPort": 3000, "name": "h2c"}]}`)},
		{name: "ingress and callers", live: `{"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY", "invokerIamDisabled": true, "iapEnabled": true,
			"defaultUriDisabled": true, "customAudiences": ["https://a", "https://b"]}`,
			changes: []string{"ingress: INGRESS_TRAFFIC_INTERNAL_ONLY becomes INGRESS_TRAFFIC_ALL; services.web.ingress keeps it",
				"check of who calls: off becomes on; services.web.public keeps it", "address at run.app: off becomes on; no setting keeps it",
				"Identity-Aware Proxy: on becomes off; no setting keeps it",
				"list of custom audiences: https://a https://b is taken away; services.web.audiences keeps it"}},
		{name: "the first generation, and a choice left to Cloud Run",
			live: `{"template": {"executionEnvironment": "EXECUTION_ENVIRONMENT_GEN1"}}`,
			changes: []string{"execution environment: EXECUTION_ENVIRONMENT_GEN1 becomes EXECUTION_ENVIRONMENT_GEN2; " +
				"services.web.executionEnvironment keeps it"}},
		{name: "a choice left to Cloud Run", live: `{"template": {"executionEnvironment": null}}`,
			changes: []string{"execution environment: Cloud Run's choice becomes EXECUTION_ENVIRONMENT_GEN2; " +
				"services.web.executionEnvironment keeps it"}},
		{name: "a VPC by connector",
			live:    `{"template": {"vpcAccess": {"connector": "projects/p/locations/l/connectors/c", "egress": "ALL_TRAFFIC"}}}`,
			changes: []string{"VPC connector: projects/p/locations/l/connectors/c is taken away; services.web.vpc keeps it"}},
		{name: "a VPC that the plan has too, its egress left to the provider",
			live:    `{"template": {"vpcAccess": {"connector": "c", "egress": "ALL_TRAFFIC"}}}`,
			planned: `{"template": {"vpcAccess": {"connector": "c"}}}`},
		{name: "a VPC that the plan has too", live: `{"template": {"vpcAccess": {"connector": "c"}}}`,
			planned: `{"template": {"vpcAccess": {"connector": "c", "egress": "ALL_TRAFFIC"}}}`,
			changes: []string{"requests through the VPC: PRIVATE_RANGES_ONLY becomes ALL_TRAFFIC; services.web.vpc.egress keeps it"}},
		{name: "the fewest instances, left to the provider", live: `{"template": {"scaling": {"minInstanceCount": 3}}}`,
			planned: `{"template": {"scaling": {"minInstanceCount": null}}}`},
		{name: "a VPC by network",
			live:    `{"template": {"vpcAccess": {"networkInterfaces": [{"network": "n", "subnetwork": "s", "tags": ["a", "b"]}]}}}`,
			changes: []string{"VPC network: 0.network n, 0.subnetwork s, 0.tags a b is taken away; services.web.vpc keeps it"}},
		{name: "keys and policies", live: `{"template": {"encryptionKey": "k", "healthCheckDisabled": true},
			"binaryAuthorization": {"policy": "projects/p/platforms/cloudRun/policies/x"}}`,
			changes: []string{"Binary Authorization policy: projects/p/platforms/cloudRun/policies/x is taken away; no setting keeps it",
				"health check of new revisions: off becomes on; no setting keeps it", "encryption key: k is taken away; no setting keeps it"}},
		{name: "a command", live: with(`{"command": ["node"], "args": ["server.js", "--token", "t"], "workingDir": "/srv"}`),
			changes: []string{"working folder: /srv is taken away; no setting keeps it", "command is taken away; services.web.command keeps it",
				"list of arguments is taken away; services.web.arguments keeps it"}},
		{name: "volumes", live: `{"template": {"volumes": [{"name": "cache", "emptyDir": {"medium": "MEMORY", "sizeLimit": "64Mi"}},
			{"name": "keys", "secret": {"secret": "k", "items": [{"path": "pem", "version": "latest"}]}},
			{"name": "db", "cloudSqlInstance": {"instances": ["p:l:db"]}}], "containers": [` +
			with(`{"volumeMounts": [{"name": "cache", "mountPath": "/cache"}]}`)[len(`{"template": {"containers": [`):],
			changes: []string{"mount /cache: name cache is taken away; services.web.mounts keeps it",
				"volume cache: emptyDir.medium MEMORY, emptyDir.sizeLimit 64Mi is taken away; services.web.volumes keeps it",
				"volume keys: secret.items.0.path pem, secret.items.0.version latest, secret.secret k is taken away; services.web.volumes keeps it",
				"volume db: cloudSqlInstance.instances p:l:db is taken away; services.web.databases keeps it"}},
		{name: "a sidecar that the plan lacks", live: `{"template": {"containers": [{"name": "proxy", "image": "proxy@sha256:3",
			"env": [{"name": "TOKEN", "value": "secret"}]}, ` + with(`{}`)[len(`{"template": {"containers": [`):],
			changes: []string{"container proxy: proxy@sha256:3 is taken away; services.web.sidecars.proxy keeps it"}},
		{name: "a sidecar that the plan has too", live: `{"template": {"containers": [{"name": "proxy", "image": "proxy@sha256:3",
			"resources": {"limits": {"memory": "1Gi", "cpu": "500m"}, "cpuIdle": true}, "args": ["--verbose"], "securityContext": {"user": 1},
			"env": [{"name": "TOKEN", "value": "secret"}, {"name": "LEVEL", "value": "debug"}]}, ` +
			with(`{}`)[len(`{"template": {"containers": [`):],
			planned: sidecarIn(`{"name": "proxy", "image": "proxy@sha256:4", "resources": {"limits": {"memory": "256Mi", "cpu": "0.5"}},
				"envs": [{"name": "LEVEL", "value": "debug"}], "startupProbe": {"tcpSocket": {"port": 6432}}}`),
			changes: []string{"container proxy: image: proxy@sha256:3 becomes proxy@sha256:4; services.web.sidecars.proxy keeps it",
				"container proxy: memory: 1Gi becomes 256Mi; services.web.sidecars.proxy.memory keeps it",
				"container proxy: variable TOKEN: a plain value is taken away; services.web.sidecars.proxy.environment.TOKEN keeps it",
				"container proxy: list of arguments is taken away; services.web.sidecars.proxy.arguments keeps it",
				"container proxy: container.securityContext.user is taken away; no setting keeps it"},
			added: []string{"container proxy: startup probe"}},
		{name: "a sidecar that only the plan has", live: `{}`, added: []string{"container proxy"},
			planned: sidecarIn(`{"name": "proxy", "image": "proxy@sha256:4", "resources": {"limits": {"memory": "256Mi", "cpu": "0.5"}}}`)},
		{name: "probes", live: with(`{"startupProbe": {"tcpSocket": {"port": 3000}, "periodSeconds": 5, "timeoutSeconds": 2},
			"livenessProbe": {"httpGet": {"path": "/up", "port": 9000, "httpHeaders": [{"name": "authorization", "value": "secret"}]},
				"initialDelaySeconds": 20}, "readinessProbe": {"httpGet": {"path": "/ready"}}}`),
			changes: []string{"startup probe: TCP every 5 s, 12 failures of 2 s becomes " +
				"GET / every 10 s, 12 failures of 5 s; services.web.startup keeps it",
				"liveness probe: GET /up with 1 header on port 9000 every 30 s, 3 failures of 5 s, after 20 s becomes " +
					"GET / every 30 s, 3 failures of 5 s; services.web.liveness keeps it",
				"container.readinessProbe.httpGet.path is taken away; no setting keeps it"}},
		{name: "no probes but Cloud Run's own", live: with(`{"livenessProbe": null, "startupProbe": {"httpGet": null, "tcpSocket": {"port": 3000},
			"periodSeconds": 240, "timeoutSeconds": 240, "failureThreshold": 1}}`), added: []string{"startup probe", "liveness probe"}},
		{name: "a probe of Cloud Run's kind with its own times", live: with(`{"startupProbe": {"httpGet": null, "tcpSocket": {"port": 3000},
			"periodSeconds": 240, "timeoutSeconds": 240, "failureThreshold": 2}, "livenessProbe": {"httpGet": null, "tcpSocket": {"port": 3000},
			"periodSeconds": 240, "timeoutSeconds": 240, "failureThreshold": 1}}`),
			changes: []string{"startup probe: TCP every 240 s, 2 failures of 240 s becomes GET / every 10 s, 12 failures of 5 s; " +
				"services.web.startup keeps it", "liveness probe: TCP every 240 s, 1 failures of 240 s becomes " +
				"GET / every 30 s, 3 failures of 5 s; services.web.liveness keeps it"}},
		{name: "amounts without a unit", live: with(`{"resources": {"limits": {"memory": "536870912", "cpu": 1}}}`)},
		{name: "a malformed amount", live: with(`{"resources": {"limits": {"memory": "much"}}}`),
			changes: []string{"memory: much becomes 512Mi; services.web.memory keeps it"}},
		{name: "variables", live: with(`{"env": [{"name": "NODE_ENV", "value": "staging"}, {"name": "LOG_LEVEL", "value": "debug"},
			{"name": "TLS_KEY", "valueSource": {"secretKeyRef": {"secret": "tls", "version": "7"}}}, {"name": "MONGODB_URI", "value": "mongodb://u:p@h"}]}`),
			changes: []string{"variable NODE_ENV: a plain value becomes another value; services.web.environment.NODE_ENV keeps it",
				"variable LOG_LEVEL: a plain value is taken away; services.web.environment.LOG_LEVEL keeps it",
				"variable TLS_KEY: secret tls version 7 is taken away; services.web.secrets.TLS_KEY keeps it",
				"variable MONGODB_URI: a plain value becomes secret mongodb-uri version 1; services.web.environment.MONGODB_URI keeps it"}},
		{name: "variables that only the plan has", live: with(`{"env": []}`), added: []string{"variable MONGODB_URI", "variable NODE_ENV"}},
		{name: "a secret at latest", live: with(`{"env": [{"name": "NODE_ENV", "value": "production"},
			{"name": "MONGODB_URI", "valueSource": {"secretKeyRef": {"secret": "mongodb-uri", "version": "latest"}}}]}`),
			latest: map[string]string{"mongodb-uri": "3"},
			changes: []string{"variable MONGODB_URI: secret mongodb-uri at latest (version 3) becomes secret mongodb-uri version 1; " +
				"secrets.mongodb-uri.version keeps it"}},
		{name: "a secret at latest, which the settings pin", live: with(`{"env": [{"name": "NODE_ENV", "value": "production"},
			{"name": "MONGODB_URI", "valueSource": {"secretKeyRef": {"secret": "mongodb-uri"}}}]}`), latest: map[string]string{"mongodb-uri": "1"}},
		{name: "a secret at latest whose version cannot be read", live: with(`{"env": [{"name": "NODE_ENV", "value": "production"},
			{"name": "MONGODB_URI", "valueSource": {"secretKeyRef": {"secret": "projects/other/secrets/mongodb-uri", "version": "latest"}}}]}`),
			changes: []string{"variable MONGODB_URI: secret projects/other/secrets/mongodb-uri at latest becomes secret mongodb-uri version 1; " +
				"services.web.secrets.MONGODB_URI keeps it"}},
		{name: "labels, of which the provider manages those that are named", live: `{"labels": {"app": "old", "team": "x", "goog-managed-by": "y"},
			"annotations": {"note": "n"}, "template": {"labels": {"app": "old", "cost": "z"},
				"annotations": {"note": "n", "image-user": "1001@sha256:1", "autoscaling.knative.dev/maxScale": "2"}}}`,
			changes: []string{"label app: old becomes shop; labels.app keeps it", "label of revisions app: old becomes shop; labels.app keeps it",
				"label of revisions cost: z is taken away; labels.cost keeps it", "annotation of revisions note is taken away; no setting keeps it"}},
		{name: "unknown fields", live: `{"description": "the shop", "multiRegionSettings": {"regions": ["a", "b"]}, "template": {"newField": 7}}`,
			changes: []string{"description is taken away; no setting keeps it", "multiRegionSettings.regions is taken away; no setting keeps it",
				"template.newField is taken away; no setting keeps it"}},
	} {
		live := merged(object(t, liveService), object(t, test.live)).(map[string]any)
		planned := object(t, plannedService)
		if test.planned != "" {
			planned = merged(planned, object(t, test.planned)).(map[string]any)
		}
		changes, added := adopt.Compare("services.web", live, planned, test.latest)
		var lines []string
		for _, change := range changes {
			lines = append(lines, change.String())
		}
		assert.Equal(t, test.changes, lines, test.name)
		assert.Equal(t, test.added, added, test.name)
	}
}

// TestCompareJobs checks jobs, whose containers are one level deeper and whose limits differ.
func TestCompareJobs(t *testing.T) {
	t.Parallel()
	live := object(t, `{"name": "projects/p/locations/l/jobs/migrate", "executionCount": 7, "latestCreatedExecution": {"name": "x"},
		"launchStage": "GA", "template": {"taskCount": 2, "parallelism": 1, "labels": {"team": "a"}, "template": {"maxRetries": 3, "timeout": "900s",
			"serviceAccount": "job@p.iam.gserviceaccount.com", "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
			"vpcAccess": {"connector": "c"}, "volumes": [{"name": "sql", "cloudSqlInstance": {"instances": ["p:l:main"]}},
				{"name": "tmp", "emptyDir": {"medium": "MEMORY"}}], "containers": [{"image": "img@sha256:1", "command": ["node"], "args": ["migrate.js"],
				"volumeMounts": [{"name": "sql", "mountPath": "/cloudsql"}],
				"env": [{"name": "MONGODB_URI", "valueSource": {"secretKeyRef": {"secret": "mongodb-uri", "version": "latest"}}}],
				"resources": {"limits": {"cpu": "1000m", "memory": "1Gi"}}}]}}}`)
	planned := object(t, `{"project": "p", "location": "l", "name": "migrate", "template": {"taskCount": 1, "template": {"maxRetries": 0,
		"timeout": "600s", "serviceAccount": "job@p.iam.gserviceaccount.com", "containers": [{"image": "`+unknownValue+`", "args": ["up.js"],
			"envs": [{"name": "MONGODB_URI", "valueSource": {"secretKeyRef": {"secret": "mongodb-uri", "version": "1"}}}],
			"resources": {"limits": {"cpu": "1", "memory": "512Mi"}}}]}}}`)
	changes, added := adopt.Compare("jobs.migrate", live, planned, map[string]string{"mongodb-uri": "2"})
	var lines []string
	for _, change := range changes {
		lines = append(lines, change.String())
	}
	assert.Equal(t, []string{
		"memory: 1Gi becomes 512Mi; jobs.migrate.memory keeps it",
		"number of tasks: 2 becomes 1; jobs.migrate.tasks keeps it",
		"number of tasks at once: 1 is taken away; jobs.migrate.parallelism keeps it",
		"number of retries: 3 becomes 0; jobs.migrate.maxRetries keeps it",
		"timeout: 900s becomes 600s; jobs.migrate.timeoutSeconds keeps it",
		"VPC connector: c is taken away; jobs.migrate.vpc keeps it",
		"variable MONGODB_URI: secret mongodb-uri at latest (version 2) becomes secret mongodb-uri version 1; " +
			"secrets.mongodb-uri.version keeps it",
		"command is taken away; jobs.migrate.command keeps it",
		"list of arguments becomes another value; jobs.migrate.args keeps it",
		"mount /cloudsql: name sql is taken away; jobs.migrate.databases keeps it",
		"volume sql: cloudSqlInstance.instances p:l:main is taken away; jobs.migrate.databases keeps it",
		"volume tmp: emptyDir.medium MEMORY is taken away; no setting keeps it",
		"label of executions team: a is taken away; labels.team keeps it",
	}, lines)
	assert.Empty(t, added)
	left := object(t, `{"template": {"parallelism": 1, "labels": {"team": "a"}, "template": {"maxRetries": 3, "vpcAccess": {"connector": "c"},
		"volumes": [{"name": "sql", "cloudSqlInstance": {"instances": ["p:l:main"]}}, {"name": "tmp", "emptyDir": {"medium": "MEMORY"}}],
		"containers": [{"volumeMounts": [{"name": "sql", "mountPath": "/cloudsql"}]}]}}}`)
	changes, _ = adopt.Compare("jobs.migrate", live, left, nil)
	lines = nil
	for _, change := range changes {
		lines = append(lines, change.What)
	}
	assert.Equal(t, []string{"image", "variable MONGODB_URI", "command", "list of arguments"}, lines,
		"the other properties are left to the provider")
	probed := object(t, `{"template": {"template": {"containers": [{"startupProbe":
		{"httpGet": {"path": "/", "port": 80, "httpHeaders": [{"name": "a"}]}}}]}}}`)
	changes, _ = adopt.Compare("jobs.migrate", probed, left, nil)
	assert.Equal(t, "startup probe: GET / with 1 header on port 80 every 10 s, 3 failures of 1 s is taken away; jobs.migrate.startup keeps it",
		changes[0].String())
	same, _ := adopt.Compare("jobs.migrate", live, live, nil)
	assert.Empty(t, same)
}

// TestEveryTypeHasARow checks that every resource type of the program has a row. A new type has to say whether a resource made by
// hand can be in its way.
func TestEveryTypeHasARow(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../emulator/provider/properties.txt")
	require.NoError(t, err)
	types := regexp.MustCompile(`(?m)^((?:gcp|github):\S+)`).FindAllStringSubmatch(string(content), -1)
	require.NotEmpty(t, types)
	for _, token := range types {
		assert.True(t, adopt.Known(token[1]),
			"%s: add how it is looked for to kinds in firstrun/adopt/kinds.go, or why it need not be to unnamed", token[1])
	}
}
