package monitoring

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

func channel() *rest.Kind {
	return &rest.Kind{
		Pattern: channels, Message: "NotificationChannel", Body: "notification_channel",
		Read:    rest.Read{Items: "notificationChannels"},
		Create:  &rest.Create{NewID: numericID},
		Update:  &rest.Update{Mask: rest.MaskReplaces},
		Delete:  &rest.Delete{Before: refuseUsedChannel},
		Prepare: prepareChannel,
	}
}

func alertPolicy() *rest.Kind {
	return &rest.Kind{
		Pattern: "projects/*/alertPolicies", Message: "AlertPolicy", Body: "alert_policy",
		Read:    rest.Read{Items: "alertPolicies"},
		Create:  &rest.Create{NewID: numericID},
		Update:  &rest.Update{Mask: rest.MaskReplaces},
		Delete:  &rest.Delete{},
		Prepare: prepareAlert,
	}
}

func numericID(c *rest.Change) string { return c.IDs.Digits(19) }

// channelLabels names the label that each type of channel requires.
var channelLabels = map[string]string{
	"email": "email_address", "slack": "channel_name", "pagerduty": "service_key", "webhook_tokenauth": "url", "pubsub": "topic",
	"sms":               "number",
	"webhook_basicauth": "url", "google_chat": "space",
}

func prepareChannel(c *rest.Change) error {
	kind := doc.Text(c.New, "type")
	label, known := channelLabels[kind]
	if !known {
		return rest.Invalid("Field notification_channel.type had an invalid value of %q: no such channel type.", kind)
	}
	value := doc.Text(c.New, "labels", label)
	if value == "" || kind == "email" && !rest.IsEmail(value) {
		return rest.Invalid("Field notification_channel.labels[%q] had an invalid value of %q.", label, value)
	}
	if err := hideSecrets(c, kind); err != nil {
		return err
	}
	doc.Default(c.New, "enabled", true)
	record := map[string]any{"mutateTime": rest.Timestamp(c.Now), "mutatedBy": rest.Caller}
	if c.Old == nil {
		c.New["creationRecord"] = record
	}
	c.New["mutationRecords"] = []any{record}
	return nil
}

// secretLabels names, for each type of channel, the label that the API never shows.
var secretLabels = map[string]string{"slack": "auth_token", "pagerduty": "service_key", "webhook_basicauth": "password"}

// hidden replaces secrets in answers.
const hidden = "************"

// hideSecrets replaces a secret label by asterisks before the channel is stored. The emulated channels notify nobody, so the
// secret itself is not needed. A secret that an update leaves out stays.
func hideSecrets(c *rest.Change, kind string) error {
	label := secretLabels[kind]
	if label == "" {
		return nil
	}
	labels := doc.Ensure(c.New, "labels")
	if doc.Text(labels, label) == "" && doc.Text(c.Old, "labels", label) == "" {
		return rest.Invalid("Field notification_channel.labels[%q] had an invalid value of %q.", label, "")
	}
	labels[label] = hidden
	return nil
}

// refuseUsedChannel refuses to delete a channel that an alert policy names. With force, it removes the channel from the policies.
func refuseUsedChannel(c *rest.Change) error {
	for _, n := range c.Children(c.Name.Sibling("alertPolicies")) {
		policy := c.Get(n)
		channels := doc.List(policy, "notificationChannels")
		if !slices.Contains(channels, any(c.Name.Shown())) {
			continue
		}
		if c.Query.Get("force") != "true" {
			return rest.Precondition("Failed to delete the notification channel %s: it is used by the alert policy %s. Remove it there "+
				"first, or delete with force.", c.Name.Shown(), n.Shown())
		}
		delete(policy, "notificationChannels")
		if others := slices.DeleteFunc(channels, func(v any) bool { return v == c.Name.Shown() }); len(others) > 0 {
			policy["notificationChannels"] = others
		}
		if err := c.Put(n, policy); err != nil {
			return err
		}
	}
	return nil
}

// CheckChannels refuses notification channels that do not exist. field is the name of the field in the error.
func CheckChannels(q *rest.Request, field string, names []string) error {
	for _, channel := range names {
		if _, document := q.Find(Host, channels, channel); document != nil {
			continue
		}
		return rest.Invalid("Field %s had an invalid value of %q: Cannot find notification channel.", field, channel)
	}
	return nil
}

func prepareAlert(c *rest.Change) error {
	if doc.Text(c.New, "displayName") == "" {
		return rest.Invalid("Field alert_policy.display_name is required.")
	}
	if doc.Text(c.New, "combiner") == "" {
		return rest.Invalid("Field alert_policy.combiner is required.")
	}
	conditions := doc.Objects(c.New, "conditions")
	if len(conditions) == 0 || len(conditions) > 6 {
		return rest.Invalid("Field alert_policy.conditions must have 1 to 6 conditions.")
	}
	for i, condition := range conditions {
		if err := checkAlertCondition(i, condition); err != nil {
			return err
		}
		condition["name"] = conditionName(c, doc.Text(condition, "displayName"))
	}
	if err := CheckChannels(c.Request, "alert_policy.notification_channels", doc.Texts(c.New, "notificationChannels")); err != nil {
		return err
	}
	doc.Default(c.New, "enabled", true)
	if documentation := doc.Object(c.New, "documentation"); documentation != nil {
		doc.Default(documentation, "mimeType", "text/markdown")
	}
	record := map[string]any{"mutateTime": rest.Timestamp(c.Now), "mutatedBy": rest.Caller}
	if c.Old == nil {
		c.New["creationRecord"] = record
	}
	c.New["mutationRecord"] = record
	return nil
}

