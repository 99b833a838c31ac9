package workflows_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// needsJQ skips where jq, which GitHub's runners have, is missing.
func needsJQ(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq is not installed (apt-get install jq): scripts that read JSON did not run")
	}
}

func TestTheRequiredChecksAnswer(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	for _, test := range []struct {
		results string
		code    int
	}{
		{`{"changes": {"result": "success"}, "check": {"result": "success"}, "lint": {"result": "success"}, "scan": {"result": "skipped"}}`, 0},
		{`{"changes": {"result": "success"}, "check": {"result": "success"}, "lint": {"result": "failure"}, "scan": {"result": "skipped"}}`, 1},
		{`{"changes": {"result": "success"}, "check": {"result": "success"}, "lint": {"result": "cancelled"}, "scan": {"result": "skipped"}}`, 1},
		{`{"changes": {"result": "failure"}, "check": {"result": "success"}, "lint": {"result": "skipped"}, "scan": {"result": "skipped"}}`, 1},
		{`{"changes": {"result": "skipped"}, "check": {"result": "success"}, "lint": {"result": "skipped"}, "scan": {"result": "skipped"}}`, 1},
		{`{"changes": {"result": "success"}, "check": {"result": "skipped"}, "lint": {"result": "success"}, "scan": {"result": "skipped"}}`, 1},
		{`{"changes": {"result": "success"}, "check": {"result": "failure"}, "lint": {"result": "success"}, "scan": {"result": "skipped"}}`, 1},
	} {
		if code, printed, _ := runScript(t, script(t, "not every job passed"), map[string]string{"RESULTS": test.results},
			nil); code != test.code {
			t.Errorf("%s: exit code %d, want %d\n%s", test.results, code, test.code, printed)
		}
	}
}

// Everything counts but documents, which lint alone looks at: what steers a job with an identity may be a file that nobody
// thought of.
func TestWhichChangesAreChecked(t *testing.T) {
	t.Parallel()
	changes := map[string]string{
		"docs/a.go\nREADME.md\npackages/web/NOTES.md": "app=false\nlint=true\n", "": "app=false\nlint=false\n",
		"docs/a.md\npackages/web/src/page.tsx": "app=true\nlint=true\n", "infra/main.go": "app=true\nlint=true\n",
		"Pulumi.prod.yaml":   "app=true\nlint=true\n",
		".github/CODEOWNERS": "app=true\nlint=true\n",
	}
	for _, file := range steering {
		changes[file] = "app=true\nlint=true\n"
	}
	for changed, want := range changes {
		code, printed, outputs := runScript(t, "touch package.json\n"+script(t, "A first push has no base"),
			map[string]string{"BASE": "before", "CHANGED": changed, "WORKSPACE": "."},
			map[string]string{"git": `case "$1" in cat-file) ;; diff) [ -z "$CHANGED" ] || printf '%s\n' "$CHANGED" | tr '\n' '\0' ;; *) exit 9 ;; esac`})
		if code != 0 || outputs != want {
			t.Errorf("%q: exit code %d and %q, want %q\n%s", changed, code, outputs, want, printed)
		}
	}
}

// git shows a moved file by its new name alone, and quotes unusual names, unless it is told not to: either would hide what changed.
func TestNoChangeHidesBehindItsName(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed: the changes of a real repository were not read")
	}
	const prepare = `git init --quiet . && mkdir -p infra docs packages
git config user.email a@example.com && git config user.name a
seq 100 > infra/main.go && seq 200 300 > packages/page.tsx && touch package.json && git add . && git commit --quiet -m base
BASE=$(git rev-parse HEAD)
`
	for name, test := range map[string]struct{ change, outputs string }{
		"a document": {"touch docs/a.txt", "app=false\nlint=true\n"},
		"infrastructure becomes a document": {"cp infra/main.go infra/kept.go && git add . && git commit --quiet -m kept && " +
			"BASE=$(git rev-parse HEAD) && git mv infra/kept.go docs/kept.txt", "app=true\nlint=true\n"},
		"the application becomes a document":   {"git mv packages/page.tsx docs/page.md", "app=true\nlint=true\n"},
		"a name that is not ASCII":             {"touch infra/ü.go", "app=true\nlint=true\n"},
		"a name with quotes, spaces and lines": {`touch $'infra/a" b\n.go'`, "app=true\nlint=true\n"},
		"a name that ends like a document's":   {`touch $'infra/a.md\n'`, "app=true\nlint=true\n"},
		"a first push":                         {`BASE=0000000000000000000000000000000000000000`, "app=true\nlint=true\n"},
	} {
		code, printed, outputs := runScript(t, prepare+test.change+"\ngit add . && git commit --quiet --allow-empty -m change\n"+script(t,
			"A first push has no base"),
			map[string]string{"WORKSPACE": ".", "GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1"}, nil)
		if code != 0 || outputs != test.outputs {
			t.Errorf("%s: exit code %d and %q, want %q\n%s", name, code, outputs, test.outputs, printed)
		}
	}
}

