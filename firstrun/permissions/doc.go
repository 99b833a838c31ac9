// Package permissions lists the IAM permissions that reading and changing each of the program's resource types needs,
// and the permissions that each granted role holds. From the two lists it computes whether an account can do its work,
// which grants are not needed, and what a person needs for the first run.
//
// The tables are excerpts: a role's row has the permissions that this program can need, not all that the role holds.
// Their source is Google's reference of roles and permissions (cloud.google.com/iam/docs/roles-permissions) and, for the
// resource types, what the Terraform provider behind pulumi-gcp calls.
package permissions
