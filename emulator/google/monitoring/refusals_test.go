package monitoring_test

import (
	"testing"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// TestRefusals checks what Cloud Monitoring refuses, with the exact status and message.
func TestRefusals(t *testing.T) {
	t.Parallel()
	cloudtest.Refusals(t, []cloudtest.Refusal{
		{"uptime period", "POST", "/mon/v3/projects/procureflow-dev/uptimeCheckConfigs",
			`{"displayName":"u","period":"61s","timeout":"10s","httpCheck":{}}`,
			"Bad Request INVALID_ARGUMENT: Field uptime_check_config.period had an invalid value of \"61s\": it must be one of 60s, " +
				"300s, 600s and 900s."},
		{"uptime timeout", "POST", "/mon/v3/projects/procureflow-dev/uptimeCheckConfigs", `{"displayName":"u","timeout":"61s","httpCheck":{}}`,
			"Bad Request INVALID_ARGUMENT: Field uptime_check_config.timeout had an invalid value of \"61s\": it must be between 1s and 60s."},
		{"uptime host", "POST", "/mon/v3/projects/procureflow-dev/uptimeCheckConfigs",
			`{"displayName":"u","timeout":"10s","httpCheck":{},"monitoredResource":{"type":"uptime_url","labels":{"host":"https://x.example"}}}`,
			"Bad Request INVALID_ARGUMENT: Field uptime_check_config.monitored_resource.labels[\"host\"] had an invalid value of " +
				"\"https://x.example\": it must be a host name without scheme, port and path."},
		{"alert without conditions", "POST", "/mon/v3/projects/procureflow-dev/alertPolicies", `{"displayName":"a","combiner":"OR"}`,
			"Bad Request INVALID_ARGUMENT: Field alert_policy.conditions must have 1 to 6 conditions."},
		{"alert channel", "POST", "/mon/v3/projects/procureflow-dev/alertPolicies",
			`{"displayName":"a","combiner":"OR","notificationChannels":["projects/procureflow-dev/notificationChannels/1"],"conditions":[{"displayName":"c","conditionThreshold":{"filter":"metric.type=\"x\" resource.type=\"y\"","comparison":"COMPARISON_GT","duration":"0s"}}]}`,
			"Bad Request INVALID_ARGUMENT: Field alert_policy.notification_channels had an invalid value of " +
				"\"projects/procureflow-dev/notificationChannels/1\": Cannot find notification channel."},
		{"alert duration", "POST", "/mon/v3/projects/procureflow-dev/alertPolicies",
			`{"displayName":"a","combiner":"OR","conditions":[{"displayName":"c","conditionThreshold":{"filter":"metric.type=\"x\" resource.type=\"y\"","comparison":"COMPARISON_GT","duration":"90s"}}]}`,
			"Bad Request INVALID_ARGUMENT: Field alert_policy.conditions[0].condition_threshold.duration had an invalid value of " +
				"\"90s\": it must be a multiple of 60 seconds."},
		{"an absence of over a day", "POST", "/mon/v3/projects/procureflow-dev/alertPolicies",
			`{"displayName":"a","combiner":"OR","conditions":[{"displayName":"c","conditionAbsent":{"filter":"metric.type=\"x\" resource.type=\"y\"","duration":"86400s"}}]}`,
			"Bad Request INVALID_ARGUMENT: Field alert_policy.conditions[0].condition_absent.duration had an invalid value of " +
				"\"86400s\": it must be a multiple of 60 seconds, at least 120s and at most 84600s."},
		{"an alignment of two days", "POST", "/mon/v3/projects/procureflow-dev/alertPolicies",
			`{"displayName":"a","combiner":"OR","conditions":[{"displayName":"c","conditionThreshold":{"filter":"metric.type=\"x\" resource.type=\"y\"","comparison":"COMPARISON_LT","duration":"0s","aggregations":[{"alignmentPeriod":"172800s","perSeriesAligner":"ALIGN_DELTA"}]}}]}`,
			"Bad Request INVALID_ARGUMENT: Field alert_policy.conditions[0].condition_threshold.aggregations[0].alignment_period had an " +
				"invalid value of \"172800s\": it must be at most 90000 seconds in an alerting policy."},
		{"no query", "POST", "/mon/v3/projects/procureflow-dev/alertPolicies",
			`{"displayName":"a","combiner":"OR","conditions":[{"displayName":"c","conditionPrometheusQueryLanguage":{}}]}`,
			"Bad Request INVALID_ARGUMENT: Field alert_policy.conditions[0].condition_prometheus_query_language.query is required."},
		{"an evaluation each 45 seconds", "POST", "/mon/v3/projects/procureflow-dev/alertPolicies",
			`{"displayName":"a","combiner":"OR","conditions":[{"displayName":"c","conditionPrometheusQueryLanguage":{"query":"up < 1","evaluationInterval":"45s"}}]}`,
			"Bad Request INVALID_ARGUMENT: Field alert_policy.conditions[0].condition_prometheus_query_language.evaluation_interval had an " +
				"invalid value of \"45s\": it must be a positive multiple of 30 seconds."},
		{"channel type", "POST", "/mon/v3/projects/procureflow-dev/notificationChannels", `{"type":"pigeon"}`,
			"Bad Request INVALID_ARGUMENT: Field notification_channel.type had an invalid value of \"pigeon\": no such channel type."},
		{"channel address", "POST", "/mon/v3/projects/procureflow-dev/notificationChannels",
			`{"type":"email","labels":{"email_address":"nobody"}}`,
			"Bad Request INVALID_ARGUMENT: Field notification_channel.labels[\"email_address\"] had an invalid value of \"nobody\"."},
		{"objective goal", "POST", "/mon/v3/projects/procureflow-dev/services/web/serviceLevelObjectives",
			`{"goal":0.99999,"rollingPeriod":"86400s","serviceLevelIndicator":{"basicSli":{}}}`,
			"Bad Request INVALID_ARGUMENT: Field service_level_objective.goal had an invalid value of 0.99999: it must be greater than " +
				"0 and at most 0.9999."},
		{"objective period", "POST", "/mon/v3/projects/procureflow-dev/services/web/serviceLevelObjectives",
			`{"goal":0.99,"rollingPeriod":"90000s","serviceLevelIndicator":{"basicSli":{}}}`,
			"Bad Request INVALID_ARGUMENT: Field service_level_objective.rolling_period had an invalid value of \"90000s\": it must be " +
				"a whole number of days, 1 to 30."},
		{"objective without service", "POST", "/mon/v3/projects/procureflow-dev/services/none/serviceLevelObjectives", `{"goal":0.99}`,
			"Not Found NOT_FOUND: Requested entity was not found."},
		{"dashboard layout", "POST", "/mon/v1/projects/procureflow-dev/dashboards", `{"displayName":"d"}`,
			"Bad Request INVALID_ARGUMENT: A dashboard must have exactly one layout."},
	})
}
