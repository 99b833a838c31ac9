package monitoring_test

import (
	"fmt"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"testing"

	"github.com/stretchr/testify/assert"
)

const p = "/projects/" + cloudtest.Project

func TestComputedFields(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	channel := w.OK("POST", "/mon/v3"+p+"/notificationChannels",
		`{"type":"email","displayName":"Mail","labels":{"email_address":"a@example.com"}}`)
	assert.Equal(t, true, channel["enabled"])
	policy := w.OK("POST", "/mon/v3"+p+"/alertPolicies", `{"displayName":"a","combiner":"OR","notificationChannels":["`+
		channel["name"].(string)+`"],
		"conditions":[{"displayName":"c","conditionThreshold":{"filter":"metric.type=\"x\" resource.type=\"y\"","comparison":"COMPARISON_GT","duration":"60s","thresholdValue":1}}]}`)
	assert.Regexp(t, "^"+policy["name"].(string)+"/conditions/[0-9]+$", cloudtest.Dig(policy, "conditions", 0, "name"))
	assert.Contains(t, w.Refused("DELETE", "/mon/v3/"+channel["name"].(string), ""), "it is used by the alert policy")
	w.OK("DELETE", "/mon/v3/"+channel["name"].(string)+"?force=true", "")
	assert.Nil(t, w.OK("GET", "/mon/v3/"+policy["name"].(string), "")["notificationChannels"])
	uptime := w.OK("POST", "/mon/v3"+p+"/uptimeCheckConfigs",
		`{"displayName":"Web is up","timeout":"10s","httpCheck":{"useSsl":true},"monitoredResource":{"type":"uptime_url","labels":{"host":"x.example"}}}`)
	assert.Regexp(t, "^projects/procureflow-dev/uptimeCheckConfigs/web-is-up-[a-z]{11}$", uptime["name"])
	assert.InDelta(t, 443, cloudtest.Dig(uptime, "httpCheck", "port"), 0)
	w.OK("POST", "/mon/v3"+p+"/services?serviceId=web", `{"custom":{}}`)
	objective := w.OK("POST", "/mon/v3"+p+"/services/web/serviceLevelObjectives?serviceLevelObjectiveId=availability",
		`{"goal":0.995,"rollingPeriod":"2419200s","serviceLevelIndicator":{"basicSli":{"availability":{}}}}`)
	assert.Equal(t, "projects/123456789012/services/web/serviceLevelObjectives/availability", objective["name"])
	dashboard := w.OK("POST", "/mon/v1"+p+"/dashboards",
		`{"displayName":"d","mosaicLayout":{"columns":48,"tiles":[{"xPos":0,"width":24,"height":16,"widget":{"title":"t","text":{"content":"x"}}}]}}`)
	assert.Equal(t, dashboard, w.OK("GET", "/mon/v1/"+dashboard["name"].(string), ""))
}

// TestChannelsKeepTheirSecrets checks that the API stores the secret of a channel and never returns it.
func TestChannelsKeepTheirSecrets(t *testing.T) {
	t.Parallel()
	w := start(t)
	const channels, secret = "/mon/v3/projects/" + project + "/notificationChannels", "hunter2"
	for kind, labels := range map[string]string{
		"slack":             `{"channel_name":"#a","auth_token":"hunter2"}`,
		"pagerduty":         `{"service_key":"hunter2"}`,
		"webhook_basicauth": `{"url":"https://example.com/","username":"u","password":"hunter2"}`,
	} {
		made := w.OK("POST", channels, `{"type":"`+kind+`","displayName":"`+kind+`","labels":`+labels+`}`)
		for _, answer := range []any{made, w.OK("GET", "/mon/v3/"+made["name"].(string), ""), w.OK("GET", channels, ""),
			w.OK("PATCH", "/mon/v3/"+made["name"].(string)+"?updateMask=displayName", `{"displayName":"x"}`)} {
			assert.NotContains(t, fmt.Sprint(answer), secret, kind)
			assert.Contains(t, fmt.Sprint(answer), "************", kind)
		}
	}
	assert.Contains(t, w.Refused("POST", channels, `{"type":"slack","labels":{"channel_name":"#a"}}`),
		`notification_channel.labels["auth_token"]`)
}
