package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// customRole is a role that the stack creates, with its permissions in lower case.
type customRole struct {
	urn, id     string
	permissions []string
}

// customRolesOf returns the roles that a stack creates.
func customRolesOf(s *crossguard.Stack) []customRole {
	var all []customRole
	s.Each(customRoleTypes, func(r *crossguard.Resource) {
		role := customRole{urn: r.URN, id: "/roles/" + strings.ToLower(r.StringOr("roleId", r.Name))}
		r.EachString("permissions", func(permission string) { role.permissions = append(role.permissions, strings.ToLower(permission)) })
		all = append(all, role)
	})
	return all
}

// grantsCustom calls found for each grant of a role that the stack creates, if the role has a matching permission, the grant is on a
// project or above, and it has no condition that allows it. If the role's name is not known yet, the resource that the grant depends
// on identifies the role.
func grantsCustom(s *crossguard.Stack, has, unless func(string) bool,
	found func(r *crossguard.Resource, role, member, permission string)) {
	roles := customRolesOf(s)
	if len(roles) == 0 {
		return
	}
	which := func(r *crossguard.Resource, name string) customRole {
		i := slices.IndexFunc(roles, func(role customRole) bool { return strings.HasSuffix(strings.ToLower(name), role.id) })
		if name == "" {
			i = slices.IndexFunc(roles, func(role customRole) bool {
				return slices.ContainsFunc(r.PropertyDependencies("role"), func(d *crossguard.Resource) bool { return d.URN == role.urn })
			})
		}
		if i < 0 {
			return customRole{}
		}
		return roles[i]
	}
	s.Each(wideIAM, func(r *crossguard.Resource) {
		grant{unless: unless}.each(r, func(name, member string) {
			written := name
			if !r.IsKnown("role") {
				name, written = "", "a role that is not known yet"
			}
			role := which(r, name)
			if i := slices.IndexFunc(role.permissions, has); i >= 0 {
				found(r, written, member, role.permissions[i])
			}
		})
	})
}

// permission returns a function that recognizes permissions by name, in lower case.
func permission(names ...string) func(string) bool {
	return func(p string) bool { return slices.Contains(names, p) }
}

// ownsAll matches permissions whose holder can give themselves every other permission.
var ownsAll = permission("resourcemanager.projects.setiampolicy", "resourcemanager.folders.setiampolicy",
	"resourcemanager.organizations.setiampolicy",
	"iam.roles.update", "deploymentmanager.deployments.create", "deploymentmanager.deployments.update")

// becomesAccounts matches permissions to act as any service account, or to decide who may.
var becomesAccounts = permission("iam.serviceaccounts.getaccesstoken", "iam.serviceaccounts.getopenidtoken",
	"iam.serviceaccounts.implicitdelegation",
	"iam.serviceaccounts.signblob", "iam.serviceaccounts.signjwt", "iam.serviceaccounts.actas", "iam.serviceaccounts.setiampolicy",
	"iam.serviceaccountkeys.create", "iam.serviceaccountkeys.upload", "iam.serviceaccountapikeybindings.create")

// administrates matches permissions to decide who may do what.
func administrates(p string) bool { return strings.HasSuffix(p, ".setiampolicy") || ownsAll(p) }
