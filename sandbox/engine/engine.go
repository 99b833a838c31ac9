// Package engine runs the platform's program through the real Pulumi engine against the emulated cloud. It uses the same program, the
// real CLI and engine, a file backend, secrets under a passphrase, and providers that are attached instead of downloaded. It writes only
// to the state folder; the repository's own files are only read.
package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/emulator/provider"
	"github.com/guiofsaints/procureflow-platform/sandbox/golang"
	"github.com/guiofsaints/procureflow-platform/sandbox/journal"
	"github.com/guiofsaints/procureflow-platform/sandbox/pulumicli"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// Options configure an Engine.
type Options struct {
	// Root is the folder that holds Pulumi.yaml and the stack files. Required.
	Root string
	// Module is the folder of the Go module with the program: the platform's own module, or one that requires it. Required.
	Module string
	// Dir is the state folder. Required.
	Dir statedir.Dir
	// Program is what the engine runs. Default: the main package that Pulumi.yaml names, compiled.
	Program pulumi.RunFunc
	// Out receives progress and results for people. Required.
	Out io.Writer
	// Terminal says that Out is a terminal. Output then has colours, and progress that rewrites its line.
	Terminal bool
	// Cloud is the command that serves the state folder's cloud. It is started when no cloud runs. Required.
	Cloud []string
	// Build identifies the running executable.
	Build string
	// Started is called with each process of the CLI that operates on a stack, so that the caller can kill it. Default: nothing is
	// called.
	Started func(*os.Process)
}

// Engine is the real engine in the sandbox's environment.
type Engine struct {
	options   Options
	project   string // the Pulumi project's name, as in Pulumi.yaml
	main      string // the folder of its main package, as in Pulumi.yaml
	cli       pulumicli.CLI
	client    *server.Client
	providers []*provider.Server
	language  *golang.Host
	journal   *journal.Service
	pack      string // the policy pack's executable, once it is compiled
}

