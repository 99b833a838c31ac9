package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/guiofsaints/procureflow-platform/emulator/provider"
	"github.com/guiofsaints/procureflow-platform/internal/wait"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// lateCreation is how long a request of a killed engine may still take until the cloud has carried it out: on a busy machine the next
// command can be there first. A creation is forgotten only when it has not happened after this time.
const lateCreation = 2 * time.Second

// restoreCheckpoint brings a stack's state up to date after a killed engine. What the engine has recorded in the journal is written into
// the state. A state that another command of the CLI left half written is replaced by the backend's previous one, because the file backend
// writes in place. One step back is enough, because the engine records each creation before it begins it. [Stack.recover] finds out how
// that creation ended.
func (e *Engine) restoreCheckpoint(stack string) error {
	if err := e.dropHalfWrittenAttributes(); err != nil {
		return err
	}
	path := e.checkpoint(stack)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("read the state of stack %s: %w", stack, err)
	}
	if json.Valid(data) {
		return e.files().Fold(stack, time.Now())
	}
	previous, err := os.ReadFile(path + ".bak")
	if err != nil || !json.Valid(previous) {
		return fmt.Errorf("the state of stack %s is damaged and so is its backup: %s; delete the sandbox's state folder to start over",
			stack, path)
	}
	fmt.Fprintln(e.options.Out, "An earlier command was killed while it wrote the stack's state: going back one step.")
	return statedir.WriteFile(path, previous, 0o600)
}

// forgetLostCloud sets a stack's state aside if the cloud lacks the project of which the state has resources: somebody deleted the folder
// of the emulated cloud, and what the state lists with it. No refresh helps then, because every API is off in the project that comes next.
func (e *Engine) forgetLostCloud(ctx context.Context, stack string, settings stacks.Settings) error {
	state, err := e.latest(stack)
	uses := slices.ContainsFunc(state.Resources, func(r apitype.ResourceV3) bool { return r.Inputs["project"] == settings.Project.ID })
	if err != nil || !uses {
		return err
	}
	there, err := e.client.HasProject(ctx, settings.Project.ID)
	if err != nil || there {
		return err
	}
	aside, err := e.files().SetAside(stack)
	if err == nil {
		fmt.Fprintf(e.options.Out, "The emulated cloud that had the project %s was deleted, and with it all that stack %s had. The stack starts "+
			"over; its old state is now %s\n", settings.Project.ID, stack, aside)
	}
	return err
}

// dropHalfWrittenAttributes removes the backend's attribute files that a killed engine left empty. Such a file stands
// next to each file and holds only its content type, but while it is incomplete the file cannot be read.
func (e *Engine) dropHalfWrittenAttributes() error {
	return filepath.WalkDir(e.backendDir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".attrs" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || json.Valid(data) {
			return err
		}
		return os.Remove(path)
	})
}

// recover repairs what a killed engine leaves behind: the backend's lock, and creations that may or may not have
// happened. The caller holds the state folder's lock, so no other engine runs, and the backend's lock is a dead one. A
// creation that happened becomes a resource of the state. One that did not is forgotten, and `up` makes it. Without
// this, the next `up` would try to create the thing again and fail, because it already exists.
func (s *Stack) recover(ctx context.Context) error {
	released, err := s.engine.files().Unlock(s.auto.Name())
	if err != nil {
		return fmt.Errorf("release the stack's lock: %w", err)
	}
	if released {
		fmt.Fprintln(s.engine.options.Out, "An earlier command was killed while it held the stack's lock: releasing it.")
	}
	pending, err := s.pendingCreates(ctx)
	if err != nil || len(pending) == 0 {
		return err
	}
	happened := map[resource.URN]resource.ID{}
	waited := false
	for _, create := range pending {
		id, found, err := s.locate(ctx, create)
		if err == nil && !found && !waited {
			waited = true
			if err = wait.For(ctx, lateCreation); err == nil {
				id, found, err = s.locate(ctx, create)
			}
		}
		if err != nil {
			return fmt.Errorf("find out whether the interrupted creation of %s happened: %w", create.URN, err)
		}
		if found {
			happened[create.URN] = resource.ID(id)
			fmt.Fprintf(s.engine.options.Out, "Interrupted creation of %s had happened: taking over %s.\n", create.URN.Name(), id)
		} else {
			fmt.Fprintf(s.engine.options.Out, "Interrupted creation of %s had not happened: forgetting it.\n", create.URN.Name())
		}
	}
	// The engine's own command, `refresh --import-pending-creates`, loses the resources that it should import.
	return s.engine.files().Settle(s.auto.Name(), happened)
}

// locate looks for the resource that an interrupted creation was about to make.
func (s *Stack) locate(ctx context.Context, create pendingCreate) (id string, found bool, err error) {
	return provider.Locate(ctx, provider.Options{API: s.engine.client.API(), Token: s.engine.client.Token()}, create.Type, create.Inputs,
		provider.Settings{Project: s.settings.Project.ID, Region: s.settings.Project.Region, Owner: s.settings.GitHub.Owner})
}

// pendingCreate is a resource whose creation had begun.
type pendingCreate struct {
	URN    resource.URN
	Type   string
	Inputs map[string]any
}

func (s *Stack) pendingCreates(ctx context.Context) ([]pendingCreate, error) {
	checkpoint, err := s.engine.latest(s.auto.Name())
	if err != nil || len(checkpoint.PendingOperations) == 0 {
		return nil, err // This is the usual case, and it saves the second that the CLI takes to decrypt an export.
	}
	deployment, err := s.State(ctx)
	if err != nil {
		return nil, err
	}
	var pending []pendingCreate
	for _, operation := range deployment.PendingOperations {
		if operation.Type == apitype.OperationTypeCreating && operation.Resource.Custom {
			pending = append(pending, pendingCreate{URN: operation.Resource.URN, Type: string(operation.Resource.Type),
				Inputs: operation.Resource.Inputs})
		}
	}
	return pending, nil
}

// latest returns the stack's state from the backend's file, with encrypted secrets. It is empty if there is no file.
func (e *Engine) latest(stack string) (apitype.DeploymentV3, error) {
	data, err := os.ReadFile(e.checkpoint(stack))
	if errors.Is(err, fs.ErrNotExist) {
		return apitype.DeploymentV3{}, nil
	}
	var file struct{ Checkpoint apitype.CheckpointV3 }
	if err == nil {
		err = json.Unmarshal(data, &file)
	}
	if err != nil {
		return apitype.DeploymentV3{}, fmt.Errorf("read the state of stack %s: %w", stack, err)
	}
	if file.Checkpoint.Latest == nil {
		return apitype.DeploymentV3{}, nil
	}
	return *file.Checkpoint.Latest, nil
}

// State returns the stack's state with decrypted secrets.
func (s *Stack) State(ctx context.Context) (apitype.DeploymentV3, error) {
	var deployment apitype.DeploymentV3
	state, err := s.auto.Export(ctx)
	if err == nil && len(state.Deployment) > 0 && string(state.Deployment) != "null" {
		err = json.Unmarshal(state.Deployment, &deployment)
	}
	if err != nil {
		return deployment, fmt.Errorf("read the state of stack %s: %w", s.auto.Name(), err)
	}
	return deployment, nil
}
