package monitoring_test

import (
	"os"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/monitoring"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	uptimeType  = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"
	policyType  = "gcp:monitoring/alertPolicy:AlertPolicy"
	serviceType = "gcp:monitoring/genericService:GenericService"
	sloType     = "gcp:monitoring/slo:Slo"

	resourceFilter = `resource.type="cloud_run_revision" AND resource.labels.service_name="procureflow-web" AND resource.labels.location="us-central1"`
	requestFilter  = `metric.type="run.googleapis.com/request_count" AND ` + resourceFilter
)

// watchArgs returns valid arguments after change has edited them. change may be nil.
func watchArgs(change func(*monitoring.WatchArgs)) *monitoring.WatchArgs {
	args := &monitoring.WatchArgs{
		Project: pulumi.String("procureflow-prod"), Location: pulumi.String("us-central1"), Environment: "prod",
		ServiceName:         pulumi.String("procureflow-web"),
		Channels:            pulumi.ToStringArray([]string{"projects/procureflow-prod/notificationChannels/1"}),
		RunbookURL:          "https://example.com/runbooks",
		Uptime:              &monitoring.Uptime{Host: pulumi.String("procureflow-web-1.us-central1.run.app"), Path: "/api/health"},
		AvailabilityPercent: 99.5,
		Labels:              pulumi.StringMap{"app": pulumi.String("procureflow")},
	}
	if change != nil {
		change(args)
	}
	return args
}

func watch(t *testing.T, args *monitoring.WatchArgs) *pulumitest.Inventory {
	t.Helper()
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := monitoring.NewWatch(ctx, "web", args)
		return err
	}, pulumitest.WithOutputs(uptimeType, func(pulumitest.Resource) map[string]any { return map[string]any{"uptimeCheckId": "check-1"} }),
		pulumitest.WithOutputs(sloType, func(pulumitest.Resource) map[string]any {
			return map[string]any{"name": "projects/1/services/procureflow-web/serviceLevelObjectives/availability"}
		}))
	pulumitest.CheckParents(t, inventory)
	return inventory
}

func TestTheUptimeCheckAsksTheHostOverTLS(t *testing.T) {
	t.Parallel()
	check := watch(t, watchArgs(nil)).One(t, uptimeType, "web-uptime")
	assert.Equal(t, map[string]any{
		"project": "procureflow-prod", "displayName": "prod: procureflow-web", "period": "60s", "timeout": "10s",
		"monitoredResource": map[string]any{"type": "uptime_url", "labels": map[string]any{
			"project_id": "procureflow-prod", "host": "procureflow-web-1.us-central1.run.app",
		}},
		"httpCheck":  map[string]any{"requestMethod": "GET", "path": "/api/health", "port": 443.0, "useSsl": true, "validateSsl": true},
		"userLabels": map[string]any{"app": "procureflow"},
	}, check.Inputs)
}

func TestWithoutUptimeThereIsNoUptimeCheck(t *testing.T) {
	t.Parallel()
	inventory := watch(t, watchArgs(func(a *monitoring.WatchArgs) { a.Uptime = nil }))
	assert.Empty(t, inventory.OfType(uptimeType))
	assert.Equal(t, []string{"web-alert-fast-burn", "web-alert-latency", "web-alert-refused", "web-alert-slow-burn"},
		inventory.Names(policyType))
}

func TestAvailabilityObjective(t *testing.T) {
	t.Parallel()
	inventory := watch(t, watchArgs(nil))
	assert.Equal(t, map[string]any{
		"project": "procureflow-prod", "serviceId": "procureflow-web", "displayName": "prod: procureflow-web",
		"basicService": map[string]any{"serviceType": "CLOUD_RUN", "serviceLabels": map[string]any{"service_name": "procureflow-web",
			"location": "us-central1"}},
		"userLabels": map[string]any{"app": "procureflow"},
	}, inventory.One(t, serviceType, "web-service").Inputs)
	assert.Equal(t, map[string]any{
		"project": "procureflow-prod", "service": "procureflow-web", "sloId": "availability",
		"displayName": "99.5 % of requests are answered without 5xx in 28 days", "goal": 0.995, "rollingPeriodDays": 28.0,
		"requestBasedSli": map[string]any{"goodTotalRatio": map[string]any{
			"badServiceFilter": requestFilter + ` AND metric.labels.response_code_class="5xx"`, "totalServiceFilter": requestFilter,
		}},
		"userLabels": map[string]any{"app": "procureflow"},
	}, inventory.One(t, sloType, "web-availability").Inputs)
}

