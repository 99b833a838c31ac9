package cloudrun_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

// several sets every argument that a service's template can have.
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

func TestTemplateHasEveryArgument(t *testing.T) {
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

// TestRevisionNameCoversEveryContainer changes each part of the template and expects another revision name. A part that the name
// does not cover could change while the revision keeps its name, and the API refuses that.
func TestRevisionNameCoversEveryContainer(t *testing.T) {
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
		"image":            func(a *cloudrun.ServiceArgs) { a.Image = pulumi.String("other" + image) },
		"account":          func(a *cloudrun.ServiceArgs) { a.ServiceAccount = pulumi.String("other@p") },
		"label":            func(a *cloudrun.ServiceArgs) { a.Labels = pulumi.StringMap{"x": pulumi.String("y")} },
		"port":             func(a *cloudrun.ServiceArgs) { a.Port = 3001 },
		"cpu":              func(a *cloudrun.ServiceArgs) { a.CPU = "2" },
		"memory":           func(a *cloudrun.ServiceArgs) { a.Memory = "1Gi" },
		"cpu always":       func(a *cloudrun.ServiceArgs) { a.CPUAlwaysOn = true },
		"boost":            func(a *cloudrun.ServiceArgs) { a.StartupCPUBoost = !a.StartupCPUBoost },
		"concurrency":      func(a *cloudrun.ServiceArgs) { a.Concurrency = 7 },
		"timeout":          func(a *cloudrun.ServiceArgs) { a.TimeoutSeconds = 7 },
		"least instances":  func(a *cloudrun.ServiceArgs) { a.MinInstances = 1 },
		"most instances":   func(a *cloudrun.ServiceArgs) { a.MaxInstances = 7 },
		"attempt":          func(a *cloudrun.ServiceArgs) { a.Attempt = 1 },
		"plain variable":   func(a *cloudrun.ServiceArgs) { a.Environment = map[string]pulumi.StringInput{"X": pulumi.String("y")} },
		"own URL":          func(a *cloudrun.ServiceArgs) { a.URLVariables = []string{"SELF"} },
		"secret's id":      func(a *cloudrun.ServiceArgs) { a.Secrets = secretOf("other", "1") },
		"secret's version": func(a *cloudrun.ServiceArgs) { a.Secrets = secretOf("other", "2") },
		"startup's path":   func(a *cloudrun.ServiceArgs) { a.Startup = cloudrun.Probe{Path: "/started"} },
		"startup's port":   func(a *cloudrun.ServiceArgs) { a.Startup = cloudrun.Probe{TCP: true, Port: 9} },
		"startup's delay":  func(a *cloudrun.ServiceArgs) { a.Startup = cloudrun.Probe{TCP: true, InitialDelaySeconds: 1} },
		"startup's period": func(a *cloudrun.ServiceArgs) { a.Startup = cloudrun.Probe{TCP: true, PeriodSeconds: 9} },
		"startup's wait":   func(a *cloudrun.ServiceArgs) { a.Startup = cloudrun.Probe{TCP: true, TimeoutSeconds: 2} },
		"startup's limit":  func(a *cloudrun.ServiceArgs) { a.Startup = cloudrun.Probe{TCP: true, FailureThreshold: 9} },
		"liveness's name":  func(a *cloudrun.ServiceArgs) { a.Liveness = cloudrun.Probe{GRPC: true, GRPCService: "other"} },
		"liveness's path":  func(a *cloudrun.ServiceArgs) { a.Liveness = cloudrun.Probe{Path: "/alive"} },
		"network":          func(a *cloudrun.ServiceArgs) { a.VPC.Network = "other" },
		"subnetwork":       func(a *cloudrun.ServiceArgs) { a.VPC.Subnetwork = "other" },
		"network tags":     func(a *cloudrun.ServiceArgs) { a.VPC.Tags = nil },
		"no network":       func(a *cloudrun.ServiceArgs) { a.VPC = nil; delete(a.Volumes, "files"); delete(a.Mounts, "files") },
		"secret file's version": func(a *cloudrun.ServiceArgs) {
			a.Volumes["tls"] = cloudrun.Volume{Secret: &cloudrun.SecretVariable{Secret: pulumi.String("tls"), Version: pulumi.String("3")},
				File: "key.pem"}
		},
		"secret file's name": func(a *cloudrun.ServiceArgs) {
			a.Volumes["tls"] = cloudrun.Volume{Secret: &cloudrun.SecretVariable{Secret: pulumi.String("tls"), Version: pulumi.String("2")},
				File: "k.pem"}
		},
		"file server": func(a *cloudrun.ServiceArgs) {
			a.Volumes["files"] = cloudrun.Volume{Server: "10.0.0.3", Path: "/files", ReadOnly: true}
		},
		"file server's folder": func(a *cloudrun.ServiceArgs) {
			a.Volumes["files"] = cloudrun.Volume{Server: "10.0.0.2", Path: "/f", ReadOnly: true}
		},
		"file server's writing": func(a *cloudrun.ServiceArgs) {
			a.Volumes["files"] = cloudrun.Volume{Server: "10.0.0.2", Path: "/files"}
		},
		"bucket": func(a *cloudrun.ServiceArgs) { a.Volumes["bucket"] = cloudrun.Volume{Bucket: pulumi.String("other")} },
		"bucket's writing": func(a *cloudrun.ServiceArgs) {
			a.Volumes["bucket"] = cloudrun.Volume{Bucket: pulumi.String("shop-files"), ReadOnly: true}
		},
		"instance": func(a *cloudrun.ServiceArgs) {
			a.Volumes["sql"] = cloudrun.Volume{CloudSQL: pulumi.ToStringArray([]string{"p:r:other"})}
		},
		"command":   func(a *cloudrun.ServiceArgs) { a.Command = nil },
		"arguments": func(a *cloudrun.ServiceArgs) { a.Arguments = []string{"--quiet"} },
		"protocol":  func(a *cloudrun.ServiceArgs) { a.HTTP2 = false },
		"affinity":  func(a *cloudrun.ServiceArgs) { a.SessionAffinity = false },
		"generation": func(a *cloudrun.ServiceArgs) {
			a.FirstGeneration = true
			maps.DeleteFunc(a.Volumes, func(name string, _ cloudrun.Volume) bool { return name == "files" || name == "bucket" })
			maps.DeleteFunc(a.Mounts, func(name, _ string) bool { return name == "files" || name == "bucket" })
		},
		"order":              func(a *cloudrun.ServiceArgs) { a.After = nil },
		"egress":             func(a *cloudrun.ServiceArgs) { a.VPC.AllTraffic = false },
		"a probe's kind":     func(a *cloudrun.ServiceArgs) { a.Startup = cloudrun.Probe{Path: "/"} },
		"a volume":           func(a *cloudrun.ServiceArgs) { a.Volumes["scratch"] = cloudrun.Volume{Memory: "65Mi"} },
		"a mount":            func(a *cloudrun.ServiceArgs) { a.Mounts["tls"] = "/other" },
		"another's URL":      func(a *cloudrun.ServiceArgs) { a.OtherURLs["API_URL"] = pulumi.String("https://other") },
		"sidecar: image":     proxy(func(s *cloudrun.Sidecar) { s.Image = pulumi.String("other" + image) }),
		"sidecar: memory":    proxy(func(s *cloudrun.Sidecar) { s.Memory = "512Mi" }),
		"sidecar: boost":     proxy(func(s *cloudrun.Sidecar) { s.StartupCPUBoost = false }),
		"sidecar: probe":     proxy(func(s *cloudrun.Sidecar) { s.Liveness = &cloudrun.Probe{Path: "/", Port: 1} }),
		"sidecar: value":     proxy(func(s *cloudrun.Sidecar) { s.Environment = nil }),
		"sidecar: mounts":    proxy(func(s *cloudrun.Sidecar) { s.Mounts = nil }),
		"sidecar: cpu":       proxy(func(s *cloudrun.Sidecar) { s.CPU = "1" }),
		"sidecar: command":   proxy(func(s *cloudrun.Sidecar) { s.Command = []string{"/proxy"} }),
		"sidecar: arguments": proxy(func(s *cloudrun.Sidecar) { s.Arguments = nil }),
		"sidecar: secret":    proxy(func(s *cloudrun.Sidecar) { s.Secrets = secretOf("other", "1") }),
		"sidecar: version":   proxy(func(s *cloudrun.Sidecar) { s.Secrets = secretOf("other", "2") }),
		"sidecar: startup":   proxy(func(s *cloudrun.Sidecar) { s.Startup = &cloudrun.Probe{Path: "/ready", Port: 9001} }),
		"sidecar: its name": func(a *cloudrun.ServiceArgs) {
			a.Sidecars, a.After = map[string]cloudrun.Sidecar{"other": a.Sidecars["proxy"]}, []string{"other"}
		},
		"a second sidecar": func(a *cloudrun.ServiceArgs) {
			a.Sidecars["second"] = cloudrun.Sidecar{Image: pulumi.String(image), CPU: "1", Memory: "1Gi"}
		},
		"a sidecar's order": func(a *cloudrun.ServiceArgs) {
			a.Sidecars["second"] = cloudrun.Sidecar{Image: pulumi.String(image), CPU: "1", Memory: "1Gi", After: []string{"proxy"}}
		},
	} {
		changed := name(change)
		assert.NotContains(t, seen, changed, what)
		seen[changed] = what
	}
	for what, change := range map[string]func(*cloudrun.ServiceArgs){
		"audiences":  func(a *cloudrun.ServiceArgs) { a.Audiences = nil },
		"ingress":    func(a *cloudrun.ServiceArgs) { a.Ingress = "internal" },
		"callers":    func(a *cloudrun.ServiceArgs) { a.Public = true },
		"protection": func(a *cloudrun.ServiceArgs) { a.DeletionProtection = true },
		"traffic":    func(a *cloudrun.ServiceArgs) { a.Traffic = map[string]int{cloudrun.Latest: 100} },
		"admission":  func(a *cloudrun.ServiceArgs) { a.BinaryAuthorization = true },
	} {
		assert.Equal(t, "nothing", seen[name(change)], "%s belongs to the service and not to a revision", what)
	}
}

