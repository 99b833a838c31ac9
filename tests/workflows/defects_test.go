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

// defectProblems says which of the design's 35 defects docs/defects.md leaves out, and which test it names that is not there.
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

func TestEveryDefectOfTheDesignIsHeld(t *testing.T) {
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
		{"a test that is gone", "TestTheMapping |", "TestTheMap |", "defect 16: tests/workflows has no test TestTheMap"},
		{"a folder that is gone", "`tests/trust` TestWhoATokenCanBecome", "`tests/trusts` TestWhoATokenCanBecome", "defect 29: tests/trusts has no test TestWhoATokenCanBecome"},
		{"no test", "`tests/workflows` TestTheMapping", "a person's eyes", "defect 16: no test is named: a person's eyes"},
	} {
		if problems := defectProblems(strings.Replace(text, test.old, test.replacement, 1)); len(problems) != 1 || problems[0] != test.problem {
			t.Errorf("%s: found %q, want %q", test.name, problems, test.problem)
		}
	}
}

// Whoever follows a summary's advice has to find it.
func TestEveryAdviceIsThere(t *testing.T) {
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
	"_json_key": "defect 1: a key, where a token is", "@master": "defect 5: whatever is there today", "packages: write": "defect 11: nothing is published there",
	"-latest": "defects 2 and 14: tags do not move", "PULUMI_ACCESS_TOKEN": "defect 18: a key that outlives the job", "substring": "defect 20: revisions are named after their template",
	"gcloud run": "defects 21 and 22: traffic is the release controller's", "sleep ": "defect 25: waiting reads no signal", "comment-on-pr": "defect 26: the comment has a job of its own",
}

// goneProblems finds them in anything but comments and runner labels.
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

func TestWhatTheDesignHadStaysOut(t *testing.T) {
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
	if logins != 3 {
		t.Errorf("%d logins were looked at, want 3", logins)
	}
}

// TestPulumiNeverRunsWithoutThePack: defect 34. What changes or previews an environment is judged; the drift check only reads.
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
		t.Errorf("%d runs of Pulumi were looked at, want those of deploy.yml, pulumi-preview.yml and infrastructure-up", judged)
	}
}

// TestWhatIsCached: defect 10, and the keys of what is expensive.
func TestWhatIsCached(t *testing.T) {
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
			found["layers"] = s.With["cache-from"] + " " + s.With["cache-to"]
		}
	}
	for what, want := range map[string]string{
		"node": "${{ inputs.node-version }} pnpm", "pnpm": "", "actions/setup-pnpm/action.yml": "${{ inputs.app }}/.next/cache",
		"actions/setup-pulumi-go/action.yml": "~/go/pkg/mod ~/.cache/go-build", "layers": "type=gha type=gha,mode=max",
	} {
		if got, there := found[what]; !there || got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
}

