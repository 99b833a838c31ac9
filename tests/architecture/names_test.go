package architecture_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

// TestApplicationIsNamedInOnePlace checks that the files that work for every application (workflows, actions, policy rules,
// commands) do not name this application's owner, repository, projects or registry, which are in platform.yaml and the settings.
// Comments, examples in help texts and fixtures may name them.
func TestApplicationIsNamedInOnePlace(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	of, err := adopter.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command("git", "-C", root, "ls-files", "--", ".github/workflows", ".github/actions", "infra", "stacks", "components",
		"policy/rules", "policy/crossguard", "release", "sandbox", "emulator", "firstrun", "scaffold", "cmd", "internal").Output()
	if err != nil {
		t.Fatal(err)
	}
	application := regexp.QuoteMeta(of.Application)
	names := regexp.MustCompile(`\b` + regexp.QuoteMeta(
		of.Owner) + `\b|\b` + application + `-(dev|staging|prod)\b|/` + application + `/|["'/]` + application +
		`-(cloudrun|api)["']`)
	platform := regexp.MustCompile(`(github\.com/)?` + regexp.QuoteMeta(of.Platform.Repository))
	fixture := regexp.MustCompile(
		`_test\.go$|/testdata/|^emulator/cloudtest/|^internal/bench/|^policy/crossguard/crossguardtest/|\.(md|sum|mod)$`)
	read := 0
	for file := range strings.Lines(string(output)) {
		file = strings.TrimSpace(file)
		if fixture.MatchString(file) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			continue // deleted but not committed
		}
		read++
		for i, line := range strings.Split(string(content), "\n") {
			text := strings.TrimSpace(line)
			if strings.HasPrefix(text, "//") || strings.HasPrefix(text, "#") || strings.Contains(text, "Example:") {
				continue
			}
			if found := names.FindString(platform.ReplaceAllString(text, "")); found != "" {
				t.Errorf("%s:%d names %q, which belongs in %s or in the stacks' settings: %s", file, i+1, found, adopter.File, text)
			}
		}
	}
	if read < 300 {
		t.Errorf("only %d files were read", read)
	}
}
