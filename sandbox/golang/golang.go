// Package golang is a language runtime for Pulumi programs and policy packs written in Go. The released CLI includes
// one, but the CLI that the sandbox builds does not. The engine attaches to this one (PULUMI_DEBUG_LANGUAGES), or
// starts it as cmd/pulumi-language-go. With it, `runtime: go` has its usual meaning: the directory is compiled and the
// executable is run.
package golang

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Options configure a Host.
type Options struct {
	// Program is the directory of the program's main package, wherever the project file is. Empty means the directory
	// that the project names.
	Program string
	// Bin is a folder for the executables. Required.
	Bin string
	// Out receives what programs print. Required.
	Out io.Writer
	// Engine is the engine's address, for a host that the engine started. An engine that attaches sends its own
	// address.
	Engine string
	// Once compiles each directory once. It is for commands that run a program several times, such as an update that previews first, and
	// not for `pulumi watch`, which waits for changes.
	Once bool
}

// Host is a served language runtime.
type Host struct {
	handle rpcutil.ServeHandle
	cancel chan bool
}

// Serve starts a runtime on a free loopback port.
func Serve(options Options) (*Host, error) {
	host := &Host{cancel: make(chan bool)}
	var err error
	host.handle, err = rpcutil.ServeWithOptions(rpcutil.ServeOptions{Cancel: host.cancel, Init: func(server *grpc.Server) error {
		pulumirpc.RegisterLanguageRuntimeServer(server, &runtime{options: options, engine: options.Engine, built: map[string]string{}})
		return nil
	}})
	if err != nil {
		return nil, fmt.Errorf("serve the Go language runtime: %w", err)
	}
	return host, nil
}

// Port returns the port to which the engine attaches.
func (h *Host) Port() int { return h.handle.Port }

// Close ends the runtime.
func (h *Host) Close() error {
	close(h.cancel)
	return <-h.handle.Done
}

type runtime struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	options Options

	mu     sync.Mutex
	engine string // the engine's address, for the program's log

	building sync.Mutex
	built    map[string]string // the executables, by directory
}

func (r *runtime) Handshake(_ context.Context, request *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.engine = request.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (r *runtime) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

// GetRequiredPackages returns no packages, because the sandbox's providers are attached.
func (r *runtime) GetRequiredPackages(context.Context, *pulumirpc.GetRequiredPackagesRequest) (*pulumirpc.GetRequiredPackagesResponse,
	error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

// InstallDependencies does nothing, because go build gets what it needs.
func (r *runtime) InstallDependencies(*pulumirpc.InstallDependenciesRequest,
	grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse]) error {
	return nil
}

func (r *runtime) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Run compiles the program and runs it once.
func (r *runtime) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	directory := r.options.Program
	if directory == "" {
		directory = filepath.Join(request.GetInfo().GetProgramDirectory(), request.GetInfo().GetEntryPoint())
	}
	executable, err := r.build(ctx, directory, "program")
	if err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	environment, err := r.environment(request)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, executable, request.GetArgs()...)
	command.Dir = request.GetPwd()
	command.Env = append(os.Environ(), environment...)
	command.Stdout, command.Stderr = r.options.Out, r.options.Out
	if err := command.Run(); err != nil {
		// The program has reported its own errors to the engine.
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("program failed: %v", err)}, nil
	}
	return &pulumirpc.RunResponse{}, nil
}

// environment returns the variables by which a Go program learns about its run.
func (r *runtime) environment(request *pulumirpc.RunRequest) ([]string, error) {
	config, err := json.Marshal(request.GetConfig())
	if err != nil {
		return nil, err
	}
	secretKeys, err := json.Marshal(request.GetConfigSecretKeys())
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	engine := r.engine
	r.mu.Unlock()
	return []string{
		pulumi.EnvOrganization + "=" + request.GetOrganization(),
		pulumi.EnvProject + "=" + request.GetProject(),
		pulumi.EnvStack + "=" + request.GetStack(),
		pulumi.EnvPulumiRootDirectory + "=" + request.GetInfo().GetRootDirectory(),
		pulumi.EnvConfig + "=" + string(config),
		pulumi.EnvConfigSecretKeys + "=" + string(secretKeys),
		pulumi.EnvDryRun + "=" + strconv.FormatBool(request.GetDryRun()),
		pulumi.EnvParallel + "=" + strconv.Itoa(int(request.GetParallel())),
		pulumi.EnvMonitor + "=" + request.GetMonitorAddress(),
		pulumi.EnvEngine + "=" + engine,
	}, nil
}

// build compiles the main package in directory. Each directory has its own executable: an engine may run two plugins, and two
// applications may share the folder of executables.
func (r *runtime) build(ctx context.Context, directory, kind string) (string, error) {
	r.building.Lock()
	defer r.building.Unlock()
	if path, built := r.built[directory]; built && r.options.Once {
		return path, nil
	}
	sum := sha256.Sum256([]byte(directory))
	path := filepath.Join(r.options.Bin, kind+"-"+hex.EncodeToString(sum[:8]))
	if err := Compile(ctx, directory, ".", path, directory); err != nil {
		return "", err
	}
	r.built[directory] = path
	return path, nil
}

// Compile builds a main package, as seen from folder, into executable. It leaves out the debugger's data and the commit. They take a
// fifth of the linker's time, and with the commit every new commit would link the same program again. Go's own cache makes the second
// time fast. what names the package in an error.
func Compile(ctx context.Context, folder, pkg, executable, what string) error {
	command := exec.CommandContext(ctx, "go", "build", "-o", executable, "-buildvcs=false", "-ldflags=-w", pkg)
	command.Dir = folder
	// An interrupted go command ends its compilers and takes its temporary files away. A killed one leaves both.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("compile %s: %w\n%s", what, err, strings.TrimSpace(string(output)))
	}
	return nil
}
