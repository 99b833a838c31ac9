package rollout_test

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

var (
	seeds    = flag.Int("seeds", 3000, "how many seeds TestSimulation runs")
	apiSeeds = flag.Int("api-seeds", 150, "how many seeds TestSimulationThroughTheAPI runs")
	seed     = flag.Int("seed", -1, "run this one seed of either and print what happens")
)

// TestSimulation drives the real code with several actors on the rules of the emulated Cloud Run, under a virtual clock. It breaks
// the API, the network and the actors at random, and checks every step. A failure names its seed: go test ./release/rollout -run
// TestSimulation$ -seed N
func TestSimulation(t *testing.T) {
	t.Parallel()
	if *seed >= 0 {
		s := newSim(uint64(*seed), onRules)
		s.run()
		t.Log(strings.Join(s.log, "\n"))
		require.Empty(t, s.failure)
		return
	}
	outcomes := map[rollout.Outcome]int{}
	for n := range *seeds {
		s := newSim(uint64(n), onRules)
		if s.run(); s.failure != "" {
			t.Fatalf("seed %d: %s\nagain, with the whole story: go test ./release/rollout -run '%s$' -seed %d", n, s.failure, t.Name(), n)
		}
		for _, outcome := range s.outcomes {
			outcomes[outcome]++
		}
	}
	t.Log(outcomes)
	// Without these outcomes the simulation would prove nothing about them.
	for _, outcome := range []rollout.Outcome{rollout.Released, rollout.RolledBack, rollout.Superseded, rollout.Refused, rollout.Failed,
		rollout.Interrupted,
		rollout.Held, rollout.Nothing, rollout.Unconfirmed} {
		if *seeds >= 1000 && outcomes[outcome] == 0 {
			t.Errorf("no seed ended as %q", outcome)
		}
	}
}

// TestSimulationThroughTheAPI runs some seeds again through the adapter, the official client, the emulated cloud's API with its own
// faults, and its data plane. Each traffic list has to be the same, so that the results of thousands of seeds on the rules hold for
// the API.
func TestSimulationThroughTheAPI(t *testing.T) {
	t.Parallel()
	first, last := 0, *apiSeeds
	if *seed >= 0 {
		first, last = *seed, *seed+1
	}
	for n := first; n < last; n++ {
		short, long := newSim(uint64(n), onRules), newSim(uint64(n), throughAPI)
		short.run()
		if long.run(); *seed >= 0 {
			t.Log(strings.Join(long.log, "\n"))
		}
		again := fmt.Sprintf("again, with the whole story: go test ./release/rollout -run '%s$' -seed %d", t.Name(), n)
		require.NoError(t, long.world.(*api).failed, again)
		require.Empty(t, long.failure, again)
		require.Equal(t, strings.Join(short.story, "\n"), strings.Join(long.story, "\n"), again)
	}
}

// world is Cloud Run with the service web. The faults that strike a call decide whether it is carried out.
type world interface {
	pass(to time.Duration)
	live() plan.Service
	ready(revision string) bool
	deploy(name string, r revision)
	ask(name string) // Deploys the template of an existing revision again.
	read(...faults.Fault) (plan.Service, error)
	shift(etag string, traffic []plan.Target, strikes ...faults.Fault) error
	revision(name string, strikes ...faults.Fault) (plan.Revision, error)
	answer(probe rollout.Probe, point float64) health.Sample
}

func onRules(delay time.Duration, traffic []plan.Target) world    { return newRules(delay, traffic...) }
func throughAPI(delay time.Duration, traffic []plan.Target) world { return newAPI(delay, traffic...) }

// sim is the run of one seed.
type sim struct {
	world    world
	now      time.Duration
	seen     plan.Service // The service as it was checked last.
	rng      *rand.Rand
	actors   []*actor
	policy   rollout.Policy
	story    []string // The events,
	log      []string // and the reasons that the actors give.
	failure  string
	outcomes []rollout.Outcome

	faults    float64 // The share of API calls that go wrong.
	sticks    float64 // The share of writes that have no effect.
	outage    [2]time.Duration
	dark      [2]time.Duration // When no probe reaches anything.
	lossy     bool             // The API loses the candidate,
	loses     time.Duration    // at this time,
	lost      map[string]bool  // and has lost these revisions.
	late      []lateWrite
	restarts  int
	barred    map[string]bool // The revisions that a person rolled back.
	released  map[string]int
	writer    *actor
	wrote     time.Duration // When the writer wrote.
	ambiguous bool          // The answer to a finishing write was lost.
	gaps      bool          // Somebody wrote traffic that no rollout writes.
}

// lateWrite is a write that arrives after its sender has given up.
type lateWrite struct {
	at      time.Duration
	actor   *actor
	etag    string
	traffic []plan.Target
}