// The comment holds text of the pull request's own code: it must stay in its fence, and be the one comment of its stack.
func TestThePreviewsComment(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	gh := `
case "$*" in
"run download"*) [ -n "$PREVIEW" ] || exit 1; mkdir -p previews/preview-dev && eval "$PREVIEW" > previews/preview-dev/dev.txt ;;
*--paginate*) printf '%s' "$COMMENTS" ;;
*) ! grep -q "Preview of dev" "$6" || { echo "called: $*"; cat "$6"; } ;;
esac
`
	comment := strings.ReplaceAll(script(t, "<!-- pulumi-preview:"), "> /dev/null", "")
	const begun, text = `{"body":"<!-- pulumi-preview:dev -->\n### Preview of dev at abc\n\n`, `printf 'before\n~~~~~~~~\nafter\n'`
	const fenced = `~~~~~~~~text\nbefore\n~ ~ ~\nafter\n~~~~~~~~"}`
	for _, test := range []struct{ name, comments, preview, called, body string }{
		{"the first", `[]`, text, "called: api --method POST repos/o/r/issues/7/comments", fenced},
		{"another's with the same marker", `[{"id": 5, "user": {"login": "someone"}, "body": "<!-- pulumi-preview:dev -->"}]`, text,
			"called: api --method POST", fenced},
		{"the next", `[{"id": 4, "user": {"login": "github-actions[bot]"}, "body": "<!-- pulumi-preview:prod -->"}]` + "\n" +
			`[{"id": 6, "user": {"login": "github-actions[bot]"}, "body": "<!-- pulumi-preview:dev -->\nold"}]`, text,
			"called: api --method PATCH repos/o/r/issues/comments/6", fenced},
		// An older commit's preview would look like this one's.
		{"one that came to no preview", `[{"id": 6, "user": {"login": "github-actions[bot]"}, "body": "<!-- pulumi-preview:dev -->\nold"}]`, "",
			"called: api --method PATCH repos/o/r/issues/comments/6", `No preview came of it: [the run](url) says why."}`},
		// One argument of a program holds 128 KiB, and a character up to four bytes.
		{"a long one that is not ASCII", `[]`, `yes 😀 | head -n 40000`, "called: api --method POST", `😀\n~~~~~~~~"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, printed, _ := runScript(t, comment, map[string]string{
				"GH_REPO": "o/r", "NUMBER": "7", "HEAD": "abc", "GITHUB_RUN_ID": "1", "STACKS": `["dev", "staging", "prod"]`,
				"COMMENTS": test.comments, "PREVIEW": test.preview, "RUN": "url",
			}, map[string]string{"gh": gh})
			if code != 0 || !strings.Contains(printed, test.called) || strings.Count(printed, "called:") != 1 {
				t.Errorf("exit code %d and\n%.2000s\nwant %q once", code, printed, test.called)
			}
			if !strings.Contains(printed, begun) || !strings.Contains(printed, test.body) {
				t.Errorf("sent\n%.2000s\nwant %s and %s in it", printed, begun, test.body)
			}
		})
	}
}

// GitHub takes 65,536 UTF-16 units. What is left out is said, in whole lines, with the place that has it.
func TestALongPreviewsComment(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	const gh = `
case "$*" in
"run download"*) mkdir -p previews/preview-dev && eval "$PREVIEW" > previews/preview-dev/dev.txt ;;
*--paginate*) echo '[]' ;;
*) jq -r .body "$6" > "$GITHUB_OUTPUT" ;;
esac
`
	for _, test := range []struct {
		name, preview, first, last string
		left                       bool
	}{
		{"4,000 lines", `seq -f 'line %g of the preview, a resource to replace' 1 4000`, "line 1 of the preview, a resource to replace",
			"line 4000 of the preview, a resource to replace", true},
		{"just not too long", `seq -f 'line %4g' 1 6000`, "line    1", "line 6000", false},
		{"one character more", `seq -f 'line %4g' 1 6000; echo`, "line    1", "", true},
		{"one line too many", `seq -f 'line %4g' 1 6001`, "line    1", "line 6001", true},
		{"what counts twice", `for i in $(seq 1 1000); do printf '😀%.0s' $(seq 1 40); echo " $i"; done`, strings.Repeat("😀", 40) + " 1",
			strings.Repeat("😀", 40) + " 1000", true},
		{"one long line", `head -c 90000 /dev/zero | tr '\0' x; echo; echo end`, "[1 lines left out]", "end", true},
		{"fences without end", `for i in $(seq 1 9000); do echo '~~~~~~~~'; done`, "~ ~ ~", "~ ~ ~", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, printed, body := runScript(t, script(t, "<!-- pulumi-preview:"), map[string]string{
				"GH_REPO": "o/r", "NUMBER": "7", "HEAD": "abc", "GITHUB_RUN_ID": "1", "STACKS": `["dev"]`, "PREVIEW": test.preview,
				"RUN": "https://github.com/o/r/actions/runs/1",
			}, map[string]string{"gh": gh})
			lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
			at := slices.Index(lines, "~~~~~~~~text")
			if code != 0 || at < 0 || len(utf16.Encode([]rune(body))) > 65536 {
				t.Fatalf("exit code %d, %d units of text\n%s\n%.500s", code, len(utf16.Encode([]rune(body))), printed, body)
			}
			if first, last := lines[at+1], lines[len(lines)-2]; first != test.first || last != test.last || lines[len(lines)-1] != "~~~~~~~~" {
				t.Errorf("begins with %.80q and ends with %.80q, want %.80q and %.80q in a fence", first, last, test.first, test.last)
			}
			said := strings.Contains(strings.Join(lines[:at], "\n"),
				"lines in the middle are left out; [the run](https://github.com/o/r/actions/runs/1) has them")
			if said != test.left {
				t.Errorf("it says that lines are left out: %v, want %v:\n%s", said, test.left, strings.Join(lines[:at], "\n"))
			}
		})
	}
}

func TestTheScorecard(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	const gh = `
run='"run_started_at": "2026-11-24T10:00:00Z"'
job='"started_at": "2026-11-24T10:00:00Z", "completed_at": "2026-11-24T10:07:30Z", "conclusion": "success"'
case "$2" in
*platform-ci.yml*) echo "{\"workflow_runs\": [{\"id\": 1, \"conclusion\": \"success\", $run, \"updated_at\": \"2026-11-24T10:04:30Z\"}, {\"id\": 2, \"conclusion\": \"failure\", $run, \"updated_at\": \"2026-11-24T10:01:00Z\"}, {\"id\": 11, \"conclusion\": \"success\", $run, \"updated_at\": \"2026-11-24T10:00:30Z\"}]}" ;;
*platform-release.yml*) echo "{\"workflow_runs\": [{\"id\": 3, \"conclusion\": \"success\"}, {\"id\": 4, \"conclusion\": \"failure\"}, {\"id\": 5, \"conclusion\": \"cancelled\"}, {\"id\": 6, \"conclusion\": \"failure\"}, {\"id\": 7, \"conclusion\": \"success\"}, {\"id\": 8, \"conclusion\": \"failure\"}, {\"id\": 9, \"conclusion\": \"timed_out\"}, {\"id\": 10, \"conclusion\": \"success\"}]}" ;;
*platform-rollback.yml*) echo '{"workflow_runs": []}' ;;
*runs/3/jobs* | *runs/10/jobs*) answer="{\"jobs\": [{\"name\": \"release / check\", \"conclusion\": \"success\"}, {\"name\": \"release / rollback\", \"conclusion\": \"skipped\"}, {\"name\": \"release / deploy\", $job, \"steps\": []}]}" ;;
*runs/7/jobs*) answer="{\"jobs\": [{\"name\": \"release / rollback\", \"run_id\": 7, $job, \"steps\": []}]}" ;;
*runs/8/jobs*) answer="{\"jobs\": [{\"name\": \"release / check\", \"run_id\": 8, \"conclusion\": \"failure\"}]}" ;;
*runs/2/jobs*) answer='{"jobs": [{"name": "test", "conclusion": "failure", "steps": [{"name": "Cache missed: pnpm", "conclusion": "skipped"}]}, {"name": "x", "conclusion": "skipped"}]}' ;;
*runs/11/jobs*) answer='{"jobs": [{"name": "changes", "run_id": 11, "conclusion": "success"}, {"name": "test", "run_id": 11, "conclusion": "skipped"}]}' ;;
*runs/1/jobs*) answer='{"jobs": [{"name": "test", "run_id": 1, "conclusion": "success", "steps": [{"name": "Cache missed: pnpm", "conclusion": "skipped"}, {"name": "x", "conclusion": "success"}]},
	{"name": "test", "conclusion": "success", "steps": [{"name": "Cache missed: pnpm", "conclusion": "success"}]}]}' ;;
