package chains_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAForksPullRequest reviews a fork's pull request with the real command and without an identity. It gets the same comment as any
// other. The command compiles the program of both sides, as an application's own module has it.
func TestAForksPullRequest(t *testing.T) {
	t.Parallel()
	c := newShape(t, organization)
	c.commit(c.message)
	base := c.git("rev-parse", "HEAD")
	c.edit("Pulumi.dev.yaml", strings.NewReplacer("maxInstances: 2", "maxInstances: 1").Replace)
	head := c.commit("a fork's change `</code> ::error::x")
	c.reallyReviews()
	e := c.pullRequest(base, head, true)
	r := c.run("platform-preview.yml", e)
	want := map[string]string{"preview/changes": success, "preview/fork": success, "preview/review": success, "preview/verdict": success}
	if !r.ok || !maps.Equal(r.results, want) {
		t.Fatalf("%v, want %v\n%v", r.results, want, r)
	}
	calls := c.calls()
	for _, forbidden := range []string{"google-github-actions/auth", "pulumi ", "gh api"} {
		if strings.Contains(calls, forbidden) {
			t.Errorf("a fork's run called %q:\n%s", forbidden, calls)
		}
	}
	if !strings.Contains(calls, "go build -o /dev/null ./...\n") {
		t.Errorf("the fork's code was not compiled:\n%s", calls)
	}
	for _, wanted := range []string{"## Preview of a fork: without credentials", "A fork's run gets no identity, so this run leaves out",
		"the plans against the real cloud and their policies."} {
		if !strings.Contains(r.log, wanted) {
			t.Errorf("the summary does not say %q\n%v", wanted, r)
		}
	}
	if strings.Contains(r.log, "github-actions-preview@") {
		t.Errorf("an account is in the log\n%v", r)
	}
	c.comments(head, true)
	body := c.written("comment-POST-comments")
	for _, wanted := range []string{"<!-- platform-review -->\n## What this pull request would do\n", "| what changes | 2 in place |",
		"| do visitors notice | no, in ", "| can it be taken back | yes |", "`template.scaling.maxInstanceCount` from `2` to `1`",
		"There is no plan against the real cloud, because a fork's run gets no identity.", "At commit `" + head + "`.",
		"/artifacts/9)"} {
		if !strings.Contains(body, wanted) {
			t.Errorf("the comment does not say %q:\n%s", wanted, body)
		}
	}
}

// TestComments sends two reports of tests/review, one of a fork, through the workflow that writes comments. The comment has to equal the
// golden one. tests/review compares all of them, without the workflow.
func TestComments(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	head := c.git("rev-parse", "HEAD")
	c.answer("comments", "[]")
	for name, fork := range map[string]bool{"has-hostile-values": true, "deletes-a-service": false} {
		golden := filepath.Join(root, "tests", "review", "testdata", name)
		report, err := os.ReadFile(golden + ".json")
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(golden + ".md")
		if err != nil {
			t.Fatal(err)
		}
		for file, content := range map[string]string{"review/report.json": string(report), "preview-dev/dev.txt": "a plan ~~~~~~~~\n"} {
			if err := os.MkdirAll(filepath.Join(c.kept, "artifacts", filepath.Dir(file)), 0o755); err != nil {
				t.Fatal(err)
			}
			c.answer("artifacts/"+file, content)
		}
		_ = os.Remove(filepath.Join(c.kept, "comment-POST-comments"))
		c.comments(head, fork)
		body := c.written("comment-POST-comments")
		begun := strings.ReplaceAll(string(want), "/procureflow/actions/runs/1/artifacts/2", "/procureflow/actions/runs/31/artifacts/9")
		if rest, same := strings.CutPrefix(body, begun); !same || !strings.Contains(rest, "~~~~~~~~text\na plan ~ ~ ~\n~~~~~~~~\n") ||
			fork != strings.Contains(rest, "a fork's run gets no identity") || !strings.HasSuffix(rest, "At commit `"+head+"`.\n") {
			t.Errorf("%s, from a fork: %v: the comment is\n%s\nwant it to begin with\n%s", name, fork, body, begun)
		}
	}
}

// reallyReviews uses the real command instead of its stand-in. It may compile, but links nothing twice.
func (c *checkout) reallyReviews() {
	c.t.Helper()
	// It uses the caches of the person who runs the tests.
	cache, err := os.UserCacheDir()
	if err != nil {
		c.t.Fatal(err)
	}
	// The command passes none of the job's variables to what it compiles.
	folder := c.t.TempDir()
	compile := fmt.Sprintf("#!/bin/bash\nexport CHAIN_PATH=%q CHAIN_GOFLAGS=%q CHAIN_TOOLS=%q\nexec %q \"$@\"\n", os.Getenv("PATH"),
		os.Getenv("GOFLAGS"), tools,
		filepath.Join(root, "tests", "chains", "testdata", "compiled", "go"))
	script := fmt.Sprintf("#!/bin/bash\nset -euo pipefail\nexport PATH=%q HOME=%q XDG_CACHE_HOME=%q\nexec %q --dir . \"$@\"\n",
		folder+string(os.PathListSeparator)+os.Getenv("PATH"), os.Getenv("HOME"), cache, filepath.Join(tools, "sandbox"))
	for path, content := range map[string]string{filepath.Join(folder, "go"): compile, filepath.Join(c.commands, "sandbox"): script} {
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			c.t.Fatal(err)
		}
	}
}

