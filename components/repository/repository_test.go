package repository_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/repository"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	environmentType         = "github:index/repositoryEnvironment:RepositoryEnvironment"
	branchType              = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"
	environmentVariableType = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable"
	variableType            = "github:index/actionsVariable:ActionsVariable"
	rulesetType             = "github:index/repositoryRuleset:RepositoryRuleset"
	actionsType             = "github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions"
	workflowTokenType       = "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions"
	alertsType              = "github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts"
)

func args(change func(*repository.RepositoryArgs)) *repository.RepositoryArgs {
	args := &repository.RepositoryArgs{
		Repository: pulumi.String("procureflow"),
		Environments: map[string]repository.Environment{
			"production": {
				Reviewers: []int64{1002, 1001}, WaitMinutes: 5,
				Variables: map[string]pulumi.StringInput{"DEPLOY_ACCOUNT": pulumi.String("deploy@x"), "GCP_REGION": pulumi.String("us-central1")},
			},
			"production-approval": {Reviewers: []int64{1003}, Branch: "release"},
			"dev":                 {},
		},
		Actions: repository.Actions{Variables: map[string]pulumi.StringInput{"REGISTRY": pulumi.String("us-central1-docker.pkg.dev/p/r")}},
	}
	if change != nil {
		change(args)
	}
	return args
}

func run(t *testing.T, args *repository.RepositoryArgs) (*pulumitest.Inventory, *repository.Repository) {
	t.Helper()
	var made *repository.Repository
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) (err error) {
		made, err = repository.NewRepository(ctx, "repository", args)
		return err
	})
	pulumitest.CheckParents(t, inventory)
	return inventory, made
}

func TestEnvironments(t *testing.T) {
	t.Parallel()
	inventory, made := run(t, args(nil))
	policy := map[string]any{"protectedBranches": false, "customBranchPolicies": true}
	for name, want := range map[string]map[string]any{
		"repository-environment-production": {
			"repository": "procureflow", "environment": "production", "waitTimer": 5.0, "preventSelfReview": true, "canAdminsBypass": false,
			"reviewers": []any{map[string]any{"users": []any{1001.0, 1002.0}}}, "deploymentBranchPolicy": policy,
		},
		"repository-environment-production-approval": {
			"repository": "procureflow", "environment": "production-approval", "waitTimer": 0.0, "preventSelfReview": true, "canAdminsBypass": false,
			"reviewers": []any{map[string]any{"users": []any{1003.0}}}, "deploymentBranchPolicy": policy,
		},
		"repository-environment-dev": {
			"repository": "procureflow", "environment": "dev", "waitTimer": 0.0, "preventSelfReview": false, "canAdminsBypass": false,
			"deploymentBranchPolicy": policy,
		},
	} {
		assert.Equal(t, want, inventory.One(t, environmentType, name).Inputs)
	}
	for name, want := range map[string]map[string]any{
		"repository-environment-production-branch": {"repository": "procureflow", "environment": "production", "branchPattern": "main"},
		"repository-environment-production-approval-branch": {"repository": "procureflow", "environment": "production-approval",
			"branchPattern": "release"},
		"repository-environment-dev-branch": {"repository": "procureflow", "environment": "dev", "branchPattern": "main"},
	} {
		assert.Equal(t, want, inventory.One(t, branchType, name).Inputs)
	}
	assert.Len(t, inventory.OfType(environmentType), 3)
	assert.Equal(t, "production", pulumitest.Value[string](t, made.Environments["production"]))
}

func TestVariables(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(nil))
	assert.Equal(t, []string{
		"repository-environment-production-variable-deploy-account", "repository-environment-production-variable-gcp-region",
	}, inventory.Names(environmentVariableType))
	variable := inventory.One(t, environmentVariableType, "repository-environment-production-variable-deploy-account")
	assert.Equal(t, map[string]any{
		"repository": "procureflow", "environment": "production", "variableName": "DEPLOY_ACCOUNT", "value": "deploy@x",
	}, variable.Inputs)
	environment := inventory.One(t, environmentType, "repository-environment-production")
	assert.Contains(t, variable.DependsOn, environment.URN, "a variable waits for its environment")

	assert.Equal(t, map[string]any{"repository": "procureflow", "variableName": "REGISTRY", "value": "us-central1-docker.pkg.dev/p/r"},
		inventory.One(t, variableType, "repository-variable-registry").Inputs)
}

func protection() *repository.Protection {
	return &repository.Protection{
		Branches: []string{"main", "release/*"}, Tags: []string{"policy-v*"}, Checks: []string{"ci-ok", "build"},
		Actions: []string{"docker/login-action@*", "actions/checkout@*"},
	}
}

