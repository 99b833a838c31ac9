// Package command is the sandbox's command line. Its commands get their streams as arguments and return an exit code; nothing here reads
// the process's own streams.
//
// Exit codes: 0 done; 1 the answer is no (drift found, mandatory policy violated); 2 the call or the settings are wrong, nothing was
// started; 3 the operation failed; 4 another command holds the sandbox; 130 interrupted.
package command

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/engine"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// Exit codes.
const (
	ExitDone        = 0
	ExitNo          = 1
	ExitUsage       = 2
	ExitFailed      = 3
	ExitBusy        = 4
	ExitInterrupted = 130
)

// Streams are the command's standard streams.
type Streams = cli.Streams

// app holds what all commands share.
type app struct {
	streams Streams
	program func(folder string) pulumi.RunFunc
	dir     string
	state   string
	wait    time.Duration
	exit    int
}

// Run runs the command line args and returns the exit code. program returns the Pulumi program for an application's folder.
func Run(ctx context.Context, args []string, streams Streams, program func(folder string) pulumi.RunFunc) int {
	streams.Out, streams.Err = &persistentWriter{to: streams.Out}, &persistentWriter{to: streams.Err}
	a := &app{streams: streams, program: program}
	if err := cli.Execute(ctx, a.root(), args, streams); err != nil {
		return a.fail(ctx, err)
	}
	return a.exit
}

// fail prints err and returns its exit code.
func (a *app) fail(ctx context.Context, err error) int {
	var program *exec.ExitError // Its error says which signal ended it.
	if errors.Is(err, context.Canceled) || ctx.Err() != nil && errors.As(err, &program) {
		err = errors.New("interrupted: run the command again to go on")
	}
	fmt.Fprintf(a.streams.Err, "sandbox: %v\n", err)
	var usage *engine.UsageError
	var problems *stacks.Problems
	var busy *statedir.BusyError
	var ended *endedError
	switch {
	case ctx.Err() != nil:
		return ExitInterrupted
	case errors.As(err, &busy):
		return ExitBusy
	case errors.As(err, &usage), errors.As(err, &problems), cli.Blamed(err):
		return ExitUsage
	case errors.As(err, &ended):
		return ended.code
	}
	return ExitFailed
}

// endedError says that the process to which a command left its work ended early. That process has said why.
type endedError struct {
	what string
	code int
}

func (e *endedError) Error() string { return e.what + " ended early: see above" }

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "sandbox",
		Short: "Run the platform on this machine: the real Pulumi engine against an emulated cloud",
		Example: "  sandbox up dev              bring the stack up, and say where its services answer\n" +
			"  sandbox preview dev         what up would do\n" +
			"  sandbox demo                a good release, and a bad one that is caught\n" +
			"  sandbox status              where the APIs, the services and the console are",
		Annotations:   map[string]string{cli.Codes: codes},
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&a.dir, "folder", "", "folder of Pulumi.yaml and the stack files (default: the repository)")
	root.PersistentFlags().StringVar(&a.state, "state", "", "folder that keeps the sandbox's state (default .sandbox in the repository)")
	root.PersistentFlags().DurationVar(&a.wait, "wait", 10*time.Minute, "how long to wait for another command that holds the sandbox")
	cli.Rename(root, "dir", "folder")
	root.AddCommand(a.demo(), a.up(), a.preview(), a.destroy(), a.drift(), a.export(), a.analyze(), a.adopt(), a.pulumi(), a.serve(),
		a.cloud(), a.status(), a.env(), a.stop(), a.fault(), a.behaviour(), a.job(), a.trust(), a.cost(), a.review(), a.rehearse())
	for _, command := range root.Commands() {
		a.dress(command)
	}
	cli.Dress(root)
	return root
}

// codes explains the exit codes, for help.
const codes = `Exit codes: 0 done; 1 the answer is no (drift found, mandatory policy violated); 2 the call or the settings are wrong;
3 the operation failed; 4 another command holds the sandbox; 130 interrupted.
"go run" turns every code but 0 into 1: if the code matters, go build -o bin/sandbox ./cmd/sandbox first.`

// examples are shown in the help of the commands that need one.
var examples = map[string]string{
	"up": "  sandbox up dev", "preview": "  sandbox preview prod\n  sandbox preview dev --diff",
	"drift":   "  sandbox drift dev\n  sandbox drift dev --json",
	"destroy": "  sandbox destroy dev", "export": "  sandbox export dev > state.json", "analyze": "  sandbox analyze state.json --stack prod",
	"demo": "  sandbox demo\n  sandbox demo --bad rare-errors", "serve": "  sandbox serve", "status": "  sandbox status",
	"env": "  eval \"$(sandbox env dev)\"", "stop": "  sandbox stop", "trust": "  sandbox trust prod --claims claims.json",
	"cost": "  sandbox cost prod", "adopt": "  sandbox adopt prod --import", "pulumi": "  sandbox pulumi -- stack ls",
	"behaviour": "  sandbox behaviour sha256:1111… --error-rate 0.05", "fault": "  sandbox fault list",
	"job": "  sandbox job shop-migrate --fail 1",
}

