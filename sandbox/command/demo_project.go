package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/guiofsaints/procureflow-platform/sandbox/engine"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// openDemo makes the demonstration's own folder again, with project files whose digest it changes and an empty cloud. Another
// demonstration waits until release is called.
func (a *app) openDemo(ctx context.Context) (dir statedir.Dir, release func(), err error) {
	root, err := repository()
	if err != nil {
		return statedir.Dir{}, nil, err
	}
	if a.state == "" {
		a.state = filepath.Join(root, statedir.Name)
	}
	folder, err := statedir.Open(filepath.Join(a.state, "demo"))
	if err != nil {
		return statedir.Dir{}, nil, err
	}
	if release, err = folder.Lock(ctx, "demo", a.wait, a.streams.Err); err != nil {
		return statedir.Dir{}, nil, err
	}
	if dir, err = a.emptyDemo(ctx, root, folder); err != nil {
		release()
		return statedir.Dir{}, nil, err
	}
	return dir, release, nil
}

// emptyDemo stops and deletes what an interrupted demonstration left in folder.
func (a *app) emptyDemo(ctx context.Context, root string, folder statedir.Dir) (statedir.Dir, error) {
	a.state = folder.Path("cloud")
	if dir, err := statedir.Open(a.state); err == nil {
		if client, err := server.Connect(ctx, dir); err == nil {
			if err := client.Stop(ctx, dir); err != nil {
				return statedir.Dir{}, fmt.Errorf("end an earlier demonstration: %w", err)
			}
		}
	}
	if err := os.RemoveAll(a.state); err != nil {
		return statedir.Dir{}, err
	}
	dir, err := statedir.Open(a.state)
	if err != nil {
		return statedir.Dir{}, err
	}
	source := root
	if a.dir != "" {
		source = a.dir
	}
	a.dir = folder.Path("project")
	if err := os.MkdirAll(filepath.Join(a.dir, "policy"), 0o700); err != nil {
		return statedir.Dir{}, err
	}
	for _, name := range []string{"Pulumi.yaml", "Pulumi.dev.yaml", "platform.yaml", "policy/dev.json"} {
		content, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return statedir.Dir{}, err
		}
		if err := os.WriteFile(filepath.Join(a.dir, name), content, 0o600); err != nil {
			return statedir.Dir{}, err
		}
	}
	return dir, nil
}

// deploy writes the digest into the settings, as a deployment does, and runs up.
func (d *demonstration) deploy(ctx context.Context, digest string) error {
	file := filepath.Join(d.app.dir, "Pulumi.dev.yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	line := "        image: " + d.service.Image + "\n"
	before, after, found := strings.Cut(string(content), line)
	if !found {
		return fmt.Errorf("%s has no line image: %s, whose service the demonstration releases", filepath.Base(file), d.service.Image)
	}
	if rest, was := strings.CutPrefix(after, "        digest: "); was {
		_, after, _ = strings.Cut(rest, "\n")
	}
	if err := os.WriteFile(file, []byte(before+line+"        digest: "+digest+"\n"+after), 0o600); err != nil {
		return err
	}
	return d.demoUp(ctx)
}

func (a *app) demoUp(ctx context.Context) error {
	quiet := &app{program: a.program, dir: a.dir, state: a.state, wait: a.wait, streams: a.streams}
	var lines strings.Builder
	quiet.streams.Out = &lines
	err := quiet.withStack(ctx, "demo", "dev", func(ctx context.Context, stack *engine.Stack) error {
		changes, err := stack.Update(ctx)
		a.note("dev", "up", stack)
		if err == nil {
			fmt.Fprintf(a.streams.Out, "up: %d created, %d updated, policies passed.\n", changes["create"], changes["update"])
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(a.streams.Out, "up failed: %v\n", engine.Errors(lines.String()))
	}
	return err
}
