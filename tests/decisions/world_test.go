package decisions

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

const (
	stable, candidate = "web-a", "web-b"
	// background is the share of requests that fail on any revision, bad or not.
	background = 0.001
	// takes is how long a split needs to be in effect, and lag how old the newest point of Cloud Monitoring is.
	takes = 2 * time.Second
	lag   = 3 * time.Minute
	fast  = 80 * time.Millisecond
)

var epoch = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// fault is what is wrong with the candidate from its first visitor on. Probes before that find it healthy, which is the harder case.
type fault struct {
	name string
	// rate of failed requests, on top of the background's.
	rate float64
	// slow is how long each request takes; hang that none is answered.
	slow time.Duration
	hang bool
	// hidden is on paths that no probe asks for.
	hidden bool
}

// world is one service with visitors, on a virtual clock. It implements the controller's ports.
type world struct {
	rng       *rand.Rand
	fault     fault
	perSecond float64
	now       time.Duration
	desired   []plan.Target
	effective []plan.Target
	moves     time.Duration
	writes    int
	visited   bool // The candidate has had a share.
	counts    map[string][]count
	hit       float64 // Visitors whose answer was bad, late or missing for the fault's sake.
}

// count is what Cloud Monitoring makes of one second of a revision.
type count struct{ requests, errors int }

func newWorld(seed uint64, f fault, perSecond float64) *world {
	traffic := []plan.Target{{Revision: stable, Percent: 100, Tag: plan.TagStable}}
	return &world{rng: rand.New(rand.NewPCG(seed, 27)), fault: f, perSecond: perSecond, desired: traffic, effective: traffic,
		counts: map[string][]count{}}
}

func (w *world) share() float64 {
	return float64(plan.Service{}.Percents(w.effective)[candidate]) / 100
}

// pass lets visitors come until then, second by second.
func (w *world) pass(to time.Duration) {
	for w.now < to {
		next := min(to, w.now.Truncate(time.Second)+time.Second)
		if w.now < w.moves && w.moves <= next {
			next = w.moves
		}
		w.visit(next - w.now)
		w.now = next
		if w.now == w.moves {
			w.effective = w.desired
			w.visited = w.visited || w.share() > 0
		}
	}
}

func (w *world) visit(d time.Duration) {
	mean := w.perSecond * d.Seconds()
	for _, revision := range []string{stable, candidate} { // In this order: a seed decides everything.
		share := w.share()
		if revision == stable {
			share = 1 - share
		}
		if share > 0 {
			w.add(revision, w.poisson(mean*share*(1-background-w.bad(revision))), w.poisson(mean*share*background),
				w.poisson(mean*share*w.bad(revision)))
		}
	}
}

// bad is the share of a revision's requests that its fault breaks.
func (w *world) bad(revision string) float64 {
	if revision != candidate {
		return 0
	}
	return w.fault.rate
}

func (w *world) add(revision string, good, unlucky, broken int) {
	switch {
	case revision == candidate && w.fault.hang:
		w.hit += float64(good + unlucky + broken)
		return // Nothing is counted before the service's own limit of minutes.
	case revision == candidate && w.fault.slow > 0:
		w.hit += float64(good)
	}
	w.hit += float64(broken)
	w.count(revision, good+unlucky+broken, unlucky+broken)
}

func (w *world) count(revision string, requests, errors int) {
	second := int(w.now / time.Second)
	for len(w.counts[revision]) <= second {
		w.counts[revision] = append(w.counts[revision], count{})
	}
	w.counts[revision][second].requests += requests
	w.counts[revision][second].errors += errors
}

// between sums a revision's seconds.
func (w *world) between(revision string, from, to time.Duration) (sum count) {
	list := w.counts[revision]
	for second := max(0, int(from/time.Second)); second < min(len(list), int(to/time.Second)); second++ {
		sum.requests += list[second].requests
		sum.errors += list[second].errors
	}
	return sum
}

