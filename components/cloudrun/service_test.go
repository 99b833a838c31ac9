package cloudrun_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	serviceType = "gcp:cloudrunv2/service:Service"
	memberType  = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
)

var image = "us-central1-docker.pkg.dev/procureflow-dev/procureflow/web@sha256:" + strings.Repeat("a", 64)

// args are valid; change makes them what a test wants.
func args(change func(*cloudrun.ServiceArgs)) *cloudrun.ServiceArgs {
	args := &cloudrun.ServiceArgs{
		Project: pulumi.String("procureflow-dev"), ProjectNumber: pulumi.String("123456789012"), Location: pulumi.String("us-central1"),
		ServiceName: "procureflow-web", Image: pulumi.String(image),
		ServiceAccount: pulumi.String("procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com"),
		Labels:         pulumi.StringMap{"app": pulumi.String("procureflow")},
		Port:           3000, MaxInstances: 2,
		Startup:      cloudrun.Probe{Path: "/", TimeoutSeconds: 5, FailureThreshold: 12},
		Liveness:     cloudrun.Probe{Path: "/live", PeriodSeconds: 30},
		Environment:  map[string]pulumi.StringInput{"NODE_ENV": pulumi.String("production"), "A": pulumi.String("1")},
		URLVariables: []string{"NEXTAUTH_URL"},
		Secrets: map[string]cloudrun.SecretVariable{
			"MONGODB_URI": {Secret: pulumi.String("mongodb-uri"), Version: pulumi.String("3")},
		},
	}
	if change != nil {
		change(args)
	}
	return args
}

// run registers one service and returns it, which holds after the run has ended.
func run(t *testing.T, args *cloudrun.ServiceArgs, opts ...pulumitest.Option) (*pulumitest.Inventory, *cloudrun.Service) {
	t.Helper()
	var service *cloudrun.Service
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var err error
		service, err = cloudrun.NewService(ctx, "web", args)
		return err
	}, opts...)
	return inventory, service
}

func TestServiceIsExactlyThis(t *testing.T) {
	t.Parallel()
	inventory, service := run(t, args(nil))
	pulumitest.CheckParents(t, inventory)
	assert.Len(t, inventory.Resources, 2, "the component and the service")

	resource := inventory.One(t, serviceType, "web-service")
	labels := map[string]any{"app": "procureflow"}
	probe := func(path string, period, timeout, threshold float64) map[string]any {
		return map[string]any{
			"httpGet": map[string]any{"path": path, "port": 3000.0}, "initialDelaySeconds": 0.0,
			"periodSeconds": period, "timeoutSeconds": timeout, "failureThreshold": threshold,
		}
	}
	assert.Equal(t, map[string]any{
		"project": "procureflow-dev", "location": "us-central1", "name": "procureflow-web", "labels": labels,
		"ingress": "INGRESS_TRAFFIC_ALL", "invokerIamDisabled": false, "deletionProtection": false,
		"traffics": []any{map[string]any{
			"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "procureflow-web-deef89e637", "percent": 100.0,
		}},
		"template": map[string]any{
			"revision": "procureflow-web-deef89e637", "labels": labels, "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
			"serviceAccount": "procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com",
			"scaling":        map[string]any{"minInstanceCount": 0.0, "maxInstanceCount": 2.0},
			"timeout":        "300s", "maxInstanceRequestConcurrency": 80.0, "sessionAffinity": false,
			"containers": []any{map[string]any{
				"image":     image,
				"ports":     map[string]any{"containerPort": 3000.0},
				"resources": map[string]any{"limits": map[string]any{"cpu": "1", "memory": "512Mi"}, "cpuIdle": true, "startupCpuBoost": false},
				"envs": []any{
					map[string]any{"name": "A", "value": "1"},
					map[string]any{"name": "MONGODB_URI", "valueSource": map[string]any{"secretKeyRef": map[string]any{"secret": "mongodb-uri", "version": "3"}}},
					map[string]any{"name": "NEXTAUTH_URL", "value": "https://procureflow-web-123456789012.us-central1.run.app"},
					map[string]any{"name": "NODE_ENV", "value": "production"},
				},
				"startupProbe":  probe("/", 10, 5, 12),
				"livenessProbe": probe("/live", 30, 1, 3),
			}},
		},
	}, resource.Inputs)
	assert.Equal(t, []string{"traffics", "client", "clientVersion"}, resource.IgnoreChanges)

	assert.Equal(t, "procureflow-web", pulumitest.Value[string](t, service.Name))
	assert.Equal(t, "projects/procureflow-dev/locations/us-central1/services/procureflow-web", pulumitest.Value[string](t, service.ID))
	assert.Equal(t, "https://procureflow-web-123456789012.us-central1.run.app", pulumitest.Value[string](t, service.URL))
	assert.Equal(t, "procureflow-web-123456789012.us-central1.run.app", pulumitest.Value[string](t, service.Host))
	assert.Equal(t, "procureflow-web-deef89e637", pulumitest.Value[string](t, service.Revision))
	assert.Equal(t, image, pulumitest.Value[string](t, service.Image))
}

func TestPublicAccessIsGrantedOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	closed, _ := run(t, args(nil))
	assert.Empty(t, closed.OfType(memberType))

	open, _ := run(t, args(func(a *cloudrun.ServiceArgs) { a.Public = true }))
	pulumitest.CheckParents(t, open)
	assert.Equal(t, map[string]any{
		"project": "procureflow-dev", "location": "us-central1", "name": "procureflow-web", "role": "roles/run.invoker", "member": "allUsers",
	}, open.One(t, memberType, "web-public").Inputs)
}

func TestSettingsReachTheService(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(func(a *cloudrun.ServiceArgs) {
		a.Ingress, a.DeletionProtection, a.CPUAlwaysOn, a.StartupCPUBoost = "internal-and-cloud-load-balancing", true, true, true
		a.CPU, a.Memory, a.Concurrency, a.TimeoutSeconds, a.MinInstances = "2", "1Gi", 10, 60, 1
		a.Traffic = map[string]int{cloudrun.Latest: 10, "procureflow-web-old": 90}
	}))
	inputs := inventory.One(t, serviceType, "web-service").Inputs
	assert.Equal(t, "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", inputs["ingress"])
	assert.Equal(t, true, inputs["deletionProtection"])
	assert.Equal(t, []any{
		map[string]any{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 10.0},
		map[string]any{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "procureflow-web-old", "percent": 90.0},
	}, inputs["traffics"])
	template := inputs["template"].(map[string]any)
	assert.Equal(t, map[string]any{"minInstanceCount": 1.0, "maxInstanceCount": 2.0}, template["scaling"])
	assert.Equal(t, "60s", template["timeout"])
	assert.Equal(t, 10.0, template["maxInstanceRequestConcurrency"])
	container := template["containers"].([]any)[0].(map[string]any)
	assert.Equal(t, map[string]any{"limits": map[string]any{"cpu": "2", "memory": "1Gi"}, "cpuIdle": false, "startupCpuBoost": true}, container["resources"])
}

func TestARevisionIsNamedAfterItsTemplate(t *testing.T) {
	t.Parallel()
	name := func(change func(*cloudrun.ServiceArgs)) string {
		_, service := run(t, args(change))
		return pulumitest.Value[string](t, service.Revision)
	}
	unchanged := name(nil)
	assert.Equal(t, unchanged, name(nil), "the same template is the same revision")

	seen := map[string]string{unchanged: "nothing"}
	for what, change := range map[string]func(*cloudrun.ServiceArgs){
		"image":    func(a *cloudrun.ServiceArgs) { a.Image = pulumi.String(strings.ReplaceAll(image, "aaaa", "bbbb")) },
		"attempt":  func(a *cloudrun.ServiceArgs) { a.Attempt = 1 },
		"variable": func(a *cloudrun.ServiceArgs) { a.Environment["A"] = pulumi.String("2") },
		"secret version": func(a *cloudrun.ServiceArgs) {
			a.Secrets["MONGODB_URI"] = cloudrun.SecretVariable{Secret: pulumi.String("mongodb-uri"), Version: pulumi.String("4")}
		},
		"probe":     func(a *cloudrun.ServiceArgs) { a.Liveness.Path = "/other" },
		"instances": func(a *cloudrun.ServiceArgs) { a.MaxInstances = 3 },
		"label":     func(a *cloudrun.ServiceArgs) { a.Labels = pulumi.StringMap{"app": pulumi.String("other")} },
		"service account": func(a *cloudrun.ServiceArgs) {
			a.ServiceAccount = pulumi.String("other@procureflow-dev.iam.gserviceaccount.com")
		},
	} {
		changed := name(change)
		assert.Regexp(t, `^procureflow-web-[0-9a-f]{10}$`, changed, what)
		assert.NotContains(t, seen, changed, what)
		seen[changed] = what
	}
	for what, change := range map[string]func(*cloudrun.ServiceArgs){
		"public":              func(a *cloudrun.ServiceArgs) { a.Public = true },
		"deletion protection": func(a *cloudrun.ServiceArgs) { a.DeletionProtection = true },
		"ingress":             func(a *cloudrun.ServiceArgs) { a.Ingress = "internal" },
		"traffic":             func(a *cloudrun.ServiceArgs) { a.Traffic = map[string]int{cloudrun.Latest: 100} },
		"a default, written": func(a *cloudrun.ServiceArgs) {
			a.CPU, a.Memory, a.Concurrency, a.TimeoutSeconds = "1", "512Mi", 80, 300
		},
	} {
		assert.Equal(t, unchanged, name(change), "%s is not part of the template", what)
	}
}

