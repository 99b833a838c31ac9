package budget

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/billing"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// TypeToken identifies the component in state. It never changes.
const TypeToken = "procureflow:budget:Budget"

const (
	currentSpend  = "CURRENT_SPEND"
	forecastSpend = "FORECASTED_SPEND"
)

// BudgetArgs describes a monthly budget of one project.
type BudgetArgs struct {
	// BillingAccount is the id of the account that pays, XXXXXX-XXXXXX-XXXXXX. Required. Changing it replaces the budget.
	BillingAccount pulumi.StringInput
	// ProjectNumber is the number of the project whose costs count. Required: without it the budget would cover
	// everything that the billing account pays for.
	ProjectNumber pulumi.StringInput
	// DisplayName is the budget's name in the console and in its mails, up to 60 characters. Required.
	DisplayName pulumi.StringInput
	// Amount is the limit in whole units of Currency per calendar month, at least 1. Required.
	Amount int
	// Currency is an ISO 4217 code, which has to be the billing account's. Required.
	Currency string
	// CurrentPercent are the shares of Amount, in percent and ascending, at which Google tells people how much was
	// spent. Required, at least one.
	CurrentPercent []int
	// ForecastPercent are the shares of Amount, in percent and ascending, at which Google tells people the forecast for
	// the month. Default: none.
	ForecastPercent []int
	// Channels are resource names of notification channels, at most five. Default: none. Google tells the billing
	// account's administrators and users in any case.
	Channels pulumi.StringArrayInput
}

// Budget is a monthly budget.
type Budget struct {
	pulumi.ResourceState

	// Name is the budget's resource name, billingAccounts/A/budgets/ID.
	Name pulumi.StringOutput
}

// NewBudget makes the budget. It fails before registering anything when an argument is missing or impossible, and then
// names every such argument.
func NewBudget(ctx *pulumi.Context, name string, args *BudgetArgs, opts ...pulumi.ResourceOption) (*Budget, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("budget %q: %w", name, err)
	}
	budget := &Budget{}
	if err := ctx.RegisterComponentResourceV2(TypeToken, name, args.inputs(), budget, opts...); err != nil {
		return nil, fmt.Errorf("register budget %q: %w", name, err)
	}
	limit, err := billing.NewBudget(ctx, name+"-budget", &billing.BudgetArgs{
		BillingAccount: args.BillingAccount,
		DisplayName:    args.DisplayName.ToStringOutput(),
		Amount: &billing.BudgetAmountArgs{SpecifiedAmount: &billing.BudgetAmountSpecifiedAmountArgs{
			Units: pulumi.String(strconv.Itoa(args.Amount)), CurrencyCode: pulumi.String(args.Currency),
		}},
		BudgetFilter: &billing.BudgetBudgetFilterArgs{
			Projects:       pulumi.StringArray{pulumi.Sprintf("projects/%s", args.ProjectNumber)},
			CalendarPeriod: pulumi.String("MONTH"),
			// Costs that credits pay for do not count as spent.
			CreditTypesTreatment: pulumi.String("INCLUDE_ALL_CREDITS"),
		},
		ThresholdRules: args.thresholds(),
		AllUpdatesRule: args.notifications(),
	}, pulumiopt.Child(budget)...)
	if err != nil {
		return nil, fmt.Errorf("budget %q: %w", name, err)
	}
	budget.Name = limit.Name
	if err := ctx.RegisterResourceOutputs(budget, pulumi.Map{"name": budget.Name}); err != nil {
		return nil, fmt.Errorf("budget %q: register outputs: %w", name, err)
	}
	return budget, nil
}

func (args *BudgetArgs) thresholds() billing.BudgetThresholdRuleArray {
	rules := billing.BudgetThresholdRuleArray{}
	for _, basis := range []struct {
		name     string
		percents []int
	}{{currentSpend, args.CurrentPercent}, {forecastSpend, args.ForecastPercent}} {
		for _, percent := range basis.percents {
			rules = append(rules, &billing.BudgetThresholdRuleArgs{
				ThresholdPercent: pulumi.Float64(float64(percent) / 100), SpendBasis: pulumi.String(basis.name),
			})
		}
	}
	return rules
}

// notifications adds the channels to the people whom Google tells anyway.
func (args *BudgetArgs) notifications() billing.BudgetAllUpdatesRulePtrInput {
	if args.Channels == nil {
		return nil
	}
	return &billing.BudgetAllUpdatesRuleArgs{
		MonitoringNotificationChannels: args.Channels,
		DisableDefaultIamRecipients:    pulumi.Bool(false),
	}
}

// inputs returns the component's inputs, which state keeps and policies read.
func (args *BudgetArgs) inputs() pulumi.Map {
	return pulumi.Map{
		"billingAccount": args.BillingAccount, "projectNumber": args.ProjectNumber, "displayName": args.DisplayName,
		"amount": pulumi.Int(args.Amount), "currency": pulumi.String(args.Currency),
		"currentPercent": pulumi.ToIntArray(args.CurrentPercent), "forecastPercent": pulumi.ToIntArray(args.ForecastPercent),
	}
}

func (args *BudgetArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *BudgetArgs")
	}
	found := &problems.List{}
	found.If(args.BillingAccount == nil, "args.BillingAccount is missing: set the id of the account that pays")
	found.If(args.ProjectNumber == nil, "args.ProjectNumber is missing: set the number of the project that counts")
	switch name := args.DisplayName.(type) {
	case nil:
		found.Add("args.DisplayName is missing: set the budget's name")
	case pulumi.String:
		if length := len([]rune(name)); length < 1 || length > 60 {
			found.Add("args.DisplayName has %d characters: use 1-60", length)
		}
	}
	found.If(args.Amount < 1, "args.Amount is %d: set at least 1", args.Amount)
	found.If(!limits.Currency.MatchString(args.Currency),
		"args.Currency %q is not a currency: use the billing account's ISO 4217 code, for example USD", args.Currency)
	found.If(len(args.CurrentPercent) == 0, "args.CurrentPercent is empty: set at least one threshold, or nobody is told")
	thresholdProblems("args.CurrentPercent", args.CurrentPercent, found)
	thresholdProblems("args.ForecastPercent", args.ForecastPercent, found)
	return found.Err()
}

func thresholdProblems(field string, percents []int, found *problems.List) {
	for i, percent := range percents {
		found.If(percent < 1, "%s[%d] is %d: use at least 1", field, i, percent)
		if i > 0 && percent <= percents[i-1] {
			found.Add("%s[%d] is %d after %d: write the thresholds in ascending order, each once", field, i,
				percent, percents[i-1])
		}
	}
}
