package cloudbilling_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const (
	info  = "/cb/v1/projects/" + cloudtest.Project + "/billingInfo"
	first = "billingAccounts/" + cloudtest.Billing
)

func TestBillingOfAProject(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	paid := map[string]any{"name": "projects/procureflow-dev/billingInfo", "projectId": "procureflow-dev", "billingAccountName": first,
		"billingEnabled": true}
	assert.Equal(t, paid, w.OK("GET", info, ""))
	account := map[string]any{"name": first, "open": true, "displayName": "Sandbox billing account", "currencyCode": "USD"}
	assert.Equal(t, account, w.OK("GET", "/cb/v1/"+first, ""))

	// The same project with another account, as after a change of the settings: the new account pays, and the first one stays.
	require.NoError(t, w.Cloud.EnsureProject(cloud.Project{ID: cloudtest.Project, Number: cloudtest.Number,
		BillingAccount: "111111-BBBBBB-222222", Currency: "EUR"}))
	paid["billingAccountName"] = "billingAccounts/111111-BBBBBB-222222"
	assert.Equal(t, paid, w.OK("GET", info, ""))
	assert.Equal(t, []any{account, map[string]any{"name": "billingAccounts/111111-BBBBBB-222222", "open": true,
		"displayName": "Sandbox billing account", "currencyCode": "EUR"}}, w.OK("GET", "/cb/v1/billingAccounts", "")["billingAccounts"])

	// A project in an account that exists does not change the account's currency.
	other := cloud.Project{ID: "other-project", Number: "7", BillingAccount: cloudtest.Billing}
	require.NoError(t, w.Cloud.EnsureProject(other))
	other.Currency = "EUR"
	require.EqualError(t, w.Cloud.EnsureProject(other), "billing account "+cloudtest.Billing+" has the currency USD in this emulator, and "+
		"EUR in the settings of other-project. An account's currency never changes: write USD, or delete the emulator's state folder to "+
		"start over")
	other.Currency = "USD"
	require.NoError(t, w.Cloud.EnsureProject(other))
	assert.Equal(t, account, w.OK("GET", "/cb/v1/"+first, ""))
}

// TestBudgetHasTheAccountsCurrency uses the budgets API, which needs the account's currency.
func TestBudgetHasTheAccountsCurrency(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	budget := w.OK("POST", "/budgets/v1/"+first+"/budgets", `{"amount":{"specifiedAmount":{"units":"5"}}}`)
	assert.Equal(t, "USD", cloudtest.Dig(budget, "amount", "specifiedAmount", "currencyCode"))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	cloudtest.Refusals(t, []cloudtest.Refusal{
		{Name: "an account that is not there", Method: "GET", Path: "/cb/v1/billingAccounts/x",
			Want: "Forbidden PERMISSION_DENIED: The caller does not have permission"},
		{Name: "its policy", Method: "GET", Path: "/cb/v1/billingAccounts/x:getIamPolicy",
			Want: "Forbidden PERMISSION_DENIED: The caller does not have permission"},
		{Name: "a project that is not there", Method: "GET", Path: "/cb/v1/projects/x/billingInfo",
			Want: "Forbidden PERMISSION_DENIED: Permission denied on resource project x."},
		{Name: "another account", Method: "PUT", Path: info, Body: `{"billingAccountName":"billingAccounts/x"}`,
			Want: "Not Implemented UNIMPLEMENTED: The emulator does not serve cloudbilling.projects.updateBillingInfo."},
	})
}
