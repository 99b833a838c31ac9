package scaffold

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

// Exit codes.
const (
	ExitDone   = 0 // the files are written, nothing was to do, or --upgrade has shown the changes
	ExitRefuse = 1 // something is in the way, or the answer was no: nothing was written
	ExitUsage  = 2 // the call is wrong: nothing was written
	ExitFailed = 3 // the files are written, and what follows failed: the message says what to run
)

const long = `Write what an application's repository needs to use the platform: settings, a ten-line main, and thin
callers of the platform's workflows.

Run it in the clone. It detects what it can, and asks on a terminal for everything that no flag gives: Enter takes
what it detected. It shows everything before it writes: new files, and lines that it would add to .gitignore,
.prettierignore and CODEOWNERS. It replaces no file, and never changes a file of the application. A second run
changes nothing, except that --owner-id, --project-number, --reviewer and other flags replace stand-ins. --upgrade
shows what another version changes in the callers, platform.yaml and provenance.yaml.`

const examples = `  init                                                     in the clone: asks for what it does not find
  init --yes --app shop --environments dev,prod            asks nothing, for scripts
  init --upgrade                                           show what this version changes in existing files`

const codes = `Exit codes: 0 written, or nothing to do; 1 something is in the way, or the answer was no, and nothing was
written; 2 the call is wrong; 3 the files are written and go mod tidy failed.`

// Streams are the command's standard streams.
type Streams = cli.Streams

type flags struct {
	answers                                Answers
	repo, replace                          string
	services, projects, numbers, reviewers []string
	yes, upgrade, noTidy                   bool
	// said tells which flags were on the command line. in reads what the person types.
	said func(flag string) bool
	in   *bufio.Reader
}

// Run runs the command line and returns its exit code.
func Run(ctx context.Context, args []string, streams Streams) int {
	var f flags
	code := ExitDone
	command := &cobra.Command{
		Use: "init", Short: "Write what an application's repository needs to use the platform", Long: long, Example: examples,
		Annotations: map[string]string{cli.Codes: codes}, Args: cobra.NoArgs, SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) (err error) {
			f.said, f.in = command.Flags().Changed, bufio.NewReader(streams.In)
			code, err = f.run(command.Context(), streams)
			return err
		},
	}
	f.register(command)
	cli.Dress(command)
	if err := cli.Execute(ctx, command, args, streams); err != nil {
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
	set.StringVar(&a.App, "app", "", "the application's name, for the Pulumi project, services and projects (default: the repository's)")
	set.StringVar(&a.Owner, "owner", "", "the repository's owner on GitHub (default: from the remote origin)")
	set.StringVar(&a.Repository, "repository", "", "the repository's name on GitHub (default: from the remote origin)")
	set.StringVar(&a.Team, "team", "", "the owner's team that reviews what deploys (default: the owner)")
	set.StringVar(&a.Region, "region", "us-central1", "Google Cloud region")
	set.StringVar(&a.Folder, "folder", "infra/platform", "folder for the platform's files; . for the repository's root")
	set.StringVar(&a.Branch, "branch", "", "the repository's default branch, which deploys (default: origin's)")
	set.StringSliceVar(&a.Environments, "environments", environments, "dev; dev,staging; or dev,staging,prod")
	set.StringArrayVar(&f.services, "service", nil, "KEY or KEY=DOCKERFILE of a service; once for each (default: each Dockerfile, or web)")
	set.StringArrayVar(&f.projects, "project", nil, "ENVIRONMENT=ID of a Google Cloud project that exists (default: APP-ENVIRONMENT)")
	set.StringArrayVar(&f.reviewers, "reviewer", nil, "GITHUB-ENVIRONMENT=NUMBER of a person who approves there; may be repeated")
	set.StringArrayVar(&f.numbers, "project-number", nil, "ENVIRONMENT=NUMBER of that project (default: a stand-in)")
	set.StringVar(&a.BillingAccount, "billing-account", "", "the billing account's id (default: a stand-in)")
	set.StringVar(&a.Currency, "currency", "USD", "the billing account's currency, in which the budgets are")
	set.StringVar(&a.OwnerID, "owner-id", "", "the owner's number on GitHub (default: a stand-in)")
	set.StringVar(&a.RepositoryID, "repository-id", "", "the repository's number on GitHub (default: a stand-in)")
	set.StringVar(&a.Alerts, "alerts", "", "e-mail address that alerts go to (default: a stand-in)")
	set.StringVar(&a.Platform, "platform-repository", strings.TrimPrefix(Module, "github.com/"), "the repository whose workflows are called")
	set.StringVar(&a.Version, "version", "", "the platform's version (default: this command's)")
	set.StringVar(&a.Commit, "commit", "", "the version's commit (default: from the module proxy)")
	set.StringVar(&f.replace, "replace", "", "a folder to use instead of the platform's module, to try a change")
	set.BoolVar(&f.yes, "yes", false, "write without asking: for scripts")
	set.BoolVar(&f.upgrade, "upgrade", false, "show, and with --yes write, what this version changes in existing files")
	set.BoolVar(&f.noTidy, "no-tidy", false, "do not run go mod tidy")
}

