package pulumicli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	modulePackage = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
	versionSymbol = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
)

// source is the module in which the CLI is built: its go.mod and go.sum, under names that keep the folder in this module, and
// replacements for the packages that are left out. To raise the version, copy both files without ".in" into an empty folder, `go get
// -tool` the CLI there, update what a test reports, and copy them back.
//
//go:embed cli/go.mod.in cli/go.sum.in all:cli/_leftout
var source embed.FS

const (
	leftOut = "cli/_leftout"
	added   = "added.go"
)

// changedModules are the modules with packages that are left out. They are built from copies. Every other module comes from Go's own
// module cache, so that packages which the CLI and the platform's program share are compiled once.
var changedModules = []string{
	"github.com/pulumi/pulumi/pkg/v3", "github.com/aws/aws-sdk-go-v2/service/s3", "github.com/charmbracelet/glamour",
	"github.com/git-pkgs/manifests", "github.com/nbutton23/zxcvbn-go", "gocloud.dev",
}

// keptFiles lists the files that stay, for packages that are left out in part. In every other package below
// cli/_leftout the replacement takes the place of all files.
var keptFiles = map[string][]string{
	"github.com/charmbracelet/glamour/ansi":       {"style.go"},
	"github.com/pulumi/pulumi/pkg/v3/cmd/esc/cli": {"fs.go", "prepare.go"},
	"github.com/pulumi/pulumi/pkg/v3/operations":  {"doc.go", "operations.go", "resources.go"},
}

// change is a piece of the CLI's source that the built CLI has otherwise. It does the same there in less time: a sandbox runs many short
// commands, and its backend is on loopback. What file needs for it is in added.go below cli/_leftout.
type change struct{ file, old, new string }

var changes = []change{
	// A derived key is remembered (ADR 46).
	{"secrets/passphrase/manager.go", "config.NewSymmetricCrypterFromPassphrase(phrase, salt)", "remembered(phrase, salt)"},
	// Schemas are compiled when they are first used.
	{"codegen/schema/bind.go", "func init() {", "func compileMetaSchema() {"},
	{"codegen/schema/bind.go", "MetaSchema.Validate(", "compiledMetaSchema().Validate("},
	{"resource/stack/deployment.go", "func init() {", "func compileSchemas() {"},
	{"resource/stack/deployment.go", "deploymentSchema.Validate(", "compiledSchema().Validate("},
	// An event about a step is copied by its types, and not by reflection.
	{"engine/events.go", "\treturn Event{\n\t\tType:    typ,", "\tif step := copyOfStep(payload); step != nil {\n" +
		"\t\treturn Event{Type: typ, payload: step}\n\t}\n\treturn Event{\n\t\tType:    typ,"},
	// Without a trace, no call is described for one.
	{"resource/plugin/analyzer_plugin.go", "rpcutil.TracingInterceptorDialOptions(", "traced("},
	{"resource/plugin/provider_plugin.go", "rpcutil.TracingInterceptorDialOptions(", "traced("},
	{"backend/httpstate/client/api_endpoints.go", "func getEndpointName(", "func endpointName("},
	{"backend/httpstate/client/api_endpoints.go", "func init() {", "func nameEndpoints() {"},
	{"backend/httpstate/client/api.go", "\t\"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil\"\n", ""},
	{"backend/httpstate/client/api.go", "cmdutil.StartSpan(", "startSpan("},
	// Entries of the journal and events are sent as they are. A compressor is larger than what it would compress.
	{"backend/httpstate/client/client.go", `"journalentries"), nil, req, nil,
		updateAccessToken(token), httpCallOptions{RetryPolicy: retryAllMethods, GzipCompress: true})`, `"journalentries"), nil, req, nil,
		updateAccessToken(token), httpCallOptions{RetryPolicy: retryAllMethods})`},
	{"backend/httpstate/client/client.go", "callOpts := httpCallOptions{\n\t\tGzipCompress: true,", "callOpts := httpCallOptions{"},
}

// recipe returns a hash of the sources, so that a build from other sources has another name.
func recipe() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\n", changes)
	err := fs.WalkDir(source, "cli", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := source.ReadFile(name)
		fmt.Fprintf(sum, "%s %d\n%s", name, len(data), data)
		return err
	})
	if err != nil {
		panic(err) // The files are part of the executable.
	}
	return hex.EncodeToString(sum.Sum(nil)[:4])
}

