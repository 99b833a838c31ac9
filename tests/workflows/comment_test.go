package workflows_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestVerdictOnAPullRequest runs the check that branches may require. A label counts only for the commit for which it was set.
func TestVerdictOnAPullRequest(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	const gh = `
case "$*" in
"run download 5 --name review --dir review") mkdir review && printf '%s' "$REPORT" > review/report.json ;;
"api repos/o/r/actions/runs/5 --jq .created_at") echo 2026-11-27T10:00:00Z ;;
"api --paginate repos/o/r/issues/7/events") printf '%s' "$EVENTS" ;;
*) echo "gh $*"; exit 9 ;;
esac
`
	const (
		came  = "success/true/success"
		wider = `{"stacks": [{"name": "dev"}, {"name": "prod", "authority": [{"kind": "reads"}, {"widens": true}]}], ` +
			`"wideningLabel": "widens authority"}`
	)
	event := func(kind, label, at string) string {
		return fmt.Sprintf(`{"event": %q, "label": {"name": %q}, "created_at": "2026-11-27T%sZ", `+
			`"actor": {"login": "dora", "type": "User"}}`, kind, label, at)
	}
	set := event("labeled", "widens authority", "10:05:00")
	for name, test := range map[string]struct {
		came, report, events string
		code                 int
		says                 string
	}{
		"nothing of the platform":        {"success/false/skipped", "", "", 0, "Nothing of the platform changes."},
		"no review":                      {"success/true/failure", "", "", 1, "::error::there is no review"},
		"a review that was skipped":      {"success/true/skipped", "", "", 1, "::error::there is no review"},
		"changes that were not detected": {"failure//skipped", "", "", 1, "::error::there is no review"},
		"a review that was cancelled":    {"success/true/cancelled", "", "", 1, "::error::there is no review"},
		"a harmless change":              {came, `{"stacks": [{"name": "dev", "authority": [{"kind": "reads"}]}]}`, "", 0, ""},
		"a refused change": {came, `{"stacks": [{"name": "dev"}, {"name": "prod", "failed": "a policy"}]}`, "", 1,
			"cannot be applied"},
		"an update that fails": {came, `{"stacks": [{"name": "dev", "rehearsal": {"failed": "a policy"}}]}`, "", 1,
			"cannot be applied"},
		"a malformed report":                  {came, `hello`, "", 1, "cannot be applied"},
		"a report without stacks":             {came, `{}`, "", 1, "cannot be applied"},
		"wider, and nothing asks for a label": {came, strings.Replace(wider, "widens authority", "", 1), "", 0, ""},
		"wider, without a label":              {came, wider, "[]", 1, "sets the label that the settings name"},
		"with the label":                      {came, wider, "[" + set + "]", 0, "The label was set for this commit by dora."},
		"with the label of an earlier commit": {came, wider, "[" + event("labeled", "widens authority", "09:59:59") + "]", 1, "again, if"},
		"with another label":                  {came, wider, "[" + event("labeled", "widens", "10:05:00") + "]", 1, "sets the label"},
		"with a label that was taken away": {came, wider, "[" + set + "," + event("unlabeled", "widens authority", "10:06:00") + "]", 1,
			"sets the label"},
		"set by the author": {came, wider, "[" + strings.Replace(set, "dora", "ann", 1) + "]", 1, "who is not the author"},
		"set by a workflow": {came, wider, "[" + strings.Replace(set, `"dora", "type": "User"`, `"github-actions[bot]", "type": "Bot"`, 1) + "]",
			1, "sets the label"},
		"set by somebody unknown": {came, wider, "[" + strings.Replace(set, `, "type": "User"`, "", 1) + "]", 1, "sets the label"},
		"set by the author after another person": {came, wider, "[" + set + "," + strings.Replace(set, "dora", "ann", 1) + "]", 1,
			"sets the label"},
		"set again on the second page": {came, wider, "[" + event("unlabeled", "widens authority", "10:04:00") + "]\n" +
			`[{"event": "closed"},` + set + "]", 0, "by dora"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, printed, _ := runScript(t, script(t, "set for this commit by"), map[string]string{"GH_REPO": "o/r", "NUMBER": "7",
				"GITHUB_RUN_ID": "5", "AUTHOR": "ann", "CAME": test.came, "REPORT": test.report, "EVENTS": test.events}, map[string]string{"gh": gh})
			if code != test.code || !strings.Contains(printed, test.says) {
				t.Errorf("exit code %d and\n%s\nwant %d and %q", code, printed, test.code, test.says)
			}
		})
	}
}

