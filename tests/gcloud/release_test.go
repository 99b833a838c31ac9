package gcloud_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/dataplane"
	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/release/command"
)

const green = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

// policy is a rollout in a fraction of a second. What happens in between is tied to its writes, not to the time.
const policy = `environments:
  dev:
    steps: [{percent: 10, bake: 200ms}, {percent: 50, bake: 200ms}, {percent: 100, bake: 200ms}]
    inconclusive: proceed
    probe: {paths: [/], count: 2, pace: 10ms, interval: 10ms}
`

// office is a world with visitors and the release command together with gcloud.
type office struct {
	*world
	web    *httptest.Server
	folder string
	// writes counts the release command's writes. It alone uses the v2 API; gcloud uses v1.
	writes atomic.Int64
}

func newOffice(t testing.TB, delay time.Duration) *office {
	t.Helper()
	o := &office{world: start(t, delay), folder: t.TempDir()}
	o.call("PATCH", service+"?updateMask=invokerIamDisabled", `{"invokerIamDisabled":true}`)
	time.Sleep(delay + delay/10)
	o.web = httptest.NewServer(dataplane.New(o.cloud, dataplane.Options{}))
	t.Cleanup(o.web.Close)
	require.NoError(t, os.WriteFile(filepath.Join(o.folder, "policy.yaml"), []byte(policy), 0o600))
	o.atWrite(0, nil)
	return o
}

// atWrite calls act just before the release command's write of that number, from 1, reaches the API.
func (o *office) atWrite(number int64, act func()) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.writes.Store(0)
	o.before = func(r *http.Request) {
		if r.Method == http.MethodPatch && o.writes.Add(1) == number {
			act()
		}
	}
}

// shift runs what a person on call types.
func (o *office) shift(arguments ...string) {
	o.t.Helper()
	_, stderr, err := o.gcloud(append([]string{"run", "services", "update-traffic", "web"}, arguments...)...)
	assert.NoError(o.t, err, stderr)
}

// onCall is a gcloud that has started and hangs at its first request. Starting takes a second, and on a busy machine longer than the
// call of the release command in which it has to act.
type onCall struct {
	acted, written, ended chan struct{}
	once                  sync.Once
}

// onCall runs what shift does, and returns when gcloud makes its first request.
func (o *office) onCall(arguments ...string) *onCall {
	o.t.Helper()
	p := &onCall{acted: make(chan struct{}), written: make(chan struct{}), ended: make(chan struct{})}
	asks := make(chan struct{})
	var asked, wrote sync.Once
	o.mutex.Lock()
	o.around = func(r *http.Request, serve func()) {
		asked.Do(func() { close(asks) })
		<-p.acted
		serve()
		if r.Method == http.MethodPut {
			wrote.Do(func() { close(p.written) })
		}
	}
	o.mutex.Unlock()
	go func() {
		defer close(p.ended)
		o.shift(arguments...)
	}()
	o.t.Cleanup(p.end)
	select {
	case <-asks:
	case <-p.ended:
	}
	return p
}

// act lets gcloud continue, and returns when the API has its write.
func (p *onCall) act() {
	p.once.Do(func() { close(p.acted) })
	select {
	case <-p.written:
	case <-p.ended:
	}
}

// end waits for gcloud.
func (p *onCall) end() {
	p.act()
	<-p.ended
}

var elapsed = regexp.MustCompile(` after \S+\n`)

// where matches the flags with which a suggested command reaches the service.
var where = regexp.MustCompile("(`release [a-z]+ web) --region [^`]*?audit.jsonl([^`]*`)")

// release runs one command line of the release command. It returns the exit code and the output, without durations and without the
// flags that say where the service is.
func (o *office) release(arguments ...string) (int, string) {
	o.t.Helper()
	var out, stderr bytes.Buffer
	exit := command.Run(context.Background(), append([]string{"--project", project, "--endpoint", o.api.URL + "/run/", "--probe-via",
		o.web.URL, "--env", "dev",
		"--policy", filepath.Join(o.folder, "policy.yaml"), "--audit", filepath.Join(o.folder, "audit.jsonl"), "--actor", "tester"},
		arguments...),
		command.Streams{Out: &out, Err: &stderr})
	return exit, where.ReplaceAllString(elapsed.ReplaceAllString(out.String(), "\n"), "$1$2")
}

