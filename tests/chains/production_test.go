package chains_test

import (
	"maps"
	"strings"
	"testing"
)

// TestProduction checks what production requires: two approvers, a copy of the image, and a signature that Cloud Run asks for. If
// one is missing, the serving revision keeps its requests.
func TestProduction(t *testing.T) {
	t.Parallel()
	c := newChainOf(newCheckout(t), "prod")
	prod := newStore(t, c.of)
	production := func(digest, second string) event {
		e := promotion("prod", digest, prod)
		e.env = append(e.env, approvers(t, c.of, "al", second), "CHAIN_SIGNS=us-central1-docker.pkg.dev/procureflow-prod/procureflow/web")
		return e
	}

	// One person cannot approve twice: no identity is requested, and nothing is copied.
	digest := c.built()
	r := c.run("platform-release.yml", production(digest, "al"))
	want := called("release", map[string]string{"check": success, "describe": success, "approve": success, "promote/promote": failure})
	if r.ok || !maps.Equal(r.results, want) || !strings.Contains(r.log, "need 2 different people") ||
		strings.Contains(strings.ReplaceAll(c.calls(), "auth preview@prod", ""), "google-github-actions/auth") {
		t.Errorf("one approver: %v, want %v\n%s\n%v", r.results, want, c.calls(), r)
	}
	if tags, _ := prod.holds(digest); len(tags) > 0 {
		t.Errorf("one approver: prod has %v, want nothing", tags)
	}
	c.serves("prod", sample, r)

	// Cloud Run itself refuses an image that the promotion did not sign.
	unsigned := c.built()
	e := production(unsigned, "bea")
	e.env = append(e.env, "CHAIN_SETTINGS=s#^attestor=.*#attestor=#")
	r = c.run("platform-release.yml", e)
	if r.ok || r.results["release/deploy"] != failure || !strings.Contains(r.log,
		"No attestations found that were valid and signed by a key trusted by the attestor") {
		t.Errorf("unsigned: %v, want deploy to fail for the signature\n%v", r.results, r)
	}
	c.serves("prod", sample, r)

	// Few requests prove nothing, so prod holds. Continuing takes two approvers again, but no copy and no new revision.
	e = production(digest, "bea")
	e.env = append(e.env, releases(t, "hold"))
	r = c.run("platform-release.yml", e)
	want = called("release", map[string]string{"check": success, "describe": success, "approve": success, "promote/promote": success,
		"deploy": failure})
	if r.ok || !maps.Equal(r.results, want) || !strings.Contains(r.log, "What to do: docs/pipeline.md#held") {
		t.Errorf("%v, want %v, held\n%v", r.results, want, r)
	}
	c.inOrder(r, "google-github-actions/auth preview@prod", "release built", "release approvals", "google-github-actions/auth ci@prod",
		"release promote", "release sign",
		"release approvals", "google-github-actions/auth deploy@prod", "release verify", "release guard", "pulumi up --yes", "release rollout")
	resumed := func(second string) run {
		return c.run("platform-release.yml", production(digest, second).with("operation", "resume").with("proceed", "true"))
	}
	r = resumed("al")
	if r.ok || !strings.Contains(r.log, "need 2 different people") || strings.Contains(strings.ReplaceAll(c.calls(), "auth preview@prod",
		""), "google-github-actions/auth") {
		t.Errorf("one approver went on\n%s\n%v", c.calls(), r)
	}
	if got, want := c.traffic("prod"), "90% "+sample+", 10% "+digest; got != want {
		t.Errorf("prod serves %s, want %s\n%v", got, want, r)
	}
	r = resumed("bea") // TestAHeldDeployment has a last step that is held as well.
	want = called("release", map[string]string{"check": success, "describe": success, "approve": success, "deploy": success})
	if !r.ok || !maps.Equal(r.results, want) {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}
	c.serves("prod", digest, r)
	c.inOrder(r, "release approvals", "google-github-actions/auth deploy@prod", "release verify", "release rollout")
}
