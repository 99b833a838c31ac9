package scaffold

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"text/template"

	platform "github.com/guiofsaints/procureflow-platform"
	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

//go:embed templates
var templates embed.FS

// File is one file that init writes, by its path in the repository.
type File struct {
	Path, Content string
	// Ours says that an upgrade writes it anew; the others are the application's as soon as they are there.
	Ours bool
}

// Files are all that the answers lead to, those of the folder first.
func Files(a Answers) ([]File, error) {
	var files []File
	add := func(name, from string, data any, ours bool) error {
		content, err := render(from, data)
		files = append(files, File{Path: path.Join(a.Folder, name), Content: content, Ours: ours})
		return err
	}
	type common struct {
		Answers
		Module, Go, Environment, Project, Number, Names string
		Gates                                           []gate
		Actions                                         []string
		Ceiling                                         int
	}
	shared := common{Answers: a, Module: Module, Go: goVersion()}
	for _, one := range []struct {
		name, from string
		ours       bool
	}{
		{adopter.File, "platform.yaml", true}, {"Pulumi.yaml", "Pulumi.yaml", false}, {"main.go", "main.go.txt", false}, {"go.mod",
			"go.mod.txt", false},
		{"release.yaml", "release.yaml", false}, {"provenance.yaml", "provenance.yaml", true},
	} {
		if err := add(one.name, one.from, shared, one.ours); err != nil {
			return nil, err
		}
	}
	for _, environment := range a.Environments {
		of := shared
		of.Environment, of.Project, of.Number, of.Gates = environment, a.project(environment), a.number(environment), a.gates(environment)
		of.Actions, of.Ceiling = allowedActions(a.Platform), 150*len(a.Services)
		var names []string
		for _, s := range a.Services {
			names = append(names, fmt.Sprintf("%q", s.Name))
		}
		of.Names = strings.Join(names, ", ")
		if err := add("Pulumi."+environment+".yaml", "stack.yaml", of, false); err != nil {
			return nil, err
		}
		if err := add("policy/"+environment+".json", "policy.json", of, false); err != nil {
			return nil, err
		}
		if last := files[len(files)-1]; !json.Valid([]byte(last.Content)) {
			return nil, fmt.Errorf("%s would not be JSON", last.Path)
		}
	}
	callers, err := Callers(a)
	return append(files, callers...), err
}

func render(name string, data any) (string, error) {
	parsed, err := template.ParseFS(templates, "templates/"+name)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	if err := parsed.Execute(&text, data); err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	return text.String(), nil
}

// goVersion is the one that compiled this, which the platform needs at least.
func goVersion() string {
	version := strings.TrimPrefix(strings.Fields(runtime.Version())[0], "go")
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	return major + "." + minor + ".0"
}

// allowedActions are those that the platform's workflows use, and the workflows themselves.
func allowedActions(repository string) []string {
	return []string{
		"actions/attest", "actions/cache", "actions/cache/restore", "actions/cache/save", "actions/checkout", "actions/download-artifact",
		"actions/setup-go",
		"actions/setup-node", "actions/upload-artifact", "aquasecurity/setup-trivy", "aquasecurity/trivy-action",
		"docker/build-push-action", "docker/login-action", "docker/setup-buildx-action", "github/codeql-action/upload-sarif",
		"google-github-actions/auth", "pnpm/action-setup", "pulumi/auth-actions", repository + "/*",
	}
}

// Callers are the platform's own callers as the application has them: by commit, in its folder, for its environments and
// services.
func Callers(a Answers) ([]File, error) {
	names, err := fs.Glob(platform.Workflows, ".github/workflows/platform-*.yml")
	if err != nil {
		return nil, err
	}
	var files []File
	for _, name := range names {
		content, err := platform.Workflows.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: name, Content: caller(a, string(content)), Ours: true})
	}
	return files, nil
}

// caller rewrites the text of one caller. Lines that are not named here stay as they are.
func caller(a Answers, text string) string {
	head, jobs, _ := strings.Cut(text, "\njobs:\n")
	blocks := jobBlocks(jobs)
	if !a.Node {
		blocks = slices.DeleteFunc(blocks, func(b block) bool { return slices.Contains([]string{"lint", "test", "compile"}, b.name) })
		head = strings.Replace(head, "\n# The application's own; another application changes these lines and the jobs that use "+
			"them.\nenv:\n  APP: packages/web\n", "", 1)
	}
	blocks = perService(a, blocks)
	present := map[string]bool{}
	for _, b := range blocks {
		present[b.name] = true
	}
	var out strings.Builder
	out.WriteString(head + "\njobs:\n")
	for _, b := range blocks {
		out.WriteString(b.text)
	}
	lines := strings.Split(out.String(), "\n")
	for i, line := range lines {
		lines[i] = a.line(line, present)
	}
	return strings.Join(a.withFolder(lines), "\n")
}

// rootPaths are the patterns of paths that are the folder's; those that begin otherwise hold anywhere.
var rootPaths = regexp.MustCompile(`"((?:Pulumi|platform|policy|go|release|provenance)[^"]*)"`)

// line is one line as the application has it.
func (a Answers) line(line string, present map[string]bool) string {
	at := "@" + a.Commit + " # " + a.Version
	trimmed := strings.TrimSpace(line)
	switch {
	case strings.Contains(line, "uses: ./.github/"):
		before, file, _ := strings.Cut(line, "uses: ./")
		return before + "uses: " + a.Platform + "/" + file + at
	case strings.HasPrefix(trimmed, "needs: ["):
		var kept []string
		for _, name := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(trimmed, "needs: ["), "]"), ", ") {
			if names := a.expand(name, present); len(names) > 0 {
				kept = append(kept, names...)
			}
		}
		return line[:strings.Index(line, "needs:")] + "needs: [" + strings.Join(kept, ", ") + "]"
	case strings.HasPrefix(trimmed, "options: [dev"):
		return line[:strings.Index(line, "options:")] + "options: [" + strings.Join(a.Environments, ", ") + "]"
	case strings.HasPrefix(trimmed, "paths: [") && a.Folder != ".":
		return rootPaths.ReplaceAllString(line, `"`+a.Folder+`/$1"`)
	case strings.HasPrefix(trimmed, "branches: ["):
		return line[:strings.Index(line, "branches:")] + "branches: [" + a.Branch + "]"
	case trimmed == "APP: packages/web":
		return "  APP: " + a.Web
	case trimmed == "default: web":
		return line[:strings.Index(line, "default:")] + "default: " + a.Services[0].Key
	case strings.Contains(line, "[[ -f package.json ]] || app=false") && !a.Node:
		return line[:strings.Index(line, "[[")] + "[[ -f " + a.Services[0].Dockerfile + " ]] || app=false"
	}
	return strings.ReplaceAll(line, "refs/heads/main", "refs/heads/"+a.Branch)
}

// expand is a job that others wait for, as it is called here: not at all, or once a service.
func (a Answers) expand(name string, present map[string]bool) (names []string) {
	if present[name] {
		return []string{name}
	}
	for _, s := range a.Services {
		if own := name + "-" + s.Key; present[own] {
			names = append(names, own)
		}
	}
	return names
}
