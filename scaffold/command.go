package scaffold

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/stacks"
	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

// Exit codes.
const (
	ExitDone   = 0 // written, or nothing to do, or shown with --upgrade
	ExitRefuse = 1 // something is in the way, or the answer was no: nothing was written
	ExitUsage  = 2 // the call is wrong: nothing was written
	ExitFailed = 3 // the files are written, and what follows failed: the message says what to run
)

const help = `Write what an application's repository needs to use the platform: settings, a ten-line main, thin callers of the platform's workflows.

It stands in the repository, detects what it can, and shows everything before it writes: new files, and lines that it would add to
.gitignore, .prettierignore and CODEOWNERS. It replaces nothing that is there; files of the application are never changed. Run again
it changes nothing. --upgrade shows what another version changes in the callers, platform.yaml and provenance.yaml.

Exit codes: 0 written, or nothing to do; 1 something is in the way, or the answer was no, and nothing was written; 2 the call is
wrong; 3 the files are written and go mod tidy failed.`

// Streams are the command's standard streams.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

type flags struct {
	answers              Answers
	repo, replace        string
	services             []string
	projects, reviewers  []string
	yes, upgrade, noTidy bool
}

// Run runs the command line and returns its exit code.
func Run(ctx context.Context, args []string, streams Streams) int {
	var f flags
	code := ExitDone
	command := &cobra.Command{
		Use: "init", Short: "Write what an application's repository needs to use the platform", Long: help, Args: cobra.NoArgs,
		SilenceErrors: true, SilenceUsage: true,
		RunE: func(command *cobra.Command, _ []string) (err error) {
			code, err = f.run(command.Context(), streams)
			return err
		},
	}
	f.register(command)
	command.SetArgs(args)
	command.SetOut(streams.Out)
	command.SetErr(streams.Err)
	if err := command.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(streams.Err, "init:", err)
		if code == ExitDone {
			code = ExitUsage
		}
	}
	return code
}

func (f *flags) register(command *cobra.Command) {
	set, a := command.Flags(), &f.answers
	set.StringVar(&f.repo, "repo", ".", "the application's repository, or a folder of it")
	set.StringVar(&a.App, "app", "", "the application's name: of the Pulumi project, services and projects (default: the repository's)")
	set.StringVar(&a.Owner, "owner", "", "the repository's owner on GitHub (default: of the remote origin)")
	set.StringVar(&a.Repository, "repository", "", "the repository's name on GitHub (default: of the remote origin)")
	set.StringVar(&a.Team, "team", "", "the owner's team that reviews what deploys (default: the owner)")
	set.StringVar(&a.Region, "region", "us-central1", "Google Cloud region")
	set.StringVar(&a.Folder, "folder", "infra/platform", "folder for the platform's files; . for the repository's root")
	set.StringVar(&a.Branch, "branch", "", "the branch that deploys (default: origin's default branch)")
	set.StringSliceVar(&a.Environments, "environments", environments, "dev; dev,staging; or dev,staging,prod")
	set.StringArrayVar(&f.services, "service", []string{"web"}, "KEY or KEY=DOCKERFILE of a service; once for each")
	set.StringArrayVar(&f.projects, "project", nil, "ENVIRONMENT=ID of a Google Cloud project that exists (default: APP-ENVIRONMENT)")
	set.StringArrayVar(&f.reviewers, "reviewer", nil, "GITHUB-ENVIRONMENT=NUMBER of who approves there; may be repeated")
	set.StringVar(&a.Platform, "platform-repository", "guiofsaints/procureflow-platform", "the repository whose workflows are called")
	set.StringVar(&a.Version, "version", "", "the platform's version (default: this command's)")
	set.StringVar(&a.Commit, "commit", "", "the version's commit (default: what the module proxy says)")
	set.StringVar(&f.replace, "replace", "", "a folder that takes the place of the platform's module: to try a change of it")
	set.BoolVar(&f.yes, "yes", false, "write without asking")
	set.BoolVar(&f.upgrade, "upgrade", false, "show, and with --yes write, what this version changes in files that are there")
	set.BoolVar(&f.noTidy, "no-tidy", false, "do not run go mod tidy")
}

