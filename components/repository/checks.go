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
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

// maxVariable is the size of a variable's value, in bytes, that GitHub takes.
const maxVariable = 48 * 1024

var (
	environmentName = limits.Sized{Form: regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`), Most: 255}
	variableName    = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)
	branchPattern   = regexp.MustCompile(`^[^\s~^:\\]+$`)
)

func (args *RepositoryArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *RepositoryArgs")
	}
	found := &problems.List{}
	found.If(args.Repository == nil, "args.Repository is missing: set the repository's name without its owner")
	slugs := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(args.Environments)) {
		field := fmt.Sprintf("args.Environments[%q]", name)
		environmentProblems(field, name, args.Environments[name], found)
		if other, taken := slugs[naming.Slug(name)]; taken {
			found.Add("%s and %q would share the resource name %q: rename one", field, other, naming.Slug(name))
		}
		slugs[naming.Slug(name)] = name
	}
	variableProblems("args.Actions.Variables", args.Actions.Variables, found)
	if args.Protection != nil {
		protectionProblems(args.Protection, found)
	}
	return found.Err()
}

func isShortRef(ref string) bool {
	return branchPattern.MatchString(ref) && !strings.HasPrefix(ref, "refs/")
}

func protectionProblems(protection *Protection, found *problems.List) {
	for _, group := range []struct {
		field    string
		values   []string
		required bool
		fits     func(string) bool
		fix      string
	}{
		{"Branches", protection.Branches, true, isShortRef, "is not a branch: write its name without refs/heads/, or a pattern"},
		{"Tags", protection.Tags, false, isShortRef, "is not a tag: write its name without refs/tags/, or a pattern"},
		{"Checks", protection.Checks, true, func(check string) bool { return strings.TrimSpace(check) != "" },
			"is not a check: write a job's name"},
		{"Actions", protection.Actions, true, limits.Action.MatchString, "is not a pattern: write OWNER/NAME@* or OWNER/NAME@ and a full commit"},
	} {
		found.If(group.required && len(group.values) == 0,
			"args.Protection.%s is empty: set at least one, or leave args.Protection away", group.field)
		for i, value := range group.values {
			found.If(!group.fits(value), "args.Protection.%s has %q, which %s", group.field, value, group.fix)
			found.If(slices.Contains(group.values[:i], value), "args.Protection.%s has %q twice: remove one", group.field, value)
		}
	}
	if n := protection.Approvals; n < 0 || n > limits.MaxApprovals {
		found.Add("args.Protection.Approvals is %d: set 1-%d, or 0 for the default of %d", n, limits.MaxApprovals, DefaultApprovals)
	}
}

func environmentProblems(field, name string, environment Environment, found *problems.List) {
	found.If(!environmentName.MatchString(name),
		"%s is not a name: use 1-255 lower-case letters, digits, dots, hyphens and underscores", field)
	found.If(name == naming.NoEnvironment, "%s is how federation names the absence of an environment: choose another name", field)
	if count := len(environment.Reviewers); count > limits.MaxReviewers {
		found.Add("%s has %d reviewers: name at most %d, as GitHub takes no more", field, count, limits.MaxReviewers)
	}
	seen := map[int64]bool{}
	for _, user := range environment.Reviewers {
		found.If(user <= 0, "%s.Reviewers has %d, which is not a user: use the numeric id (gh api users/LOGIN --jq .id)", field, user)
		found.If(seen[user], "%s.Reviewers has %d twice: remove one", field, user)
		seen[user] = true
	}
	if minutes := environment.WaitMinutes; minutes < 0 || minutes > limits.MaxWaitMinutes {
		found.Add("%s.WaitMinutes is %d: set 0-%d", field, minutes, limits.MaxWaitMinutes)
	}
	found.If(!branchPattern.MatchString(environment.branch()),
		"%s.Branch %q is not a branch: write its name without refs/heads/, or a pattern", field,
		environment.Branch)
	found.If(strings.HasPrefix(environment.Branch, "refs/"), "%s.Branch %q is a ref: write the branch's name alone", field, environment.Branch)
	variableProblems(field+".Variables", environment.Variables, found)
}

func variableProblems(field string, variables map[string]pulumi.StringInput, found *problems.List) {
	slugs := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		found.If(!variableName.MatchString(name), "%s[%q] is not a name: use upper-case letters, digits and underscores, not beginning "+
			"with a digit", field, name)
		found.If(strings.HasPrefix(name,
			"GITHUB_"), "%s[%q] begins with GITHUB_, which GitHub keeps for itself: choose another name", field, name)
		if other, taken := slugs[naming.Slug(name)]; taken {
			found.Add("%s[%q] and %q would share the resource name %q: rename one", field, name, other, naming.Slug(name))
		}
		slugs[naming.Slug(name)] = name
		switch value := variables[name].(type) {
		case nil:
			found.Add("%s[%q] has no value: set one or remove it", field, name)
		case pulumi.String:
			found.If(value == "", "%s[%q] is empty, which GitHub refuses: set a value or remove it", field, name)
			found.If(len(value) > maxVariable, "%s[%q] has %d bytes: GitHub takes %d", field, name, len(value), maxVariable)
		}
	}
}
