package provenance_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/registry"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance"
)

func TestParsePolicyDefaults(t *testing.T) {
	t.Parallel()
	assert.Equal(t, provenance.Policy{
		Sigstore: "public", Issuer: "https://token.actions.githubusercontent.com", Repository: "acme/shop", RepositoryID: "42",
		Workflow: ".github/workflows/ci.yml", Ref: "refs/heads/main", Runner: "github-hosted",
		Builder:        "https://github.com/acme/shop/.github/workflows/ci.yml@refs/heads/main",
		PredicateTypes: []string{"https://slsa.dev/provenance/v1"},
	}, policy(t, ""))
}

func TestParsePolicyWhole(t *testing.T) {
	t.Parallel()
	found, err := provenance.ParsePolicy([]byte(`
sigstore: github
issuer: https://token.example
repository: acme/shop
repositoryId: 42
workflow: .github/workflows/ci.yml
ref: refs/tags/v1
runner: self-hosted
builder: https://github.com/acme/builders/.github/workflows/build.yml@0123456789abcdef0123456789abcdef01234567
predicateTypes: [https://slsa.dev/provenance/v1, https://spdx.dev/Document/v2.3]
allowRootBecause: the vendor's image has no other user
`))
	require.NoError(t, err)
	assert.Equal(t, provenance.Policy{
		Sigstore: "github", Issuer: "https://token.example", Repository: "acme/shop", RepositoryID: "42",
		Workflow: ".github/workflows/ci.yml", Ref: "refs/tags/v1", Runner: "self-hosted",
		Builder:          "https://github.com/acme/builders/.github/workflows/build.yml@0123456789abcdef0123456789abcdef01234567",
		PredicateTypes:   []string{"https://slsa.dev/provenance/v1", "https://spdx.dev/Document/v2.3"},
		AllowRootBecause: "the vendor's image has no other user",
	}, found)
}