// TestGcloudDuringARollout writes traffic with gcloud between the rollout's read and its write, which is the latest possible moment.
// The rollout must not overwrite it and, when started again, must not release what the person took back.
func TestGcloudDuringARollout(t *testing.T) {
	t.Parallel()
	const left = "web-blue 100, web-blue 0 stable, web-green 0 candidate, web-green 0 shifted"
	const takenBack = "the traffic of web-green was taken back by hand: end its rollout with `release rollback web`, or start it again " +
		"with `release rollout web --retry`"
	for name, test := range map[string]struct {
		write  int64 // The write that loses: begin is 1, then the steps 10 %, 50 % and 100 %, then finish.
		gcloud []string
	}{
		"taken back at 10 %":        {3, []string{"--to-revisions=web-blue=100"}},
		"taken back by tag at 10 %": {3, []string{"--to-tags=stable=100"}},
		"taken back at 50 %":        {4, []string{"--to-revisions=web-blue=100"}},
		"taken back at 100 %":       {5, []string{"--to-revisions=web-blue=100"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, 0)
			person := o.onCall(test.gcloud...)
			o.atWrite(test.write, person.act)
			exit, out := o.release("rollout", "web")
			person.end()
			assert.Equal(t, command.ExitSuperseded, exit)
			assert.Equal(t, "rollout: superseded\n  someone else changed the traffic to web-blue 100 %\n", out)
			assert.Equal(t, test.write, o.writes.Load(), "the write that lost is the last one")
			assert.Equal(t, left, o.split("traffic"))
			assert.Equal(t, left, o.split("trafficStatuses"))

			o.atWrite(0, nil)
			for range 2 { // a second attempt is refused as well
				exit, out = o.release("rollout", "web")
				assert.Equal(t, command.ExitRefused, exit)
				assert.Equal(t, "rollout: refused\n  "+takenBack+"\n", out)
			}
			assert.Equal(t, int64(0), o.writes.Load())
			assert.Equal(t, left, o.split("trafficStatuses"))

			exit, out = o.release("rollback", "web", "--why", "tidy up")
			assert.Equal(t, command.ExitDone, exit)
			assert.Equal(t, "rollback: rolled back\n  web-blue serves everything: tidy up\n", out)
			assert.Equal(t, "web-blue 100 stable, web-green 0 rejected", o.split("trafficStatuses"))
			exit, out = o.release("rollout", "web")
			assert.Equal(t, command.ExitRefused, exit)
			assert.Equal(t, "rollout: refused\n  web-green was rolled back before: release another revision, or this one with `release "+
				"rollout web --retry --revision web-green`\n", out)
		})
	}
}

// TestGcloudBesideAStep writes traffic with gcloud while a step is watched, when the rollout has nothing to write for minutes.
func TestGcloudBesideAStep(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0)
	require.NoError(t, os.WriteFile(filepath.Join(o.folder, "policy.yaml"), []byte(strings.ReplaceAll(policy, "bake: 200ms", "bake: 5m")),
		0o600))
	person := o.onCall("--to-revisions=web-blue=100")
	var acted time.Time
	o.mutex.Lock()
	before := o.before
	o.before = func(r *http.Request) {
		before(r)
		if r.Method == http.MethodGet && o.writes.Load() == 2 && acted.IsZero() { // a read of the service after the shift to 10 %
			acted = time.Now()
			person.act()
		}
	}
	o.mutex.Unlock()
	exit, out := o.release("rollout", "web")
	noticed := time.Since(acted)
	person.end()
	assert.Equal(t, command.ExitSuperseded, exit)
	assert.Equal(t, "rollout: superseded\n  someone else changed the traffic to web-blue 100 %\n", out)
	assert.Less(t, noticed, time.Minute, "at the next look, not at the end of the step, which is minutes away")
	assert.Equal(t, int64(2), o.writes.Load())
	assert.Equal(t, "web-blue 100, web-blue 0 stable, web-green 0 candidate, web-green 0 shifted", o.split("trafficStatuses"))
}

