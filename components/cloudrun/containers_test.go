package cloudrun_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

// several are the arguments of a service that has everything a template can have.
func several(a *cloudrun.ServiceArgs) {
	a.Command, a.Arguments, a.HTTP2, a.SessionAffinity = []string{"/server"}, []string{"--verbose"}, true, true
	a.Audiences = []string{"https://api.example.com"}
	a.Startup, a.Liveness = cloudrun.Probe{TCP: true}, cloudrun.Probe{GRPC: true, GRPCService: "shop.Web"}
	a.After = []string{"proxy"}
	a.Sidecars = map[string]cloudrun.Sidecar{"proxy": {
		Image: pulumi.String(image), CPU: "0.5", Memory: "256Mi", StartupCPUBoost: true, Arguments: []string{"--port=1"},
		Startup: &cloudrun.Probe{Path: "/ready", Port: 9000}, Mounts: map[string]string{"scratch": "/scratch"},
		Environment: map[string]pulumi.StringInput{"A": pulumi.String("1")},
	}}
	a.Volumes = map[string]cloudrun.Volume{
		"scratch": {Memory: "64Mi"},
		"tls":     {Secret: &cloudrun.SecretVariable{Secret: pulumi.String("tls"), Version: pulumi.String("2")}, File: "key.pem"},
		"files":   {Server: "10.0.0.2", Path: "/files", ReadOnly: true},
		"bucket":  {Bucket: pulumi.String("shop-files")},
		"sql":     {CloudSQL: pulumi.ToStringArray([]string{"p:r:i"})},
	}
	a.Mounts = map[string]string{"tls": "/tls", "files": "/files", "bucket": "/bucket", "sql": "/cloudsql"}
	a.VPC = &cloudrun.VPC{Network: "default", AllTraffic: true, Tags: []string{"web"}}
	a.OtherURLs = map[string]pulumi.StringInput{"API_URL": pulumi.String("https://api")}
}

func TestATemplateHasEverythingThatWasAskedFor(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(several))
	inputs := inventory.One(t, serviceType, "web-service").Inputs
	assert.Equal(t, []any{"https://api.example.com"}, inputs["customAudiences"])
	template := inputs["template"].(map[string]any)
	assert.Equal(t, true, template["sessionAffinity"])
	assert.Equal(t, map[string]any{"egress": "ALL_TRAFFIC", "networkInterfaces": []any{map[string]any{
		"network": "default", "tags": []any{"web"}}}}, template["vpcAccess"])
	assert.Equal(t, []any{
		map[string]any{"name": "bucket", "gcs": map[string]any{"bucket": "shop-files", "readOnly": false}},
		map[string]any{"name": "files", "nfs": map[string]any{"server": "10.0.0.2", "path": "/files", "readOnly": true}},
		map[string]any{"name": "scratch", "emptyDir": map[string]any{"medium": "MEMORY", "sizeLimit": "64Mi"}},
		map[string]any{"name": "sql", "cloudSqlInstance": map[string]any{"instances": []any{"p:r:i"}}},
		map[string]any{"name": "tls", "secret": map[string]any{"secret": "tls", "defaultMode": 292.0,
			"items": []any{map[string]any{"path": "key.pem", "version": "2"}}}},
	}, template["volumes"])

	containers := template["containers"].([]any)
	require.Len(t, containers, 2)
	main, proxy := containers[0].(map[string]any), containers[1].(map[string]any)
	assert.Equal(t, "main", main["name"])
	assert.Equal(t, []any{"/server"}, main["commands"])
	assert.Equal(t, []any{"--verbose"}, main["args"])
	assert.Equal(t, map[string]any{"containerPort": 3000.0, "name": "h2c"}, main["ports"])
	assert.Equal(t, map[string]any{"port": 3000.0}, main["startupProbe"].(map[string]any)["tcpSocket"])
	assert.Equal(t, map[string]any{"port": 3000.0, "service": "shop.Web"}, main["livenessProbe"].(map[string]any)["grpc"])
	assert.Equal(t, []any{"proxy"}, main["dependsOns"])
	assert.Len(t, main["volumeMounts"], 4)
	assert.Contains(t, main["envs"], map[string]any{"name": "API_URL", "value": "https://api"})
	assert.Equal(t, map[string]any{
		"name": "proxy", "image": image, "args": []any{"--port=1"},
		"resources": map[string]any{"limits": map[string]any{"cpu": "0.5", "memory": "256Mi"}, "cpuIdle": true, "startupCpuBoost": true},
		"envs":      []any{map[string]any{"name": "A", "value": "1"}},
		"startupProbe": map[string]any{"httpGet": map[string]any{"path": "/ready", "port": 9000.0}, "initialDelaySeconds": 0.0,
			"periodSeconds": 10.0, "timeoutSeconds": 1.0, "failureThreshold": 3.0},
		"volumeMounts": []any{map[string]any{"name": "scratch", "mountPath": "/scratch"}},
	}, proxy)
}

