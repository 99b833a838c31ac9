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
			`args.Startup.Path "" is not a path`, `args.Liveness.Path "" is not a path`,
		}},
		"a variable that Cloud Run sets": {args(func(a *cloudrun.ServiceArgs) {
			a.Environment = map[string]pulumi.StringInput{"PORT": pulumi.String("1"), "K_SERVICE": pulumi.String("x"),
				"K_REVISION": pulumi.String("x"), "K_CONFIGURATION": pulumi.String("x"), "X_GOOGLE_A": pulumi.String("x")}
		}), []string{`args.Environment["PORT"] is set by Cloud Run itself`, `args.Environment["K_SERVICE"] is set`,
			`args.Environment["K_REVISION"] is set`, `args.Environment["K_CONFIGURATION"] is set`, `args.Environment["X_GOOGLE_A"] is set`}},
		"a long name": {args(func(a *cloudrun.ServiceArgs) { a.ServiceName = strings.Repeat("a", 50) }),
			[]string{"is not a service id: use 1-49"}},
		"a tag": {args(func(a *cloudrun.ServiceArgs) { a.Image = pulumi.String("nginx:1") }),
			[]string{`args.Image "nginx:1" is not an image by digest`}},
		"a short digest": {args(func(a *cloudrun.ServiceArgs) { a.Image = pulumi.String("nginx@sha256:abc") }),
			[]string{`is not an image by digest`}},
		"a port":      {args(func(a *cloudrun.ServiceArgs) { a.Port = 65536 }), []string{"args.Port is 65536: use 1-65535"}},
		"concurrency": {args(func(a *cloudrun.ServiceArgs) { a.Concurrency = 1001 }), []string{"args.Concurrency is 1001: use 1-1000"}},
		"a timeout": {args(func(a *cloudrun.ServiceArgs) { a.TimeoutSeconds = 3601 }),
			[]string{"args.TimeoutSeconds is 3601: use 1-3600"}},
		"min over max": {args(func(a *cloudrun.ServiceArgs) { a.MinInstances = 3 }),
			[]string{"args.MinInstances is 3: use 0 to MaxInstances, 2"}},
		"attempt": {args(func(a *cloudrun.ServiceArgs) { a.Attempt = -1 }), []string{"args.Attempt is -1"}},
		"ingress": {args(func(a *cloudrun.ServiceArgs) { a.Ingress = "none" }),
			[]string{`args.Ingress "none" is unknown: use one of all, internal, internal-and-cloud-load-balancing`}},
		"a startup period": {args(func(a *cloudrun.ServiceArgs) { a.Startup.PeriodSeconds = 241 }),
			[]string{"args.Startup.PeriodSeconds is 241: use 1-240"}},
		"a liveness period": {args(func(a *cloudrun.ServiceArgs) { a.Liveness.PeriodSeconds = 3601 }),
			[]string{"args.Liveness.PeriodSeconds is 3601: use 1-3600"}},
		"a slow probe": {args(func(a *cloudrun.ServiceArgs) { a.Liveness.TimeoutSeconds = 31 }),
			[]string{"args.Liveness.TimeoutSeconds is 31: use 1 to PeriodSeconds, 30"}},
		"a probe of no port": {args(func(a *cloudrun.ServiceArgs) { a.Startup.Port, a.Liveness.Port = -1, 65536 }),
			[]string{"args.Startup.Port is -1: use 1-65535", "args.Liveness.Port is 65536: use 1-65535"}},
		"a late probe": {args(func(a *cloudrun.ServiceArgs) { a.Startup.InitialDelaySeconds = 241 }),
			[]string{"args.Startup.InitialDelaySeconds is 241: use 0-240"}},
		"a late liveness": {args(func(a *cloudrun.ServiceArgs) { a.Liveness.InitialDelaySeconds = 3601 }),
			[]string{"args.Liveness.InitialDelaySeconds is 3601: use 0-3600"}},
		"a threshold": {args(func(a *cloudrun.ServiceArgs) { a.Startup.FailureThreshold = -1 }),
			[]string{"args.Startup.FailureThreshold is -1"}},
		"a variable's name": {args(func(a *cloudrun.ServiceArgs) { a.Environment["A-B"] = pulumi.String("") }),
			[]string{`args.Environment["A-B"]: name the variable by letters`}},
		"a reserved variable": {args(func(a *cloudrun.ServiceArgs) { a.URLVariables = []string{"K_SERVICE"} }),
			[]string{`args.URLVariables["K_SERVICE"] is set by Cloud Run itself`}},
		"a variable twice": {args(func(a *cloudrun.ServiceArgs) { a.URLVariables = []string{"NODE_ENV"} }),
			[]string{`variable "NODE_ENV" is given 2 times, in Environment and URLVariables`}},
		"a variable without a value": {args(func(a *cloudrun.ServiceArgs) { a.Environment["A"] = nil }),
			[]string{`args.Environment["A"] has no value`}},
		"an empty secret": {args(func(a *cloudrun.ServiceArgs) { a.Secrets["S"] = cloudrun.SecretVariable{} }),
			[]string{`args.Secrets["S"].Secret is missing`, `args.Secrets["S"].Version is missing`}},
		"latest": {args(func(a *cloudrun.ServiceArgs) {
			a.Secrets["S"] = cloudrun.SecretVariable{Secret: pulumi.String("s"), Version: pulumi.String("latest")}
		}), []string{`args.Secrets["S"].Version "latest": pin a version's number`}},
		"the user of another image": {args(func(a *cloudrun.ServiceArgs) {
			a.ImageUser = pulumi.String("1001@sha256:" + strings.Repeat("b",
				64))
		}), []string{
			`args.ImageUser "1001@sha256:` + strings.Repeat("b", 64) + `" does not belong to args.Image: write USER@sha256:` +
				strings.Repeat("a", 64)}},
		"a user without an image": {args(func(a *cloudrun.ServiceArgs) { a.ImageUser = pulumi.String("@sha256:" + strings.Repeat("a", 64)) }),
			[]string{`does not belong to args.Image`}},
		"traffic": {args(func(a *cloudrun.ServiceArgs) { a.Traffic = map[string]int{cloudrun.Latest: -1, "other": 10} }), []string{
			`args.Traffic["LATEST"] is -1: use 0-100`, `args.Traffic["other"] is not a revision of "procureflow-web"`, "args.Traffic sums to 9",
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
