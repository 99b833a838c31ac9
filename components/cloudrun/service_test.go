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

// args returns valid arguments after change has edited them. change may be nil.
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

// run registers one service. The returned service can be read after the run has ended.
func run(t *testing.T, args *cloudrun.ServiceArgs) (*pulumitest.Inventory, *cloudrun.Service) {
	t.Helper()
	var service *cloudrun.Service
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var err error
		service, err = cloudrun.NewService(ctx, "web", args)
		return err
	})
	return inventory, service
}

func TestServiceInputs(t *testing.T) {
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
					map[string]any{"name": "MONGODB_URI",
						"valueSource": map[string]any{"secretKeyRef": map[string]any{"secret": "mongodb-uri", "version": "3"}}},
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
		a.BinaryAuthorization = true
		a.CPU, a.Memory, a.Concurrency, a.TimeoutSeconds, a.MinInstances = "2", "1Gi", 10, 60, 1
		a.Traffic = map[string]int{cloudrun.Latest: 10, "procureflow-web-old": 90}
	}))
	inputs := inventory.One(t, serviceType, "web-service").Inputs
	assert.Equal(t, "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", inputs["ingress"])
	assert.Equal(t, true, inputs["deletionProtection"])
	assert.Equal(t, map[string]any{"useDefault": true}, inputs["binaryAuthorization"])
	assert.Equal(t, []any{
		map[string]any{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 10.0},
		map[string]any{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "procureflow-web-old", "percent": 90.0},
	}, inputs["traffics"])
	template := inputs["template"].(map[string]any)
	assert.Equal(t, map[string]any{"minInstanceCount": 1.0, "maxInstanceCount": 2.0}, template["scaling"])
	assert.Equal(t, "60s", template["timeout"])
	assert.Equal(t, 10.0, template["maxInstanceRequestConcurrency"])
	container := template["containers"].([]any)[0].(map[string]any)
	assert.Equal(t, map[string]any{"limits": map[string]any{"cpu": "2", "memory": "1Gi"}, "cpuIdle": false, "startupCpuBoost": true},
		container["resources"])
}

// TestLongestProbesAreAccepted uses the largest values that the settings allow. The component must accept them.
func TestLongestProbesAreAccepted(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(func(a *cloudrun.ServiceArgs) {
		a.Startup.InitialDelaySeconds, a.Startup.PeriodSeconds, a.Startup.FailureThreshold = 240, 240, 1
		a.Liveness.InitialDelaySeconds, a.Liveness.PeriodSeconds = 3600, 3600
	}))
	inventory.One(t, serviceType, "web-service")
}

func TestImageUserIsAnAnnotation(t *testing.T) {
	t.Parallel()
	user := "1001@sha256:" + strings.Repeat("a", 64)
	inventory, _ := run(t, args(func(a *cloudrun.ServiceArgs) { a.ImageUser = pulumi.String(user) }))
	template := inventory.One(t, serviceType, "web-service").Inputs["template"].(map[string]any)
	assert.Equal(t, map[string]any{"image-user": user}, template["annotations"])

	inventory, _ = run(t, args(func(a *cloudrun.ServiceArgs) { a.ImageUser = pulumi.String("") }))
	template = inventory.One(t, serviceType, "web-service").Inputs["template"].(map[string]any)
	assert.NotContains(t, template, "annotations")
}

func TestRevisionNameFollowsTheTemplate(t *testing.T) {
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
		"an unknown user":     func(a *cloudrun.ServiceArgs) { a.ImageUser = pulumi.String("") },
		"an explicit default": func(a *cloudrun.ServiceArgs) {
			a.CPU, a.Memory, a.Concurrency, a.TimeoutSeconds = "1", "512Mi", 80, 300
		},
	} {
		assert.Equal(t, unchanged, name(change), "%s is not part of the template", what)
	}
}

func TestLongestServiceNameFitsARevisionName(t *testing.T) {
	t.Parallel()
	_, service := run(t, args(func(a *cloudrun.ServiceArgs) { a.ServiceName = strings.Repeat("a", 49) }))
	assert.Less(t, len(pulumitest.Value[string](t, service.Revision)), 64)
}

func TestUnknownTemplateGivesAnUnknownRevisionName(t *testing.T) {
	t.Parallel()
	var service *cloudrun.Service
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		// A first preview does not know the version of a secret that it would make.
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
	assert.Equal(t, "https://procureflow-web-123456789012.us-central1.run.app", pulumitest.Value[string](t, service.URL),
		"the URL is known before anything exists")
}

func TestOutputsAreCheckedOnceKnown(t *testing.T) {
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
				a.Secrets["MONGODB_URI"] = cloudrun.SecretVariable{Secret: pulumi.String("mongodb-uri"),
					Version: pulumi.String("latest").ToStringOutput()}
			},
			`args.Secrets["MONGODB_URI"].Version "latest": pin a version's number`,
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

func TestServiceWaitsForItsDependencies(t *testing.T) {
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
