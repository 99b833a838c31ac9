package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/github"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// UsageError is the caller's mistake. Nothing was started.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message }

// Stack is one stack, selected and ready.
type Stack struct {
	engine   *Engine
	auto     auto.Stack
	settings stacks.Settings
	findings []Finding
}

// Stack checks the stack's settings, makes the project and the repository that they name exist in the cloud, and selects the stack. It
// creates the stack if it is new.
func (e *Engine) Stack(ctx context.Context, name string) (*Stack, error) {
	settings, err := e.writeStackFile(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := e.connect(ctx, true); err != nil {
		return nil, err
	}
	if err := e.restoreCheckpoint(name); err != nil {
		return nil, err
	}
	if err := e.forgetLostCloud(ctx, name, settings); err != nil {
		return nil, err
	}
	if err := e.seed(ctx, settings); err != nil {
		return nil, err
	}
	space, err := e.workspace(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.files().Create(name); err != nil {
		return nil, fmt.Errorf("create stack %s: %w", name, err)
	}
	selected, err := auto.SelectStack(ctx, name, space)
	if err != nil {
		return nil, fmt.Errorf("select stack %s: %w", name, err)
	}
	return &Stack{engine: e, auto: selected, settings: settings}, nil
}

// seed makes what exists before a real stack's first `up`: the project with its billing account, and the repository.
func (e *Engine) seed(ctx context.Context, settings stacks.Settings) error {
	err := e.client.EnsureProject(ctx, cloud.Project{
		ID: settings.Project.ID, Number: settings.Project.Number, BillingAccount: settings.Project.BillingAccount,
		Currency: settings.Budget.Currency,
	})
	if err != nil {
		return err
	}
	var reviewers []int64
	for _, environment := range settings.GitHub.Environments {
		reviewers = append(reviewers, environment.Reviewers...)
	}
	return e.client.EnsureRepository(ctx, github.Repository{
		Owner: settings.GitHub.Owner, OwnerID: settings.GitHub.OwnerID,
		Name: settings.GitHub.Repository, ID: settings.GitHub.RepositoryID, Branch: settings.GitHub.Branch,
		UserIDs: reviewers,
	})
}

func (s *Stack) color() string {
	if s.engine.options.Terminal {
		return "always"
	}
	return "never"
}

// Changes counts the operations of an update by kind: create, update, replace, delete, same.
type Changes map[string]int

// None says that nothing was, or would be, changed.
func (c Changes) None() bool {
	for kind, count := range c {
		if kind != "same" && kind != "refresh" && kind != "read" && count > 0 {
			return false
		}
	}
	return true
}

// Up makes the cloud match the program, after it has repaired what an interrupted command left behind. The CLI's lines go to Out while
// the resources are made. Up previews first: the engine runs policies about the whole stack last, which in an update would be too late.
// The preview's lines go to Out only if it stops the update, which otherwise says the same again.
func (s *Stack) Up(ctx context.Context) (Changes, error) {
	preview := &heldPreview{to: s.engine.options.Out}
	changes, err := s.update(context.WithValue(ctx, previewFirst{}, true), preview.stdout(), preview.stderr())
	return changes, errors.Join(err, preview.release())
}

// Update is Up without its preview, which is a quarter of its time. It is for changes that were previewed before, or that nobody would
// miss.
func (s *Stack) Update(ctx context.Context) (Changes, error) {
	return s.update(ctx, s.engine.options.Out, s.engine.options.Out)
}

func (s *Stack) update(ctx context.Context, stdout, stderr io.Writer) (Changes, error) {
	if err := s.recover(ctx); err != nil {
		return nil, err
	}
	pack, config, err := s.engine.policyPack(ctx, s.auto.Name())
	if err != nil {
		return nil, err
	}
	before, err := s.engine.latest(s.auto.Name())
	if err != nil {
		return nil, err
	}
	result, err := s.auto.Up(ctx, optup.PolicyPacks(pack), optup.PolicyPackConfigs(config), optup.ProgressStreams(stdout),
		optup.ErrorProgressStreams(stderr), optup.Color(s.color()), optup.SuppressProgress(), optup.ShowSecrets(false))
	s.findings = nil
	for _, told := range s.engine.journal.Findings() {
		s.findings = append(s.findings, findingOf(told))
	}
	if err != nil {
		if len(before.Resources) == 0 && strings.Contains(err.Error(), "already exists") {
			fmt.Fprintf(stdout, "Stack %[1]s had no state, and the emulated cloud has some of what it makes: `go run ./cmd/sandbox adopt %[1]s` "+
				"lists it. To start over: `go run ./cmd/sandbox stop`, and delete %[2]s\n", s.auto.Name(), s.engine.options.Dir.Path())
		}
		return nil, s.failed(ctx, "up", err)
	}
	changes := Changes{}
	if result.Summary.ResourceChanges != nil {
		changes = *result.Summary.ResourceChanges
	}
	return changes, nil
}

// Preview shows what Up would do and changes nothing.
func (s *Stack) Preview(ctx context.Context, more ...optpreview.Option) error {
	pack, config, err := s.engine.policyPack(ctx, s.auto.Name())
	if err != nil {
		return err
	}
	stream, heard := listen()
	_, err = s.auto.Preview(ctx, append(more, optpreview.PolicyPacks(pack), optpreview.PolicyPackConfigs(config),
		optpreview.ProgressStreams(s.engine.options.Out), optpreview.ErrorProgressStreams(s.engine.options.Out),
		optpreview.Color(s.color()), optpreview.SuppressProgress(), optpreview.EventStreams(stream))...)
	s.findings = nil
	all := heard()
	for _, event := range all {
		if event.PolicyEvent != nil {
			s.findings = append(s.findings, findingOf(*event.PolicyEvent))
		}
	}
	if err == nil {
		if err = refusePlacesTaken(stepsOf(all)); err != nil {
			fmt.Fprintf(s.engine.options.Out, "error: %v\n", err)
		}
	}
	if err != nil {
		return s.failed(ctx, "preview", err)
	}
	return nil
}

// Destroy deletes everything of the stack. Deletion protection refuses, as in the real cloud. Afterwards it lets thirty days pass for the
// project's deleted identity pools, because their ids are taken until then and the next Up would fail.
func (s *Stack) Destroy(ctx context.Context) error {
	if err := s.recover(ctx); err != nil {
		return err
	}
	_, err := s.auto.Destroy(ctx, optdestroy.ProgressStreams(s.engine.options.Out),
		optdestroy.ErrorProgressStreams(s.engine.options.Out), optdestroy.Color(s.color()), optdestroy.SuppressProgress(),
		optdestroy.ShowSecrets(false))
	if err != nil {
		return s.failed(ctx, "destroy", err)
	}
	return s.engine.client.ForgetDeleted(ctx, s.settings.Project.ID)
}

func noState(stack string) error {
	return &UsageError{Message: fmt.Sprintf("stack %s has no state yet: run `go run ./cmd/sandbox up %s` first", stack, stack)}
}

// Export writes the stack's state as JSON to out, with encrypted secrets, and writes nothing else there.
func (e *Engine) Export(name string, out io.Writer) error {
	if err := e.knows(name); err != nil {
		return err
	}
	if _, err := os.Stat(e.checkpoint(name)); err != nil {
		return noState(name)
	}
	if err := e.restoreCheckpoint(name); err != nil {
		return err
	}
	return e.files().Export(name, out)
}

// checkpoint returns the path at which the file backend keeps a stack's state.
func (e *Engine) checkpoint(stack string) string {
	return e.files().Checkpoint(stack)
}

// Service is a service of the stack, with its addresses.
type Service struct {
	// Name is the Cloud Run service id.
	Name string
	// URL is its address in the real cloud. Address is its address on this machine.
	URL, Address string
}

// Services lists the stack's running services.
func (s *Stack) Services(ctx context.Context) ([]Service, error) {
	status, err := s.engine.client.Status(ctx)
	if err != nil {
		return nil, err
	}
	parent := "projects/" + s.settings.Project.ID + "/locations/" + s.settings.Project.Region + "/services"
	var services []Service
	for _, endpoint := range status.Services {
		if path.Dir(endpoint.Name) == parent {
			services = append(services, Service{Name: path.Base(endpoint.Name), URL: endpoint.URL, Address: endpoint.Address})
		}
	}
	return services, nil
}

// OperationError says that the engine did not complete an operation. The engine has already written the reason to Out.
type OperationError struct {
	// Operation is what failed, such as up or preview. Cause is the error of the CLI.
	Operation, Stack string
	Cause            error
}

func (e *OperationError) Error() string {
	return fmt.Sprintf("%s of stack %s failed: see the lines above", e.Operation, e.Stack)
}

func (e *OperationError) Unwrap() error { return e.Cause }

func (s *Stack) failed(ctx context.Context, operation string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s of stack %s was interrupted; run it again to go on: %w", operation, s.auto.Name(), context.Cause(ctx))
	}
	var usage *UsageError
	if errors.As(err, &usage) {
		return err
	}
	return &OperationError{Operation: operation, Stack: s.auto.Name(), Cause: err}
}
