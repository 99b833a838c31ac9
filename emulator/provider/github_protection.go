package provider

import (
	"context"
	"fmt"
	"net/http"
)

// protectionTypes are the resource types that hold for a whole repository. All but the ruleset are settings that a repository
// always has. Creating such a resource sets the setting; deleting it restores GitHub's default.
var protectionTypes = []*resourceType{
	rulesetType,
	{
		token: "github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions",
		args:  inputsOf[allowedActions]{}, state: inputsOf[allowedActionsState]{},
		api: githubAPI, self: "repos/{owner}/{repository}/actions/permissions", id: "{repository}", operations: actionsPermissions{},
		switches: true,
		local:    words("repository"),
		rules: map[string]rule{
			"allowedActions": {api: "allowed_actions"}, "shaPinningRequired": {api: "sha_pinning_required"},
			"allowedActionsConfig":                    {api: "selected"},
			"allowedActionsConfig.githubOwnedAllowed": {api: "github_owned_allowed"},
			"allowedActionsConfig.verifiedAllowed":    {api: "verified_allowed"},
			"allowedActionsConfig.patternsAlloweds":   {api: "patterns_allowed"},
		},
	},
	{
		token: "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions",
		args:  inputsOf[workflowToken]{}, state: inputsOf[workflowTokenState]{},
		api: githubAPI, self: "repos/{owner}/{repository}/actions/permissions/workflow", id: "{repository}",
		createByPut: true, update: updatePut, operations: workflowPermissions{}, switches: true,
		local: words("repository"),
		rules: map[string]rule{
			"defaultWorkflowPermissions":   {api: "default_workflow_permissions"},
			"canApprovePullRequestReviews": {api: "can_approve_pull_request_reviews"},
		},
	},
	{
		token: "github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts",
		args:  inputsOf[vulnerabilityAlert]{}, state: inputsOf[vulnerabilityAlertState]{},
		api: githubAPI, self: "repos/{owner}/{repository}/vulnerability-alerts", id: "{repositoryId}", importID: "{repository}",
		operations: vulnerabilityAlerts{}, switches: true,
		local: words("repository"),
	},
}

// setBack words the failure of a deletion that restores a default. It ignores the failure if the repository no longer exists.
func setBack(err error, c *call) error {
	if err == nil || notFound(err) {
		return nil
	}
	return worded(err, "Error when reading or editing %s %q", c.kind.noun(), c.id)
}

// actionsPermissions are two documents. The first says which actions may run. The second, the selection, counts only if the first
// says selected.
type actionsPermissions struct{}

func (a actionsPermissions) create(ctx context.Context, c *call) (map[string]any, error) {
	if err := a.write(ctx, c, c.inputs); err != nil {
		return nil, worded(err, "Error creating %s", c.kind.noun())
	}
	return a.read(ctx, c)
}

func (a actionsPermissions) update(ctx context.Context, c *call) (map[string]any, error) {
	if err := a.write(ctx, c, c.inputs); err != nil {
		return nil, worded(err, "Error updating %s %q", c.kind.noun(), c.id)
	}
	return a.read(ctx, c)
}

// delete allows every action again. Like the official provider, it does not change the requirement to pin actions.
func (a actionsPermissions) delete(ctx context.Context, c *call) error {
	return setBack(a.write(ctx, c, map[string]any{"enabled": true, "allowedActions": "all"}), c)
}

func (actionsPermissions) write(ctx context.Context, c *call, inputs map[string]any) error {
	path, err := c.self(c.values())
	if err != nil {
		return err
	}
	body := c.kind.encode(inputs)
	if body["sha_pinning_required"] == false {
		delete(body, "sha_pinning_required") // the official provider never sends it, so the requirement stays
	}
	selected := body["selected"]
	delete(body, "selected")
	if _, err := c.do(ctx, http.MethodPut, path, body); err != nil {
		return err
	}
	if body["allowed_actions"] != "selected" || selected == nil {
		return nil
	}
	_, err = c.do(ctx, http.MethodPut, path+"/selected-actions", selected)
	return err
}

func (actionsPermissions) read(ctx context.Context, c *call) (map[string]any, error) {
	values := c.values()
	path, err := c.self(values)
	if err != nil {
		return nil, err
	}
	document, err := c.do(ctx, http.MethodGet, path, nil)
	if notFound(err) {
		return nil, nil
	}
	if err == nil && document["allowed_actions"] == "selected" {
		document["selected"], err = c.do(ctx, http.MethodGet, path+"/selected-actions", nil)
	}
	if err != nil {
		return nil, worded(err, "Error reading %s", c.kind.noun())
	}
	return c.stateOf(document, values), nil
}

// workflowPermissions are a document that a deletion resets.
type workflowPermissions struct{ documents }

func (workflowPermissions) delete(ctx context.Context, c *call) error {
	path, err := c.self(c.values())
	if err == nil {
		_, err = c.do(ctx, http.MethodPut, path, map[string]any{"default_workflow_permissions": "read",
			"can_approve_pull_request_reviews": false})
	}
	return setBack(err, c)
}

// vulnerabilityAlerts are on or off. GitHub answers with a status code, without a document.
type vulnerabilityAlerts struct{}

func (v vulnerabilityAlerts) create(ctx context.Context, c *call) (map[string]any, error) {
	if err := v.set(ctx, c, c.inputs["enabled"] == true); err != nil {
		return nil, worded(err, "Error creating %s", c.kind.noun())
	}
	return v.read(ctx, c)
}

func (v vulnerabilityAlerts) update(ctx context.Context, c *call) (map[string]any, error) {
	if err := v.set(ctx, c, c.inputs["enabled"] == true); err != nil {
		return nil, worded(err, "Error updating %s %q", c.kind.noun(), c.id)
	}
	return v.read(ctx, c)
}

func (v vulnerabilityAlerts) delete(ctx context.Context, c *call) error {
	return setBack(v.set(ctx, c, false), c)
}

func (vulnerabilityAlerts) set(ctx context.Context, c *call, enabled bool) error {
	path, err := c.self(c.values())
	if err != nil {
		return err
	}
	method := http.MethodPut
	if !enabled {
		method = http.MethodDelete
	}
	_, err = c.do(ctx, method, path, nil)
	return err
}

func (vulnerabilityAlerts) read(ctx context.Context, c *call) (map[string]any, error) {
	values := c.values()
	path, err := c.kind.path("repos/{owner}/{repository}", values)
	if err != nil {
		return nil, err
	}
	repository, err := c.do(ctx, http.MethodGet, path, nil)
	if notFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the repository's id: %w", err)
	}
	_, err = c.do(ctx, http.MethodGet, path+"/vulnerability-alerts", nil)
	if err != nil && !notFound(err) {
		return nil, worded(err, "Error reading %s", c.kind.noun())
	}
	return map[string]any{"repository": values["repository"], "repositoryId": repository["id"], "enabled": err == nil}, nil
}