func (w *world) poisson(mean float64) int {
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*w.rng.NormFloat64())))
	}
	limit, product, n := math.Exp(-mean), w.rng.Float64(), 0
	for product > limit {
		product *= w.rng.Float64()
		n++
	}
	return n
}

func (w *world) Now() time.Time { return epoch.Add(w.now) }
func (w *world) Sleep(ctx context.Context, d time.Duration) error {
	w.pass(w.now + d)
	return ctx.Err()
}

func (w *world) Read(context.Context) (plan.Service, error) {
	effective := make([]plan.Target, len(w.effective))
	for i, target := range w.effective {
		if target.Tag != "" {
			target.URI = "tag:" + target.Tag
		}
		effective[i] = target
	}
	generation := int64(w.writes)
	observed := generation
	if w.now < w.moves {
		observed--
	}
	return plan.Service{Name: "web", URL: "main", Etag: "1", Generation: generation, Observed: observed, Reconciling: w.now < w.moves,
		Asked:         candidate,
		LatestCreated: candidate, LatestReady: candidate, Desired: w.desired, Effective: effective}, nil
}

func (w *world) Shift(_ context.Context, _ string, traffic []plan.Target) error {
	w.writes++
	w.desired, w.moves = traffic, w.now+takes
	return nil
}

func (w *world) Revision(_ context.Context, name string) (plan.Revision, error) {
	return plan.Revision{Name: name, Ready: true}, nil
}
func (w *world) Revisions(context.Context) ([]plan.Revision, error) { return nil, nil }
func (w *world) Record(rollout.Event) error                         { return nil }

// ask is one request of a tool of its own to a revision. It is counted, and is no visitor.
func (w *world) ask(revision string, timeout time.Duration) (failed bool, latency time.Duration) {
	broken := revision == candidate && w.visited && !w.fault.hidden
	if broken && w.fault.hang {
		return true, timeout
	}
	failed = w.rng.Float64() < background || broken && w.rng.Float64() < w.fault.rate
	errors := 0
	if failed {
		errors = 1
	}
	w.count(revision, 1, errors)
	if broken && w.fault.slow > 0 {
		return failed || w.fault.slow > timeout, min(w.fault.slow, timeout)
	}
	return failed, fast
}

// Probe implements rollout.Prober, with the timeout that the shipped policies have.
func (w *world) Probe(_ context.Context, probes []rollout.Probe) []health.Sample {
	const timeout = 2 * time.Second
	var samples []health.Sample
	longest := time.Duration(0)
	for _, probe := range probes {
		revision := candidate
		if probe.Endpoint == health.Main && w.rng.Float64() >= w.share() {
			revision = stable
		}
		failed, latency := w.ask(revision, timeout)
		sample := health.Sample{Endpoint: probe.Endpoint, At: w.Now(), Latency: latency, Status: 200}
		if failed {
			sample.Status, sample.Fault = 500, "status 500"
			if latency == timeout {
				sample.Status, sample.Fault = 0, "no answer"
			}
		}
		longest = max(longest, latency)
		samples = append(samples, sample)
	}
	w.pass(w.now + longest)
	return samples
}

// Since implements rollout.Metrics: whole minutes, as old as Cloud Monitoring's are.
func (w *world) Since(_ context.Context, revision string, since time.Time) (health.Metrics, error) {
	from := since.Sub(epoch)
	to := from + (w.now - lag - from).Truncate(time.Minute)
	if to <= from {
		return health.Metrics{}, nil
	}
	sum := w.between(revision, from, to)
	if sum.requests == 0 {
		return health.Metrics{}, nil
	}
	metrics := health.Metrics{Requests: sum.requests, Errors: sum.errors, P95: fast, Through: epoch.Add(to)}
	if revision == candidate && w.fault.slow > 0 && w.visited {
		metrics.P95 = w.fault.slow
	}
	return metrics, nil
}
