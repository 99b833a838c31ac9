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
)

// policyPack compiles the policy pack, which is a module of its own, and returns its executable and the configuration
// for the stack. Go's cache makes the second time quick.
func (e *Engine) policyPack(ctx context.Context, stack string) (executable, config string, err error) {
	if config, err = e.policyConfig(stack); err != nil {
		return "", "", err
	}
	executable = e.options.Dir.Path("bin", "policy-pack")
	build := exec.CommandContext(ctx, "go", "build", "-o", executable, ".")
	build.Dir = filepath.Join(e.options.Module, "policy")
	if output, err := build.CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("compile the policy pack: %w\n%s", err, strings.TrimSpace(string(output)))
	}
	return executable, config, nil
}

// policyConfig is the path of the policy pack's configuration for the stack.
func (e *Engine) policyConfig(stack string) (string, error) {
	files, err := filepath.Glob(filepath.Join(e.options.Root, "policy", "*.json"))
	if err != nil {
		return "", err
	}
	var stacks []string
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if name == stack {
			return filepath.Abs(file)
		}
		stacks = append(stacks, name)
	}
	return "", &UsageError{Message: fmt.Sprintf("no policy configuration for stack %s: there is one for %s. To analyze its state by one of "+
		"them, name it with --stack", stack, strings.Join(stacks, ", "))}
}

// Analyze runs the policy pack over an exported state and writes the CLI's report to out. stack chooses the
// configuration; empty means the stack the state is of. It is true when no mandatory policy is violated.
func (e *Engine) Analyze(ctx context.Context, file, stack string, asJSON bool, out io.Writer) (bool, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return false, err
	}
	if stack, err = stackFor(path, stack); err != nil {
		return false, err
	}
	if _, err := e.policyConfig(stack); err != nil {
		return false, err // before anything is started
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

// stackFor is the stack whose configuration an exported state is held against: the one that was named, else the state's own.
func stackFor(path, named string) (string, error) {
	of, err := stackOfState(path)
	switch {
	case err != nil:
		return "", err
	case named != "":
		return named, nil
	case of == "":
		return "", &UsageError{Message: path + " has no resources to tell its stack from: name it with --stack"}
	}
	return of, nil
}

// stackOfState reads an exported state and returns the name of its stack, "" where there are no resources.
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
		return "", nil
	}
	first := deployment.Resources[0].URN
	if !first.IsValid() {
		return "", &UsageError{Message: fmt.Sprintf("%s is no exported state: its first resource has the URN %q", path, first)}
	}
	return string(first.Stack()), nil
}
