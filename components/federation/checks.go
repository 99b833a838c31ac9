package federation

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

const (
	// maxCondition is the longest attribute condition the API takes, in characters (iam/v1, attributeCondition).
	maxCondition = 4096
	// maxDescription is the longest description of a provider, in characters (iam/v1).
	maxDescription = 256
)

var (
	// id is a pool's or provider's id (iam/v1, workloadIdentityPoolId).
	id          = regexp.MustCompile(`^[a-z0-9-]{4,32}$`)
	ref         = regexp.MustCompile(`^refs/(heads|tags|pull)/\S+$`)
	workflow    = regexp.MustCompile(`^[^/\s]+/[^/\s]+/\.github/workflows/[^/@\s]+\.ya?ml@(refs/(heads|tags)/\S+|[0-9a-f]{40})$`)
	environment = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// trusted lists the events that only somebody with write access, or the clock, can cause.
var trusted = []string{"merge_group", "pull_request", "push", "release", "repository_dispatch", "schedule", "workflow_dispatch"}

func (args *FederationArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *FederationArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	idProblems("args.PoolID", args.PoolID, found)
	found.If(len(args.Providers) == 0, "args.Providers is empty: name at least one provider and whom it trusts")
	for _, id := range slices.Sorted(maps.Keys(args.Providers)) {
		field := fmt.Sprintf("args.Providers[%q]", id)
		idProblems(field+" id", id, found)
		args.Providers[id].problems(field, found)
		found.If(args.Providers[id].Environment == "" && len(args.Providers) > 1,
			"%s.Environment is missing: a binding accepts the tokens of every provider of the pool, "+
				"so each of several providers has to name its environment, or NoEnvironment", field)
	}
	for _, key := range slices.Sorted(maps.Keys(args.Bindings)) {
		args.bindingProblems(key, args.Bindings[key], found)
	}
	return found.Err()
}

func idProblems(field, value string, found *problems.List) {
	found.If(!id.MatchString(value), "%s %q is not an id: use 4-32 lower-case letters, digits and hyphens", field, value)
	found.If(strings.HasPrefix(value, "gcp-"), "%s %q begins with gcp-, which Google keeps for itself: choose another", field, value)
}

func (trust Trust) problems(field string, found *problems.List) {
	found.If(trust.OwnerID <= 0, "%s.OwnerID is %d: set the owner's numeric id (gh api users/OWNER --jq .id)", field, trust.OwnerID)
	found.If(trust.RepositoryID <= 0,
		"%s.RepositoryID is %d: set the repository's numeric id (gh api repos/OWNER/NAME --jq .id)", field, trust.RepositoryID)
	found.If(trust.Ref != "" && !ref.MatchString(trust.Ref),
		"%s.Ref %q can match no token: write it in full, for example refs/heads/main", field, trust.Ref)
	for _, file := range trust.Workflows {
		found.If(!workflow.MatchString(file),
			"%s.Workflows has %q, which can match no token: build it with WorkflowRef or WorkflowAt", field, file)
	}
	found.If(trust.Environment != "" && !environment.MatchString(trust.Environment),
		"%s.Environment %q can match no token: use letters, digits, dots, hyphens and underscores", field, trust.Environment)
	found.If(len(trust.Events) == 0, "%s.Events is empty: name the events that start its runs, of %s", field, strings.Join(trusted, ", "))
	for _, name := range trust.Events {
		found.If(!slices.Contains(trusted, name), "%s.Events has %q, which is not an event or which anybody can cause: use one of %s",
			field, name, strings.Join(trusted, ", "))
	}
	if length := len([]rune(trust.Description)); length > maxDescription {
		found.Add("%s.Description has %d characters: shorten it to %d", field, length, maxDescription)
	}
	if length := len([]rune(Condition(trust))); length > maxCondition {
		found.Add("%s makes a condition of %d characters: Google takes %d, so name fewer workflows", field,
			length, maxCondition)
	}
}

func (args *FederationArgs) bindingProblems(name string, binding Binding, found *problems.List) {
	field := fmt.Sprintf("args.Bindings[%q]", name)
	found.If(!naming.IsKey(name), "%s key names a resource: use lower-case letters, digits and hyphens, beginning with a letter", field)
	found.If(binding.ServiceAccount == nil, "%s.ServiceAccount is missing: set the account's name, projects/P/serviceAccounts/EMAIL", field)
	switch binding.Attribute {
	case AttributeRepository, AttributeEnvironment, AttributeEnvironmentWorkflow, AttributeEventWorkflow:
		repository, rest, more := strings.Cut(binding.Value, ":")
		found.If(!args.trusts(repository), "%s.Value %q does not begin with the id of a repository that a provider trusts: "+
			"no token would match; build it with EnvironmentValue, EnvironmentWorkflowValue or EventWorkflowValue", field, binding.Value)
		found.If(more != (binding.Attribute != AttributeRepository) || !fits(binding.Attribute, rest),
			"%s.Value %q is not a value of %s: EnvironmentValue, EnvironmentWorkflowValue and EventWorkflowValue build it", field, binding.Value,
			binding.Attribute)
	case AttributeWorkflow:
		found.If(!workflow.MatchString(binding.Value),
			"%s.Value %q is not a workflow: build it with WorkflowRef or WorkflowAt", field, binding.Value)
	default:
		found.Add("%s.Attribute %q is not narrow enough or not mapped: use one of %s, %s, %s, %s, %s", field,
			binding.Attribute,
			AttributeRepository, AttributeEnvironment, AttributeWorkflow, AttributeEnvironmentWorkflow, AttributeEventWorkflow)
	}
	found.If(strings.ContainsAny(binding.Value, " \t\r\n"),
		"%s.Value %q has a space in it, which no principal may have: remove it", field, binding.Value)
}

// fits reports whether rest can follow the repository id and its colon in a value of attribute.
func fits(attribute, rest string) bool {
	switch attribute {
	case AttributeEnvironment:
		return environment.MatchString(rest)
	case AttributeEnvironmentWorkflow:
		// There are exactly three parts. With a colon inside a part, other claims could make the same value.
		parts := strings.Split(rest, ":")
		return len(parts) == 3 && environment.MatchString(parts[0]) && ref.MatchString(parts[1]) && workflow.MatchString(parts[2])
	case AttributeEventWorkflow:
		parts := strings.Split(rest, ":")
		return len(parts) == 3 && environment.MatchString(parts[0]) && slices.Contains(trusted, parts[1]) && workflow.MatchString(parts[2])
	default:
		return rest == ""
	}
}

func (args *FederationArgs) trusts(repositoryID string) bool {
	for _, trust := range args.Providers {
		if strconv.FormatInt(trust.RepositoryID, 10) == repositoryID {
			return true
		}
	}
	return false
}
