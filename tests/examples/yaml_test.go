package examples_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/proto/go/codegen"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/sandbox/golang"
)

// yamlHost serves the language host of YAML programs. Pulumi's own and what nothing else imports take 35 s of processor time to
// compile, so only `check --full` runs the example with it. The engine finds that one by its name.
func yamlHost(t *testing.T, _ string) string {
	t.Helper()
	if os.Getenv("CHECK_FULL") != "" {
		folder := t.TempDir()
		require.NoError(t, golang.Compile(t.Context(), "yaml", "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
			filepath.Join(folder, "pulumi-language-yaml"), "the language host of YAML"))
		return "PATH=" + folder + string(os.PathListSeparator) + os.Getenv("PATH")
	}
	cancel := make(chan bool)
	served, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{Cancel: cancel, Init: func(server *grpc.Server) error {
		pulumirpc.RegisterLanguageRuntimeServer(server, yamlRuntime{})
		return nil
	}})
	require.NoError(t, err)
	t.Cleanup(func() { close(cancel); assert.NoError(t, <-served.Done) })
	return fmt.Sprintf("PULUMI_DEBUG_LANGUAGES=yaml:%d", served.Port)
}

// yamlRuntime runs YAML programs as the engine asks for it. Like Pulumi's own it asks the engine for the schema of a resource's package,
// takes the resource's full type from it, and refuses a property that it does not have. Of the language it knows what the example uses:
// variables, resources, references as whole values, secrets and outputs.
type yamlRuntime struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
}