// TestPullRequestOfARun checks which pull request a run belongs to by GitHub's answer: the one whose head is the run's
// commit, in the run's repository.
func TestPullRequestOfARun(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	const gh = `
case "$*" in
"run download 5 --name comment --dir comment") mkdir comment && printf '<!-- platform-review -->\n"$(id)" text\n' > comment/comment.md ;;
"api repos/o/r/actions/runs/4") printf '%s' "$RUN" ;;
"api --method GET --paginate repos/o/r/pulls -f state=open -f head=mallory:\$(id) -f per_page=100") printf '%s' "$PULLS" ;;
"api --paginate repos/o/r/issues/7/comments") printf '%s' "$COMMENTS" ;;
*"--input body.json") echo "called: $*" >&2; cat body.json >&2 ;;
*) echo "gh $*"; exit 9 ;;
esac
`
	const (
		run = `{"head_sha": "abc", "head_branch": "$(id)", "head_repository": {"id": 12, "owner": {"login": "mallory"}}, "pull_requests": []}`
		own = `{"number": 7, "head": {"sha": "abc", "repo": {"id": 12}}}`
		bot = `{"id": 6, "user": {"login": "github-actions[bot]"}, "body": "<!-- platform-review -->\nold"}`
	)
	const made, changed = "called: api --method POST repos/o/r/issues/7/comments", "called: api --method PATCH repos/o/r/issues/comments/6"
	for name, test := range map[string]struct{ pulls, comments, found, called string }{
		"a first comment": {"[" + own + "]", "[]", "true", made},
		"a later comment": {"[" + own + "]",
			`[{"id": 5, "user": {"login": "someone"}, "body": "<!-- platform-review -->"}]` + "\n[" + bot + "]", "true", changed},
		"a person's comment with the marker": {"[" + own + "]",
			`[{"id": 5, "user": {"login": "someone"}, "body": "<!-- platform-review -->"}]`, "true", made},
		"the marker further down": {"[" + own + "]",
			`[{"id": 5, "user": {"login": "github-actions[bot]"}, "body": "x <!-- platform-review -->"}]`, "true", made},
		"nothing to say, and no comment yet":    {"[" + own + "]", "[]", "false", ""},
		"nothing to say any more":               {"[" + own + "]", "[" + bot + "]", "false", changed},
		"a head that moved on":                  {`[{"number": 7, "head": {"sha": "def", "repo": {"id": 12}}}]`, "[]", "true", ""},
		"the same commit in another repository": {`[{"number": 7, "head": {"sha": "abc", "repo": {"id": 13}}}]`, "[]", "true", ""},
		"a repository that is gone":             {`[{"number": 7, "head": {"sha": "abc", "repo": null}}]`, "[]", "true", ""},
		"two pull requests with the same head":  {"[" + own + "]\n[" + strings.Replace(own, "7", "8", 1) + "]", "[]", "true", ""},
		"none":                                  {"[]", "[]", "true", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.ReplaceAll(script(t, "No artifact names it"), "> /dev/null", "")
			code, printed, _ := runScript(t, text, map[string]string{"GH_REPO": "o/r", "GITHUB_RUN_ID": "5", "RUN_ID": "4",
				"FOUND": test.found, "RUN": run, "PULLS": test.pulls, "COMMENTS": test.comments}, map[string]string{"gh": gh})
			if code != 0 || !strings.Contains(printed, test.called) || (test.called == "") == strings.Contains(printed, "called:") {
				t.Errorf("exit code %d and\n%s\nwant %q", code, printed, test.called)
			}
			if test.called != "" && !strings.Contains(printed, `{"body":"<!-- platform-review -->\n\"$(id)\" text\n"}`) {
				t.Errorf("sent\n%s", printed)
			}
		})
	}
}

// TestArtifactsThatAreDownloaded checks that only artifacts with a known name and a moderate size are downloaded.
func TestArtifactsThatAreDownloaded(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	const gh = `
case "$*" in
"api repos/o/r/actions/runs/4/artifacts?per_page=100") printf '%s' "$ARTIFACTS" ;;
"run download 4 --name "*) echo "fetched $5 into $7" >> "$GITHUB_OUTPUT" ;;
*) echo "gh $*"; exit 9 ;;
esac
`
	const program = `[ "$1" != build ] || printf '#!/bin/sh\necho "called: $*" >> "$GITHUB_OUTPUT"\n' > "$3" && chmod +x "$3"`
	const called = "called: --run url --page %s --docs docs --commit abc --plans fork found\n"
	artifact := func(name string, id, size int) string {
		return fmt.Sprintf(`{"name": %q, "id": %d, "size_in_bytes": %d}`, name, id, size)
	}
	for name, test := range map[string]struct{ artifacts, conclusion, want string }{
		"all": {artifact("review", 8, 10) + "," + artifact("preview-dev", 9, 10), "success",
			"found=true\nfetched preview-dev into found/preview-dev\nfetched review into found/review\n" + fmt.Sprintf(called, "url/artifacts/8")},
		"of two attempts": {artifact("review", 8, 10) + "," + artifact("review", 12, 10), "success",
			"found=true\nfetched review into found/review\n" + fmt.Sprintf(called, "url/artifacts/12")},
		"other names": {artifact("comment", 1, 1) + "," + artifact("preview-../../x", 1, 1) + "," + artifact("preview-$(id)", 1, 1) + "," +
			artifact("review\npreview-dev", 1, 1) + "," + artifact("--dir", 1, 1), "success", "found=false\n"},
		"too large": {artifact("review", 8, 20_000_000), "failure", "found=true\n" + fmt.Sprintf(called, "url/artifacts/8")},
		"an id that is a text": {`{"name": "review", "id": "$(id)", "size_in_bytes": 1}`, "success",
			"found=true\nfetched review into found/review\n" +
				fmt.Sprintf(called, "")},
		"no plan, and the run failed": {"", "failure", "found=true\n" + fmt.Sprintf(called, "")},
		"nothing of the platform":     {"", "success", "found=false\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, printed, outputs := runScript(t, "mkdir .platform\n"+script(t, "Anybody could have uploaded"), map[string]string{"GH_REPO": "o/r",
				"RUN_ID": "4", "RUN": "url", "HEAD": "abc", "CONCLUSION": test.conclusion, "PLANS": "fork", "DOCS": "docs",
				"ARTIFACTS": `{"artifacts": [` + test.artifacts + `]}`}, map[string]string{"gh": gh, "go": program})
			if code != 0 || outputs != test.want {
				t.Errorf("exit code %d and\n%s\nwant\n%s\n%s", code, outputs, test.want, printed)
			}
		})
	}
}
