package identity

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

var (
	predefinedRole = regexp.MustCompile(`^roles/[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$`)
)

// refused maps the roles that no identity may hold to the reason.
var refused = map[string]string{
	"roles/owner":                      basic,
	"roles/editor":                     basic,
	"roles/viewer":                     basic,
	"roles/admin":                      basic,
	"roles/writer":                     basic,
	"roles/reader":                     basic,
	"roles/iam.serviceAccountKeyAdmin": "makes keys that do not expire: use workload identity federation",
}

// refusedOnProject maps the roles that nobody may hold on a whole project to the reason.
var refusedOnProject = map[string]string{
	"roles/secretmanager.secretAccessor":         "reads the value of every secret: grant it on each secret that is needed",
	"roles/secretmanager.admin":                  "reads the value of every secret: use a custom role without secretmanager.versions.access",
	"roles/iam.serviceAccountUser":               impersonation,
	"roles/iam.serviceAccountTokenCreator":       impersonation,
	"roles/iam.serviceAccountOpenIdTokenCreator": impersonation,
	"roles/iam.workloadIdentityUser":             impersonation,
}

// conditionalOnProject lists the roles that need a condition on a whole project.
var conditionalOnProject = map[string]bool{
	"roles/resourcemanager.projectIamAdmin": true,
	"roles/iam.securityAdmin":               true,
}

// escalating lists the roles whose holder can take any other role.
var escalating = map[string]bool{
	"roles/owner":                           true,
	"roles/resourcemanager.projectIamAdmin": true,
	"roles/iam.securityAdmin":               true,
	"roles/iam.roleAdmin":                   true,
}

const (
	basic         = "is a basic role and grants thousands of permissions: name the predefined roles that are needed"
	impersonation = "becomes every account of the project: grant it on the one account that is needed"
)

func (args *IdentityArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *IdentityArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(!limits.AccountID.MatchString(args.AccountID),
		"args.AccountID %q is not an account id: use 6-30 lower-case letters, digits and hyphens, "+
			"beginning with a letter and not ending with a hyphen", args.AccountID)
	seen := map[string]int{}
	for i, grant := range args.Grants {
		field := fmt.Sprintf("args.Grants[%d] (%s)", i, grant.Role)
		if err := grant.problems(field); err != nil {
			found.Take(err)
			continue
		}
		if first, twice := seen[grant.key()]; twice {
			found.Add("%s repeats args.Grants[%d] on %s: remove one, or give the scopes different keys", field, first, describe(grant.Scope))
			continue
		}
		seen[grant.key()] = i
	}
	return found.Err()
}

func (grant Grant) problems(field string) error {
	found := &problems.List{}
	grant.roleProblems(field, found)
	found.If(strings.TrimSpace(grant.Reason) == "", "%s.Reason is missing: say what the role is needed for", field)
	if grant.Scope == nil {
		found.Add("%s.Scope is missing: use the narrowest Scope type that the role works on", field)
	} else {
		scope := grant.Scope.place()
		for _, name := range scope.missing() {
			found.Add("%s.Scope of kind %s lacks %s: set it", field, scope.kind.name, name)
		}
		if scope.key != "" && !naming.IsKey(scope.key) {
			found.Add("%s.Scope key %q names a resource: use lower-case letters, digits and hyphens, beginning with a letter", field, scope.key)
		}
	}
	if c := grant.Condition; c != nil && (c.Title == "" || c.Expression == "") {
		found.Add("%s.Condition needs a Title and an Expression: set both, or use OnlyRoles", field)
	}
	return found.Err()
}

func (grant Grant) roleProblems(field string, found *problems.List) {
	if grant.CustomRole != nil {
		found.If(!naming.IsKey(grant.Role), "%s.Role is the key of a custom role: use lower-case letters, digits and hyphens, "+
			"beginning with a letter", field)
		return
	}
	if !predefinedRole.MatchString(grant.Role) {
		found.Add("%s.Role is not a predefined role: write roles/SERVICE.ROLE, or set CustomRole", field)
		return
	}
	if why, ok := refused[grant.Role]; ok {
		found.Add("%s.Role %s", field, why)
		return
	}
	if _, onProject := grant.Scope.(ProjectScope); onProject {
		if why, ok := refusedOnProject[grant.Role]; ok {
			found.Add("%s.Role on a whole project %s", field, why)
			return
		}
		if conditionalOnProject[grant.Role] {
			grant.Condition.onlyRolesProblems(field, found)
		}
	}
}

// onlyRolesProblems checks that a condition limits a right to change the project's IAM policy to harmless roles.
func (c *Condition) onlyRolesProblems(field string, found *problems.List) {
	// Any other expression could be always true.
	if c == nil || c.Expression != OnlyRoles(c.only...).Expression {
		found.Add("%s.Role may grant itself any role: add Condition: OnlyRoles(...) with the roles it has to grant", field)
		return
	}
	if len(c.only) == 0 {
		found.Add("%s.Condition lists no role, so the grant allows nothing: "+
			"list those it has to grant, or remove the grant", field)
		return
	}
	for _, role := range c.only {
		switch {
		case escalating[role]:
			found.Add("%s.Condition lists %s, with which its holder grants itself any role: remove it", field, role)
		case refusedOnProject[role] != "":
			found.Add("%s.Condition lists %s, which on a whole project %s", field, role, refusedOnProject[role])
		case refused[role] != "":
			found.Add("%s.Condition lists %s, which %s", field, role, refused[role])
		}
	}
}
