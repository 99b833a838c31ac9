package scaffold_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/scaffold"
)

// TestStandInsAreReplacedLater gives init the owner's values in a later run. They replace stand-ins, and nothing else.
func TestStandInsAreReplacedLater(t *testing.T) {
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
		"Pulumi.dev.yaml": append([]string{`number: "` + number(before["infra/platform/Pulumi.dev.yaml"]), `number: "620555111222`},
			everywhere...),
		"Pulumi.staging.yaml": everywhere,
		"Pulumi.prod.yaml":    append([]string{`reviewers: ["stand-in:1000002"]`, "reviewers: [5, 6]"}, everywhere...),
		"provenance.yaml":     {`"100000001" # A stand-in, as in`, `"4242" # As in`},
		"platform.yaml":       nil, "release.yaml": nil, "policy/dev.json": nil, "go.mod": nil,
	} {
		name = "infra/platform/" + name
		assert.Equal(t, strings.NewReplacer(replaced...).Replace(before[name]), after[name], name)
		assert.NotContains(t, after[name], "other@acme.test", "an address that is not a stand-in stays")
	}
	report := scaffold.Check(filepath.Join(root, "infra/platform"))
	assert.Empty(t, report.Problems)
	assert.Equal(t, []string{"Pulumi.staging.yaml: 2 stand-ins for what only the owner knows",
		"Pulumi.prod.yaml: 2 stand-ins for what only the owner knows"}, report.Notes)
	code, out, errs = initialize(t, root, said...)
	require.Equal(t, scaffold.ExitDone, code, errs)
	assert.Contains(t, out, "Nothing to do")
}

// TestEnvironmentIsAddedLater adds an environment to an application that began with dev. init takes the known values from dev's
// settings.
func TestEnvironmentIsAddedLater(t *testing.T) {
	t.Parallel()
	root := repository(t, shape(t, "python"))
	code, _, errs := initialize(t, root, "--yes", "--environments", "dev", "--region", "europe-west1", "--currency", "EUR", "--owner-id",
		"77", "--project", "dev=acme-7")
	require.Equal(t, scaffold.ExitDone, code, errs)
	commitAll(t, root)
	before := contents(t, root)
	more := []string{"--yes", "--environments", "dev,staging", "--project", "staging=acme-8", "--reviewer", "staging=5"}
	code, out, errs := initialize(t, root, more...)
	require.Equal(t, scaffold.ExitDone, code, errs)
	assert.Contains(t, out, "differs   .github/workflows/platform-release.yml: init --upgrade shows how\n",
		"the workflow, which lists the stacks, differs")
	code, _, errs = initialize(t, root, append(more, "--upgrade")...)
	require.Equal(t, scaffold.ExitDone, code, errs)
	after := contents(t, root)
	assert.Contains(t, after[".github/workflows/platform-release.yml"], "options: [dev, staging]\n")
	for _, part := range []string{"id: acme-8\n", "region: europe-west1\n", "currency: EUR\n", "ownerId: 77\n",
		"reviewers: [5]\n", `repositoryId: "stand-in:1`} {
		assert.Contains(t, after["infra/platform/Pulumi.staging.yaml"], part)
	}
	release := after["infra/platform/release.yaml"]
	assert.Contains(t, release, before["infra/platform/release.yaml"]+"  staging:\n    steps: [")
	assert.Equal(t, before["infra/platform/Pulumi.dev.yaml"], after["infra/platform/Pulumi.dev.yaml"])
	assert.Empty(t, scaffold.Check(filepath.Join(root, "infra/platform")).Problems)

	// A flag that contradicts the files is reported.
	for _, test := range []struct{ flag, value, want string }{
		{"--region", "us-east1", `--region is "us-east1", and the files of an earlier run in infra/platform say "europe-west1"`},
		{"--currency", "USD", `--currency is "USD", and the files of an earlier run in infra/platform say "EUR"`},
		{"--environments", "dev", "--environments lacks staging"},
		{"--project", "staging=acme-9", "--project staging=acme-9 is not in infra/platform/Pulumi.staging.yaml, which says acme-8"},
		{"--service", "api", "--service api is not in infra/platform/Pulumi.dev.yaml: docs/howto/add-service.md"},
		{"--version", "v2.0.0", "--version is v2.0.0, and infra/platform/platform.yaml says v1.2.3: say --upgrade"},
	} {
		code, _, errs := initialize(t, root, "--yes", test.flag, test.value)
		assert.Equal(t, scaffold.ExitUsage, code, test.flag)
		assert.Contains(t, errs, test.want)
	}
	assert.Equal(t, after, contents(t, root))
}

// number returns the stand-in of a project's number.
func number(settings string) string {
	_, rest, _ := strings.Cut(settings, `number: "`)
	standIn, _, _ := strings.Cut(rest, `"`)
	return standIn
}
