package repository

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// TypeToken identifies the component in state. It never changes.
const TypeToken = "procureflow:repository:Repository"

// DefaultBranch is the branch that deploys if an environment names none.
const DefaultBranch = "main"

// RepositoryArgs describes the settings of a repository, in the groups that GitHub has.
type RepositoryArgs struct {
	// Repository is the repository's name without its owner. Required.
	Repository pulumi.StringInput
	// Environments gate deployments, by name. Names are case-insensitive at GitHub and here lower case: 1-255 letters,
	// digits, dots, hyphens and underscores. Default: none.
	Environments map[string]Environment
	// Actions are settings of GitHub Actions. Default: none.
	Actions Actions
	// Protection is the protection of the whole repository, which only one stack may have. Default: none; the repository keeps
	// its present protection.
	Protection *Protection
}

// Environment is one gate.
type Environment struct {
	// Reviewers are numeric user ids, at most six; one of them has to approve. Default: none; no approval is needed.
	Reviewers []int64
	// WaitMinutes delays a job after it was triggered, 0-43200. Default: 0.
	WaitMinutes int
	// Branch is the only branch, or pattern of branches, that may deploy. Default: [DefaultBranch].
	Branch string
	// Variables are readable by jobs in the environment, by name: upper-case letters, digits and underscores, not beginning
	// with a digit or GITHUB_. Default: none.
	Variables map[string]pulumi.StringInput
}

// Actions are settings of GitHub Actions for the whole repository.
type Actions struct {
	// Variables are readable by every job, also by those in no environment, by name like [Environment.Variables]. An
	// environment's variable of the same name wins. Default: none.
	Variables map[string]pulumi.StringInput
}

// Repository is a repository's settings.
type Repository struct {
	pulumi.ResourceState

	// Environments maps each name to itself; the value is known once the environment and its branch policy exist.
	Environments map[string]pulumi.StringOutput
}

// NewRepository makes the environments, the variables and the protection. It fails before registering anything when an
// argument is missing or impossible, and then names every such argument.
func NewRepository(ctx *pulumi.Context, name string, args *RepositoryArgs, opts ...pulumi.ResourceOption) (*Repository, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("repository %q: %w", name, err)
	}
	repository := &Repository{Environments: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResourceV2(TypeToken, name, args.inputs(), repository, opts...); err != nil {
		return nil, fmt.Errorf("register repository %q: %w", name, err)
	}
	names := pulumi.StringMap{}
	for _, environment := range slices.Sorted(maps.Keys(args.Environments)) {
		if err := repository.addEnvironment(ctx, name+"-environment-"+naming.Slug(environment), args, environment); err != nil {
			return nil, fmt.Errorf("repository %q: environment %q: %w", name, environment, err)
		}
		names[environment] = repository.Environments[environment]
	}
	for _, variable := range slices.Sorted(maps.Keys(args.Actions.Variables)) {
		err := repository.add(ctx, "ActionsVariable", name+"-variable-"+naming.Slug(variable), pulumi.Map{
			"repository": args.Repository, "variableName": pulumi.String(variable), "value": args.Actions.Variables[variable],
		})
		if err != nil {
			return nil, fmt.Errorf("repository %q: variable %q: %w", name, variable, err)
		}
	}
	if args.Protection != nil {
		if err := repository.addProtection(ctx, name, args); err != nil {
			return nil, fmt.Errorf("repository %q: %w", name, err)
		}
	}
	if err := ctx.RegisterResourceOutputs(repository, pulumi.Map{"environments": names}); err != nil {
		return nil, fmt.Errorf("repository %q: register outputs: %w", name, err)
	}
	return repository, nil
}

