package scaffold

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"gopkg.in/yaml.v3"

	platform "github.com/guiofsaints/procureflow-platform"
	"github.com/guiofsaints/procureflow-platform/stacks"
	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

//go:embed templates
var templates embed.FS

// File is one file that init writes, by its path in the repository.
type File struct {
	Path, Content string
	// Ours says that an upgrade rewrites the file. Other files belong to the application as soon as they exist.
	Ours bool
}

// filesOf returns all files for the answers, those of the folder first.
func filesOf(a Answers) ([]File, error) {
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
	a.BillingAccount, a.OwnerID = or(a.BillingAccount, "012345-6789AB-CDEF01"), or(a.OwnerID, "10000001")
	a.RepositoryID = or(a.RepositoryID, "100000001")
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
		of.Actions, of.Ceiling = a.allowedActions(), 250*len(a.Services)
		of.Alerts = or(a.Alerts, environment+"-alerts@example.com")
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

// fit checks the settings before they are written, so that nothing is written that `check settings` refuses.
func fit(a Answers, files []File) error {
	folder, err := os.MkdirTemp("", "init")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	for _, file := range files {
		if path.Dir(file.Path) == a.Folder {
			if err := os.WriteFile(filepath.Join(folder, path.Base(file.Path)), []byte(file.Content), 0o600); err != nil {
				return err
			}
		}
	}
	var problems []error
	for _, environment := range a.Environments {
		if _, err := stacks.Read(folder, environment, true); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

func render(name string, data any) (string, error) {
	parsed, err := template.New(name).Funcs(template.FuncMap{
		"yaml": scalar, "module": quotedPath, "quoted": quoted, "stands": stands,
		"plain": func(value string) string { return strings.TrimPrefix(value, stacks.StandInPrefix) },
	}).ParseFS(templates, "templates/"+name)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	if err := parsed.Execute(&text, data); err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	return text.String(), nil
}

// scalar returns a text as YAML writes it, with quotes around null and true, for example.
func scalar(text string) string {
	encoded, err := yaml.Marshal(text)
	if err != nil {
		return strconv.Quote(text)
	}
	return strings.TrimSpace(string(encoded))
}

// quotedPath returns a path as go.mod writes it.
func quotedPath(path string) string {
	if strings.ContainsAny(path, " \t\"'`(),") {
		return strconv.Quote(path)
	}
	return path
}

// goVersion returns the Go version that compiled this command, which is the lowest that the platform needs.
func goVersion() string {
	version := strings.TrimPrefix(strings.Fields(runtime.Version())[0], "go")
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	return major + "." + minor + ".0"
}

// allowedActions returns the actions that the platform's workflows use, the actions that those use in turn, and the
// workflows themselves.
func (a Answers) allowedActions() []string {
	actions := []string{
		"actions/attest", "actions/cache", "actions/cache/restore", "actions/cache/save", "actions/checkout", "actions/setup-go",
		"actions/upload-artifact", "aquasecurity/setup-trivy", "aquasecurity/trivy-action",
		"docker/build-push-action", "docker/login-action", "docker/setup-buildx-action", "github/codeql-action/upload-sarif",
		"google-github-actions/auth", "pulumi/auth-actions", a.Platform + "/*",
	}
	if len(a.Jobs) > 0 {
		actions = append(actions, "actions/setup-node", "pnpm/action-setup")
	}
	slices.Sort(actions)
	return actions
}

// Callers returns the platform's own callers, rewritten for the application: they name the platform's commit, and the
// application's folder, environments and services.
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
		text, err := caller(a, string(content))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files = append(files, File{Path: name, Content: text, Ours: true})
	}
	return files, nil
}

// pnpmJobs are the jobs of platform-ci.yml that run the application's scripts.
var pnpmJobs = []string{"lint", "test", "compile"}

// caller rewrites the text of one caller. All other lines stay as they are.
func caller(a Answers, text string) (string, error) {
	text, err := a.unmarked(text)
	if err != nil {
		return "", err
	}
	head, jobs, _ := strings.Cut(text, "\njobs:\n")
	blocks := slices.DeleteFunc(jobBlocks(jobs), func(b block) bool {
		return slices.Contains(pnpmJobs, b.name) && !slices.Contains(a.Jobs,
			b.name)
	})
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
	return strings.Join(a.withFolder(lines), "\n"), nil
}

func (a Answers) has(job string) bool { return slices.Contains(a.Jobs, job) }

// line returns one line, rewritten for the application.
func (a Answers) line(line string, present map[string]bool) string {
	trimmed := strings.TrimSpace(line)
	switch {
	case strings.Contains(line, "uses: ./.github/"):
		before, file, _ := strings.Cut(line, "uses: ./")
		return before + "uses: " + a.Platform + "/" + file + "@" + a.Commit + " # " + a.Version
	case strings.HasPrefix(trimmed, "needs: ["):
		var kept []string
		for _, name := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(trimmed, "needs: ["), "]"), ", ") {
			kept = append(kept, a.expand(name, present)...)
		}
		return strings.TrimSuffix(line, trimmed) + "needs: [" + strings.Join(kept, ", ") + "]"
	}
	return line
}

// flow returns a list on one line. It quotes entries that YAML would otherwise misread.
func flow(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		if quoted[i] = scalar(name); quoted[i] == name && strings.Contains(name, "*") {
			quoted[i] = `"` + name + `"`
		}
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// expand returns the names under which a job exists here, for the needs of other jobs: none, its own, or one for each
// service.
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