func (yamlRuntime) Handshake(context.Context, *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (yamlRuntime) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (yamlRuntime) GetRequiredPackages(context.Context, *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse,
	error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

func (yamlRuntime) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	text, err := os.ReadFile(filepath.Join(request.GetInfo().GetProgramDirectory(), "Pulumi.yaml"))
	if err != nil {
		return nil, err
	}
	run := yamlRun{ctx: ctx, made: map[string]madeResource{}}
	if err := yaml.Unmarshal(text, &run.program); err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	monitor, err := grpc.NewClient(request.GetMonitorAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer monitor.Close()
	loader, err := grpc.NewClient(request.GetLoaderTarget(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	run.monitor, run.loader = pulumirpc.NewResourceMonitorClient(monitor), codegen.NewLoaderClient(loader)
	if err := run.all(request.GetProject() + "-" + request.GetStack()); err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	_, err = run.monitor.SignalAndWaitForShutdown(ctx, &emptypb.Empty{})
	return &pulumirpc.RunResponse{}, err
}

// yamlRun is one run of a program.
type yamlRun struct {
	ctx     context.Context
	monitor pulumirpc.ResourceMonitorClient
	loader  codegen.LoaderClient
	program struct {
		Variables, Outputs map[string]any
		Resources          map[string]struct {
			Type       string
			Properties map[string]any
		}
	}
	stack string
	made  map[string]madeResource
}

type madeResource struct {
	urn     string
	outputs resource.PropertyMap // with its id
}

var kept = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true}

// all registers the stack, each resource after those that it refers to, and the outputs.
func (r *yamlRun) all(stack string) error {
	registered, err := r.monitor.RegisterResource(r.ctx, &pulumirpc.RegisterResourceRequest{Type: string(resource.RootStackType), Name: stack})
	if err != nil {
		return err
	}
	r.stack = registered.GetUrn()
	for name := range r.program.Resources {
		if _, err := r.resource(name); err != nil {
			return err
		}
	}
	outputs, _, err := r.properties(r.program.Outputs)
	if err != nil {
		return err
	}
	object, err := plugin.MarshalProperties(outputs, kept)
	if err != nil {
		return err
	}
	_, err = r.monitor.RegisterResourceOutputs(r.ctx, &pulumirpc.RegisterResourceOutputsRequest{Urn: r.stack, Outputs: object})
	return err
}

// resource registers a resource unless it is registered already.
func (r *yamlRun) resource(name string) (madeResource, error) {
	if made, done := r.made[name]; done {
		return made, nil
	}
	described, known := r.program.Resources[name]
	if !known {
		return madeResource{}, fmt.Errorf("there is no variable and no resource %s", name)
	}
	inputs, dependencies, err := r.properties(described.Properties)
	if err != nil {
		return madeResource{}, err
	}
	full, err := r.typeOf(described.Type, inputs)
	if err != nil {
		return madeResource{}, fmt.Errorf("%s: %w", name, err)
	}
	object, err := plugin.MarshalProperties(inputs, kept)
	if err != nil {
		return madeResource{}, err
	}
	registered, err := r.monitor.RegisterResource(r.ctx, &pulumirpc.RegisterResourceRequest{Type: full, Name: name, Parent: r.stack,
		Custom: true, Object: object, Dependencies: dependencies, AcceptSecrets: true, AcceptResources: true, SupportsResultReporting: true})
	if err != nil {
		return madeResource{}, err
	}
	outputs, err := plugin.UnmarshalProperties(registered.GetObject(), kept)
	if err != nil {
		return madeResource{}, err
	}
	outputs["id"] = resource.NewProperty(registered.GetId())
	if registered.GetId() == "" {
		outputs["id"] = unknown // in a preview
	}
	r.made[name] = madeResource{urn: registered.GetUrn(), outputs: outputs}
	return r.made[name], nil
}

// typeOf returns a type's token as its package has it, where a:b:C is a:b/c:C, and fails if the type lacks one of the inputs.
func (r *yamlRun) typeOf(typ string, inputs resource.PropertyMap) (string, error) {
	words := strings.Split(typ, ":")
	if len(words) != 3 {
		return "", fmt.Errorf("the type %s does not consist of three words", typ)
	}
	answer, err := r.loader.GetSchema(r.ctx, &codegen.GetSchemaRequest{Package: words[0]})
	if err != nil {
		return "", err
	}
	var schema struct {
		Resources map[string]struct{ InputProperties map[string]any }
	}
	if err := json.Unmarshal(answer.GetSchema(), &schema); err != nil {
		return "", err
	}
	full := words[0] + ":" + words[1] + "/" + strings.ToLower(words[2][:1]) + words[2][1:] + ":" + words[2]
	described, known := schema.Resources[full]
	if !known {
		return "", fmt.Errorf("the package %s has no type %s", words[0], full)
	}
	for property := range inputs {
		if described.InputProperties[string(property)] == nil {
			return "", fmt.Errorf("the type %s has no property %s", full, property)
		}
	}
	return full, nil
}

// properties evaluates properties, and returns the resources that they refer to.
func (r *yamlRun) properties(described map[string]any) (values resource.PropertyMap, dependencies []string, err error) {
	values = resource.PropertyMap{}
	for name, value := range described {
		evaluated, err := r.value(value, &dependencies)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		values[resource.PropertyKey(name)] = evaluated
	}
	return values, dependencies, nil
}

var (
	reference = regexp.MustCompile(`^\$\{(\w+)(?:\.(\w+))?\}$`)
	unknown   = resource.MakeComputed(resource.NewProperty(""))
)

func (r *yamlRun) value(value any, dependencies *[]string) (resource.PropertyValue, error) {
	switch value := value.(type) {
	case string:
		found := reference.FindStringSubmatch(value)
		if found == nil {
			return resource.NewProperty(value), nil
		}
		if variable, known := r.program.Variables[found[1]]; known && found[2] == "" {
			return r.value(variable, dependencies)
		}
		made, err := r.resource(found[1])
		if err != nil {
			return resource.PropertyValue{}, err
		}
		*dependencies = append(*dependencies, made.urn)
		if output, known := made.outputs[resource.PropertyKey(found[2])]; known {
			return output, nil
		}
		return unknown, nil // The provider knows it after the update.
	case map[string]any:
		if secret, is := value["fn::secret"]; is {
			inner, err := r.value(secret, dependencies)
			return resource.MakeSecret(inner), err
		}
		values, more, err := r.properties(value)
		*dependencies = append(*dependencies, more...)
		return resource.NewProperty(values), err
	}
	return resource.PropertyValue{}, fmt.Errorf("this host of YAML knows no %T: add it, or run the test with CHECK_FULL=1", value)
}
