package program_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/firstrun/permissions"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
	"github.com/guiofsaints/procureflow-platform/sandbox/authority"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
)

// accepted are the ways that the grants leave open from one identity to another, or to what identities protect, each with the
// reason. The test fails for a way that is missing here, and for one here that no stack has.
var accepted = []struct{ from, to, reason string }{
	{"ci", permissions.Images, "Pushing images is its work. It cannot start them: a release checks their provenance first."},
	{"ci", permissions.Signature, "promote.yml signs the image that it promoted, after the approvals, once the provenance is verified."},
	{"deploy", "runtime web", "A release makes revisions, and they run as this account. Where signatures are required, the image " +
		"needs one."},
	{"deploy", permissions.Values, "Code in the revisions that it makes gets the values of the secrets that the settings name for the " +
		"service."},
	{"infra", "runtime web", "It makes the service, which runs as this account. Where signatures are required, the image needs one."},
	{"infra", permissions.Values, "Code in the service that it makes gets them, as in a release. None of its own roles reads a value."},
	{"infra", "runtime previews", "It makes the slots, which run as this account."},
	{"slots", "runtime previews", "A pull request's image runs as this account, which can read only the secrets that the settings give to " +
		"previews."},
	{"slots", permissions.Images, "Pushing images is its work, into a repository from which nothing is released."},
	{"runtime previews", permissions.Values, "A slot reads the secrets for previews alone, each by a grant on that secret."},
	{"slots", permissions.Values, "Code in the slots reads the secrets for previews alone, as may everybody who may push a branch."},
	{"runtime web", permissions.Values, "The service reads the secrets that the settings name for it, each by a grant on that secret."},
}

// resourcesOf returns what a program registers in the form in which tools read a stack.
func resourcesOf(made *pulumitest.Inventory) (resources []inventory.Resource) {
	for _, r := range made.Resources {
		resources = append(resources, inventory.Resource{Type: r.Type, Name: r.Name, Inputs: r.Inputs, CloudName: "pool/providers/" + r.Name})
	}
	return resources
}

// holdingsOf returns all memberships that a program registers, for its own and other accounts, and its accounts. It leaves out what
// authority.Holdings would have to guess.
func holdingsOf(t *testing.T, made *pulumitest.Inventory) (holdings []permissions.Holding, accounts []string) {
	t.Helper()
	for _, r := range made.Resources {
		lower := strings.ToLower(r.Type)
		require.False(t, strings.HasSuffix(lower, "iambinding") || strings.HasSuffix(lower, "iampolicy"),
			"%s grants in a way that nobody reads here", r.Name)
	}
	holdings, accounts = authority.Holdings(resourcesOf(made))
	require.Len(t, made.OfType("procureflow:identity:Identity"), len(accounts), "every account is an identity's")
	require.NotEmpty(t, accounts)
	for _, holding := range holdings {
		require.True(t, holding.Role != "" && holding.Who != "", "%v has no role or no member that is known before it is made", holding)
		require.NotEqual(t, []string{"*"}, holding.Permissions, "%s is not in permissions.Roles, and the program makes no such role: add what "+
			"it holds", holding.Role)
		if holding.Place == permissions.OnServiceAccount {
			require.Contains(t, accounts, holding.On, "%s is on an account that the program does not make", holding.Role)
		}
	}
	return holdings, accounts
}

// TestGrantsOfEverythingAreKnown reads the grants of a stack that uses everything as a review does: it knows what each of them is on and
// what its role holds, so that jobs, schedules, databases and buckets seem to let nobody become the owner.
func TestGrantsOfEverythingAreKnown(t *testing.T) {
	t.Parallel()
	made := run(t, "dev", everything(t))
	_, err := authority.Of(resourcesOf(made), authority.TokenParts{})
	require.NoError(t, err)
	holdings, accounts := holdingsOf(t, made)
	reached := map[string][]string{}
	for _, path := range permissions.Paths(holdings, accounts) {
		reached[path.From] = append(reached[path.From], path.To)
	}
	assert.Equal(t, []string{"runtime job-tidy"}, reached["schedule-tidy"], "who starts a job acts as its account")
	assert.Equal(t, []string{permissions.Values}, reached["runtime api"], "of the secrets that the settings name for it")
	assert.Empty(t, reached["runtime job-tidy"])
}

// reach is a way that some stacks have.
type reach struct {
	from, to, by string
	stacks       []string
}

