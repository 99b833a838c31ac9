package run

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusal is the API's refusal of a template, empty if the API accepts it.
func refusal(t *testing.T, template string) string {
	t.Helper()
	var service map[string]any
	require.NoError(t, json.Unmarshal([]byte(`{"template":{`+template+`}}`), &service), template)
	serviceDefaults(service, "account")
	if err := checkService("web", service); err != nil {
		return err.Error()
	}
	return ""
}

// TestContainerOnItsOwn checks what the API refuses about one container, regardless of the others.
func TestContainerOnItsOwn(t *testing.T) {
	t.Parallel()
	const path = "template.containers[0]"
	reserved := func(name string) string {
		return path + ".env: The following reserved env names were provided: " + name +
			". These values are automatically set by the system."
	}
	for name, test := range map[string]struct{ fields, want string }{
		"an image":                  {`"image":"i"`, ""},
		"no image":                  {`"command":["c"]`, path + ".image: Required"},
		"an empty image":            {`"image":""`, path + ".image: Required"},
		"a variable":                {`"image":"i","env":[{"name":"A","value":"1"},{"name":"B"}]`, ""},
		"a variable without a name": {`"image":"i","env":[{"name":"A"},{"value":"1"}]`, path + ".env[1].name: Required"},
		"PORT":                      {`"image":"i","env":[{"name":"PORT","value":"1"}]`, reserved("PORT")},
		"K_SERVICE":                 {`"image":"i","env":[{"name":"K_SERVICE","value":"1"}]`, reserved("K_SERVICE")},
		"K_REVISION":                {`"image":"i","env":[{"name":"K_REVISION","value":"1"}]`, reserved("K_REVISION")},
		"K_CONFIGURATION":           {`"image":"i","env":[{"name":"K_CONFIGURATION","value":"1"}]`, reserved("K_CONFIGURATION")},
		"in lower case":             {`"image":"i","env":[{"name":"port","value":"1"}]`, ""},
		"a variable twice": {`"image":"i","env":[{"name":"A"},{"name":"B"},{"name":"A"}]`,
			path + ".env: the variable 'A' is set more than once"},
		"a value and a secret": {`"image":"i","env":[{"name":"A","value":"1","valueSource":{}}]`,
			path + ".env[0]: value and value_source must not both be set"},
		"the first port": {`"image":"i","ports":[{"containerPort":1}]`, ""},
		"the last port":  {`"image":"i","ports":[{"containerPort":65535}]`, ""},
		"no port":        {`"image":"i","ports":[{"containerPort":0}]`, path + ".ports: container_port 0 must be between 1 and 65535"},
		"above the last port": {`"image":"i","ports":[{"containerPort":65536}]`,
			path + ".ports: container_port 65536 must be between 1 and 65535"},
		"HTTP/2":           {`"image":"i","ports":[{"containerPort":1,"name":"h2c"}]`, ""},
		"another protocol": {`"image":"i","ports":[{"containerPort":1,"name":"grpc"}]`, path + ".ports: name 'grpc' must be http1 or h2c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, refusal(t, `"containers":[{`+test.fields+`}]`))
		})
	}
	assert.Equal(t, "template.containers[1].env: The following reserved env names were provided: K_SERVICE. These values are "+
		"automatically set by the system.", refusal(t, `"containers":[{"name":"a","image":"i","ports":[{"containerPort":1}]},
		{"name":"b","image":"i","env":[{"name":"PORT","value":"1"},{"name":"K_SERVICE","value":"1"}]}]`),
		"a sidecar's PORT is its own, and no other of the reserved ones")
}

