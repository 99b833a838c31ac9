package monitoring

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/monitoring"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// WatchTypeToken identifies the component in state. It never changes.
const WatchTypeToken = "procureflow:monitoring:Watch"

// Defaults of absent arguments.
const (
	// DefaultUptimePeriodSeconds is the time between two checks from one place: the shortest that the API accepts.
	DefaultUptimePeriodSeconds = 60
	// DefaultUptimeTimeoutSeconds is how long a check waits.
	DefaultUptimeTimeoutSeconds = 10
	// DefaultWindowDays is the objective's window: four weeks, so that each window has the same weekdays.
	DefaultWindowDays = 28
	// DefaultLatencyMilliseconds is half of what an uptime check waits by default.
	DefaultLatencyMilliseconds = 5000

	objectiveID = "availability"
)

// WatchArgs describes how one service is watched.
type WatchArgs struct {
	// Project is the id of the service's project. Required.
	Project pulumi.StringInput
	// Location is the service's region. Required.
	Location pulumi.StringInput
	// Environment begins the title of every alert, for example prod. Required.
	Environment string
	// ServiceName is the Cloud Run service id. Required. Pass the service's own output, so that nothing is watched before
	// it exists.
	ServiceName pulumi.StringInput
	// Channels are the resource names of the notification channels. Required.
	Channels pulumi.StringArrayInput
	// RunbookURL is the page that every alert links to; the alert's key is appended as its section. Required.
	RunbookURL string
	// Uptime is the check from outside. Default: none, which fits a service that nobody outside may call.
	Uptime *Uptime
	// AvailabilityPercent is the share of requests that must not fail with 5xx: over 0, at most 99.9. Required. The API
	// allows up to 99.99. Above 99.9 the alert on a fast burn would fire at less than 1.44 % of failing requests, which
	// is too few to tell from chance with little traffic.
	AvailabilityPercent float64
	// WindowDays is the objective's rolling window, 1-30. Default: [DefaultWindowDays].
	WindowDays int
	// LatencyMilliseconds is the 95th percentile of the latency above which the service counts as slow. Default:
	// [DefaultLatencyMilliseconds].
	LatencyMilliseconds int
	// Latency is an objective for how fast requests are answered. Its alerts replace the one on LatencyMilliseconds. Default: none.
	Latency *Latency
	// Labels are put on everything that takes labels. Default: none.
	Labels pulumi.StringMapInput
}

// Latency is an objective for how fast requests are answered.
type Latency struct {
	// Percent is the share of requests that have to be answered in time: above 0, at most 99.9. Required.
	Percent float64
	// Milliseconds is how long a request may take, at least 1. Required.
	Milliseconds int
}

// Uptime is a check that Google makes from several continents.
type Uptime struct {
	// Host is the service's host, without scheme. Required.
	Host pulumi.StringInput
	// Path begins with a slash. Required. Each place asks once a period, so a costly path is a costly check.
	Path string
	// PeriodSeconds is 60, 300, 600 or 900. Default: [DefaultUptimePeriodSeconds].
	PeriodSeconds int
	// TimeoutSeconds is 1-60. Default: [DefaultUptimeTimeoutSeconds].
	TimeoutSeconds int
	// CallerOf is the project's number, for a private service. The check then carries an ID token of the project's monitoring agent,
	// and the component lets the agent call the service. Default: none, for a public service.
	CallerOf pulumi.StringInput
}

// Watch is the check, the objective and the alerts of one service.
type Watch struct {
	pulumi.ResourceState

	// ObjectiveName is the resource name of the availability objective.
	ObjectiveName pulumi.StringOutput
}