// TestParsePolicyProblems checks that every problem is named once.
func TestParsePolicyProblems(t *testing.T) {
	t.Parallel()
	const keys = "sigstore, issuer, repository, repositoryId, workflow, ref, runner, builder, predicateTypes, allowRootBecause"
	const noRepository = `repository is ""; give OWNER/NAME`
	const noID = "repositoryId is \"\"; give the number that `gh api repos/OWNER/NAME --jq .id` prints"
	const noWorkflow = `workflow is ""; give its path, such as .github/workflows/ci.yml`
	const noRef = `ref is ""; give the full ref without wildcards, such as refs/heads/main`
	tests := map[string]struct {
		text     string
		problems []string
	}{
		"empty":      {"", []string{"is not a list of keys and values; the keys are " + keys}},
		"list":       {"- a", []string{"is not a list of keys and values; the keys are " + keys}},
		"no keys":    {"{}", []string{noRepository, noID, noWorkflow, noRef}},
		"unknown":    {policyText + "branch: main", []string{"line 6: branch is not a key; the keys are " + keys}},
		"other case": {policyText + "Ref: refs/heads/x", []string{"line 6: Ref is not a key; the keys are " + keys}},
		"twice":      {policyText + "ref: refs/heads/x", []string{"line 6: ref stands there twice; keep one"}},
		"two texts":  {policyText + "---\nref: x", []string{"has more than one YAML document; keep one"}},
		"empty default": {policyText + "runner:", []string{
			"line 6: runner has to be a text; remove the key for the default, if it has one"}},
		"blank reason": {policyText + `allowRootBecause: " "`, []string{
			"line 6: allowRootBecause has to be a text; remove the key for the default, if it has one"}},
		"a reason that is null": {policyText + "allowRootBecause: null", []string{
			"line 6: allowRootBecause has to be a text; remove the key for the default, if it has one"}},
		"a reason by a YAML alias": {policyText + "runner: &x github-hosted\nallowRootBecause: *x", []string{
			"line 7: allowRootBecause has to be a text; remove the key for the default, if it has one"}},
		"a malformed repository": {strings.Replace(policyText, "acme/shop", "acme/s hop", 1), []string{
			`repository is "acme/s hop"; give OWNER/NAME`}},
		"no predicates": {policyText + "predicateTypes: []", []string{
			"line 6: predicateTypes has to be a list of URLs; remove the key for the default"}},
		"every key wrong": {`
sigstore: private
issuer: http://token.example
repository: shop
repositoryId: "stand-in:100000001"
workflow: ci.yml
ref: main
runner: any
builder: https://github.com/acme/builders
predicateTypes: [sbom, sbom]
`, []string{
			`sigstore is "private"; it is "public" or "github" (for private repositories)`,
			`issuer is "http://token.example"; give the https URL of the token's issuer`,
			`repository is "shop"; give OWNER/NAME`,
			"repositoryId is \"stand-in:100000001\"; give the number that `gh api repos/OWNER/NAME --jq .id` prints",
			`workflow is "ci.yml"; give its path, such as .github/workflows/ci.yml`,
			`ref is "main"; give the full ref without wildcards, such as refs/heads/main`,
			`runner is "any"; it is "github-hosted" or "self-hosted"`,
			`builder is "https://github.com/acme/builders"; give the signing workflow, such as https://github.com/OWNER/NAME/.github/workflows/build.yml@refs/heads/main`,
			`predicateTypes is "sbom, sbom"; add https://slsa.dev/provenance/v1`,
			`predicateTypes is "sbom"; give a predicate type's https URL`,
			`predicateTypes is "sbom"; give a predicate type's https URL`,
			`predicateTypes is "sbom"; name it once`,
		}},
		"wildcards": {"repository: acme/*\nrepositoryId: '42'\nworkflow: .github/workflows/*.yml\nref: refs/heads/*", []string{
			`repository is "acme/*"; give OWNER/NAME`,
			`workflow is ".github/workflows/*.yml"; give its path, such as .github/workflows/ci.yml`,
			`ref is "refs/heads/*"; give the full ref without wildcards, such as refs/heads/main`,
		}},
		"pull request": {strings.Replace(policyText, "refs/heads/main", "refs/pull/1/merge", 1), []string{
			`ref is "refs/pull/1/merge"; give the full ref without wildcards, such as refs/heads/main`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := provenance.ParsePolicy([]byte(tt.text))
			assert.EqualError(t, err, strings.Join(tt.problems, "\n"))
		})
	}
}

func TestLoadPolicyNamesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	_, err := provenance.LoadPolicy(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte(policyText+"x: y"), 0o600))
	_, err = provenance.LoadPolicy(path)
	assert.ErrorContains(t, err, "provenance policy "+path+":\nline 6: x is not a key")
}

func TestLoadTrustedRoot(t *testing.T) {
	t.Parallel()
	one, two := newSigner(t), newSigner(t)
	first, err := one.TrustedRootJSON()
	require.NoError(t, err)
	second, err := two.TrustedRootJSON()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "root.jsonl")
	require.NoError(t, os.WriteFile(path, bytes.Join([][]byte{first, second, nil}, []byte("\n")), 0o600))
	trusted, err := provenance.LoadTrustedRoot(path)
	require.NoError(t, err)
	_, err = policy(t, "").Verify(digest, []registry.Bundle{{Name: "b", JSON: attest(t, one, nil)}}, trusted)
	require.NoError(t, err, "signed by the first root's signer")
	_, err = policy(t, "").Verify(digest, []registry.Bundle{{Name: "b", JSON: attest(t, two, nil)}}, trusted)
	require.NoError(t, err, "signed by the second root's signer")
	_, err = policy(t, "").Verify(digest, []registry.Bundle{{Name: "b", JSON: attest(t, newSigner(t), nil)}}, trusted)
	require.ErrorIs(t, err, provenance.ErrUnproven)

	_, err = provenance.LoadTrustedRoot(path + ".not")
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, "make one with `gh attestation trusted-root > FILE`")
	for name, text := range map[string]string{"is empty": " \n", "is not a Sigstore trusted root": "{\"a\":\n1}"} {
		_, err = provenance.ParseTrustedRoot([]byte(text))
		assert.ErrorContains(t, err, name)
	}
}