// TestProbes checks each limit at its last good and its first bad value. A startup probe may take at most 240 seconds, a liveness
// probe at most an hour.
func TestProbes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ probe, fields, want string }{
		{"startupProbe", `"httpGet":{}`, ""},
		{"startupProbe", `"tcpSocket":{}`, ""},
		{"startupProbe", `"grpc":{}`, ""},
		{"livenessProbe", `"grpc":{}`, ""},
		{"readinessProbe", `"httpGet":{"path":"/ready"}`, ""},
		{"startupProbe", ``, ": exactly one of http_get, tcp_socket and grpc must be specified"},
		{"livenessProbe", `"httpGet":{},"grpc":{}`, ": exactly one of http_get, tcp_socket and grpc must be specified"},
		{"readinessProbe", `"httpGet":{},"tcpSocket":{},"grpc":{}`, ": exactly one of http_get, tcp_socket and grpc must be specified"},
		{"livenessProbe", `"tcpSocket":{}`, ".tcp_socket: is not supported"},
		{"startupProbe", `"grpc":{},"initialDelaySeconds":240`, ""},
		{"startupProbe", `"grpc":{},"initialDelaySeconds":241`, ".initial_delay_seconds: 241 must be between 0 and 240"},
		{"startupProbe", `"grpc":{},"initialDelaySeconds":-1`, ".initial_delay_seconds: -1 must be between 0 and 240"},
		{"livenessProbe", `"grpc":{},"initialDelaySeconds":3600`, ""},
		{"livenessProbe", `"grpc":{},"initialDelaySeconds":3601`, ".initial_delay_seconds: 3601 must be between 0 and 3600"},
		{"readinessProbe", `"grpc":{},"initialDelaySeconds":3601`, ".initial_delay_seconds: 3601 must be between 0 and 3600"},
		{"startupProbe", `"grpc":{},"periodSeconds":240`, ""},
		{"startupProbe", `"grpc":{},"periodSeconds":241`, ".period_seconds: 241 must be between 1 and 240"},
		{"startupProbe", `"grpc":{},"periodSeconds":1`, ""},
		{"startupProbe", `"grpc":{},"periodSeconds":0`, ".period_seconds: 0 must be between 1 and 240"},
		{"livenessProbe", `"grpc":{},"periodSeconds":3600`, ""},
		{"livenessProbe", `"grpc":{},"periodSeconds":3601`, ".period_seconds: 3601 must be between 1 and 3600"},
		{"readinessProbe", `"grpc":{},"periodSeconds":3601`, ".period_seconds: 3601 must be between 1 and 3600"},
		{"livenessProbe", `"grpc":{},"timeoutSeconds":10`, ""},
		{"livenessProbe", `"grpc":{},"timeoutSeconds":11`, ".timeout_seconds: 11 must be between 1 and period_seconds (10)"},
		{"livenessProbe", `"grpc":{},"timeoutSeconds":0`, ".timeout_seconds: 0 must be between 1 and period_seconds (10)"},
		{"livenessProbe", `"grpc":{},"failureThreshold":1`, ""},
		{"livenessProbe", `"grpc":{},"failureThreshold":0`, ".failure_threshold: must be at least 1"},
		{"livenessProbe", `"httpGet":{"path":"ready"}`, ".http_get.path: 'ready' must begin with a slash"},
		{"startupProbe", `"httpGet":{"path":""}`, ".http_get.path: '' must begin with a slash"},
	} {
		t.Run(test.probe+" "+test.fields, func(t *testing.T) {
			t.Parallel()
			want := test.want
			if want != "" {
				want = "template.containers[0]." + strings.Replace(test.probe, "Probe", "_probe", 1) + want
			}
			assert.Equal(t, want, refusal(t, `"containers":[{"image":"i","`+test.probe+`":{`+test.fields+`}}]`))
		})
	}
}