// NewWatch makes the check, the objective and the alerts. It fails before registering anything when an argument is
// missing or impossible, and then names every such argument.
func NewWatch(ctx *pulumi.Context, name string, args *WatchArgs, opts ...pulumi.ResourceOption) (*Watch, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("watch %q: %w", name, err)
	}
	watch := &Watch{}
	if err := ctx.RegisterComponentResourceV2(WatchTypeToken, name, args.inputs(), watch, opts...); err != nil {
		return nil, fmt.Errorf("register watch %q: %w", name, err)
	}
	objective, err := args.newObjective(ctx, name, watch)
	if err != nil {
		return nil, fmt.Errorf("watch %q: objective: %w", name, err)
	}
	watch.ObjectiveName = objective.Name
	alerts := args.alerts(objective.Name)
	if args.Latency != nil {
		latency, err := args.newLatencyObjective(ctx, name, objective.Service, watch)
		if err != nil {
			return nil, fmt.Errorf("watch %q: latency objective: %w", name, err)
		}
		alerts = append(alerts, args.latencyBurn(latency.Name)...)
	} else {
		alerts = append(alerts, args.slowness())
	}
	if args.Uptime != nil {
		check, err := args.newUptimeCheck(ctx, name, watch)
		if err != nil {
			return nil, fmt.Errorf("watch %q: uptime check: %w", name, err)
		}
		if err := args.letTheCheckIn(ctx, name, check, watch); err != nil {
			return nil, fmt.Errorf("watch %q: uptime check's access: %w", name, err)
		}
		alerts = append(alerts, args.uptimeAlert(check.UptimeCheckId))
	}
	for _, alert := range alerts {
		if err := alert.policy(ctx, name, args.subject(), watch); err != nil {
			return nil, fmt.Errorf("watch %q: alert %s: %w", name, alert.key, err)
		}
	}
	if err := ctx.RegisterResourceOutputs(watch, pulumi.Map{"objectiveName": watch.ObjectiveName}); err != nil {
		return nil, fmt.Errorf("watch %q: register outputs: %w", name, err)
	}
	return watch, nil
}

func (args *WatchArgs) newUptimeCheck(ctx *pulumi.Context, name string, parent *Watch) (*monitoring.UptimeCheckConfig, error) {
	return monitoring.NewUptimeCheckConfig(ctx, name+"-uptime", &monitoring.UptimeCheckConfigArgs{
		Project:     args.Project,
		DisplayName: pulumi.Sprintf("%s: %s", args.Environment, args.ServiceName),
		MonitoredResource: &monitoring.UptimeCheckConfigMonitoredResourceArgs{
			Type: pulumi.String("uptime_url"),
			// The API accepts a host with a scheme, and then requests https://https://….
			Labels: pulumi.StringMap{"project_id": args.Project, "host": args.Uptime.Host},
		},
		HttpCheck: &monitoring.UptimeCheckConfigHttpCheckArgs{
			RequestMethod: pulumi.String("GET"), Path: pulumi.String(args.Uptime.Path),
			Port: pulumi.Int(443), UseSsl: pulumi.Bool(true), ValidateSsl: pulumi.Bool(true),
			ServiceAgentAuthentication: args.Uptime.token(),
		},
		Period:     pulumi.String(fmt.Sprintf("%ds", cmp.Or(args.Uptime.PeriodSeconds, DefaultUptimePeriodSeconds))),
		Timeout:    pulumi.String(fmt.Sprintf("%ds", cmp.Or(args.Uptime.TimeoutSeconds, DefaultUptimeTimeoutSeconds))),
		UserLabels: args.Labels,
	}, pulumiopt.Child(parent)...)
}

// letTheCheckIn lets the monitoring agent call the service. It runs after the check is made, because the first check of
// a project makes the agent.
func (args *WatchArgs) letTheCheckIn(ctx *pulumi.Context, name string, check pulumi.Resource, parent *Watch) error {
	if args.Uptime.CallerOf == nil {
		return nil
	}
	_, err := cloudrunv2.NewServiceIamMember(ctx, name+"-uptime-invoker", &cloudrunv2.ServiceIamMemberArgs{
		Project: args.Project, Location: args.Location, Name: args.ServiceName, Role: pulumi.String("roles/run.invoker"),
		Member: pulumi.Sprintf("serviceAccount:service-%s@gcp-sa-monitoring-notification.iam.gserviceaccount.com", args.Uptime.CallerOf),
	}, pulumiopt.Child(parent, pulumi.DependsOn([]pulumi.Resource{check}))...)
	return err
}

