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

// embedding returns a program with a line in front of a variable, and files next to it. Those in a folder called data have no owner.
func embedding(line string) map[string]string {
	return map[string]string{"infra/main.go": "package main\n\nimport \"embed\"\n\n" + line + "\nvar files embed.FS\n", "infra/own.json": "{}",
		"infra/data/a.json": "{}", "infra/deep/data/b.json": "{}", ".github/CODEOWNERS": "* @a\ndata/\n"}
}

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
		"another file that is compiled": {files: map[string]string{"infra/a.syso": "x", ".github/CODEOWNERS": "* @a\n*.syso\n"},
			says: "has the program's package with infra/a.syso"},
		"a file that is not compiled": {files: map[string]string{"infra/a.md": "x", ".github/CODEOWNERS": "* @a\n*.md\n"}},
		"a file that is embedded":     {files: embedding("//go:embed data/a.json"), says: "infra/main.go: embeds infra/data/a.json"},
		"two that are embedded":       {files: embedding("//go:embed go.mod data/a.json"), says: "infra/main.go: embeds infra/data/a.json"},
		"a pattern in the folder that is owned": {files: map[string]string{".github/CODEOWNERS": "/infra/ @a\n", "infra/own.json": "{}",
			"infra/main.go": "package main\n//go:embed *.json\nvar a string\n"}},
		"a variable in a list": {files: map[string]string{".github/CODEOWNERS": "* @a\n*.json\n", "infra/own.json": "{}",
			"infra/main.go": "package main\nvar (\n\t//go:embed own.json\n\ta string\n)\n"}, says: "embeds infra/own.json"},
		"a quoted name":                 {files: embedding("//go:embed \"data/a.json\""), says: "infra/main.go: embeds infra/data/a.json"},
		"a name in backquotes":          {files: embedding("//go:embed\t`data/a.json`"), says: "infra/main.go: embeds infra/data/a.json"},
		"a folder that is embedded":     {files: embedding("//go:embed all:data"), says: "infra/main.go: embeds infra/data, which has no owner"},
		"a file below it":               {files: embedding("//go:embed deep"), says: "infra/main.go: embeds infra/deep/data/b.json"},
		"a pattern":                     {files: embedding("//go:embed dat?/*.json"), says: "infra/main.go: embeds infra/data/a.json"},
		"a pattern without a match yet": {files: embedding("//go:embed data/*.txt"), says: "infra/main.go: embeds infra/data/another.txt, which"},
		"what an imported package embeds": {files: map[string]string{"infra/main.go": "package main\nimport _ \"a.example/x/sub\"\n",
			"infra/sub/a.go":     "package sub\n//go:embed a.json\nvar a string\n",
			"infra/sub/a.json":   "x",
			".github/CODEOWNERS": "* @a\n/infra/sub/*.json\n"}, says: "infra/sub/a.go: embeds infra/sub/a.json"},
		"a comment about embedding":   {files: embedding("// go:embed data/a.json"), says: ""},
		"an embedded file of its own": {files: embedding("//go:embed own.json own*.json")},
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
