package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/guiofsaints/procureflow-platform/sandbox/golang"
)

// policyPack compiles the policy pack, once for all operations of an Engine, and returns its executable and its configuration for the
// stack. The pack is a separate module: a folder of this repository, or a requirement of an application's module. Go's cache makes the
// second time fast. Each application's module has its own executable, because a rehearsal has two modules in one state folder.
func (e *Engine) policyPack(ctx context.Context, stack string) (executable, config string, err error) {
	if config, err = e.policyConfig(stack); err != nil {
		return "", "", err
	}
	if e.pack != "" {
		return e.pack, config, nil
	}
	module := e.options.Module
	identity := sha256.Sum256([]byte(module))
	executable = e.options.Dir.Path("bin", "policy-pack-"+hex.EncodeToString(identity[:4]))
	if own := filepath.Join(module, "policy"); isModule(own) {
		module = own
	}
	if _, err := os.Stat(executable); err != nil {
		fmt.Fprintln(e.options.Out, "Compiling the policy pack.")
	}
	if err := golang.Compile(ctx, module, "github.com/guiofsaints/procureflow-platform/policy", executable, "the policy pack"); err != nil {
		return "", "", err
	}
	e.pack = executable
	return executable, config, nil
}

func isModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

// policyConfig returns the path of the policy pack's configuration for the stack.
func (e *Engine) policyConfig(stack string) (string, error) {
	files, err := filepath.Glob(filepath.Join(e.options.Root, "policy", "*.json"))
	if err != nil {
		return "", err
	}
	var stacks []string
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if name == stack {
			return readable(file)
		}
		stacks = append(stacks, name)
	}
	return "", &UsageError{Message: fmt.Sprintf("there is no policy/%s.json, the policy pack's configuration for the stack: write it, with "+
		"{} in it to change nothing. There is one for %s. To analyze a state by one of them, name it with --stack",
		stack, strings.Join(stacks, ", "))}
}

// readable returns the path of a configuration, or an error that names the file: the CLI's own one says only what is wrong in it.
func readable(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var config map[string]any
	if err := json.Unmarshal(content, &config); err != nil {
		line := 1
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			line += bytes.Count(content[:syntax.Offset], []byte("\n"))
		}
		return "", &UsageError{Message: fmt.Sprintf("policy/%s is no JSON object, line %d: %v", filepath.Base(file), line, err)}
	}
	for _, policy := range slices.Sorted(maps.Keys(config)) {
		level, short := config[policy].(string)
		if object, long := config[policy].(map[string]any); long {
			level, short = object["enforcementLevel"].(string)
		}
		if short && !slices.Contains(enforcementLevels, level) {
			return "", &UsageError{Message: fmt.Sprintf("policy/%s: the level of %s is %q: use %s", filepath.Base(file), policy, level,
				strings.Join(enforcementLevels, ", "))}
		}
	}
	return filepath.Abs(file)
}

// enforcementLevels are the levels that Pulumi's engine knows.
var enforcementLevels = []string{"advisory", "mandatory", "remediate", "disabled"}

// violationsFound is the CLI's last message if a mandatory policy is violated. Its exit code is the same for an unreadable state and for
// a pack that does not start or crashes, so only this message tells a violation from a failure.
const violationsFound = "one or more mandatory policy violations were found"

// Analyze runs the policy pack over an exported state and writes the CLI's report to out. stack chooses the configuration; empty means
// the stack of the state. It returns true if no mandatory policy is violated, and an error if it could not find out.
func (e *Engine) Analyze(ctx context.Context, file, stack string, asJSON bool, out io.Writer) (bool, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return false, err
	}
	of, err := stackOfState(path)
	if err != nil {
		return false, err
	}
	if stack, err = stackFor(path, of, stack); err != nil {
		return false, err
	}
	if _, err := e.policyConfig(stack); err != nil {
		return false, err // Nothing was started yet.
	}
	if of == "" {
		return true, reportNothing(path, asJSON, out)
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
	var told bytes.Buffer
	code, err := e.run(ctx, nil, out, io.MultiWriter(e.options.Out, &told), args...)
	if err != nil {
		return false, err
	}
	return verdict(path, code, told.String())
}

// verdict decides by the CLI's exit code and messages.
func verdict(path string, code int, told string) (bool, error) {
	switch {
	case code == 0:
		return true, nil
	case strings.Contains(told, violationsFound):
		return false, nil
	}
	reason := strings.TrimSpace(told)
	if at := strings.LastIndex(reason, "error: "); at >= 0 {
		reason = reason[at+len("error: "):]
	}
	if reason == "" {
		reason = fmt.Sprintf("the Pulumi CLI ended with code %d and said nothing", code)
	}
	return false, fmt.Errorf("%s was not analyzed, so nothing is known about it: %s", path, reason)
}

// reportNothing writes the report about a state without resources. As JSON it has the CLI's form.
func reportNothing(path string, asJSON bool, out io.Writer) error {
	if !asJSON {
		_, err := fmt.Fprintf(out, "%s has no resources: there is nothing to analyze.\n", path)
		return err
	}
	return json.NewEncoder(out).Encode(apitype.EngineEvent{SummaryEvent: &apitype.SummaryEvent{Result: apitype.OperationResultSucceeded}})
}

// stackFor returns the stack whose configuration applies to an exported state: named, else of, which is the state's own.
func stackFor(path, of, named string) (string, error) {
	switch {
	case named != "":
		return named, nil
	case of == "":
		return "", &UsageError{Message: path + " has no resources to tell its stack from: name it with --stack"}
	}
	return of, nil
}

// stackOfState reads an exported state and returns its stack's name, "" for a state without resources.
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
		return "", &UsageError{Message: fmt.Sprintf("%s: %v: give an exported state; make one with `go run ./cmd/sandbox export STACK`", path,
			err)}
	}
	if state.Version < 1 || state.Version > apitype.DeploymentSchemaVersionLatest {
		return "", &UsageError{Message: fmt.Sprintf("%s is a state of version %d, and versions 1 to %d can be read: export it with a "+
			"CLI of this version (%s)",
			path, state.Version, apitype.DeploymentSchemaVersionLatest, "go run ./cmd/sandbox export STACK")}
	}
	if len(deployment.Resources) == 0 {
		return "", nil
	}
	first := deployment.Resources[0].URN
	if !first.IsValid() {
		return "", &UsageError{Message: fmt.Sprintf("%s has the URN %q first, where an exported state has its stack: make "+
			"one with `go run ./cmd/sandbox export STACK`", path, first)}
	}
	return string(first.Stack()), nil
}
