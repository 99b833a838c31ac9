package budget_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/budget"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewBudget() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		_, err := budget.NewBudget(ctx, "budget", &budget.BudgetArgs{
			BillingAccount: pulumi.String("012345-6789AB-CDEF01"), ProjectNumber: pulumi.String("123456789012"),
			DisplayName: pulumi.String("shop-dev"), Amount: 10, Currency: "USD", CurrentPercent: []int{50, 75, 90},
			Channels: pulumi.ToStringArray([]string{"projects/shop-dev/notificationChannels/1"}),
		})
		return err
	})
	// Output:
	// procureflow:budget:Budget budget
	// gcp:billing/budget:Budget budget-budget
}
