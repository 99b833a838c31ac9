package watch

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ticks is a clock that stands still, and on which a wait ends when the test sends a tick.
type ticks chan struct{}

func (ticks) Now() time.Time { return at(0) }

func (t ticks) Sleep(ctx context.Context, _ time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t:
		return nil
	}
}

// TestActions checks which actions begin while others run, and what the page says of them.
func TestActions(t *testing.T) {
	t.Parallel()
	const asked = " of web-b was asked for on this page."
	for name, test := range map[string]struct {
		steps string // Each is an action that is asked for, one that ends, or the end of the watch.
		began string
		told  string
	}{
		"an action":                             {"proceed", "proceed", "proceed" + asked},
		"it has ended":                          {"proceed, proceed ends", "proceed", "how proceed went"},
		"proceed again while proceed runs":      {"proceed, proceed", "proceed", "proceed" + asked},
		"proceed again after proceed has ended": {"proceed, proceed ends, proceed", "proceed proceed", "proceed" + asked},
		"a rollback while a rollout runs":       {"proceed, rollback", "proceed rollback", "rollback" + asked},
		"a rollback while a rollback runs":      {"rollback, rollback", "rollback rollback", "rollback" + asked},
		"a rollout while a rollback runs":       {"rollback, proceed", "rollback", "rollback" + asked},
		"the rollback ends before":              {"proceed, rollback, rollback ends, proceed", "proceed rollback", "how rollback went"},
		"the rollout ends before":               {"proceed, rollback, proceed ends, proceed", "proceed rollback", "how proceed went"},
		"both have ended": {"proceed, rollback, rollback ends, proceed ends, proceed", "proceed rollback proceed",
			"proceed" + asked},
		"nothing begins after the watch":                {"stop, rollback, proceed", "", ""},
		"a running action ends together with the watch": {"proceed, stop, rollback", "proceed", "proceed: context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				var began []string
				ends := map[Action]chan struct{}{Rollback: make(chan struct{}), Proceed: make(chan struct{})}
				live := NewLive(Ports{Clock: ticks(nil), Do: func(ctx context.Context, action Action, _ State) string {
					began = append(began, string(action))
					select {
					case <-ends[action]:
						return "how " + string(action) + " went"
					case <-ctx.Done():
						return string(action) + ": " + ctx.Err().Error()
					}
				}}, State{})
				for step := range strings.SplitSeq(test.steps, ", ") {
					action, over := strings.CutSuffix(step, " ends")
					switch {
					case over:
						ends[Action(action)] <- struct{}{}
					case step == "stop":
						stop()
					default:
						live.act(ctx, Action(step), State{Candidate: "web-b"})
					}
					synctest.Wait()
				}
				assert.Equal(t, test.began, strings.Join(began, " "))
				assert.Equal(t, test.told, live.answer())
				stop()
				live.running.Wait()
				assert.Zero(t, live.acting)
			})
		})
	}
}

// stopped is a clock that shows what the test sets.
type stopped struct {
	ticks
	now *time.Time
}

func (s stopped) Now() time.Time { return *s.now }

// TestRightsAreAskedOnceAMinute checks how often Google is asked, and what the page says of the answer.
func TestRightsAreAskedOnceAMinute(t *testing.T) {
	t.Parallel()
	const missing = "Your credentials may look at this service and not change it: that takes run.services.update."
	now, asked := at(0), 0
	answer, failed := false, error(nil)
	live := NewLive(Ports{Clock: stopped{nil, &now}, May: func(context.Context) (bool, error) { asked++; return answer, failed }}, State{})
	for i, step := range []struct {
		at     int
		answer bool
		failed error
		may    bool
		whyNot string
		asked  int
	}{
		{0, false, nil, false, missing, 1},
		{1, true, nil, false, missing, 1},
		{60, true, nil, false, missing, 1},
		{61, true, nil, true, missing, 2},
		{100, false, errors.New("down"), true, missing, 2},
		{122, true, errors.New("down"), false, "Your rights on this service are not known: down", 3},
		{182, true, nil, false, "Your rights on this service are not known: down", 3},
		{183, true, nil, true, missing, 4},
	} {
		now, answer, failed = at(step.at), step.answer, step.failed
		may, whyNot := live.mayAct(t.Context())
		assert.Equal(t, step.may, may, i)
		assert.Equal(t, step.whyNot, whyNot, i)
		assert.Equal(t, step.asked, asked, i)
	}
}

