package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// prepare reads the common parts of the requests to create, read, update and delete.
func (s *server) prepare(urn, id string, inputs, old, state *structpb.Struct) (*call, resource.PropertyMap, error) {
	t, err := lookup(string(resource.URN(urn).Type()))
	if err != nil {
		return nil, nil, status.Error(codes.Unimplemented, err.Error())
	}
	c := &call{client: s.client, settings: s.configured(), kind: t, id: id}
	model := resource.PropertyMap{}
	for _, part := range []struct {
		message *structpb.Struct
		into    *map[string]any
	}{{state, &c.state}, {old, &c.old}, {inputs, &c.inputs}} {
		if part.message == nil {
			continue
		}
		props, err := properties(part.message, "properties")
		if err != nil {
			return nil, nil, err
		}
		*part.into = plainInputs(plainObject(props))
		maps.Copy(model, props)
	}
	for _, name := range t.secrets {
		model[resource.PropertyKey(name)] = resource.MakeSecret(resource.NewNullProperty())
	}
	return c, model, nil
}

// Create creates the resource. In a preview it sends nothing, and the values that only the API knows are unknown.
func (s *server) Create(ctx context.Context, request *rpc.CreateRequest) (*rpc.CreateResponse, error) {
	c, model, err := s.prepare(request.GetUrn(), "", request.GetProperties(), nil, nil)
	if err != nil {
		return nil, err
	}
	if request.GetPreview() {
		state, err := outputs(c.predicted(), model)
		return &rpc.CreateResponse{Properties: state}, err
	}
	ctx, release := s.bound(ctx)
	defer release()
	state, err := c.kind.ops().create(ctx, c)
	var partial *partialError
	if errors.As(err, &partial) {
		return nil, c.initFailed(partial, model, request.GetProperties())
	}
	if err != nil {
		return nil, failure(err)
	}
	id, err := c.idOf(state)
	if err != nil {
		return nil, failure(err)
	}
	properties, err := outputs(state, model)
	return &rpc.CreateResponse{Id: id, Properties: properties}, err
}

// Update changes the resource in place.
func (s *server) Update(ctx context.Context, request *rpc.UpdateRequest) (*rpc.UpdateResponse, error) {
	c, model, err := s.prepare(request.GetUrn(), request.GetId(), request.GetNews(), request.GetOldInputs(), request.GetOlds())
	if err != nil {
		return nil, err
	}
	if request.GetPreview() {
		state, err := outputs(c.kind.planned(c.inputs, c.state), model)
		return &rpc.UpdateResponse{Properties: state}, err
	}
	ctx, release := s.bound(ctx)
	defer release()
	state, err := c.kind.ops().update(ctx, c)
	var partial *partialError
	if errors.As(err, &partial) {
		return nil, c.initFailed(partial, model, request.GetNews())
	}
	if err == nil && state == nil {
		err = fmt.Errorf("%s %q is gone: run `pulumi refresh`, then `pulumi up` makes it again", c.kind.noun(), c.id)
	}
	if err != nil {
		return nil, failure(err)
	}
	properties, err := outputs(state, model)
	return &rpc.UpdateResponse{Properties: properties}, err
}

// Read returns the live resource, as inputs and as state. An empty id means that the resource no longer exists.
func (s *server) Read(ctx context.Context, request *rpc.ReadRequest) (*rpc.ReadResponse, error) {
	c, model, err := s.prepare(request.GetUrn(), request.GetId(), nil, request.GetInputs(), request.GetProperties())
	if err != nil {
		return nil, err
	}
	olds, err := properties(request.GetInputs(), "inputs")
	if err != nil {
		return nil, err
	}
	if len(c.state) == 0 { // an import, or a resource of which the engine has only the id
		if c.state, err = c.kind.parseImport(c.id, c.old); err != nil {
			return nil, failure(err)
		}
		c.imported, c.old = true, nil
		if c.settings.Project != "" && isNumber(doc.Text(c.state, "project")) {
			c.state["project"] = c.settings.Project // some ids contain the project's number, but programs use its id
		}
	}
	ctx, release := s.bound(ctx)
	defer release()
	state, err := c.kind.ops().read(ctx, c)
	if err != nil {
		return nil, failure(err)
	}
	if state == nil {
		return &rpc.ReadResponse{}, nil
	}
	for _, name := range c.kind.forgets {
		if c.imported || c.state[name] == nil { // a refresh after the import does not know it either
			delete(state, name)
		}
	}
	id, err := c.idOf(state)
	if err != nil {
		return nil, failure(err)
	}
	read, err := message(withSecretsOf(propertyMap(c.kind.liveInputs(plainObject(olds), c.state, state)), model), "inputs")
	if err != nil {
		return nil, err
	}
	properties, err := outputs(state, model)
	return &rpc.ReadResponse{Id: id, Inputs: read, Properties: properties}, err
}

