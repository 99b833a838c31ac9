package rules

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// program is a Pulumi program made of a list of resources, run by the real engine: the language host that registers them
// and a provider that takes every type and remembers what it made.
type program struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	pulumirpc.UnimplementedResourceProviderServer

	engine engine
	config string // path of the pack's configuration
	folder string
	port   int

	mutex     sync.Mutex
	resources []ct.Resource
	made      []string
}

// newProgram serves a program and makes its stack, dev of the project test.
func newProgram(t *testing.T, e engine, config string) *program {
	t.Helper()
	p := &program{engine: e, folder: t.TempDir()}
	p.config = filepath.Join(p.folder, "config.json")
	require.NoError(t, os.WriteFile(p.config, []byte(config), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(p.folder, "Pulumi.yaml"), []byte("name: test\nruntime: test\n"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(p.folder, "state"), 0o700))

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p.port = listener.Addr().(*net.TCPAddr).Port
	server := grpc.NewServer()
	pulumirpc.RegisterLanguageRuntimeServer(server, languageHost{program: p})
	pulumirpc.RegisterResourceProviderServer(server, anyProvider{program: p})
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		assert.NoError(t, <-done)
	})
	output, failed := p.pulumi(t, "stack", "init", "dev")
	require.False(t, failed, output)
	return p
}

// run runs an operation on a program of the given resources. made are the types that the provider created meanwhile.
func (p *program) run(t *testing.T, operation string, resources []ct.Resource) (output string, refused bool, made []string) {
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

func (p *program) pulumi(t *testing.T, args ...string) (output string, failed bool) {
	t.Helper()
	var providers []string
	for _, name := range []string{"gcp", "github", "test"} {
		providers = append(providers, fmt.Sprintf("%s:%d", name, p.port))
	}
	cmd := exec.CommandContext(t.Context(), p.engine.pulumi, append(args, "--non-interactive")...)
	cmd.Dir = p.folder
	cmd.Env = append(os.Environ(), "PULUMI_HOME="+p.engine.home, "PULUMI_BACKEND_URL=file://"+filepath.ToSlash(filepath.Join(p.folder, "state")),
		"PULUMI_CONFIG_PASSPHRASE=test", "PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true", "NO_COLOR=1",
		"PULUMI_OPTION_COLOR=never", "PULUMI_DEBUG_PROVIDERS="+strings.Join(providers, ","), fmt.Sprintf("PULUMI_DEBUG_LANGUAGES=test:%d", p.port))
	content, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return string(content), !cmd.ProcessState.Success()
}

// languageHost is the runtime "test".
type languageHost struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	program *program
}

func (languageHost) Handshake(context.Context, *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (languageHost) GetRequiredPackages(context.Context, *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// Run registers the stack and its resources as an SDK does. A refused registration ends the program, as it does there.
func (h languageHost) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	connection, err := grpc.NewClient(request.GetMonitorAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	monitor := pulumirpc.NewResourceMonitorClient(connection)
	stack, err := monitor.RegisterResource(ctx, &pulumirpc.RegisterResourceRequest{Type: "pulumi:pulumi:Stack",
		Name: request.GetProject() + "-" + request.GetStack(), Object: &structpb.Struct{}})
	if err != nil {
		return nil, err
	}
	h.program.mutex.Lock()
	resources := slices.Clone(h.program.resources)
	h.program.mutex.Unlock()
	for i, r := range resources {
		object, err := ct.Marshal(r.Properties)
		if err != nil {
			return nil, err
		}
		name := r.Name
		if name == "" {
			name = fmt.Sprintf("test-%d", i)
		}
		if _, err := monitor.RegisterResource(ctx, &pulumirpc.RegisterResourceRequest{Type: r.Type, Name: name, Parent: stack.GetUrn(), Custom: true,
			Object: object, AcceptSecrets: true, AcceptResources: true, IgnoreChanges: r.Options.IgnoreChanges, SupportsResultReporting: true}); err != nil {
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

// anyProvider makes what it is asked to make; a property later of a test:index:Source is known only afterwards.
type anyProvider struct {
	pulumirpc.UnimplementedResourceProviderServer
	program *program
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

func (anyProvider) Delete(context.Context, *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// TestTheEngineRefusesEveryViolatingProgram runs a violating program for each mandatory rule. A rule about one resource
// stops it before it exists; a rule about the stack stops the preview, and fails the update after the fact. The same program
// without the violation passes, so the refusal is about nothing else.
func TestTheEngineRefusesEveryViolatingProgram(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	running := make(chan struct{}, 4) // each is an engine with a pack beside it
	for _, example := range mandatoryExamples(t) {
		t.Run(example.policy.Name, func(t *testing.T) {
			t.Parallel()
			running <- struct{}{}
			defer func() { <-running }()
			p := newProgram(t, e, example.config)
			says := "[mandatory] [severity: " + example.policy.Severity.String() + "]  " + example.policy.Name
			output, refused, made := p.run(t, "preview", example.bad)
			assert.True(t, refused, output)
			assert.Contains(t, output, says)
			assert.Empty(t, made)

			output, refused, made = p.run(t, "up", example.bad)
			assert.True(t, refused, output)
			assert.Contains(t, output, says)
			if example.policy.CheckStack == nil {
				assert.NotContains(t, made, example.bad[len(example.bad)-1].Type, "it was made although it violates")
			}
			if example.good == nil {
				return // nothing of this type passes
			}
			output, refused, made = p.run(t, "up", example.good)
			assert.False(t, refused, output)
			assert.NotContains(t, output, "[mandatory]")
			if example.policy.CheckStack == nil {
				assert.Len(t, made, len(example.good))
			}
		})
	}
}

// TestTheEngineDoesNotTrustWhatItCannotSee: a value that is not known at preview does not pass in silence, and is judged
// when it is known; a secret is judged too.
func TestTheEngineDoesNotTrustWhatItCannotSee(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	p := newProgram(t, e, `{"all": "disabled", "run-max-instances": "mandatory"}`)
	with := func(value any) []ct.Resource {
		return []ct.Resource{changed(v2(), change{path: "template.scaling.maxInstanceCount", to: value})}
	}
	output, refused, _ := p.run(t, "preview", with(ct.Unknown))
	assert.False(t, refused, output)
	assert.Contains(t, output, "[advisory]")
	assert.Contains(t, output, "template.scaling.maxInstanceCount")
	output, refused, made := p.run(t, "up", with(9))
	assert.True(t, refused, output)
	assert.Empty(t, made)
	output, refused, made = p.run(t, "up", with(ct.Secret{Value: 9}))
	assert.True(t, refused, output)
	assert.Contains(t, output, "run-max-instances")
	assert.Empty(t, made)
}
