package rollout

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/plan"
)

var (
	seeds = flag.Int("seeds", 3000, "how many seeds TestSimulation runs")
	seed  = flag.Int("seed", -1, "run this one seed of TestSimulation and print what happens")
)

// TestSimulation drives the real code with several actors on one model under a virtual clock, breaks the API, the network and the
// actors at random, and checks every step. A failure names its seed: go test ./release/rollout -run TestSimulation -seed N
func TestSimulation(t *testing.T) {
	t.Parallel()
	if *seed >= 0 {
		s := newSim(uint64(*seed))
		s.run()
		t.Log(strings.Join(s.log, "\n"))
		if s.failure != "" {
			t.Fatal(s.failure)
		}
		return
	}
	outcomes := map[Outcome]int{}
	for n := range *seeds {
		s := newSim(uint64(n))
		s.run()
		if s.failure != "" {
			t.Fatalf("seed %d: %s\nagain, with the whole story: go test ./release/rollout -run TestSimulation -seed %d", n, s.failure, n)
		}
		for _, outcome := range s.outcomes {
			outcomes[outcome]++
		}
	}
	t.Log(outcomes)
	// A simulation that never gets somewhere proves nothing about it.
	for _, outcome := range []Outcome{Released, RolledBack, Superseded, Refused, Failed, Interrupted, Held, Nothing, Unconfirmed} {
		if *seeds >= 1000 && outcomes[outcome] == 0 {
			t.Errorf("no seed ended as %q", outcome)
		}
	}
}

// sim is one seed's world.
type sim struct {
	*model
	rng      *rand.Rand
	actors   []*actor
	policy   Policy
	log      []string
	failure  string
	outcomes []Outcome

	faults    float64 // The share of API calls that go wrong.
	sticks    float64 // The share of writes that have no effect.
	outage    [2]time.Duration
	late      []lateWrite
	restarts  int
	barred    map[string]bool // What someone rolled back.
	released  map[string]int
	writer    *actor
	wrote     time.Duration // When the writer wrote.
	ambiguous bool          // The answer to a finishing write was lost.
	gaps      bool          // Someone wrote traffic that no rollout writes.
}

// lateWrite arrives after its sender has given up on it.
type lateWrite struct {
	at      time.Duration
	actor   *actor
	etag    string
	traffic []plan.Target
}

// actor is a coroutine: it runs until its next call of a port, and then waits for its turn.
type actor struct {
	*sim
	name     string
	at       time.Duration
	crashAt  int // The call at which it dies; 0 for never.
	cutAt    int // The call at which it gets a signal; 0 for never.
	calls    int
	cancel   context.CancelFunc
	yield    func(struct{}) bool
	next     func() (struct{}, bool)
	rollout  bool
	crashed  bool
	good     int           // Good probes of the candidate in a row.
	bad      int           // Bad ones in a row.
	percent  int           // The candidate's share this actor last saw effective,
	since    time.Duration // and since when.
	wrote    time.Duration // When this actor first wrote,
	mine     []plan.Target // and what it wrote last.
	deadline time.Duration // By when the candidate must have lost its share; 0 for none.
}

type crash struct{}

