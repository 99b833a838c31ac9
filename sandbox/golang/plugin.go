package golang

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// engineChecks is the time between two checks that the engine still exists.
	engineChecks = 5 * time.Second
	// pluginGrace is how long a plugin may take to end after an interrupt, before it is killed.
	pluginGrace = 5 * time.Second
)

// untilEngineEnds waits until the engine at address no longer answers or ctx ends, so that the host of a killed engine does not stay
// behind.
func untilEngineEnds(ctx context.Context, address string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := rpcutil.Healthcheck(ctx, address, engineChecks, cancel); err != nil {
		return fmt.Errorf("watch the engine at %s: %w", address, err)
	}
	<-ctx.Done()
	return nil
}

// RunPlugin compiles a plugin's directory, such as a policy pack, and runs it until it ends or the engine cancels the call. Its output
// goes to the engine, which reads the plugin's port from it.
func (r *runtime) RunPlugin(request *pulumirpc.RunPluginRequest, stream grpc.ServerStreamingServer[pulumirpc.RunPluginResponse]) error {
	if request.GetAttachDebugger() {
		return status.Error(codes.Unimplemented,
			"this Go language host cannot attach a debugger: start the plugin yourself, or use the released CLI")
	}
	ctx := stream.Context()
	directory := filepath.Join(request.GetInfo().GetProgramDirectory(), request.GetInfo().GetEntryPoint())
	executable, err := r.build(ctx, directory, "plugin")
	if err != nil {
		return status.Error(codes.FailedPrecondition, err.Error())
	}
	sender := &pluginOutput{stream: stream}
	command := exec.CommandContext(ctx, executable, request.GetArgs()...)
	command.Dir = request.GetPwd()
	command.Env = append(os.Environ(), request.GetEnv()...)
	command.Stdout = writer(func(data []byte) error {
		return sender.send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: data}})
	})
	command.Stderr = writer(func(data []byte) error {
		return sender.send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: data}})
	})
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = pluginGrace
	err = command.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return status.FromContextError(ctx.Err()).Err()
	case errors.As(err, &exit):
		return sender.send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(exit.ExitCode())}})
	case err != nil:
		return status.Errorf(codes.Internal, "run %s: %v", directory, err)
	}
	return nil
}

// pluginOutput is the call's stream. It sends one message at a time.
type pluginOutput struct {
	mutex  sync.Mutex
	stream grpc.ServerStreamingServer[pulumirpc.RunPluginResponse]
}

func (o *pluginOutput) send(message *pulumirpc.RunPluginResponse) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.stream.Send(message)
}

// writer makes an io.Writer of a function. The function must not keep the bytes.
type writer func([]byte) error

func (w writer) Write(data []byte) (int, error) {
	if err := w(data); err != nil {
		return 0, err
	}
	return len(data), nil
}

// Executable is the name under which the engine looks for the language host of `runtime: go`.
const Executable = "pulumi-language-go"

// BuildHost compiles the platform's cmd/pulumi-language-go into folder. root holds the module to build in: the platform's own, or one
// that requires it.
func BuildHost(ctx context.Context, root, folder string) error {
	return Compile(ctx, root, "github.com/guiofsaints/procureflow-platform/cmd/"+Executable, filepath.Join(folder, Executable), Executable)
}
