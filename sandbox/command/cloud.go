package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/emulator/conditions"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

func (a *app) serve() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Keep the emulated cloud and its data plane up in this terminal, and print its endpoints", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx := command.Context()
			dir, err := a.openDir()
			if err != nil {
				return err
			}
			release, err := dir.Lock(ctx, "sandbox serve", a.wait, a.streams.Err)
			if err != nil {
				return err
			}
			release = sync.OnceFunc(release) // From here on, other commands may use the cloud.
			defer release()
			// An earlier command's background cloud is stopped first; its state and its ports stay.
			if client, err := server.Connect(ctx, dir); err == nil {
				status, err := client.Status(ctx)
				if err != nil {
					return err
				}
				if status.Foreground {
					return fmt.Errorf("process %d serves this cloud in another terminal; end it there first", status.PID)
				}
				if err := client.Stop(ctx, dir); err != nil {
					return err
				}
			}
			executable, err := os.Executable()
			if err != nil {
				return err
			}
			err = server.Serve(ctx, server.Options{Dir: dir, Build: build(executable), Foreground: true, Log: a.streams.Err,
				Conditions: conditions.Hold, Ready: func(status server.Status) {
					release()
					printStatus(a.streams.Out, status)
					fmt.Fprintln(a.streams.Out, "Ctrl-C ends it; the state stays.")
				}})
			if errors.Is(err, server.ErrRunning) {
				return fmt.Errorf("%w: it is just stopping or starting; try again", err)
			}
			return err
		},
	}
}

// cloud makes the command for the cloud that other commands start in the background.
func (a *app) cloud() *cobra.Command {
	return &cobra.Command{
		Use: "cloud", Hidden: true, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			dir, err := a.openDir()
			if err != nil {
				return err
			}
			executable, err := os.Executable()
			if err != nil {
				return err
			}
			return server.Serve(command.Context(), server.Options{Dir: dir, Build: build(executable), Log: a.streams.Err,
				Conditions: conditions.Hold})
		},
	}
}

func (a *app) status() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use: "status", Short: "Say whether the emulated cloud runs and where its services answer", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			dir, err := a.openDir()
			if err != nil {
				return err
			}
			status, running, err := a.cloudStatus(command.Context(), dir)
			if err != nil || !running {
				return err
			}
			if asJSON {
				return a.streams.JSON(status)
			}
			printStatus(a.streams.Out, status)
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return command
}

// cloudStatus reads the background cloud's status. If none runs, it says so and sets the exit code for "no".
func (a *app) cloudStatus(ctx context.Context, dir statedir.Dir) (status server.Status, running bool, err error) {
	client, err := server.Connect(ctx, dir)
	if errors.Is(err, server.ErrNotRunning) {
		a.exit = ExitNo
		fmt.Fprintln(a.streams.Err, notRunning)
		return server.Status{}, false, nil
	}
	if err != nil {
		return server.Status{}, false, err
	}
	status, err = client.Status(ctx)
	return status, err == nil, err
}

func (a *app) stop() *cobra.Command {
	return &cobra.Command{
		Use: "stop", Short: "End the emulated cloud's process; its state stays", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx := command.Context()
			dir, err := a.openDir()
			if err != nil {
				return err
			}
			release, err := dir.Lock(ctx, "sandbox stop", a.wait, a.streams.Err)
			if err != nil {
				return err
			}
			defer release()
			client, err := server.Connect(ctx, dir)
			if errors.Is(err, server.ErrNotRunning) {
				fmt.Fprintln(a.streams.Out, "The cloud was not running.")
				return nil
			} else if err != nil {
				return err
			}
			if err := client.Stop(ctx, dir); err != nil {
				return err
			}
			fmt.Fprintln(a.streams.Out, "The cloud has stopped; its state is kept.")
			return nil
		},
	}
}

const notRunning = "The cloud is not running; `up` or `serve` starts it."

func printStatus(out io.Writer, status server.Status) {
	fmt.Fprintf(out, "APIs        %s\n", status.API)
	fmt.Fprintf(out, "Data plane  %s (routes by the Host header, to services and tags)\n", status.DataPlane)
	fmt.Fprintf(out, "Console     %s (a page with traffic, answers, faults and findings; its address is secret)\n", status.Console)
	for _, service := range status.Services {
		fmt.Fprintf(out, "Service     %s  %s\n", service.Address, service.Name)
	}
}
