package provenance_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/registry"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance/provenancetest"
)

const (
	digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	other  = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	commit = "0123456789abcdef0123456789abcdef01234567"
	url    = "https://github.com/acme/shop"
	signed = url + "/.github/workflows/ci.yml@refs/heads/main"
)

var build = provenancetest.Build{
	Repository: "acme/shop", RepositoryID: "42", Workflow: ".github/workflows/ci.yml", Ref: "refs/heads/main", Commit: commit,
}

const policyText = `
repository: acme/shop
repositoryId: "42"
workflow: .github/workflows/ci.yml
ref: refs/heads/main
`

func policy(t *testing.T, more string) provenance.Policy {
	t.Helper()
	p, err := provenance.ParsePolicy([]byte(policyText + more))
	require.NoError(t, err)
	return p
}

func newSigner(t *testing.T) *provenancetest.Signer {
	t.Helper()
	signer, err := provenancetest.NewSigner()
	require.NoError(t, err)
	return signer
}

func attest(t *testing.T, s *provenancetest.Signer, change func(*provenancetest.Attestation)) []byte {
	t.Helper()
	a := provenancetest.GitHub(digest, build)
	if change != nil {
		change(&a)
	}
	raw, err := s.Attest(a)
	require.NoError(t, err)
	return raw
}

func TestVerifyAccepts(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	found, err := policy(t, "").Verify(digest, []registry.Bundle{{Name: other, JSON: attest(t, s, nil)}}, s.TrustedRoot())
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.WithinDuration(t, time.Now(), found[0].SignedAt, time.Minute)
	found[0].SignedAt = time.Time{}
	assert.Equal(t, registry.Evidence{
		Bundle: other, PredicateType: provenance.SLSAProvenance, Repository: url, Commit: commit, Ref: "refs/heads/main",
		Builder: signed, Run: url + "/actions/runs/1/attempts/1",
	}, found[0])
}

// TestVerifyAmongSeveralDependencies checks provenance that lists more than the source. The commit only has to be among the
// dependencies.
func TestVerifyAmongSeveralDependencies(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	source := map[string]any{"digest": map[string]any{"gitCommit": commit}}
	another := map[string]any{"digest": map[string]any{"gitCommit": "1111111111111111111111111111111111111111"}}
	image := map[string]any{"uri": "docker://node", "digest": map[string]any{"sha256": "2"}}
	for name, dependencies := range map[string][]any{
		"first": {source, another, image}, "last": {another, image, source}, "in the middle": {image, source,
			another}, "without other commits": {image, source, image},
	} {
		raw := attest(t, s, func(a *provenancetest.Attestation) {
			a.Predicate.(map[string]any)["buildDefinition"].(map[string]any)["resolvedDependencies"] = dependencies
		})
		_, err := policy(t, "").Verify(digest, []registry.Bundle{{Name: name, JSON: raw}}, s.TrustedRoot())
		assert.NoError(t, err, name)
	}
}

// TestVerifyByInstance checks what attestations of private repositories lack. That is accepted for the instance github only.
func TestVerifyByInstance(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	private := attest(t, s, func(a *provenancetest.Attestation) { a.NoSCT, a.NoLog = true, true })
	tests := map[string]struct {
		policy string
		bundle []byte
		fault  string
	}{
		"public, all there":      {bundle: attest(t, s, nil)},
		"public, private bundle": {bundle: private, fault: "signature: failed to verify log inclusion"},
		"public, no SCT": {bundle: attest(t, s, func(a *provenancetest.Attestation) { a.NoSCT = true }),
			fault: "signature: failed to verify signed certificate timestamp"},
		"public, no log entry": {bundle: attest(t, s, func(a *provenancetest.Attestation) { a.NoLog = true }),
			fault: "signature: failed to verify log inclusion"},
		"public, no timestamp": {bundle: attest(t, s, func(a *provenancetest.Attestation) { a.NoTimestamp = true })},
		"private":              {policy: "sigstore: github", bundle: private},
		"private without timestamp": {policy: "sigstore: github", bundle: attest(t, s,
			func(a *provenancetest.Attestation) { a.NoTimestamp = true }), fault: "signature: failed to verify timestamps"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy(t, tt.policy).Verify(digest, []registry.Bundle{{Name: "b", JSON: tt.bundle}}, s.TrustedRoot())
			if tt.fault == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, provenance.ErrUnproven)
			assert.Contains(t, err.Error(), tt.fault)
		})
	}
}

