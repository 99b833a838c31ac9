package monitoring

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/logging"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/monitoring"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// DashboardTypeToken identifies the component in state. It never changes.
const DashboardTypeToken = "procureflow:monitoring:Dashboard"

// UpdatesMetric is the name of the log-based metric that counts changes of services.
const UpdatesMetric = "cloud_run_service_updates"

// updatesFilter finds each accepted change of a service once, whichever version of the API made it. A long operation
// writes two entries. The filter finds only the first. A traffic shift is a change too.
const updatesFilter = `log_id("cloudaudit.googleapis.com/activity") AND ` +
	`protoPayload.serviceName="run.googleapis.com" AND ` +
	`protoPayload.methodName=~"^google\.cloud\.run\.v[0-9]+\.Services\.(Create|Replace|Update)Service$" AND ` +
	`severity=NOTICE AND NOT operation.last=true`

// DashboardArgs describes a dashboard.
type DashboardArgs struct {
	// Project is the id of the project that is shown. Required.
	Project pulumi.StringInput
	// Title is the dashboard's name in the console. Required.
	Title string
	// Services are the Cloud Run services to show, by a short key that orders them. Required, at least one.
	Services map[string]pulumi.StringInput
}

// Dashboard is a page that shows, for each service, traffic by revision, errors, latency, instances and changes.
type Dashboard struct {
	pulumi.ResourceState

	// URL is the dashboard's page in the console.
	URL pulumi.StringOutput
}

// NewDashboard makes the metric of changes and the dashboard. It fails before registering anything when an argument is
// missing or impossible, and then names every such argument.
func NewDashboard(ctx *pulumi.Context, name string, args *DashboardArgs, opts ...pulumi.ResourceOption) (*Dashboard, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("dashboard %q: %w", name, err)
	}
	dashboard := &Dashboard{}
	inputs := pulumi.Map{"project": args.Project, "title": pulumi.String(args.Title), "services": pulumi.StringMap(args.Services)}
	if err := ctx.RegisterComponentResourceV2(DashboardTypeToken, name, inputs, dashboard, opts...); err != nil {
		return nil, fmt.Errorf("register dashboard %q: %w", name, err)
	}
	updates, err := logging.NewMetric(ctx, name+"-updates", &logging.MetricArgs{
		Project:     args.Project,
		Name:        pulumi.String(UpdatesMetric),
		Description: pulumi.String("Accepted changes of Cloud Run services: deployments and traffic shifts."),
		Filter:      pulumi.String(updatesFilter),
		MetricDescriptor: &logging.MetricMetricDescriptorArgs{
			DisplayName: pulumi.String("Cloud Run service updates"),
			MetricKind:  pulumi.String("DELTA"), ValueType: pulumi.String("INT64"), Unit: pulumi.String("1"),
		},
	}, pulumiopt.Child(dashboard)...)
	if err != nil {
		return nil, fmt.Errorf("dashboard %q: metric of changes: %w", name, err)
	}
	page, err := monitoring.NewDashboard(ctx, name+"-page", &monitoring.DashboardArgs{
		Project:       args.Project,
		DashboardJson: args.document(updates.Name),
	}, pulumiopt.Child(dashboard)...)
	if err != nil {
		return nil, fmt.Errorf("dashboard %q: page: %w", name, err)
	}
	dashboard.URL = pulumi.All(page.ID(), args.Project).ApplyT(func(values []any) string {
		id := string(values[0].(pulumi.ID))
		return fmt.Sprintf("https://console.cloud.google.com/monitoring/dashboards/builder/%s?project=%s",
			id[strings.LastIndexByte(id, '/')+1:], values[1])
	}).(pulumi.StringOutput)
	if err := ctx.RegisterResourceOutputs(dashboard, pulumi.Map{"url": dashboard.URL}); err != nil {
		return nil, fmt.Errorf("dashboard %q: register outputs: %w", name, err)
	}
	return dashboard, nil
}

// document returns the dashboard's JSON. It becomes known once the metric and the services exist, so that every chart has
// something to show.
func (args *DashboardArgs) document(metric pulumi.StringInput) pulumi.StringOutput {
	inputs := []any{metric}
	for _, key := range slices.Sorted(maps.Keys(args.Services)) {
		inputs = append(inputs, args.Services[key])
	}
	return pulumi.All(inputs...).ApplyT(func(values []any) (string, error) {
		services := make([]string, 0, len(values)-1)
		for _, service := range values[1:] {
			services = append(services, service.(string))
		}
		return dashboardJSON(args.Title, values[0].(string), services)
	}).(pulumi.StringOutput)
}

func (args *DashboardArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *DashboardArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(args.Title == "", "args.Title is missing: set the dashboard's name in the console")
	found.If(len(args.Services) == 0, "args.Services is empty: name at least one service to show")
	for _, key := range slices.Sorted(maps.Keys(args.Services)) {
		found.If(!naming.IsKey(key), "args.Services key %q: use lower-case letters, digits and hyphens, beginning with a letter", key)
		found.If(args.Services[key] == nil, "args.Services[%q] is missing: set the service's name output", key)
	}
	return found.Err()
}