func secretOf(id, version string) map[string]cloudrun.SecretVariable {
	return map[string]cloudrun.SecretVariable{"S": {Secret: pulumi.String(id), Version: pulumi.String(version)}}
}

func TestInvokersAreGrantedByKey(t *testing.T) {
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

func TestBadContainersRegisterNothing(t *testing.T) {
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
		"args.Startup asks several things", "args.Liveness.TCP is not possible for a liveness probe",
		`args.Sidecars["main"] cannot be a sidecar's name`, `args.Sidecars["main"].CPU "" is not sold`,
		`args.Sidecars["main"].Memory "" is not an amount of memory`,
		`args.Sidecars["proxy"].Image "nginx:1" is not an image by digest`, `args.Sidecars["proxy"] has a probe without a port`,
		`args.After has "main", which has no startup probe`, `args.After has "nobody", which is not a sidecar: name one of args.Sidecars`,
		`args.Volumes["two"] has 2 kinds`, `args.Volumes["file"].File "" is not a file's name`,
		`args.Volumes["file"].Secret.Secret is missing`, `args.Volumes["file"].Secret.Version is missing`,
		`args.Mounts["none"] is not a volume`, `args.Mounts["two"] is "two": begin it with a slash`, "args.VPC names no network",
		"args.Public lets anybody call a service that has Invokers", `args.Invokers["x"].Member is missing`,
		`args.Invokers["x"].Reason is missing`,
	} {
		assert.ErrorContains(t, err, want)
	}
	assert.Empty(t, inventory.Resources)
}