func TestTheLongestNameStillMakesARevision(t *testing.T) {
	t.Parallel()
	_, service := run(t, args(func(a *cloudrun.ServiceArgs) { a.ServiceName = strings.Repeat("a", 49) }))
	assert.Less(t, len(pulumitest.Value[string](t, service.Revision)), 64)
}

func TestAnUnknownTemplateHasAnUnknownRevision(t *testing.T) {
	t.Parallel()
	var service *cloudrun.Service
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		// The version of a secret that a first preview would make.
		made := &struct{ pulumi.CustomResourceState }{}
		if err := ctx.RegisterResource("test:index:Thing", "thing", pulumi.Map{}, made); err != nil {
			return err
		}
		var err error
		service, err = cloudrun.NewService(ctx, "web", args(func(a *cloudrun.ServiceArgs) {
			a.Secrets["MONGODB_URI"] = cloudrun.SecretVariable{Secret: pulumi.String("mongodb-uri"), Version: made.ID().ToStringOutput()}
		}))
		return err
	}, pulumitest.WithPreview())
	resource := inventory.One(t, serviceType, "web-service")
	assert.Contains(t, resource.Unknowns, "template.revision")
	assert.Contains(t, resource.Unknowns, "traffics[0].revision")
	assert.False(t, pulumitest.IsKnown(t, service.Revision))
	assert.Equal(t, "https://procureflow-web-123456789012.us-central1.run.app", pulumitest.Value[string](t, service.URL), "the URL is known before anything exists")
}

func TestWhatIsKnownLateIsCheckedLate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*cloudrun.ServiceArgs)
		want   string
	}{
		"an image by tag": {
			func(a *cloudrun.ServiceArgs) { a.Image = pulumi.String("nginx:latest").ToStringOutput() },
			`args.Image "nginx:latest" is not an image by digest`,
		},
		"a version that moves": {
			func(a *cloudrun.ServiceArgs) {
				a.Secrets["MONGODB_URI"] = cloudrun.SecretVariable{Secret: pulumi.String("mongodb-uri"), Version: pulumi.String("latest").ToStringOutput()}
			},
			`args.Secrets["MONGODB_URI"].Version "latest" is not a version's number`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := cloudrun.NewService(ctx, "web", args(test.change))
				return err
			})
			require.ErrorContains(t, err, test.want)
			assert.Empty(t, inventory.OfType(serviceType))
		})
	}
}