// addEnvironment makes one gate, its branch policy and its variables.
func (repository *Repository) addEnvironment(ctx *pulumi.Context, name string, args *RepositoryArgs, id string) error {
	settings := args.Environments[id]
	gate := pulumi.Map{
		"repository":  args.Repository,
		"environment": pulumi.String(id),
		"waitTimer":   pulumi.Int(settings.WaitMinutes),
		// GitHub keeps this value with the reviewers, and answers false if there are none. True without reviewers would be
		// a difference on every refresh.
		"preventSelfReview":      pulumi.Bool(len(settings.Reviewers) > 0),
		"canAdminsBypass":        pulumi.Bool(false),
		"deploymentBranchPolicy": pulumi.Map{"protectedBranches": pulumi.Bool(false), "customBranchPolicies": pulumi.Bool(true)},
	}
	if len(settings.Reviewers) > 0 {
		users := pulumi.IntArray{}
		// The list is sorted, so that another order of the same reviewers is no difference.
		for _, user := range slices.Sorted(slices.Values(settings.Reviewers)) {
			users = append(users, pulumi.Int(user))
		}
		gate["reviewers"] = pulumi.Array{pulumi.Map{"users": users}}
	}
	var environment, policy ofEnvironment
	if err := repository.register(ctx, "RepositoryEnvironment", name, gate, &environment); err != nil {
		return err
	}
	err := repository.register(ctx, "RepositoryEnvironmentDeploymentPolicy", name+"-branch", pulumi.Map{
		"repository": args.Repository, "environment": environment.Environment, "branchPattern": pulumi.String(settings.branch()),
	}, &policy)
	if err != nil {
		return fmt.Errorf("branch policy: %w", err)
	}
	repository.Environments[id] = policy.Environment
	for _, variable := range slices.Sorted(maps.Keys(settings.Variables)) {
		err := repository.add(ctx, "ActionsEnvironmentVariable", name+"-variable-"+naming.Slug(variable), pulumi.Map{
			"repository": args.Repository, "environment": environment.Environment, "variableName": pulumi.String(variable),
			"value": settings.Variables[variable],
		})
		if err != nil {
			return fmt.Errorf("variable %q: %w", variable, err)
		}
	}
	return nil
}

// ofEnvironment is a resource of an environment. A resource that takes the name from it waits for it.
type ofEnvironment struct {
	pulumi.CustomResourceState
	Environment pulumi.StringOutput `pulumi:"environment"`
}

// add makes a resource of GitHub whose outputs nobody uses.
func (repository *Repository) add(ctx *pulumi.Context, kind, name string, inputs pulumi.Map) error {
	return repository.register(ctx, kind, name, inputs, &pulumi.CustomResourceState{})
}

// register makes a resource of GitHub by its token. The SDK has the constructors of all kinds in one package, which takes longer to compile
// than any other of the platform.
func (repository *Repository) register(ctx *pulumi.Context, kind, name string, inputs pulumi.Map, into pulumi.CustomResource) error {
	token := "github:index/" + strings.ToLower(kind[:1]) + kind[1:] + ":" + kind
	return ctx.RegisterResource(token, name, inputs, into, pulumiopt.GitHubChild(repository)...)
}

func (environment Environment) branch() string {
	if environment.Branch == "" {
		return DefaultBranch
	}
	return environment.Branch
}

// inputs returns the component's inputs, which state keeps and policies read.
func (args *RepositoryArgs) inputs() pulumi.Map {
	environments := pulumi.Map{}
	for name, environment := range args.Environments {
		reviewers := pulumi.Array{}
		for _, user := range slices.Sorted(slices.Values(environment.Reviewers)) {
			reviewers = append(reviewers, pulumi.Int(user))
		}
		environments[name] = pulumi.Map{
			"reviewers": reviewers, "waitMinutes": pulumi.Int(environment.WaitMinutes), "branch": pulumi.String(environment.branch()),
			"variables": pulumi.StringMap(environment.Variables),
		}
	}
	inputs := pulumi.Map{
		"repository": args.Repository, "environments": environments,
		"actions": pulumi.Map{"variables": pulumi.StringMap(args.Actions.Variables)},
	}
	if protection := args.Protection; protection != nil {
		inputs["protection"] = pulumi.Map{
			"branches": pulumi.ToStringArray(protection.Branches), "tags": pulumi.ToStringArray(protection.Tags),
			"checks":    pulumi.ToStringArray(protection.Checks),
			"approvals": pulumi.Int(protection.approvals()), "actions": pulumi.ToStringArray(protection.Actions),
		}
	}
	return inputs
}
