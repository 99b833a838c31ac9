package command

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/webpage"
	"github.com/guiofsaints/procureflow-platform/release/gcp"
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
			"buttons to proceed and to roll back if the person's own credentials may change the service.",
		Example: "  release watch procureflow-web\n  release watch procureflow-web --web\n  release watch procureflow-web --output json | jq " +
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
			if _, err := w.look(command.Context()); err != nil {
				return err
			}
			if web {
				return w.serve(command.Context())
			}
			return w.follow(command.Context(), follow)
		},
	}
	command.Flags().BoolVar(&web, "web", false, "serve it as a page on this machine, and print its address")
	command.Flags().BoolVar(&follow, "follow", false, "go on when the release has ended, and wait for the next one")
	return command
}

// lookEvery is how often a watch reads the service.
const lookEvery = time.Second

// watcher is one run of the watch command.
type watcher struct {
	*app
	session *session
	rules   rollout.Rules

	mutex  sync.Mutex
	last   watch.State
	told   string
	acting bool
	may    bool
	whyNot string
	asked  time.Time // The time at which the rights were last asked for.
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
	state := watch.Read(watch.Observation{At: w.session.Clock.Now(), Status: status, Runs: own, Rules: w.rules,
		Rollback: w.session.command("rollback"), Resume: w.session.command("rollout", "--proceed")})
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.last = state
	return state, nil
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
		if w.session.Clock.Sleep(ctx, lookEvery) != nil {
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
func (w *watcher) serve(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serve the page: %w", err)
	}
	secret := rand.Text()
	page := watch.Page{State: w.state, May: func() (bool, string) { return w.rights(ctx) }, Told: w.answer,
		Act: func(_ context.Context, action watch.Action, state watch.State) string {
			return w.act(ctx, action, state)
		}}
	server := &http.Server{Handler: webpage.Private(secret, page), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		for w.session.Clock.Sleep(ctx, lookEvery) == nil {
			if _, err := w.look(ctx); err != nil && ctx.Err() == nil {
				w.tell(err.Error())
			}
		}
		_ = server.Close()
	}()
	if err := w.write(fmt.Sprintf("http://%s/%s/\nOpen it on this machine; the address is for you alone. Ctrl-C ends it.\n", listener.Addr(),
		secret)); err != nil {
		return err
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (w *watcher) state() watch.State {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.last
}

func (w *watcher) answer() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.told
}

func (w *watcher) tell(text string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.told = text
}

// rights asks from time to time whether the person may change the service. The page offers only what they may do.
func (w *watcher) rights(ctx context.Context) (bool, string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if now := w.session.Clock.Now(); w.asked.IsZero() || now.Sub(w.asked) > time.Minute {
		w.asked = now
		service, known := w.session.Service.(*gcp.Service)
		if !known {
			w.may, w.whyNot = false, "your rights on this service are not known"
			return w.may, w.whyNot
		}
		may, err := service.MayShift(ctx)
		w.may, w.whyNot = may, "Your credentials may look at this service and not change it: that takes run.services.update."
		if err != nil {
			w.whyNot = "Your rights on this service are not known: " + err.Error()
		}
	}
	return w.may, w.whyNot
}

// act carries out the action of a button, one action at a time. A resumed rollout takes as long as its steps; the page shows its progress.
func (w *watcher) act(ctx context.Context, action watch.Action, state watch.State) string {
	w.mutex.Lock()
	if w.acting && action != watch.Rollback { // A rollback never waits, and a running rollout notices it.
		w.mutex.Unlock()
		return "it is running already"
	}
	w.acting = true
	w.told = fmt.Sprintf("%s of %s was asked for on this page.", action, state.Candidate)
	w.mutex.Unlock()
	go func() {
		result := w.do(ctx, action, state)
		w.mutex.Lock()
		defer w.mutex.Unlock()
		w.acting, w.told = false, result
	}()
	return w.answer()
}

func (w *watcher) do(ctx context.Context, action watch.Action, state watch.State) string {
	command := map[watch.Action]string{watch.Rollback: "rollback", watch.Proceed: "rollout"}[action]
	acting := &app{streams: w.streams, flags: w.flags, base: w.base} // The action has an exit code of its own, apart from the watch's.
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
