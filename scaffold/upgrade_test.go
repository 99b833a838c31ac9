package scaffold_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/scaffold"
)

const (
	newer = "89abcdef0123456789abcdef0123456789abcdef"
	// ofItsOwn is what an application may have added to the go.mod that init wrote.
	ofItsOwn = "\n// Ours.\nrequire example.com/acme/extra v1.0.0 // our resources\n\ntool example.com/acme/extra/cmd/gen\n"
)

// aYearLater makes an application whose owner has changed their own files, at a version whose commands had other names.
func aYearLater(t *testing.T) (root string) {
	t.Helper()
	root = repository(t, shape(t, "monorepo"))
	code, _, errs := initialize(t, root, "--yes")
	require.Equal(t, scaffold.ExitDone, code, errs)
	write(t, root, "infra/platform/release.yaml", "environments: {dev: , staging: , prod: }\n")
	for name, content := range contents(t, root) {
		content = strings.Replace(content, `repositoryId: "stand-in:100000001"`, "repositoryId: 4242", 1)
		if name == "infra/platform/go.mod" {
			content = strings.Replace(content, "/cmd/firstrun\n", "/cmd/adopt\n\t"+scaffold.Module+"/cmd/bootstrap\n", 1) + ofItsOwn
		}
		write(t, root, name, content)
	}
	commitAll(t, root)
	return root
}

func TestUpgradeShowsWhatAnotherVersionChanges(t *testing.T) {
	t.Parallel()
	root := aYearLater(t)
	before := contents(t, root)
	upgrade := func(args ...string) string {
		t.Helper()
		code, out, errs := initialize(t, root, append([]string{"--upgrade", "--version", "v1.3.0", "--commit", newer}, args...)...)
		require.Equal(t, scaffold.ExitDone, code, errs)
		return out
	}
	out := upgrade("--yes")
	assert.Contains(t, out, "this comes first")
	assert.Contains(t, out, "  git -C "+root+" add -A && git -C "+root+" commit -m \"ci: trust the platform's v1.3.0\"\n"+
		"  go build -o bin/policy-pack "+scaffold.Module+"/policy && pulumi up --stack dev --target ")
	trusted := contents(t, root)
	for name := range before {
		if strings.HasPrefix(name, "infra/platform/Pulumi.") && name != "infra/platform/Pulumi.yaml" {
			assert.Contains(t, trusted[name], "        refs: ["+commit+", "+newer+"]\n")
			continue
		}
		assert.Equal(t, before[name], trusted[name], name)
	}
	assert.NotContains(t, strings.Join(scaffold.Check(filepath.Join(root, "infra/platform")).Problems, "\n"), "platform.version",
		"the old version stays trusted")
	commitAll(t, root)
	before = trusted
	out = upgrade()
	assert.Contains(t, out, "-  version: v1.2.3\n-  commit: "+commit+"\n+  version: v1.3.0\n+  commit: "+newer)
	assert.Equal(t, before, contents(t, root), "the changes are shown and not written")

	upgrade("--yes")
	after := contents(t, root)
	assert.NotContains(t, after[".github/workflows/platform-ci.yml"], commit)
	assert.Contains(t, after[".github/workflows/platform-ci.yml"], "@"+newer+" # v1.3.0")
	assert.Contains(t, after["infra/platform/provenance.yaml"], "build.yml@"+newer)
	assert.Contains(t, after["infra/platform/provenance.yaml"], `repositoryId: "4242"`, "the value that the owner wrote stays")
	for _, name := range []string{"infra/platform/release.yaml", "infra/platform/Pulumi.dev.yaml", "infra/platform/main.go", ".gitignore"} {
		assert.Equal(t, before[name], after[name], name)
	}
	assert.Empty(t, scaffold.Check(filepath.Join(root, "infra/platform")).Problems)
}

// TestUpgradeRaisesGoMod checks that an upgrade keeps the application's own lines of go.mod, and names the commands that the new
// version has.
func TestUpgradeRaisesGoMod(t *testing.T) {
	t.Parallel()
	root := aYearLater(t)
	const file = "infra/platform/go.mod"
	before := contents(t, root)[file]
	assert.Contains(t, strings.Join(scaffold.Check(filepath.Join(root, "infra/platform")).Problems, "\n"),
		"go.mod: this version of the platform has no command "+scaffold.Module+
			"/cmd/bootstrap: go mod edit -droptool "+scaffold.Module+"/cmd/bootstrap")
	for range 2 { // first whom the stacks trust, then what names the version
		code, _, errs := initialize(t, root, "--upgrade", "--yes", "--version", "v1.3.0", "--commit", newer)
		require.Equal(t, scaffold.ExitDone, code, errs)
		commitAll(t, root)
	}
	// go mod edit adds to the last block.
	want := strings.NewReplacer("v1.2.3", "v1.3.0", "\t"+scaffold.Module+"/cmd/adopt\n", "", "\t"+scaffold.Module+"/cmd/bootstrap\n", "",
		"\ntool example.com/acme/extra/cmd/gen\n",
		"\ntool (\n\texample.com/acme/extra/cmd/gen\n\t"+scaffold.Module+"/cmd/firstrun\n)\n").Replace(before)
	assert.Equal(t, want, contents(t, root)[file])
	code, out, errs := initialize(t, root, "--upgrade", "--yes", "--version", "v1.3.0", "--commit", newer)
	require.Equal(t, scaffold.ExitDone, code, errs)
	assert.Contains(t, out, "Nothing to do")
}

// TestUpgradeLosesNothing checks a caller that somebody has changed. The upgrade shows the change in its difference, and refuses to
// overwrite it until it is committed.
func TestUpgradeLosesNothing(t *testing.T) {
	t.Parallel()
	root := aYearLater(t)
	const file = ".github/workflows/platform-drift.yml"
	edited := strings.Replace(contents(t, root)[file], "17 5", "18 6", 1)
	write(t, root, file, edited)
	code, out, errs := initialize(t, root, "--yes")
	require.Equal(t, scaffold.ExitDone, code, errs)
	assert.Contains(t, out, "differs   "+file+": init --upgrade shows how\n")

	code, _, errs = initialize(t, root, "--upgrade", "--yes")
	require.Equal(t, scaffold.ExitRefuse, code, errs)
	assert.Contains(t, errs, "their changes are not committed: commit them first\n  "+file)
	assert.Equal(t, edited, contents(t, root)[file])
	commitAll(t, root)
	code, out, errs = initialize(t, root, "--upgrade", "--yes")
	require.Equal(t, scaffold.ExitDone, code, errs)
	assert.Contains(t, out, `-    - cron: "18 6`)
	assert.Contains(t, contents(t, root)[file], `cron: "17 5`)
}
