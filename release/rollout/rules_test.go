package rollout_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

var epoch = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// revision describes how a deployed revision behaves.
type revision struct {
	startup  time.Duration // The time until it is ready or has failed.
	failed   bool
	badFrom  time.Duration // The time from which it answers 500; 0 for never.
	badUntil time.Duration // The time until which it does; 0 for ever.
	slow     bool
	sticky   bool          // It has session affinity.
	decided  time.Duration // When its startup is over; set by deploy.
	gone     bool          // The API has lost it.
}

func (r revision) bad(now time.Duration) bool {
	return r.badFrom > 0 && now >= r.badFrom && (r.badUntil == 0 || now < r.badUntil)
}

const (
	fast = 50 * time.Millisecond
	slow = 1500 * time.Millisecond
)

// rules is one service of the emulated Cloud Run without its servers. Package emulator/google/run decides, and nothing is stored or
// sent.
type rules struct {
	now       time.Duration
	service   plan.Service
	revisions map[string]*revision
	delay     time.Duration // How long a write takes.
	moves     time.Duration // When the newest split takes effect.
	early     bool          // That time has not come.
	held      bool          // The newest split never takes effect.
	stick     bool          // The next split never takes effect.
	etag      int
	writes    int
	answered  map[string][]time.Duration // When each revision answered a probe.
}

func newRules(delay time.Duration, traffic ...plan.Target) *rules {
	m := &rules{revisions: map[string]*revision{"web-a": {}}, delay: delay, answered: map[string][]time.Duration{}}
	m.service = plan.Service{Name: "web", URL: "main", LatestReady: "web-a", LatestCreated: "web-a", Etag: "0", Generation: 1, Observed: 1,
		Desired: traffic, Effective: uris(traffic)}
	return m
}

func (m *rules) touch() {
	m.etag++
	m.service.Etag = fmt.Sprint(m.etag)
}

// pass lets time pass: splits take effect, and revisions become ready or fail.
func (m *rules) pass(to time.Duration) {
	due := m.early && m.moves <= to
	for _, r := range m.revisions {
		due = due || r.decided > m.now && r.decided <= to
	}
	m.now = max(m.now, to)
	if due {
		m.touch()
		m.progress()
	}
}

func (m *rules) progress() {
	m.early = m.early && m.moves > m.now
	wish := run.Spec{Desired: toRun(m.service.Desired), Created: m.service.LatestCreated, Early: m.early, Hold: m.held}
	status := run.Reconcile(wish, run.Status{Serving: toRun(m.service.Effective), LatestReady: m.service.LatestReady}, m.fate)
	m.service.LatestReady, m.service.Reconciling, m.service.Failure = status.LatestReady, status.Reconciling, ""
	m.service.Effective = uris(fromRun(status.Serving))
	if !status.Reconciling {
		m.service.Observed = m.service.Generation
		if m.service.Failure = status.Unready; m.service.Failure == "" {
			m.service.Failure = status.Misrouted
		}
	}
}

func (m *rules) fate(name string) run.RevisionState {
	switch r := m.revisions[name]; {
	case r == nil || r.gone:
		return run.RevisionState{Failure: "it is gone"}
	case r.decided > m.now:
		return run.RevisionState{Starting: true}
	case r.failed:
		return run.RevisionState{Failure: "the container did not listen"}
	}
	return run.RevisionState{}
}

func (m *rules) live() plan.Service     { return m.service }
func (m *rules) ready(name string) bool { return m.fate(name) == run.RevisionState{} }

// wrote does what every write begins with.
func (m *rules) wrote() {
	m.touch()
	m.moves, m.early, m.held, m.stick = m.now+m.delay, true, m.stick, false
	m.progress()
}

func (m *rules) deploy(name string, r revision) {
	r.decided = m.now + m.delay + r.startup
	m.revisions[name] = &r
	m.service.LatestCreated, m.service.Asked = name, name
	m.service.Generation++
	m.wrote()
}

func (m *rules) ask(name string) {
	m.service.LatestCreated, m.service.Asked = name, name
	m.service.Generation++
	m.wrote()
}

func (m *rules) read(strikes ...faults.Fault) (service plan.Service, err error) {
	err = m.struck(strikes, func() error { service = m.service; return nil })
	return service, err
}

func (m *rules) shift(etag string, traffic []plan.Target, strikes ...faults.Fault) error {
	return m.struck(strikes, func() error {
		if etag != m.service.Etag {
			return fmt.Errorf("%w: etag %s", rollout.ErrConflict, etag)
		}
		exists := func(name string) bool { return m.revisions[name] != nil && !m.revisions[name].gone }
		if err := run.CheckTraffic(m.service.Name, toRun(traffic), exists); err != nil {
			return fmt.Errorf("%w: %w", rollout.ErrInvalid, err)
		}
		if !slices.Equal(toRun(traffic), toRun(m.service.Desired)) {
			m.service.Generation++
		}
		m.service.Desired = slices.Clone(traffic)
		m.writes++
		m.wrote()
		return nil
	})
}

