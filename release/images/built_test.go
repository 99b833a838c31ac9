package images

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/release/registry"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance/provenancetest"
)

// TestBuilt checks that an approver is shown only what the policy proves. Anybody who may push a branch can attest to anything.
func TestBuilt(t *testing.T) {
	t.Parallel()
	s := newShelf(t, "node")
	bundle := func(ref, commit string) string {
		t.Helper()
		made, err := s.signer.Attest(provenancetest.GitHub(s.digest, provenancetest.Build{Repository: "acme/shop", RepositoryID: "42",
			Workflow: ".github/workflows/ci.yml", Ref: ref, Commit: commit}))
		require.NoError(t, err)
		return string(made) + "\n"
	}
	const main, branch = "0123456789abcdef0123456789abcdef01234567", "ffffffffffffffffffffffffffffffffffffffff"
	file := filepath.Join(t.TempDir(), "bundles.jsonl")
	for name, test := range map[string]struct {
		bundles, says string
		exit          int
	}{
		"main's":                           {bundle("refs/heads/main", main), "", command.ExitDone},
		"attested on a branch and on main": {bundle("refs/heads/feature", branch) + "\n" + bundle("refs/heads/main", main), "", command.ExitDone},
		"attested on a branch alone":       {bundle("refs/heads/feature", branch), `line 1`, command.ExitRefused},
		"none":                             {"", "no Sigstore bundle refers to it", command.ExitRefused},
		"no bundle":                        {"{}\n", "line 1", command.ExitRefused},
	} {
		require.NoError(t, os.WriteFile(file, []byte(test.bundles), 0o600))
		exit, out, errs := s.run("built", "--digest", s.digest, "--bundles", file)
		assert.Equal(t, test.exit, exit, "%s: %s", name, errs)
		assert.Contains(t, errs, test.says, name)
		if test.exit != command.ExitDone {
			assert.Empty(t, out, name)
			continue
		}
		var evidence registry.Evidence
		require.NoError(t, json.Unmarshal([]byte(out), &evidence), name)
		assert.Equal(t, main, evidence.Commit, name)
		assert.Equal(t, "https://github.com/acme/shop/actions/runs/1/attempts/1", evidence.Run, name)
	}
	exit, _, errs := s.run("built", "--digest", s.digest, "--bundles", filepath.Join(s.dir, "none"))
	assert.Equal(t, command.ExitFailed, exit, errs)
	exit, _, _ = s.run("built", "--digest", s.digest)
	assert.Equal(t, command.ExitUsage, exit)
	exit, _, _ = s.run("built", "--digest", s.digest, "--bundles", file, "--provenance", "none.yaml")
	assert.Equal(t, command.ExitUsage, exit)
}
