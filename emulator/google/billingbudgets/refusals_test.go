package billingbudgets_test

import (
	"testing"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// TestRefusals checks what the budgets API refuses, with the exact status and message.
func TestRefusals(t *testing.T) {
	t.Parallel()
	cloudtest.Refusals(t, []cloudtest.Refusal{
		{"budget account", "POST", "/budgets/v1/billingAccounts/none/budgets", `{}`,
			"Forbidden PERMISSION_DENIED: The caller does not have permission"},
		{"budget amount", "POST", "/budgets/v1/billingAccounts/000000-AAAAAA-111111/budgets", `{}`,
			"Bad Request INVALID_ARGUMENT: Budget amount must set exactly one of specified_amount and last_period_amount."},
		{"budget currency", "POST", "/budgets/v1/billingAccounts/000000-AAAAAA-111111/budgets",
			`{"amount":{"specifiedAmount":{"currencyCode":"BRL","units":"10"}}}`,
			"Bad Request INVALID_ARGUMENT: Budget currency BRL does not match the billing account's currency USD."},
		{"budget project", "POST", "/budgets/v1/billingAccounts/000000-AAAAAA-111111/budgets",
			`{"amount":{"specifiedAmount":{"units":"10"}},"budgetFilter":{"projects":["projects/1"]}}`,
			"Bad Request INVALID_ARGUMENT: Budget filter names the project \"projects/1\", which does not exist; write projects/NUMBER."},
	})
}
