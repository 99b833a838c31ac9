package provider

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/iam"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/projects"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/serviceaccount"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

const iamAPI = "/iam/v1/"

// iamTypes are the resource types for accounts, federation and custom roles.
var iamTypes = []*resourceType{
	{
		token: "gcp:serviceaccount/account:Account", args: serviceaccount.AccountArgs{}, state: serviceaccount.AccountState{},
		api: iamAPI, collection: "projects/{project}/serviceAccounts", wrap: "serviceAccount", wrapWith: words("accountId"),
		update: updateInBody, autoName: "accountId", operations: accounts{},
		locate:  "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com",
		local:   words("accountId project createIgnoreAlreadyExists"),
		rules:   map[string]rule{"accountId": {api: "email", decode: beforeAt}},
		predict: predictEmail,
		derive:  func(state map[string]any) { state["member"] = "serviceAccount:" + doc.Text(state, "email") },
	},
	memberRow(&resourceType{
		token: "gcp:serviceaccount/iAMMember:IAMMember", args: serviceaccount.IAMMemberArgs{}, state: serviceaccount.IAMMemberState{},
		api: iamAPI, self: "{+serviceAccountId}", operations: iamMember{post: true}, local: words("serviceAccountId"),
	}),
	{
		token: "gcp:iam/workloadIdentityPool:WorkloadIdentityPool", args: iam.WorkloadIdentityPoolArgs{}, state: iam.WorkloadIdentityPoolState{},
		api: iamAPI, collection: "projects/{project}/locations/global/workloadIdentityPools",
		query:      "workloadIdentityPoolId={workloadIdentityPoolId}",
		self:       "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}",
		local:      words("project workloadIdentityPoolId"),
		operations: softDeleted{},
	},
	{
		token: "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider", args: iam.WorkloadIdentityPoolProviderArgs{},
		state: iam.WorkloadIdentityPoolProviderState{},
		api:   iamAPI, collection: "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId:short}/providers",
		query:      "workloadIdentityPoolProviderId={workloadIdentityPoolProviderId}",
		self:       "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId:short}/providers/{workloadIdentityPoolProviderId}",
		local:      words("project workloadIdentityPoolId workloadIdentityPoolProviderId"),
		operations: softDeleted{},
	},
	{
		token: "gcp:projects/iAMCustomRole:IAMCustomRole", args: projects.IAMCustomRoleArgs{}, state: projects.IAMCustomRoleState{},
		api: iamAPI, collection: "projects/{project}/roles", wrap: "role", wrapWith: words("roleId"),
		self: "projects/{project}/roles/{roleId}", autoName: "roleId", operations: customRoles{},
		local:  words("project roleId"),
		rules:  map[string]rule{"permissions": {api: "includedPermissions"}},
		derive: func(state map[string]any) { state["deleted"] = state["deleted"] == true },
	},
}

// predictEmail computes an account's email from its id and project.
func predictEmail(planned map[string]any) {
	account, project := doc.Text(planned, "accountId"), doc.Text(planned, "project")
	if account == "" || project == "" {
		return
	}
	email := account + "@" + project + ".iam.gserviceaccount.com"
	planned["email"], planned["member"] = email, "serviceAccount:"+email
}

func beforeAt(email any) any {
	account, _, _ := strings.Cut(fmt.Sprint(email), "@")
	return account
}

// accounts are service accounts. Enabling and disabling them takes separate methods of the API.
type accounts struct{ documents }

func (a accounts) update(ctx context.Context, c *call) (map[string]any, error) {
	if before, after := c.state["disabled"] == true, c.inputs["disabled"] == true; before != after {
		if err := c.enable(ctx, !after); err != nil {
			return nil, worded(err, "Error updating Account %q", c.id)
		}
	}
	c.state = copyObject(c.state)
	c.state["disabled"] = c.inputs["disabled"]
	return a.documents.update(ctx, c)
}

// softDeleted are resources that the API keeps for 30 days after their deletion. Pulumi treats them as deleted. As with the
// official provider, the API refuses to create one with the same id before the 30 days are over.
type softDeleted struct{ documents }

func (s softDeleted) read(ctx context.Context, c *call) (map[string]any, error) {
	state, err := s.documents.read(ctx, c)
	if state["state"] == "DELETED" || state["deleted"] == true {
		return nil, err
	}
	return state, err
}

// delete first reads the resource, because the API refuses to delete it twice.
func (s softDeleted) delete(ctx context.Context, c *call) error {
	state, err := s.read(ctx, c)
	if err != nil || state == nil {
		return err
	}
	return s.documents.delete(ctx, c)
}

// customRoles are soft-deleted too. Like the official provider, create restores a deleted role.
type customRoles struct{ softDeleted }

func (r customRoles) create(ctx context.Context, c *call) (map[string]any, error) {
	values := c.values()
	path, err := c.self(values)
	if err != nil {
		return nil, err
	}
	there, err := c.do(ctx, http.MethodGet, path, nil)
	switch {
	case notFound(err):
		return r.documents.create(ctx, c)
	case err != nil:
		return nil, worded(err, "Unable to verify whether custom project role %s already exists and must be undeleted",
			doc.Text(values, "roleId"))
	case there["deleted"] != true:
		return nil, fmt.Errorf("%s %s already exists and must be imported", "Custom project role", strings.TrimPrefix(path, iamAPI))
	}
	if _, err := c.do(ctx, http.MethodPost, path+":undelete", map[string]any{}); err != nil {
		return nil, worded(err, "Unable to undelete the custom project role %s", doc.Text(values, "roleId"))
	}
	c.old, c.state = map[string]any{}, c.stateOf(there, values)
	return r.update(ctx, c)
}
