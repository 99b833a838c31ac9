// Package workflowlint checks the repository's workflows and composite actions against rules that GitHub does not enforce.
//
// The rules read only files. They know what a job asks for, not what GitHub would decide. The tests in tests/chains run whole
// workflows.
package workflowlint

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rhysd/actionlint"
	"go.yaml.in/yaml/v4"
)

// Tree is a repository's .github folder, parsed.
type Tree struct {
	// Sources maps a file's path below .github to its text.
	Sources map[string]string
	// Workflows are by file name, such as ci.yml.
	Workflows map[string]*actionlint.Workflow
	// Composites are by folder name, such as setup-pnpm.
	Composites map[string]Composite
}

// Composite is the part of a composite action that the rules read.
type Composite struct {
	Description string
	Inputs      map[string]struct {
		Description string
		Required    bool
		Default     *string
	}
	Runs struct {
		Using string
		Steps []CompositeStep
	}
}

// CompositeStep is a step of a composite action.
type CompositeStep struct {
	Uses, Run, Shell string
	With             map[string]string
	Env              map[string]string
}

// Read reads the files of a .github folder.
func Read(folder fs.FS) (map[string]string, error) {
	sources := map[string]string{}
	for _, pattern := range []string{"workflows/*.yml", "actions/*/action.yml"} {
		names, err := fs.Glob(folder, pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := fs.ReadFile(folder, name)
			if err != nil {
				return nil, err
			}
			sources[name] = string(text)
		}
	}
	return sources, nil
}

// Parse parses files, given by their paths below .github.
func Parse(sources map[string]string) (*Tree, error) {
	t := &Tree{Sources: sources, Workflows: map[string]*actionlint.Workflow{}, Composites: map[string]Composite{}}
	for name, text := range sources {
		if strings.HasPrefix(name, "actions/") {
			var composite Composite
			if err := yaml.Unmarshal([]byte(text), &composite); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			t.Composites[path.Base(path.Dir(name))] = composite
			continue
		}
		workflow, problems := actionlint.Parse([]byte(text))
		if len(problems) > 0 {
			return nil, fmt.Errorf("%s: %w", name, problems[0])
		}
		t.Workflows[path.Base(name)] = workflow
	}
	return t, nil
}

// Finding is one violation of a rule.
type Finding struct{ Rule, File, Message string }

func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.File, f.Rule, f.Message) }

// Step is a step of a job or of a composite action.
type Step struct {
	// File is the step's file. Job is empty in a composite action.
	File, Job      string
	Name           string
	Uses, Run      string
	With           map[string]string
	shellNotStated bool
}

// Steps returns all steps of all files, in the order of files and jobs.
func (t *Tree) Steps() []Step {
	var all []Step
	for _, file := range sorted(t.Workflows) {
		for _, job := range sorted(t.Workflows[file].Jobs) {
			all = append(all, t.jobSteps(file, job)...)
		}
	}
	for _, name := range sorted(t.Composites) {
		for _, s := range t.Composites[name].Runs.Steps {
			all = append(all, Step{
				File: "actions/" + name + "/action.yml", Uses: s.Uses, Run: s.Run, With: s.With,
				shellNotStated: s.Run != "" && s.Shell != "bash",
			})
		}
	}
	return all
}

func (t *Tree) jobSteps(file, job string) []Step {
	var all []Step
	workflow := t.Workflows[file]
	strict := workflow.Defaults != nil && workflow.Defaults.Run != nil && text(workflow.Defaults.Run.Shell) == "bash"
	for _, s := range workflow.Jobs[job].Steps {
		made := Step{File: "workflows/" + file, Job: job, Name: text(s.Name), With: map[string]string{}}
		switch exec := s.Exec.(type) {
		case *actionlint.ExecAction:
			made.Uses = text(exec.Uses)
			for _, input := range exec.Inputs {
				made.With[input.Name.Value] = text(input.Value)
			}
		case *actionlint.ExecRun:
			made.Run = text(exec.Run)
			made.shellNotStated = !strict && text(exec.Shell) != "bash"
		}
		all = append(all, made)
	}
	return all
}

// used matches a `uses:` line with the comment after it.
var used = regexp.MustCompile(`(?m)^\s*(?:- )?uses: ([^\s#]+)(?: +# *(\S+))? *$`)

// Action is what testdata/actions.yaml records of a pinned action.
type Action struct {
	Name, SHA, Version        string
	Inputs, Required, Outputs []string
	// Uses are the actions that it uses in turn, directly or not.
	Uses []string
}

func text(s *actionlint.String) string {
	if s == nil {
		return ""
	}
	return s.Value
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Scripts returns the text of every run: of workflows and composite actions.
func (t *Tree) Scripts() []string {
	var scripts []string
	for _, s := range t.Steps() {
		if s.Run != "" {
			scripts = append(scripts, s.Run)
		}
	}
	return scripts
}
