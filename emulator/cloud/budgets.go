package cloud

import (
	"regexp"
	"strings"
)

const budgetMessage = "budgets:GoogleCloudBillingBudgetsV1Budget"

func budgetKinds() []*kind {
	return []*kind{{
		prefix: "budgets/v1", host: "billingbudgets.googleapis.com", pattern: "billingAccounts/*/budgets", message: budgetMessage,
		body: "budget", listField: "budgets",
		newID: func(c *change) string { return c.cloud.uuid() }, id: regexp.MustCompile(`^[0-9a-f-]{36}$`), idFix: "Invalid budget id %q.",
		mask: maskMerges, etag: "etag", prepare: prepareBudget,
	}}
}

func prepareBudget(c *change) error {
	if len([]rune(text(c.new, "displayName"))) > 60 {
		return invalid("Budget display name must be at most 60 characters.")
	}
	amount := object(c.new, "amount")
	money := object(amount, "specifiedAmount")
	if (money == nil) == (amount["lastPeriodAmount"] == nil) {
		return invalid("Budget amount must set exactly one of specified_amount and last_period_amount.")
	}
	if money != nil {
		currency := text(c.tx.Get("//cloudbilling.googleapis.com/billingAccounts/"+c.name.segments[1]), "currencyCode")
		setDefault(money, "currencyCode", currency)
		if text(money, "currencyCode") != currency {
			return invalid("Budget currency %s does not match the billing account's currency %s.", text(money, "currencyCode"), currency)
		}
		if strings.HasPrefix(text(money, "units"), "-") {
			return invalid("Budget amount must not be negative.")
		}
	}
	for _, rule := range list(c.new, "thresholdRules") {
		rule := rule.(map[string]any)
		if number(rule, "thresholdPercent") < 0 {
			return invalid("Threshold percent must not be negative.")
		}
		setDefault(rule, "spendBasis", "CURRENT_SPEND")
	}
	filter := ensure(c.new, "budgetFilter")
	setDefault(filter, "creditTypesTreatment", "INCLUDE_ALL_CREDITS")
	if filter["customPeriod"] == nil {
		setDefault(filter, "calendarPeriod", "MONTH")
	}
	projects := list(filter, "projects")
	for i, item := range projects {
		id, _ := item.(string)
		p, found := findProject(c.tx, strings.TrimPrefix(id, "projects/"))
		if !found || !strings.HasPrefix(id, "projects/") {
			return invalid("Budget filter names the project %q, which does not exist; write projects/NUMBER.", id)
		}
		projects[i] = "projects/" + p.number
	}
	channels := stringsOf(list(c.new, "notificationsRule", "monitoringNotificationChannels"))
	if len(channels) > 5 {
		return invalid("A budget notifies at most 5 Monitoring notification channels.")
	}
	return c.checkChannels("notifications_rule.monitoring_notification_channels", channels)
}
