package identity

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

var (
	predefinedRole = regexp.MustCompile(`^roles/[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$`)
)

// Roles that are refused everywhere.
var refused = map[string]string{
	"roles/owner":                      basic,
	"roles/editor":                     basic,
	"roles/viewer":                     basic,
	"roles/admin":                      basic,
	"roles/writer":                     basic,
	"roles/reader":                     basic,
	"roles/iam.serviceAccountKeyAdmin": "makes keys that do not expire: use workload identity federation",
}

// Roles that are refused on a whole project.
var refusedOnProject = map[string]string{
	"roles/secretmanager.secretAccessor":         "reads the value of every secret: grant it on each secret that is needed",
	"roles/secretmanager.admin":                  "reads the value of every secret: use a custom role without secretmanager.versions.access",
	"roles/iam.serviceAccountUser":               impersonation,
	"roles/iam.serviceAccountTokenCreator":       impersonation,
	"roles/iam.serviceAccountOpenIdTokenCreator": impersonation,
	"roles/iam.workloadIdentityUser":             impersonation,
}

// Roles that on a whole project need a condition.
var conditionalOnProject = map[string]bool{
	"roles/resourcemanager.projectIamAdmin": true,
	"roles/iam.securityAdmin":               true,
}

// Roles with which their holder gives itself any other.
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
	var problems []error
	if args.Project == nil {
		problems = append(problems, errors.New("args.Project is missing: set the project's id"))
	}
	if !limits.AccountID.MatchString(args.AccountID) {
		problems = append(problems, fmt.Errorf("args.AccountID %q is not an account id: use 6-30 lower-case letters, digits and hyphens, "+
			"beginning with a letter and not ending with a hyphen", args.AccountID))
	}
	seen := map[string]int{}
	for i, grant := range args.Grants {
		field := fmt.Sprintf("args.Grants[%d] (%s)", i, grant.Role)
		found := grant.problems(field)
		problems = append(problems, found...)
		if len(found) > 0 {
			continue
		}
		if first, twice := seen[grant.key()]; twice {
			problems = append(problems, fmt.Errorf("%s repeats args.Grants[%d] on %s: remove one, or give the scopes different keys",
				field, first, describe(grant.Scope)))
			continue
		}
		seen[grant.key()] = i
	}
	return errors.Join(problems...)
}

func (grant Grant) problems(field string) []error {
	problems := grant.roleProblems(field)
	if strings.TrimSpace(grant.Reason) == "" {
		problems = append(problems, fmt.Errorf("%s.Reason is missing: say what the role is needed for", field))
	}
	if grant.Scope == nil {
		problems = append(problems, fmt.Errorf("%s.Scope is missing: use the narrowest Scope type that the role works on", field))
	} else {
		kind, scopeKey, missing := grant.Scope.place()
		for _, name := range missing {
			problems = append(problems, fmt.Errorf("%s.Scope of kind %s lacks %s: set it", field, kind, name))
		}
		if scopeKey != "" && !naming.IsKey(scopeKey) {
			problems = append(problems, fmt.Errorf("%s.Scope key %q names a resource: use lower-case letters, digits and hyphens, "+
				"beginning with a letter",
				field, scopeKey))
		}
	}
	if c := grant.Condition; c != nil && (c.Title == "" || c.Expression == "") {
		problems = append(problems, fmt.Errorf("%s.Condition needs a Title and an Expression: set both, or use OnlyRoles", field))
	}
	return problems
}

func (grant Grant) roleProblems(field string) []error {
	if grant.CustomRole != nil {
		if !naming.IsKey(grant.Role) {
			return []error{fmt.Errorf("%s.Role is the key of a custom role: use lower-case letters, digits and hyphens, beginning with "+
				"a letter", field)}
		}
		return nil
	}
	if !predefinedRole.MatchString(grant.Role) {
		return []error{fmt.Errorf("%s.Role is not a predefined role: write roles/SERVICE.ROLE, or set CustomRole", field)}
	}
	if why, ok := refused[grant.Role]; ok {
		return []error{fmt.Errorf("%s.Role %s", field, why)}
	}
	if _, onProject := grant.Scope.(ProjectScope); onProject {
		if why, ok := refusedOnProject[grant.Role]; ok {
			return []error{fmt.Errorf("%s.Role on a whole project %s", field, why)}
		}
		if conditionalOnProject[grant.Role] {
			return grant.Condition.onlyRolesProblems(field)
		}
	}
	return nil
}

// onlyRolesProblems says why a condition does not hold whoever changes a project's IAM policy to harmless roles.
func (c *Condition) onlyRolesProblems(field string) []error {
	// Another expression could be anything, true among it.
	if c == nil || c.Expression != OnlyRoles(c.only...).Expression {
		return []error{fmt.Errorf("%s.Role may grant itself any role: add Condition: OnlyRoles(...) with the roles it has to grant", field)}
	}
	if len(c.only) == 0 {
		return []error{fmt.Errorf("%s.Condition lists no role, so the grant is of no use: "+
			"list those it has to grant, or remove the grant", field)}
	}
	var problems []error
	for _, role := range c.only {
		switch {
		case escalating[role]:
			problems = append(problems, fmt.Errorf("%s.Condition lists %s, with which its holder grants itself any role: remove it", field, role))
		case refusedOnProject[role] != "":
			problems = append(problems, fmt.Errorf("%s.Condition lists %s, which on a whole project %s", field, role, refusedOnProject[role]))
		case refused[role] != "":
			problems = append(problems, fmt.Errorf("%s.Condition lists %s, which %s", field, role, refused[role]))
		}
	}
	return problems
}