// TestGcloudAfterARelease takes a finished release back with gcloud. No later rollout may release it again.
func TestGcloudAfterARelease(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0)
	exit, out := o.release("rollout", "web")
	require.Equal(t, command.ExitDone, exit, out)
	o.shift("--to-tags=previous=100")
	assert.Equal(t, "web-blue 100, web-green 0 stable, web-blue 0 previous", o.split("trafficStatuses"))
	for range 3 {
		exit, out = o.release("rollout", "web")
		assert.Equal(t, command.ExitRefused, exit)
		assert.Equal(t, "rollout: refused\n  web-green was rolled back before: release another revision, or this one with `release "+
			"rollout web --retry --revision web-green`\n", out)
	}
	assert.Equal(t, "web-blue 100 stable, web-green 0 rejected", o.split("trafficStatuses"))
}

// TestRollbackBesideGcloud checks that a person's rollback overwrites a write that came in between, and is not repeated after a
// later one.
func TestRollbackBesideGcloud(t *testing.T) {
	t.Parallel()
	t.Run("gcloud writes before it", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, 0)
		exit, out := o.release("rollout", "web")
		require.Equal(t, command.ExitDone, exit, out)
		person := o.onCall("--to-revisions=web-blue=50,web-green=50")
		o.atWrite(1, person.act)
		exit, out = o.release("rollback", "web", "--why", "an incident")
		person.end()
		assert.Equal(t, command.ExitDone, exit)
		assert.Equal(t, "rollback: rolled back\n  web-blue serves everything: an incident\n", out)
		assert.Equal(t, int64(2), o.writes.Load(), "one write that lost, and one after a new read")
		assert.Equal(t, "web-blue 100 stable, web-green 0 rejected", o.split("trafficStatuses"))
	})
	t.Run("gcloud writes after it", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, 0)
		exit, out := o.release("rollout", "web")
		require.Equal(t, command.ExitDone, exit, out)
		o.atWrite(0, nil)
		// The rollback's traffic does not take effect, so that the rollback still waits when gcloud writes.
		require.NoError(t, o.faults.Set("stuck", faults.Fault{Effect: faults.HoldTraffic, Method: http.MethodPatch}))
		person := o.onCall("--to-revisions=web-blue=90,web-green=10")
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			exit, out = o.release("rollback", "web")
		}()
		require.Eventually(t, func() bool { return o.split("traffic") == "web-blue 100 stable, web-green 0 rejected" }, time.Minute,
			10*time.Millisecond)
		person.end()
		<-ended
		assert.Equal(t, command.ExitSuperseded, exit)
		assert.Equal(t, "rollback: superseded\n  someone else changed the traffic to web-blue 90 %, web-green 10 %\n", out)
		assert.Equal(t, int64(1), o.writes.Load())
	})
	t.Run("gcloud takes back what a failed gate takes back", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, 0)
		require.NoError(t, os.WriteFile(filepath.Join(o.folder, "policy.yaml"),
			[]byte(strings.ReplaceAll(policy, "bake: 200ms", "bake: 5m")), 0o600))
		o.atWrite(2, func() { assert.NoError(t, o.cloud.Run.SetBehaviour(green, run.Behaviour{ErrorRate: 1})) })
		person := o.onCall("--to-revisions=web-blue=100")
		o.mutex.Lock()
		bad := o.before
		o.before = func(r *http.Request) {
			if bad(r); r.Method == http.MethodPatch && o.writes.Load() == 3 {
				person.act()
			}
		}
		o.mutex.Unlock()
		exit, out := o.release("rollout", "web")
		person.end()
		assert.Equal(t, command.ExitSuperseded, exit)
		assert.Equal(t, "rollout: superseded\n  3 probes of the candidate's URL in a row failed, the last one: /: status 500\n  someone "+
			"else changed the traffic to web-blue 100 %\n", out)
		assert.Equal(t, "web-blue 100, web-blue 0 stable, web-green 0 candidate, web-green 0 shifted", o.split("trafficStatuses"))
	})
}