// TestLooks checks that the page keeps the last state, and says why no newer one is known until one is.
func TestLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		clock := make(ticks)
		state, failed := State{}, error(nil)
		live := NewLive(Ports{Clock: clock, Look: func(context.Context) (State, error) { return state, failed }}, State{Percent: 10})
		live.told = "the answer to an action"
		go live.look(ctx)
		assert.Equal(t, 10, live.state().Percent, "the first state is known before the first look")
		for i, step := range []struct {
			percent int
			failed  error
			shown   int
			told    string
		}{
			{50, nil, 50, "the answer to an action"},
			{0, errors.New("no answer"), 50, "no answer"},
			{0, errors.New("another"), 50, "another"},
			{100, nil, 100, "the answer to an action"},
		} {
			state, failed = State{Percent: step.percent}, step.failed
			clock <- struct{}{}
			synctest.Wait()
			assert.Equal(t, step.shown, live.state().Percent, i)
			assert.Equal(t, step.told, live.answer(), i)
		}
		failed = errors.New("cancelled by the end of the watch")
		live.ports.Look = func(context.Context) (State, error) { stop(); return state, failed }
		clock <- struct{}{}
		synctest.Wait()
		assert.Equal(t, "the answer to an action", live.answer(), "the end of the watch is no failure")
	})
}

// TestASlowAnswerAboutRightsHoldsNothingUp checks that looks go on, and actions begin, while Google has not said what the person may do.
func TestASlowAnswerAboutRightsHoldsNothingUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan bool)
		live := NewLive(Ports{Clock: ticks(nil), May: func(context.Context) (bool, error) { return <-answer, nil },
			Do: func(context.Context, Action, State) string { return "done" }}, State{Percent: 10})
		go live.mayAct(t.Context())
		synctest.Wait()
		assert.Equal(t, 10, live.state().Percent)
		live.act(t.Context(), Rollback, State{})
		synctest.Wait()
		assert.Equal(t, "done", live.answer())
		answer <- true
		synctest.Wait()
		may, _ := live.mayAct(t.Context())
		assert.True(t, may)
	})
}

// TestServe serves the page on loopback, acts on it, and ends the watch while the action runs.
func TestServe(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	clock, began, finish := make(ticks), make(chan string), make(chan struct{})
	var looks, finished atomic.Int64
	baking := midway(121, service(10), probes(120, 10, 363))
	live := NewLive(Ports{Clock: clock,
		Look: func(context.Context) (State, error) { looks.Add(1); return baking, nil },
		May:  func(context.Context) (bool, error) { return true, nil },
		Do: func(ctx context.Context, action Action, state State) string {
			began <- string(action) + " of " + state.Candidate
			<-ctx.Done()
			<-finish
			finished.Add(1)
			return ""
		}}, baking)
	ended := make(chan error, 1)
	go func() { ended <- live.Serve(ctx, listener, "secret") }()

	own := "http://" + listener.Addr().String()
	response, err := http.Get(own + "/secret/")
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.NoError(t, response.Body.Close())
	assert.Contains(t, string(text), "Roll back to web-a")
	clock <- struct{}{}
	clock <- struct{}{} // The first look has ended when the second wait has.
	assert.Positive(t, looks.Load())

	request, err := http.NewRequest(http.MethodPost, own+"/secret/rollback", strings.NewReader(url.Values{"revision": {"web-b"}}.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", own)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answered := make(chan int, 1)
	go func() {
		code := 0
		if response, err := client.Do(request); assert.NoError(t, err) {
			code = response.StatusCode
			_ = response.Body.Close()
		}
		answered <- code
	}()
	assert.Equal(t, "rollback of web-b", <-began)
	assert.Equal(t, http.StatusSeeOther, <-answered, "the answer does not wait for the action")
	stop()
	select {
	case err := <-ended:
		t.Fatalf("the watch ended before the action did: %v", err)
	case finish <- struct{}{}:
	}
	require.NoError(t, <-ended)
	assert.Equal(t, int64(1), finished.Load())

	_, err = net.Dial("tcp", listener.Addr().String())
	require.Error(t, err, "nobody listens any more")
	assert.ErrorContains(t, NewLive(Ports{Clock: clock}, State{}).Serve(t.Context(), listener, "secret"), "use of closed network connection")
}

// TestManyPeopleAtOnce lets many read and act while the watch looks.
func TestManyPeopleAtOnce(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	clock := make(ticks)
	var rollouts, most, rollbacks, looks atomic.Int64
	live := NewLive(Ports{Clock: clock,
		Look: func(context.Context) (State, error) { return State{Percent: int(looks.Add(1))}, nil },
		May:  func(context.Context) (bool, error) { return true, nil },
		Do: func(_ context.Context, action Action, _ State) string {
			if action == Rollback {
				rollbacks.Add(1)
				return "back"
			}
			most.Store(max(most.Load(), rollouts.Add(1)))
			rollouts.Add(-1)
			return "on"
		}}, State{})
	live.running.Go(func() { live.look(ctx) })
	var people sync.WaitGroup
	for range 8 {
		people.Go(func() {
			for range 25 {
				may, _ := live.mayAct(ctx)
				assert.True(t, may)
				live.act(ctx, Proceed, live.state())
				live.act(ctx, Rollback, live.state())
				clock <- struct{}{}
				assert.NotEmpty(t, live.answer())
			}
		})
	}
	people.Wait()
	stop()
	live.running.Wait()
	assert.Equal(t, int64(8*25), rollbacks.Load(), "a rollback never waits")
	assert.LessOrEqual(t, most.Load(), int64(1), "rollouts run one at a time")
	assert.GreaterOrEqual(t, live.state().Percent, 8*25-1)
}
