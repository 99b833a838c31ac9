package pulumicli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/sandbox/detached"
)

// gracePeriod is how long an interrupted CLI may take to finish its running steps before it is killed. A killed engine
// leaves pending operations that the next `up` has to repair.
const gracePeriod = 60 * time.Second

// Run executes the CLI, for the Automation API. It differs from the SDK's own in three ways. It passes on no
// credentials and no settings of the caller's Pulumi, Google Cloud or GitHub, because the sandbox must not reach a real
// account. It keeps the terminal's signals away from the CLI. On cancellation it gives the engine time to finish its
// running steps.
func (c CLI) Run(ctx context.Context, dir string, stdin io.Reader, stdout, stderr []io.Writer, env []string, args ...string,
) (string, string, int, error) {
	if !slices.Contains(args, "--non-interactive") {
		args = append([]string{"--non-interactive"}, args...)
	}
	var out, errs bytes.Buffer
	command := c.Command(ctx, dir, env, args...)
	command.Env = append(command.Env, "PULUMI_AUTOMATION_API=true")
	command.Stdin = stdin
	command.Stdout = io.MultiWriter(append(slices.Clone(stdout), &out)...)
	command.Stderr = io.MultiWriter(append(slices.Clone(stderr), &errs)...)
	err := command.Start()
	if err == nil {
		if c.Started != nil {
			c.Started(command.Process)
		}
		err = command.Wait()
	}
	code := -2 // the Automation API's "unknown"
	var exit *exec.ExitError
	if err == nil {
		code = 0
	} else if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	return out.String(), errs.String(), code, err
}

// Command returns a CLI that is prepared but not started. It adds env to a cleaned environment.
func (c CLI) Command(ctx context.Context, dir string, env []string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, c.Path, args...)
	command.Dir = dir
	command.Env = append(cleanEnvironment(os.Environ()), env...)
	detached.Session(command)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = gracePeriod
	return command
}

// cleanEnvironment drops every variable that could lead the sandbox's commands to a real account.
func cleanEnvironment(environment []string) []string {
	return slices.DeleteFunc(slices.Clone(environment), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		if name == "PULUMI_DEBUG_COMMANDS" { // It shows hidden flags that a pull request's previews use.
			return false
		}
		for _, prefix := range []string{"PULUMI_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_", "GITHUB_", "GH_", "ACTIONS_"} {
			if strings.HasPrefix(name, prefix) {
				return true
			}
		}
		return false
	})
}
