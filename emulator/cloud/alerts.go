package cloud

import (
	"slices"
	"strings"
)

const caller = "sandbox@example.com"

func alertKinds() []*kind {
	channel := &kind{
		prefix: "mon/v3", host: monitoringHost, pattern: "projects/*/notificationChannels", message: "mon:NotificationChannel",
		body: "notification_channel", listField: "notificationChannels",
		newID: func(c *change) string { return c.cloud.digits(19) }, id: digitsID, idFix: "Invalid notification channel id %q.",
		mask: maskReplaces, prepare: prepareChannel, remove: refuseUsedChannel,
	}
	policy := &kind{
		prefix: "mon/v3", host: monitoringHost, pattern: "projects/*/alertPolicies", message: "mon:AlertPolicy", body: "alert_policy",
		listField: "alertPolicies",
		newID:     func(c *change) string { return c.cloud.digits(19) }, id: digitsID, idFix: "Invalid alert policy id %q.",
		mask: maskReplaces, prepare: prepareAlert,
	}
	return []*kind{channel, policy}
}

// channelLabels are the labels that the channel types want.
var channelLabels = map[string]string{"email": "email_address", "slack": "channel_name", "pagerduty": "service_key",
	"webhook_tokenauth": "url", "pubsub": "topic", "sms": "number", "webhook_basicauth": "url", "google_chat": "space"}

func prepareChannel(c *change) error {
	kind := text(c.new, "type")
	label, known := channelLabels[kind]
	if !known {
		return invalid("Field notification_channel.type had an invalid value of %q: no such channel type.", kind)
	}
	value := text(c.new, "labels", label)
	if value == "" || kind == "email" && !emailForm.MatchString(value) {
		return invalid("Field notification_channel.labels[%q] had an invalid value of %q.", label, value)
	}
	setDefault(c.new, "enabled", true)
	record := map[string]any{"mutateTime": timestamp(c.now), "mutatedBy": caller}
	if c.old == nil {
		c.new["creationRecord"] = record
	}
	c.new["mutationRecords"] = []any{record}
	return nil
}

func refuseUsedChannel(c *change) (map[string]any, error) {
	policies := name{kind: kindOf(monitoringHost, "projects/*/alertPolicies"), project: c.name.project,
		segments: []string{"projects", c.name.project.id, "alertPolicies"}}
	for _, n := range c.children(policies) {
		policy := c.get(n)
		channels := list(policy, "notificationChannels")
		if !slices.Contains(channels, any(c.name.shown())) {
			continue
		}
		if c.query.Get("force") != "true" {
			return nil, precondition("Failed to delete the notification channel %s: it is used by the alert policy %s. Remove it there "+
				"first, or delete with force.", c.name.shown(), n.shown())
		}
		delete(policy, "notificationChannels")
		if rest := slices.DeleteFunc(channels, func(v any) bool { return v == c.name.shown() }); len(rest) > 0 {
			policy["notificationChannels"] = rest
		}
		if err := c.tx.Put(n.key(), policy); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// checkChannels refuses channels that do not exist.
func (q *request) checkChannels(field string, channels []string) error {
	for _, channel := range channels {
		segments, _, ok := splitPath(channel)
		if ok && len(segments) == 4 && segments[0] == "projects" && segments[2] == "notificationChannels" {
			if p, found := findProject(q.tx, segments[1]); found {
				segments[1] = p.id
				if q.tx.Has("//" + monitoringHost + "/" + strings.Join(segments, "/")) {
					continue
				}
			}
		}
		return invalid("Field %s had an invalid value of %q: Cannot find notification channel.", field, channel)
	}
	return nil
}

func prepareAlert(c *change) error {
	if text(c.new, "displayName") == "" {
		return invalid("Field alert_policy.display_name is required.")
	}
	if text(c.new, "combiner") == "" {
		return invalid("Field alert_policy.combiner is required.")
	}
	conditions := list(c.new, "conditions")
	if len(conditions) == 0 || len(conditions) > 6 {
		return invalid("Field alert_policy.conditions must have 1 to 6 conditions.")
	}
	for i, item := range conditions {
		condition := item.(map[string]any)
		if err := checkAlertCondition(i, condition); err != nil {
			return err
		}
		condition["name"] = c.conditionName(text(condition, "displayName"))
	}
	if err := c.checkChannels("alert_policy.notification_channels", stringsOf(list(c.new, "notificationChannels"))); err != nil {
		return err
	}
	setDefault(c.new, "enabled", true)
	if documentation := object(c.new, "documentation"); documentation != nil {
		setDefault(documentation, "mimeType", "text/markdown")
	}
	record := map[string]any{"mutateTime": timestamp(c.now), "mutatedBy": caller}
	if c.old == nil {
		c.new["creationRecord"] = record
	}
	c.new["mutationRecord"] = record
	return nil
}

// conditionName keeps the name of a condition that was there under that display name.
func (c *change) conditionName(display string) string {
	for _, item := range list(c.old, "conditions") {
		if old := item.(map[string]any); text(old, "displayName") == display {
			return text(old, "name")
		}
	}
	return c.name.shown() + "/conditions/" + c.cloud.digits(19)
}

func checkAlertCondition(i int, condition map[string]any) error {
	if text(condition, "displayName") == "" {
		return invalid("Field alert_policy.conditions[%d].display_name is required.", i)
	}
	kinds := 0
	for field := range condition {
		if strings.HasPrefix(field, "condition") {
			kinds++
		}
	}
	if kinds != 1 {
		return invalid("Field alert_policy.conditions[%d] must set exactly one condition.", i)
	}
	threshold := object(condition, "conditionThreshold")
	if threshold == nil {
		return nil
	}
	field := func(name string) string {
		return "alert_policy.conditions[" + string(rune('0'+i)) + "].condition_threshold." + name
	}
	filter := text(threshold, "filter")
	switch {
	case filter == "":
		return invalid("Field %s is required.", field("filter"))
	case !strings.Contains(filter, "metric.type") && !strings.Contains(filter, "select_slo_") && !strings.Contains(filter, "metric.labels"):
		return invalid("Field %s had an invalid value of %q: must specify a restriction on \"metric.type\" in the filter.",
			field("filter"), filter)
	case strings.Contains(filter, "metric.type") && !strings.Contains(filter, "resource.type"):
		return invalid("Field %s had an invalid value of %q: must specify a restriction on \"resource.type\" in the filter.",
			field("filter"), filter)
	case !slices.Contains([]string{"COMPARISON_GT", "COMPARISON_LT"}, text(threshold, "comparison")):
		return invalid("Field %s had an invalid value: only COMPARISON_GT and COMPARISON_LT are supported.", field("comparison"))
	}
	if d := seconds(text(threshold, "duration")); d < 0 || d != float64(int(d/60)*60) {
		return invalid("Field %s had an invalid value of %q: it must be a multiple of 60 seconds.", field("duration"),
			text(threshold, "duration"))
	}
	return nil
}
