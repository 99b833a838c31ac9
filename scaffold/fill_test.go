package scaffold_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/scaffold"
)

// What only the owner knows can be said when it is known. It takes the place of stand-ins, and of nothing else.
func TestStandInsAreReplacedByWhatIsSaidLater(t *testing.T) {
	t.Parallel()
	root := repository(t, shape(t, "monorepo"))
	code, _, errs := initialize(t, root, "--yes", "--alerts", "web@acme.test")
	require.Equal(t, scaffold.ExitDone, code, errs)
	before := contents(t, root)
	said := []string{"--yes", "--owner-id", "77", "--repository-id", "4242", "--billing-account", "ABCDEF-012345-6789AB", "--project-number",
		"dev=620555111222", "--reviewer", "production=5", "--reviewer", "production=6", "--alerts", "other@acme.test"}
	code, out, errs := initialize(t, root, said...)
	require.Equal(t, scaffold.ExitDone, code, errs)
	assert.Contains(t, out, "changes   infra/platform/provenance.yaml\n")
	assert.Contains(t, out, "+      ownerId: 77\n")

	everywhere := []string{`ownerId: "stand-in:10000001"`, "ownerId: 77", `repositoryId: "stand-in:100000001"`, "repositoryId: 4242",
		"stand-in:012345-6789AB-CDEF01", "ABCDEF-012345-6789AB"}
	after := contents(t, root)
	for name, replaced := range map[string][]string{
		"Pulumi.dev.yaml":     append([]string{`number: "` + number(before["infra/platform/Pulumi.dev.yaml"]), `number: "620555111222`}, everywhere...),
		"Pulumi.staging.yaml": everywhere,
		"Pulumi.prod.yaml":    append([]string{`reviewers: ["stand-in:1000002"]`, "reviewers: [5, 6]"}, everywhere...),
		"provenance.yaml":     {`"100000001" # A stand-in, as in`, `"4242" # As in`},
		"platform.yaml":       nil, "release.yaml": nil, "policy/dev.json": nil, "go.mod": nil,
	} {
		name = "infra/platform/" + name
		assert.Equal(t, strings.NewReplacer(replaced...).Replace(before[name]), after[name], name)
		assert.NotContains(t, after[name], "other@acme.test", "an address that is none to replace")
	}
	report := scaffold.Check(filepath.Join(root, "infra/platform"))
	assert.Empty(t, report.Problems)
	assert.Equal(t, []string{"Pulumi.prod.yaml: 2 stand-ins for what only the owner knows",
		"Pulumi.staging.yaml: 2 stand-ins for what only the owner knows"}, report.Notes)
	code, out, errs = initialize(t, root, said...)
	require.Equal(t, scaffold.ExitDone, code, errs)
	assert.Contains(t, out, "Nothing to do")
}

// number is the stand-in of a project's number.
func number(settings string) string {
	_, rest, _ := strings.Cut(settings, `number: "`)
	standIn, _, _ := strings.Cut(rest, `"`)
	return standIn
}