// actor is a coroutine. It runs until its next call of a port, and then waits for its turn.
type actor struct {
	*sim
	name    string
	at      time.Duration
	crashAt int // The call at which it crashes; 0 for never.
	cutAt   int // The call at which it gets a signal; 0 for never.
	calls   int
	cancel  context.CancelFunc
	yield   func(struct{}) bool
	next    func() (struct{}, bool)
	rollout bool
	person  bool // A person decides by hand.
	crashed bool
	good    int           // Good probes of the candidate in a row.
	bad     int           // Bad ones in a row.
	percent int           // The candidate's share that this actor last saw in effect,
	since   time.Duration // and since when.
	wrote   time.Duration // When this actor first wrote,
	mine    []plan.Target // and what it wrote last.
	// unheardOf is what it last wrote without an answer. An equal write of a twin counts as its own.
	unheardOf []plan.Target
	deadline  time.Duration // When the candidate must have lost its share; 0 for no such time.
}

type crash struct{}

func newSim(seed uint64, on func(time.Duration, []plan.Target) world) *sim {
	s := &sim{rng: rand.New(rand.NewPCG(seed, 1)), policy: testPolicy(), barred: map[string]bool{}, released: map[string]int{},
		lost: map[string]bool{}}
	delay := s.between(0, 8*time.Second)
	if s.chance(0.5) {
		s.faults, s.sticks = s.rng.Float64()*0.3, s.rng.Float64()*0.1
		s.lossy, s.loses = s.chance(0.1), s.between(0, 3*time.Minute)
	}
	if s.chance(0.15) {
		from := s.between(0, 3*time.Minute)
		s.outage = [2]time.Duration{from, from + s.between(0, 90*time.Second)}
	}
	if s.chance(0.15) {
		from := s.between(0, 3*time.Minute)
		s.dark = [2]time.Duration{from, from + s.between(0, 90*time.Second)}
	}
	s.policy.Inconclusive = []rollout.Inconclusive{rollout.Proceed, rollout.Proceed, rollout.Proceed, rollout.Hold,
		rollout.Retreat}[s.rng.IntN(5)]
	traffic := [][]plan.Target{{{Revision: "web-a", Percent: 100}}, {{Latest: true, Percent: 100}},
		{{Revision: "web-a", Percent: 100, Tag: "stable"}},
		{{Revision: "web-a", Percent: 100, Tag: "stable"}, {Revision: "web-a", Tag: "pr-1"}}}[s.rng.IntN(4)]
	s.gaps = traffic[0].Latest // Before the pin, a revision that becomes ready gets all requests. That is the reason for the pin.
	candidate := revision{startup: s.between(0, 40*time.Second)}
	switch s.rng.IntN(6) {
	case 0:
		candidate.failed = true
	case 1:
		candidate.badFrom = 1
	case 2, 3:
		candidate.badFrom = s.between(time.Millisecond, 3*time.Minute)
		if s.chance(0.3) {
			candidate.badUntil = candidate.badFrom + s.between(0, 10*time.Second)
		}
	case 4:
		candidate.slow = s.chance(0.5)
	}
	s.world = on(delay, traffic)
	s.world.deploy("web-b", candidate)
	s.observe()
	s.start("rollout", 0, (*actor).release)
	if s.chance(0.3) {
		s.start("rollout-2", s.between(0, 3*time.Minute), (*actor).release)
	}
	if s.chance(0.3) {
		s.start("on-call", s.between(0, 3*time.Minute), (*actor).rollBack)
	}
	if s.chance(0.2) {
		s.start("gcloud", s.between(0, 3*time.Minute), (*actor).gcloud)
	}
	if s.chance(0.1) {
		s.start("revert", s.between(0, 4*time.Minute), (*actor).revert)
	}
	if s.chance(0.1) {
		s.start("gcloud-split", s.between(0, 4*time.Minute), (*actor).split)
	}
	if s.chance(0.2) {
		s.start("pulumi", s.between(0, 3*time.Minute), (*actor).up)
	}
	return s
}

// between returns a random time in whole milliseconds, which is the API's resolution.
func (s *sim) between(low, high time.Duration) time.Duration {
	return low + time.Duration(s.rng.Int64N(int64((high-low)/time.Millisecond)+1))*time.Millisecond
}
func (s *sim) chance(p float64) bool { return s.rng.Float64() < p }
func (s *sim) say(format string, arguments ...any) {
	s.story = append(s.story, fmt.Sprintf("%9s  ", s.now)+fmt.Sprintf(format, arguments...))
	s.log = append(s.log, s.story[len(s.story)-1])
}
func (s *sim) note(format string, arguments ...any) {
	s.log = append(s.log, fmt.Sprintf("%9s  ", s.now)+fmt.Sprintf(format, arguments...))
}
func (s *sim) fail(format string, arguments ...any) {
	if s.failure == "" {
		s.failure = fmt.Sprintf("at %s: ", s.now) + fmt.Sprintf(format, arguments...)
		s.say("FAIL %s", s.failure)
	}
}