// dress completes a command's help: an example, the flags that it and the commands below it use, and completion for stack names.
func (a *app) dress(command *cobra.Command) {
	if command.Example == "" {
		command.Example = examples[command.Name()]
	}
	flags := []string{"folder", "state", "wait"}
	switch command.Name() {
	case "status", "fault", "behaviour", "job", "serve", "stop":
		flags = append(flags[:0], "state", "wait")
	case "cost", "trust":
		flags = []string{"folder"}
	}
	for _, one := range append(command.Commands(), command) {
		cli.Uses(one, flags...)
	}
	if strings.Contains(command.Use, "STACK") && command.ValidArgsFunction == nil {
		command.ValidArgsFunction = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			folder, err := a.folder()
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			return stacks.Names(folder), cobra.ShellCompDirectiveNoFileComp
		}
	}
}

// repository returns the application's folder.
func repository() (string, error) {
	folder, err := stacks.Application()
	return folder, cli.Blame(err)
}

// isPlatform says whether the folder's module is the platform itself, whose program is part of this executable. Another module's main
// package has to be compiled, because it may add to the platform's program.
func isPlatform(module string) bool {
	_, err := os.Stat(filepath.Join(module, "infra", "program", "program.go"))
	return err == nil
}

// folder returns the folder of Pulumi.yaml and the stack files: the --folder flag's, else the repository's.
func (a *app) folder() (string, error) {
	if a.dir != "" {
		return filepath.Abs(a.dir)
	}
	return repository()
}

// openDir opens the state folder: the flag's, else the repository's.
func (a *app) openDir() (statedir.Dir, error) {
	folder := a.state
	if folder == "" {
		root, err := repository()
		if err != nil {
			return statedir.Dir{}, err
		}
		folder = filepath.Join(root, statedir.Name)
	}
	return statedir.Open(folder)
}

// session is a locked state folder with an engine.
type session struct {
	*engine.Engine
	close func()
}

// open takes the state folder's lock for the command and opens the engine. progress receives the engine's lines.
func (a *app) open(ctx context.Context, name string, progress io.Writer) (*session, error) {
	module, err := repository()
	if err != nil {
		return nil, err
	}
	root, err := a.folder()
	if err != nil {
		return nil, err
	}
	dir, err := a.openDir()
	if err != nil {
		return nil, err
	}
	release, err := dir.Lock(ctx, "sandbox "+name, a.wait, a.streams.Err)
	if err != nil {
		return nil, err
	}
	executable, err := os.Executable()
	if err != nil {
		release()
		return nil, err
	}
	var program pulumi.RunFunc
	if isPlatform(module) {
		program = a.program(root)
	}
	opened, err := engine.Open(engine.Options{
		Root: root, Module: module, Dir: dir, Program: program, Out: progress, Terminal: isTerminal(progress),
		Cloud: []string{executable, "cloud", "--state", dir.Path()}, Build: build(executable),
	})
	if err != nil {
		release()
		return nil, err
	}
	return &session{Engine: opened, close: func() {
		_ = opened.Close()
		release()
	}}, nil
}

// identity is as much of an executable as tells builds apart: the linker writes the build's ID into its beginning.
const identity = 64 << 10

// build returns a hash that identifies an executable's build, because `go run` writes no version into it. Every command asks for it, so
// the executable is not read whole.
func build(executable string) string {
	file, err := os.Open(executable)
	if err != nil {
		return ""
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, io.LimitReader(file, identity)); err != nil {
		return ""
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

func isTerminal(out io.Writer) bool {
	if writer, ok := out.(*persistentWriter); ok {
		out = writer.to
	}
	file, ok := out.(*os.File)
	return ok && cli.Coloured(file)
}

// persistentWriter ignores a reader that went away, so that `up | head` does not kill the engine in the middle of its work.
type persistentWriter struct {
	mu     sync.Mutex
	to     io.Writer
	closed bool
}

func (w *persistentWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		if _, err := w.to.Write(data); err != nil {
			w.closed = true
		}
	}
	return len(data), nil
}

// stackArgument requires exactly one argument, the stack, as most commands do.
func stackArgument(_ *cobra.Command, args []string) error {
	if len(args) != 1 || strings.TrimSpace(args[0]) == "" {
		return fmt.Errorf("takes one stack (dev, staging or prod), got %d arguments", len(args))
	}
	return nil
}
