package scaffold

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	platform "github.com/guiofsaints/procureflow-platform"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/plural"
	release "github.com/guiofsaints/procureflow-platform/release/settings"
	"github.com/guiofsaints/procureflow-platform/stacks"
	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

// Report holds the findings of `check settings`.
type Report struct {
	// Problems each name the place, the problem and the fix. Notes list the work that only the owner can do.
	Problems, Notes []string

	root, folder string
	adopter      adopter.Adopter
	own          bool // this is the platform's own repository, which calls its workflows by path
	settings     map[string]stacks.Settings
}

func (r *Report) bad(where, format string, args ...any) {
	r.Problems = append(r.Problems, where+": "+fmt.Sprintf(format, args...))
}

// Check compares the files of the folder with each other and with the version of the platform that they name. It reads only
// checked-out files and sends no requests.
func Check(folder string) *Report {
	r := &Report{folder: folder, root: git(folder, "rev-parse", "--show-toplevel"), settings: map[string]stacks.Settings{}}
	if r.root == "" {
		r.bad(folder, "is in no git repository; check it in the application's clone")
		return r
	}
	var err error
	if r.adopter, err = adopter.Load(folder); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			r.Problems = append(r.Problems, line)
		}
		return r
	}
	_, err = os.Stat(filepath.Join(r.root, "infra", "program", "program.go"))
	r.own = err == nil
	absolute, _ := filepath.Abs(folder)
	if resolved, err := filepath.EvalSymlinks(absolute); err == nil {
		absolute = resolved
	}
	relative, err := filepath.Rel(r.root, absolute)
	here := filepath.ToSlash(relative)
	if err != nil || here != r.adopter.Folder {
		r.bad(adopter.File, "folder is %q, and the file is in %q: write that", r.adopter.Folder, here)
	}
	for _, other := range existing(Repository{Root: r.root}) {
		if other != here && !r.own {
			r.bad(adopter.File, "another application is in %s, and the repository can have one: %s", other, oneApplication)
		}
	}
	for _, key := range r.adopter.StandIns {
		r.Notes = append(r.Notes, adopter.File+": "+key+" is a stand-in for a value that only the owner knows")
	}
	r.project()
	r.stacks()
	r.policies()
	r.releases()
	r.provenance()
	r.callers()
	r.owners()
	return r
}

func (r *Report) read(name string) ([]byte, bool) {
	content, err := os.ReadFile(filepath.Join(r.folder, name))
	if err != nil {
		r.bad(name, "cannot be read (%v): `cmd/init` writes it", err)
	}
	return content, err == nil
}

func (r *Report) project() {
	content, ok := r.read("Pulumi.yaml")
	if !ok {
		return
	}
	var project struct {
		Name    string `yaml:"name"`
		Options struct {
			Refresh string `yaml:"refresh"`
		} `yaml:"options"`
	}
	if err := yaml.Unmarshal(content, &project); err != nil {
		r.bad("Pulumi.yaml", "is not YAML: %v", err)
	}
	if project.Name != r.adopter.Application {
		r.bad("Pulumi.yaml", "name is %q, and %s says %q: write the same in both", project.Name, adopter.File, r.adopter.Application)
	}
	if project.Options.Refresh != "always" {
		r.bad("Pulumi.yaml", "options.refresh is %q: write always, or a stale split of the traffic is written back", project.Options.Refresh)
	}
	if module, ok := r.read("go.mod"); ok && !r.own {
		r.module(lf(string(module)))
	}
}

var required = regexp.MustCompile(`(?m)^(?:require)?\s*` + regexp.QuoteMeta(Module) + `(/policy)? (v\S+)`)

// tools matches the platform's commands in a go.mod, which names them without a version.
var tools = regexp.MustCompile(`(?m)` + regexp.QuoteMeta(Module) + `/[a-z0-9/-]+$`)

// goMod returns the name of the go.mod that init writes.
func goMod() string {
	text, _ := render("go.mod.txt", struct{ Module, App, Go, Version, Replace string }{Module: Module})
	return text
}

// module checks the versions that go.mod requires.
func (r *Report) module(text string) {
	found := map[string]string{}
	for _, match := range required.FindAllStringSubmatch(text, -1) {
		found[match[1]] = match[2]
	}
	known := tools.FindAllString(goMod(), -1)
	for _, tool := range tools.FindAllString(text, -1) {
		if !slices.Contains(known, tool) {
			r.bad("go.mod", "this version of the platform has no command %s: go mod edit -droptool %s", tool, tool)
		}
	}
	for _, name := range []string{"", "/policy"} {
		if found[name] != r.adopter.Platform.Version {
			r.bad("go.mod", "requires %s%s %q, and %s says %s: go get %s%s@%s && go mod tidy", Module, name, found[name], adopter.File,
				r.adopter.Platform.Version,
				Module, name, r.adopter.Platform.Version)
		}
	}
}

