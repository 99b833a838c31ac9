package billingbudgets_test

import (
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestComputedFields(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	budget := w.OK("POST", "/budgets/v1/billingAccounts/"+cloudtest.Billing+"/budgets",
		`{"displayName":"b","amount":{"specifiedAmount":{"units":10}},"budgetFilter":{"projects":["projects/procureflow-dev"]},"thresholdRules":[{"thresholdPercent":0.5}]}`)
	assert.Equal(t, "projects/123456789012", cloudtest.Dig(budget, "budgetFilter", "projects", 0))
	assert.Equal(t, map[string]any{"currencyCode": "USD", "units": "10"}, cloudtest.Dig(budget, "amount", "specifiedAmount"))
}