func (f *flags) run(ctx context.Context, streams Streams) (int, error) {
	root, err := toplevel(f.repo)
	if err != nil {
		return ExitUsage, err
	}
	if _, err := os.Stat(filepath.Join(root, "infra", "program", "program.go")); err == nil {
		return ExitUsage, errors.New("this is the platform's own repository, which has everything: name the application's clone with --repo")
	}
	r := detect(root)
	if err := f.complete(ctx, r, streams); err != nil {
		return ExitUsage, err
	}
	a := f.answers
	files, err := filesOf(a)
	if _, missing := os.Stat(filepath.Join(root, a.path(adopter.File))); err == nil && missing != nil {
		err = fit(a, files)
	}
	if err != nil {
		return ExitUsage, err
	}
	plan, err := newPlan(ctx, r, a, files, f.upgrade)
	if err != nil {
		return ExitUsage, err
	}
	if len(plan.Obstacles) > 0 {
		return ExitRefuse, fmt.Errorf("nothing was written:\n  %s", strings.Join(plan.Obstacles, "\n  "))
	}
	fmt.Fprint(streams.Out, plan.Diff())
	folder := filepath.Join(root, a.Folder)
	if plan.Empty() {
		if err := f.tidy(ctx, folder, plan); err != nil {
			return ExitFailed, err
		}
		fmt.Fprintf(streams.Out, "Nothing to do: %s is as %s writes it.\n", a.Folder, a.Version)
		next(streams.Out, r, a, false)
		return ExitDone, nil
	}
	for _, note := range plan.Notes {
		fmt.Fprintln(streams.Out, "note      "+note)
	}
	if f.upgrade && f.yes || f.upgrade && streams.Interactive {
		if lost := plan.uncommitted(r); len(lost) > 0 {
			return ExitRefuse, fmt.Errorf("nothing was written: --upgrade would rewrite these files, and their changes are not committed: "+
				"commit them first\n  %s", strings.Join(lost, "\n  "))
		}
	}
	if !f.yes && !f.confirmed(ctx, streams) {
		if f.upgrade {
			return ExitDone, nil
		}
		return ExitRefuse, errors.New("nothing was written")
	}
	if err := plan.Apply(root); err != nil {
		return ExitFailed, err
	}
	if err := f.tidy(ctx, folder, plan); err != nil {
		return ExitFailed, err
	}
	next(streams.Out, r, a, plan.trust)
	return ExitDone, nil
}