// TestVerifyRefuses changes one claim in each row, or what one attack would change. The error names exactly that.
func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	type attestation = provenancetest.Attestation
	predicate := func(path ...any) func(*attestation) {
		return func(a *attestation) {
			node := a.Predicate.(map[string]any)
			for _, key := range path[:len(path)-2] {
				node = node[key.(string)].(map[string]any)
			}
			node[path[len(path)-2].(string)] = path[len(path)-1]
		}
	}
	tests := map[string]struct {
		change func(*attestation)
		lines  []string
	}{
		"issuer": {func(a *attestation) { a.Claims.Issuer = "https://evil.example" },
			[]string{`issuer: found "https://evil.example", expected "https://token.actions.githubusercontent.com"`}},
		"fork with the same workflow": {func(a *attestation) {
			*a = provenancetest.GitHub(digest, provenancetest.Build{Repository: "evil/shop", RepositoryID: "43", Workflow: build.Workflow,
				Ref: build.Ref, Commit: commit})
		}, []string{
			`signer: found "https://github.com/evil/shop/.github/workflows/ci.yml@refs/heads/main", expected "` + signed + `"`,
			`builder: found "https://github.com/evil/shop/.github/workflows/ci.yml@refs/heads/main", expected "` + signed + `"`,
			`source repository: found "https://github.com/evil/shop", expected "` + url + `"`,
			`source repository id: found "43", expected "42"`,
			`workflow: found "https://github.com/evil/shop/.github/workflows/ci.yml@refs/heads/main", expected "` + signed + `"`,
			`predicate's builder: found "https://github.com/evil/shop/.github/workflows/ci.yml@refs/heads/main", expected "` + signed + `"`,
			`predicate's repository: found "https://github.com/evil/shop", expected "` + url + `"`,
		}},
		"a repository of the same name": {func(a *attestation) { a.Claims.SourceRepositoryIdentifier = "43" },
			[]string{`source repository id: found "43", expected "42"`}},
		"run of another branch": {func(a *attestation) { a.Claims.SourceRepositoryRef = "refs/heads/topic" },
			[]string{`source ref: found "refs/heads/topic", expected "refs/heads/main"`}},
		"self-hosted machine": {func(a *attestation) { a.Claims.RunnerEnvironment = "self-hosted" },
			[]string{`runner: found "self-hosted", expected "github-hosted"`}},
		"no runner": {func(a *attestation) { a.Claims.RunnerEnvironment = "" },
			[]string{`runner: found "", expected "github-hosted"`}},
		"called by another workflow": {func(a *attestation) { a.Claims.BuildConfigURI = url + "/.github/workflows/x.yml@refs/heads/main" },
			[]string{`workflow: found "` + url + `/.github/workflows/x.yml@refs/heads/main", expected "` + signed + `"`}},
		"other signer": {func(a *attestation) { a.SAN = url + "/.github/workflows/x.yml@refs/heads/main" },
			[]string{`signer: found "` + url + `/.github/workflows/x.yml@refs/heads/main", expected "` + signed + `"`}},
		"other predicate": {func(a *attestation) { a.PredicateType = "https://spdx.dev/Document/v2.3" },
			[]string{`predicate type: found "https://spdx.dev/Document/v2.3", expected "https://slsa.dev/provenance/v1"`}},
		"predicate's builder": {predicate("runDetails", "builder", "id", "x"),
			[]string{`predicate's builder: found "x", expected "` + signed + `"`}},
		"predicate's ref": {predicate("buildDefinition", "externalParameters", "workflow", "ref", "x"),
			[]string{`predicate's ref: found "x", expected "refs/heads/main"`}},
		"predicate's workflow": {predicate("buildDefinition", "externalParameters", "workflow", "path", "x"),
			[]string{`predicate's workflow: found "x", expected ".github/workflows/ci.yml"`}},
		"several dependencies, none of them the commit": {predicate("buildDefinition", "resolvedDependencies", []any{
			map[string]any{"digest": map[string]any{"gitCommit": "1111111111111111111111111111111111111111"}},
			map[string]any{"digest": map[string]any{"gitCommit": "2222222222222222222222222222222222222222"}},
			map[string]any{"digest": map[string]any{"sha256": "3"}},
		}), []string{`predicate's commit: found "1111111111111111111111111111111111111111", expected "` + commit + `"`}},
		"predicate's commit": {predicate("buildDefinition", "resolvedDependencies", []any{}),
			[]string{`predicate's commit: found "", expected "` + commit + `"`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy(t, "").Verify(digest, []registry.Bundle{{Name: "b", JSON: attest(t, s, tt.change)}}, s.TrustedRoot())
			require.ErrorIs(t, err, provenance.ErrUnproven)
			assert.Equal(t, "provenance is not proven: "+digest+" has no valid attestation https://slsa.dev/provenance/v1\n"+
				"  bundle b:\n    "+strings.Join(tt.lines, "\n    "), err.Error())
		})
	}
}

