package backtest

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
	// Stable and Candidate are the world's revisions.
	Stable, Candidate = "web-a", "web-b"
	// Background is the share of requests that fail on any revision, good or bad.
	Background = 0.001
	// Takes is how long a split needs to take effect. lag is the age of Cloud Monitoring's newest point.
	Takes = 2 * time.Second
	lag   = 3 * time.Minute
	fast  = 80 * time.Millisecond
)

var epoch = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// Fault is a defect that the candidate shows from its first visitor on. Earlier probes find it healthy, which makes the fault harder to
// catch.
type Fault struct {
	// Name says in words what the candidate does wrong.
	Name string
	// Rate is the share of requests that fail, in addition to Background.
	Rate float64
	// Slow is how long each request takes. Hang says that no request is answered.
	Slow time.Duration
	Hang bool
	// Hidden says that the fault is on paths that no probe requests.
	Hidden bool
}

// Faults lists the faults that a policy is tried with. The first is no fault at all, which shows the policy's false alarms.
var Faults = []Fault{
	{Name: "none"},
	{Name: "1 % fail", Rate: 0.01},
	{Name: "2 % fail", Rate: 0.02},
	{Name: "5 % fail", Rate: 0.05},
	{Name: "10 % fail", Rate: 0.1},
	{Name: "30 % fail", Rate: 0.3},
	{Name: "all fail", Rate: 1 - Background},
	{Name: "1.5 s slow", Slow: 1500 * time.Millisecond},
	{Name: "no answer", Hang: true},
	{Name: "5 % fail and 1.5 s slow", Rate: 0.05, Slow: 1500 * time.Millisecond},
	{Name: "5 % fail, unprobed", Rate: 0.05, Hidden: true},
	{Name: "30 % fail, unprobed", Rate: 0.3, Hidden: true},
	{Name: "all fail, unprobed", Rate: 1 - Background, Hidden: true},
}

// World is one service with visitors, on a virtual clock. It implements the controller's ports.
type World struct {
	rng       *rand.Rand
	fault     Fault
	perSecond float64
	now       time.Duration
	desired   []plan.Target
	effective []plan.Target
	moves     time.Duration
	writes    int
	visited   bool // The candidate has had a share of the requests.
	counts    map[string][]Count
	hit       float64 // The number of visitors who got a bad answer, a late one or none because of the fault.
}

// Count is what Cloud Monitoring counts of a revision in one second.
type Count struct{ Requests, Errors int }

// newWorld makes a world in which the seed decides everything that happens by chance.
func newWorld(seed uint64, f Fault, perSecond float64) *World {
	traffic := []plan.Target{{Revision: Stable, Percent: 100, Tag: plan.TagStable}}
	return &World{rng: rand.New(rand.NewPCG(seed, 27)), fault: f, perSecond: perSecond, desired: traffic, effective: traffic,
		counts: map[string][]Count{}}
}

// Elapsed returns how much time has passed.
func (w *World) Elapsed() time.Duration { return w.now }

// Hit returns how many visitors have met the fault so far.
func (w *World) Hit() float64 { return w.hit }

// Fault returns the candidate's fault.
func (w *World) Fault() Fault { return w.fault }

func (w *World) share() float64 {
	return float64(plan.Service{}.Percents(w.effective)[Candidate]) / 100
}

