// Package billingbudgets emulates Cloud Billing Budget: the budgets of billing accounts.
package billingbudgets

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Host is the API's name.
const Host = "billingbudgets.googleapis.com"

// Dependencies are the functions of other APIs that budgets need.
type Dependencies struct {
	// Currency returns the currency of a billing account.
	Currency func(q *rest.Request, account string) string
	// CheckChannels refuses notification channels that do not exist. field is the name of the field in the error.
	CheckChannels func(q *rest.Request, field string, channels []string) error
}

// API returns Cloud Billing Budget v1.
func (deps Dependencies) API() *rest.API {
	budget := &rest.Kind{
		Pattern: "billingAccounts/*/budgets", Message: "GoogleCloudBillingBudgetsV1Budget", Body: "budget",
		Read:    rest.Read{Items: "budgets"},
		Create:  &rest.Create{NewID: func(c *rest.Change) string { return c.IDs.UUID() }},
		Update:  &rest.Update{Mask: rest.MaskMerges},
		Delete:  &rest.Delete{},
		Stamps:  rest.Stamps{Etag: "etag"},
		Prepare: deps.prepareBudget,
	}
	return &rest.API{Prefix: "budgets/v1", Host: Host, Schema: "budgets", Kinds: []*rest.Kind{budget}}
}

func (deps Dependencies) prepareBudget(c *rest.Change) error {
	if len([]rune(doc.Text(c.New, "displayName"))) > 60 {
		return rest.Invalid("Budget display name must be at most 60 characters.")
	}
	amount := doc.Object(c.New, "amount")
	money := doc.Object(amount, "specifiedAmount")
	if (money == nil) == (amount["lastPeriodAmount"] == nil) {
		return rest.Invalid("Budget amount must set exactly one of specified_amount and last_period_amount.")
	}
	if money != nil {
		currency := deps.Currency(c.Request, c.Name.Segments[1])
		doc.Default(money, "currencyCode", currency)
		if doc.Text(money, "currencyCode") != currency {
			return rest.Invalid("Budget currency %s does not match the billing account's currency %s.", doc.Text(money, "currencyCode"), currency)
		}
		if strings.HasPrefix(doc.Text(money, "units"), "-") {
			return rest.Invalid("Budget amount must not be negative.")
		}
	}
	for _, rule := range doc.Objects(c.New, "thresholdRules") {
		if doc.Number(rule, "thresholdPercent") < 0 {
			return rest.Invalid("Threshold percent must not be negative.")
		}
		doc.Default(rule, "spendBasis", "CURRENT_SPEND")
	}
	filter := doc.Ensure(c.New, "budgetFilter")
	doc.Default(filter, "creditTypesTreatment", "INCLUDE_ALL_CREDITS")
	if filter["customPeriod"] == nil {
		doc.Default(filter, "calendarPeriod", "MONTH")
	}
	projects := doc.List(filter, "projects")
	for i, item := range projects {
		id, _ := item.(string)
		p, found := c.Project(strings.TrimPrefix(id, "projects/"))
		if !found || !strings.HasPrefix(id, "projects/") {
			return rest.Invalid("Budget filter names the project %q, which does not exist; write projects/NUMBER.", id)
		}
		projects[i] = "projects/" + p.Number
	}
	channels := doc.Texts(c.New, "notificationsRule", "monitoringNotificationChannels")
	if len(channels) > 5 {
		return rest.Invalid("A budget notifies at most 5 Monitoring notification channels.")
	}
	return deps.CheckChannels(c.Request, "notifications_rule.monitoring_notification_channels", channels)
}