func TestTheServiceWaitsForWhatItDependsOn(t *testing.T) {
	t.Parallel()
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		grant := &struct{ pulumi.CustomResourceState }{}
		if err := ctx.RegisterResource("test:index:Grant", "grant", pulumi.Map{}, grant); err != nil {
			return err
		}
		_, err := cloudrun.NewService(ctx, "web", args(nil), pulumi.DependsOn([]pulumi.Resource{grant}))
		return err
	})
	assert.Contains(t, inventory.One(t, cloudrun.TypeToken, "web").DependsOn, "urn:pulumi:test::procureflow::test:index:Grant::grant")
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args *cloudrun.ServiceArgs
		want []string
	}{
		"nil": {nil, []string{`service "web": args is nil: pass a *ServiceArgs`}},
		"everything missing": {&cloudrun.ServiceArgs{}, []string{
			"args.Project is missing", "args.ProjectNumber is missing", "args.Location is missing", "args.ServiceAccount is missing",
			`args.ServiceName "" is not a service id`, "args.Image is missing", "args.MaxInstances is 0: set at least 1",
			`args.Startup.Path "" is no path`, `args.Liveness.Path "" is no path`,
		}},
		"a long name":          {args(func(a *cloudrun.ServiceArgs) { a.ServiceName = strings.Repeat("a", 50) }), []string{"is not a service id: use 1-49"}},
		"a tag":                {args(func(a *cloudrun.ServiceArgs) { a.Image = pulumi.String("nginx:1") }), []string{`args.Image "nginx:1" is not an image by digest`}},
		"a short digest":       {args(func(a *cloudrun.ServiceArgs) { a.Image = pulumi.String("nginx@sha256:abc") }), []string{`is not an image by digest`}},
		"a port":               {args(func(a *cloudrun.ServiceArgs) { a.Port = 65536 }), []string{"args.Port is 65536: use 1-65535"}},
		"concurrency":          {args(func(a *cloudrun.ServiceArgs) { a.Concurrency = 1001 }), []string{"args.Concurrency is 1001: use 1-1000"}},
		"a timeout":            {args(func(a *cloudrun.ServiceArgs) { a.TimeoutSeconds = 3601 }), []string{"args.TimeoutSeconds is 3601: use 1-3600"}},
		"min over max":         {args(func(a *cloudrun.ServiceArgs) { a.MinInstances = 3 }), []string{"args.MinInstances is 3: use 0 to MaxInstances, 2"}},
		"attempt":              {args(func(a *cloudrun.ServiceArgs) { a.Attempt = -1 }), []string{"args.Attempt is -1"}},
		"ingress":              {args(func(a *cloudrun.ServiceArgs) { a.Ingress = "none" }), []string{`args.Ingress "none" is unknown: use one of all, internal, internal-and-cloud-load-balancing`}},
		"a startup period":     {args(func(a *cloudrun.ServiceArgs) { a.Startup.PeriodSeconds = 241 }), []string{"args.Startup.PeriodSeconds is 241: use 1-240"}},
		"a liveness period":    {args(func(a *cloudrun.ServiceArgs) { a.Liveness.PeriodSeconds = 3601 }), []string{"args.Liveness.PeriodSeconds is 3601: use 1-3600"}},
		"a slow probe":         {args(func(a *cloudrun.ServiceArgs) { a.Liveness.TimeoutSeconds = 31 }), []string{"args.Liveness.TimeoutSeconds is 31: use 1 to PeriodSeconds, 30"}},
		"a late probe":         {args(func(a *cloudrun.ServiceArgs) { a.Startup.InitialDelaySeconds = 241 }), []string{"args.Startup.InitialDelaySeconds is 241"}},
		"a threshold":          {args(func(a *cloudrun.ServiceArgs) { a.Startup.FailureThreshold = -1 }), []string{"args.Startup.FailureThreshold is -1"}},
		"a variable's name":    {args(func(a *cloudrun.ServiceArgs) { a.Environment["A-B"] = pulumi.String("") }), []string{`args.Environment["A-B"] is no variable's name`}},
		"a reserved variable":  {args(func(a *cloudrun.ServiceArgs) { a.URLVariables = []string{"K_SERVICE"} }), []string{`args.URLVariables["K_SERVICE"] is set by Cloud Run itself`}},
		"a variable twice":     {args(func(a *cloudrun.ServiceArgs) { a.URLVariables = []string{"NODE_ENV"} }), []string{`variable "NODE_ENV" is given 2 times, in Environment and URLVariables`}},
		"a variable of no use": {args(func(a *cloudrun.ServiceArgs) { a.Environment["A"] = nil }), []string{`args.Environment["A"] has no value`}},
		"an empty secret":      {args(func(a *cloudrun.ServiceArgs) { a.Secrets["S"] = cloudrun.SecretVariable{} }), []string{`args.Secrets["S"].Secret is missing`, `args.Secrets["S"].Version is missing`}},
		"latest": {args(func(a *cloudrun.ServiceArgs) {
			a.Secrets["S"] = cloudrun.SecretVariable{Secret: pulumi.String("s"), Version: pulumi.String("latest")}
		}), []string{`args.Secrets["S"].Version "latest" is not a version's number`}},
		"traffic": {args(func(a *cloudrun.ServiceArgs) { a.Traffic = map[string]int{cloudrun.Latest: -1, "other": 10} }), []string{
			`args.Traffic["LATEST"] is -1: use 0-100`, `args.Traffic["other"] is no revision of "procureflow-web"`, "args.Traffic sums to 9",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := cloudrun.NewService(ctx, "web", test.args)
				return err
			})
			require.Error(t, err)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, inventory.Resources)
		})
	}
}
