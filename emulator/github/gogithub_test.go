package github_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-github/v84/github"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goGitHub is the library that the GitHub providers of Terraform and Pulumi stand on.
func goGitHub(t *testing.T) *github.Client {
	t.Helper()
	w := start(t)
	server := httptest.NewServer(w.Cloud)
	t.Cleanup(server.Close)
	client, err := github.NewClient(nil).WithEnterpriseURLs(server.URL+"/gh/", server.URL+"/gh/")
	require.NoError(t, err)
	return client
}

// status is the code of a refusal, 0 without one.
func status(err error) int {
	var refused *github.ErrorResponse
	if errors.As(err, &refused) {
		return refused.Response.StatusCode
	}
	return 0
}

func TestGoGitHubEnvironments(t *testing.T) {
	t.Parallel()
	client, ctx := goGitHub(t), t.Context()
	const owner, repo = "guiofsaints", "procureflow"
	repository, _, err := client.Repositories.Get(ctx, owner, repo)
	require.NoError(t, err)
	assert.Equal(t, int64(22), repository.GetID())
	byID, _, err := client.Repositories.GetByID(ctx, 22)
	require.NoError(t, err)
	assert.Equal(t, repository, byID)

	made, _, err := client.Repositories.CreateUpdateEnvironment(ctx, owner, repo, "prod", &github.CreateUpdateEnvironment{
		WaitTimer: github.Ptr(5), Reviewers: []*github.EnvReviewers{{Type: github.Ptr("User"),
			ID: github.Ptr(int64(33))}}, PreventSelfReview: github.Ptr(true),
		CanAdminsBypass: github.Ptr(false), DeploymentBranchPolicy: &github.BranchPolicy{ProtectedBranches: github.Ptr(false),
			CustomBranchPolicies: github.Ptr(true)}})
	require.NoError(t, err)
	assert.False(t, made.GetCanAdminsBypass())
	require.Len(t, made.ProtectionRules, 3)
	assert.Equal(t, 5, made.ProtectionRules[0].GetWaitTimer())
	assert.True(t, made.ProtectionRules[1].GetPreventSelfReview())
	read, _, err := client.Repositories.GetEnvironment(ctx, owner, repo, "prod")
	require.NoError(t, err)
	assert.Equal(t, made.ProtectionRules, read.ProtectionRules)
	all, _, err := client.Repositories.ListEnvironments(ctx, owner, repo, nil)
	require.NoError(t, err)
	assert.Equal(t, 1, all.GetTotalCount())

	policy, _, err := client.Repositories.CreateDeploymentBranchPolicy(ctx, owner, repo, "prod",
		&github.DeploymentBranchPolicyRequest{Name: github.Ptr("main"), Type: github.Ptr("branch")})
	require.NoError(t, err)
	policy, _, err = client.Repositories.UpdateDeploymentBranchPolicy(ctx, owner, repo, "prod", policy.GetID(),
		&github.DeploymentBranchPolicyRequest{Name: github.Ptr("release/*")})
	require.NoError(t, err)
	again, _, err := client.Repositories.GetDeploymentBranchPolicy(ctx, owner, repo, "prod", policy.GetID())
	require.NoError(t, err)
	assert.Equal(t, "release/*", again.GetName())
	policies, _, err := client.Repositories.ListDeploymentBranchPolicies(ctx, owner, repo, "prod", nil)
	require.NoError(t, err)
	assert.Equal(t, 1, policies.GetTotalCount())
	_, err = client.Repositories.DeleteDeploymentBranchPolicy(ctx, owner, repo, "prod", policy.GetID())
	require.NoError(t, err)

	variable := &github.ActionsVariable{Name: "REGION", Value: "us-central1"}
	_, err = client.Actions.CreateEnvVariable(ctx, owner, repo, "prod", variable)
	require.NoError(t, err)
	_, err = client.Actions.CreateEnvVariable(ctx, owner, repo, "prod", variable)
	assert.Equal(t, http.StatusConflict, status(err))
	_, err = client.Actions.UpdateEnvVariable(ctx, owner, repo, "prod", &github.ActionsVariable{Name: "REGION", Value: "europe-west1"})
	require.NoError(t, err)
	changed, _, err := client.Actions.GetEnvVariable(ctx, owner, repo, "prod", "REGION")
	require.NoError(t, err)
	assert.Equal(t, "europe-west1", changed.Value)
	variables, _, err := client.Actions.ListEnvVariables(ctx, owner, repo, "prod", nil)
	require.NoError(t, err)
	assert.Len(t, variables.Variables, 1)
	_, err = client.Actions.DeleteEnvVariable(ctx, owner, repo, "prod", "REGION")
	require.NoError(t, err)

	_, _, err = client.Repositories.CreateUpdateEnvironment(ctx, owner, repo, "prod",
		&github.CreateUpdateEnvironment{WaitTimer: github.Ptr(50000)})
	assert.Equal(t, http.StatusUnprocessableEntity, status(err))
	_, err = client.Repositories.DeleteEnvironment(ctx, owner, repo, "prod")
	require.NoError(t, err)
	_, _, err = client.Repositories.GetEnvironment(ctx, owner, repo, "prod")
	assert.Equal(t, http.StatusNotFound, status(err))
}

