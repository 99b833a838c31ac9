package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-github/sdk/v6/go/github"
)

// protectionTypes are what holds for a whole repository. But for the ruleset they are switches that a repository always
// has: creating one sets it, and deleting one sets it back to what GitHub starts with.
var protectionTypes = []*resourceType{
	{
		token: "github:index/repositoryRuleset:RepositoryRuleset", args: &github.RepositoryRulesetArgs{}, state: &github.RepositoryRulesetState{},
		api: githubAPI, collection: "repos/{owner}/{repository}/rulesets", self: "repos/{owner}/{repository}/rulesets/{rulesetId}",
		id: "{rulesetId}", importID: "{repository}:{rulesetId}", update: updatePut, locateBy: "name", autoName: "name",
		local: words("repository"),
		required: words("conditions.refName.includes conditions.refName.excludes rules.fileExtensionRestriction.restrictedFileExtensions " +
			"rules.filePathRestriction.restrictedFilePaths rules.pullRequest.requiredReviewers.filePatterns rules.requiredCodeScanning.requiredCodeScanningTools " +
			"rules.requiredDeployments.requiredDeploymentEnvironments rules.requiredStatusChecks.requiredChecks"),
		sets:     words("rules.requiredStatusChecks.requiredChecks"),
		computed: words("rules.pullRequest.allowedMergeMethods"),
		defaults: map[string]any{
			"rules.pullRequest.dismissStaleReviewsOnPush": false, "rules.pullRequest.requireCodeOwnerReview": false,
			"rules.pullRequest.requireLastPushApproval": false, "rules.pullRequest.requiredApprovingReviewCount": 0.0,
			"rules.pullRequest.requiredReviewThreadResolution": false, "rules.requiredStatusChecks.doNotEnforceOnCreate": false,
			"rules.requiredStatusChecks.strictRequiredStatusChecksPolicy": false,
		},
		rules: map[string]rule{
			"rulesetId": {api: "id"}, "nodeId": {api: "node_id"}, "bypassActors": {api: "bypass_actors"},
			"bypassActors.actorId": {api: "actor_id"}, "bypassActors.actorType": {api: "actor_type"}, "bypassActors.bypassMode": {api: "bypass_mode"},
			"conditions.refName": {api: "ref_name"}, "conditions.refName.includes": {api: "include"}, "conditions.refName.excludes": {api: "exclude"},
		},
		request: rulesetAsSent, document: rulesetAsProperties, derive: rulesetTag,
	},
	{
		token: "github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions",
		args:  &github.ActionsRepositoryPermissionsArgs{}, state: &github.ActionsRepositoryPermissionsState{},
		api: githubAPI, self: "repos/{owner}/{repository}/actions/permissions", id: "{repository}", operations: actionsPermissions{}, switches: true,
		local: words("repository"), sets: words("allowedActionsConfig.patternsAlloweds"), computed: words("shaPinningRequired"),
		defaults: map[string]any{"enabled": true},
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
		args:  &github.WorkflowRepositoryPermissionsArgs{}, state: &github.WorkflowRepositoryPermissionsState{},
		api: githubAPI, self: "repos/{owner}/{repository}/actions/permissions/workflow", id: "{repository}",
		createByPut: true, update: updatePut, operations: workflowPermissions{}, switches: true,
		local:    words("repository"),
		defaults: map[string]any{"canApprovePullRequestReviews": false},
		rules: map[string]rule{
			"defaultWorkflowPermissions":   {api: "default_workflow_permissions"},
			"canApprovePullRequestReviews": {api: "can_approve_pull_request_reviews"},
		},
	},
	{
		token: "github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts",
		args:  &github.RepositoryVulnerabilityAlertsArgs{}, state: &github.RepositoryVulnerabilityAlertsState{},
		api: githubAPI, self: "repos/{owner}/{repository}/vulnerability-alerts", id: "{repositoryId}", importID: "{repository}", operations: vulnerabilityAlerts{}, switches: true,
		local: words("repository"), replace: words("repository"),
		defaults: map[string]any{"enabled": true},
	},
}

// rulesetTag stands for the ETag header of the answer, which the official provider keeps.
func rulesetTag(state map[string]any) {
	delete(state, "etag")
	data, err := json.Marshal(state)
	if err != nil {
		return
	}
	sum := sha256.Sum256(data)
	state["etag"] = `W/"` + hex.EncodeToString(sum[:]) + `"`
}

