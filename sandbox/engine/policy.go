package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// policyPack compiles the policy pack, which is a module of its own, and returns its executable and the configuration
// for the stack. Go's cache makes the second time quick.
func (e *Engine) policyPack(ctx context.Context, stack string) (executable, config string, err error) {
	config = filepath.Join(e.options.Module, "policy", "config", stack+".json")
	if config, err = filepath.Abs(config); err != nil {
		return "", "", err
	}
	if _, err := os.Stat(config); err != nil {
		return "", "", &UsageError{Message: fmt.Sprintf("no policy configuration for stack %s: %v", stack, err)}
	}
	executable = e.options.Dir.Path("bin", "policy-pack")
	build := exec.CommandContext(ctx, "go", "build", "-o", executable, ".")
	build.Dir = filepath.Join(e.options.Module, "policy")
	if output, err := build.CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("compile the policy pack: %w\n%s", err, strings.TrimSpace(string(output)))
	}
	return executable, config, nil
}

// Analyze runs the policy pack over an exported state and writes the CLI's report to out. stack chooses the
// configuration; empty means the stack the state is of. It is true when no mandatory policy is violated.
func (e *Engine) Analyze(ctx context.Context, file, stack string, asJSON bool, out io.Writer) (bool, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return false, err
	}
	of, err := stackOfState(path)
	if err != nil {
		return false, err
	}
	if stack == "" {
		stack = of
	}
	if err := e.ready(ctx); err != nil {
		return false, err
	}
	pack, config, err := e.policyPack(ctx, stack)
	if err != nil {
		return false, err
	}
	args := []string{"--non-interactive", "policy", "analyze", "--file", path, "--policy-pack", pack, "--policy-pack-config", config}
	if asJSON {
		args = append(args, "--json")
	}
	code, err := e.run(ctx, nil, out, e.options.Out, args...)
	return code == 0, err
}

// stackOfState reads an exported state and returns the name of its stack.
func stackOfState(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", &UsageError{Message: fmt.Sprintf("read the state: %v", err)}
	}
	var state apitype.UntypedDeployment
	var deployment apitype.DeploymentV3
	if err = json.Unmarshal(data, &state); err == nil {
		err = json.Unmarshal(state.Deployment, &deployment)
	}
	if err != nil {
		return "", &UsageError{Message: fmt.Sprintf("%s is no exported state: %v; make one with `go run ./cmd/sandbox export STACK`", path, err)}
	}
	if len(deployment.Resources) == 0 {
		return "", &UsageError{Message: path + " has no resources"}
	}
	return string(resource.URN(deployment.Resources[0].URN).Stack()), nil
}