// reached returns the ways of all stacks between accounts, and from them to what they protect. The ways in from outside are those of
// the federation, which tests/trust checks.
func reached(t *testing.T) []reach {
	t.Helper()
	var found []reach
	for _, stack := range append(all, "dev with previews") {
		change, plain := jobsOf(stack)
		holdings, accounts := holdingsOf(t, run(t, plain, change))
		for _, path := range permissions.Paths(holdings, accounts) {
			if !slices.Contains(accounts, path.From) {
				continue
			}
			var by []string
			for _, step := range path.Steps {
				permission, _, _ := strings.Cut(step.By, " (")
				by = append(by, permission)
			}
			next := reach{from: path.From, to: path.To, by: strings.Join(by, ", then ")}
			i := slices.IndexFunc(found, func(r reach) bool { return r.from == next.from && r.to == next.to && r.by == next.by })
			if i < 0 {
				i, found = len(found), append(found, next)
			}
			found[i].stacks = append(found[i].stacks, stack)
		}
	}
	slices.SortFunc(found, func(a, b reach) int { return strings.Compare(a.from+" "+a.to+" "+a.by, b.from+" "+b.to+" "+b.by) })
	return found
}

// TestPathsBetweenIdentities derives from the grants who can become whom, directly and in several steps. It accepts only the ways
// with a stated reason.
func TestPathsBetweenIdentities(t *testing.T) {
	t.Parallel()
	var found, reasoned []string
	for _, way := range reached(t) {
		line := way.from + " → " + way.to
		if !slices.Contains(found, line) {
			found = append(found, line)
		}
	}
	for _, way := range accepted {
		reasoned = append(reasoned, way.from+" → "+way.to)
		assert.NotEmpty(t, way.reason)
	}
	assert.ElementsMatch(t, reasoned, found,
		"take the right away, or accept the way with a reason: permissions.Paths says by which permissions it goes")
}

// TestInfraCannotChangeAccess checks that infra can neither raise its own rights nor sign: it may not set a policy, make an account
// or a key, or change a role, a pool, a provider or the enabled APIs.
func TestInfraCannotChangeAccess(t *testing.T) {
	t.Parallel()
	for _, stack := range all {
		inventory := run(t, stack, nil)
		for _, account := range []string{"ci", "preview", "deploy", "infra"} {
			for _, r := range grantsOf(inventory)[account] {
				for _, permission := range r.grant(t, inventory).Permissions {
					assert.NotRegexp(t,
						`setIamPolicy$|^iam\.[\w.]*/?\w+\.(create|update|delete|undelete|upload)$|^serviceusage\.services\.(enable|disable)$|\*$|versions\.access$`,
						permission, "%s: %s by %s", stack, account, r.role)
				}
			}
		}
	}
}

// TestFederatedPrincipalsOnlyBecomeAccounts checks that a federated principal may become one account, and holds no other right.
func TestFederatedPrincipalsOnlyBecomeAccounts(t *testing.T) {
	t.Parallel()
	for _, stack := range append(all, "dev with previews") {
		change, plain := jobsOf(stack)
		holdings, _ := holdingsOf(t, run(t, plain, change))
		doors := map[string][]string{}
		for _, holding := range holdings {
			if strings.HasPrefix(holding.Who, "principal") {
				assert.Equal(t, "roles/iam.workloadIdentityUser", holding.Role, "%s: %s", stack, holding.Who)
				doors[holding.Who] = append(doors[holding.Who], holding.On)
			}
		}
		require.NotEmpty(t, doors)
		for who, accounts := range doors {
			assert.Len(t, accounts, 1, "%s: %s", stack, who)
		}
	}
}

// reachSection returns the section of docs/grants.md about these ways.
func reachSection(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	text.WriteString("\n## Who can become whom\n\n" +
		"A test derives this table from all grants below, step by step (`permissions.Paths`): impersonation, keys, services and\n" +
		"jobs that run as an account, IAM policies, roles, federation, APIs that bring accounts of their own, and the ways to\n" +
		"images, signatures and secrets. A way without a reason in `infra/program/reach_test.go` fails the test. An account that\n" +
		"is not in the table can become no other: preview only reads, and infra can neither raise its rights nor sign. [ADR\n" +
		"10](adr/0010-a-job-is-trusted-by-environment-ref-and-workflow.md) says how jobs enter from outside; `tests/trust` tries\n" +
		"that.\n\n" +
		"| from | to | by | in | why it stays |\n|---|---|---|---|---|\n")
	for _, way := range reached(t) {
		reason := ""
		for _, accepted := range accepted {
			if accepted.from == way.from && accepted.to == way.to {
				reason = accepted.reason
			}
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s |\n", way.from, way.to, way.by, strings.Join(way.stacks, ", "), reason)
	}
	return text.String()
}
