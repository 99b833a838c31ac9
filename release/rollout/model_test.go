package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
)

var epoch = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// model is Cloud Run's traffic as facts say it behaves: desired and effective apart, writes guarded by the etag, effective after a
// delay and only where every revision with a percent is ready.
type model struct {
	now       time.Duration
	service   plan.Service
	revisions map[string]*modelRevision
	applies   time.Duration // When the newest write becomes effective.
	delay     time.Duration // How long a write takes.
	stick     bool          // The next write is accepted but has no effect.
	etag      int
	writes    int
	reads     int
	onChange  func()
}

type modelRevision struct {
	readyAt  time.Duration
	failed   bool
	badFrom  time.Duration // The revision answers 500 from then on; 0 for never.
	badUntil time.Duration // ... until then; 0 for ever.
	slow     bool
}

func newModel() *model {
	m := &model{revisions: map[string]*modelRevision{"web-a": {}}, delay: time.Second}
	m.service = plan.Service{Name: "web", URL: "main", LatestReady: "web-a", LatestCreated: "web-a", Etag: "0", Generation: 1, Observed: 1}
	m.service.Desired = []plan.Target{{Revision: "web-a", Percent: 100}}
	m.service.Effective = m.service.Desired
	return m
}

func (m *model) deploy(name string, revision modelRevision) {
	m.revisions[name] = &revision
	m.service.LatestCreated = name
	m.touch()
}

func (m *model) touch() {
	m.etag++
	m.service.Etag = fmt.Sprint(m.etag)
	m.service.Updated = epoch.Add(m.now)
}

// advance lets time pass: writes become effective, revisions ready.
func (m *model) advance(to time.Duration) {
	if m.service.Reconciling && m.applies <= to {
		m.now = max(m.now, m.applies)
		m.settle()
	}
	m.now = max(m.now, to)
	created := m.service.LatestCreated
	if revision := m.revisions[created]; !revision.failed && revision.readyAt <= m.now {
		m.service.LatestReady = created
	}
}

func (m *model) settle() {
	m.service.Reconciling, m.service.Observed, m.service.Failure = false, m.service.Generation, ""
	if m.stick {
		m.stick, m.service.Failure = false, "no capacity"
		m.changed()
		return
	}
	for revision := range m.service.Percents(m.service.Desired) {
		if !m.ready(revision) {
			m.service.Failure = "a revision with a percent is not ready"
			m.changed()
			return
		}
	}
	m.service.Effective = nil
	for _, target := range m.service.Desired {
		if target.Tag != "" {
			target.URI = "tag:" + target.Tag
		}
		m.service.Effective = append(m.service.Effective, target)
	}
	m.changed()
}

func (m *model) changed() {
	m.touch()
	if m.onChange != nil {
		m.onChange()
	}
}

func (m *model) ready(name string) bool {
	revision := m.revisions[name]
	return revision != nil && !revision.failed && revision.readyAt <= m.now
}

func (m *model) shift(etag string, traffic []plan.Target) error {
	if etag != m.service.Etag {
		return fmt.Errorf("%w: etag %s", ErrConflict, etag)
	}
	sum := 0
	for _, target := range traffic {
		sum += target.Percent
		if target.Revision != "" && m.revisions[target.Revision] == nil {
			return fmt.Errorf("revision %s does not exist", target.Revision)
		}
	}
	if sum != 100 {
		return fmt.Errorf("the percents sum to %d", sum)
	}
	m.writes++
	m.service.Desired = append([]plan.Target(nil), traffic...)
	m.service.Generation++
	m.service.Reconciling, m.applies = true, m.now+m.delay
	m.changed()
	return nil
}

func (m *model) revision(name string) (plan.Revision, error) {
	revision := m.revisions[name]
	if revision == nil {
		return plan.Revision{}, ErrNotFound
	}
	answer := plan.Revision{Name: name, Ready: m.ready(name), Failed: revision.failed && revision.readyAt <= m.now, Message: "starting"}
	if answer.Failed {
		answer.Message = "the container did not listen"
	}
	return answer, nil
}

// answer is what one request to an endpoint gets; pick, from 0 to 99, chooses the revision at the main URL.
func (m *model) answer(probe Probe, pick int) health.Sample {
	sample := health.Sample{Endpoint: probe.Endpoint, At: epoch.Add(m.now), Status: 200, Latency: 50 * time.Millisecond}
	name := probe.Revision
	if probe.Endpoint == health.Main {
		for _, target := range m.service.Effective {
			if pick -= target.Percent; pick < 0 {
				name = target.Revision
				break
			}
		}
	}
	revision := m.revisions[name]
	if revision.slow {
		sample.Latency = 1500 * time.Millisecond
	}
	if revision.badFrom > 0 && m.now >= revision.badFrom && (revision.badUntil == 0 || m.now < revision.badUntil) {
		sample.Status, sample.Fault = 500, "status 500"
	}
	return sample
}

// solo drives one controller on a model: its sleeps advance the model's time.
type solo struct {
	*model
	pick    int
	events  []Event
	before  func() // Runs before each read, as another actor.
	metrics health.Metrics
	broken  error // What the journal answers.
}

func (s *solo) Now() time.Time { return epoch.Add(s.now) }
func (s *solo) Sleep(ctx context.Context, d time.Duration) error {
	s.advance(s.now + d)
	return ctx.Err()
}
func (s *solo) Read(context.Context) (plan.Service, error) {
	if s.before != nil {
		s.before()
	}
	s.reads++
	return s.service, nil
}
func (s *solo) Shift(_ context.Context, etag string, traffic []plan.Target) error {
	return s.shift(etag, traffic)
}
func (s *solo) Revision(_ context.Context, name string) (plan.Revision, error) {
	return s.revision(name)
}
func (s *solo) Revisions(context.Context) ([]plan.Revision, error) { return nil, nil }
func (s *solo) Probe(_ context.Context, probes []Probe) []health.Sample {
	var samples []health.Sample
	for _, probe := range probes {
		s.pick = (s.pick + 37) % 100
		samples = append(samples, s.answer(probe, s.pick))
	}
	return samples
}
func (s *solo) Since(context.Context, string, time.Time) (health.Metrics, error) {
	return s.metrics, nil
}
func (s *solo) Record(event Event) error {
	s.events = append(s.events, event)
	return s.broken
}

func (s *solo) controller() *Controller {
	return &Controller{Service: s, Prober: s, Metrics: s, Clock: s, Journal: s, Policy: testPolicy()}
}

func testPolicy() Policy {
	return Policy{
		Steps:  []Step{{10, 20 * time.Second}, {50, 20 * time.Second}, {100, 20 * time.Second}},
		Before: 500 * time.Millisecond, Interval: time.Second, Warmup: 10 * time.Second,
		Probes:       health.Limits{Probes: 30, P95: time.Second, Consecutive: 3, BadRatio: 0.2},
		Metrics:      health.MetricLimits{ErrorRatio: 0.05, MinRequests: 20},
		MetricsEvery: 10 * time.Second, Inconclusive: Proceed, HoldFor: 30 * time.Second,
		CandidateWait: time.Minute, Settle: 30 * time.Second, Blind: 30 * time.Second,
	}
}
