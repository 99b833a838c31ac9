package monitoring

import (
	"cmp"
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/monitoring"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// Severities of alerts: critical asks for somebody now, warning on the next working day.
const (
	critical = "CRITICAL"
	warning  = "WARNING"
)

// Burn rates and windows: Site Reliability Workbook, chapter 5, table 5-8. At rate 14.4 one hour spends 2 % of a 30-day
// budget, at rate 6 six hours spend 5 %. The short window is a twelfth of the long one and ends the alert soon after the
// errors end.
const (
	fastBurnRate = 14.4
	slowBurnRate = 6
)

// alert is one alert policy. It fires while all its conditions hold.
type alert struct {
	// key names the resource and the section of the runbook.
	key      string
	severity string
	// title is the end of the alert's title, after environment and service.
	title string
	// meaning says what happened, for the person who is called.
	meaning    string
	conditions monitoring.AlertPolicyConditionArray
}

// alerts returns the alerts on the service's own metrics.
func (args *WatchArgs) alerts(objective pulumi.StringInput) []alert {
	return []alert{
		{
			key: "fast-burn", severity: critical, title: "errors use up the budget fast",
			meaning: fmt.Sprintf("Requests failed with 5xx at over %g times the rate that the objective of %g %% allows, "+
				"over the last hour and over the last 5 minutes. If a release is running, it rolls itself back. Otherwise look at what "+
				"changed last.", fastBurnRate, args.AvailabilityPercent),
			conditions: monitoring.AlertPolicyConditionArray{
				burn(objective, "1 hour", "3600s", fastBurnRate), burn(objective, "5 minutes", "300s", fastBurnRate),
			},
		},
		{
			key: "slow-burn", severity: warning, title: "errors use up the budget",
			meaning: fmt.Sprintf("Requests failed with 5xx at over %d times the rate that the objective of %g %% allows, "+
				"over the last 6 hours and over the last 30 minutes.", slowBurnRate, args.AvailabilityPercent),
			conditions: monitoring.AlertPolicyConditionArray{
				burn(objective, "6 hours", "21600s", slowBurnRate), burn(objective, "30 minutes", "1800s", slowBurnRate),
			},
		},
		{
			key: "refused", severity: warning, title: "refuses requests, every instance is busy",
			meaning: "Over 5 requests in 5 minutes were answered with 429: the service runs its maximum of instances. " +
				"The objective does not count these answers, because they are not 5xx.",
			conditions: threshold("requests answered with 429", &monitoring.AlertPolicyConditionConditionThresholdArgs{
				Filter: pulumi.Sprintf(`%s AND metric.labels.response_code="429"`, args.requests()),
				Aggregations: monitoring.AlertPolicyConditionConditionThresholdAggregationArray{
					&monitoring.AlertPolicyConditionConditionThresholdAggregationArgs{
						AlignmentPeriod: pulumi.String("300s"), PerSeriesAligner: pulumi.String("ALIGN_DELTA"),
						CrossSeriesReducer: pulumi.String("REDUCE_SUM"), GroupByFields: pulumi.ToStringArray([]string{"resource.label.service_name"}),
					},
				},
				ThresholdValue: pulumi.Float64(5), Duration: pulumi.String("0s"),
			}),
		},
	}
}

// slowness returns the alert on the 95th percentile of the latency, for a service without an objective for it.
func (args *WatchArgs) slowness() alert {
	latency := cmp.Or(args.LatencyMilliseconds, DefaultLatencyMilliseconds)
	return alert{
		key: "latency", severity: warning, title: "slow",
		meaning: fmt.Sprintf("For 15 minutes one request in twenty took longer than %d ms.", latency),
		conditions: threshold("95th percentile of latency", &monitoring.AlertPolicyConditionConditionThresholdArgs{
			Filter: pulumi.Sprintf(`metric.type="run.googleapis.com/request_latencies" AND %s`, args.resource()),
			Aggregations: monitoring.AlertPolicyConditionConditionThresholdAggregationArray{
				&monitoring.AlertPolicyConditionConditionThresholdAggregationArgs{
					AlignmentPeriod: pulumi.String("300s"), PerSeriesAligner: pulumi.String("ALIGN_DELTA"),
					CrossSeriesReducer: pulumi.String("REDUCE_PERCENTILE_95"),
					GroupByFields:      pulumi.ToStringArray([]string{"resource.label.service_name"}),
				},
			},
			ThresholdValue: pulumi.Float64(latency), Duration: pulumi.String("900s"),
		}),
	}
}

// latencyBurn returns the alerts on the objective for latency. Their rates and windows are those of the objective for
// availability.
func (args *WatchArgs) latencyBurn(objective pulumi.StringInput) []alert {
	slow := fmt.Sprintf("Requests took longer than %d ms", args.Latency.Milliseconds)
	return []alert{
		{
			key: "latency-fast-burn", severity: critical, title: "slow answers use up the budget fast",
			meaning: fmt.Sprintf("%s at over %g times the rate that the objective of %g %% allows, over the last hour and over the last "+
				"5 minutes.", slow, fastBurnRate, args.Latency.Percent),
			conditions: monitoring.AlertPolicyConditionArray{
				burn(objective, "1 hour", "3600s", fastBurnRate), burn(objective, "5 minutes", "300s", fastBurnRate),
			},
		},
		{
			key: "latency-slow-burn", severity: warning, title: "slow answers use up the budget",
			meaning: fmt.Sprintf("%s at over %d times the rate that the objective of %g %% allows, over the last 6 hours and over the last "+
				"30 minutes.", slow, slowBurnRate, args.Latency.Percent),
			conditions: monitoring.AlertPolicyConditionArray{
				burn(objective, "6 hours", "21600s", slowBurnRate), burn(objective, "30 minutes", "1800s", slowBurnRate),
			},
		},
	}
}

// uptimeAlert counts the places from which the check fails. If only one place fails, its own network is the likelier
// cause.
func (args *WatchArgs) uptimeAlert(checkID pulumi.StringInput) alert {
	return alert{
		key: "uptime", severity: critical, title: "cannot be reached",
		meaning: fmt.Sprintf("The uptime check of %s fails from more than one place.", args.Uptime.Path),
		conditions: threshold("failing places", &monitoring.AlertPolicyConditionConditionThresholdArgs{
			Filter: pulumi.Sprintf(`metric.type="monitoring.googleapis.com/uptime_check/check_passed" AND resource.type="uptime_url" AND metric.labels.check_id="%s"`, checkID),
			Aggregations: monitoring.AlertPolicyConditionConditionThresholdAggregationArray{
				&monitoring.AlertPolicyConditionConditionThresholdAggregationArgs{
					// The window is 20 minutes, so that a check every 15 minutes has a result in every window.
					AlignmentPeriod: pulumi.String("1200s"), PerSeriesAligner: pulumi.String("ALIGN_NEXT_OLDER"),
					CrossSeriesReducer: pulumi.String("REDUCE_COUNT_FALSE"), GroupByFields: pulumi.ToStringArray([]string{"resource.label.host"}),
				},
			},
			ThresholdValue: pulumi.Float64(1), Duration: pulumi.String("60s"),
		}),
	}
}

// subject names the thing that an alert is about, and the people to tell.
type subject struct {
	project     pulumi.StringInput
	environment string
	name        pulumi.StringInput
	channels    pulumi.StringArrayInput
	runbook     string
	labels      pulumi.StringMapInput
}

func (args *WatchArgs) subject() subject {
	return subject{project: args.Project, environment: args.Environment, name: args.ServiceName, channels: args.Channels,
		runbook: args.RunbookURL, labels: args.Labels}
}

// policy makes the alert.
func (alert alert) policy(ctx *pulumi.Context, name string, of subject, parent pulumi.Resource) error {
	title := pulumi.Sprintf("%s: %s %s", of.environment, of.name, alert.title)
	_, err := monitoring.NewAlertPolicy(ctx, name+"-alert-"+alert.key, &monitoring.AlertPolicyArgs{
		Project:     of.project,
		DisplayName: title,
		Severity:    pulumi.String(alert.severity),
		Combiner:    pulumi.String("AND"),
		Enabled:     pulumi.Bool(true),
		Conditions:  alert.conditions,
		Documentation: &monitoring.AlertPolicyDocumentationArgs{
			Subject:  title,
			Content:  pulumi.String(fmt.Sprintf("%s\n\n[What to do](%s#%s)", alert.meaning, of.runbook, alert.key)),
			MimeType: pulumi.String("text/markdown"),
		},
		// If no more data comes, an incident closes by itself after this time, the shortest that the API accepts.
		AlertStrategy:        &monitoring.AlertPolicyAlertStrategyArgs{AutoClose: pulumi.String("1800s")},
		NotificationChannels: of.channels,
		UserLabels:           of.labels,
	}, pulumiopt.Child(parent)...)
	return err
}

// burn returns a condition that holds while an objective's error budget is spent faster than rate times the pace at
// which it would last for its whole window.
func burn(objective pulumi.StringInput, title, window string, rate float64) *monitoring.AlertPolicyConditionArgs {
	return threshold(fmt.Sprintf("burn rate over %s", title), &monitoring.AlertPolicyConditionConditionThresholdArgs{
		Filter:         pulumi.Sprintf(`select_slo_burn_rate("%s", "%s")`, objective, window),
		ThresholdValue: pulumi.Float64(rate), Duration: pulumi.String("0s"),
	})[0].(*monitoring.AlertPolicyConditionArgs)
}

func threshold(title string, condition *monitoring.AlertPolicyConditionConditionThresholdArgs) monitoring.AlertPolicyConditionArray {
	condition.Comparison = pulumi.String("COMPARISON_GT")
	return monitoring.AlertPolicyConditionArray{&monitoring.AlertPolicyConditionArgs{DisplayName: pulumi.String(title),
		ConditionThreshold: condition}}
}

// resource selects the service's revisions.
func (args *WatchArgs) resource() pulumi.StringOutput {
	return pulumi.Sprintf(`resource.type="cloud_run_revision" AND resource.labels.service_name="%s" AND resource.labels.location="%s"`,
		args.ServiceName, args.Location)
}

// requests selects the service's request counts.
func (args *WatchArgs) requests() pulumi.StringOutput {
	return pulumi.Sprintf(`metric.type="run.googleapis.com/request_count" AND %s`, args.resource())
}
