package repository

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

// maxVariable is the size of a variable's value, in bytes, that GitHub takes.
const maxVariable = 48 * 1024

var (
	environmentName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,254}$`)
	variableName    = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)
	branchPattern   = regexp.MustCompile(`^[^\s~^:\\]+$`)
)

func (args *RepositoryArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *RepositoryArgs")
	}
	var problems []error
	if args.Repository == nil {
		problems = append(problems, errors.New("args.Repository is missing: set the repository's name without its owner"))
	}
	slugs := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(args.Environments)) {
		field := fmt.Sprintf("args.Environments[%q]", name)
		problems = append(problems, environmentProblems(field, name, args.Environments[name])...)
		if other, taken := slugs[naming.Slug(name)]; taken {
			problems = append(problems, fmt.Errorf("%s and %q would share the resource name %q: rename one", field, other, naming.Slug(name)))
		}
		slugs[naming.Slug(name)] = name
	}
	problems = append(problems, variableProblems("args.Actions.Variables", args.Actions.Variables)...)
	if args.Protection != nil {
		problems = append(problems, protectionProblems(args.Protection)...)
	}
	return errors.Join(problems...)
}

func isShortRef(ref string) bool {
	return branchPattern.MatchString(ref) && !strings.HasPrefix(ref, "refs/")
}

func protectionProblems(protection *Protection) []error {
	var problems []error
	for _, group := range []struct {
		field    string
		values   []string
		required bool
		fits     func(string) bool
		fix      string
	}{
		{"Branches", protection.Branches, true, isShortRef, "is no branch: write its name without refs/heads/, or a pattern"},
		{"Tags", protection.Tags, false, isShortRef, "is no tag: write its name without refs/tags/, or a pattern"},
		{"Checks", protection.Checks, true, func(check string) bool { return strings.TrimSpace(check) != "" }, "is no check: write a job's name"},
		{"Actions", protection.Actions, true, limits.Action.MatchString, "is no pattern: write OWNER/NAME@* or OWNER/NAME@ and a full commit"},
	} {
		if group.required && len(group.values) == 0 {
			problems = append(problems, fmt.Errorf("args.Protection.%s is empty: set at least one, or leave args.Protection away", group.field))
		}
		for i, value := range group.values {
			if !group.fits(value) {
				problems = append(problems, fmt.Errorf("args.Protection.%s has %q, which %s", group.field, value, group.fix))
			}
			if slices.Contains(group.values[:i], value) {
				problems = append(problems, fmt.Errorf("args.Protection.%s has %q twice: remove one", group.field, value))
			}
		}
	}
	if n := protection.Approvals; n < 0 || n > limits.MaxApprovals {
		problems = append(problems, fmt.Errorf("args.Protection.Approvals is %d: set 1-%d, or 0 for the default of %d", n, limits.MaxApprovals,
			DefaultApprovals))
	}
	return problems
}

func environmentProblems(field, name string, environment Environment) []error {
	var problems []error
	if !environmentName.MatchString(name) {
		problems = append(problems, fmt.Errorf("%s is not a name: use 1-255 lower-case letters, digits, dots, hyphens and underscores", field))
	}
	if name == naming.NoEnvironment {
		problems = append(problems, fmt.Errorf("%s is how federation names the absence of an environment: choose another name", field))
	}
	if count := len(environment.Reviewers); count > limits.MaxReviewers {
		problems = append(problems, fmt.Errorf("%s has %d reviewers: GitHub takes %d", field, count, limits.MaxReviewers))
	}
	seen := map[int64]bool{}
	for _, user := range environment.Reviewers {
		if user <= 0 {
			problems = append(problems,
				fmt.Errorf("%s.Reviewers has %d, which is no user: use the numeric id (gh api users/LOGIN --jq .id)", field, user))
		}
		if seen[user] {
			problems = append(problems, fmt.Errorf("%s.Reviewers has %d twice: remove one", field, user))
		}
		seen[user] = true
	}
	if minutes := environment.WaitMinutes; minutes < 0 || minutes > limits.MaxWaitMinutes {
		problems = append(problems, fmt.Errorf("%s.WaitMinutes is %d: set 0-%d", field, minutes, limits.MaxWaitMinutes))
	}
	if !branchPattern.MatchString(environment.branch()) {
		problems = append(problems, fmt.Errorf("%s.Branch %q is no branch: write its name without refs/heads/, or a pattern", field,
			environment.Branch))
	}
	if strings.HasPrefix(environment.Branch, "refs/") {
		problems = append(problems, fmt.Errorf("%s.Branch %q is a ref: write the branch's name alone", field, environment.Branch))
	}
	return append(problems, variableProblems(field+".Variables", environment.Variables)...)
}

func variableProblems(field string, variables map[string]pulumi.StringInput) []error {
	var problems []error
	slugs := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if !variableName.MatchString(name) {
			problems = append(problems, fmt.Errorf("%s[%q] is not a name: use upper-case letters, digits and underscores, not beginning "+
				"with a digit", field, name))
		}
		if strings.HasPrefix(name, "GITHUB_") {
			problems = append(problems, fmt.Errorf("%s[%q] begins with GITHUB_, which GitHub keeps for itself: choose another name", field, name))
		}
		if other, taken := slugs[naming.Slug(name)]; taken {
			problems = append(problems, fmt.Errorf("%s[%q] and %q would share the resource name %q: rename one", field, name, other,
				naming.Slug(name)))
		}
		slugs[naming.Slug(name)] = name
		switch value := variables[name].(type) {
		case nil:
			problems = append(problems, fmt.Errorf("%s[%q] has no value: set one or remove it", field, name))
		case pulumi.String:
			if value == "" {
				problems = append(problems, fmt.Errorf("%s[%q] is empty, which GitHub refuses: set a value or remove it", field, name))
			}
			if len(value) > maxVariable {
				problems = append(problems, fmt.Errorf("%s[%q] has %d bytes: GitHub takes %d", field, name, len(value), maxVariable))
			}
		}
	}
	return problems
}