// TestTheRevisionsNameCoversEveryContainer: what is not in the name would be a second configuration of the same revision.
func TestTheRevisionsNameCoversEveryContainer(t *testing.T) {
	t.Parallel()
	name := func(change func(*cloudrun.ServiceArgs)) string {
		_, service := run(t, args(func(a *cloudrun.ServiceArgs) {
			several(a)
			change(a)
		}))
		return pulumitest.Value[string](t, service.Revision)
	}
	proxy := func(change func(*cloudrun.Sidecar)) func(*cloudrun.ServiceArgs) {
		return func(a *cloudrun.ServiceArgs) {
			sidecar := a.Sidecars["proxy"]
			change(&sidecar)
			a.Sidecars["proxy"] = sidecar
		}
	}
	seen := map[string]string{name(func(*cloudrun.ServiceArgs) {}): "nothing"}
	for what, change := range map[string]func(*cloudrun.ServiceArgs){
		"command":         func(a *cloudrun.ServiceArgs) { a.Command = nil },
		"arguments":       func(a *cloudrun.ServiceArgs) { a.Arguments = []string{"--quiet"} },
		"protocol":        func(a *cloudrun.ServiceArgs) { a.HTTP2 = false },
		"affinity":        func(a *cloudrun.ServiceArgs) { a.SessionAffinity = false },
		"generation":      func(a *cloudrun.ServiceArgs) { a.FirstGeneration = true },
		"order":           func(a *cloudrun.ServiceArgs) { a.After = nil },
		"egress":          func(a *cloudrun.ServiceArgs) { a.VPC.AllTraffic = false },
		"a probe's kind":  func(a *cloudrun.ServiceArgs) { a.Startup = cloudrun.Probe{Path: "/"} },
		"a volume":        func(a *cloudrun.ServiceArgs) { a.Volumes["scratch"] = cloudrun.Volume{Memory: "65Mi"} },
		"a mount":         func(a *cloudrun.ServiceArgs) { a.Mounts["tls"] = "/other" },
		"another's URL":   func(a *cloudrun.ServiceArgs) { a.OtherURLs["API_URL"] = pulumi.String("https://other") },
		"sidecar: image":  proxy(func(s *cloudrun.Sidecar) { s.Image = pulumi.String("other" + image) }),
		"sidecar: memory": proxy(func(s *cloudrun.Sidecar) { s.Memory = "512Mi" }),
		"sidecar: boost":  proxy(func(s *cloudrun.Sidecar) { s.StartupCPUBoost = false }),
		"sidecar: probe":  proxy(func(s *cloudrun.Sidecar) { s.Liveness = &cloudrun.Probe{Path: "/", Port: 1} }),
		"sidecar: value":  proxy(func(s *cloudrun.Sidecar) { s.Environment = nil }),
		"sidecar: mounts": proxy(func(s *cloudrun.Sidecar) { s.Mounts = nil }),
	} {
		changed := name(change)
		assert.NotContains(t, seen, changed, what)
		seen[changed] = what
	}
	same := name(func(a *cloudrun.ServiceArgs) { a.Audiences = nil })
	assert.Equal(t, "nothing", seen[same], "audiences are the service's, not a revision's")
}

func TestInvokersAreGrantedByName(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(func(a *cloudrun.ServiceArgs) {
		a.Invokers = map[string]cloudrun.Invoker{"web": {Member: pulumi.String("serviceAccount:web@p"), Reason: "The service web calls it."}}
	}))
	assert.Equal(t, map[string]any{
		"project": "procureflow-dev", "location": "us-central1", "name": "procureflow-web", "role": "roles/run.invoker",
		"member": "serviceAccount:web@p",
	}, inventory.One(t, memberType, "web-invoker-web").Inputs)
	assert.Equal(t, map[string]any{"web": map[string]any{"member": "serviceAccount:web@p", "reason": "The service web calls it."}},
		inventory.One(t, cloudrun.TypeToken, "web").Inputs["invokers"], "policies and people see why")
}

func TestImpossibleContainersRegisterNothing(t *testing.T) {
	t.Parallel()
	inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
		_, err := cloudrun.NewService(ctx, "web", args(func(a *cloudrun.ServiceArgs) {
			a.Startup, a.Liveness = cloudrun.Probe{Path: "/", GRPC: true}, cloudrun.Probe{TCP: true}
			a.Sidecars = map[string]cloudrun.Sidecar{
				"main": {}, "proxy": {Image: pulumi.String("nginx:1"), CPU: "1", Memory: "1Gi", Startup: &cloudrun.Probe{TCP: true}},
			}
			a.After = []string{"main", "nobody"}
			a.Volumes = map[string]cloudrun.Volume{"two": {Memory: "1Mi", Server: "s"}, "file": {Secret: &cloudrun.SecretVariable{}}}
			a.Mounts = map[string]string{"none": "/none", "two": "two"}
			a.VPC = &cloudrun.VPC{}
			a.Public, a.Invokers = true, map[string]cloudrun.Invoker{"x": {}}
		}))
		return err
	})
	require.Error(t, err)
	for _, want := range []string{
		"args.Startup asks several things", "args.Liveness.TCP is no liveness probe",
		`args.Sidecars["main"] is no name for a sidecar`, `args.Sidecars["main"].CPU or Memory is missing`,
		`args.Sidecars["proxy"].Image "nginx:1" is not an image by digest`, `args.Sidecars["proxy"] has a probe without a port`,
		`args.After has "main", which has no startup probe`, `args.After has "nobody", which is no sidecar`,
		`args.Volumes["two"] has 2 kinds`, `args.Volumes["file"].File is missing`,
		`args.Mounts["none"] is no volume`, `args.Mounts["two"] is "two": begin it with a slash`, "args.VPC names no network",
		"args.Public lets anybody call a service that has Invokers", `args.Invokers["x"].Member is missing`,
		`args.Invokers["x"].Reason is missing`,
	} {
		assert.ErrorContains(t, err, want)
	}
	assert.Empty(t, inventory.Resources)
}