// build compiles the CLI in dir. It replaces the packages that the sandbox must not reach anyway (state and keys in AWS, Azure, Google
// Cloud and PostgreSQL; `pulumi api`, `pulumi env` and `pulumi neo`, which are of Pulumi Cloud), and those whose absence no command of the
// sandbox notices. They would take two thirds of the compile time, and half of the time in which a command starts.
func build(ctx context.Context, options Options, dir, output string) error {
	if err := writeSource(dir); err != nil {
		return fmt.Errorf("lay out the CLI's module: %w", err)
	}
	if err := copyChanged(ctx, dir); err != nil {
		return err
	}
	if err := errors.Join(leaveOut(dir), makeChanges(dir)); err != nil {
		return fmt.Errorf("leave out what the sandbox's CLI does not need: %w", err)
	}
	// What other commands of the platform have compiled is in Go's cache.
	stale, err := goOutput(ctx, dir, "list", "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}", modulePackage)
	if err != nil {
		return err
	}
	// -v names each package as it is compiled, on standard error.
	args := append([]string{"build", "-v", "-ldflags", fmt.Sprintf("-s -w -X %s=v%s", versionSymbol, pinned)}, options.Flags...)
	compile := goCommand(ctx, dir, append(args, "-o", output, modulePackage)...)
	pipe, err := compile.StderrPipe()
	if err != nil {
		return err
	}
	if err := compile.Start(); err != nil {
		return err
	}
	messages := report(pipe, len(strings.Fields(stale)), options)
	if err := compile.Wait(); err != nil {
		return explain(ctx, err, messages)
	}
	return nil
}

// copyChanged copies the changed modules to where leaveOut changes them, and makes the CLI's module use the copies.
func copyChanged(ctx context.Context, dir string) error {
	answer, failed := goOutput(ctx, dir, append([]string{"mod", "download", "-json"}, changedModules...)...)
	edits := []string{"mod", "edit"}
	for decoder := json.NewDecoder(strings.NewReader(answer)); ; {
		var module struct{ Path, Dir, GoMod, Error string }
		if err := decoder.Decode(&module); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return errors.Join(failed, fmt.Errorf("read where Go keeps the CLI's modules: %w", err))
		}
		if module.Error != "" {
			failed = errors.Join(failed, fmt.Errorf("%s: %s", module.Path, module.Error))
			continue
		}
		// A module from before modules has no go.mod in its folder; Go keeps one next to it for each.
		copied := moduleDir(dir, module.Path)
		if err := errors.Join(copyModule(module.Dir, copied), copyFile(module.GoMod, filepath.Join(copied, "go.mod"))); err != nil {
			return fmt.Errorf("copy %s: %w", module.Path, err)
		}
		edits = append(edits, "-replace="+module.Path+"=./"+filepath.ToSlash(filepath.Join("modules", module.Path)))
	}
	if failed != nil {
		return failed
	}
	_, err := goOutput(ctx, dir, edits...)
	return err
}

// moduleDir returns the path of a changed module's copy.
func moduleDir(dir, module string) string {
	return filepath.Join(dir, "modules", filepath.FromSlash(module))
}

// copyModule copies a module's files without its tests.
func copyModule(from, to string) error {
	return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(name, from))
		switch {
		case entry.IsDir() && entry.Name() == "testdata":
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case strings.HasSuffix(name, "_test.go"):
			return nil
		}
		return copyFile(name, target)
	})
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// writeSource writes the embedded module into dir.
func writeSource(dir string) error {
	return fs.WalkDir(source, "cli", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(strings.TrimSuffix(strings.TrimPrefix(name, "cli"), ".in")))
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := source.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
}

// makeChanges changes the copied module of the CLI.
func makeChanges(dir string) error {
	var failed error
	for _, change := range changes {
		file := filepath.Join(moduleDir(dir, "github.com/pulumi/pulumi/pkg/v3"), filepath.FromSlash(change.file))
		data, err := os.ReadFile(file)
		if err == nil && !bytes.Contains(data, []byte(change.old)) {
			err = fmt.Errorf("%s has no %q any more: bring the change in sandbox/pulumicli to this version", change.file, change.old)
		}
		if err == nil {
			err = os.WriteFile(file, bytes.ReplaceAll(data, []byte(change.old), []byte(change.new)), 0o644)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// leaveOut copies the replacements into the copied modules. A replacement takes the place of the package's files; one that is called
// added.go joins them.
func leaveOut(dir string) error {
	return fs.WalkDir(source, leftOut, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		importPath := strings.TrimPrefix(path.Dir(name), leftOut+"/")
		folder := moduleDir(dir, importPath)
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return fmt.Errorf("%s is not a package of this CLI: remove its stand-in", importPath)
		}
		if path.Base(name) == added {
			files = nil
		}
		for _, file := range files {
			if slices.Contains(keptFiles[importPath], filepath.Base(file)) {
				continue
			}
			if err := os.Remove(file); err != nil {
				return err
			}
		}
		data, err := source.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, path.Base(name)), data, 0o644)
	})
}

// goCommand runs go in the CLI's module, whatever workspace and flags the caller has.
func goCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
	if os.Getenv("GOGC") == "" {
		// The compilers collect their heaps only when they hold a gigabyte. Go's default takes a fifth more of their time.
		command.Env = append(command.Env, "GOGC=off", "GOMEMLIMIT=1GiB")
	}
	// An interrupted go command ends its compilers and takes its temporary files away. A killed one leaves both.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	return command
}

// goOutput returns what a go command prints, even if it fails.
func goOutput(ctx context.Context, dir string, args ...string) (string, error) {
	command := goCommand(ctx, dir, args...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return stdout.String(), explain(ctx, err, stderr.String())
	}
	return stdout.String(), nil
}
