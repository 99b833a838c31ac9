package rollout_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// solo drives one controller on the rules. Its sleeps let time pass.
type solo struct {
	*rules
	pick    int
	reads   int
	events  []rollout.Event
	before  func() // Runs before each read, as another actor would.
	writing func() // Runs before each write.
	metrics health.Metrics
	broken  error // The journal's error.
}

// deployed returns a service on which web-b was just deployed next to web-a.
func deployed(r revision) *solo {
	s := &solo{rules: newRules(time.Second, plan.Target{Revision: "web-a", Percent: 100})}
	s.deploy("web-b", r)
	return s
}

// serves gives the service a traffic list that is in effect at once.
func (s *solo) serves(traffic ...plan.Target) {
	s.service.Desired, s.service.Effective = traffic, uris(traffic)
}

func (s *solo) Now() time.Time { return epoch.Add(s.now) }
func (s *solo) Sleep(ctx context.Context, d time.Duration) error {
	s.pass(s.now + d)
	return ctx.Err()
}
func (s *solo) Read(context.Context) (plan.Service, error) {
	if s.before != nil {
		s.before()
	}
	s.reads++
	return s.read()
}
func (s *solo) Shift(_ context.Context, etag string, traffic []plan.Target) error {
	if s.writing != nil {
		s.writing()
	}
	err := s.shift(etag, traffic)
	if err == nil {
		s.service.Updated = s.Now()
	}
	return err
}
func (s *solo) Revision(_ context.Context, name string) (plan.Revision, error) {
	revision, err := s.revision(name)
	revision.Image = "registry/web@" + digest(name)
	return revision, err
}
func (s *solo) Revisions(context.Context) ([]plan.Revision, error) {
	var list []plan.Revision
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(s.revisions))) {
		list = append(list, plan.Revision{Name: name, Sticky: s.revisions[name].sticky})
	}
	return list, nil
}
func (s *solo) Probe(_ context.Context, probes []rollout.Probe) []health.Sample {
	var samples []health.Sample
	for _, probe := range probes {
		s.pick = (s.pick + 37) % 100
		samples = append(samples, s.answer(probe, float64(s.pick)))
	}
	return samples
}
func (s *solo) Since(_ context.Context, revision string, _ time.Time) (health.Metrics, error) {
	if revision != "web-b" {
		return health.Metrics{}, nil
	}
	return s.metrics, nil
}
func (s *solo) Record(event rollout.Event) error {
	s.events = append(s.events, event)
	return s.broken
}

func (s *solo) controller() *rollout.Controller {
	return &rollout.Controller{Service: s, Prober: s, Metrics: s, Clock: s, Journal: s, Policy: testPolicy()}
}

// transitions returns the writes that were accepted.
func (s *solo) transitions() []string {
	var lines []string
	for _, event := range s.events {
		if event.Answer == "accepted" {
			lines = append(lines, event.Kind+" "+list(event.After))
		}
	}
	return lines
}

// list formats a traffic list for tests.
func list(targets []plan.Target) string {
	var words []string
	for _, target := range targets {
		word := fmt.Sprintf("%s=%03d", target.Revision, target.Percent)
		if target.Tag != "" {
			word += "/" + target.Tag
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
