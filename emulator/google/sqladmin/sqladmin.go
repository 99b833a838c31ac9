// Package sqladmin is Cloud SQL Admin: instances with their databases and users, as far as an owner sets them up. No database runs
// behind them.
package sqladmin

import "github.com/guiofsaints/procureflow-platform/emulator/rest"

// Host is the API's name.
const Host = "sqladmin.googleapis.com"

const instances = "projects/*/instances"

// APIs are Cloud SQL Admin v1beta4, which Terraform's provider speaks, and v1, of the same resources. account says whether a service
// account exists.
func APIs(account func(q *rest.Request, email string) bool) []*rest.API {
	api := func(version string) *rest.API {
		return &rest.API{Prefix: "sql/" + version, Host: Host, Schema: "sql", Kinds: []*rest.Kind{instance(), database(), user(account),
			operation()}}
	}
	return []*rest.API{api("v1beta4"), api("v1")}
}