// conditionName returns the name of the earlier condition with the same display name, or a new name if there was none.
func conditionName(c *rest.Change, display string) string {
	for _, old := range doc.Objects(c.Old, "conditions") {
		if doc.Text(old, "displayName") == display {
			return doc.Text(old, "name")
		}
	}
	return c.Name.Shown() + "/conditions/" + c.IDs.Digits(19)
}

func checkAlertCondition(i int, condition map[string]any) error {
	if doc.Text(condition, "displayName") == "" {
		return rest.Invalid("Field alert_policy.conditions[%d].display_name is required.", i)
	}
	kinds := 0
	for field := range condition {
		if strings.HasPrefix(field, "condition") {
			kinds++
		}
	}
	if kinds != 1 {
		return rest.Invalid("Field alert_policy.conditions[%d] must set exactly one condition.", i)
	}
	path := fmt.Sprintf("alert_policy.conditions[%d].", i)
	if absent := doc.Object(condition, "conditionAbsent"); absent != nil {
		return checkAbsence(path+"condition_absent.", absent)
	}
	if query := doc.Object(condition, "conditionPrometheusQueryLanguage"); query != nil {
		return checkPromQL(path+"condition_prometheus_query_language.", query)
	}
	if threshold := doc.Object(condition, "conditionThreshold"); threshold != nil {
		return checkThreshold(path+"condition_threshold.", threshold)
	}
	return nil
}

// Numbers of conditions. The descriptions of MetricAbsence.duration, Aggregation.alignmentPeriod and
// PrometheusQueryLanguageCondition.evaluationInterval give all but the longest absence, which is from the page on alerting's behaviour.
const (
	leastAbsence  = 120
	mostAbsence   = 23*3600 + 1800
	mostAlignment = 90000
	evaluations   = 30
)

func checkAbsence(path string, absent map[string]any) error {
	d := doc.Seconds(doc.Text(absent, "duration"))
	if d < leastAbsence || d > mostAbsence || d != float64(int(d/60)*60) {
		return rest.Invalid("Field %sduration had an invalid value of %q: it must be a multiple of 60 seconds, at least %ds and at most %ds.",
			path, doc.Text(absent, "duration"), leastAbsence, mostAbsence)
	}
	return checkAlignment(path, absent)
}

func checkPromQL(path string, query map[string]any) error {
	interval := doc.Text(query, "evaluationInterval")
	switch every := doc.Seconds(interval); {
	case strings.TrimSpace(doc.Text(query, "query")) == "":
		return rest.Invalid("Field %squery is required.", path)
	case interval != "" && (every < evaluations || every != float64(int(every/evaluations)*evaluations)):
		return rest.Invalid("Field %sevaluation_interval had an invalid value of %q: it must be a positive multiple of 30 seconds.", path,
			interval)
	case doc.Seconds(doc.Text(query, "duration")) < 0:
		return rest.Invalid("Field %sduration had an invalid value of %q: it must not be negative.", path, doc.Text(query, "duration"))
	}
	return nil
}

func checkAlignment(path string, condition map[string]any) error {
	for i, aggregation := range doc.Objects(condition, "aggregations") {
		if period := doc.Text(aggregation, "alignmentPeriod"); doc.Seconds(period) > mostAlignment {
			return rest.Invalid("Field %saggregations[%d].alignment_period had an invalid value of %q: it must be at most %d seconds in an "+
				"alerting policy.", path, i, period, mostAlignment)
		}
	}
	return nil
}

func checkThreshold(path string, threshold map[string]any) error {
	field := func(name string) string { return path + name }
	filter := doc.Text(threshold, "filter")
	switch {
	case filter == "":
		return rest.Invalid("Field %s is required.", field("filter"))
	case !strings.Contains(filter, "metric.type") && !strings.Contains(filter, "select_slo_") && !strings.Contains(filter, "metric.labels"):
		return rest.Invalid("Field %s had an invalid value of %q: must specify a restriction on \"metric.type\" in the filter.",
			field("filter"), filter)
	case strings.Contains(filter, "metric.type") && !strings.Contains(filter, "resource.type"):
		return rest.Invalid("Field %s had an invalid value of %q: must specify a restriction on \"resource.type\" in the filter.",
			field("filter"), filter)
	case !slices.Contains([]string{"COMPARISON_GT", "COMPARISON_LT"}, doc.Text(threshold, "comparison")):
		return rest.Invalid("Field %s had an invalid value: only COMPARISON_GT and COMPARISON_LT are supported.", field("comparison"))
	}
	if d := doc.Seconds(doc.Text(threshold, "duration")); d < 0 || d != float64(int(d/60)*60) {
		return rest.Invalid("Field %s had an invalid value of %q: it must be a multiple of 60 seconds.",
			field("duration"), doc.Text(threshold, "duration"))
	}
	return checkAlignment(path, threshold)
}
