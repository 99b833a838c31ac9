// Package cloudbilling emulates Cloud Billing: billing accounts, and the account that pays for each project.
package cloudbilling

import (
	"cmp"
	"fmt"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Host is the API's name.
const Host = "cloudbilling.googleapis.com"

// API returns Cloud Billing v1.
func API() *rest.API {
	account := &rest.Kind{
		Pattern: "billingAccounts", Message: "BillingAccount", Policy: true,
		Names: rest.Names{Missing: rest.Denied("The caller does not have permission")},
		Read:  rest.Read{Items: "billingAccounts"},
	}
	info := &rest.Kind{Pattern: "projects/*/billingInfo", Names: rest.Names{Single: true}}
	return &rest.API{Prefix: "cb/v1", Host: Host, Schema: "cb", Kinds: []*rest.Kind{account, info}}
}

// Ensure creates the billing account if it does not exist, and makes it pay for the project. Without a currency it takes the account's
// own, or USD. It refuses another one than the account's.
func Ensure(q *rest.Request, project, account, currency string) error {
	name := "billingAccounts/" + account
	if key := "//" + Host + "/" + name; !q.Tx.Has(key) {
		err := q.Tx.Put(key, store.Document{"name": name, "open": true, "displayName": "Sandbox billing account",
			"currencyCode": cmp.Or(currency, "USD")})
		if err != nil {
			return err
		}
	} else if has := Currency(q, account); currency != "" && currency != has {
		return fmt.Errorf("billing account %s has the currency %s in this emulator, and %s in the settings of %s. An account's currency "+
			"never changes: write %s, or delete the emulator's state folder to start over", account, has, currency, project, has)
	}
	info := "projects/" + project + "/billingInfo"
	return q.Tx.Put("//"+Host+"/"+info, store.Document{"name": info, "projectId": project, "billingAccountName": name, "billingEnabled": true})
}

// Currency returns the currency of a billing account.
func Currency(q *rest.Request, account string) string {
	return doc.Text(q.Tx.Get("//"+Host+"/billingAccounts/"+account), "currencyCode")
}