func (r *Report) stacks() {
	names := stacks.Names(r.folder)
	if len(names) == 0 {
		r.bad("Pulumi.dev.yaml", "there is no stack file: `cmd/init` writes them")
	}
	projects := map[string]string{}
	for _, name := range names {
		file := "Pulumi." + name + ".yaml"
		settings, err := stacks.Read(r.folder, name, true)
		var problems *stacks.Problems
		switch {
		case errors.As(err, &problems):
			for _, problem := range problems.List {
				r.bad(file, "%s", problem)
			}
			continue
		case err != nil:
			r.bad(file, "%v", err)
			continue
		}
		r.settings[name] = settings
		if document, err := stacks.Document(r.folder, name); err == nil {
			if _, count := stacks.FillStandIns(document); count > 0 {
				r.Notes = append(r.Notes, fmt.Sprintf("%s: %s for what only the owner knows", file, plural.Of(count, "stand-in", "stand-ins")))
			}
		}
		if err := r.adopter.Holds(r.adopter.Application, settings.GitHub.Owner, settings.GitHub.Repository); err != nil {
			r.bad(file, "%v", err)
		}
		trusted := []string{}
		if w := settings.GitHub.Workflows; w != nil && w.Repository == r.adopter.Platform.Repository {
			trusted = w.Refs
		}
		if !slices.Contains(trusted, r.adopter.Platform.Commit) && !slices.Contains(trusted, "refs/tags/"+r.adopter.Platform.Version) {
			r.bad(file, "github.workflows does not trust %s at %s, which %s calls: write repository: and add that to refs:",
				r.adopter.Platform.Repository,
				r.adopter.Platform.Commit, adopter.File)
		}
		if other, taken := projects[settings.Project.ID]; taken {
			r.bad(file, "project.id is %s, which %s has too: each environment has a project of its own", settings.Project.ID, other)
		}
		projects[settings.Project.ID] = file
		first := r.settings[slices.Min(slices.Collect(maps.Keys(r.settings)))]
		if settings.GitHub.RepositoryID != first.GitHub.RepositoryID || settings.GitHub.OwnerID != first.GitHub.OwnerID ||
			settings.GitHub.Branch != first.GitHub.Branch {
			r.bad(file, "github has another ownerId, repositoryId or branch than another stack: there is one repository")
		}
		for _, other := range slices.Sorted(maps.Keys(r.settings)) {
			same := r.settings[other].Project.BillingAccount == settings.Project.BillingAccount
			if currency := r.settings[other].Budget.Currency; same && currency != settings.Budget.Currency {
				r.bad(file, "budget.currency is %s, and Pulumi.%s.yaml has %s with the same billing account: an account has one currency",
					settings.Budget.Currency, other, currency)
			}
		}
	}
}

var (
	policyHeading = regexp.MustCompile("(?m)^#+ `?([a-z][a-z0-9-]+)`?$")
	levels        = []string{"advisory", "mandatory", "remediate", "disabled"}
)

// policies compares each stack's configuration of the pack with the pack's policies and the stack's settings.
func (r *Report) policies() {
	known := map[string]bool{}
	for _, match := range policyHeading.FindAllStringSubmatch(platform.Policies, -1) {
		known[match[1]] = true
	}
	for _, stack := range slices.Sorted(maps.Keys(r.settings)) {
		name := "policy/" + stack + ".json"
		content, ok := r.read(name)
		if !ok {
			continue
		}
		var config map[string]any
		if err := json.Unmarshal(content, &config); err != nil {
			r.bad(name, "is not JSON: %v", err)
			continue
		}
		for _, policy := range slices.Sorted(maps.Keys(config)) {
			level, isLevel := config[policy].(string)
			_, isObject := config[policy].(map[string]any)
			switch {
			case !known[policy] && policy != "all" && policy != "environments":
				r.bad(name, "there is no policy %q: docs/policies.md of the platform lists them", policy)
			case isLevel && !slices.Contains(levels, level), !isLevel && !isObject:
				r.bad(name, "%s: use %s, or an object with enforcementLevel", policy, strings.Join(levels, ", "))
			}
		}
		r.policyOfStack(name, config, r.settings[stack])
	}
}

// policyOfStack checks the options that repeat values of the settings.
func (r *Report) policyOfStack(name string, config map[string]any, s stacks.Settings) {
	list := func(policy, option string) []string {
		object, _ := config[policy].(map[string]any)
		entries, _ := object[option].([]any)
		var texts []string
		for _, entry := range entries {
			texts = append(texts, fmt.Sprint(entry))
		}
		return texts
	}
	public := []string{}
	for _, service := range s.Services {
		if service.Public {
			public = append(public, service.Name)
		}
	}
	slices.Sort(public)
	for _, policy := range []string{"run-ingress", "run-no-public-invoker"} {
		got := list(policy, "publicServices")
		slices.Sort(got)
		if !slices.Equal(got, public) {
			r.bad(name, "%s.publicServices is %q, and the public services of the stack are %q: write those", policy, got, public)
		}
	}
	registry := naming.RegistryHost(s.Project.Region) + "/" + s.Project.ID
	if got := list("run-image-registry", "registries"); !slices.ContainsFunc(got,
		func(one string) bool { return one == registry || one == s.ImagePrefix() }) {
		r.bad(name, "run-image-registry.registries is %q and lacks the stack's own: add %q", got, registry)
	}
	regions := list("allowed-regions", "regions")
	if regions == nil {
		regions = []string{"us-central1"}
	}
	for _, policy := range []string{"gh-branch-policy", "gh-main-protected"} {
		branches := list(policy, "branches")
		if branches == nil {
			branches = []string{"main"}
		}
		if (policy == "gh-branch-policy" || s.GitHub.Protection != nil) && !slices.Contains(branches, s.GitHub.Branch) {
			r.bad(name, "%s.branches is %q and lacks the branch that deploys: add %q", policy, branches, s.GitHub.Branch)
		}
	}
	if !slices.Contains(regions, s.Project.Region) {
		r.bad(name, "allowed-regions.regions is %q and lacks the stack's: add %q", regions, s.Project.Region)
	}
}