// TestMemoryForCPU checks the least and the most memory that each number of CPUs may have.
func TestMemoryForCPU(t *testing.T) {
	t.Parallel()
	const gen1, gen2 = "EXECUTION_ENVIRONMENT_GEN1", "EXECUTION_ENVIRONMENT_GEN2"
	refused := func(words, cpu, least, most string) string {
		return fmt.Sprintf("memory: Invalid value specified for memory%s. For %s CPU, memory must be between %s and %s inclusive.", words, cpu,
			least, most)
	}
	const unsold = "cpu: Invalid value specified for cpu. Supported values are 0.08 to 1, 1, 2, 4, 6 and 8; got "
	second := " with gen2 execution environment"
	for _, test := range []struct{ cpu, memory, generation, want string }{
		{"0.08", "128Mi", gen1, ""}, {"0.08", "512Mi", gen1, ""}, {"80m", "512Mi", gen1, ""},
		{"0.08", "127Mi", gen1, refused("", "0.08", "128Mi", "512Mi")}, {"0.08", "513Mi", gen1, refused("", "0.08", "128Mi", "512Mi")},
		{"0.07", "128Mi", gen1, unsold + "0.07."},
		{"0.49", "513Mi", gen1, refused("", "0.49", "128Mi", "512Mi")}, {"0.5", "1Gi", gen1, ""},
		{"0.5", "1025Mi", gen1, refused("", "0.5", "128Mi", "1Gi")},
		{"0.5", "512Mi", gen2, "cpu: Invalid value specified for cpu. Total cpu < 1 is not supported with gen2 execution environment."},
		{"1", "128Mi", gen1, ""}, {"1", "127Mi", gen1, refused("", "1.0", "128Mi", "4Gi")},
		{"1", "4Gi", gen1, ""}, {"1000m", "4097Mi", gen1, refused("", "1.0", "128Mi", "4Gi")},
		{"1", "512Mi", gen2, ""}, {"1", "511Mi", gen2, refused(second, "1.0", "512Mi", "4Gi")},
		{"1.5", "1Gi", gen1, unsold + "1.5."}, {"3", "4Gi", gen1, unsold + "3."},
		{"2", "128Mi", gen1, ""}, {"2", "8Gi", gen2, ""}, {"2", "8193Mi", gen1, refused("", "2.0", "128Mi", "8Gi")},
		{"4", "2Gi", gen1, ""}, {"4", "2047Mi", gen1, refused("", "4.0", "2Gi", "16Gi")},
		{"4", "2047Mi", gen2, refused(second, "4.0", "2Gi", "16Gi")}, {"4", "16385Mi", gen1, refused("", "4.0", "2Gi", "16Gi")},
		{"6", "4Gi", gen1, ""}, {"6", "4095Mi", gen1, refused("", "6.0", "4Gi", "24Gi")}, {"6", "25Gi", gen1, refused("", "6.0", "4Gi", "24Gi")},
		{"8", "32Gi", gen1, ""}, {"8", "33Gi", gen2, refused(second, "8.0", "4Gi", "32Gi")},
		{"one", "1Gi", gen1, "cpu: Invalid value specified for cpu: 'one'."}, {"0", "1Gi", gen1, "cpu: Invalid value specified for cpu: '0'."},
		{"1", "much", gen1, "memory: Invalid value specified for memory: 'much'."},
		{"1", "-1Gi", gen1, "memory: Invalid value specified for memory: '-1Gi'."},
		{"1", "1000000k", gen1, ""}, {"1", "1G", gen1, ""}, {"1", "1048576Ki", gen1, ""}, {"1", "536870912", gen1, ""}, {"1", "512M", gen1, ""},
		{"1", "512M", gen2, refused(second, "1.0", "512Mi", "4Gi")},
	} {
		t.Run(test.cpu+" "+test.memory+" "+test.generation, func(t *testing.T) {
			t.Parallel()
			want := test.want
			if want != "" {
				want = "template.containers[0].resources.limits." + want
			}
			assert.Equal(t, want, refusal(t, fmt.Sprintf(`"executionEnvironment":%q,"maxInstanceRequestConcurrency":1,
				"containers":[{"image":"i","resources":{"cpuIdle":true,"limits":{"cpu":%q,"memory":%q}}}]`,
				test.generation, test.cpu, test.memory)))
		})
	}
	for template, want := range map[string]string{
		`"maxInstanceRequestConcurrency":2,"containers":[{"image":"i","resources":{"cpuIdle":true,"limits":{"cpu":"0.5"}}}]`: "cpu: " +
			"Invalid value specified for cpu. Total cpu < 1 is not supported with concurrency > 1.",
		`"containers":[{"image":"i","resources":{"limits":{"cpu":"0.5"}}}]`: "cpu: Invalid value specified for cpu. Total cpu < 1 is not " +
			"supported with cpu_idle set to false.",
		`"containers":[{"image":"i","resources":{"limits":{"disk":"1Gi"}}}]`: " Invalid resource name 'disk'. Only cpu, memory and " +
			"nvidia.com/gpu are supported.",
	} {
		separator := "."
		if want[0] == ' ' {
			separator = ":"
		}
		assert.Equal(t, "template.containers[0].resources.limits"+separator+want, refusal(t, template))
	}
}

