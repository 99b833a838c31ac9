package identity

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// TestEachRefusedRoleIsRefused tries every role of the tables: on a project, on a narrower resource, and in a condition on what its
// holder may grant. The test lists the roles again, so that it notices when a table loses one.
func TestEachRefusedRoleIsRefused(t *testing.T) {
	t.Parallel()
	const (
		basicText = "is a basic role and grants thousands of permissions"
		keys      = "makes keys that do not expire"
		values    = "reads the value of every secret"
		becomes   = "becomes every account of the project"
		grants    = "may grant itself any role: add Condition: OnlyRoles(...)"
	)
	for role, test := range map[string]struct {
		// project and narrow are the error for a grant of the role at that scope; empty if the grant is allowed.
		project, narrow string
		// listed is the error if a condition lists the role.
		listed string
	}{
		"roles/owner":                                {basicText, basicText, "with which its holder grants itself any role"},
		"roles/editor":                               {basicText, basicText, basicText},
		"roles/viewer":                               {basicText, basicText, basicText},
		"roles/admin":                                {basicText, basicText, basicText},
		"roles/writer":                               {basicText, basicText, basicText},
		"roles/reader":                               {basicText, basicText, basicText},
		"roles/iam.serviceAccountKeyAdmin":           {keys, keys, keys},
		"roles/secretmanager.secretAccessor":         {values, "", values},
		"roles/secretmanager.admin":                  {values, "", values},
		"roles/iam.serviceAccountUser":               {becomes, "", becomes},
		"roles/iam.serviceAccountTokenCreator":       {becomes, "", becomes},
		"roles/iam.serviceAccountOpenIdTokenCreator": {becomes, "", becomes},
		"roles/iam.workloadIdentityUser":             {becomes, "", becomes},
		"roles/resourcemanager.projectIamAdmin":      {grants, "", "with which its holder grants itself any role"},
		"roles/iam.securityAdmin":                    {grants, "", "with which its holder grants itself any role"},
		"roles/iam.roleAdmin":                        {"", "", "with which its holder grants itself any role"},
		"roles/run.viewer":                           {"", "", ""},
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			said := func(grant Grant) string {
				grant.Reason = "It is needed."
				args := &IdentityArgs{Project: pulumi.String("p"), AccountID: "account", Grants: []Grant{grant}}
				if err := args.validate(); err != nil {
					return err.Error()
				}
				return ""
			}
			for _, one := range []struct{ got, want string }{
				{said(Grant{Role: role, Scope: ProjectScope{}}), test.project},
				{said(Grant{Role: role, Scope: ServiceScope{Key: "web", Location: pulumi.String("l"), Service: pulumi.String("s")}}), test.narrow},
				{said(Grant{Role: "roles/resourcemanager.projectIamAdmin", Scope: ProjectScope{},
					Condition: OnlyRoles("roles/run.viewer", role)}), test.listed},
				{said(Grant{Role: "roles/iam.securityAdmin", Scope: ProjectScope{}, Condition: OnlyRoles(role)}), test.listed},
			} {
				if one.want == "" {
					assert.Empty(t, one.got)
				} else {
					assert.Contains(t, one.got, one.want)
				}
			}
		})
	}
	known := slices.Concat(slices.Collect(maps.Keys(refused)), slices.Collect(maps.Keys(refusedOnProject)),
		slices.Collect(maps.Keys(conditionalOnProject)), slices.Collect(maps.Keys(escalating)))
	slices.Sort(known)
	assert.Len(t, slices.Compact(known), 16, "the test lists every role of the tables")
}

// TestConditionNeedsTitleAndExpression refuses a condition that lacks either. A condition without an expression narrows nothing.
func TestConditionNeedsTitleAndExpression(t *testing.T) {
	t.Parallel()
	for name, condition := range map[string]*Condition{
		"no title": {Expression: "true"}, "no expression": {Title: "always"}, "neither": {}, "a description alone": {Description: "Until then"},
	} {
		grant := Grant{Role: "roles/run.viewer", Scope: ProjectScope{}, Reason: "It is needed.", Condition: condition}
		assert.ErrorContains(t, grant.problems("grant"), "grant.Condition needs a Title and an Expression", name)
	}
	whole := Grant{Role: "roles/run.viewer", Scope: ProjectScope{}, Reason: "It is needed.",
		Condition: &Condition{Title: "always", Expression: "true"}}
	assert.NoError(t, whole.problems("grant"))
}

// TestRepeatedGrants expects one error for each repetition, which names the first of the equal grants. A grant that is wrong in
// itself is not also reported as a repetition.
func TestRepeatedGrants(t *testing.T) {
	t.Parallel()
	good := Grant{Role: "roles/run.viewer", Scope: ProjectScope{}, Reason: "It is needed."}
	bad := Grant{Role: "roles/run.viewer", Scope: ProjectScope{}}
	args := &IdentityArgs{Project: pulumi.String("p"), AccountID: "account", Grants: []Grant{bad, bad, good, good, good}}
	const repeats = "args.Grants[%d] (roles/run.viewer) repeats args.Grants[2] on project: remove one, or give the scopes different keys"
	assert.EqualError(t, args.validate(), strings.Join([]string{
		"args.Grants[0] (roles/run.viewer).Reason is missing: say what the role is needed for",
		"args.Grants[1] (roles/run.viewer).Reason is missing: say what the role is needed for",
		fmt.Sprintf(repeats, 3), fmt.Sprintf(repeats, 4)}, "\n"))
}
