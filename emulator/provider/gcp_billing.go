package provider

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/billing"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// billingTypes are the resource types that belong to a billing account.
var billingTypes = []*resourceType{
	{
		token: "gcp:billing/budget:Budget", args: billing.BudgetArgs{}, state: billing.BudgetState{},
		api: "/budgets/v1/", collection: "billingAccounts/{billingAccount}/budgets", locateBy: "displayName",
		local: words("billingAccount"),
		rules: map[string]rule{
			"name":           {decode: func(name any) any { return doc.Last(fmt.Sprint(name)) }},
			"allUpdatesRule": {api: "notificationsRule"},
			"amount.lastPeriodAmount": {
				encode: func(any) any { return map[string]any{} },
				decode: func(any) any { return true },
			},
			"budgetFilter.labels": {encode: labelValues, decode: firstValues},
		},
	},
	memberRow(&resourceType{
		token: "gcp:billing/accountIamMember:AccountIamMember", args: billing.AccountIamMemberArgs{}, state: billing.AccountIamMemberState{},
		api: "/cb/v1/", self: "billingAccounts/{billingAccountId:short}", id: "{billingAccountId}", operations: iamMember{},
		local: words("billingAccountId"),
	}),
}

// labelValues converts a filter's labels to the API's form: a list of values for each label. The API supports a single value in
// it.
func labelValues(labels any) any {
	out := map[string]any{}
	object, _ := labels.(map[string]any)
	for key, value := range object {
		out[key] = []any{value}
	}
	return out
}

func firstValues(labels any) any {
	out := map[string]any{}
	object, _ := labels.(map[string]any)
	for key, value := range object {
		if list, ok := value.([]any); ok && len(list) > 0 {
			out[key] = list[0]
		}
	}
	return out
}
