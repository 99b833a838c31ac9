package provider

import (
	"context"
	"net/http"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/projects"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

const serviceUsageAPI = "/su/v1/"

// projectTypes are the resource types about a project as a whole.
var projectTypes = []*resourceType{
	{
		token: "gcp:projects/service:Service", args: projects.ServiceArgs{}, state: projects.ServiceState{},
		api: serviceUsageAPI, self: "projects/{project}/services/{service}", id: "{project}/{service}",
		operations: enabledServices{}, update: updateNone,
		local: words("project service disableOnDestroy disableDependentServices checkIfServiceHasUsageOnDestroy"),
	},
	memberRow(&resourceType{
		token: "gcp:projects/iAMMember:IAMMember", args: projects.IAMMemberArgs{}, state: projects.IAMMemberState{},
		api: "/crm/v1/", self: "projects/{project}", id: "{project}", operations: iamMember{post: true, inBody: true}, local: words("project"),
	}),
}

// enabledServices are the APIs that are enabled in a project. Creating one enables the API, and succeeds if it is already
// enabled.
type enabledServices struct{ documents }

func (s enabledServices) create(ctx context.Context, c *call) (map[string]any, error) {
	path, err := c.kind.path("projects/{project}/services:batchEnable", c.values())
	if err != nil {
		return nil, err
	}
	if err := c.send(ctx, http.MethodPost, path, map[string]any{"serviceIds": []any{c.inputs["service"]}}); err != nil {
		return nil, worded(err, "Error enabling service %q", doc.Text(c.inputs, "service"))
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
		return nil, worded(err, "Error reading service %q", doc.Text(values, "service"))
	}
	return c.stateOf(map[string]any{}, values), nil
}

// delete leaves the API enabled unless disableOnDestroy is set, because others may use it.
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
	if err := c.send(ctx, http.MethodPost, path+":disable", body); err != nil && !notFound(err) {
		return worded(err, "Error disabling service %q", doc.Text(c.state, "service"))
	}
	return nil
}

// projectLookup holds the arguments of a project's data source, and projectFound its result. projectInputs are the properties of the
// result that a project resource takes. See [inputsOf].
type projectLookup struct {
	ProjectID *string `pulumi:"projectId"`
}

type projectInputs struct {
	AutoCreateNetwork *bool             `pulumi:"autoCreateNetwork"`
	BillingAccount    *string           `pulumi:"billingAccount"`
	DeletionPolicy    *string           `pulumi:"deletionPolicy"`
	FolderID          *string           `pulumi:"folderId"`
	Labels            map[string]string `pulumi:"labels"`
	Name              *string           `pulumi:"name"`
	OrgID             *string           `pulumi:"orgId"`
	ProjectID         *string           `pulumi:"projectId"`
	Tags              map[string]string `pulumi:"tags"`
}

type projectFound struct {
	AutoCreateNetwork bool              `pulumi:"autoCreateNetwork"`
	BillingAccount    string            `pulumi:"billingAccount"`
	DeletionPolicy    string            `pulumi:"deletionPolicy"`
	EffectiveLabels   map[string]string `pulumi:"effectiveLabels"`
	FolderID          string            `pulumi:"folderId"`
	ID                string            `pulumi:"id"`
	Labels            map[string]string `pulumi:"labels"`
	Name              string            `pulumi:"name"`
	Number            string            `pulumi:"number"`
	OrgID             string            `pulumi:"orgId"`
	ProjectID         *string           `pulumi:"projectId"`
	PulumiLabels      map[string]string `pulumi:"pulumiLabels"`
	Tags              map[string]string `pulumi:"tags"`
}
