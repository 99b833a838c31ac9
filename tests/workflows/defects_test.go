package workflows_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	defect = regexp.MustCompile(`(?m)^\| (\d+) \| [^|]+ \| [^|]+ \| ([^|]+) \|$`)
	heldBy = regexp.MustCompile("`([a-z/]+)` (Test[A-Za-z0-9]+)")
)

// defectProblems returns the design's 35 defects that docs/defects.md leaves out, and the tests it names that do not exist.
func defectProblems(text string) []string {
	var problems []string
	rows := defect.FindAllStringSubmatch(text, -1)
	if len(rows) != 35 {
		problems = append(problems, fmt.Sprintf("docs/defects.md has %d defects, want 35", len(rows)))
	}
	for i, row := range rows {
		if row[1] != fmt.Sprint(i+1) {
			problems = append(problems, fmt.Sprintf("row %d has the number %s", i+1, row[1]))
		}
		tests := heldBy.FindAllStringSubmatch(row[2], -1)
		if len(tests) == 0 {
			problems = append(problems, fmt.Sprintf("defect %s: no test is named: %s", row[1], row[2]))
		}
		for _, test := range tests {
			files, _ := filepath.Glob(filepath.Join(root, filepath.FromSlash(test[1]), "*_test.go"))
			found := false
			for _, file := range files {
				content, err := os.ReadFile(file)
				found = found || err == nil && strings.Contains(string(content), "\nfunc "+test[2]+"(t *testing.T)")
			}
			if !found {
				problems = append(problems, fmt.Sprintf("defect %s: %s has no test %s", row[1], test[1], test[2]))
			}
		}
	}
	return problems
}

func TestEveryDefectHasATest(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(root, "docs", "defects.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, problem := range defectProblems(text) {
		t.Error(problem)
	}
	for _, test := range []struct{ name, old, replacement, problem string }{
		{"a row that is gone", text[strings.Index(text, "| 35 |"):], "", "docs/defects.md has 34 defects, want 35"},
		{"a test that is gone", "TestEnvironmentOfEachStack |", "TestTheMap |", "defect 16: tests/workflows has no test TestTheMap"},
		{"a folder that is gone", "`tests/trust` TestTokensAndTheirAccounts", "`tests/trusts` TestTokensAndTheirAccounts",
			"defect 29: tests/trusts has no test TestTokensAndTheirAccounts"},
		{"no test", "`tests/workflows` TestEnvironmentOfEachStack", "a person's eyes", "defect 16: no test is named: a person's eyes"},
	} {
		if problems := defectProblems(strings.Replace(text, test.old, test.replacement, 1)); len(problems) != 1 || problems[0] != test.problem {
			t.Errorf("%s: found %q, want %q", test.name, problems, test.problem)
		}
	}
}

// TestSummariesLinkToExistingSections checks that each section exists to which a workflow's summary sends people.
func TestSummariesLinkToExistingSections(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(root, "docs", "pipeline.md"))
	if err != nil {
		t.Fatal(err)
	}
	headings := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(string(content), -1) {
		headings[strings.ReplaceAll(strings.ToLower(regexp.MustCompile(`[^A-Za-z0-9 -]`).ReplaceAllString(heading[1], "")), " ", "-")] = true
	}
	read := 0
	for file, text := range sources(t) {
		for _, advice := range regexp.MustCompile(`docs/pipeline\.md#([a-z-]+)`).FindAllStringSubmatch(text, -1) {
			read++
			if !headings[advice[1]] {
				t.Errorf("%s sends people to docs/pipeline.md#%s, which is not there", file, advice[1])
			}
		}
	}
	if read < 6 {
		t.Errorf("%d pieces of advice were looked at, want all", read)
	}
}

// gone are texts of the design's workflows that must not come back.
var gone = map[string]string{
	"_json_key": "defect 1: a key, where a token is", "@master": "defect 5: whatever is there today",
	"packages: write": "defect 11: nothing is published there",
	"-latest":         "defects 2 and 14: tags do not move", "PULUMI_ACCESS_TOKEN": "defect 18: a key that outlives the job",
	"substring":  "defect 20: revisions are named after their template",
	"gcloud run": "defects 21 and 22: traffic is the release controller's", "sleep ": "defect 25: waiting reads no signal",
	"comment-on-pr": "defect 26: the comment has a job of its own",
}

