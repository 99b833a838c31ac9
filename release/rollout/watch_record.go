package rollout

import (
	"errors"
	"fmt"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/health"
)

// saveEvery is how often the probes are written to the journal.
const saveEvery = 5 * time.Second

// save writes the probes since the last time into the journal.
func (w *watch) save(now bool) error {
	if len(w.unsaved) == 0 || !now && w.Clock.Now().Sub(w.saved) < saveEvery {
		return nil
	}
	event := Event{Kind: "probes", Percent: w.current.Percent, Samples: w.unsaved, Metrics: w.metrics, StableMetrics: w.stableMetrics,
		Until: w.until()}
	w.unsaved, w.saved = nil, w.Clock.Now()
	return w.record(event)
}

// until returns when the step has baked or, after that, when it stops waiting for more data. It is nil while the step's traffic is not
// effective.
func (w *watch) until() *time.Time {
	if w.settled.IsZero() || w.current.Percent == 0 {
		return nil
	}
	end := w.settled.Add(w.current.Bake)
	if !w.Clock.Now().Before(end) {
		end = end.Add(w.Policy.HoldFor)
	}
	return &end
}

// decide records a verdict. A verdict to roll back stands even if the journal cannot be written.
func (w *watch) decide(verdict health.Verdict) error {
	err := errors.Join(w.save(true), w.record(Event{Kind: "decide", Percent: w.current.Percent, After: w.lastSeen.Effective,
		Why: append([]string{string(verdict.Outcome)}, verdict.Reasons...), Metrics: w.metrics, StableMetrics: w.stableMetrics}))
	if verdict.Outcome == health.Pass {
		w.passed = verdict.Reasons
		return err
	}
	return nil
}

// report tells a person who watches how far the step is.
func (w *watch) report(effective, verdict health.Verdict) {
	if w.Progress == nil {
		return
	}
	progress := Progress{Candidate: w.candidate, Percent: w.current.Percent, Steps: len(w.Policy.Steps), Bake: w.current.Bake}
	for _, step := range w.Policy.Steps {
		if step.Percent <= w.current.Percent {
			progress.Step++
		}
	}
	if end := w.until(); end != nil && verdict.Outcome == health.Pending {
		progress.Left = end.Sub(w.Clock.Now())
	}
	switch {
	case w.settled.IsZero(): // The traffic is not in effect, which has a reason.
		progress.Waiting = effective.Reasons[0]
	case !w.warm && w.cold != "":
		progress.Waiting = fmt.Sprintf("waiting up to %s for a first good answer, the last one: %s", w.Policy.Warmup, w.cold)
	default:
		progress.Elapsed = w.Clock.Now().Sub(w.settled)
	}
	var candidate []health.Sample
	for _, sample := range w.samples {
		if sample.Endpoint == health.Candidate {
			candidate = append(candidate, sample)
		}
		if sample.Good() {
			progress.Good++
		} else {
			progress.Bad++
		}
	}
	progress.P95 = health.P95(candidate)
	w.Progress(progress)
}
