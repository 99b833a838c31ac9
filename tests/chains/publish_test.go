package chains_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestPublishingThePolicyPack publishes the pack from a tag on main, tested and compiled without a cache. tests/publish runs the
// publication itself.
func TestPublishingThePolicyPack(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	for _, path := range []string{".github/actions", "sandbox/pulumicli/cli"} {
		c.add(path, filepath.Join(root, filepath.FromSlash(path)))
	}
	c.commit("the platform's own")
	c.git("update-ref", "refs/remotes/origin/main", "HEAD")
	push := func(tag string) run {
		c.git("tag", tag)
		return c.run("policy-publish.yml", event{name: "push", payload: map[string]any{"ref": "refs/tags/" + tag}})
	}
	r := push("policy/v1.2.3")
	if want := "actions/setup-go\ngo test ./...\nrelease settings\npulumi/auth-actions guiofsaints team:procureflow-policies\npulumi " +
		"policy publish -- guiofsaints\n"; !r.ok || c.calls() != want {
		t.Errorf("called\n%swant\n%s%v", c.calls(), want, r)
	}
	if !strings.Contains(r.log, "## Published the policy pack from policy/v1.2.3") {
		t.Errorf("the summary does not say what was published\n%v", r)
	}
	c.commit("not on main")
	if r := push("policy/v1.2.4"); r.ok || c.calls() != "" || !strings.Contains(r.log,
		"policy/v1.2.4 is not on main: only a reviewed commit is published") {
		t.Errorf("what nobody reviewed was published, or not refused for that:\n%s\n%v", c.calls(), r)
	}
}
