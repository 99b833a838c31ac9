package chains_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// promotion is a deployment of a copy, in the registry to.
func (c *chain) promotion(stack, digest string, to *store) event {
	e := c.deployment(stack, digest)
	maps.Copy(e.variables, map[string]string{
		"GCP_REGISTRY_DEV": c.dev.host(), "GCP_REGISTRY": to.host(), "GCP_PROMOTION_WORKLOAD_IDENTITY_PROVIDER": "provider",
		"GCP_CI_SERVICE_ACCOUNT": "ci@" + stack,
	})
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
	for _, test := range []struct {
		name, digest, says string
		full               bool
	}{
		{"without provenance", none, "no Sigstore bundle refers to it", false},
		{"built on a branch", branch, `source ref: found "refs/heads/feature"`, false},
		{"not there", anything, "check the repository's name, and that the digest was pushed to it", false},
		{"a registry that refuses", digest, "or give this identity access to the repository", true},
	} {
		staging.Full.Store(test.full)
		r := c.run("deploy.yml", c.promotion("staging", test.digest, staging))
		want := map[string]string{"check": success, "promote/promote": failure}
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

	r := c.run("deploy.yml", c.promotion("staging", digest, staging))
	if !r.ok || r.results["promote/promote"] != success || r.results["deploy"] != success {
		t.Errorf("it was not promoted and deployed\n%v", r)
	}
	c.serves("staging", digest, r)
	tags, referrers := staging.holds(digest)
	if tag := "release-" + digest[7:19]; !slices.Equal(names(tags), []string{tag}) || tags[tag] != digest || referrers != 1 {
		t.Errorf("staging has %v and %d that refer to it, want %s and its provenance", tags, referrers, tag)
	}
	c.inOrder(r, "google-github-actions/auth ci@staging", "release promote", "google-github-actions/auth deploy@staging",
		"gh attestation verify oci://"+staging.repository+"@"+digest, "platform.services.web.digest="+digest)
	if strings.Contains(c.calls(), "release approvals") || strings.Contains(c.calls(), "release sign") {
		t.Errorf("staging asked for prod's approvals or signature:\n%s", c.calls())
	}
}
