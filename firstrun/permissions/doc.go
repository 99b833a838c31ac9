// Package permissions knows which IAM permissions it takes to read and to change each resource type that the program
// registers, and which of them each role holds that the program grants. From the two follows whether an account can do
// its work, which grant nothing needs, and what a person needs for the first run.
//
// The tables are excerpts: a role's row has the permissions that this program can need, not all that the role holds.
// Their source is Google's reference of roles and permissions (cloud.google.com/iam/docs/roles-permissions) and, for the
// resource types, what the Terraform provider behind pulumi-gcp calls.
package permissions
