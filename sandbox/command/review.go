package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/rehearse"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// reviewFlags are the flags of review and rehearse.
type reviewFlags struct {
	base, head       string
	stacks           []string
	seed             uint64
	planOnly         bool
	compile          bool
	labels, measured []string
	asJSON, comment  bool
	web, page        string
	// exports are files that `pulumi stack export` wrote; - is standard input.
	exports []string
}

// scrubbedKey is set in the process that runs a change's code, whose environment contains no secret.
const scrubbedKey = "SANDBOX_SCRUBBED"

const reviewExits = "\n\nExit codes: 0 done; 1 the answer is no (a stack would be refused, the rehearsal fails, or " +
	"somebody gains\n" +
	"something without the label that the settings ask for); 2 the call or the settings are wrong; 3 the operation failed; 130 interrupted."

func (a *app) review() *cobra.Command {
	var f reviewFlags
	command := &cobra.Command{
		Use: "review BASE [HEAD]", Short: "Say what a pull request would do: changes, cost, authority, what visitors notice, the way back",
		Long: "Compares HEAD, or the working tree, with the commit BASE. It says what changes in each stack by the real engine, what that\n" +
			"costs, who gains which rights, and what happens when the change is applied to an emulated cloud in which BASE is up. It needs\n" +
			"no account: the code of both sides runs in an environment without credentials." + reviewExits,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(command *cobra.Command, args []string) error {
			f.base = args[0]
			if len(args) > 1 {
				f.head = args[1]
			}
			return a.compare(command.Context(), f)
		},
	}
	flags := command.Flags()
	flags.StringSliceVar(&f.stacks, "stack", nil, "the stacks to review (default: all)")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of everything random in the rehearsal, such as when the engine is killed")
	flags.BoolVar(&f.planOnly, "plan-only", false, "skip the rehearsal, which applies the change")
	flags.BoolVar(&f.compile, "compile", false, "compile the working tree's program too, if this executable was built from another tree")
	flags.StringSliceVar(&f.labels, "label", nil, "the pull request's labels")
	flags.StringArrayVar(&f.measured, "measured", nil, "SERVICE=REQUESTS:MILLISECONDS, the measured load of a service in a month; may be "+
		"repeated")
	flags.BoolVar(&f.asJSON, "json", false, "print it as JSON")
	flags.BoolVar(&f.comment, "comment", false, "print the comment of a pull request")
	flags.StringVar(&f.page, "page", "", "with --comment: the address of the whole report's page")
	flags.StringVar(&f.web, "web", "", "file to which the report is written as a page")
	a.exportFlag(command, &f)
	return command
}

func (a *app) rehearse() *cobra.Command {
	var f reviewFlags
	var stack string
	command := &cobra.Command{
		Use: "rehearse BASE HEAD", Short: "Apply a change to an emulated cloud in which the base is up, and say what happens",
		Long: "Brings BASE up in an emulated cloud with visitors, and applies HEAD with its policies. Meanwhile it kills the engine\n" +
			"once. Then it releases the new revisions by the stack's own policy on a virtual clock, checks for drift, and rolls\n" +
			"back. HEAD may be . for the working tree." + reviewExits,
		Args: cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, args []string) error {
			f.base, f.head, f.stacks = args[0], args[1], []string{stack}
			if f.head == "." {
				f.head = ""
			}
			return a.compare(command.Context(), f)
		},
	}
	command.Flags().StringVar(&stack, "stack", "prod", "the stack to rehearse")
	command.Flags().Uint64Var(&f.seed, "seed", 1, "seed that repeats a rehearsal")
	command.Flags().BoolVar(&f.asJSON, "json", false, "print it as JSON")
	command.Flags().BoolVar(&f.compile, "compile", false, "compile the working tree's program too, if this executable was built from "+
		"another tree")
	a.exportFlag(command, &f)
	return command
}

func (a *app) exportFlag(command *cobra.Command, f *reviewFlags) {
	command.Flags().StringArrayVar(&f.exports, "from-export", nil,
		"`FILE` that pulumi stack export wrote, - for standard input; the stack begins "+
			"in that state. Secrets, and every text that the repository does not have, are withheld; may be repeated")
}

// exported reads the exports, by stack. It takes them before anything of the change runs.
func (a *app) exported(f reviewFlags) (map[string]rehearse.Export, []json.RawMessage, error) {
	byStack := map[string]rehearse.Export{}
	var documents []json.RawMessage
	for _, file := range f.exports {
		data, err := readInput(file, a.streams.In)
		if err != nil {
			return nil, nil, cli.Blame(fmt.Errorf("--from-export: %w", err))
		}
		several := []json.RawMessage{data}
		if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) { // This is how the process without secrets gets them.
			if err := json.Unmarshal(data, &several); err != nil {
				return nil, nil, cli.Blame(errors.New("--from-export: give a list of exports in JSON on standard input"))
			}
		}
		for _, one := range several {
			export, err := rehearse.ReadExport(one)
			if err != nil {
				return nil, nil, cli.Blame(fmt.Errorf("--from-export %s: %w", file, err))
			}
			byStack[export.Stack] = export
			documents = append(documents, one)
		}
	}
	return byStack, documents, nil
}