// Pass moves the clock on, second by second, and lets the visitors of each second come.
func (w *World) Pass(to time.Duration) {
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

func (w *World) visit(d time.Duration) {
	mean := w.perSecond * d.Seconds()
	for _, revision := range []string{Stable, Candidate} { // The order is fixed, so that a seed always gives the same run.
		share := w.share()
		if revision == Stable {
			share = 1 - share
		}
		if share > 0 {
			w.add(revision, w.poisson(mean*share*(1-Background-w.bad(revision))), w.poisson(mean*share*Background),
				w.poisson(mean*share*w.bad(revision)))
		}
	}
}

// bad returns the share of a revision's requests that its fault breaks.
func (w *World) bad(revision string) float64 {
	if revision != Candidate {
		return 0
	}
	return w.fault.Rate
}

func (w *World) add(revision string, good, unlucky, broken int) {
	switch {
	case revision == Candidate && w.fault.Hang:
		w.hit += float64(good + unlucky + broken)
		return // Nothing is counted before the service's own limit of minutes.
	case revision == Candidate && w.fault.Slow > 0:
		w.hit += float64(good)
	}
	w.hit += float64(broken)
	w.count(revision, good+unlucky+broken, unlucky+broken)
}

func (w *World) count(revision string, requests, errors int) {
	second := int(w.now / time.Second)
	for len(w.counts[revision]) <= second {
		w.counts[revision] = append(w.counts[revision], Count{})
	}
	w.counts[revision][second].Requests += requests
	w.counts[revision][second].Errors += errors
}

// Between returns the sum of a revision's seconds.
func (w *World) Between(revision string, from, to time.Duration) (sum Count) {
	list := w.counts[revision]
	for second := max(0, int(from/time.Second)); second < min(len(list), int(to/time.Second)); second++ {
		sum.Requests += list[second].Requests
		sum.Errors += list[second].Errors
	}
	return sum
}

func (w *World) poisson(mean float64) int {
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

func (w *World) Now() time.Time { return epoch.Add(w.now) }
func (w *World) Sleep(ctx context.Context, d time.Duration) error {
	w.Pass(w.now + d)
	return ctx.Err()
}

func (w *World) Read(context.Context) (plan.Service, error) {
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
		Asked:         Candidate,
		LatestCreated: Candidate, LatestReady: Candidate, Desired: w.desired, Effective: effective}, nil
}

func (w *World) Shift(_ context.Context, _ string, traffic []plan.Target) error {
	w.writes++
	w.desired, w.moves = traffic, w.now+Takes
	return nil
}

func (w *World) Revision(_ context.Context, name string) (plan.Revision, error) {
	return plan.Revision{Name: name, Ready: true}, nil
}
func (w *World) Revisions(context.Context) ([]plan.Revision, error) { return nil, nil }
func (w *World) Record(rollout.Event) error                         { return nil }

// Ask makes one request to a revision on behalf of another tool than this controller. The request is counted, but not as a visitor's.
func (w *World) Ask(revision string, timeout time.Duration) (failed bool, latency time.Duration) {
	broken := revision == Candidate && w.visited && !w.fault.Hidden
	if broken && w.fault.Hang {
		return true, timeout
	}
	failed = w.rng.Float64() < Background || broken && w.rng.Float64() < w.fault.Rate
	errors := 0
	if failed {
		errors = 1
	}
	w.count(revision, 1, errors)
	if broken && w.fault.Slow > 0 {
		return failed || w.fault.Slow > timeout, min(w.fault.Slow, timeout)
	}
	return failed, fast
}

// Probe implements rollout.Prober, with the timeout that the shipped policies have.
func (w *World) Probe(_ context.Context, probes []rollout.Probe) []health.Sample {
	const timeout = 2 * time.Second
	var samples []health.Sample
	longest := time.Duration(0)
	for _, probe := range probes {
		revision := Candidate
		if probe.Endpoint == health.Main && w.rng.Float64() >= w.share() {
			revision = Stable
		}
		failed, latency := w.Ask(revision, timeout)
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
	w.Pass(w.now + longest)
	return samples
}

// Since implements rollout.Metrics. It counts in whole minutes, and lags behind as Cloud Monitoring does.
func (w *World) Since(_ context.Context, revision string, since time.Time) (health.Metrics, error) {
	from := since.Sub(epoch)
	to := from + (w.now - lag - from).Truncate(time.Minute)
	if to <= from {
		return health.Metrics{}, nil
	}
	sum := w.Between(revision, from, to)
	if sum.Requests == 0 {
		return health.Metrics{}, nil
	}
	metrics := health.Metrics{Requests: sum.Requests, Errors: sum.Errors, P95: fast, Through: epoch.Add(to)}
	if revision == Candidate && w.fault.Slow > 0 && w.visited {
		metrics.P95 = w.fault.Slow
	}
	return metrics, nil
}