// ended returns the event of a completed run of platform-preview.yml, and sets GitHub's answers about it. from is the head's
// repository.
func (c *checkout) ended(head string, fork bool) event {
	from := c.of.slug()
	if fork {
		from = "mallory/" + c.of.repository
	}
	owner, _, _ := strings.Cut(from, "/")
	run := map[string]any{"id": 31, "event": "pull_request", "conclusion": "success", "head_sha": head, "head_branch": "feature",
		"head_repository": map[string]any{"id": 12, "full_name": from, "owner": map[string]any{"login": owner}}}
	data, err := json.Marshal(run)
	if err != nil {
		c.t.Fatal(err)
	}
	c.answer("run", string(data))
	c.answer("pulls", fmt.Sprintf(`[{"number": 6, "head": {"sha": "%040d", "repo": {"id": 12}}},
		{"number": 7, "head": {"sha": %q, "repo": {"id": 12}}}, {"number": 8, "head": {"sha": %q, "repo": {"id": 13}}}]`, 0, head, head))
	return event{name: "workflow_run", payload: map[string]any{"action": "completed", "workflow_run": run}}
}

// comments runs the workflow that follows a run of platform-preview.yml.
func (c *checkout) comments(head string, fork bool) {
	c.t.Helper()
	if c.read("comments") == "" {
		c.answer("comments", "[]")
	}
	r := c.run("platform-comment.yml", c.ended(head, fork))
	want := map[string]string{"comment/render": success, "comment/comment": success}
	if !r.ok || !maps.Equal(r.results, want) {
		c.t.Fatalf("%v, want %v\n%v", r.results, want, r)
	}
	for _, forbidden := range []string{"google-github-actions/auth", "pulumi ", "sandbox ", "actions/cache"} {
		if strings.Contains(c.calls(), forbidden) {
			c.t.Errorf("the comment's run called %q:\n%s", forbidden, c.calls())
		}
	}
}

// written returns the text of a comment that was written.
func (c *checkout) written(name string) string {
	c.t.Helper()
	var comment struct{ Body string }
	if err := json.Unmarshal([]byte(c.read(name)), &comment); err != nil {
		c.t.Fatalf("%s: %v", name, err)
	}
	return comment.Body
}

// previews runs the previews of a pull request that changes the platform in all stacks. Its existing comment is updated. It returns
// the comment.
func (c *chain) previews(base string, stacks ...string) string {
	t := c.t
	t.Helper()
	c.write("policy/touched.txt", "")
	c.git("add", "policy/touched.txt")
	c.git("commit", "--quiet", "-m", "touch")
	head := c.git("rev-parse", "HEAD")
	c.answer("comments", `[{"id": 4, "user": {"login": "someone"}, "body": "<!-- platform-review -->"},
		{"id": 5, "user": {"login": "github-actions[bot]"}, "body": "<!-- platform-review -->\nold"},
		{"id": 6, "user": {"login": "github-actions[bot]"}, "body": "another"}]`)
	r := c.run("platform-preview.yml", c.pullRequest(base, head, false))
	if !r.ok || r.results["preview/verdict"] != success || r.results["preview/fork"] != "" {
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
	if strings.Contains(calls, "gh api --method") {
		t.Errorf("the run of a pull request writes:\n%s", calls)
	}
	c.comments(head, false)
	if written := strings.Count(c.calls(), "gh api --method P"); written != 1 {
		t.Errorf("%d comments were written, want one:\n%s", written, c.calls())
	}
	body := c.written("comment-PATCH-5")
	reviewed(t, body)
	for _, stack := range stacks {
		if !strings.Contains(body, "<details><summary>Plan of <code>"+stack+"</code> against the real cloud</summary>") {
			t.Errorf("the comment lacks the plan of %s:\n%s", stack, body)
		}
	}
	c.git("reset", "--quiet", "--hard", "HEAD^")
	return body
}

// reviewed checks the comment of the stand-in's report, which is hostile.
func reviewed(t *testing.T, comment string) {
	t.Helper()
	for _, wanted := range []string{"## What this pull request would do\n", "| what changes | **1 deleted** |",
		"`` `</code> @everyone ::error::out <!-- pulumi-preview:dev --> ``",
		"[the page](https://github.com/"} {
		if !strings.Contains(comment, wanted) {
			t.Errorf("the comment does not say %q:\n%s", wanted, comment)
		}
	}
	if !strings.HasPrefix(comment, "<!-- platform-review -->\n") || strings.Contains(comment, "\n::error") {
		t.Errorf("the comment does not begin with its marker, or has a workflow command:\n%s", comment)
	}
}
