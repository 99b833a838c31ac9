package knative_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run/knative"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

var place = knative.Place{Project: "42", Region: "us-central1"}

type object = map[string]any

// parse decodes and keeps of a body what the API would keep.
func parse(t require.TestingT, message, body string) object {
	var decoded object
	require.NoError(t, json.Unmarshal([]byte(body), &decoded))
	kept, err := schema.Normalize(message, "", decoded)
	require.NoError(t, err)
	return kept
}

// TestTemplateWords changes a template's label, so that the whole template is translated, and compares the result.
func TestTemplateWords(t *testing.T) {
	t.Parallel()
	for name, template := range map[string]string{
		"scaling":      `{"scaling":{"minInstanceCount":1,"maxInstanceCount":3},"containers":[{"image":"a","resources":{"cpuIdle":true}}]}`,
		"always on":    `{"containers":[{"image":"a","resources":{"cpuIdle":false,"startupCpuBoost":true,"limits":{"cpu":"2"}}}]}`,
		"network":      `{"vpcAccess":{"egress":"PRIVATE_RANGES_ONLY","networkInterfaces":[{"network":"n","subnetwork":"s","tags":["t"]}]},"containers":[{"image":"a","resources":{"cpuIdle":true}}]}`,
		"a sidecar":    `{"containers":[{"name":"web","image":"a","dependsOn":["proxy"],"ports":[{"name":"http1","containerPort":3000}],"resources":{"cpuIdle":true}},{"name":"proxy","image":"b","command":["x"],"args":["y"],"resources":{"cpuIdle":true}}]}`,
		"secrets":      `{"containers":[{"image":"a","env":[{"name":"A","value":"b"},{"name":"KEY","valueSource":{"secretKeyRef":{"secret":"key","version":"3"}}}],"resources":{"cpuIdle":true}}]}`,
		"volumes":      `{"containers":[{"image":"a","volumeMounts":[{"name":"v","mountPath":"/v"}],"resources":{"cpuIdle":true}}],"volumes":[{"name":"v","secret":{"secret":"key","defaultMode":256,"items":[{"path":"p","version":"3"}]}},{"name":"e","emptyDir":{"medium":"MEMORY","sizeLimit":"1Gi"}},{"name":"n","nfs":{"server":"s","path":"/p"}}]}`,
		"probes":       `{"containers":[{"image":"a","startupProbe":{"httpGet":{"path":"/api/health","port":3000,"httpHeaders":[{"name":"X","value":"y"}]},"periodSeconds":5},"livenessProbe":{"grpc":{"port":1,"service":"s"}},"resources":{"cpuIdle":true}}]}`,
		"the template": `{"revision":"web-a","client":"c","clientVersion":"1","annotations":{"own":"x"},"executionEnvironment":"EXECUTION_ENVIRONMENT_GEN1","sessionAffinity":true,"timeout":"300s","maxInstanceRequestConcurrency":80,"serviceAccount":"a@b","encryptionKey":"k","healthCheckDisabled":true,"containers":[{"image":"a","workingDir":"/w","resources":{"cpuIdle":true}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := parse(t, "run:GoogleCloudRunV2RevisionTemplate", template)
			want["labels"] = object{"a": "b"}
			service := knative.Service(object{"name": "services/web", "template": want}, place)
			encoded, err := json.Marshal(service)
			require.NoError(t, err)
			v1 := parse(t, "knative:Service", string(encoded))
			v2, err := knative.Merge(nil, v1, place)
			require.NoError(t, err)
			got, err := schema.Normalize("run:GoogleCloudRunV2RevisionTemplate", "", v2["template"].(object))
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// TestWritingBackChangesNothing reads a random service in v1 and writes it back. The service stays the same, even where v1 has no
// field for something.
func TestWritingBackChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		stored := object{"name": "projects/p/locations/us-central1/services/web", "template": object{"containers": []any{object{"image": "a"}}}}
		draw := func(into object, choices map[string][]any) {
			for _, field := range slices.Sorted(maps.Keys(choices)) {
				if rapid.Bool().Draw(t, field) {
					into[field] = rapid.SampledFrom(choices[field]).Draw(t, field+" value")
				}
			}
		}
		draw(stored, map[string][]any{
			"labels": {object{"a": "b"}}, "annotations": {object{"own": "x"}}, "description": {"words"}, "client": {"c"},
			"launchStage": {"GA", "BETA"},
			"ingress": {"INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_ONLY",
				"INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}, "invokerIamDisabled": {true}, "defaultUriDisabled": {true},
			"customAudiences": {[]any{"https://a", "b"}}, "binaryAuthorization": {object{"useDefault": true}}, "iapEnabled": {true},
			"scaling": {object{"minInstanceCount": 1.0}, object{"scalingMode": "MANUAL", "manualInstanceCount": 2.0}},
		})
		draw(stored["template"].(object), map[string][]any{
			"gpuZonalRedundancyDisabled": {true}, "serviceMesh": {object{"mesh": "m"}}, "revision": {"web-a"},
			"labels": {object{"c": "d"}}, "scaling": {object{"maxInstanceCount": 2.0}},
			"volumes": {[]any{object{"name": "v", "cloudSqlInstance": object{"instances": []any{"i"}}}}},
		})
		stored["traffic"] = []any{object{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-a", "percent": 40.0,
			"tag": "stable"}, object{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 60.0}}

		encoded, err := json.Marshal(knative.Service(stored, place))
		require.NoError(t, err)
		back, err := knative.Merge(stored, parse(t, "knative:Service", string(encoded)), place)
		require.NoError(t, err)
		want := maps.Clone(stored)
		delete(want, "name")
		if want["launchStage"] == "GA" {
			delete(want, "launchStage") // v1 has no word for it, and it is what the API fills in
		}
		require.Equal(t, want, back)
	})
}
