package chains_test

import (
	"maps"
	"strings"
	"testing"
)

// A fork's pull request is compiled without any identity, and its summary says what was left out.
func TestAForksPreview(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	base := c.git("rev-parse", "HEAD")
	e := pullRequest(base, c.commit("a fork's change"), true)
	r := c.run("platform-preview.yml", e)
	if want := map[string]string{"preview/fork": success}; !r.ok || !maps.Equal(r.results, want) {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}
	if got, want := c.calls(), "actions/setup-go\nactions/cache\ngo vet ./...\n"; got != want {
		t.Errorf("called\n%swant\n%s", got, want)
	}
	for _, wanted := range []string{"## Preview of a fork: without credentials", "Left out, because a fork's run gets no identity:",
		"the previews against what runs, the policies on them, and the comments."} {
		if !strings.Contains(r.log, wanted) {
			t.Errorf("the summary does not say %q\n%v", wanted, r)
		}
	}
	if strings.Contains(r.log, "github-actions-preview@") {
		t.Errorf("an account is in the log\n%v", r)
	}
}

// testPreviews are the previews of all stacks, one comment each: what is there already is changed, the rest is made.
func testPreviews(t *testing.T, c *chain) {
	base := c.git("rev-parse", "HEAD")
	e := pullRequest(base, c.commit("a change"), false)
	c.answer("comments", `[{"id": 4, "user": {"login": "someone"}, "body": "<!-- pulumi-preview:prod -->"},
		{"id": 5, "user": {"login": "github-actions[bot]"}, "body": "<!-- pulumi-preview:dev -->\nold"}]`)
	r := c.run("platform-preview.yml", e)
	if !r.ok || r.results["preview/comment"] != success || r.results["preview/fork"] != "" {
		t.Fatalf("the previews failed\n%v", r)
	}
	calls := c.calls()
	for _, stack := range []string{"dev", "staging", "prod"} {
		for _, call := range []string{"google-github-actions/auth preview@" + stack, "pulumi stack select -- guiofsaints/procureflow/" + stack,
			"--policy-pack-config policy/" + stack + ".json", "actions/upload-artifact preview-" + stack} {
			if !strings.Contains(calls, call) {
				t.Errorf("%q was not called:\n%s", call, calls)
			}
		}
		if preview := c.read("artifacts/preview-" + stack + "/" + stack + ".txt"); !strings.Contains(preview, "procureflow@v") ||
			!strings.Contains(preview, "unchanged") {
			t.Errorf("the preview of %s was not held against the policy pack, or is none:\n%s", stack, preview)
		}
	}
	if got, want := strings.Count(calls, "--method PATCH repos/guiofsaints/procureflow/issues/comments/5"), 1; got != want {
		t.Errorf("dev's comment was changed %d times, want %d:\n%s", got, want, calls)
	}
	if got, want := strings.Count(calls, "--method POST repos/guiofsaints/procureflow/issues/7/comments"), 2; got != want {
		t.Errorf("%d comments were made, want %d, for staging and prod:\n%s", got, want, calls)
	}
	if body := c.read("comment-PATCH-5"); !strings.Contains(body, "<!-- pulumi-preview:dev -->") ||
		!strings.Contains(body, "### Preview of dev at ") {
		t.Errorf("dev's comment is\n%s", body)
	}
}