// The rules and parameters whose API names are not their properties' in snake case.
var (
	ruleNames      = map[string]string{"requiredCodeScanning": "code_scanning"}
	parameterNames = map[string]string{"requiredChecks": "required_status_checks", "requiredCodeScanningTools": "code_scanning_tools"}
)

var (
	capital         = regexp.MustCompile(`[A-Z]`)
	afterUnderscore = regexp.MustCompile(`_[a-z]`)
)

func snake(property string, special map[string]string) string {
	if name := special[property]; name != "" {
		return name
	}
	return capital.ReplaceAllStringFunc(property, func(letter string) string { return "_" + strings.ToLower(letter) })
}

func camel(name string, special map[string]string) string {
	for property, other := range special {
		if other == name {
			return property
		}
	}
	return afterUnderscore.ReplaceAllStringFunc(name, func(found string) string { return strings.ToUpper(found[1:]) })
}

// rulesetAsSent turns the rules' properties into the API's list of typed rules. A rule without parameters is a boolean;
// false is no rule. It says everything: what a PUT leaves out would stay as it was.
func rulesetAsSent(document map[string]any) map[string]any {
	if document["bypass_actors"] == nil {
		document["bypass_actors"] = []any{}
	}
	rules, _ := document["rules"].(map[string]any)
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		rule := map[string]any{"type": snake(name, ruleNames)}
		switch value := rules[name].(type) {
		case bool:
			if !value || name == "updateAllowsFetchAndMerge" {
				continue
			}
			if name == "update" {
				rule["parameters"] = map[string]any{"update_allows_fetch_and_merge": rules["updateAllowsFetchAndMerge"] == true}
			}
		case map[string]any:
			rule["parameters"] = renamed(value, func(name string) string { return snake(name, parameterNames) })
		}
		list = append(list, rule)
	}
	document["rules"] = list
	return document
}

// rulesetAsProperties is the way back.
func rulesetAsProperties(answer map[string]any) map[string]any {
	document, properties := maps.Clone(answer), map[string]any{}
	list, _ := answer["rules"].([]any)
	for _, element := range list {
		rule, _ := element.(map[string]any)
		name := camel(text(rule, "type"), ruleNames)
		parameters, _ := rule["parameters"].(map[string]any)
		switch {
		case name == "update":
			properties["update"] = true
			properties["updateAllowsFetchAndMerge"] = parameters["update_allows_fetch_and_merge"] == true
		case len(parameters) == 0:
			properties[name] = true
		default:
			properties[name] = renamed(parameters, func(name string) string { return camel(name, parameterNames) })
		}
	}
	document["rules"] = properties
	return document
}

// renamed is a value with other names in its objects. The number 0 of a check's app says any app, and is left out.
func renamed(value any, name func(string) string) any {
	switch v := value.(type) {
	case map[string]any:
		object := map[string]any{}
		for key, inner := range v {
			if key == "integrationId" && isZero(inner) || inner == nil {
				continue
			}
			object[name(key)] = renamed(inner, name)
		}
		return object
	case []any:
		list := make([]any, len(v))
		for i, inner := range v {
			list[i] = renamed(inner, name)
		}
		return list
	}
	return value
}

// setBack words the failure of a deletion that sets back. A repository that is gone has nothing to set.
func setBack(err error, c *call) error {
	if err == nil || notFound(err) {
		return nil
	}
	return worded(err, "Error when reading or editing %s %q", c.kind.noun(), c.id)
}

// actionsPermissions are two documents: which actions may run, and the selection that counts only while the first says so.
type actionsPermissions struct{ documents }

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

// delete allows every action again. Like the official provider it does not speak of pinning, which stays as it was.
func (a actionsPermissions) delete(ctx context.Context, c *call) error {
	return setBack(a.write(ctx, c, map[string]any{"enabled": true, "allowedActions": "all"}), c)
}

func (actionsPermissions) write(ctx context.Context, c *call, inputs map[string]any) error {
	path, err := c.self(c.values())
	if err != nil {
		return err
	}
	body := c.kind.encode(inputs)
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

// workflowPermissions are a document that is set back instead of deleted.
type workflowPermissions struct{ documents }

func (workflowPermissions) delete(ctx context.Context, c *call) error {
	path, err := c.self(c.values())
	if err == nil {
		_, err = c.do(ctx, http.MethodPut, path, map[string]any{"default_workflow_permissions": "read", "can_approve_pull_request_reviews": false})
	}
	return setBack(err, c)
}

// vulnerabilityAlerts are on or off, which GitHub says by the code of an answer without a document.
type vulnerabilityAlerts struct{ documents }

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
