package identity

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

// Grant is one role of an identity, with the place where it holds and the reason for it.
type Grant struct {
	// Role is a predefined role, for example roles/run.viewer. With CustomRole it is a short key instead, which names
	// the grant. Required.
	Role string
	// CustomRole is a custom role's name, projects/P/roles/ROLE. Default: none; Role names the role.
	CustomRole pulumi.StringInput
	// Scope is where the role holds: one of the Scope types of this package. Required.
	Scope Scope
	// Reason says in a sentence why the account needs the role. Required.
	Reason string
	// Condition narrows the grant further. Default: none.
	Condition *Condition
}

// Condition is an IAM condition. All its fields are part of a grant's identity: changing one replaces the grant.
type Condition struct {
	// Title names the condition, up to 100 characters. Required.
	Title string
	// Description says why there is a condition, up to 256 characters. Default: none.
	Description string
	// Expression is the condition in the Common Expression Language. Required.
	Expression string

	// only are the roles of [OnlyRoles].
	only []string
}

// OnlyRoles returns a condition for a grant that lets its holder change a project's IAM policy. Under the condition,
// the holder can grant and revoke only these roles, and so cannot become an owner.
func OnlyRoles(roles ...string) *Condition {
	quoted := make([]string, 0, len(roles))
	for _, role := range roles {
		quoted = append(quoted, "'"+role+"'")
	}
	return &Condition{
		Title:       "only-listed-roles",
		Description: "May grant and revoke the listed roles and no other",
		Expression:  "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([" + strings.Join(quoted, ", ") + "])",
		only:        roles,
	}
}

// Record is a grant as text, for documents and reviews.
type Record struct {
	// Role is the predefined role, or the key of a custom one.
	Role string
	// Scope is the kind of the scope and its key, for example "secret nextauth-secret".
	Scope string
	// Reason says why the role is needed.
	Reason string
	// Condition is the condition's expression; empty if there is none.
	Condition string
}

// Describe returns grants as text, in their order.
func Describe(grants []Grant) []Record {
	records := make([]Record, 0, len(grants))
	for _, grant := range grants {
		record := Record{Role: grant.Role, Scope: describe(grant.Scope), Reason: grant.Reason}
		if grant.Condition != nil {
			record.Condition = grant.Condition.Expression
		}
		records = append(records, record)
	}
	return records
}

func (grant Grant) role() pulumi.StringInput {
	if grant.CustomRole != nil {
		return grant.CustomRole
	}
	return pulumi.String(grant.Role)
}

// key is a part of the logical name, unique among an identity's grants.
func (grant Grant) key() string {
	return naming.Slug(describe(grant.Scope)) + "-" + naming.Slug(strings.TrimPrefix(grant.Role, "roles/"))
}
