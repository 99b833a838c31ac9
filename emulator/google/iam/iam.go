// Package iam emulates IAM: service accounts, custom roles, and workload identity pools with their providers. It also checks the
// roles and members in the bindings of any resource.
package iam

import "github.com/guiofsaints/procureflow-platform/emulator/rest"

// Host is the API's name.
const Host = "iam.googleapis.com"

// API returns IAM v1.
func API() *rest.API {
	return &rest.API{Prefix: "iam/v1", Host: Host, Schema: "iam", Kinds: []*rest.Kind{account(), pool(), provider(), role()}}
}