// TestBoundsOfAService checks each limit of a service and its template at its last good and its first bad value.
func TestBoundsOfAService(t *testing.T) {
	t.Parallel()
	const name = "must have at most 49 lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen"
	const revision = "must have at most 63 lower-case letters, digits and hyphens and not end with a hyphen"
	long := func(n int) string { return "web-" + strings.Repeat("a", n-4) }
	for _, test := range []struct{ id, service, template, want string }{
		{"web", "", "", ""}, {long(49), "", "", ""}, {long(50), "", "", "service_id: '" + long(50) + "' " + name},
		{"Web", "", "", "service_id: 'Web' " + name}, {"web-", "", "", "service_id: 'web-' " + name},
		{"web", `,"description":"` + strings.Repeat("a", 512) + `"`, "", ""},
		{"web", `,"description":"` + strings.Repeat("a", 513) + `"`, "", "description: longer than 512 characters"},
		{"web", `,"annotations":{"team":"a"}`, "", ""},
		{"web", `,"annotations":{"run.googleapis.com/x":"a"}`, "",
			"annotations: the annotation 'run.googleapis.com/x' is not supported: run.googleapis.com/ is reserved"},
		{"web", "", `,"annotations":{"autoscaling.knative.dev/minScale":"1"}`, "annotations: the annotation " +
			"'autoscaling.knative.dev/minScale' is not supported: autoscaling.knative.dev/ is reserved"},
		{"web", "", `,"revision":"` + long(63) + `"`, ""},
		{"web", "", `,"revision":"` + long(64) + `"`, "template.revision: '" + long(64) + "' " + revision},
		{"web", "", `,"revision":"web-A"`, "template.revision: 'web-A' " + revision},
		{"web", "", `,"revision":"api-1"`, "template.revision: The revision name must be prefixed by the name of the enclosing Service with a " +
			"trailing -: 'api-1' does not begin with 'web-'"},
		{"web", "", `,"timeout":"1s"`, ""}, {"web", "", `,"timeout":"3600s"`, ""},
		{"web", "", `,"timeout":"0s"`, "template.timeout: 0s must be between 1s and 3600s"},
		{"web", "", `,"timeout":"3601s"`, "template.timeout: 3601s must be between 1s and 3600s"},
		{"web", "", `,"maxInstanceRequestConcurrency":1`, ""}, {"web", "", `,"maxInstanceRequestConcurrency":1000`, ""},
		{"web", "", `,"maxInstanceRequestConcurrency":0`, "template.max_instance_request_concurrency: 0 must be between 1 and 1000"},
		{"web", "", `,"maxInstanceRequestConcurrency":1001`, "template.max_instance_request_concurrency: 1001 must be between 1 and 1000"},
		{"web", "", `,"scaling":{"minInstanceCount":2,"maxInstanceCount":2}`, ""},
		{"web", "", `,"scaling":{"minInstanceCount":3,"maxInstanceCount":2}`,
			"template.scaling: min_instance_count 3 must be between 0 and max_instance_count 2"},
		{"web", "", `,"scaling":{"minInstanceCount":-1}`, "template.scaling: min_instance_count -1 must be between 0 and max_instance_count 100"},
	} {
		var service map[string]any
		text := `{"template":{"containers":[{"image":"i"}]` + test.template + `}` + test.service + `}`
		require.NoError(t, json.Unmarshal([]byte(text), &service), text)
		serviceDefaults(service, "account")
		if err := checkService(test.id, service); test.want == "" {
			assert.NoError(t, err, text)
		} else {
			assert.EqualError(t, err, test.want)
		}
	}
}

// TestDefaults checks the values that the API fills in for absent fields.
func TestDefaults(t *testing.T) {
	t.Parallel()
	var service map[string]any
	require.NoError(t, json.Unmarshal([]byte(`{"template":{"containers":[{"image":"i","livenessProbe":{"httpGet":{}},
		"env":[{"name":"A","valueSource":{"secretKeyRef":{"secret":"s"}}}]}]}}`), &service))
	serviceDefaults(service, "account")
	got, err := json.Marshal(service)
	require.NoError(t, err)
	assert.JSONEq(t, `{"ingress":"INGRESS_TRAFFIC_ALL","launchStage":"GA",
		"traffic":[{"percent":100,"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}],
		"template":{"timeout":"300s","serviceAccount":"account","maxInstanceRequestConcurrency":80,"scaling":{"maxInstanceCount":100},
			"containers":[{"image":"i","ports":[{"containerPort":8080,"name":"http1"}],
				"resources":{"cpuIdle":true,"limits":{"cpu":"1000m","memory":"512Mi"}},
				"env":[{"name":"A","valueSource":{"secretKeyRef":{"secret":"s","version":"latest"}}}],
				"livenessProbe":{"httpGet":{"path":"/","port":8080},"timeoutSeconds":1,"periodSeconds":10,"failureThreshold":3},
				"startupProbe":{"tcpSocket":{"port":8080},"timeoutSeconds":240,"periodSeconds":240,"failureThreshold":1}}]}}`, string(got))
	for cpu, want := range map[string]float64{"1": 80, "0.5": 1, "what": 80} {
		service := map[string]any{"template": map[string]any{"containers": []any{map[string]any{"image": "i",
			"resources": map[string]any{"limits": map[string]any{"cpu": cpu}}}}}}
		serviceDefaults(service, "account")
		assert.InDelta(t, want, service["template"].(map[string]any)["maxInstanceRequestConcurrency"], 0, cpu)
	}
}
