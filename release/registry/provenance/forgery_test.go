package provenance_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/registry"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance/provenancetest"
)

// TestForgedClaims changes one claim of the certificate in each row to something that only looks right: another spelling, a longer text
// that contains the right one, or another ref of the same name.
func TestForgedClaims(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	type attestation = provenancetest.Attestation
	set := map[string]func(*attestation, string){
		"trigger": func(a *attestation, v string) { a.Claims.BuildTrigger = v },
		"ref":     func(a *attestation, v string) { a.Claims.SourceRepositoryRef = v },
		"repo":    func(a *attestation, v string) { a.Claims.SourceRepositoryURI = v },
		"id":      func(a *attestation, v string) { a.Claims.SourceRepositoryIdentifier = v },
		"runner":  func(a *attestation, v string) { a.Claims.RunnerEnvironment = v },
		"issuer":  func(a *attestation, v string) { a.Claims.Issuer = v },
		"signer":  func(a *attestation, v string) { a.Claims.BuildSignerURI = v },
		"san":     func(a *attestation, v string) { a.SAN = v },
		"config":  func(a *attestation, v string) { a.Claims.BuildConfigURI = v },
		"commit":  func(a *attestation, v string) { a.Claims.SourceRepositoryDigest = v },
	}
	workflows := []string{
		url + "/.github/workflows/ci.yml@refs/heads/evil@refs/heads/main", url + "/.github/workflows/ci.yml@refs/tags/main",
		url + "/.github/workflows/ci.yml@refs/heads/main2", url + "/.github/workflows/ci.yml@refs/heads/Main",
		url + "/.github/workflows/CI.yml@refs/heads/main", url + "/.github/workflows/x/../ci.yml@refs/heads/main",
		url + "/.github/workflows/ci.yaml@refs/heads/main", url + "/.github/workflows//ci.yml@refs/heads/main",
		url + "/.github/workflows/ci.yml@" + commit, url + "/.github/workflows/ci.yml", url + "%2F.github/workflows/ci.yml@refs/heads/main",
		"https://github.com.evil.example/acme/shop/.github/workflows/ci.yml@refs/heads/main",
		"https://github.com/acme/shop@evil/.github/workflows/ci.yml@refs/heads/main",
		"http://github.com/acme/shop/.github/workflows/ci.yml@refs/heads/main", url + "-evil/.github/workflows/ci.yml@refs/heads/main",
	}
	for claim, values := range map[string][]string{
		"trigger": {"pull_request_target", "pull_request", "issue_comment", "workflow_run", "issues", "fork", "", "PUSH", "push "},
		"ref": {"refs/heads/main\n", "refs/heads/main/x", "refs/tags/main", "refs/pull/7/merge", "refs/pull/7/head", "main", "heads/main",
			"refs/heads/Main", " refs/heads/main", "refs/heads/main@{1}", "refs/heads/mаin"}, // the last has a Cyrillic letter
		"repo": {url + "/", url + ".git", "https://github.com/Acme/shop", "https://github.com/acme/shop2", "https://github.com/acme/shop#x",
			"https://github.com@evil.example/acme/shop", "git@github.com:acme/shop"},
		"id":     {"042", "42 ", "42\n", "4", "420", "0x2a", "42.0", ""},
		"runner": {"GitHub-hosted", "github-hosted ", "self-hosted", "github-hosted,self-hosted"},
		"issuer": {"https://token.actions.githubusercontent.com/", "https://token.actions.githubusercontent.com/acme",
			"http://token.actions.githubusercontent.com", "https://token.actions.githubusercontent.com.evil.example"},
		"signer": workflows, "config": workflows, "san": workflows,
		"commit": {strings.ToUpper("abcdef") + commit[6:], commit[:39], strings.Repeat("0", 40)},
	} {
		for _, value := range values {
			raw := attest(t, s, func(a *attestation) { set[claim](a, value) })
			_, err := policy(t, "").Verify(digest, []registry.Bundle{{Name: "b", JSON: raw}}, s.TrustedRoot())
			assert.ErrorContains(t, err, "provenance is not proven", "%s %q", claim, value)
		}
	}
	for _, trigger := range []string{"push", "workflow_dispatch", "schedule", "release", "merge_group", "repository_dispatch"} {
		raw := attest(t, s, func(a *attestation) { a.Claims.BuildTrigger = trigger })
		_, err := policy(t, "").Verify(digest, []registry.Bundle{{Name: "b", JSON: raw}}, s.TrustedRoot())
		assert.NoError(t, err, trigger)
	}
}