func readInput(file string, in io.Reader) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(file)
}

// compare makes the review in a separate process whose environment contains no secret.
func (a *app) compare(ctx context.Context, f reviewFlags) error {
	if _, err := measuredLoads(f.measured); err != nil {
		return cli.Blame(err)
	}
	if err := a.checkRevisions(ctx, f); err != nil {
		return err
	}
	exports, documents, err := a.exported(f)
	if err != nil {
		return err
	}
	for stack := range exports {
		if len(f.stacks) > 0 && !slices.Contains(f.stacks, stack) {
			return cli.Blame(fmt.Errorf("--from-export: the state is of stack %s, and it is not reviewed: add --stack %s", stack, stack))
		}
	}
	work, err := os.MkdirTemp("", "review-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	report, err := a.reportOf(ctx, f, work, exports, documents)
	if err != nil {
		return err
	}
	for _, stack := range report.Stacks {
		if stack.Failed != "" || stack.Rehearsal != nil && stack.Rehearsal.Failed != "" {
			a.exit = ExitNo
		}
	}
	if report.Widens() && report.WideningLabel != "" && !slices.Contains(f.labels, report.WideningLabel) {
		a.exit = ExitNo
		fmt.Fprintf(a.streams.Err, "Somebody can do more than before, and the pull request does not have the label %q, which the settings ask "+
			"for.\n", report.WideningLabel)
	}
	if f.web != "" {
		file, err := os.Create(f.web)
		if err != nil {
			return err
		}
		if err := errors.Join(report.Page(file), file.Close()); err != nil {
			return err
		}
		fmt.Fprintf(a.streams.Err, "The page is %s\n", f.web)
	}
	return a.show(f.asJSON, report, func() error {
		if f.comment {
			_, err := io.WriteString(a.streams.Out, report.Comment(f.page))
			return err
		}
		return report.Write(a.streams.Out)
	})
}

// checkRevisions refuses a revision that names no commit, before anything is started.
func (a *app) checkRevisions(ctx context.Context, f reviewFlags) error {
	folder, err := a.folder()
	if err != nil {
		return err
	}
	repository, err := rehearse.Repository(ctx, folder)
	if err != nil {
		return cli.Blame(err)
	}
	for _, revision := range []string{f.base, f.head} {
		if revision == "" { // The empty revision is the working tree.
			continue
		}
		if _, err := rehearse.Commit(ctx, repository, revision); err != nil {
			return cli.Blame(err)
		}
	}
	return nil
}

// reportOf makes the report in this process if its environment contains no secrets. Otherwise it starts a process without them.
func (a *app) reportOf(ctx context.Context, f reviewFlags, work string, exports map[string]rehearse.Export, documents []json.RawMessage) (
	review.Report, error) {
	if os.Getenv(scrubbedKey) != "" {
		return a.reviewed(ctx, f, work, exports)
	}
	home := filepath.Join(work, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return review.Report{}, err
	}
	environment, err := rehearse.Scrubbed(os.Environ(), home)
	if err != nil {
		return review.Report{}, err
	}
	executable, err := os.Executable()
	if err != nil {
		return review.Report{}, err
	}
	arguments := []string{"review", "--json", fmt.Sprintf("--seed=%d", f.seed), fmt.Sprintf("--plan-only=%t", f.planOnly),
		fmt.Sprintf("--compile=%t", f.compile)}
	for _, stack := range f.stacks {
		arguments = append(arguments, "--stack="+stack)
	}
	for _, measured := range f.measured {
		arguments = append(arguments, "--measured="+measured)
	}
	if a.dir != "" {
		arguments = append(arguments, "--folder="+a.dir)
	}
	// The exports go through a pipe, because the change's code could read a file.
	var exported []byte
	if len(documents) > 0 {
		if exported, err = json.Marshal(documents); err != nil {
			return review.Report{}, err
		}
		arguments = append(arguments, "--from-export=-")
	}
	arguments = append(arguments, "--", f.base)
	if f.head != "" {
		arguments = append(arguments, f.head)
	}
	child := exec.CommandContext(ctx, executable, arguments...)
	child.Env = append(environment, scrubbedKey+"=1")
	child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
	var said bytes.Buffer
	child.Stdin, child.Stdout, child.Stderr = bytes.NewReader(exported), &said, a.streams.Err
	err = child.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() != ExitNo {
		return review.Report{}, &endedError{"the review", exit.ExitCode()}
	} else if err != nil && exit == nil {
		return review.Report{}, err
	}
	var report review.Report
	if err := json.Unmarshal(said.Bytes(), &report); err != nil {
		return review.Report{}, fmt.Errorf("the review wrote no report: %w", err)
	}
	return report, nil
}