// The checks compile everything once more for the race detector. They end last, and a cache that is there is not written again:
// under one key with jobs that only build, theirs would never be kept. Who goes back does not wait for the SDK's gigabyte.
func TestJobsKeepWhatTheyCompiled(t *testing.T) {
	t.Parallel()
	tree := parse(t, sources(t))
	for _, s := range tree.Composites["setup-pulumi-go"].Runs.Steps {
		if !strings.HasPrefix(s.Uses, "actions/cache@") {
			continue
		}
		if want := "pulumi-go-${{ runner.os }}-${{ inputs.compiles }}-"; !strings.HasPrefix(s.With["key"], want) {
			t.Errorf("the key is %s, want %s in front", s.With["key"], want)
		}
		// Each line is tried for the same modules: the job's own last cache, then, for the checks, that of the jobs that build.
		own := strings.TrimSuffix(s.With["key"], "${{ github.sha }}")
		if restored := strings.Split(strings.TrimSpace(s.With["restore-keys"]), "\n"); len(restored) != 2 || restored[0] != own || restored[1] != strings.Replace(own, "inputs.compiles", "inputs.compiles == 'checks' && 'programs' || inputs.compiles", 1) {
			t.Errorf("restores %q", restored)
		}
	}
	apart := map[string]string{}
	for _, s := range tree.Steps() {
		if s.Uses == "./.github/actions/setup-pulumi-go" && s.With["compiles"] != "" {
			apart[s.File+" "+s.Job] = s.With["compiles"]
		}
	}
	if want := map[string]string{"workflows/ci.yml infrastructure": "checks", "workflows/deploy.yml rollback": "release", "workflows/promote.yml promote": "release"}; !maps.Equal(apart, want) {
		t.Errorf("kept apart: %v, want %v", apart, want)
	}
	// And these have no use for what they do without.
	for file, job := range map[string]string{"deploy.yml": "rollback", "promote.yml": "promote"} {
		for _, s := range tree.Steps() {
			if s.File == "workflows/"+file && s.Job == job && regexp.MustCompile(`\bpulumi |policy-pack|pulumi-login`).MatchString(s.Run+s.Uses) {
				t.Errorf("%s %s uses Pulumi: %s%s", file, job, s.Uses, s.Run)
			}
		}
	}
	for compiles, want := range map[string]string{"programs": "release infra policy-pack", "checks": "release infra policy-pack", "release": "release"} {
		code, printed, outputs := runScript(t, "mkdir policy\n"+script(t, `go build -o "$bin/infra"`), map[string]string{"PLATFORM": ".", "COMPILES": compiles},
			map[string]string{"go": `[ "$1 $2" = "build -o" ] && basename "$3"`})
		if got := strings.Join(strings.Fields(printed), " "); code != 0 || got != want || !strings.HasPrefix(outputs, "bin=/") {
			t.Errorf("%s: exit code %d, builds %q, want %q; outputs %q", compiles, code, got, want, outputs)
		}
	}
}

// Pulumi compiles the program with plain "go build". Other flags before it make other entries in the cache: the SDK would be
// compiled twice, for 200 CPU seconds.
func TestPulumiFindsWhatWasCompiled(t *testing.T) {
	t.Parallel()
	build := script(t, `go build -o "$bin/infra" ./infra`)
	if strings.Contains(build, "GOFLAGS") || strings.Contains(build, "-trimpath") {
		t.Errorf("the build has flags of its own:\n%s", build)
	}
}

// TestTheImagesNames: defect 2. A tag is one legal tag, and an image has its registry in front.
func TestTheImagesNames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		repository, tag, push string
		code                  int
		host                  string
	}{
		{"us-central1-docker.pkg.dev/p/r/web", "git-0123abc", "true", 0, "us-central1-docker.pkg.dev"},
		{"localhost/web", "git-0123abc", "false", 0, "localhost"},
		{"localhost/web", "12/merge-latest", "false", 1, ""},
		{"localhost/web", "git-1,latest", "false", 1, ""},
		{"localhost/web", "git-1\nlatest", "false", 1, ""},
		{"localhost/Web", "git-1", "false", 1, ""},
		{"/web", "git-1", "true", 1, ""}, // an empty variable in front
		{"localhost/web", "git-1", "yes", 1, ""},
	} {
		code, printed, outputs := runScript(t, script(t, "is no legal image tag"), map[string]string{
			"REPOSITORY": test.repository, "TAG": test.tag, "PUSH": test.push,
		}, nil)
		want := ""
		if test.host != "" {
			want = "host=" + test.host + "\n"
		}
		if code != test.code || outputs != want {
			t.Errorf("%+v: exit code %d and %q, want %q\n%s", test, code, outputs, want, printed)
		}
	}
}

func TestTheBuildsDigest(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0a", 32)
	for _, test := range []struct {
		push, digest string
		code         int
		outputs      string
	}{
		{"false", "", 0, "image=localhost/web:git-1\n"},
		{"true", digest, 0, "digest=" + digest + "\nimage=localhost/web@" + digest + "\n"},
		{"true", "", 1, ""},
		{"true", digest + "\nx", 1, ""},
	} {
		code, printed, outputs := runScript(t, script(t, "the build gave"), map[string]string{
			"REPOSITORY": "localhost/web", "TAG": "git-1", "PUSH": test.push, "DIGEST": test.digest,
		}, nil)
		if code != test.code || outputs != test.outputs {
			t.Errorf("%+v: exit code %d and %q\n%s", test, code, outputs, printed)
		}
	}
}
