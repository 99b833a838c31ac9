package crossguardtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// Program is a Pulumi program that registers a list of resources, run by the real engine. It serves the language host that
// registers them and a provider that accepts every type and remembers the resources it creates.
type Program struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	pulumirpc.UnimplementedResourceProviderServer

	engine Engine
	config string // path of the pack's configuration
	folder string
	port   int

	mutex     sync.Mutex
	resources []Resource
	providers []string // the packages' providers, including those of earlier runs
	made      []string
}

// Program makes a program and its stack: dev of the project test. config is the content of the pack's configuration file.
func (e Engine) Program(t testing.TB, config string) *Program {
	t.Helper()
	p := &Program{engine: e, folder: t.TempDir()}
	p.config = filepath.Join(p.folder, "config.json")
	mustWrite(t, p.config, []byte(config))
	mustWrite(t, filepath.Join(p.folder, "Pulumi.yaml"), []byte("name: test\nruntime: test\noptions:\n  refresh: always\n"))
	if err := os.Mkdir(filepath.Join(p.folder, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.port = listener.Addr().(*net.TCPAddr).Port
	server := grpc.NewServer()
	pulumirpc.RegisterLanguageRuntimeServer(server, languageHost{program: p})
	pulumirpc.RegisterResourceProviderServer(server, anyProvider{program: p})
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Errorf("serving the program: %v", err)
		}
	})
	p.init(t)
	return p
}

// init makes the stack, in the way of the engine's first.
func (p *Program) init(t testing.TB) {
	t.Helper()
	first, file := p.engine.first, filepath.Join(p.folder, "Pulumi.dev.yaml")
	first.mutex.Lock()
	defer first.mutex.Unlock()
	if first.file != nil {
		mustWrite(t, file, first.file)
	}
	if output, failed := p.pulumi(t, "stack", "init", "dev"); failed {
		t.Fatal(output)
	}
	var err error
	if first.file, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
}

// Reconfigure replaces the pack's configuration for the operations that follow.
func (p *Program) Reconfigure(t testing.TB, config string) {
	t.Helper()
	mustWrite(t, p.config, []byte(config))
}

// Run runs an operation, preview or up, on a program that registers the given resources and the components they are in. made
// lists the types of the resources that the provider created in this run.
func (p *Program) Run(t testing.TB, operation string, resources ...Resource) (output string, refused bool, made []string) {
	t.Helper()
	p.mutex.Lock()
	p.resources, p.made = resources, nil
	p.mutex.Unlock()
	args := []string{operation, "--stack", "dev", "--policy-pack", p.engine.pack, "--policy-pack-config", p.config}
	if operation == "up" {
		args = append(args, "--yes", "--skip-preview")
	}
	output, refused = p.pulumi(t, args...)
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return output, refused, slices.Clone(p.made)
}

// Resources returns the resources of the stack after an update, with the values that the engine adds: outputs, dependencies, and
// URNs that contain the components.
func (p *Program) Resources(t testing.TB) []Resource {
	t.Helper()
	file := filepath.Join(p.folder, "export.json")
	if output, failed := p.pulumi(t, "stack", "export", "--stack", "dev", "--show-secrets", "--file", file); failed {
		t.Fatal(output)
	}
	return LoadExport(t, file)
}

// pulumi runs the command. This process serves as its language host, and as the provider of every package that the program uses.
func (p *Program) pulumi(t testing.TB, args ...string) (output string, failed bool) {
	t.Helper()
	p.mutex.Lock()
	for _, r := range p.resources {
		name, _, _ := strings.Cut(r.Type, ":")
		if one := fmt.Sprintf("%s:%d", name, p.port); !r.Component && !slices.Contains(p.providers, one) {
			p.providers = append(p.providers, one)
		}
	}
	providers := strings.Join(p.providers, ",")
	p.mutex.Unlock()
	return p.engine.run(t, p.folder, []string{
		"PULUMI_BACKEND_URL=file://" + filepath.ToSlash(filepath.Join(p.folder, "state")), "PULUMI_CONFIG_PASSPHRASE=test",
		"PULUMI_PASSPHRASE_KEYS=" + filepath.Join(p.engine.home, "keys"), // for a CLI that remembers derived keys
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true", "PULUMI_DEBUG_PROVIDERS=" + providers,
		fmt.Sprintf("PULUMI_DEBUG_LANGUAGES=test:%d", p.port),
	}, append(args, "--non-interactive")...)
}