// TestForgedStatements changes what is signed. The subject has to have the digest by SHA-256, whatever its name.
func TestForgedStatements(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	hex, wrong := strings.TrimPrefix(digest, "sha256:"), strings.TrimPrefix(other, "sha256:")
	subject := func(digests ...map[string]any) func(map[string]any) {
		return func(statement map[string]any) {
			list := []any{}
			for _, one := range digests {
				list = append(list, map[string]any{"name": "image", "digest": one})
			}
			statement["subject"] = list
		}
	}
	put := func(key string, value any) func(map[string]any) {
		return func(statement map[string]any) { statement[key] = value }
	}
	for _, test := range []struct {
		name   string
		change func(map[string]any)
		proven bool
	}{
		{"two subjects, one of them the image", subject(map[string]any{"sha256": wrong}, map[string]any{"sha256": hex}), true},
		{"two algorithms", subject(map[string]any{"sha256": hex, "sha512": hex + hex}), true},
		{"another subject", subject(map[string]any{"sha256": wrong}), false},
		{"no subject", subject(), false},
		{"a subject without a digest", subject(map[string]any{}), false},
		{"the digest under another algorithm", subject(map[string]any{"sha512": hex}), false},
		{"the digest under another name", subject(map[string]any{"SHA256": hex}), false},
		{"another digest, and the right one under another algorithm", subject(map[string]any{"sha256": wrong, "gitCommit": hex}), false},
		{"the digest with its algorithm", subject(map[string]any{"sha256": digest}), false},
		{"a part of the digest", subject(map[string]any{"sha256": hex[:62]}), false},
		{"the digest in the subject's name", put("subject", []any{map[string]any{"name": digest, "digest": map[string]any{"sha256": wrong}}}),
			false},
		{"another type of statement", put("_type", "https://in-toto.io/Statement/v0.1x"), false},
		{"an older predicate", put("predicateType", "https://slsa.dev/provenance/v0.2"), false},
		{"a predicate type with a blank", put("predicateType", "https://slsa.dev/provenance/v1 "), false},
		{"a predicate type in capitals", put("predicateType", "https://slsa.dev/provenance/V1"), false},
		{"a predicate type below", put("predicateType", "https://slsa.dev/provenance/v1/x"), false},
		{"a predicate that is a list", put("predicate", []any{}), false},
		{"a predicate that is empty", put("predicate", map[string]any{}), false},
	} {
		raw, err := s.Attest(func() provenancetest.Attestation {
			a := provenancetest.GitHub(digest, build)
			a.Change = test.change
			return a
		}())
		if err != nil { // the signer's own library refuses to write it
			assert.False(t, test.proven, "%s: %v", test.name, err)
			continue
		}
		_, err = policy(t, "").Verify(digest, []registry.Bundle{{Name: "b", JSON: raw}}, s.TrustedRoot())
		assert.Equal(t, test.proven, err == nil, "%s: %v", test.name, err)
	}
}

// TestMixedBundles takes parts of two valid bundles of the same signer, and gives keys of a bundle twice.
func TestMixedBundles(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	good := attest(t, s, nil)
	foreign := attest(t, s, func(a *provenancetest.Attestation) { a.Digest = other })
	parts := func(raw []byte) map[string]any {
		var bundle map[string]any
		require.NoError(t, json.Unmarshal(raw, &bundle))
		return bundle
	}
	envelope := func(b map[string]any) map[string]any { return b["dsseEnvelope"].(map[string]any) }
	material := func(b map[string]any) map[string]any { return b["verificationMaterial"].(map[string]any) }
	for name, mix := range map[string]func(mine, theirs map[string]any){
		"another's payload":     func(mine, theirs map[string]any) { envelope(theirs)["payload"] = envelope(mine)["payload"] },
		"another's signature":   func(mine, theirs map[string]any) { envelope(mine)["signatures"] = envelope(theirs)["signatures"] },
		"another's envelope":    func(mine, theirs map[string]any) { mine["dsseEnvelope"] = theirs["dsseEnvelope"] },
		"another's certificate": func(mine, theirs map[string]any) { material(mine)["certificate"] = material(theirs)["certificate"] },
		"another's log entry":   func(mine, theirs map[string]any) { material(mine)["tlogEntries"] = material(theirs)["tlogEntries"] },
		"another's timestamp": func(mine, theirs map[string]any) {
			material(mine)["timestampVerificationData"] = material(theirs)["timestampVerificationData"]
			material(mine)["tlogEntries"] = []any{}
		},
		"no log entry": func(mine, _ map[string]any) { material(mine)["tlogEntries"] = []any{} },
		"no signature": func(mine, _ map[string]any) { envelope(mine)["signatures"] = []any{} },
		"two signatures": func(mine, theirs map[string]any) {
			envelope(mine)["signatures"] = append(envelope(mine)["signatures"].([]any), envelope(theirs)["signatures"].([]any)...)
		},
		"another payload type": func(mine, _ map[string]any) { envelope(mine)["payloadType"] = "text/plain" },
		"another media type":   func(mine, _ map[string]any) { mine["mediaType"] = "application/json" },
		"no material":          func(mine, _ map[string]any) { delete(mine, "verificationMaterial") },
		"an unknown key":       func(mine, _ map[string]any) { mine["trusted"] = true },
	} {
		mine, theirs := parts(good), parts(foreign)
		mix(mine, theirs)
		if name == "another's payload" {
			mine = theirs
		}
		raw, err := json.Marshal(mine)
		require.NoError(t, err)
		_, err = policy(t, "").Verify(digest, []registry.Bundle{{Name: "b", JSON: raw}}, s.TrustedRoot())
		assert.ErrorContains(t, err, "provenance is not proven", name)
	}
	twice := strings.Replace(string(foreign), "{", `{"dsseEnvelope":`+envelopeText(t, good)+",", 1)
	_, err := policy(t, "").Verify(digest, []registry.Bundle{{Name: "b", JSON: []byte(twice)}}, s.TrustedRoot())
	assert.ErrorContains(t, err, "provenance is not proven", "a key twice")
	_, err = policy(t, "").Verify(digest, []registry.Bundle{{Name: "b", JSON: append(good, good...)}}, s.TrustedRoot())
	assert.ErrorContains(t, err, "provenance is not proven", "two bundles in one")
}

func envelopeText(t *testing.T, bundle []byte) string {
	t.Helper()
	var parts map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(bundle, &parts))
	return string(parts["dsseEnvelope"])
}
