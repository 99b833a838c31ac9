package provenance_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/registry"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance/provenancetest"
)

// TestShippedPolicy checks that the shipped policy accepts what the platform's build.yml attests when the application's
// platform-ci.yml calls it on main, and refuses everything that differs in one point. It uses the tests' own application, because
// the policy at the repository's root is the owner's to fill in.
func TestShippedPolicy(t *testing.T) {
	t.Parallel()
	const build = "guiofsaints/procureflow-platform/.github/workflows/build.yml@"
	shipped, err := provenance.LoadPolicy("../../../tests/application/provenance.yaml")
	require.NoError(t, err)
	assert.Equal(t, provenance.Policy{
		Sigstore: "public", Issuer: "https://token.actions.githubusercontent.com", Repository: "guiofsaints/procureflow",
		RepositoryID: "100000001",
		Workflow:     ".github/workflows/platform-ci.yml", Ref: "refs/heads/main", Runner: "github-hosted",
		Builder:        "https://github.com/" + build + commit,
		PredicateTypes: []string{"https://slsa.dev/provenance/v1"},
	}, shipped)
	s := newSigner(t)
	right := provenancetest.Build{
		Repository: "guiofsaints/procureflow", RepositoryID: "100000001", Workflow: ".github/workflows/platform-ci.yml",
		Ref: "refs/heads/main", Commit: commit,
		Builder: build + commit,
	}
	for name, c := range map[string]struct {
		build  func(*provenancetest.Build)
		attest func(*provenancetest.Attestation)
		wrong  string
	}{
		"main": {},
		"another branch": {build: func(b *provenancetest.Build) { b.Ref = "refs/heads/feature" },
			wrong: `source ref: found "refs/heads/feature", expected "refs/heads/main"`},
		"a tag called main": {build: func(b *provenancetest.Build) { b.Ref = "refs/tags/main" }, wrong: `source ref: found "refs/tags/main"`},
		"another workflow":  {build: func(b *provenancetest.Build) { b.Workflow = ".github/workflows/deploy.yml" }, wrong: "workflow: found"},
		"another build": {build: func(b *provenancetest.Build) {
			b.Builder = strings.Replace(build, "build.yml", "deploy.yml", 1) + commit
		}, wrong: "builder: found"},
		"a branch's build":       {build: func(b *provenancetest.Build) { b.Builder = build + "refs/heads/main" }, wrong: "builder: found"},
		"the caller's own build": {build: func(b *provenancetest.Build) { b.Builder = "" }, wrong: "builder: found"},
		"a fork":                 {build: func(b *provenancetest.Build) { b.Repository = "evil/procureflow" }, wrong: "source repository: found"},
		"a repository of the same name": {build: func(b *provenancetest.Build) { b.RepositoryID = "7" },
			wrong: `source repository id: found "7", expected "100000001"`},
		"a self-hosted machine": {attest: func(a *provenancetest.Attestation) { a.Claims.RunnerEnvironment = "self-hosted" },
			wrong: `runner: found "self-hosted", expected "github-hosted"`},
		"another issuer": {attest: func(a *provenancetest.Attestation) {
			a.Claims.Issuer = "https://github.example/_services/token"
		}, wrong: "issuer: found"},
		"no transparency log": {attest: func(a *provenancetest.Attestation) { a.NoLog = true }, wrong: "signature: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := right
			if c.build != nil {
				c.build(&b)
			}
			a := provenancetest.GitHub(digest, b)
			if c.attest != nil {
				c.attest(&a)
			}
			raw, err := s.Attest(a)
			require.NoError(t, err)
			found, err := shipped.Verify(digest, []registry.Bundle{{Name: other, JSON: raw}}, s.TrustedRoot())
			if c.wrong == "" {
				require.NoError(t, err)
				assert.Len(t, found, 1)
				return
			}
			require.ErrorIs(t, err, provenance.ErrUnproven)
			assert.ErrorContains(t, err, c.wrong)
		})
	}
}