func (u *Uptime) token() monitoring.UptimeCheckConfigHttpCheckServiceAgentAuthenticationPtrInput {
	if u.CallerOf == nil {
		return nil
	}
	return &monitoring.UptimeCheckConfigHttpCheckServiceAgentAuthenticationArgs{Type: pulumi.String("OIDC_TOKEN")}
}

func (args *WatchArgs) newObjective(ctx *pulumi.Context, name string, parent *Watch) (*monitoring.Slo, error) {
	service, err := monitoring.NewGenericService(ctx, name+"-service", &monitoring.GenericServiceArgs{
		Project:     args.Project,
		ServiceId:   args.ServiceName,
		DisplayName: pulumi.Sprintf("%s: %s", args.Environment, args.ServiceName),
		BasicService: &monitoring.GenericServiceBasicServiceArgs{
			ServiceType:   pulumi.String("CLOUD_RUN"),
			ServiceLabels: pulumi.StringMap{"service_name": args.ServiceName, "location": args.Location},
		},
		UserLabels: args.Labels,
	}, pulumiopt.Child(parent)...)
	if err != nil {
		return nil, fmt.Errorf("service: %w", err)
	}
	return monitoring.NewSlo(ctx, name+"-availability", &monitoring.SloArgs{
		Project: args.Project,
		Service: service.ServiceId,
		SloId:   pulumi.String(objectiveID),
		DisplayName: pulumi.String(fmt.Sprintf("%g %% of requests are answered without 5xx in %s", args.AvailabilityPercent,
			plural.Of(args.windowDays(), "day", "days"))),
		Goal:              pulumi.Float64(fraction(args.AvailabilityPercent)),
		RollingPeriodDays: pulumi.Int(args.windowDays()),
		RequestBasedSli: &monitoring.SloRequestBasedSliArgs{GoodTotalRatio: &monitoring.SloRequestBasedSliGoodTotalRatioArgs{
			// The objective counts bad and total requests, because "good" would have to list every class that is not
			// 5xx.
			BadServiceFilter:   pulumi.Sprintf(`%s AND metric.labels.response_code_class="5xx"`, args.requests()),
			TotalServiceFilter: args.requests(),
		}},
		UserLabels: args.Labels,
	}, pulumiopt.Child(parent)...)
}

// newLatencyObjective makes the objective that counts the requests below the limit in the histogram of latencies.
func (args *WatchArgs) newLatencyObjective(ctx *pulumi.Context, name string, service pulumi.StringInput,
	parent *Watch) (*monitoring.Slo, error) {
	return monitoring.NewSlo(ctx, name+"-latency", &monitoring.SloArgs{
		Project: args.Project,
		Service: service,
		SloId:   pulumi.String("latency"),
		DisplayName: pulumi.String(fmt.Sprintf("%g %% of requests are answered within %d ms in %s", args.Latency.Percent,
			args.Latency.Milliseconds, plural.Of(args.windowDays(), "day", "days"))),
		Goal:              pulumi.Float64(fraction(args.Latency.Percent)),
		RollingPeriodDays: pulumi.Int(args.windowDays()),
		RequestBasedSli: &monitoring.SloRequestBasedSliArgs{DistributionCut: &monitoring.SloRequestBasedSliDistributionCutArgs{
			DistributionFilter: pulumi.Sprintf(`metric.type="run.googleapis.com/request_latencies" AND %s`, args.resource()),
			Range:              &monitoring.SloRequestBasedSliDistributionCutRangeArgs{Max: pulumi.Float64(args.Latency.Milliseconds)},
		}},
		UserLabels: args.Labels,
	}, pulumiopt.Child(parent)...)
}