func (m *rules) revision(name string, strikes ...faults.Fault) (answer plan.Revision, err error) {
	err = m.struck(strikes, func() error {
		if r := m.revisions[name]; r == nil || r.gone {
			return rollout.ErrNotFound
		}
		fate := m.fate(name)
		answer = plan.Revision{Name: name, Ready: fate == run.RevisionState{}, Failed: fate.Failure != "", Message: fate.Failure,
			Sticky: m.revisions[name].sticky}
		if fate.Starting {
			answer.Message = "starting"
		}
		return nil
	})
	return answer, err
}

// struck carries out a request that faults strike, as emulator/faults and emulator/cloud do.
func (m *rules) struck(strikes []faults.Fault, request func() error) error {
	silent := false
	for _, strike := range strikes {
		switch strike.Effect {
		case faults.Answer, faults.Drop:
			return rollout.ErrUnavailable
		case faults.DropAnswer:
			silent = true
		case faults.Conflict:
			m.touch()
		case faults.HoldTraffic:
			m.stick = true
			defer func() { m.stick = false }()
		case faults.LoseRevision:
			m.revisions[strike.Revision].gone = true
		}
	}
	if err := request(); !silent {
		return err
	}
	return rollout.ErrUnavailable
}

// answer returns what one request to a URL gets. point, from 0 to 100, chooses the revision at the service's own URL.
func (m *rules) answer(probe rollout.Probe, point float64) health.Sample {
	sample := health.Sample{Endpoint: probe.Endpoint, At: epoch.Add(m.now), Status: 200, Latency: fast}
	resolved := run.Resolve(toRun(m.service.Effective), m.service.LatestReady)
	name := run.Pick(resolved, point)
	if probe.URL != m.service.URL {
		tagged := slices.IndexFunc(resolved, func(t run.Target) bool { return "tag:"+t.Tag == probe.URL })
		if tagged < 0 { // The tag was removed between the read and the probe.
			sample.Status, sample.Fault = 404, "status 404"
			return sample
		}
		name = resolved[tagged].Revision
	}
	r := m.revisions[name]
	m.answered[name] = append(m.answered[name], m.now)
	switch {
	case r.gone:
		sample.Status = 503
	case r.bad(m.now):
		sample.Status = 500
	case r.slow:
		sample.Latency = slow
	}
	switch {
	case sample.Status != 200:
		sample.Fault = fmt.Sprintf("status %d", sample.Status)
	case probe.Revision != "" && probe.Revision != name:
		sample.Fault = "another version answered"
	}
	return sample
}

func toRun(list []plan.Target) []run.Target {
	var targets []run.Target
	for _, t := range list {
		target := run.Target{Type: run.ToRevision, Revision: t.Revision, Percent: t.Percent, Tag: t.Tag}
		if t.Latest {
			target.Type = run.ToLatest
		}
		targets = append(targets, target)
	}
	return targets
}

func fromRun(list []run.Target) []plan.Target {
	var targets []plan.Target
	for _, t := range list {
		targets = append(targets, plan.Target{Revision: t.Revision, Latest: t.Type == run.ToLatest, Percent: t.Percent, Tag: t.Tag})
	}
	return targets
}

// uris adds the tags' URLs, as the API does in the effective list.
func uris(list []plan.Target) []plan.Target {
	list = slices.Clone(list)
	for i := range list {
		if list[i].Tag != "" {
			list[i].URI = "tag:" + list[i].Tag
		}
	}
	return list
}

var errMetrics = errors.New("unavailable")

func testPolicy() rollout.Policy {
	return rollout.Policy{
		Steps: []rollout.Step{{Percent: 10, Bake: 20 * time.Second}, {Percent: 50, Bake: 20 * time.Second},
			{Percent: 100, Bake: 20 * time.Second}},
		Before: 500 * time.Millisecond, Interval: time.Second, Warmup: 10 * time.Second,
		Probes:       health.Limits{Probes: 30, P95: time.Second, Consecutive: 3, BadRatio: 0.2},
		Metrics:      health.MetricLimits{ErrorRatio: 0.05},
		MetricsEvery: 10 * time.Second, Inconclusive: rollout.Proceed, HoldFor: 30 * time.Second,
		CandidateWait: time.Minute, Settle: 30 * time.Second, Blind: 30 * time.Second,
	}
}
