package scaffold

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

// TestPointedAt has ways for a file with an owner to point at a file without one. In this repository everything has an owner except
// web/src.
func TestPointedAt(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed: the links of a real repository were not read")
	}
	const unowned = "which has no owner in .github/CODEOWNERS"
	for name, test := range map[string]struct {
		files, links map[string]string
		says         string
	}{
		"nothing":                        {},
		"a link to a file with an owner": {links: map[string]string{"CLAUDE.md": "README.md"}},
		"a link without an owner":        {links: map[string]string{"web/src/a": "../b"}},
		"a setting that is a link":       {links: map[string]string{"infra/Pulumi.dev.yaml": "../web/src/dev.yaml"}, says: unowned},
		"a folder that is a link":        {links: map[string]string{"infra/policy": "../web/src/policy"}, says: unowned},
		"a workflow that is a link":      {links: map[string]string{".github/workflows/platform-ci.yml": "../../web/src/ci.yml"}, says: unowned},
		"a link that takes a detour":     {links: map[string]string{"infra/go.sum": "../docs/../web/./src/go.sum"}, says: unowned},
		"a link to a missing file":       {links: map[string]string{"infra/go.sum": "../web/src/later"}, says: unowned},
		"a link out of the repository":   {links: map[string]string{"infra/Pulumi.dev.yaml": "../../x"}, says: "is not in the repository"},
		"an absolute link":               {links: map[string]string{"infra/Pulumi.dev.yaml": "/etc/passwd"}, says: "is not in the repository"},
		"main without an owner": {files: map[string]string{"infra/Pulumi.yaml": "name: x\nmain: ../web/src/x\n",
			"web/src/x/m.go": "package main\n"},
			says: "names web/src/x"},
		"main with an owner": {files: map[string]string{"infra/Pulumi.yaml": "main: program\n", "infra/program/m.go": "package main\n"}},
		"a binary that is built": {files: map[string]string{"infra/Pulumi.yaml": "runtime: {name: go, options: {binary: ../web/src/tool}}\n",
			"web/src/tool": "x"}, says: "names web/src/tool"},
		"a plugin": {files: map[string]string{"infra/Pulumi.yaml": "plugins: {providers: [{name: gcp, path: ../web/src/plugin}]}\n",
			"web/src/plugin/p": "x"}, says: "names web/src/plugin"},
		"a replacement": {files: map[string]string{"infra/go.mod": "module a.example/x\n\nreplace b.example/y => ../web/src/y\n"},
			says: "replaces a module by web/src/y"},
		"a replacement in a list": {files: map[string]string{
			"infra/go.mod": "module a.example/x\nreplace (\n\tb.example/y v1.0.0 => \"../web/src\" // ours\n)\n"},
			says: "replaces a module by web/src"},
		"a replacement by a module": {files: map[string]string{
			"infra/go.mod": "module a.example/x\nreplace b.example/y => c.example/y v1.0.0\n"}},
		"an import": {files: map[string]string{"infra/main.go": "package main\nimport _ \"a.example/x/sub\"\n",
			"infra/sub/a.go":     "package sub\n",
			".github/CODEOWNERS": "* @a\n/infra/sub/\n"}, says: "has the program's package with infra/sub/a.go"},
		"an import of an import": {files: map[string]string{"infra/main.go": "package main\nimport _ \"a.example/x/one\"\n",
			"infra/one/a.go": "package one\nimport _ \"a.example/x/two\"\n", "infra/two/a.go": "package two\nimport _ \"a.example/x/one\"\n",
			".github/CODEOWNERS": "* @a\n/infra/two/\n"}, says: "infra/two/a.go"},
		"a package that nobody imports": {files: map[string]string{
			"infra/sub/a.go": "package sub\n", ".github/CODEOWNERS": "* @a\n/infra/sub/\n"}},
		"an import of a test": {files: map[string]string{"infra/main_test.go": "package main\nimport _ \"a.example/x/sub\"\n",
			"infra/sub/a.go": "package sub\n", ".github/CODEOWNERS": "* @a\n/infra/sub/\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			files := map[string]string{".github/CODEOWNERS": "* @a\n/web/src/\n", "README.md": "x", "infra/go.mod": "module a.example/x\n",
				"infra/main.go": "package main\n"}
			for file, content := range test.files {
				files[file] = content
			}
			for file, content := range files {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, file)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(root, file), []byte(content), 0o644))
			}
			for link, target := range test.links {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, link)), 0o755))
				require.NoError(t, os.Symlink(target, filepath.Join(root, link)))
			}
			for _, arguments := range [][]string{{"init", "--quiet"}, {"add", "--all"}} {
				command := exec.CommandContext(t.Context(), "git", arguments...)
				command.Dir = root
				require.NoError(t, command.Run())
			}
			r := &Report{root: root, folder: filepath.Join(root, "infra"), adopter: adopter.Adopter{Folder: "infra"}}
			r.pointed(".github/CODEOWNERS", files[".github/CODEOWNERS"])
			problems := strings.Join(r.Problems, "\n")
			if test.says == "" {
				assert.Empty(t, problems)
			} else {
				assert.Contains(t, problems, test.says)
			}
		})
	}
}
