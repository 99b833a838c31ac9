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
	e := c.pullRequest(base, c.commit("a fork's change"), true)
	r := c.run("platform-preview.yml", e)
	want := map[string]string{"preview/fork": success, "preview/review": success, "preview/render": success}
	if !r.ok || !maps.Equal(r.results, want) {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}
	calls := c.calls()
	for _, forbidden := range []string{"google-github-actions/auth", "pulumi ", "gh api"} {
		if strings.Contains(calls, forbidden) {
			t.Errorf("a fork's run called %q:\n%s", forbidden, calls)
		}
	}
	for _, call := range []string{"go vet ./...\n", "sandbox review --compile --json --web ", " --label  -- HEAD^1\n"} {
		if !strings.Contains(calls, call) {
			t.Errorf("%q was not called:\n%s", call, calls)
		}
	}
	reviewed(t, c.read("artifacts/review-comment/comment.md"))
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

// previews are those of a pull request in all stacks, one comment each: what is there already is changed, the rest is made.
func (c *chain) previews(base, head string, stacks ...string) {
	t := c.t
	t.Helper()
	c.answer("comments", `[{"id": 4, "user": {"login": "someone"}, "body": "<!-- pulumi-preview:prod -->"},
		{"id": 5, "user": {"login": "github-actions[bot]"}, "body": "<!-- pulumi-preview:dev -->\nold"},
		{"id": 6, "user": {"login": "github-actions[bot]"}, "body": "<!-- pulumi-preview:staging -->\nold"}]`)
	r := c.run("platform-preview.yml", c.pullRequest(base, head, false))
	if !r.ok || r.results["preview/comment"] != success || r.results["preview/fork"] != "" {
		t.Fatalf("the previews failed\n%v", r)
	}
	calls := c.calls()
	for _, stack := range stacks {
		for _, call := range []string{"google-github-actions/auth preview@" + stack, "pulumi/auth-actions " + c.of.owner + " team:" + c.of.name +
			"-read",
			"pulumi stack select -- " + c.of.owner + "/" + c.of.name + "/" + stack, "--policy-pack-config policy/" + stack + ".json",
			"actions/upload-artifact preview-" + stack} {
			if !strings.Contains(calls, call) {
				t.Errorf("%q was not called:\n%s", call, calls)
			}
		}
		if preview := c.read("artifacts/preview-" + stack + "/" + stack + ".txt"); !strings.Contains(preview, "procureflow@v") ||
			!strings.Contains(preview, "unchanged") {
			t.Errorf("the preview of %s was not held against the policy pack, or is none:\n%s", stack, preview)
		}
	}
	for call, want := range map[string]int{"--method PATCH repos/" + c.of.slug() + "/issues/comments/": min(2, len(stacks)),
		"--method POST repos/" + c.of.slug() + "/issues/7/comments": len(stacks) - min(2, len(stacks)) + 1} { // the review's is one more
		if got := strings.Count(calls, call); got != want {
			t.Errorf("%q came %d times, want %d:\n%s", call, got, want, calls)
		}
	}
	reviewed(t, c.read("artifacts/review-comment/comment.md"))
	if body := c.read("comment-PATCH-5"); !strings.Contains(body, "<!-- pulumi-preview:dev -->") ||
		!strings.Contains(body, "### Preview of dev at ") {
		t.Errorf("dev's comment is\n%s", body)
	}
}

// reviewed holds the comment of the stand-in's report, which is hostile.
func reviewed(t *testing.T, comment string) {
	t.Helper()
	for _, wanted := range []string{"<!-- platform-review -->\n## What this pull request would do\n", "| what changes | **1 deleted** |",
		"`` `</code> @everyone ::error::out <!-- pulumi-preview:dev --> ``",
		"[the page](https://github.com/"} {
		if !strings.Contains(comment, wanted) {
			t.Errorf("the comment does not say %q:\n%s", wanted, comment)
		}
	}
	if strings.Contains(comment, "\n::error") {
		t.Errorf("a workflow command is in the comment:\n%s", comment)
	}
}