// goneProblems searches everything but comments and runner labels.
func goneProblems(files map[string]string) []string {
	var problems []string
	for _, file := range slices.Sorted(maps.Keys(files)) {
		for number, line := range strings.Split(files[file], "\n") {
			line, _, _ = strings.Cut(line, "# ")
			line = strings.ReplaceAll(line, "ubuntu-latest", "")
			for text, why := range gone {
				if strings.Contains(line, text) {
					problems = append(problems, fmt.Sprintf("%s:%d: %q: %s", file, number+1, text, why))
				}
			}
		}
	}
	return problems
}

func TestReplacedTextsStayOut(t *testing.T) {
	t.Parallel()
	files := sources(t)
	for _, problem := range goneProblems(files) {
		t.Error(problem)
	}
	for text := range gone {
		changed := map[string]string{"workflows/x.yml": "jobs:\n  a: {runs-on: ubuntu-latest}\n      - run: a" + text + "b\n"}
		if problems := goneProblems(changed); len(problems) != 1 {
			t.Errorf("%q: found %q, want one", text, problems)
		}
	}
	logins := 0
	for _, s := range parse(t, files).Steps() {
		if strings.HasPrefix(s.Uses, "docker/login-action@") {
			logins++
			if s.With["username"] != "oauth2accesstoken" || s.With["password"] != "${{ steps.auth.outputs.access_token }}" {
				t.Errorf("%s: %s logs in as %q with %q", s.File, s.Job, s.With["username"], s.With["password"])
			}
		}
	}
	if logins != 2 {
		t.Errorf("%d logins were looked at, want 2", logins)
	}
}

// TestPulumiNeverRunsWithoutThePack covers defect 34. Every update and preview of an environment is judged; the drift check only
// reads.
func TestPulumiNeverRunsWithoutThePack(t *testing.T) {
	t.Parallel()
	runs := regexp.MustCompile(`\bpulumi (up|preview)\b`)
	judged := 0
	for _, script := range parse(t, sources(t)).Scripts() {
		lines := strings.ReplaceAll(script, "\\\n", " ")
		for _, line := range strings.Split(lines, "\n") {
			if !runs.MatchString(line) || strings.HasPrefix(strings.TrimSpace(line), "echo") || strings.Contains(line, "--json") {
				continue
			}
			judged++
			if !strings.Contains(line, `--policy-pack "$BIN/policy-pack"`) || !strings.Contains(line, `--policy-pack-config "policy/$STACK.json"`) {
				t.Errorf("nothing judges %s", line)
			}
		}
	}
	if judged != 3 {
		t.Errorf("%d runs of Pulumi were looked at, want those of deploy.yml, preview.yml and infrastructure-up", judged)
	}
}