func TestVerifyRefusesForgeries(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	good := attest(t, s, nil)
	tamper := func(change func(map[string]any)) []byte {
		var bundle map[string]any
		require.NoError(t, json.Unmarshal(good, &bundle))
		change(bundle)
		raw, err := json.Marshal(bundle)
		require.NoError(t, err)
		return raw
	}
	tests := map[string]struct {
		bundle []byte
		fault  string
	}{
		"other image": {attest(t, s, func(a *provenancetest.Attestation) { a.Digest = other }),
			"signature: failed to verify signature: provided artifact digest does not match"},
		"other authority": {attest(t, newSigner(t), nil), "signature: "},
		"other payload": {tamper(func(b map[string]any) {
			b["dsseEnvelope"].(map[string]any)["payload"] = "e30="
		}), "signature: "},
		"no bundle":    {[]byte("{}"), "is not a Sigstore bundle: "},
		"not JSON":     {[]byte("x"), "is not a Sigstore bundle: "},
		"empty bundle": {nil, "is not a Sigstore bundle: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy(t, "").Verify(digest, []registry.Bundle{{Name: "b", JSON: tt.bundle}}, s.TrustedRoot())
			require.ErrorIs(t, err, provenance.ErrUnproven)
			assert.Contains(t, err.Error(), "bundle b:\n    "+tt.fault)
		})
	}
}

// TestVerifyManyBundles checks that further bundles neither prove anything nor do harm. Anybody who can push to the source can add
// them.
func TestVerifyManyBundles(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	sbom := func(a *provenancetest.Attestation) {
		a.PredicateType, a.Predicate = "https://spdx.dev/Document/v2.3", map[string]any{}
	}
	bundles := []registry.Bundle{
		{Name: "foreign", JSON: attest(t, newSigner(t), nil)},
		{Name: "junk", JSON: []byte("junk")},
		{Name: "sbom", JSON: attest(t, s, sbom)},
		{Name: "build", JSON: attest(t, s, nil)},
	}
	both := policy(t, "predicateTypes: [https://slsa.dev/provenance/v1, https://spdx.dev/Document/v2.3]")
	found, err := both.Verify(digest, bundles, s.TrustedRoot())
	require.NoError(t, err)
	require.Len(t, found, 2)
	assert.Equal(t, []string{"build", "sbom"}, []string{found[0].Bundle, found[1].Bundle})

	_, err = both.Verify(digest, bundles[:2], s.TrustedRoot())
	require.ErrorIs(t, err, provenance.ErrUnproven)
	assert.Contains(t, err.Error(), "no valid attestation https://slsa.dev/provenance/v1, https://spdx.dev/Document/v2.3")

	_, err = both.Verify(digest, nil, s.TrustedRoot())
	require.ErrorIs(t, err, provenance.ErrUnproven)
	assert.Contains(t, err.Error(), "no Sigstore bundle refers to it; attest it with actions/attest and push-to-registry: true")
}

func TestVerifyRefusesWrongUse(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	_, err := provenance.Policy{}.Verify(digest, nil, s.TrustedRoot())
	assert.ErrorContains(t, err, `repository is ""; give OWNER/NAME`)
	_, err = policy(t, "").Verify("sha256:1", nil, s.TrustedRoot())
	assert.EqualError(t, err, `"sha256:1" is not sha256: and 64 hexadecimal digits`)
	_, err = policy(t, "").Verify(digest, nil, nil)
	assert.EqualError(t, err, "no trusted root was given; make one with `gh attestation trusted-root > FILE`")
}

// TestBareSignatureProvesNothing checks a signature of the digest alone, which does not show how the image was made.
func TestBareSignatureProvesNothing(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	bare, err := s.Bare(provenancetest.GitHub(digest, build))
	require.NoError(t, err)
	_, err = policy(t, "sigstore: github").Verify(digest, []registry.Bundle{{Name: "b", JSON: bare}}, s.TrustedRoot())
	require.ErrorIs(t, err, provenance.ErrUnproven)
	assert.Contains(t, err.Error(), "signature: found a bare signature, expected a statement signed with a workflow's certificate")
}
