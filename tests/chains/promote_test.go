package chains_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// promotion is a deployment of a copy, in the registry to.
func promotion(stack, digest string, to *store) event {
	e := deployment(stack, digest)
	e.env = []string{"CHAIN_REGISTRY_" + strings.ToUpper(stack) + "=" + to.host()}
	return e
}

// Staging runs a copy of what main built, by its digest, with what proves where it was built. Without that proof, or when the
// copy fails, nothing is copied to the end and nothing is deployed.
func TestPromotion(t *testing.T) {
	t.Parallel()
	c := newChain(t, "staging")
	staging := newStore(t)
	elsewhere := newImage(t)
	none, branch, digest := c.dev.push(newImage(t)), c.dev.push(elsewhere), c.built()
	c.dev.attest(c.signer, elsewhere, "refs/heads/feature")
	c.attested(branch, "refs/heads/feature")
	described, promoted := map[string]string{"check": success, "describe": failure}, map[string]string{"check": success,
		"describe": success, "promote/promote": failure}
	for _, test := range []struct {
		name, digest, says string
		full, kept         bool // the registry takes nothing; GitHub keeps an attestation of main
		results            map[string]string
	}{
		{"without provenance", none, "HTTP 404", false, false, described},
		{"built on a branch", branch, `source ref: found "refs/heads/feature"`, false, false, described},
		{"without provenance in the registry", none, "no Sigstore bundle refers to it", false, true, promoted},
		{"built on a branch, by the registry", branch, `source ref: found "refs/heads/feature"`, false, true, promoted},
		{"not there", anything, "check the repository's name, and that the digest was pushed to it", false, true, promoted},
		{"a registry that refuses", digest, "or give this identity access to the repository", true, true, promoted},
	} {
		staging.Full.Store(test.full)
		if test.kept {
			c.attested(test.digest, "refs/heads/main")
		}
		r := c.run("platform-release.yml", promotion("staging", test.digest, staging))
		want := called("release", test.results)
		if r.ok || !maps.Equal(r.results, want) || !strings.Contains(r.log, test.says) {
			t.Errorf("%s: %v, want %v and a log that says %q\n%v", test.name, r.results, want, test.says, r)
		}
		if tags, referrers := staging.holds(test.digest); len(tags) > 0 || referrers > 0 {
			t.Errorf("%s: staging has %v and %d that refer to it, want nothing", test.name, tags, referrers)
		}
		if strings.Contains(c.calls(), "deploy@staging") || strings.Contains(c.calls(), "pulumi stack") {
			t.Errorf("%s: it went on:\n%s", test.name, c.calls())
		}
		c.serves("staging", sample, r)
	}
	staging.Full.Store(false)

	r := c.run("platform-release.yml", promotion("staging", digest, staging))
	if !r.ok || r.results["promote/promote"] != success || r.results["release/deploy"] != success {
		t.Errorf("it was not promoted and deployed\n%v", r)
	}
	c.serves("staging", digest, r)
	tags, referrers := staging.holds(digest)
	if tag := "release-" + digest[7:19]; !slices.Equal(names(tags), []string{tag}) || tags[tag] != digest || referrers != 1 {
		t.Errorf("staging has %v and %d that refer to it, want %s and its provenance", tags, referrers, tag)
	}
	for _, wanted := range []string{"## To approve: deploy of web in staging", "* Digest: `" + digest + "`",
		"* Built of: [0123456789abcdef0123456789abcdef01234567](",
		"started by dora", "* Serves now: `" + sample + "`, which nobody attested; nothing says what changed since"} {
		if !strings.Contains(r.log, wanted) {
			t.Errorf("an approver is not told %q\n%v", wanted, r)
		}
	}
	c.inOrder(r, "google-github-actions/auth preview@staging", "release built", "google-github-actions/auth ci@staging",
		"release promote", "google-github-actions/auth deploy@staging",
		"gh attestation verify oci://"+staging.repository+"@"+digest, "platform.services.web.digest="+digest)
	if strings.Contains(c.calls(), "release approvals") || strings.Contains(c.calls(), "release sign") {
		t.Errorf("staging asked for prod's approvals or signature:\n%s", c.calls())
	}
}

// called puts the caller's job before the names of the called workflow's.
func called(job string, results map[string]string) map[string]string {
	full := map[string]string{}
	for name, result := range results {
		if !strings.Contains(name, "/") { // what that calls in turn has its own in front
			name = job + "/" + name
		}
		full[name] = result
	}
	return full
}