// TestContainerRefusals changes one argument of a service that has all of them. Each change is refused before anything is
// registered, and the error names only that change.
func TestContainerRefusals(t *testing.T) {
	t.Parallel()
	proxy := func(change func(*cloudrun.Sidecar)) func(*cloudrun.ServiceArgs) {
		return func(a *cloudrun.ServiceArgs) {
			sidecar := a.Sidecars["proxy"]
			change(&sidecar)
			a.Sidecars["proxy"] = sidecar
		}
	}
	volume := func(v cloudrun.Volume) func(*cloudrun.ServiceArgs) {
		return func(a *cloudrun.ServiceArgs) { a.Volumes["new"] = v }
	}
	mount := func(name, folder string) func(*cloudrun.ServiceArgs) {
		return func(a *cloudrun.ServiceArgs) { a.Mounts[name] = folder }
	}
	vpc := func(v cloudrun.VPC) func(*cloudrun.ServiceArgs) { return func(a *cloudrun.ServiceArgs) { a.VPC = &v } }
	second := cloudrun.Sidecar{Image: pulumi.String(image), CPU: "1", Memory: "1Gi", Startup: &cloudrun.Probe{TCP: true, Port: 9}}
	for want, change := range map[string]func(*cloudrun.ServiceArgs){
		`args.Sidecars["proxy"].Environment["A-B"]: name the variable by letters, digits and underscores, no digit first`: proxy(
			func(s *cloudrun.Sidecar) { s.Environment = map[string]pulumi.StringInput{"A-B": pulumi.String("1")} }),
		`args.Sidecars["proxy"].Environment["K_SERVICE"] is set by Cloud Run itself: choose another name`: proxy(
			func(s *cloudrun.Sidecar) {
				s.Environment = map[string]pulumi.StringInput{"K_SERVICE": pulumi.String("1")}
			}),
		`args.Sidecars["proxy"].Environment["A"] has no value: set one, or remove it`: proxy(
			func(s *cloudrun.Sidecar) { s.Environment = map[string]pulumi.StringInput{"A": nil} }),
		`variable "S" is given 2 times, in Environment and Secrets: keep one`: proxy(func(s *cloudrun.Sidecar) {
			s.Environment, s.Secrets = map[string]pulumi.StringInput{"S": pulumi.String("1")}, secretOf("s", "1")
		}),
		`args.Sidecars["proxy"].Secrets["S"].Version "latest": pin a version's number, for example "1", so that everybody who reads ` +
			`the template knows the value`: proxy(func(s *cloudrun.Sidecar) { s.Secrets = secretOf("s", "latest") }),
		`args.Sidecars["proxy"].CPU "0.07" is not sold: use 0.08 to 1, 2, 4, 6 or 8`: proxy(func(s *cloudrun.Sidecar) { s.CPU = "0.07" }),
		`args.Sidecars["proxy"].Memory "1G" is not an amount of memory: use whole Mi or Gi, for example 256Mi`: proxy(
			func(s *cloudrun.Sidecar) { s.Memory = "1G" }),
		`args.Sidecars["proxy"].Liveness.TCP is not possible for a liveness probe: set Path or GRPC`: proxy(
			func(s *cloudrun.Sidecar) { s.Liveness = &cloudrun.Probe{TCP: true, Port: 9} }),
		`args.Sidecars["proxy"].Startup gives an instance 25 times 10 s to start: Cloud Run waits 240 s`: proxy(
			func(s *cloudrun.Sidecar) { s.Startup = &cloudrun.Probe{TCP: true, Port: 9, FailureThreshold: 25} }),
		`args.Sidecars["Proxy"] cannot be a sidecar's name: use lower-case letters, digits and hyphens, and not "main"`: func(
			a *cloudrun.ServiceArgs) {
			a.Sidecars["Proxy"] = second
		},
		`args.Sidecars["proxy"].After has "second", which itself waits for "proxy": let one of them start first` + "\n" +
			`args.Sidecars["second"].After has "proxy", which itself waits for "second": let one of them start first`: func(
			a *cloudrun.ServiceArgs) {
			waits := second
			waits.After = []string{"proxy"}
			a.Sidecars["second"] = waits
			proxy(func(s *cloudrun.Sidecar) { s.After = []string{"second"} })(a)
		},
		`args.After has "proxy" twice: keep one`: func(a *cloudrun.ServiceArgs) { a.After = []string{"proxy", "proxy"} },
		`args.CPU is over 8 vCPU with all containers: lower it, or that of a sidecar`: func(a *cloudrun.ServiceArgs) {
			a.CPU, a.Memory = "8", "4Gi"
		},
		`args.Memory is over 32Gi with all containers: lower it, or that of a sidecar`: proxy(func(s *cloudrun.Sidecar) {
			s.Memory = "32Gi"
		}),
		`args.CPU "3" is not sold: use 1, 2, 4, 6 or 8, or in the first generation 0.08 to 1`: func(a *cloudrun.ServiceArgs) { a.CPU = "3" },
		`args.CPU "0.5" is sold in the first generation alone: set FirstGeneration, or use 1 or more`: func(a *cloudrun.ServiceArgs) {
			a.CPU = "0.5"
		},
		`args.Memory "256Mi" is not sold with 1 vCPU: use 512Mi to 4Gi`: func(a *cloudrun.ServiceArgs) {
			a.Memory = "256Mi"
		},
		`args.Volumes["new"].Memory "64" is not an amount of memory: use whole Mi or Gi, for example 64Mi`: volume(cloudrun.Volume{Memory: "64"}),
		`args.Volumes["new"].File is set without Secret: leave it out`: volume(
			cloudrun.Volume{Memory: "64Mi", File: "x"}),
		`args.Volumes["new"].ReadOnly is set, and only a bucket or a file server can be read-only: remove it`: volume(
			cloudrun.Volume{Memory: "64Mi", ReadOnly: true}),
		`args.Volumes["new"].Server "a b" is not a server: use an address or a host name`:   volume(cloudrun.Volume{Server: "a b", Path: "/x"}),
		`args.Volumes["new"].Server "" is not a server: use an address or a host name`:      volume(cloudrun.Volume{Path: "/x"}),
		`args.Volumes["new"].Path "x" is not a folder of the server: begin it with a slash`: volume(cloudrun.Volume{Server: "a", Path: "x"}),
		`args.Volumes["new"].Secret.Version "latest": pin a version's number, for example "1", so that everybody who reads the template ` +
			`knows the value`: volume(cloudrun.Volume{File: "f",
			Secret: &cloudrun.SecretVariable{Secret: pulumi.String("s"), Version: pulumi.String("latest")}}),
		`args.Volumes["New"] cannot be a volume's name: use lower-case letters, digits and hyphens`: func(a *cloudrun.ServiceArgs) {
			a.Volumes["New"] = cloudrun.Volume{Memory: "1Mi"}
		},
		`args.Mounts["files"] is "/": begin it with a slash, and name a folder`:                         mount("files", "/"),
		`args.Mounts["files"] is "/proc/x", a folder of the system's own: choose another`:               mount("files", "/proc/x"),
		`args.Mounts["files"] is "/bucket", where "bucket" is mounted: give each volume its own folder`: mount("files", "/bucket"),
		`args.Mounts["sql"] is "/sql": Cloud SQL's sockets, and nothing else, are mounted at /cloudsql`: mount("sql", "/sql"),
		`args.VPC.Network "Default": use a network's name, or projects/PROJECT/global/networks/NAME`: vpc(
			cloudrun.VPC{Network: "Default"}),
		`args.VPC.Subnetwork "projects/p/regions/europe-west1/subnetworks/s" is in europe-west1, and what uses it is in us-central1: ` +
			`name one of the network, in the same region`: vpc(cloudrun.VPC{Subnetwork: "projects/p/regions/europe-west1/subnetworks/s"}),
		`args.VPC.Subnetwork "s" is in the project procureflow-dev, and the network is in p: ` +
			`name one of the network, in the same region`: vpc(
			cloudrun.VPC{Network: "projects/p/global/networks/n", Subnetwork: "s"}),
		`args.VPC.Tags[1] "a" is there twice: keep one`: vpc(cloudrun.VPC{Network: "n",
			Tags: []string{"a", "a"}}),
		`args.VPC.Tags[0] "A": use lower-case letters, digits and hyphens`: vpc(cloudrun.VPC{Network: "n",
			Tags: []string{"A"}}),
		`args.Audiences[0] "a b" is not an audience: use one word, for example a URL`: func(a *cloudrun.ServiceArgs) {
			a.Audiences = []string{"a b"}
		},
		`args.Audiences[1] "a" is there twice: keep one`: func(a *cloudrun.ServiceArgs) {
			a.Audiences = []string{"a", "a"}
		},
		`args.URLVariables has "SELF" twice: keep one`: func(a *cloudrun.ServiceArgs) {
			a.URLVariables = []string{"SELF", "SELF"}
		},
		`args.Volumes["files"] is in a network that the service cannot reach: set VPC`: func(a *cloudrun.ServiceArgs) { a.VPC = nil },
		`args.Volumes["bucket"] is not mounted in the first generation: leave FirstGeneration out` + "\n" +
			`args.Volumes["files"] is not mounted in the first generation: leave FirstGeneration out`: func(a *cloudrun.ServiceArgs) {
			a.FirstGeneration = true
		},
		`args.Sidecars are 10: an instance has at most 10 containers`: func(a *cloudrun.ServiceArgs) {
			for _, name := range []string{"b", "c", "d", "e", "f", "g", "h", "i", "j"} {
				a.Sidecars[name] = cloudrun.Sidecar{Image: pulumi.String(image), CPU: "0.1", Memory: "64Mi"}
			}
		},
	} {
		inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
			_, err := cloudrun.NewService(ctx, "web", args(func(a *cloudrun.ServiceArgs) {
				several(a)
				change(a)
			}))
			return errors.Unwrap(err)
		})
		assert.ErrorContains(t, err, want)
		if err != nil {
			assert.Contains(t, err.Error()+"\n", want+"\n", "the error names nothing else")
		}
		assert.Empty(t, inventory.Resources, want)
	}
}

// TestFractionalCPU checks that a service of the first generation may have a part of a CPU if it takes one request at a time.
func TestFractionalCPU(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(func(a *cloudrun.ServiceArgs) {
		a.FirstGeneration, a.CPU, a.Memory, a.Concurrency = true, "0.25", "128Mi", 1
	}))
	assert.NotEmpty(t, inventory.Resources)
	_, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
		_, err := cloudrun.NewService(ctx, "web", args(func(a *cloudrun.ServiceArgs) {
			a.FirstGeneration, a.CPU, a.Memory = true, "0.25", "1Gi"
		}))
		return err
	})
	assert.ErrorContains(t, err, `args.Memory "1Gi" is not sold with 0.25 vCPU: use 128Mi to 512Mi`)
	assert.ErrorContains(t, err, `args.CPU "0.25" takes one request at a time`)
}
