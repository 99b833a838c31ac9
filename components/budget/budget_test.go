package budget_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/budget"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const budgetType = "gcp:billing/budget:Budget"

// args returns valid arguments after change has edited them. change may be nil.
func args(change func(*budget.BudgetArgs)) *budget.BudgetArgs {
	args := &budget.BudgetArgs{
		BillingAccount: pulumi.String("012345-6789AB-CDEF01"), ProjectNumber: pulumi.String("123456789012"),
		DisplayName: pulumi.String("procureflow-dev"),
		Amount:      10, Currency: "USD", CurrentPercent: []int{50, 75, 90}, ForecastPercent: []int{100},
		Channels: pulumi.ToStringArray([]string{"projects/procureflow-dev/notificationChannels/1"}),
	}
	if change != nil {
		change(args)
	}
	return args
}

func run(t *testing.T, args *budget.BudgetArgs) pulumitest.Resource {
	t.Helper()
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := budget.NewBudget(ctx, "budget", args)
		return err
	})
	pulumitest.CheckParents(t, inventory)
	return inventory.One(t, budgetType, "budget-budget")
}

func TestBudgetCountsOneProjectPerMonth(t *testing.T) {
	t.Parallel()
	rule := func(percent float64, basis string) map[string]any {
		return map[string]any{"thresholdPercent": percent, "spendBasis": basis}
	}
	assert.Equal(t, map[string]any{
		"billingAccount": "012345-6789AB-CDEF01", "displayName": "procureflow-dev",
		"amount": map[string]any{"specifiedAmount": map[string]any{"units": "10", "currencyCode": "USD"}},
		"budgetFilter": map[string]any{
			"projects": []any{"projects/123456789012"}, "calendarPeriod": "MONTH", "creditTypesTreatment": "INCLUDE_ALL_CREDITS",
		},
		"thresholdRules": []any{
			rule(0.5, "CURRENT_SPEND"), rule(0.75, "CURRENT_SPEND"), rule(0.9, "CURRENT_SPEND"), rule(1, "FORECASTED_SPEND"),
		},
		"allUpdatesRule": map[string]any{
			"monitoringNotificationChannels": []any{"projects/procureflow-dev/notificationChannels/1"}, "disableDefaultIamRecipients": false,
		},
	}, run(t, args(nil)).Inputs)
}

func TestWithoutChannelsTheDefaultRecipientsAreTold(t *testing.T) {
	t.Parallel()
	assert.NotContains(t, run(t, args(func(a *budget.BudgetArgs) { a.Channels = nil })).Inputs, "allUpdatesRule")
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args *budget.BudgetArgs
		want []string
	}{
		"nil": {nil, []string{`budget "budget": args is nil`}},
		"everything missing": {&budget.BudgetArgs{}, []string{
			"args.BillingAccount is missing", "args.ProjectNumber is missing", "args.DisplayName is missing", "args.Amount is 0: set at least 1",
			`args.Currency "" is not a currency`, "args.CurrentPercent is empty",
		}},
		"a long name": {args(func(a *budget.BudgetArgs) { a.DisplayName = pulumi.String(strings.Repeat("a", 61)) }),
			[]string{"args.DisplayName has 61 characters"}},
		"a currency by its name": {args(func(a *budget.BudgetArgs) { a.Currency = "Dollar" }),
			[]string{`args.Currency "Dollar" is not a currency`}},
		"thresholds out of order": {args(func(a *budget.BudgetArgs) { a.CurrentPercent = []int{50, 50, 0} }), []string{
			"args.CurrentPercent[1] is 50 after 50", "args.CurrentPercent[2] is 0: use at least 1", "args.CurrentPercent[2] is 0 after 50",
		}},
		"a forecast threshold of 0": {args(func(a *budget.BudgetArgs) { a.ForecastPercent = []int{0} }),
			[]string{"args.ForecastPercent[0] is 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := budget.NewBudget(ctx, "budget", test.args)
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