*runs/6/jobs*) answer='{"jobs": [{"name": "release / deploy", "run_id": 6, "conclusion": "failure", "steps": [{"name": "Held until a person decides", "conclusion": "success"}]}]}' ;;
*runs/4/jobs*) answer='{"jobs": [{"name": "release / deploy", "run_id": 4, "conclusion": "failure", "steps": [{"name": "Held until a person decides", "conclusion": "skipped"}]}]}' ;;
*runs/*/jobs*) answer='{"jobs": []}' ;;
*) echo "what is $*" >&2; exit 9 ;;
esac
[ -z "${answer-}" ] || echo "$answer" | jq -r "$4"
`
	code, printed, summary := runScript(t, script(t, "## Scorecard"), map[string]string{"GH_REPO": "o/r"}, map[string]string{"gh": gh})
	const want = `## Scorecard
| metric | measured | target | before |
|---|---|---|---|
| CI of a pull request, median minutes | 4.5 | 4-5 | 7 |
| deployment by hand, its job, median minutes | 7.5 | 6-8 | 15 |
| rollback, its job, median minutes | none yet | under 1 | 15 |
| deployments that succeeded, % | 50 | 98 | 90 |
| pnpm store restored, % | 50 | 90 | 85 |

~~~mermaid
xychart-beta
  title "Minutes of the last 20 successful CI runs of pull requests"
  y-axis "minutes" 0 --> 15
  line [4.5]
~~~
`
	if code != 0 || summary != want {
		t.Errorf("exit code %d, printed\n%s\nand wrote\n%s", code, printed, summary)
	}
}

// The scorecard counts steps and jobs by their names, a called workflow's with the caller's in front.
func TestWhatTheScorecardCountsExists(t *testing.T) {
	t.Parallel()
	text := script(t, "## Scorecard")
	counted := regexp.MustCompile(`\.name == \\"([^"\\$]+)\\"|minutes [a-z]+ '([^']+)'`).FindAllStringSubmatch(text, -1)
	if len(counted) != 7 {
		t.Errorf("the scorecard counts %d names, want 7", len(counted))
	}
	names, tree := map[string]bool{}, parse(t, sources(t))
	for _, step := range tree.Steps() {
		names[step.Name] = true
	}
	for _, file := range []string{"platform-ci.yml", "platform-release.yml", "platform-rollback.yml"} {
		if !strings.Contains(text, "runs "+file) {
			t.Errorf("%s is not measured", file)
		}
		for name, job := range tree.Workflows[file].Jobs {
			names[name] = true
			if job.WorkflowCall != nil {
				for called := range tree.Workflows[strings.TrimPrefix(job.WorkflowCall.Uses.Value, "./.github/workflows/")].Jobs {
					names[name+" / "+called] = true
				}
			}
		}
	}
	for _, match := range counted {
		if name := match[1] + match[2]; !names[name] {
			t.Errorf("nothing is called %q, which the scorecard counts", name)
		}
	}
}

func TestWhatCountsAsDrift(t *testing.T) {
	t.Parallel()
	needsJQ(t)
	for _, test := range []struct{ name, steps, status, drift string }{
		{"nothing", `{"op": "refresh", "urn": "a"}, {"op": "same", "urn": "a"}, {"op": "read", "urn": "b"}`, `{"findings": []}`, ""},
		{"a changed resource", `{"op": "refresh", "urn": "a"}, {"op": "update", "urn": "a"}`, `{"findings": []}`, "update a\n"},
		{"a deleted resource and traffic", `{"op": "refresh", "urn": "a"}, {"op": "create", "urn": "a"}`, `{"findings": ["one", "two"]}`,
			"create a\ntraffic of web: one\ntraffic of web: two\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, printed, summary := runScript(t, script(t, "## Drift of"), map[string]string{
				"STACK": "prod", "PROJECT": "p", "REGION": "r", "GITHUB_WORKSPACE": t.TempDir(), "STEPS": test.steps, "STATUS": test.status,
			}, map[string]string{
				"pulumi":  `case "$1" in preview) echo "{\"steps\": [$STEPS]}" ;; stack) echo '{"web": {"name": "web"}}' ;; esac`,
				"release": `printf '%s' "$STATUS"`,
			})
			if want := "## Drift of prod\n~~~~\n" + test.drift + "~~~~\n"; code != 0 || summary != want {
				t.Errorf("exit code %d and %q, want %q\n%s", code, summary, want, printed)
			}
		})
	}
	// What cannot be read is no drift.
	if code, _, _ := runScript(t, script(t, "## Drift of"), map[string]string{"STACK": "prod", "PROJECT": "p", "REGION": "r",
		"GITHUB_WORKSPACE": t.TempDir()},
		map[string]string{"pulumi": `[ "$1" != preview ] || exit 255`}); code != 255 {
		t.Errorf("exit code %d after a preview that failed, want its 255", code)
	}
}