// complete fills in missing answers: from an existing platform.yaml, from the repository, from the person at the terminal, and
// from this command's version.
func (f *flags) complete(ctx context.Context, r Repository, streams Streams) error {
	a := &f.answers
	a.DefaultBranch = r.DefaultBranch
	existing, err := f.fromExisting(r)
	if err != nil {
		return err
	}
	for _, one := range []struct {
		value *string
		found string
	}{{&a.Owner, r.Owner}, {&a.Repository, r.Name}, {&a.App, strings.ToLower(r.Name)}, {&a.Branch, r.Branch}} {
		*one.value = cmp.Or(*one.value, one.found)
	}
	said, err := pairs("--project", f.projects)
	if err != nil {
		return err
	}
	if a.Projects == nil {
		a.Projects = map[string]string{}
	}
	maps.Copy(a.Projects, said)
	if a.Numbers, err = pairs("--project-number", f.numbers); err != nil {
		return err
	}
	if err := f.approvers(); err != nil {
		return err
	}
	if len(f.services) == 0 {
		f.services = r.services()
	}
	if !existing && !f.yes && streams.Interactive {
		if err := f.askAll(ctx, streams); err != nil {
			return err
		}
	}
	if err := f.version(ctx); err != nil {
		return err
	}
	w := r.Workspace
	a.Jobs, a.Workspace, a.Web, a.Test, a.NodeVersion = w.Jobs, w.Folder, w.Web, w.Test, w.Node
	a.PullRequests, a.Pushes = a.branches(r)
	if len(a.Services) == 0 {
		a.addServices(r, f.services)
	}
	// This is the order in which another run finds them in the settings.
	slices.SortFunc(a.Services, func(a, b Service) int { return cmp.Compare(a.Key, b.Key) })
	for i, service := range a.Services {
		a.Services[i].Commit = r.commitArgument(service.Dockerfile)
		if _, known := r.Dockerfiles[service.Dockerfile]; !known {
			fmt.Fprintf(streams.Err, "note: there is no %s yet, of which %s is built\n", service.Dockerfile, service.Key)
		}
	}
	if problems := a.problems(); len(problems) > 0 {
		if r.Owner == "" && (a.App == "" || a.Owner == "" || a.Repository == "") {
			problems = append(problems, "the clone has no remote origin on github.com that says them: give --app, --owner and --repository")
		}
		return errors.New(strings.Join(problems, "\n"))
	}
	return nil
}

// approvers reads --reviewer, which is given once for each person.
func (f *flags) approvers() error {
	f.answers.Reviewers = map[string][]string{}
	for _, one := range f.reviewers {
		name, id, found := strings.Cut(one, "=")
		if !found {
			return fmt.Errorf("--reviewer %s: want ENVIRONMENT=NUMBER", one)
		}
		f.answers.Reviewers[name] = append(f.answers.Reviewers[name], id)
	}
	return nil
}

// branches returns the branches of the application's own workflows, and the branch that deploys.
func (a *Answers) branches(r Repository) (pullRequests, pushes []string) {
	pullRequests, pushes = []string{a.Branch}, []string{a.Branch}
	for _, branch := range r.PullRequests {
		if branchForm.MatchString(branch) && branch != a.Branch {
			pullRequests = append(pullRequests, branch)
		}
	}
	for _, branch := range r.Pushes {
		if slices.Contains(pullRequests, branch) && branch != a.Branch {
			pushes = append(pushes, branch)
		}
	}
	return pullRequests, pushes
}

// addServices fills each KEY or KEY=DOCKERFILE.
func (a *Answers) addServices(r Repository, said []string) {
	for _, one := range said {
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

// problems returns all problems of the answers.
func (a Answers) problems() []string {
	text, err := render("platform.yaml", a)
	if err == nil {
		_, err = adopter.Parse([]byte(text))
	}
	if err = errors.Join(err, a.check()); err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
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

// adopterOf returns the content of the platform.yaml to write.
func adopterOf(a Answers) adopter.Adopter {
	return adopter.Adopter{Application: a.App, Owner: a.Owner, Repository: a.Repository, Team: a.Team, Folder: a.Folder}
}