func TestGoalsAreExactShares(t *testing.T) {
	t.Parallel()
	for percent, want := range map[float64]float64{99: 0.99, 99.5: 0.995, 99.9: 0.999, 90: 0.9, 12.34: 0.1234} {
		inventory := watch(t, watchArgs(func(a *monitoring.WatchArgs) { a.AvailabilityPercent, a.WindowDays = percent, 7 }))
		inputs := inventory.One(t, sloType, "web-availability").Inputs
		assert.Equal(t, want, inputs["goal"])
		assert.Equal(t, 7.0, inputs["rollingPeriodDays"])
	}
}

// condition returns one condition of an alert policy as the component writes it.
func condition(title, filter string, value float64, duration string, aggregation map[string]any) map[string]any {
	threshold := map[string]any{"filter": filter, "comparison": "COMPARISON_GT", "thresholdValue": value, "duration": duration}
	if aggregation != nil {
		threshold["aggregations"] = []any{aggregation}
	}
	return map[string]any{"displayName": title, "conditionThreshold": threshold}
}

func aggregation(period, aligner, reducer, by string) map[string]any {
	return map[string]any{"alignmentPeriod": period, "perSeriesAligner": aligner, "crossSeriesReducer": reducer, "groupByFields": []any{by}}
}

func TestAlertPolicies(t *testing.T) {
	t.Parallel()
	inventory := watch(t, watchArgs(nil))
	burn := func(window string) string {
		return `select_slo_burn_rate("projects/1/services/procureflow-web/serviceLevelObjectives/availability", "` + window + `")`
	}
	tests := map[string]struct {
		severity, title, meaning string
		conditions               []any
	}{
		"uptime": {"CRITICAL", "cannot be reached", "The uptime check of /api/health fails from more than one place.", []any{
			condition("failing places",
				`metric.type="monitoring.googleapis.com/uptime_check/check_passed" AND resource.type="uptime_url" AND metric.labels.check_id="check-1"`,
				1, "60s", aggregation("1200s", "ALIGN_NEXT_OLDER", "REDUCE_COUNT_FALSE", "resource.label.host")),
		}},
		"fast-burn": {"CRITICAL", "errors use up the budget fast",
			"Requests failed with 5xx at over 14.4 times the rate that the objective of 99.5 % allows, over the last hour and over the last " +
				"5 minutes. If a release is running, it rolls itself back. Otherwise look at what changed last.", []any{
				condition("burn rate over 1 hour", burn("3600s"), 14.4, "0s", nil), condition("burn rate over 5 minutes", burn("300s"),
					14.4, "0s", nil),
			}},
		"slow-burn": {"WARNING", "errors use up the budget",
			"Requests failed with 5xx at over 6 times the rate that the objective of 99.5 % allows, over the last 6 hours and over the last " +
				"30 minutes.", []any{
				condition("burn rate over 6 hours", burn("21600s"), 6, "0s", nil), condition("burn rate over 30 minutes", burn("1800s"), 6, "0s", nil),
			}},
		"latency": {"WARNING", "slow", "For 15 minutes one request in twenty took longer than 5000 ms.", []any{
			condition("95th percentile of latency", `metric.type="run.googleapis.com/request_latencies" AND `+resourceFilter,
				5000, "900s", aggregation("300s", "ALIGN_DELTA", "REDUCE_PERCENTILE_95", "resource.label.service_name")),
		}},
		"refused": {"WARNING", "refuses requests, every instance is busy",
			"Over 5 requests in 5 minutes were answered with 429: the service runs its maximum of instances. " +
				"The objective does not count these answers, because they are not 5xx.", []any{
				condition("requests answered with 429", requestFilter+` AND metric.labels.response_code="429"`,
					5, "0s", aggregation("300s", "ALIGN_DELTA", "REDUCE_SUM", "resource.label.service_name")),
			}},
	}
	assert.Len(t, inventory.OfType(policyType), len(tests))
	for key, test := range tests {
		policy := inventory.One(t, policyType, "web-alert-"+key)
		title := "prod: procureflow-web " + test.title
		assert.Equal(t, map[string]any{
			"project": "procureflow-prod", "displayName": title, "severity": test.severity, "combiner": "AND", "enabled": true,
			"conditions": test.conditions,
			"documentation": map[string]any{
				"subject": title, "content": test.meaning + "\n\n[What to do](https://example.com/runbooks#" + key + ")", "mimeType": "text/markdown",
			},
			"alertStrategy":        map[string]any{"autoClose": "1800s"},
			"notificationChannels": []any{"projects/procureflow-prod/notificationChannels/1"},
			"userLabels":           map[string]any{"app": "procureflow"},
		}, policy.Inputs, key)
	}
}

func TestBadWatchesRegisterNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args *monitoring.WatchArgs
		want []string
	}{
		"nil": {nil, []string{`watch "web": args is nil`}},
		"everything missing": {&monitoring.WatchArgs{}, []string{
			"args.Project is missing", "args.Location is missing", "args.Environment is missing", "args.ServiceName is missing",
			"args.Channels is missing",
			"args.RunbookURL is not a page to link to", "args.AvailabilityPercent is 0: use over 0 and at most 99.9",
		}},
		"an open runbook": {watchArgs(func(a *monitoring.WatchArgs) { a.RunbookURL = "http://example.com" }),
			[]string{"args.RunbookURL is not a page"}},
		"a runbook's section": {watchArgs(func(a *monitoring.WatchArgs) { a.RunbookURL += "#x" }), []string{"args.RunbookURL is not a page"}},
		"too available": {watchArgs(func(a *monitoring.WatchArgs) { a.AvailabilityPercent = 99.95 }),
			[]string{"args.AvailabilityPercent is 99.95"}},
		"a long window": {watchArgs(func(a *monitoring.WatchArgs) { a.WindowDays = 31 }), []string{"args.WindowDays is 31: use 1-30"}},
		"a negative latency": {watchArgs(func(a *monitoring.WatchArgs) { a.LatencyMilliseconds = -1 }),
			[]string{"args.LatencyMilliseconds is -1"}},
		"an empty uptime": {watchArgs(func(a *monitoring.WatchArgs) { a.Uptime = &monitoring.Uptime{} }),
			[]string{"args.Uptime.Host is missing", `args.Uptime.Path "" is not a path`}},
		"an odd uptime period": {watchArgs(func(a *monitoring.WatchArgs) { a.Uptime.PeriodSeconds = 120 }),
			[]string{"args.Uptime.PeriodSeconds is 120: use 60, 300, 600 or 900"}},
		"a long uptime timeout": {watchArgs(func(a *monitoring.WatchArgs) { a.Uptime.TimeoutSeconds = 61 }),
			[]string{"args.Uptime.TimeoutSeconds is 61: use 1-60"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := monitoring.NewWatch(ctx, "web", test.args)
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

// TestLatencyObjective sets a latency objective. Its two burn-rate alerts replace the alert at a fixed limit.
func TestLatencyObjective(t *testing.T) {
	t.Parallel()
	inventory := watch(t, watchArgs(func(a *monitoring.WatchArgs) { a.Latency = &monitoring.Latency{Percent: 95, Milliseconds: 800} }))
	objective := inventory.One(t, sloType, "web-latency").Inputs
	assert.Equal(t, "95 % of requests are answered within 800 ms in 28 days", objective["displayName"])
	assert.Equal(t, 0.95, objective["goal"])
	assert.Equal(t, map[string]any{"distributionCut": map[string]any{
		"distributionFilter": `metric.type="run.googleapis.com/request_latencies" AND ` + resourceFilter, "range": map[string]any{"max": 800.0},
	}}, objective["requestBasedSli"])
	assert.Equal(t, []string{"web-alert-fast-burn", "web-alert-latency-fast-burn", "web-alert-latency-slow-burn", "web-alert-refused",
		"web-alert-slow-burn", "web-alert-uptime"}, inventory.Names(policyType))
	policy := inventory.One(t, policyType, "web-alert-latency-fast-burn").Inputs
	assert.Contains(t, policy["documentation"].(map[string]any)["content"], "https://example.com/runbooks#latency-fast-burn")
}

// TestAlertsLinkToRunbookSections checks that the runbook has the section that each alert links to.
func TestAlertsLinkToRunbookSections(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/runbooks/README.md")
	require.NoError(t, err)
	for _, change := range []func(*monitoring.WatchArgs){nil,
		func(a *monitoring.WatchArgs) { a.Latency = &monitoring.Latency{Percent: 95, Milliseconds: 800} }} {
		for _, name := range watch(t, watchArgs(change)).Names(policyType) {
			assert.Contains(t, string(page), "\n## "+strings.TrimPrefix(name, "web-alert-")+"\n")
		}
	}
}

func TestPrivateUptimeCheckSendsAToken(t *testing.T) {
	t.Parallel()
	inventory := watch(t, watchArgs(func(a *monitoring.WatchArgs) { a.Uptime.CallerOf = pulumi.String("42") }))
	check := inventory.One(t, uptimeType, "web-uptime").Inputs["httpCheck"].(map[string]any)
	assert.Equal(t, map[string]any{"type": "OIDC_TOKEN"}, check["serviceAgentAuthentication"])
	assert.Equal(t, map[string]any{
		"project": "procureflow-prod", "location": "us-central1", "name": "procureflow-web", "role": "roles/run.invoker",
		"member": "serviceAccount:service-42@gcp-sa-monitoring-notification.iam.gserviceaccount.com",
	}, inventory.One(t, "gcp:cloudrunv2/serviceIamMember:ServiceIamMember", "web-uptime-invoker").Inputs)
}