func TestProtectionResources(t *testing.T) {
	t.Parallel()
	given := protection()
	inventory, _ := run(t, args(func(a *repository.RepositoryArgs) { a.Protection = given }))
	assert.Equal(t, map[string]any{
		"repository": "procureflow", "name": "protected-branches", "target": "branch", "enforcement": "active",
		"conditions": map[string]any{"refName": map[string]any{
			"includes": []any{"refs/heads/main", "refs/heads/release/*"}, "excludes": []any{},
		}},
		"rules": map[string]any{
			"deletion": true, "nonFastForward": true,
			"pullRequest": map[string]any{
				"requiredApprovingReviewCount": 1.0, "requireCodeOwnerReview": true, "dismissStaleReviewsOnPush": true, "requireLastPushApproval": true,
			},
			"requiredStatusChecks": map[string]any{
				"strictRequiredStatusChecksPolicy": false,
				"requiredChecks": []any{
					map[string]any{"context": "build", "integrationId": 15368.0}, map[string]any{"context": "ci-ok", "integrationId": 15368.0},
				},
			},
		},
	}, inventory.One(t, rulesetType, "repository-ruleset").Inputs, "nobody bypasses it")
	assert.Equal(t, map[string]any{
		"repository": "procureflow", "name": "protected-tags", "target": "tag", "enforcement": "active",
		"conditions":   map[string]any{"refName": map[string]any{"includes": []any{"refs/tags/policy-v*"}, "excludes": []any{}}},
		"bypassActors": []any{map[string]any{"actorId": 5.0, "actorType": "RepositoryRole", "bypassMode": "always"}},
		"rules":        map[string]any{"creation": true, "update": true, "deletion": true},
	}, inventory.One(t, rulesetType, "repository-tags-ruleset").Inputs)
	assert.Equal(t, map[string]any{
		"repository": "procureflow", "enabled": true, "allowedActions": "selected", "shaPinningRequired": true,
		"allowedActionsConfig": map[string]any{
			"githubOwnedAllowed": false, "verifiedAllowed": false, "patternsAlloweds": []any{"actions/checkout@*", "docker/login-action@*"},
		},
	}, inventory.One(t, actionsType, "repository-actions").Inputs)
	assert.Equal(t, map[string]any{"repository": "procureflow", "defaultWorkflowPermissions": "read", "canApprovePullRequestReviews": false},
		inventory.One(t, workflowTokenType, "repository-workflow-token").Inputs)
	assert.Equal(t, map[string]any{"repository": "procureflow", "enabled": true},
		inventory.One(t, alertsType, "repository-vulnerability-alerts").Inputs)
	assert.Equal(t, protection(), given, "the caller's lists are left alone")
}

func TestApprovals(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(func(a *repository.RepositoryArgs) {
		a.Protection = protection()
		a.Protection.Approvals = 3
	}))
	rules := inventory.One(t, rulesetType, "repository-ruleset").Inputs["rules"].(map[string]any)
	assert.InDelta(t, 3, rules["pullRequest"].(map[string]any)["requiredApprovingReviewCount"], 0)
}

// TestWithoutProtectionNothingIsProtected checks that the repository keeps its own settings if the stack names no protection.
func TestWithoutProtectionNothingIsProtected(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(nil))
	for _, typ := range []string{rulesetType, actionsType, workflowTokenType, alertsType} {
		assert.Empty(t, inventory.OfType(typ), typ)
	}
}

func TestBadProtectionIsReportedWhole(t *testing.T) {
	t.Parallel()
	_, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
		_, err := repository.NewRepository(ctx, "repository", args(func(a *repository.RepositoryArgs) {
			a.Protection = &repository.Protection{Branches: []string{"refs/heads/main"}, Approvals: 11, Actions: []string{"*"}}
		}))
		return err
	})
	require.ErrorContains(t, err,
		`repository "repository": args.Protection.Branches has "refs/heads/main", which is not a branch: write its name without refs/heads/, or a pattern
args.Protection.Checks is empty: set at least one, or leave args.Protection away
args.Protection.Actions has "*", which is not a pattern: write OWNER/NAME@* or OWNER/NAME@ and a full commit
args.Protection.Approvals is 11: set 1-10, or 0 for the default of 1`)
}

