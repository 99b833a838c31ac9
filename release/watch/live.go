package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/webpage"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// Every is how often a watch looks.
const Every = time.Second

// rightsHold is how long an answer about a person's rights is used.
const rightsHold = time.Minute

// Ports are what a live watch needs of its surroundings. The functions are called side by side.
type Ports struct {
	// Look reads what the release is doing.
	Look func(context.Context) (State, error)
	// May says whether the person's own credentials let them change the service.
	May func(context.Context) (bool, error)
	// Do carries out an action to its end, and words how it went.
	Do func(context.Context, Action, State) string
	// Clock is the time, and waits between looks.
	Clock rollout.Clock
}

// Live keeps the state of a release up to date while people look at its page and act there. It is safe for concurrent use.
type Live struct {
	ports Ports

	mutex   sync.Mutex // guards the fields below, and lets no action begin once the page has ended
	last    State
	failing string // why the last look failed
	told    string // the answer to the last action
	acting  int    // how many actions are running

	rights sync.Mutex // guards the fields below; it is a lock of its own, because it is held while Google is asked
	asked  time.Time
	may    bool
	whyNot string

	running sync.WaitGroup // the looks and the actions
}

// NewLive returns a watch that begins with a state.
func NewLive(ports Ports, first State) *Live {
	return &Live{ports: ports, last: first}
}

// Serve serves the page until the context ends. Then it waits for the actions that run, so that each can write down that it was
// interrupted.
func (l *Live) Serve(ctx context.Context, listener net.Listener, secret string) error {
	ctx, stop := context.WithCancel(ctx)
	page := Page{State: l.state, May: func() (bool, string) { return l.mayAct(ctx) }, Told: l.answer,
		Act: func(action Action, state State) { l.act(ctx, action, state) }}
	server := &http.Server{Handler: webpage.Private(secret, page), ReadHeaderTimeout: 10 * time.Second}
	l.running.Go(func() {
		l.look(ctx)
		_ = server.Close()
	})
	err := server.Serve(listener)
	l.mutex.Lock() // A request that is being answered has begun its action by now, or begins none.
	stop()
	l.mutex.Unlock()
	l.running.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// look looks again and again until the context ends. The page says that a look failed until one succeeds.
func (l *Live) look(ctx context.Context) {
	for l.ports.Clock.Sleep(ctx, Every) == nil {
		state, err := l.ports.Look(ctx)
		if ctx.Err() != nil {
			return
		}
		l.mutex.Lock()
		if err != nil {
			l.failing = err.Error()
		} else {
			l.last, l.failing = state, ""
		}
		l.mutex.Unlock()
	}
}

func (l *Live) state() State {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.last
}

// answer returns what the page says to the person: why nothing new is known, or how the last action goes.
func (l *Live) answer() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return cmp.Or(l.failing, l.told)
}

// mayAct asks from time to time whether the person may change the service. The page offers only what they may do.
func (l *Live) mayAct(ctx context.Context) (bool, string) {
	l.rights.Lock()
	defer l.rights.Unlock()
	if now := l.ports.Clock.Now(); l.asked.IsZero() || now.Sub(l.asked) > rightsHold {
		may, err := l.ports.May(ctx)
		l.asked, l.may = now, may && err == nil
		l.whyNot = "Your credentials may look at this service and not change it: that takes run.services.update."
		if err != nil {
			l.whyNot = "Your rights on this service are not known: " + err.Error()
		}
	}
	return l.may, l.whyNot
}

// act begins an action, and returns while it runs: a resumed rollout takes as long as its steps. One action runs at a time. Only a rollback
// never waits, and a running rollout notices it. Of an action that does not begin, the page says nothing new: it says what is running.
func (l *Live) act(ctx context.Context, action Action, state State) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if ctx.Err() != nil || l.acting > 0 && action != Rollback {
		return
	}
	l.acting++
	l.told = fmt.Sprintf("%s of %s was asked for on this page.", action, state.Candidate)
	l.running.Go(func() {
		result := l.ports.Do(ctx, action, state)
		l.mutex.Lock()
		defer l.mutex.Unlock()
		l.acting--
		l.told = result
	})
}
