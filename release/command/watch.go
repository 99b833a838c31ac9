package command

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/report"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
	"github.com/guiofsaints/procureflow-platform/release/settings"
	"github.com/guiofsaints/procureflow-platform/release/watch"
)

func (a *app) watch() *cobra.Command {
	var web, follow bool
	command := &cobra.Command{
		Use: "watch SERVICE", Short: "Watch a release: its steps, who serves, its gates, what it waits for and until when",
		Args: cobra.ExactArgs(1),
		Long: "Shows what a release does, from the live service and from the audit file on this machine. A release that runs on another\n" +
			"machine has no audit file here; then only the service is shown. It changes nothing, and you can end it at any time.\n\n" +
			"It ends with the release, and with the exit code of its rollout. With --follow or --web it goes on until it is interrupted.\n" +
			"--web serves the same as a page on this machine, for you alone: its address contains a secret. The page has\n" +
			"buttons to proceed and to roll back if your credentials may change the service.",
		Example: "  release watch procureflow-web\n  release watch procureflow-web --web\n  release watch procureflow-web --json | jq " +
			".waiting",
		RunE: func(command *cobra.Command, arguments []string) error {
			s, err := a.connect(command.Context(), "", arguments[0])
			if err != nil {
				return err
			}
			defer s.close()
			environment, err := settings.Load(a.flags.policy, a.flags.environment)
			if err != nil {
				return usage("%v", err)
			}
			w := &watcher{app: a, session: s, rules: environment.Policy().Rules()}
			first, err := w.look(command.Context())
			if err != nil {
				return err
			}
			if web {
				return w.serve(command.Context(), first)
			}
			return w.follow(command.Context(), follow)
		},
	}
	command.Flags().BoolVar(&web, "web", false, "serve it as a page on this machine, and print its address")
	command.Flags().BoolVar(&follow, "follow", false, "go on when the release has ended, and wait for the next one")
	return command
}

// watcher is one run of the watch command.
type watcher struct {
	*app
	session *session
	rules   rollout.Rules
}

// look reads the service and the journal.
func (w *watcher) look(ctx context.Context) (watch.State, error) {
	status, err := w.session.Status(ctx)
	if err != nil {
		return watch.State{}, err
	}
	runs, err := journal(w.flags.audit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return watch.State{}, err
	}
	var own []report.Run
	for _, run := range runs {
		if run.Service == w.session.fullName() {
			own = append(own, run)
		}
	}
	return watch.Read(watch.Observation{At: w.session.Clock.Now(), Status: status, Runs: own, Rules: w.rules,
		Rollback: w.session.command("rollback"), Resume: w.session.command("rollout", "--proceed")}), nil
}

// follow shows the release until it has ended. A look that fails is reported and tried again, because the release does not depend on it.
func (w *watcher) follow(ctx context.Context, on bool) error {
	key, failing := "", ""
	began := ""
	for {
		state, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && err.Error() != failing:
			failing = err.Error()
			w.session.console.say("%s", failing)
		case err == nil:
			failing = ""
			if err := w.show(state, key); err != nil {
				return err
			}
			key = state.Key()
			if !state.Ended {
				began = state.Candidate
			}
			if state.Ended && !on {
				if began != "" {
					w.exit = code(ended(state, began), false)
				}
				return nil
			}
		}
		if w.session.Clock.Sleep(ctx, watch.Every) != nil {
			return nil
		}
	}
}

// ended returns how the watched release ended: from the journal, or else from what the service shows.
func ended(state watch.State, candidate string) rollout.Outcome {
	switch {
	case state.Candidate == candidate && state.Outcome != "":
		return state.Outcome
	case state.Stable == candidate:
		return rollout.Released
	}
	return rollout.RolledBack
}

// show redraws the state on a terminal. Elsewhere it prints a line when something changed.
func (w *watcher) show(state watch.State, key string) error {
	switch {
	case w.flags.json && state.Key() != key:
		line, err := json.Marshal(state)
		if err != nil {
			return err
		}
		return w.write(string(line) + "\n")
	case w.flags.json:
		return nil
	case w.streams.Screen:
		// Redraw without flicker: move to the top, clear the rest of each line, then the rest of the screen.
		text := strings.ReplaceAll(state.Text(w.paint), "\n", "\x1b[K\n")
		return w.write("\x1b[H" + text + "\x1b[J")
	case state.Key() != key:
		return w.write(state.Line() + "\n")
	}
	return nil
}

// serve serves the page until it is interrupted.
func (w *watcher) serve(ctx context.Context, first watch.State) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serve the page: %w", err)
	}
	secret := rand.Text()
	if err := w.write(fmt.Sprintf("http://%s/%s/\nOpen it on this machine; the address is for you alone. Ctrl-C ends it.\n", listener.Addr(),
		secret)); err != nil {
		return errors.Join(err, listener.Close())
	}
	live := watch.NewLive(watch.Ports{Look: w.look, May: w.session.mayShift, Do: w.do, Clock: w.session.Clock}, first)
	return live.Serve(ctx, listener, secret)
}

// do carries out the action of a button as a command of its own.
func (w *watcher) do(ctx context.Context, action watch.Action, state watch.State) string {
	command := map[watch.Action]string{watch.Rollback: "rollback", watch.Proceed: "rollout"}[action]
	acting := &app{streams: w.streams, flags: w.flags, base: w.base} // The action has its own exit code, apart from the watch's.
	s, err := acting.connect(ctx, command, w.session.service)
	if err != nil {
		return err.Error()
	}
	defer s.close()
	var result rollout.Result
	if action == watch.Rollback {
		result = s.Rollback(ctx, rollout.Back{IfActive: true, Why: "asked for on the page of release watch"})
	} else {
		unlock, err := acting.alone(s)
		if err != nil {
			return err.Error()
		}
		defer unlock()
		if err := acting.equip(ctx, s); err != nil {
			return err.Error()
		}
		result = s.Rollout(ctx, rollout.Request{Revision: state.Candidate, Proceed: true})
	}
	acting.finish(s, command, result)
	return fmt.Sprintf("%s: %s. %s", command, result.Outcome, strings.Join(result.Why, "; "))
}
