package pulumitest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// recorder implements the mocks: it remembers every registration and computes outputs. The SDK calls it concurrently.
type recorder struct {
	options *options

	mu            sync.Mutex
	resources     []Resource
	outputsCalled int
}

// NewResource records a registration (or the read of an existing resource) and answers with its outputs.
func (r *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	recorded, err := r.record(args)
	if err != nil {
		return "", nil, fmt.Errorf("record %s %q: %w", args.TypeToken, args.Name, err)
	}
	state := args.Inputs.Copy()
	// A component has no outputs until the program registers them. In a preview, a resource that would be created has no outputs
	// either.
	if args.RegisterRPC != nil && (!args.Custom || r.options.preview) {
		return "", state, nil
	}
	id, computed := compute(recorded, r.options.projectNumber)
	if recorded.ID != "" {
		id = recorded.ID
	}
	for key, value := range resource.NewPropertyMapFromMap(computed) {
		state[key] = value
	}
	if override := r.options.outputs[args.TypeToken]; override != nil {
		for key, value := range resource.NewPropertyMapFromMap(override(recorded)) {
			state[key] = value
		}
	}
	return id, state, nil
}

// Call answers an invoke from the options.
func (r *recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	call := r.options.calls[args.Token]
	if call == nil {
		return nil, fmt.Errorf("nothing answers the invoke %s: add pulumitest.WithCall(%q, ...) to this run", args.Token, args.Token)
	}
	flat := flattener{}
	results, err := call(flat.object("", args.Args))
	if err != nil {
		return nil, err
	}
	return resource.NewPropertyMapFromMap(results), nil
}

// RegisterResourceOutputs only counts, because the mocks are not told which component the outputs belong to.
func (r *recorder) RegisterResourceOutputs() (*emptypb.Empty, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outputsCalled++
	return &emptypb.Empty{}, nil
}

func (r *recorder) record(args pulumi.MockResourceArgs) (Resource, error) {
	recorded := Resource{Type: args.TypeToken, Name: args.Name, Custom: args.Custom, ID: args.ID}
	var object *structpb.Struct
	switch {
	case args.RegisterRPC != nil:
		object = args.RegisterRPC.GetObject()
		recorded.takeOptions(args.RegisterRPC)
	case args.ReadRPC != nil:
		object = args.ReadRPC.GetProperties()
		recorded.ParentURN, recorded.Custom, recorded.Read = args.ReadRPC.GetParent(), true, true
	}
	recorded.Parent = parentName(recorded.ParentURN)
	recorded.URN = r.urn(recorded.ParentURN, args.TypeToken, args.Name)

	// The values are decoded again, because the SDK's mocks drop unknown values.
	inputs, err := plugin.UnmarshalProperties(object, plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true, KeepResources: true, KeepOutputValues: true,
	})
	if err != nil {
		return Resource{}, fmt.Errorf("decode inputs: %w", err)
	}
	flat := flattener{}
	recorded.Inputs = flat.object("", inputs)
	slices.Sort(flat.secrets)
	slices.Sort(flat.unknowns)
	recorded.Secrets, recorded.Unknowns = flat.secrets, flat.unknowns

	r.mu.Lock()
	defer r.mu.Unlock()
	r.resources = append(r.resources, recorded)
	return recorded, nil
}

// urn builds a name as the engine does. It contains the parents' types, so two children of one parent cannot share it.
func (r *recorder) urn(parent, typ, name string) string {
	parentType := tokens.Type("")
	if parsed := urn.URN(parent); parsed != "" && parsed.QualifiedType() != resource.RootStackType {
		parentType = parsed.QualifiedType()
	}
	return string(urn.New(tokens.QName(r.options.stack), tokens.PackageName(DefaultProject), parentType, tokens.Type(typ), name))
}

func (r *recorder) inventory() *Inventory {
	r.mu.Lock()
	defer r.mu.Unlock()
	inventory := &Inventory{Resources: slices.Clone(r.resources), outputsRegistered: r.outputsCalled}
	inventory.sort()
	return inventory
}

func (r *Resource) takeOptions(request *pulumirpc.RegisterResourceRequest) {
	r.ParentURN = request.GetParent()
	r.Version = request.GetVersion()
	r.Protect = request.GetProtect()
	r.RetainOnDelete = request.GetRetainOnDelete()
	r.DeleteBeforeReplace = request.GetDeleteBeforeReplace()
	r.IgnoreChanges = slices.Clone(request.GetIgnoreChanges())
	r.ReplaceOnChanges = slices.Clone(request.GetReplaceOnChanges())
	r.AdditionalSecretOutputs = slices.Clone(request.GetAdditionalSecretOutputs())
	r.DependsOn = slices.Sorted(slices.Values(request.GetDependencies()))
	r.Aliases = slices.Clone(request.GetAliasURNs())
	for _, alias := range request.GetAliases() {
		r.Aliases = append(r.Aliases, aliasText(alias))
	}
}

func aliasText(alias *pulumirpc.Alias) string {
	if alias.GetUrn() != "" {
		return alias.GetUrn()
	}
	spec := alias.GetSpec()
	text := "type=" + spec.GetType() + " name=" + spec.GetName()
	if parent := spec.GetParentUrn(); parent != "" {
		text += " parent=" + parent
	}
	return text
}

// parentName returns the logical name in a URN, or "" for the stack itself.
func parentName(parent string) string {
	parsed := urn.URN(parent)
	if parent == "" || parsed.QualifiedType() == resource.RootStackType {
		return ""
	}
	return parsed.Name()
}
