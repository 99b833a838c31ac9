package provider

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/projects"
)

const serviceUsageAPI = "/su/v1/"

// projectTypes are what belongs to a project as a whole.
var projectTypes = []*resourceType{
	{
		token: "gcp:projects/service:Service", args: projects.ServiceArgs{}, state: projects.ServiceState{},
		api: serviceUsageAPI, self: "projects/{project}/services/{service}", id: "{project}/{service}",
		operations: enabledServices{}, update: updateNone,
		local:   words("project service disableOnDestroy disableDependentServices checkIfServiceHasUsageOnDestroy"),
		replace: words("project service"),
	},
	memberType("gcp:projects/iAMMember:IAMMember", projects.IAMMemberArgs{}, projects.IAMMemberState{},
		"/crm/v1/", "projects/{project}", "{project}", iamMember{post: true, inBody: true}, "project"),
}

// enabledServices are the APIs that a project may use. Making one enables it, and is content when it already is.
type enabledServices struct{ documents }

func (s enabledServices) create(ctx context.Context, c *call) (map[string]any, error) {
	path, err := c.self(c.values())
	if err != nil {
		return nil, err
	}
	answer, err := c.do(ctx, http.MethodPost, path+":enable", map[string]any{})
	if err == nil && isOperation(answer) {
		_, err = c.finish(ctx, c.kind.api, answer)
	}
	if err != nil {
		return nil, fmt.Errorf("Error enabling service %q: %w", text(c.inputs, "service"), err) //nolint:staticcheck // the provider's wording
	}
	return s.read(ctx, c)
}

func (s enabledServices) read(ctx context.Context, c *call) (map[string]any, error) {
	values := c.values()
	path, err := c.self(values)
	if err != nil {
		return nil, err
	}
	service, err := c.do(ctx, http.MethodGet, path, nil)
	if notFound(err) || err == nil && service["state"] != "ENABLED" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("Error reading service %q: %w", text(values, "service"), err) //nolint:staticcheck // the provider's wording
	}
	return c.stateOf(map[string]any{}, values), nil
}

// delete leaves the API enabled unless disableOnDestroy says otherwise: others may use it.
func (s enabledServices) delete(ctx context.Context, c *call) error {
	if c.state["disableOnDestroy"] != true {
		return nil
	}
	path, err := c.self(c.values())
	if err != nil {
		return err
	}
	body := map[string]any{"disableDependentServices": c.state["disableDependentServices"] == true}
	if c.state["checkIfServiceHasUsageOnDestroy"] == true {
		body["checkIfServiceHasUsage"] = "CHECK"
	}
	answer, err := c.do(ctx, http.MethodPost, path+":disable", body)
	if err == nil && isOperation(answer) {
		_, err = c.finish(ctx, c.kind.api, answer)
	}
	if err != nil && !notFound(err) {
		return fmt.Errorf("Error disabling service %q: %w", text(c.state, "service"), err) //nolint:staticcheck // the provider's wording
	}
	return nil
}
