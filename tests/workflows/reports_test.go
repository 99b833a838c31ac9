package workflows_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// needsJQ skips a test if jq, which GitHub's runners have, is missing.
func needsJQ(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq is not installed (apt-get install jq): scripts that read JSON did not run")
	}
}

func TestRequiredCheckResult(t *testing.T) {
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

// TestChangesThatAreChecked checks that every file counts, except documents, which only lint reads: any file may steer a job with
// an identity.
func TestChangesThatAreChecked(t *testing.T) {
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
			map[string]string{
				"git": `case "$1" in cat-file) ;; diff) [ -z "$CHANGED" ] || printf '%s\n' "$CHANGED" | tr '\n' '\0' ;; *) exit 9 ;; esac`})
		if code != 0 || outputs != want {
			t.Errorf("%q: exit code %d and %q, want %q\n%s", changed, code, outputs, want, printed)
		}
	}
}

// TestMovedAndOddNamesAreSeen checks moved files and unusual names. By default git shows a moved file only by its new
// name, and quotes unusual names. Both would hide a change.
func TestMovedAndOddNamesAreSeen(t *testing.T) {
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

func TestScorecard(t *testing.T) {
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

// TestScorecardCountsExistingJobs checks that the steps and jobs exist that the scorecard counts by name, with the caller's name
// before a called workflow's.
func TestScorecardCountsExistingJobs(t *testing.T) {
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

func TestDriftOfAPreview(t *testing.T) {
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
	// An unreadable preview is not drift.
	if code, _, _ := runScript(t, script(t, "## Drift of"), map[string]string{"STACK": "prod", "PROJECT": "p", "REGION": "r",
		"GITHUB_WORKSPACE": t.TempDir()},
		map[string]string{"pulumi": `[ "$1" != preview ] || exit 255`}); code != 255 {
		t.Errorf("exit code %d after a preview that failed, want its 255", code)
	}
}