// fraction turns a percentage into a share without rounding noise: 99.5 becomes 0.995 and not the number next to it.
func fraction(percent float64) float64 {
	const steps = 1e6
	return float64(int64(percent*steps/100+0.5)) / steps
}

func (args *WatchArgs) windowDays() int { return cmp.Or(args.WindowDays, DefaultWindowDays) }

// inputs returns the component's inputs, which state keeps and policies read.
func (args *WatchArgs) inputs() pulumi.Map {
	inputs := pulumi.Map{
		"project": args.Project, "location": args.Location, "environment": pulumi.String(args.Environment), "serviceName": args.ServiceName,
		"runbookUrl": pulumi.String(args.RunbookURL), "uptime": pulumi.Bool(args.Uptime != nil),
		"availabilityPercent": pulumi.Float64(args.AvailabilityPercent), "windowDays": pulumi.Int(args.windowDays()),
	}
	if args.Latency != nil {
		inputs["latency"] = pulumi.Map{"percent": pulumi.Float64(args.Latency.Percent), "milliseconds": pulumi.Int(args.Latency.Milliseconds)}
	}
	return inputs
}

// isPage says whether an alert can link to sections of the page.
func isPage(address string) bool {
	page, err := url.Parse(address)
	return err == nil && page.Scheme == "https" && page.Host != "" && page.Fragment == ""
}

func (args *WatchArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *WatchArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(args.Location == nil, "args.Location is missing: set the service's region")
	found.If(args.Environment == "", "args.Environment is missing: set the word with which titles of alerts begin, for example prod")
	found.If(args.ServiceName == nil, "args.ServiceName is missing: set the service's name output")
	found.If(args.Channels == nil, "args.Channels is missing: pass the names of notification channels, so that alerts reach somebody")
	found.If(!isPage(args.RunbookURL), "args.RunbookURL is not a page to link to: use an https:// address without a section")
	found.If(!(args.AvailabilityPercent > 0 && args.AvailabilityPercent <= limits.MaxObjectivePercent),
		"args.AvailabilityPercent is %g: use over 0 and at most 99.9", args.AvailabilityPercent)
	found.If(args.windowDays() < 1 || args.windowDays() > limits.MaxObjectiveDays,
		"args.WindowDays is %d: use 1-30, or leave it out for %d", args.WindowDays, DefaultWindowDays)
	found.If(args.LatencyMilliseconds < 0, "args.LatencyMilliseconds is %d: use at least 1, or leave it out for %d",
		args.LatencyMilliseconds, DefaultLatencyMilliseconds)
	if latency := args.Latency; latency != nil {
		found.If(!(latency.Percent > 0 && latency.Percent <= limits.MaxObjectivePercent),
			"args.Latency.Percent is %g: use over 0 and at most 99.9", latency.Percent)
		found.If(latency.Milliseconds < 1, "args.Latency.Milliseconds is %d: use at least 1", latency.Milliseconds)
		found.If(args.LatencyMilliseconds != 0, "args.LatencyMilliseconds and args.Latency exclude each other: keep one")
	}
	if uptime := args.Uptime; uptime != nil {
		found.If(uptime.Host == nil, "args.Uptime.Host is missing: set the service's host")
		found.If(!strings.HasPrefix(uptime.Path, "/"), "args.Uptime.Path %q is not a path: begin it with a slash", uptime.Path)
		found.If(uptime.PeriodSeconds != 0 && !slices.Contains(limits.UptimePeriods, uptime.PeriodSeconds),
			"args.Uptime.PeriodSeconds is %d: use 60, 300, 600 or 900", uptime.PeriodSeconds)
		found.If(uptime.TimeoutSeconds < 0 || uptime.TimeoutSeconds > limits.MaxUptimeSeconds,
			"args.Uptime.TimeoutSeconds is %d: use 1-60, or leave it out for %d", uptime.TimeoutSeconds, DefaultUptimeTimeoutSeconds)
	}
	return found.Err()
}