func (r *Report) releases() {
	content, err := os.ReadFile(filepath.Join(r.folder, "release.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return // the platform's own file is used
	}
	for _, stack := range slices.Sorted(maps.Keys(r.settings)) {
		policy, err := release.Parse(content, stack)
		if err != nil {
			r.bad("release.yaml", "%v", err)
			return
		}
		r.hooks(stack, policy)
	}
}

// hooks checks that the stack has the jobs that a release runs. A missing job would stop a release only after its approvals.
func (r *Report) hooks(stack string, policy release.Environment) {
	released := map[string]bool{}
	for _, job := range r.settings[stack].Jobs {
		released[job.Name] = job.Release
	}
	for _, hook := range slices.Concat(policy.Before, policy.After) {
		switch may, known := released[hook.Job]; {
		case !known:
			r.bad("release.yaml", "environments.%s runs the job %s, and the stack has none of that name: add it under jobs", stack, hook.Job)
		case !may:
			r.bad("release.yaml", "environments.%s runs the job %s, which no release may: write release: true there", stack, hook.Job)
		}
	}
}

// provenance checks that only images are promoted that the platform's build made from this repository's branch.
func (r *Report) provenance() {
	content, ok := r.read("provenance.yaml")
	settings, read := r.settings["dev"]
	if !ok || !read {
		return
	}
	var said map[string]string
	if err := yaml.Unmarshal(content, &said); err != nil {
		r.bad("provenance.yaml", "write keys with texts: %v", err)
		return
	}
	builder := "https://github.com/" + r.adopter.Platform.Repository + "/.github/workflows/build.yml@"
	for _, one := range []struct {
		key   string
		wants []string
	}{
		{"issuer", []string{"https://token.actions.githubusercontent.com"}},
		{"repository", []string{r.adopter.Slug()}},
		{"repositoryId", []string{fmt.Sprint(settings.GitHub.RepositoryID)}},
		{"ref", []string{"refs/heads/" + settings.GitHub.Branch}},
		{"runner", []string{"github-hosted"}},
		{"workflow", []string{".github/workflows/platform-ci.yml"}},
		{"builder", []string{builder + r.adopter.Platform.Commit, builder + "refs/tags/" + r.adopter.Platform.Version}},
	} {
		if !slices.Contains(one.wants, said[one.key]) {
			r.bad("provenance.yaml", "%s is %q: write %s", one.key, said[one.key], one.wants[0])
		}
	}
}

var call = regexp.MustCompile(`uses: ["']?([A-Za-z0-9-]+/[A-Za-z0-9._-]+)/(\.github/[A-Za-z0-9._/-]+)@([^\s"']+)`)

// callers checks the workflows that call the platform: they name its commit and this folder, and no caller is missing.
func (r *Report) callers() {
	names, _ := fs.Glob(platform.Workflows, ".github/workflows/platform-*.yml")
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(r.root, name)); err != nil {
			r.bad(name, "is missing: `cmd/init` writes it")
		}
	}
	files, _ := filepath.Glob(filepath.Join(r.root, ".github", "workflows", "*.y*ml"))
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		name := path.Join(".github/workflows", filepath.Base(file))
		r.triggers(name, content)
		if r.own {
			continue
		}
		a := Answers{Platform: r.adopter.Platform.Repository, Folder: r.adopter.Folder}
		lines := strings.Split(string(content), "\n")
		for i, line := range lines {
			found := call.FindStringSubmatch(line)
			if found == nil || !strings.EqualFold(found[1], r.adopter.Platform.Repository) {
				continue
			}
			if found[3] != r.adopter.Platform.Commit {
				r.bad(name, "line %d calls %s at %s, and %s says %s: `cmd/init --upgrade` writes it", i+1, found[2], found[3],
					adopter.File, r.adopter.Platform.Commit)
			}
			if a.takesFolder(line) && a.Folder != "." && !strings.Contains(strings.Join(lines[i:min(len(lines), i+12)], "\n"), "folder: "+a.Folder) {
				r.bad(name, "line %d calls %s without folder: %s, where the settings are: add it under with", i+1, found[2], a.Folder)
			}
		}
	}
}