// Delete deletes the resource. It succeeds if the resource no longer exists.
func (s *server) Delete(ctx context.Context, request *rpc.DeleteRequest) (*emptypb.Empty, error) {
	c, _, err := s.prepare(request.GetUrn(), request.GetId(), nil, request.GetOldInputs(), request.GetProperties())
	if err != nil {
		return nil, err
	}
	if protection := c.kind.protection; protection != "" && c.state[protection] == true {
		return nil, failure(fmt.Errorf("cannot destroy %s without setting %s=false and running `pulumi up`", c.kind.noun(), protection))
	}
	ctx, release := s.bound(ctx)
	defer release()
	if err := c.kind.ops().delete(ctx, c); err != nil {
		return nil, failure(err)
	}
	return &emptypb.Empty{}, nil
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// idOf returns the Pulumi id of a resource with this state.
func (c *call) idOf(state map[string]any) (string, error) {
	template := c.kind.idTemplate()
	if template == "" {
		return c.id, nil
	}
	id, err := expand(template, state, asIs)
	if err != nil {
		return "", fmt.Errorf("%s: %w", c.kind.token, err)
	}
	if condition, ok := state["condition"].(map[string]any); ok {
		id += "/" + doc.Text(condition, "title") // of a member of an IAM policy
	}
	return id, nil
}

// planned returns the state before the API is asked. It contains the inputs; values that the API computes are unknown. An update
// keeps the old computed values, because most of them do not change.
func (t *resourceType) planned(inputs, old map[string]any) map[string]any {
	planned := copyObject(inputs)
	fields, given := shapeOf(t.state).fields, shapeOf(t.args).fields
	for _, path := range t.outputOnly {
		withOutput(planned, old, strings.Split(path, "."))
	}
	for name := range fields {
		_, isInput := given[name]
		computed := !isInput || t.facts.at(name).computed
		if planned[name] != nil || !computed {
			continue
		}
		if old == nil {
			planned[name] = unknown{}
		} else if old[name] != nil {
			planned[name] = copyValue(old[name])
		}
	}
	return planned
}

// withOutput adds to an object of the inputs a value that only the API writes: the old value, or an unknown one.
func withOutput(planned, old any, path []string) {
	switch v := planned.(type) {
	case []any:
		was, _ := old.([]any)
		for i := range v {
			withOutput(v[i], at(was, i), path)
		}
	case map[string]any:
		was, _ := old.(map[string]any)
		switch {
		case len(path) > 1:
			withOutput(v[path[0]], was[path[0]], path[1:])
		case was[path[0]] != nil:
			v[path[0]] = copyValue(was[path[0]])
		case len(was) == 0:
			v[path[0]] = unknown{}
		}
	}
}

// predicted returns the state of a resource that a preview would create. It contains the values that the official provider
// computes without the API, so that policies can judge them.
func (c *call) predicted() map[string]any {
	planned := c.kind.planned(c.inputs, nil)
	if _, isOutput := planned["project"]; isOutput && c.inputs["project"] == nil && c.settings.Project != "" {
		planned["project"] = c.settings.Project
	}
	if c.kind.labelled() && !hasUnknown(c.inputs["labels"]) {
		planned["effectiveLabels"], planned["pulumiLabels"] = withProvisioned(c.inputs["labels"]), withProvisioned(c.inputs["labels"])
	}
	if c.kind.predict != nil {
		c.kind.predict(planned)
	}
	return planned
}

func outputs(state map[string]any, model resource.PropertyMap) (*structpb.Struct, error) {
	return message(withSecretsOf(propertyMap(state), model), "outputs")
}

// failure returns an error in the form whose text the engine shows.
func failure(err error) error { return status.Error(codes.Unknown, err.Error()) }

// initFailed tells the engine to keep a resource that was created but is not ready.
func (c *call) initFailed(partial *partialError, model resource.PropertyMap, inputs *structpb.Struct) error {
	id, err := c.idOf(partial.state)
	if err != nil {
		return failure(errors.Join(partial, err))
	}
	properties, err := outputs(partial.state, model)
	if err != nil {
		return failure(errors.Join(partial, err))
	}
	st, err := status.New(codes.Unknown, partial.Error()).WithDetails(&rpc.ErrorResourceInitFailed{
		Id: id, Properties: properties, Inputs: inputs, Reasons: []string{partial.Error()},
	})
	if err != nil {
		return failure(partial)
	}
	return st.Err()
}
