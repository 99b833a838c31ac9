package monitoring_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/monitoring"
	"github.com/guiofsaints/procureflow-platform/internal/golden"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	dashboardType = "gcp:monitoring/dashboard:Dashboard"
	metricType    = "gcp:logging/metric:Metric"
)

var update = flag.Bool("update", false, "write the golden files again")

func dashboard(t *testing.T, services map[string]pulumi.StringInput) (*pulumitest.Inventory, *monitoring.Dashboard) {
	t.Helper()
	var made *monitoring.Dashboard
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var err error
		made, err = monitoring.NewDashboard(ctx, "dashboard", &monitoring.DashboardArgs{
			Project: pulumi.String("procureflow-dev"), Title: "ProcureFlow dev", Services: services,
		})
		return err
	})
	pulumitest.CheckParents(t, inventory)
	return inventory, made
}

func TestTheDashboardShowsEachService(t *testing.T) {
	t.Parallel()
	inventory, made := dashboard(t, map[string]pulumi.StringInput{"web": pulumi.String("procureflow-web"),
		"api": pulumi.String("procureflow-api")})
	page := inventory.One(t, dashboardType, "dashboard-page")
	assert.Equal(t, "procureflow-dev", page.Inputs["project"])
	text := page.Inputs["dashboardJson"].(string)

	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, []byte(text), "", "  "))
	indented.WriteByte('\n')
	golden.Check(t, filepath.Join("testdata", "dashboard.json"), indented.String(), *update)

	assert.Regexp(t, `^https://console\.cloud\.google\.com/monitoring/dashboards/builder/[0-9]+\?project=procureflow-dev$`,
		pulumitest.Value[string](t, made.URL))
}

// TestDashboardJSONIsTheAPIsForm checks that the text is as the API returns it. Any other form would show a change at every preview.
func TestDashboardJSONIsTheAPIsForm(t *testing.T) {
	t.Parallel()
	inventory, _ := dashboard(t, map[string]pulumi.StringInput{"web": pulumi.String("procureflow-web")})
	text := inventory.One(t, dashboardType, "dashboard-page").Inputs["dashboardJson"].(string)
	var document any
	require.NoError(t, json.Unmarshal([]byte(text), &document))
	normal, err := json.Marshal(document)
	require.NoError(t, err)
	assert.Equal(t, string(normal), text, "keys are sorted and nothing is indented")
	assertNoZeroes(t, "", document)
}

// assertNoZeroes fails for zero values, which the API leaves out of its answers.
func assertNoZeroes(t *testing.T, path string, value any) {
	t.Helper()
	switch value := value.(type) {
	case map[string]any:
		assert.NotEmpty(t, value, path)
		for key, element := range value {
			assertNoZeroes(t, path+"."+key, element)
		}
	case []any:
		assert.NotEmpty(t, value, path)
		for _, element := range value {
			assertNoZeroes(t, path+"[]", element)
		}
	default:
		assert.NotZero(t, value, path)
	}
}

func TestUpdatesAreCountedFromTheAuditLog(t *testing.T) {
	t.Parallel()
	inventory, _ := dashboard(t, map[string]pulumi.StringInput{"web": pulumi.String("procureflow-web")})
	assert.Equal(t, map[string]any{
		"project": "procureflow-dev", "name": "cloud_run_service_updates",
		"description": "Accepted changes of Cloud Run services: deployments and traffic shifts.",
		"filter": `log_id("cloudaudit.googleapis.com/activity") AND protoPayload.serviceName="run.googleapis.com" AND ` +
			`protoPayload.methodName=~"^google\.cloud\.run\.v[0-9]+\.Services\.(Create|Replace|Update)Service$" AND ` +
			`severity=NOTICE AND NOT operation.last=true`,
		"metricDescriptor": map[string]any{"displayName": "Cloud Run service updates", "metricKind": "DELTA", "valueType": "INT64", "unit": "1"},
	}, inventory.One(t, metricType, "dashboard-updates").Inputs)
}

func TestBadDashboardsRegisterNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args *monitoring.DashboardArgs
		want []string
	}{
		"nil": {nil, []string{`dashboard "dashboard": args is nil`}},
		"everything missing": {&monitoring.DashboardArgs{}, []string{"args.Project is missing", "args.Title is missing",
			"args.Services is empty"}},
		"a bad service": {&monitoring.DashboardArgs{Project: pulumi.String("p"), Title: "t",
			Services: map[string]pulumi.StringInput{"A b": nil}}, []string{
			`args.Services key "A b": use lower-case`, `args.Services["A b"] is missing: set the service's name output`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := monitoring.NewDashboard(ctx, "dashboard", test.args)
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
