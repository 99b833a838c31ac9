package run

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestContainersTogether checks what the API refuses about several containers, volumes and networks.
func TestContainersTogether(t *testing.T) {
	t.Parallel()
	const (
		web   = `{"name":"web","image":"i","ports":[{"containerPort":80}]`
		proxy = `{"name":"proxy","image":"i"`
	)
	for name, test := range map[string]struct{ template, want string }{
		"a sidecar": {
			`"containers":[` + proxy + `,"resources":{"limits":{"cpu":"0.5","memory":"64Mi"},"cpuIdle":true},"env":[{"name":"PORT","value":"1"}]},` +
				web + `,"dependsOn":["proxy"]}]`, ""},
		"too much CPU": {`"containers":[` + web + `},` + proxy + `,"resources":{"limits":{"cpu":"8","memory":"4Gi"}}}]`,
			"template.containers: Invalid value specified for cpu. Total cpu 9 is over 8."},
		"no name": {`"containers":[` + web + `},{"image":"i"}]`,
			"template.containers[1].name: should be specified when there is more than one container"},
		"a name twice": {`"containers":[` + web + `},{"name":"web","image":"i"}]`,
			"template.containers[1].name: the name 'web' is used more than once"},
		"dependsOn an unknown container": {`"containers":[` + web + `,"dependsOn":["proxy"]}]`,
			"template.containers[0].depends_on: there is no container 'proxy'"},
		"containers that depend on each other": {`"containers":[` + web + `,"dependsOn":["proxy"]},` + proxy + `,"dependsOn":["web"]}]`,
			"template.containers[0].depends_on: the dependency on 'proxy' is circular"},
		"TCP liveness": {`"containers":[` + web + `,"livenessProbe":{"tcpSocket":{}}}]`,
			"template.containers[0].liveness_probe.tcp_socket: is not supported"},
		"a volume without a source": {`"volumes":[{"name":"v"}],"containers":[` + web + `}]`,
			"template.volumes[0]: exactly one volume type must be specified, got 0"},
		"a bucket in gen1": {
			`"executionEnvironment":"EXECUTION_ENVIRONMENT_GEN1","volumes":[{"name":"v","gcs":{"bucket":"b"}}],"containers":[` + web + `}]`,
			"template.volumes[0]: the volume type is not supported with gen1 execution environment."},
		"a mount of an unknown volume": {`"containers":[` + web + `,"volumeMounts":[{"name":"v","mountPath":"/v"}]}]`,
			"template.containers[0].volume_mounts[0].name: there is no volume 'v'"},
		"a mount at a relative path": {`"volumes":[{"name":"v","emptyDir":{}}],"containers":[` + web +
			`,"volumeMounts":[{"name":"v","mountPath":"v"}]}]`,
			"template.containers[0].volume_mounts[0].mount_path: 'v' must be an absolute path and not /"},
		"Cloud SQL's sockets outside /cloudsql": {`"volumes":[{"name":"v","cloudSqlInstance":{"instances":["p:r:i"]}}],"containers":[` + web +
			`,"volumeMounts":[{"name":"v","mountPath":"/sql"}]}]`,
			"template.containers[0].volume_mounts[0].mount_path: volumes of Cloud SQL must be mounted at /cloudsql, not at '/sql'"},
		"a connector and a network": {`"vpcAccess":{"connector":"c","networkInterfaces":[{"network":"n"}]},"containers":[` + web + `}]`,
			"template.vpc_access: connector and network_interfaces must not both be set"},
		"two networks": {`"vpcAccess":{"networkInterfaces":[{"network":"n"},{"network":"m"}]},"containers":[` + web + `}]`,
			"template.vpc_access.network_interfaces: at most one is supported, got 2"},
		"no network": {`"vpcAccess":{"networkInterfaces":[{"tags":["a"]}]},"containers":[` + web + `}]`,
			"template.vpc_access.network_interfaces[0]: network or subnetwork must be specified"},
		"a tag": {`"vpcAccess":{"networkInterfaces":[{"network":"n","tags":["A"]}]},"containers":[` + web + `}]`,
			"template.vpc_access.network_interfaces[0].tags: 'A' is not a network tag"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, refusal(t, test.template))
		})
	}
}
