// Package budget makes a monthly budget, which warns people before the costs of a project are too high. It does not stop spending:
// Google can do that only by taking the project down.
//
//	_, err := budget.NewBudget(ctx, "budget", &budget.BudgetArgs{
//		BillingAccount: pulumi.String("012345-6789AB-CDEF01"),
//		ProjectNumber:  pulumi.String("123456789012"),
//		DisplayName:    pulumi.String("procureflow-dev"),
//		Amount:         10,
//		Currency:       "USD",
//		CurrentPercent: []int{50, 75, 90},
//		Channels:       channels.Names,
//	})
//
// # Renames
//
// The type token and the child's logical name are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one.
package budget