// Open prepares the work folder. The CLI, the cloud and the providers are started only when they are needed, so that a newcomer hears of
// wrong settings without a wait.
func Open(options Options) (*Engine, error) {
	e := &Engine{options: options}
	if err := e.keysKept(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(e.backendDir(), 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	if err := withoutLog(options.Dir.Path("pulumi", "home")); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	return e, e.writeProject()
}

// keysKept refuses a state folder in which there are states and not the passphrase that encrypts their secrets. A new passphrase would end
// in the CLI's words about an incorrect one.
func (e *Engine) keysKept() error {
	dir := e.options.Dir
	states, err := filepath.Glob(filepath.Join(e.backendDir(), ".pulumi", "stacks", "*", "*.json"))
	if _, missing := os.Stat(dir.Path("keys", "passphrase")); err != nil || missing == nil || len(states) == 0 {
		return err
	}
	return &UsageError{Message: fmt.Sprintf("the keys in %s were deleted, and without them nobody reads the stacks' states: delete %s "+
		"to start over. If the emulated cloud still runs, end its process first; its pid is in %s",
		dir.Path("keys"), dir.Path(), dir.Path("cloud.json"))}
}

// withoutLog prevents the CLI from writing its log. The log records everything that the CLI does, takes an eighth of the time of an `up`,
// and nobody reads it. The CLI has no setting for this. It goes on without a log if it cannot make the log's folder, so withoutLog puts a
// file in the folder's place.
func withoutLog(home string) error {
	logs := filepath.Join(home, "logs")
	if info, err := os.Stat(logs); err == nil && !info.IsDir() {
		return nil
	}
	return errors.Join(os.RemoveAll(logs), os.MkdirAll(home, 0o700),
		os.WriteFile(logs, []byte("The sandbox's CLI keeps no log, which would slow it down.\n"), 0o600))
}

// ready finds or builds the CLI.
func (e *Engine) ready(ctx context.Context) error {
	if e.cli.Path != "" {
		return nil
	}
	cli, err := pulumicli.Ensure(ctx, pulumicli.Options{Out: e.options.Out, Terminal: e.options.Terminal})
	e.cli = cli
	e.cli.Started = e.options.Started
	return err
}

// Close ends the providers. The cloud keeps running, so that everything in it still answers.
func (e *Engine) Close() error {
	var failures []error
	for _, server := range e.providers {
		failures = append(failures, server.Close())
	}
	if e.language != nil {
		failures = append(failures, e.language.Close())
	}
	if e.journal != nil {
		failures = append(failures, e.journal.Close())
	}
	e.providers, e.language, e.journal = nil, nil, nil
	return errors.Join(failures...)
}

func (e *Engine) binDir() string     { return e.options.Dir.Path("bin") }
func (e *Engine) workDir() string    { return e.options.Dir.Path("pulumi", "work") }
func (e *Engine) backendDir() string { return e.options.Dir.Path("pulumi", "state") }
func (e *Engine) backendURL() string { return "file://" + filepath.ToSlash(e.backendDir()) }

// connect starts what an operation on resources needs: the cloud's process and one provider per package. compileOnce says that the program
// does not change meanwhile.
func (e *Engine) connect(ctx context.Context, compileOnce bool) error {
	if e.client != nil {
		return nil
	}
	if err := e.ready(ctx); err != nil {
		return err
	}
	client, err := server.Ensure(ctx, e.options.Dir, e.options.Build, e.options.Cloud)
	if err != nil {
		return err
	}
	for _, name := range []string{provider.GCP, provider.GitHub} {
		// The provider does not end with ctx: an interrupted engine still finishes its steps through it.
		server, err := provider.Serve(context.WithoutCancel(ctx), provider.Options{API: client.API(), Token: client.Token(), Name: name})
		if err != nil {
			return errors.Join(fmt.Errorf("start provider %s: %w", name, err), e.Close())
		}
		e.providers = append(e.providers, server)
	}
	// The Automation API runs the program in this process; the CLI's own commands compile it.
	e.language, err = golang.Serve(golang.Options{Program: filepath.Join(e.options.Module, e.main),
		Bin: e.binDir(), Out: e.options.Out, Once: compileOnce})
	if err != nil {
		return errors.Join(err, e.Close())
	}
	e.journal, err = journal.Serve(journal.Options{Files: e.files(), Version: "v" + e.cli.Version().String(),
		Credentials: e.options.Dir.Path("pulumi", "journal-credentials"), Refuse: refusePlacesTaken})
	if err != nil {
		return errors.Join(err, e.Close())
	}
	e.client = client
	return nil
}

// files returns the places of the stacks' states.
func (e *Engine) files() journal.Files {
	return journal.Files{Backend: e.backendDir(), Journals: e.options.Dir.Path("pulumi", "journal"), Project: e.project}
}

// environment returns the variables with which the CLI works in the sandbox and nowhere else.
func (e *Engine) environment() (map[string]string, error) {
	if _, err := e.options.Dir.Key("passphrase"); err != nil {
		return nil, err
	}
	environment := map[string]string{
		"PULUMI_BACKEND_URL":                          e.backendURL(),
		"PULUMI_HOME":                                 e.options.Dir.Path("pulumi", "home"),
		"PULUMI_CONFIG_PASSPHRASE_FILE":               e.options.Dir.Path("keys", "passphrase"),
		"PULUMI_PASSPHRASE_KEYS":                      derivedKeys(e.options.Dir),
		"PULUMI_SKIP_UPDATE_CHECK":                    "true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
	}
	// The CLI lives for seconds. Where nothing else is set, its heap grows to five times what lives in it, but not in a large stack.
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		environment["GOGC"], environment["GOMEMLIMIT"] = "400", "2GiB"
	}
	if len(e.providers) == 2 {
		environment["PULUMI_DEBUG_PROVIDERS"] = fmt.Sprintf("%s:%d,%s:%d",
			provider.GCP, e.providers[0].Port(), provider.GitHub, e.providers[1].Port())
		environment["PATH"] = os.Getenv("PATH") + string(os.PathListSeparator) + e.binDir()
		environment["PULUMI_DEBUG_LANGUAGES"] = fmt.Sprintf("go:%d", e.language.Port())
	}
	return environment, nil
}

// Pulumi runs the CLI with the caller's arguments in the sandbox's environment, on the present settings, and returns its exit code. If
// the CLI changes settings, Pulumi writes them to the application's own stack files.
func (e *Engine) Pulumi(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, args ...string) (int, error) {
	if err := e.renewStackFiles(ctx); err != nil {
		return 0, err
	}
	if err := e.connect(ctx, false); err != nil {
		return 0, err
	}
	if slices.ContainsFunc(args, func(arg string) bool { return strings.Contains(arg, "policy") }) {
		if err := e.languageHost(ctx); err != nil {
			return 0, err
		}
	}
	for _, stack := range e.stackNames() {
		if err := e.restoreCheckpoint(stack); err != nil {
			return 0, err
		}
	}
	if err := e.selectNoted(ctx, args); err != nil {
		return 0, err
	}
	before, err := e.copies()
	if err != nil {
		return 0, err
	}
	code, err := e.run(ctx, stdin, stdout, stderr, args...)
	return code, errors.Join(err, e.keepSettings(before))
}

// languageHost builds pulumi-language-go into a folder of environment's PATH, for commands about policies. The engine attaches to this
// process's runtime, but runs a policy pack that is a directory only if it finds a host by that name.
func (e *Engine) languageHost(ctx context.Context) error {
	if _, err := exec.LookPath(golang.Executable); err == nil {
		return nil
	}
	return golang.BuildHost(ctx, e.options.Module, e.binDir())
}

// run runs the CLI in the work folder and returns its exit code.
func (e *Engine) run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, args ...string) (int, error) {
	environment, err := e.environment()
	if err != nil {
		return 0, err
	}
	var variables []string
	for name, value := range environment {
		variables = append(variables, name+"="+value)
	}
	command := e.cli.Command(ctx, e.workDir(), variables, args...)
	command.Stdin, command.Stdout, command.Stderr = stdin, stdout, stderr
	err = command.Run()
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// workspace returns the Automation API's view of the work folder.
func (e *Engine) workspace(ctx context.Context) (auto.Workspace, error) {
	environment, err := e.environment()
	if err != nil {
		return nil, err
	}
	options := []auto.LocalWorkspaceOption{auto.WorkDir(e.workDir()), auto.EnvVars(environment), auto.Pulumi(journaledCLI{e.cli, e.journal})}
	if e.options.Program != nil {
		options = append(options, auto.Program(e.options.Program))
	}
	local, err := auto.NewLocalWorkspace(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("open the work folder: %w", err)
	}
	return workspace{local, e}, nil
}
