package provider

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

const githubAPI = "/gh/api/v3/"

// githubTypes are the resource types for a repository's environments and for the variables that its workflows read.
var githubTypes = []*resourceType{
	{
		token: "github:index/repositoryEnvironment:RepositoryEnvironment", args: inputsOf[environment]{},
		state: inputsOf[environmentState]{},
		api:   githubAPI, self: "repos/{owner}/{repository}/environments/{environment}", id: "{repository}:{environment}",
		createByPut: true, update: updatePut, moved: toOtherRepository, operations: inRepository{},
		local:   words("repository environment"),
		request: completeEnvironment, document: environmentAsSent,
		rules: map[string]rule{
			"canAdminsBypass":        {api: "can_admins_bypass"},
			"preventSelfReview":      {api: "prevent_self_review"},
			"waitTimer":              {api: "wait_timer"},
			"deploymentBranchPolicy": {api: "deployment_branch_policy"},
			"deploymentBranchPolicy.customBranchPolicies": {api: "custom_branch_policies"},
			"deploymentBranchPolicy.protectedBranches":    {api: "protected_branches"},
			"reviewers": {encode: reviewerList, decode: reviewerSets},
		},
	},
	{
		token: "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy",
		args:  inputsOf[deploymentPolicy]{}, state: inputsOf[deploymentPolicyState]{},
		api: githubAPI, collection: "repos/{owner}/{repository}/environments/{environment}/deployment-branch-policies",
		self: "repos/{owner}/{repository}/environments/{environment}/deployment-branch-policies/{policyId}",
		id:   "{repository}:{environment}:{policyId}", update: updatePut, moved: otherPolicy, operations: inRepository{},
		locateBy: "branchPattern",
		local:    words("repository environment"),
		rules:    map[string]rule{"policyId": {api: "id"}},
		request:  policyAsSent, document: policyAsProperties,
	},
	{
		token: "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable",
		args:  inputsOf[environmentVariable]{}, state: inputsOf[environmentVariableState]{},
		api: githubAPI, collection: "repos/{owner}/{repository}/environments/{environment}/variables",
		self: "repos/{owner}/{repository}/environments/{environment}/variables/{variableName}",
		id:   "{repository}:{environment}:{variableName}", update: updateWhole, moved: toOtherRepository, operations: inRepository{},
		local: words("repository environment"),
		rules: variableRules,
	},
	{
		token: "github:index/actionsVariable:ActionsVariable", args: inputsOf[actionsVariable]{}, state: inputsOf[actionsVariableState]{},
		api: githubAPI, collection: "repos/{owner}/{repository}/actions/variables",
		self: "repos/{owner}/{repository}/actions/variables/{variableName}",
		id:   "{repository}:{variableName}", update: updateWhole, moved: toOtherRepository, operations: inRepository{},
		local: words("repository"),
		rules: variableRules,
	},
}

var variableRules = map[string]rule{
	"variableName": {api: "name"}, "createdAt": {api: "created_at"}, "updatedAt": {api: "updated_at"},
}

// inRepository are documents of a repository. Their state contains the repository's id.
type inRepository struct{ documents }

func (r inRepository) read(ctx context.Context, c *call) (map[string]any, error) {
	state, err := r.documents.read(ctx, c)
	if err != nil || state == nil {
		return nil, err
	}
	path, err := c.kind.path("repos/{owner}/{repository}", c.values())
	if err != nil {
		return nil, err
	}
	repository, err := c.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, fmt.Errorf("read the repository's id: %w", err)
	}
	state["repositoryId"] = repository["id"]
	return state, nil
}

// toOtherRepository reports whether the changed name belongs to another repository. If it does not, the repository was only renamed. A
// name that no repository has yet counts as a renaming that is still to come.
func toOtherRepository(ctx context.Context, c *call) (bool, error) {
	if name := c.inputs["repository"]; name == c.state["repository"] || name == "" || hasUnknown(name) {
		return false, nil
	}
	path, err := c.kind.path("repos/{owner}/{repository}", c.values())
	if err != nil {
		return false, err
	}
	repository, err := c.do(ctx, http.MethodGet, path, nil)
	if notFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the repository's id: %w", err)
	}
	return !equal(repository["id"], c.state["repositoryId"]), nil
}

// completeEnvironment adds every field that is missing, because a field that a PUT leaves out would keep its value.
func completeEnvironment(document map[string]any) map[string]any {
	for field, absent := range map[string]any{
		"wait_timer": 0.0, "prevent_self_review": false, "reviewers": []any{}, "deployment_branch_policy": nil,
	} {
		if document[field] == nil {
			document[field] = absent
		}
	}
	return document
}

// environmentAsSent converts the protection rules of an answer to the shape of a request.
func environmentAsSent(answer map[string]any) map[string]any {
	document := map[string]any{
		"can_admins_bypass": answer["can_admins_bypass"], "deployment_branch_policy": answer["deployment_branch_policy"],
	}
	rules, _ := answer["protection_rules"].([]any)
	for _, r := range rules {
		protection, _ := r.(map[string]any)
		switch protection["type"] {
		case "wait_timer":
			document["wait_timer"] = protection["wait_timer"]
		case "required_reviewers":
			document["prevent_self_review"] = protection["prevent_self_review"]
			var reviewers []any
			list, _ := protection["reviewers"].([]any)
			for _, element := range list {
				entry, _ := element.(map[string]any)
				who, _ := entry["reviewer"].(map[string]any)
				reviewers = append(reviewers, map[string]any{"type": entry["type"], "id": who["id"]})
			}
			document["reviewers"] = reviewers
		}
	}
	return document
}

// reviewerList converts {users, teams} to the API's list of ids with their types.
func reviewerList(sets any) any {
	list := []any{}
	elements, _ := sets.([]any)
	for _, element := range elements {
		set, _ := element.(map[string]any)
		for _, kind := range []string{"User", "Team"} {
			ids, _ := set[strings.ToLower(kind)+"s"].([]any)
			for _, id := range ids {
				list = append(list, map[string]any{"type": kind, "id": id})
			}
		}
	}
	return list
}

func reviewerSets(list any) any {
	set := map[string]any{}
	elements, _ := list.([]any)
	for _, element := range elements {
		entry, _ := element.(map[string]any)
		property := "users"
		if entry["type"] == "Team" {
			property = "teams"
		}
		ids, _ := set[property].([]any)
		set[property] = append(ids, entry["id"])
	}
	if len(set) == 0 {
		return nil
	}
	return []any{set}
}

// otherPolicy reports whether a policy changes between branches and tags, or moves to another place.
func otherPolicy(ctx context.Context, c *call) (bool, error) {
	if c.inputs["branchPattern"] != c.state["branchPattern"] && c.inputs["tagPattern"] != c.state["tagPattern"] {
		return true, nil
	}
	return toOtherRepository(ctx, c)
}

func policyAsSent(document map[string]any) map[string]any {
	if pattern := document["tagPattern"]; pattern != nil {
		return map[string]any{"name": pattern, "type": "tag"}
	}
	return map[string]any{"name": document["branchPattern"], "type": "branch"}
}

func policyAsProperties(answer map[string]any) map[string]any {
	property := "branchPattern"
	if answer["type"] == "tag" {
		property = "tagPattern"
	}
	return map[string]any{property: answer["name"], "id": answer["id"]}
}