// languageHost runs the runtime "test" for the engine.
type languageHost struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	program *Program
}

func (languageHost) Handshake(context.Context, *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (languageHost) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// Run registers the stack and its resources as an SDK does. A refused registration ends the program, as in an SDK.
func (h languageHost) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	connection, err := grpc.NewClient(request.GetMonitorAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer func() { _ = connection.Close() }() // the engine closes its side as well
	monitor := pulumirpc.NewResourceMonitorClient(connection)
	stack, err := monitor.RegisterResource(ctx, &pulumirpc.RegisterResourceRequest{Type: "pulumi:pulumi:Stack",
		Name: request.GetProject() + "-" + request.GetStack(), Object: &structpb.Struct{}})
	if err != nil {
		return nil, err
	}
	h.program.mutex.Lock()
	resources := slices.Clone(h.program.resources)
	h.program.mutex.Unlock()
	registered := map[string]string{} // new URN by the URN that the resource had before
	for i, r := range resources {
		if r.Name == "" {
			r.Name = fmt.Sprintf("test-%d", i)
		}
		if _, err := register(ctx, monitor, stack.GetUrn(), registered, r); err != nil {
			return &pulumirpc.RunResponse{Bail: true}, nil
		}
	}
	_, err = monitor.RegisterResourceOutputs(ctx, &pulumirpc.RegisterResourceOutputsRequest{Urn: stack.GetUrn(), Outputs: &structpb.Struct{}})
	if err != nil {
		return nil, err
	}
	_, err = monitor.SignalAndWaitForShutdown(ctx, &emptypb.Empty{})
	return &pulumirpc.RunResponse{}, err
}

// register registers a resource after the components that it is in, and returns its URN.
func register(
	ctx context.Context, monitor pulumirpc.ResourceMonitorClient, stack string, registered map[string]string, r Resource,
) (string, error) {
	if r.Type == stackType {
		return stack, nil
	}
	if urn, again := registered[r.URN()]; again && r.Component {
		return urn, nil
	}
	parent := stack
	if r.Parent != nil {
		urn, err := register(ctx, monitor, stack, registered, *r.Parent)
		if err != nil {
			return "", err
		}
		parent = urn
	}
	object, err := Marshal(r.Properties)
	if err != nil {
		return "", err
	}
	made, err := monitor.RegisterResource(ctx, &pulumirpc.RegisterResourceRequest{
		Type: r.Type, Name: r.name(), Parent: parent, Custom: !r.Component, Object: object, AcceptSecrets: true, AcceptResources: true,
		IgnoreChanges: r.Options.IgnoreChanges, SupportsResultReporting: true,
	})
	if err != nil {
		return "", err
	}
	registered[r.URN()] = made.GetUrn()
	return made.GetUrn(), nil
}

// anyProvider creates every resource that it is asked for. The property later of a test:index:Source stays unknown until the
// resource is created.
type anyProvider struct {
	pulumirpc.UnimplementedResourceProviderServer
	program *Program
}

func (anyProvider) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (anyProvider) Handshake(context.Context, *pulumirpc.ProviderHandshakeRequest) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true}, nil
}

func (anyProvider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (anyProvider) CheckConfig(_ context.Context, request *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: request.GetNews()}, nil
}

func (anyProvider) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

func (anyProvider) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, AcceptResources: true, SupportsPreview: true}, nil
}

func (anyProvider) Check(_ context.Context, request *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: request.GetNews()}, nil
}

func (anyProvider) Diff(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_SOME}, nil
}

func (p anyProvider) Create(_ context.Context, request *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	if request.GetPreview() {
		return &pulumirpc.CreateResponse{Properties: request.GetProperties()}, nil
	}
	p.program.mutex.Lock()
	defer p.program.mutex.Unlock()
	p.program.made = append(p.program.made, request.GetType())
	return &pulumirpc.CreateResponse{Id: fmt.Sprintf("id-%d", len(p.program.made)), Properties: request.GetProperties()}, nil
}

func (anyProvider) Update(_ context.Context, request *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	return &pulumirpc.UpdateResponse{Properties: request.GetNews()}, nil
}

// Read returns a resource as it was created. The engine calls it because each run refreshes first, as projects with refresh:
// always do.
func (anyProvider) Read(_ context.Context, request *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	return &pulumirpc.ReadResponse{Id: request.GetId(), Properties: request.GetProperties(), Inputs: request.GetInputs()}, nil
}

func (anyProvider) Delete(context.Context, *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}
