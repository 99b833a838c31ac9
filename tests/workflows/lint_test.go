package workflows_test

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// lint runs actionlint on the named workflows. The files are laid out as a separate repository, because actionlint looks up
// local actions and workflows there.
func lint(t *testing.T, files map[string]string, names ...string) []*actionlint.Error {
	t.Helper()
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for name, text := range files {
		path := filepath.Join(folder, ".github", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(names, name) {
			paths = append(paths, path)
		}
	}
	options := &actionlint.LinterOptions{WorkingDir: folder}
	if shellcheck, err := exec.LookPath("shellcheck"); err == nil {
		options.Shellcheck = shellcheck
	}
	linter, err := actionlint.NewLinter(io.Discard, options)
	if err != nil {
		t.Fatal(err)
	}
	found, err := linter.LintFiles(paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(found, func(e *actionlint.Error) bool { return newer.MatchString(e.Message) })
}

// newer matches what this actionlint does not know yet: since April 2026 GitHub tells a called workflow's jobs its repository and
// commit.
var newer = regexp.MustCompile(`^property "workflow_(repository|sha)" is not defined in object type \{check_run_id: `)

func TestActionlintHasNoFindings(t *testing.T) {
	t.Parallel()
	files := sources(t)
	workflows := slices.DeleteFunc(slices.Collect(maps.Keys(files)), func(name string) bool { return !strings.HasPrefix(name, "workflows/") })
	for _, finding := range lint(t, files, workflows...) {
		t.Error(finding)
	}
}

func TestActionlintFindsMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, old, replacement, kind string }{
		{"a step that does not exist", "workflows/image.yml", "steps.build.outputs.digest", "steps.meta.outputs.digest", "expression"},
		{"an output of ours that does not exist", "workflows/platform-ci.yml", "steps.pnpm.outputs.cache-hit", "steps.pnpm.outputs.cache",
			"expression"},
		{"an output of a called workflow that does not exist", "workflows/build.yml", "needs.image.outputs.sbom",
			"needs.image.outputs.list", "expression"},
		{"an output of a called workflow that does not exist", "workflows/deploy.yml", "needs.promote.outputs.digest",
			"needs.promote.outputs.promoted", "expression"},
		{"an input of a called workflow that does not exist", "workflows/platform-rollback.yml", "operation: rollback", "mode: rollback",
			"workflow-call"},
		{"a job that nobody waits for", "workflows/deploy.yml", "needs: [check, describe, approve, promote]",
			"needs: [check, describe, approval, promote]", "job-needs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found := lint(t, change(t, sources(t), test.file, test.old, test.replacement), test.file)
			if len(found) == 0 {
				t.Fatal("nothing was found")
			}
			kinds := map[string]bool{}
			for _, finding := range found {
				kinds[finding.Kind] = true
			}
			if !kinds[test.kind] {
				t.Errorf("found %v, want one of kind %s", found, test.kind)
			}
		})
	}
}

// shellcheck runs shellcheck on scripts, and returns its findings by script.
func shellcheck(t *testing.T, scripts map[string]string) (found map[string]string) {
	t.Helper()
	program, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not installed (apt-get install shellcheck): scripts were not held against it")
	}
	found = map[string]string{}
	for name, text := range scripts {
		command := exec.CommandContext(t.Context(), program, "--shell", "bash", "-")
		command.Stdin = strings.NewReader(text)
		if output, err := command.CombinedOutput(); err != nil {
			found[name] = err.Error() + "\n" + string(output)
		}
	}
	return found
}

// TestShellcheckHasNoFindings covers the scripts of composite actions, which actionlint leaves out, and those that stand in for
// commands in the chains.
func TestShellcheckHasNoFindings(t *testing.T) {
	t.Parallel()
	scripts := map[string]string{}
	for name, composite := range parse(t, sources(t)).Composites {
		for i, step := range composite.Runs.Steps {
			if step.Run != "" {
				scripts[fmt.Sprintf("%s, step %d", name, i+1)] = step.Run
			}
		}
	}
	if len(scripts) < 7 {
		t.Errorf("%d scripts of composite actions were found, want all", len(scripts))
	}
	files, err := filepath.Glob(filepath.Join(root, "tests", "chains", "testdata", "commands", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no commands of the chains were found: %v", err)
	}
	for _, file := range append(files, filepath.Join(root, ".ci", "run")) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts[file] = string(content)
	}
	for name, found := range shellcheck(t, scripts) {
		t.Errorf("%s: %s", name, found)
	}
}

func TestShellcheckFindsMistakes(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"a path that is split": "set -euo pipefail\nfile=\"$1\"\nrm -r $file\n", "a cd that may fail": "cd \"$1\"\nrm -r .\n",
	} {
		if found := shellcheck(t, map[string]string{name: script}); len(found) != 1 {
			t.Errorf("%s: nothing was found", name)
		}
	}
	const file = "workflows/platform-ci.yml"
	found := lint(t, change(t, sources(t), file, "          app=false\n", "          rm $BASE\n          app=false\n"), file)
	if len(found) != 1 || found[0].Kind != "shellcheck" {
		t.Errorf("found %v, want what shellcheck says of a workflow's script", found)
	}
}

// TestScriptsParse lets bash read every script to its end, for machines without shellcheck.
func TestScriptsParse(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash to read the scripts with")
	}
	read := 0
	for _, script := range parse(t, sources(t)).Scripts() {
		command := exec.CommandContext(t.Context(), bash, "-n")
		command.Stdin = strings.NewReader(script)
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, output, script)
		}
		read++
	}
	if read < 30 {
		t.Errorf("%d scripts were read, want all", read)
	}
}
