// Package iam is IAM: service accounts, custom roles, workload identity pools with their providers, and what a binding of any
// resource may name.
package iam

import "github.com/guiofsaints/procureflow-platform/emulator/rest"

// Host is the API's name.
const Host = "iam.googleapis.com"

// API is IAM v1.
func API() *rest.API {
	return &rest.API{Prefix: "iam/v1", Host: Host, Schema: "iam", Kinds: []*rest.Kind{account(), pool(), provider(), role()}}
}