func TestReviewersOfTheCallerAreNotSorted(t *testing.T) {
	t.Parallel()
	given := args(nil)
	run(t, given)
	assert.Equal(t, []int64{1002, 1001}, given.Environments["production"].Reviewers)
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	environment := func(environment repository.Environment) *repository.RepositoryArgs {
		return args(func(a *repository.RepositoryArgs) { a.Environments["dev"] = environment })
	}
	named := func(name string) *repository.RepositoryArgs {
		return args(func(a *repository.RepositoryArgs) { a.Environments[name] = repository.Environment{} })
	}
	variable := func(name string, value pulumi.StringInput) *repository.RepositoryArgs {
		return args(func(a *repository.RepositoryArgs) { a.Actions.Variables[name] = value })
	}
	protected := func(change func(*repository.Protection)) *repository.RepositoryArgs {
		return args(func(a *repository.RepositoryArgs) {
			a.Protection = protection()
			change(a.Protection)
		})
	}
	for name, test := range map[string]struct {
		args *repository.RepositoryArgs
		want string
	}{
		"no branches": {protected(func(p *repository.Protection) { p.Branches = nil }), "args.Protection.Branches is empty"},
		"a branch twice": {protected(func(p *repository.Protection) { p.Branches = []string{"main", "main"} }),
			`args.Protection.Branches has "main" twice: remove one`},
		"a ref as a tag": {protected(func(p *repository.Protection) { p.Tags = []string{"refs/tags/v1"} }),
			`args.Protection.Tags has "refs/tags/v1", which is not a tag`},
		"no actions": {protected(func(p *repository.Protection) { p.Actions = nil }), "args.Protection.Actions is empty"},
		"every action": {protected(func(p *repository.Protection) { p.Actions = []string{"*/*@*"} }),
			`args.Protection.Actions has "*/*@*", which is not a pattern`},
		"a tag": {protected(func(p *repository.Protection) { p.Actions = []string{"a/b@v1"} }),
			`args.Protection.Actions has "a/b@v1", which is not a pattern`},
		"a blank check": {protected(func(p *repository.Protection) { p.Checks = []string{" "} }),
			`args.Protection.Checks has " ", which is not a check`},
		"negative reviews":         {protected(func(p *repository.Protection) { p.Approvals = -1 }), "args.Protection.Approvals is -1: set 1-10"},
		"nil":                      {nil, `repository "repository": args is nil`},
		"no repository":            {&repository.RepositoryArgs{}, "args.Repository is missing"},
		"upper case":               {named("Prod"), `args.Environments["Prod"] is not a name`},
		"a slash":                  {named("a/b"), `args.Environments["a/b"] is not a name`},
		"none":                     {named("none"), `args.Environments["none"] is how federation names the absence`},
		"a name of 256 characters": {named(strings.Repeat("a", 256)), "is not a name: use 1-255 lower-case letters"},
		"two environments with one resource name": {named("production.approval"),
			`would share the resource name "production-approval": rename one`},
		"seven reviewers": {environment(repository.Environment{Reviewers: []int64{1, 2, 3, 4, 5, 6, 7}}),
			`args.Environments["dev"] has 7 reviewers: name at most 6, as GitHub takes no more`},
		"no user":         {environment(repository.Environment{Reviewers: []int64{0}}), "Reviewers has 0, which is not a user"},
		"a user twice":    {environment(repository.Environment{Reviewers: []int64{5, 5}}), "Reviewers has 5 twice"},
		"a negative wait": {environment(repository.Environment{WaitMinutes: -1}), "WaitMinutes is -1: set 0-43200"},
		"a long wait":     {environment(repository.Environment{WaitMinutes: 43201}), "WaitMinutes is 43201: set 0-43200"},
		"a branch with a space": {
			environment(repository.Environment{Branch: "a b"}), `Branch "a b" is not a branch`,
		},
		"a ref": {environment(repository.Environment{Branch: "refs/heads/main"}),
			`Branch "refs/heads/main" is a ref: write the branch's name alone`},
		"a lower-case name": {variable("region", pulumi.String("x")), `args.Actions.Variables["region"] is not a name`},
		"a reserved name": {variable("GITHUB_X", pulumi.String("x")),
			`args.Actions.Variables["GITHUB_X"] begins with GITHUB_`},
		"two variables with one resource name": {variable("_REGISTRY", pulumi.String("x")),
			`would share the resource name "registry": rename one`},
		"no value":       {variable("A", nil), `args.Actions.Variables["A"] has no value`},
		"an empty value": {variable("A", pulumi.String("")), `args.Actions.Variables["A"] is empty, which GitHub refuses`},
		"a very long value": {variable("A", pulumi.String(strings.Repeat("a", 49153))),
			`args.Actions.Variables["A"] has 49153 bytes: GitHub takes 49152`},
		"lower case in an environment": {environment(repository.Environment{Variables: map[string]pulumi.StringInput{"a": pulumi.String("x")}}),
			`args.Environments["dev"].Variables["a"] is not a name`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := repository.NewRepository(ctx, "repository", test.args)
				return err
			})
			require.ErrorContains(t, err, test.want)
			assert.Empty(t, inventory.Resources)
		})
	}
}
