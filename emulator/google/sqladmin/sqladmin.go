// Package sqladmin emulates Cloud SQL Admin: instances with their databases and users, as far as their owner configures them. No
// database runs behind an instance.
package sqladmin

import "github.com/guiofsaints/procureflow-platform/emulator/rest"

// Host is the API's name.
const Host = "sqladmin.googleapis.com"

const instances = "projects/*/instances"

// APIs returns two versions of Cloud SQL Admin for the same resources: v1beta4, which Terraform's provider uses, and v1. account
// reports whether a service account exists.
func APIs(account func(q *rest.Request, email string) bool) []*rest.API {
	api := func(version string) *rest.API {
		return &rest.API{Prefix: "sql/" + version, Host: Host, Schema: "sql", Kinds: []*rest.Kind{instance(), database(), user(account),
			operation()}}
	}
	return []*rest.API{api("v1beta4"), api("v1")}
}