func newSim(seed uint64) *sim {
	s := &sim{model: newModel(), rng: rand.New(rand.NewPCG(seed, 1)), policy: testPolicy(), barred: map[string]bool{}, released: map[string]int{}}
	s.delay = s.between(0, 8*time.Second)
	if s.chance(0.5) {
		s.faults, s.sticks = s.rng.Float64()*0.3, s.rng.Float64()*0.1
	}
	if s.chance(0.15) {
		from := s.between(0, 3*time.Minute)
		s.outage = [2]time.Duration{from, from + s.between(0, 90*time.Second)}
	}
	s.policy.Inconclusive = []Inconclusive{Proceed, Proceed, Proceed, Hold, Retreat}[s.rng.IntN(5)]
	s.service.Desired = [][]plan.Target{{{Revision: "web-a", Percent: 100}}, {{Latest: true, Percent: 100}}, {{Revision: "web-a", Percent: 100, Tag: "stable"}},
		{{Revision: "web-a", Percent: 100, Tag: "stable"}, {Revision: "web-a", Tag: "pr-1"}}}[s.rng.IntN(4)]
	if s.service.Desired[0].Latest {
		s.gaps = true // Until the pin, a revision that becomes ready takes everything: that is why there is a pin.
	}
	s.service.Effective = s.service.Desired
	candidate := modelRevision{readyAt: s.between(0, 40*time.Second)}
	switch s.rng.IntN(6) {
	case 0:
		candidate.failed = true
	case 1:
		candidate.badFrom = 1
	case 2, 3:
		candidate.badFrom = s.between(1, 3*time.Minute)
		if s.chance(0.3) {
			candidate.badUntil = candidate.badFrom + s.between(0, 10*time.Second)
		}
	case 4:
		candidate.slow = s.chance(0.5)
	}
	s.onChange = s.check
	s.deploy("web-b", candidate)
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
	if s.chance(0.2) {
		s.start("pulumi", s.between(0, 3*time.Minute), (*actor).up)
	}
	return s
}

func (s *sim) between(low, high time.Duration) time.Duration {
	return low + time.Duration(s.rng.Int64N(int64(high-low)+1))
}
func (s *sim) chance(p float64) bool { return s.rng.Float64() < p }
func (s *sim) say(format string, arguments ...any) {
	if *seed >= 0 {
		s.log = append(s.log, fmt.Sprintf("%9s  ", s.now.Round(time.Millisecond))+fmt.Sprintf(format, arguments...))
	}
}
func (s *sim) fail(format string, arguments ...any) {
	if s.failure == "" {
		s.failure = fmt.Sprintf("at %s: ", s.now) + fmt.Sprintf(format, arguments...)
		s.say("FAIL %s", s.failure)
	}
}

func (s *sim) start(name string, at time.Duration, work func(*actor, context.Context)) {
	a := &actor{sim: s, name: name, at: at}
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

// run gives the turn to whoever is due first, until everyone has ended.
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

// pass lets time pass for the model and for the writes that are still on their way.
func (s *sim) pass(to time.Duration) {
	for i := 0; i < len(s.late); i++ {
		if write := s.late[i]; write.at <= to {
			s.late = append(s.late[:i], s.late[i+1:]...)
			s.advance(max(s.now, write.at))
			s.say("a late write of %s arrives: %v", write.actor.name, write.actor.apply(write.etag, write.traffic))
			i = -1
		}
	}
	s.advance(max(s.now, to))
	for _, a := range s.actors {
		if a.deadline > 0 && s.now > a.deadline && s.now > s.outage[1]+s.policy.Blind {
			s.fail("%s saw a violated gate, and the candidate still has a share at its deadline %s", a.name, a.deadline)
		}
	}
}

// check holds after every change of the model.
func (s *sim) check() {
	s.say("desired %s · effective %s", list(s.service.Desired), plan.Describe(s.service.Effective))
	sum := 0
	for revision, percent := range s.service.Percents(s.service.Effective) {
		sum += percent
		if !s.ready(revision) {
			s.fail("%s serves and is not ready", revision)
		}
	}
	if sum != 100 {
		s.fail("the effective traffic sums to %d", sum)
	}
	first := s.gaps || len(s.released) > 0
	tags := map[string]string{}
	for _, target := range s.service.Desired {
		first = first || target.Revision == "web-a" && (target.Tag != "" || target.Percent > 0)
		tags[target.Tag] = target.Revision
	}
	if !first {
		s.fail("what served before is not reachable any more: %s", list(s.service.Desired))
	}
	if tags["candidate"] != "" && tags["stable"] == "" {
		s.fail("a rollout is active and nothing is stable: %s", list(s.service.Desired))
	}
	if share := s.share(s.service.Desired, tags["candidate"]); share == 0 {
		for _, a := range s.actors {
			a.deadline = 0
		}
	}
}

func (s *sim) share(targets []plan.Target, revision string) int {
	return s.service.Percents(targets)[revision]
}