func TestGoGitHubRepository(t *testing.T) {
	t.Parallel()
	client, ctx := goGitHub(t), t.Context()
	const owner, repo = "guiofsaints", "procureflow"
	target := github.RulesetTargetBranch
	ruleset := github.RepositoryRuleset{
		Name: "main", Target: &target, Enforcement: github.RulesetEnforcementActive, Source: "ignored",
		SourceType: github.Ptr(github.RulesetSourceTypeRepository),
		Conditions: &github.RepositoryRulesetConditions{RefName: &github.RepositoryRulesetRefConditionParameters{
			Include: []string{"refs/heads/main"}, Exclude: []string{},
		}},
		Rules: &github.RepositoryRulesetRules{Deletion: &github.EmptyRuleParameters{},
			RequiredStatusChecks: &github.RequiredStatusChecksRuleParameters{
				RequiredStatusChecks: []*github.RuleStatusCheck{{Context: "ci-ok", IntegrationID: github.Ptr(int64(15368))}}}},
	}
	made, _, err := client.Repositories.CreateRuleset(ctx, owner, repo, ruleset)
	require.NoError(t, err)
	assert.Equal(t, "guiofsaints/procureflow", made.Source)
	ruleset.Enforcement = github.RulesetEnforcementDisabled
	_, _, err = client.Repositories.UpdateRuleset(ctx, owner, repo, made.GetID(), ruleset)
	require.NoError(t, err)
	read, _, err := client.Repositories.GetRuleset(ctx, owner, repo, made.GetID(), false)
	require.NoError(t, err)
	assert.Equal(t, github.RulesetEnforcementDisabled, read.Enforcement)
	assert.Equal(t, "ci-ok", read.Rules.RequiredStatusChecks.RequiredStatusChecks[0].Context)
	rulesets, _, err := client.Repositories.GetAllRulesets(ctx, owner, repo, nil)
	require.NoError(t, err)
	require.Len(t, rulesets, 1)
	_, _, err = client.Repositories.CreateRuleset(ctx, owner, repo, ruleset)
	assert.Equal(t, http.StatusUnprocessableEntity, status(err), "the name is taken")
	_, err = client.Repositories.DeleteRuleset(ctx, owner, repo, made.GetID())
	require.NoError(t, err)

	_, _, err = client.Repositories.UpdateActionsPermissions(ctx, owner, repo,
		github.ActionsPermissionsRepository{Enabled: github.Ptr(true), AllowedActions: github.Ptr("selected")})
	require.NoError(t, err)
	_, _, err = client.Repositories.EditActionsAllowed(ctx, owner, repo,
		github.ActionsAllowed{GithubOwnedAllowed: github.Ptr(true), PatternsAllowed: []string{"actions/checkout@*"}})
	require.NoError(t, err)
	allowed, _, err := client.Repositories.GetActionsAllowed(ctx, owner, repo)
	require.NoError(t, err)
	assert.Equal(t, []string{"actions/checkout@*"}, allowed.PatternsAllowed)
	_, _, err = client.Repositories.UpdateDefaultWorkflowPermissions(ctx, owner, repo,
		github.DefaultWorkflowPermissionRepository{DefaultWorkflowPermissions: github.Ptr("write")})
	require.NoError(t, err)
	permissions, _, err := client.Repositories.GetDefaultWorkflowPermissions(ctx, owner, repo)
	require.NoError(t, err)
	assert.Equal(t, "write", permissions.GetDefaultWorkflowPermissions())

	enabled, _, err := client.Repositories.GetVulnerabilityAlerts(ctx, owner, repo)
	require.NoError(t, err)
	assert.False(t, enabled)
	_, err = client.Repositories.EnableVulnerabilityAlerts(ctx, owner, repo)
	require.NoError(t, err)
	enabled, _, err = client.Repositories.GetVulnerabilityAlerts(ctx, owner, repo)
	require.NoError(t, err)
	assert.True(t, enabled)
	_, err = client.Repositories.DisableVulnerabilityAlerts(ctx, owner, repo)
	require.NoError(t, err)

	_, err = client.Actions.CreateRepoVariable(ctx, owner, repo, &github.ActionsVariable{Name: "A", Value: "b"})
	require.NoError(t, err)
	_, err = client.Actions.UpdateRepoVariable(ctx, owner, repo, &github.ActionsVariable{Name: "A", Value: "c"})
	require.NoError(t, err)
	variables, _, err := client.Actions.ListRepoVariables(ctx, owner, repo, nil)
	require.NoError(t, err)
	assert.Equal(t, "c", variables.Variables[0].Value)
	_, err = client.Actions.DeleteRepoVariable(ctx, owner, repo, "A")
	require.NoError(t, err)
	_, _, err = client.Actions.GetRepoVariable(ctx, owner, repo, "A")
	assert.Equal(t, http.StatusNotFound, status(err))
}
