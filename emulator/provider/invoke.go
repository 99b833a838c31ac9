package provider

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// function is a data source: the SDK's structs of its arguments and its result, and what computes the result.
type function struct {
	args, result any
	run          func(ctx context.Context, c *call) (map[string]any, error)
}

// functions maps tokens to data sources.
var functions = map[string]function{
	"gcp:cloudrunv2/getService:getService":    {cloudrunv2.LookupServiceArgs{}, cloudrunv2.LookupServiceResult{}, getService},
	"gcp:organizations/getProject:getProject": {projectLookup{}, projectFound{}, getProject},
	"gcp:kms/getKMSCryptoKeyVersion:getKMSCryptoKeyVersion": {kms.GetKMSCryptoKeyVersionArgs{}, kms.GetKMSCryptoKeyVersionResult{},
		getKeyVersion},
}

// result is the shape of a data source's result. It poses as an input so that [shapeOf] can read it.
type result struct{ of any }

// ElementType implements [pulumi.Input].
func (r result) ElementType() reflect.Type { return reflect.TypeOf(r.of) }

var _ pulumi.Input = result{}

// Invoke calls a data source.
func (s *server) Invoke(ctx context.Context, request *rpc.InvokeRequest) (*rpc.InvokeResponse, error) {
	function, known := functions[request.GetTok()]
	if !known {
		return nil, status.Errorf(codes.Unimplemented, "the sandbox has no function %s: it has %v", request.GetTok(),
			slices.Sorted(maps.Keys(functions)))
	}
	args, err := properties(request.GetArgs(), "arguments")
	if err != nil {
		return nil, err
	}
	ctx, release := s.bound(ctx)
	defer release()
	answer, err := function.run(ctx, &call{client: s.client, settings: s.configured(), inputs: plainObject(args)})
	if err != nil {
		return nil, failure(err)
	}
	returned, err := message(propertyMap(answer), "result")
	return &rpc.InvokeResponse{Return: returned}, err
}

// serviceSource reads a Cloud Run service in the form of its data source, in which single objects are lists with plural names.
var serviceSource = &resourceType{
	token: "gcp:cloudrunv2/getService:getService", args: cloudrunv2.ServiceArgs{}, state: result{cloudrunv2.LookupServiceResult{}},
	api: runAPI, self: "projects/{project}/locations/{location}/services/{name}", singular: true,
	local: words("project location name"),
	rules: map[string]rule{
		"traffics":                      {api: "traffic"},
		"templates.vpcAccesses":         {api: "vpcAccess"},
		"templates.serviceMeshes":       {api: "serviceMesh"},
		"templates.containers.envs":     {api: "env"},
		"templates.containers.commands": {api: "command"},
		"templates.containers.envs.valueSources.secretKeyReves": {api: "secretKeyRef"},
	},
}

func getService(ctx context.Context, c *call) (map[string]any, error) {
	c.kind, c.imported = serviceSource, true
	state, err := documents{}.read(ctx, c)
	if err != nil {
		return nil, err
	}
	id, err := expand(c.kind.self, c.values(), asIs)
	if err != nil {
		return nil, err
	}
	if state == nil {
		return nil, fmt.Errorf("%s not found", id)
	}
	state["id"] = id
	return state, nil
}

// projectSource reads a project in the form of its data source.
var projectSource = &resourceType{
	token: "gcp:organizations/getProject:getProject", args: inputsOf[projectInputs]{}, state: result{projectFound{}},
	api: "/crm/v1/", self: "projects/{projectId}",
	rules: map[string]rule{"number": {api: "projectNumber"}},
}

func getProject(ctx context.Context, c *call) (map[string]any, error) {
	c.kind, c.imported = projectSource, true
	if c.inputs["projectId"] == nil && c.settings.Project != "" {
		c.inputs["projectId"] = c.settings.Project
	}
	values := c.values()
	path, err := c.self(values)
	if err != nil {
		return nil, err
	}
	document, err := c.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, worded(err, "Error reading project %s", doc.Text(values, "projectId"))
	}
	state := c.stateOf(document, values)
	state["id"] = "projects/" + doc.Text(state, "projectId")
	return state, nil
}
