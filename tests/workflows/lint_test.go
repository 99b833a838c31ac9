package workflows_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// lint runs actionlint over files laid out as a repository of their own: it looks local actions and workflows up there.
func lint(t *testing.T, files map[string]string) []*actionlint.Error {
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
		if strings.HasPrefix(name, "workflows/") {
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
	return found
}

func TestActionlintFindsNothing(t *testing.T) {
	t.Parallel()
	for _, finding := range lint(t, sources(t)) {
		t.Error(finding)
	}
}

func TestActionlintCatches(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, old, replacement, kind string }{
		{"a step that does not exist", "workflows/ci.yml", "steps.build.outputs.digest", "steps.meta.outputs.digest", "expression"},
		{"an output of ours that does not exist", "workflows/ci.yml", "steps.build.outputs.image", "steps.build.outputs.picture", "expression"},
		{"an output of a called workflow that does not exist", "workflows/deploy.yml", "needs.promote.outputs.digest", "needs.promote.outputs.promoted", "expression"},
		{"an input of a called workflow that does not exist", "workflows/rollback.yml", "operation: rollback", "mode: rollback", "workflow-call"},
		{"a job that nobody waits for", "workflows/deploy.yml", "needs: [check, approve, promote]", "needs: [check, approval, promote]", "job-needs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found := lint(t, change(t, sources(t), test.file, test.old, test.replacement))
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

// actionlint leaves the scripts of composite actions out.
func TestShellcheckFindsNothingInComposites(t *testing.T) {
	t.Parallel()
	shellcheck, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("shellcheck is not installed (apt-get install shellcheck): scripts were not held against it")
	}
	for name, composite := range parse(t, sources(t)).Composites {
		for i, step := range composite.Runs.Steps {
			if step.Run == "" {
				continue
			}
			command := exec.CommandContext(t.Context(), shellcheck, "--shell", "bash", "-")
			command.Stdin = strings.NewReader(step.Run)
			if output, err := command.CombinedOutput(); err != nil {
				t.Errorf("%s, step %d: %v\n%s", name, i+1, err, output)
			}
		}
	}
}

// Without shellcheck, bash at least reads every script to its end.
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