func (f *flags) run(ctx context.Context, streams Streams) (int, error) {
	root := git(f.repo, "rev-parse", "--show-toplevel")
	if root == "" {
		return ExitUsage, fmt.Errorf("%s is in no git repository: run it in the application's clone, or name that with --repo", f.repo)
	}
	if _, err := os.Stat(filepath.Join(root, "infra", "program", "program.go")); err == nil {
		return ExitUsage, errors.New("this is the platform's own repository, which has everything: name the application's clone with --repo")
	}
	r := Detect(root)
	if err := f.complete(ctx, r, streams); err != nil {
		return ExitUsage, err
	}
	a := f.answers
	files, err := Files(a)
	if err != nil {
		return ExitUsage, err
	}
	plan, err := NewPlan(r, a, files, f.upgrade)
	if err != nil {
		return ExitUsage, err
	}
	if len(plan.Obstacles) > 0 {
		return ExitRefuse, fmt.Errorf("nothing was written:\n  %s", strings.Join(plan.Obstacles, "\n  "))
	}
	fmt.Fprint(streams.Out, plan.Diff())
	if plan.Empty() {
		fmt.Fprintf(streams.Out, "Nothing to do: %s is as %s writes it.\n", a.Folder, a.Version)
		return ExitDone, nil
	}
	for _, note := range plan.Notes {
		fmt.Fprintln(streams.Out, "note      "+note)
	}
	if !f.yes && !ask(streams, "Write this? [y/N] ") {
		if f.upgrade {
			return ExitDone, nil
		}
		return ExitRefuse, errors.New("nothing was written")
	}
	if err := plan.Apply(root); err != nil {
		return ExitFailed, err
	}
	if !f.noTidy && slices.ContainsFunc(plan.changes, func(c change) bool { return filepath.Base(c.path) == adopter.File }) {
		if err := tidy(ctx, filepath.Join(root, a.Folder), a, f.upgrade); err != nil {
			return ExitFailed, err
		}
	}
	next(streams.Out, r, a)
	return ExitDone, nil
}

func ask(streams Streams, question string) bool {
	fmt.Fprint(streams.Out, question)
	line, _ := bufio.NewReader(streams.In).ReadString('\n')
	return strings.EqualFold(strings.TrimSpace(line), "y")
}

// complete fills what was not said: from a platform.yaml that is there, from the repository, from this command's version.
func (f *flags) complete(ctx context.Context, r Repository, streams Streams) error {
	a := &f.answers
	if err := f.fromExisting(r); err != nil {
		return err
	}
	for _, one := range []struct {
		value *string
		found string
	}{{&a.Owner, r.Owner}, {&a.Repository, r.Name}, {&a.App, strings.ToLower(r.Name)}, {&a.Branch, r.Branch}, {&a.Web, r.Web}} {
		if *one.value == "" {
			*one.value = one.found
		}
	}
	a.Node = r.Node
	if err := f.version(ctx); err != nil {
		return err
	}
	var err error
	if a.Projects, err = pairs("--project", f.projects); err != nil {
		return err
	}
	a.Reviewers = map[string][]string{}
	for _, one := range f.reviewers {
		name, id, found := strings.Cut(one, "=")
		if !found {
			return fmt.Errorf("--reviewer %s: want ENVIRONMENT=NUMBER", one)
		}
		a.Reviewers[name] = append(a.Reviewers[name], id)
	}
	if len(a.Services) == 0 {
		for _, one := range f.services {
			key, dockerfile, _ := strings.Cut(one, "=")
			service := a.service(key)
			found, port := r.dockerfile(key)
			if dockerfile == "" {
				dockerfile = found
			} else {
				port = r.Dockerfiles[dockerfile]
			}
			if service.Dockerfile = dockerfile; port > 0 {
				service.Port = port
			}
			a.Services = append(a.Services, service)
		}
	}
	if _, known := r.Dockerfiles[a.Services[0].Dockerfile]; !known {
		fmt.Fprintf(streams.Err, "note: there is no %s yet, of which %s is built\n", a.Services[0].Dockerfile, a.Services[0].Key)
	}
	text, err := render("platform.yaml", a)
	if err == nil {
		_, err = adopter.Parse([]byte(text))
	}
	return errors.Join(err, a.check())
}

func pairs(flag string, list []string) (map[string]string, error) {
	all := map[string]string{}
	for _, one := range list {
		name, value, found := strings.Cut(one, "=")
		if !found {
			return nil, fmt.Errorf("%s %s: want NAME=VALUE", flag, one)
		}
		all[name] = value
	}
	return all, nil
}