func (s *sim) start(name string, at time.Duration, work func(*actor, context.Context)) {
	a := &actor{sim: s, name: name, at: at, person: name == "on-call" || strings.HasPrefix(name, "gcloud")}
	if strings.HasPrefix(name, "rollout") {
		a.rollout = true
		if s.chance(0.3) {
			a.crashAt = 1 + s.rng.IntN(400)
		}
		if s.chance(0.1) {
			a.cutAt = 1 + s.rng.IntN(400)
		}
	}
	a.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if caught := recover(); caught != nil {
				if _, ok := caught.(crash); !ok {
					panic(caught)
				}
				a.crashed = true
				s.say("%s crashes", a.name)
			}
		}()
		a.yield = yield
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		a.cancel = cancel
		work(a, ctx)
	})
	s.actors = append(s.actors, a)
}

// run gives the turn to the actor that is due first, until all have ended.
func (s *sim) run() {
	for turns := 0; len(s.actors) > 0 && s.failure == ""; turns++ {
		if turns > 100_000 || s.now > 2*time.Hour {
			s.fail("the run does not end")
		}
		due := 0
		for i, a := range s.actors {
			if a.at < s.actors[due].at || a.at == s.actors[due].at && s.chance(0.5) {
				due = i
			}
		}
		a := s.actors[due]
		s.pass(a.at)
		if _, alive := a.next(); !alive {
			s.actors = append(s.actors[:due], s.actors[due+1:]...)
			if a.rollout && s.restarts < 3 && (a.crashed || s.chance(0.3)) {
				s.restarts++
				s.start(fmt.Sprintf("%s.%d", a.name, s.restarts), s.now+s.between(0, 2*time.Minute), (*actor).release)
			}
		}
	}
	for _, a := range s.actors {
		a.crashAt = a.calls + 1
		_, _ = a.next()
	}
}

// pass lets time pass for the world and for the writes that are still on their way.
func (s *sim) pass(to time.Duration) {
	for i := 0; i < len(s.late); i++ {
		if write := s.late[i]; write.at <= to {
			s.late = append(s.late[:i], s.late[i+1:]...)
			s.advance(write.at)
			err := write.actor.apply(write.etag, write.traffic)
			s.say("a late write of %s arrives, done: %t", write.actor.name, err == nil)
			i = -1
		}
	}
	s.advance(to)
	for _, a := range s.actors {
		if a.deadline > 0 && s.now > a.deadline && s.now > s.outage[1]+s.policy.Blind {
			s.fail("%s saw a violated gate, and the candidate still has a share at its deadline %s", a.name, a.deadline)
		}
	}
}

func (s *sim) advance(to time.Duration) {
	s.now = max(s.now, to)
	s.world.pass(s.now)
	s.observe()
}

// observe checks the service whenever it has changed.
func (s *sim) observe() {
	live := s.world.live()
	if live.Etag == s.seen.Etag {
		return
	}
	s.seen = live
	s.say("desired %s · effective %s · ready %s · %s", list(live.Desired), list(live.Effective), live.LatestReady,
		map[bool]string{true: "on its way", false: "at rest"}[live.Reconciling])
	s.check(live)
}

// check verifies what has to hold after every change of the service.
func (s *sim) check(live plan.Service) {
	sum := 0
	for revision, percent := range live.Percents(live.Effective) {
		sum += percent
		if !s.lost[revision] && !s.world.ready(revision) {
			s.fail("%s serves and is not ready", revision)
		}
	}
	if sum != 100 {
		s.fail("the effective traffic sums to %d", sum)
	}
	first := s.gaps || len(s.released) > 0
	tags := map[string]string{}
	for _, target := range live.Desired {
		first = first || target.Revision == "web-a" && (target.Tag != "" || target.Percent > 0)
		tags[target.Tag] = target.Revision
	}
	if !first {
		s.fail("the revision that served before is not reachable any more: %s", list(live.Desired))
	}
	if tags["candidate"] != "" && tags["stable"] == "" {
		s.fail("a rollout is active and nothing is stable: %s", list(live.Desired))
	}
	if s.share(live.Desired, tags["candidate"]) == 0 {
		for _, a := range s.actors {
			a.deadline = 0
		}
	}
}

// share returns a revision's percent in a list.
func (s *sim) share(targets []plan.Target, revision string) int {
	return s.seen.Percents(targets)[revision]
}
