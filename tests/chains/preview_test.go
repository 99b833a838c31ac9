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
	// What a fork's run does not have would be in the log, were it asked for.
	e.variables = map[string]string{"GCP_PREVIEW_SERVICE_ACCOUNT_DEV": "preview@dev", "GCP_PREVIEW_WORKLOAD_IDENTITY_PROVIDER_DEV": "provider"}
	r := c.run("pulumi-preview.yml", e)
	if want := map[string]string{"fork": success}; !r.ok || !maps.Equal(r.results, want) {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}
	if got, want := c.calls(), "actions/setup-go\nactions/cache\npulumi/actions\ngo vet ./infra/... ./stacks/...\n"; got != want {
		t.Errorf("called\n%swant\n%s", got, want)
	}
	for _, wanted := range []string{"## Preview of a fork: without credentials", "Left out, because a fork's run gets no identity:",
		"the previews of dev, staging and prod against what runs, the policies on them, and the comments."} {
		if !strings.Contains(r.log, wanted) {
			t.Errorf("the summary does not say %q\n%v", wanted, r)
		}
	}
	if strings.Contains(r.log, "preview@dev") {
		t.Errorf("an account is in the log\n%v", r)
	}
}

// testPreviews are the previews of all stacks, one comment each: what is there already is changed, the rest is made.
func testPreviews(t *testing.T, c *chain) {
	base := c.git("rev-parse", "HEAD")
	e := pullRequest(base, c.commit("a change"), false)
	e.variables = map[string]string{}
	for _, stack := range []string{"DEV", "STAGING", "PROD"} {
		e.variables["GCP_PREVIEW_SERVICE_ACCOUNT_"+stack] = "preview@" + strings.ToLower(stack)
		e.variables["GCP_PREVIEW_WORKLOAD_IDENTITY_PROVIDER_"+stack] = "provider"
	}
	c.answer("comments", `[{"id": 4, "user": {"login": "someone"}, "body": "<!-- pulumi-preview:prod -->"},
		{"id": 5, "user": {"login": "github-actions[bot]"}, "body": "<!-- pulumi-preview:dev -->\nold"}]`)
	r := c.run("pulumi-preview.yml", e)
	if !r.ok || r.results["comment"] != success || r.results["fork"] != "" {
		t.Fatalf("the previews failed\n%v", r)
	}
	calls := c.calls()
	for _, stack := range []string{"dev", "staging", "prod"} {
		for _, call := range []string{"google-github-actions/auth preview@" + stack, "pulumi stack select guiofsaints/procureflow/" + stack,
			"--policy-pack-config policy/" + stack + ".json", "actions/upload-artifact preview-" + stack} {
			if !strings.Contains(calls, call) {
				t.Errorf("%q was not called:\n%s", call, calls)
			}
		}
		if preview := c.read("artifacts/preview-" + stack + "/" + stack + ".txt"); !strings.Contains(preview, "procureflow@v") || !strings.Contains(preview, "unchanged") {
			t.Errorf("the preview of %s was not held against the policy pack, or is none:\n%s", stack, preview)
		}
	}
	if got, want := strings.Count(calls, "--method PATCH repos/guiofsaints/procureflow/issues/comments/5"), 1; got != want {
		t.Errorf("dev's comment was changed %d times, want %d:\n%s", got, want, calls)
	}
	if got, want := strings.Count(calls, "--method POST repos/guiofsaints/procureflow/issues/7/comments"), 2; got != want {
		t.Errorf("%d comments were made, want %d, for staging and prod:\n%s", got, want, calls)
	}
	if body := c.read("comment-PATCH-5"); !strings.Contains(body, "<!-- pulumi-preview:dev -->") || !strings.Contains(body, "### Preview of dev at ") {
		t.Errorf("dev's comment is\n%s", body)
	}
}