// TestCaches covers defect 10, and the keys of expensive caches.
func TestCaches(t *testing.T) {
	t.Parallel()
	found := map[string]string{}
	for _, s := range parse(t, sources(t)).Steps() {
		name, _, _ := strings.Cut(s.Uses, "@")
		switch name {
		case "actions/setup-node":
			found["node"] = s.With["node-version"] + " " + s.With["cache"]
		case "pnpm/action-setup":
			found["pnpm"] = s.With["version"]
		case "actions/cache":
			found[s.File] = strings.Join(strings.Fields(s.With["path"]), " ")
		case "docker/build-push-action":
			for event, want := range map[string]string{"pull_request": "type=gha type=gha,mode=max", "push": " "} {
				w := world{"github.event_name": event}
				if got := fmt.Sprint(evaluate(t, s.With["cache-from"], w), " ", evaluate(t, s.With["cache-to"], w)); got != want {
					t.Errorf("layers on %s: %q, want %q: what is published is built of nothing that another job left", event, got, want)
				}
			}
		}
	}
	for what, want := range map[string]string{
		"node": "${{ inputs.node-version }} pnpm", "pnpm": "", "actions/setup-pnpm/action.yml": "${{ inputs.app }}/.next/cache",
		"actions/setup-platform/action.yml": "~/go/pkg/mod ~/.cache/go-build", "workflows/ci.yml": "~/go/pkg/mod ~/.cache/go-build " +
			"~/.cache/procureflow-platform",
	} {
		if got, there := found[what]; !there || got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
}

// TestJobsCompileWhatTheyRun checks that a rollback does not wait for the SDK, and that no job compiles what it does not use.
func TestJobsCompileWhatTheyRun(t *testing.T) {
	t.Parallel()
	tree := parse(t, sources(t))
	compiled := map[string]string{}
	for _, s := range tree.Steps() {
		if s.Uses == "./.platform/.github/actions/setup-platform" && s.With["compiles"] != "" {
			compiled[s.File+" "+s.Job] = s.With["compiles"]
		}
	}
	if want := map[string]string{
		"workflows/build.yml settings": "release", "workflows/deploy.yml describe": "release", "workflows/deploy.yml rollback": "release",
		"workflows/promote.yml promote": "release", "workflows/check.yml settings": "nothing", "workflows/preview.yml fork": "nothing",
		"workflows/preview-environment.yml up": "release", "workflows/preview-environment.yml free": "release",
	}; !maps.Equal(compiled, want) {
		t.Errorf("compiled: %v, want %v", compiled, want)
	}
	for _, s := range tree.Steps() {
		if _, less := compiled[s.File+" "+s.Job]; less && regexp.MustCompile(`\bpulumi |policy-pack|pulumi-login`).MatchString(s.Run+s.Uses) {
			t.Errorf("%s %s uses Pulumi: %s%s", s.File, s.Job, s.Uses, s.Run)
		}
	}
	verified := "download verify "
	for compiles, want := range map[string]string{
		"programs": verified + "release pulumi-language-go " + verified + "policy-pack list " + verified + "pulumi " + verified +
			"program", "release": verified + "release", "nothing": "",
	} {
		code, printed, outputs := runScript(t,
			"mkdir -p .platform/policy .platform/sandbox/pulumicli/cli && touch .platform/sandbox/pulumicli/cli/go.mod.in "+
				".platform/sandbox/pulumicli/cli/go.sum.in && echo 'main: infra' > Pulumi.yaml && export GITHUB_WORKSPACE=$PWD\n"+
				script(t, `go build -o "$bin/release"`),
			map[string]string{"FOLDER": ".", "COMPILES": compiles, "GITHUB_PATH": os.DevNull},
			map[string]string{
				"go": `case "$1" in mod) echo "$2" ;; list) echo list >&2; echo v3.0.0 ;; build) [ "$2" = -o ] || shift 2; basename "$3" ;; esac`})
		if got := strings.Join(strings.Fields(printed), " "); code != 0 || got != want || !strings.HasPrefix(outputs, "bin=/") {
			t.Errorf("%s: exit code %d, %q, want %q; outputs %q", compiles, code, got, want, outputs)
		}
	}
	// A folder that is not a module is not compiled.
	if code, printed, _ := runScript(t, "mkdir -p .platform\n"+script(t, `go build -o "$bin/release"`),
		map[string]string{"FOLDER": ".", "COMPILES": "release", "GITHUB_PATH": os.DevNull},
		map[string]string{"go": `[ "$1 $2" != "mod verify" ] || exit 1; echo "$1"`}); code != 1 || strings.Contains(printed, "build") {
		t.Errorf("a module that was changed: exit code %d and %q, want that nothing is compiled", code, printed)
	}
}

func TestDigestOfTheBuild(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0a", 32)
	for given, want := range map[string]string{digest: "digest=" + digest + "\n", "": "", digest + "\nx": "", "latest": ""} {
		code, printed, outputs := runScript(t, script(t, "the build's digest is"), map[string]string{"DIGEST": given}, nil)
		if (code == 0) != (want != "") || outputs != want {
			t.Errorf("%q: exit code %d and %q\n%s", given, code, outputs, printed)
		}
	}
}