// fromExisting takes the answers of an earlier run from what it wrote: they are the application's by now.
func (f *flags) fromExisting(r Repository) error {
	a := &f.answers
	folder := ""
	for _, file := range strings.Split(git(r.Root, "ls-files", "--cached", "--others", "--exclude-standard", "--", adopter.File,
		"**/"+adopter.File), "\n") {
		if file != "" {
			folder = filepath.ToSlash(filepath.Dir(file))
		}
	}
	if folder == "" {
		return nil
	}
	of, err := adopter.Load(filepath.Join(r.Root, folder))
	if err != nil {
		return err
	}
	a.App, a.Owner, a.Repository, a.Team, a.Folder = of.Application, of.Owner, of.Repository, of.Team, folder
	a.Platform = of.Platform.Repository
	if !f.upgrade {
		a.Version, a.Commit = of.Platform.Version, of.Platform.Commit
	}
	a.Environments = nil
	for _, environment := range environments {
		if slices.Contains(stacks.Names(filepath.Join(r.Root, folder)), environment) {
			a.Environments = append(a.Environments, environment)
		}
	}
	settings, err := stacks.Read(filepath.Join(r.Root, folder), "dev", true)
	if err != nil {
		return err
	}
	a.Region, a.Branch, a.Services = settings.Project.Region, settings.GitHub.Branch, nil
	called := calledWith(r)
	for _, key := range slices.Sorted(maps.Keys(settings.Services)) {
		s := settings.Services[key]
		dockerfile, _ := r.dockerfile(key)
		if said := called[key]; said != "" {
			dockerfile = said
		}
		a.Services = append(a.Services, Service{Key: key, Name: s.Name, Image: s.Image, Account: s.RuntimeAccount, Port: s.Port,
			Dockerfile: dockerfile})
	}
	return nil
}

// version is this command's own, or that of the folder that takes the module's place.
func (f *flags) version(ctx context.Context) error {
	a := &f.answers
	if f.replace != "" {
		absolute, err := filepath.Abs(f.replace)
		if err != nil {
			return err
		}
		a.Replace = absolute
		if a.Version == "" {
			a.Version = "v0.0.0"
		}
		if a.Commit == "" {
			a.Commit = git(absolute, "rev-parse", "HEAD")
		}
	}
	if build, ok := debug.ReadBuildInfo(); ok && a.Version == "" && strings.HasPrefix(build.Main.Version, "v") &&
		!strings.Contains(build.Main.Version, "+") {
		a.Version = build.Main.Version
	}
	if a.Version == "" {
		return errors.New("which version of the platform: run it as go run " + Module +
			"/cmd/init@VERSION, or say --version, or --replace FOLDER")
	}
	if a.Commit == "" {
		command := exec.CommandContext(ctx, "go", "mod", "download", "-json", Module+"@"+a.Version)
		command.Dir = os.TempDir()
		output, _ := command.Output()
		var module struct{ Origin struct{ Hash string } }
		_ = json.Unmarshal(output, &module)
		if a.Commit = module.Origin.Hash; a.Commit == "" {
			return fmt.Errorf("the module proxy does not say which commit %s is: "+
				"say --commit, from git ls-remote https://github.com/%s %s", a.Version, a.Platform, a.Version)
		}
	}
	return nil
}

// tidy writes go.sum, and with it what the application's program is compiled of.
func tidy(ctx context.Context, folder string, a Answers, upgrade bool) error {
	steps := [][]string{{"mod", "tidy"}}
	if upgrade && a.Replace == "" {
		steps = append([][]string{{"get", Module + "@" + a.Version, Module + "/policy@" + a.Version}}, steps...)
	}
	for _, args := range steps {
		command := exec.CommandContext(ctx, "go", args...)
		command.Dir = folder
		command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("the files are written; then, in %s: go %s: %w\n%s", folder, strings.Join(args, " "), err, output)
		}
	}
	return nil
}

// next ends with what only the owner knows, and what to type.
func next(out io.Writer, r Repository, a Answers) {
	message := "Run " + a.App + " on the platform"
	if r.Commitlint {
		message = "ci: run " + a.App + " on the platform"
	}
	fmt.Fprintf(out, "\nOnly you know what says \"stand-in:\" in %s: real commands refuse each and say where to find it.\n",
		a.path("Pulumi.*.yaml"))
	fmt.Fprintf(out, "Next, in %s:\n", filepath.Join(r.Root, a.Folder))
	fmt.Fprintf(out, "  go run %s/cmd/check settings\n", Module)
	fmt.Fprintf(out, "  go run %s/cmd/sandbox up dev\n", Module)
	fmt.Fprintf(out, "  git -C %s add -A && git commit -m %q\n", r.Root, message)
}

// adopterOf is what platform.yaml will say.
func adopterOf(a Answers) adopter.Adopter {
	return adopter.Adopter{Application: a.App, Owner: a.Owner, Repository: a.Repository, Team: a.Team, Folder: a.Folder}
}
