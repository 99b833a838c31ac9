// Package budget tells people what a project costs before it costs too much. It does not stop spending: Google has nothing
// that does without taking the project down.
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
