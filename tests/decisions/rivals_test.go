package decisions

import (
	"context"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
	"github.com/guiofsaints/procureflow-platform/release/settings"
)

// decision is how one release ended.
type decision struct {
	outcome string // released, held or back.
	took    time.Duration
	hit     float64
}

// way is one way to release.
type way struct {
	name string
	run  func(*world) decision
}

func ways() []way {
	return []way{shipped("dev"), shipped("staging"), shipped("prod"), shipped("sandbox"),
		{"script", script}, {"Flagger", flagger}, {"Argo Rollouts", argo}}
}

// shipped is this controller with a policy of the built-in release.yaml.
func shipped(environment string) way {
	return way{environment, func(w *world) decision {
		loaded, err := settings.Load("", environment)
		if err != nil {
			panic(err) // The file is part of the program.
		}
		controller := rollout.Controller{Service: w, Prober: w, Metrics: w, Clock: w, Journal: w, Policy: loaded.Policy()}
		result := controller.Rollout(context.Background(), rollout.Request{})
		outcome := map[rollout.Outcome]string{rollout.Released: "released", rollout.RolledBack: "back", rollout.Held: "held"}[result.Outcome]
		if outcome == "" {
			panic(result)
		}
		return decision{outcome, result.Elapsed, w.hit}
	}}
}

// give splits the traffic, and waits until it is split.
func (w *world) give(percent int) {
	_ = w.Shift(context.Background(), "", []plan.Target{{Revision: stable, Percent: 100 - percent}, {Revision: candidate, Percent: percent}})
	w.pass(w.now + takes)
}

func (w *world) end(outcome string) decision {
	if outcome == "back" {
		w.give(0)
	}
	return decision{outcome, w.now, w.hit}
}

// script is the pipeline that this one replaced, after its `pulumi up` (tests/gcloud/testdata/design-deploy.sh): a pause of 30 s, two
// paths asked once each without a time limit, then 10, 50 and 100 % a minute apart. Nobody looks after the first shift.
func script(w *world) decision {
	w.pass(30 * time.Second)
	for range 2 {
		if failed, _ := w.ask(candidate, 5*time.Minute); failed {
			return w.end("back")
		}
	}
	w.give(10)
	w.pass(w.now + time.Minute)
	w.give(50)
	w.pass(w.now + time.Minute)
	w.give(100)
	return w.end("released")
}

// flagger has the rules of the first example of Flagger's "How it works": 5 % more each minute up to 50 % and then everything, while at
// least 99 % of the minute's requests to the canary succeed and none of a hundred takes longer than 500 ms; a check that fails, or finds
// no requests, halts the advance, and the tenth rolls back. The example's load test, 20 requests a second for a minute, is part of it.
func flagger(w *world) decision {
	weight, failedChecks := 5, 0
	w.give(weight)
	for {
		from := w.now
		worst := time.Duration(0)
		for range 60 {
			w.pass(w.now + time.Second)
			for range 20 {
				if _, latency := w.ask(candidate, 20*time.Second); latency > worst {
					worst = latency
				}
			}
		}
		sum := w.between(candidate, from, w.now)
		if w.fault.slow > 0 {
			worst = max(worst, w.fault.slow)
		}
		if sum.requests == 0 || float64(sum.requests-sum.errors) < 0.99*float64(sum.requests) || worst > 500*time.Millisecond {
			if failedChecks++; failedChecks >= 10 {
				return w.end("back")
			}
			continue
		}
		if weight >= 50 {
			w.give(100)
			return w.end("released")
		}
		weight += 5
		w.give(weight)
	}
}

// argo has the rules of the background analysis of Argo Rollouts' "Analysis & Progressive Delivery": 20, 40, 60 and 80 % for ten minutes
// each, and from 40 % on, every five minutes, at least 95 % of the service's requests of the last five have to succeed; three
// measurements that say otherwise abort, and so do five in a row without any request.
func argo(w *world) decision {
	failures, empty := 0, 0
	for _, weight := range []int{20, 40, 60, 80} {
		w.give(weight)
		for range 2 {
			if weight > 20 {
				of, from := count{}, w.now-5*time.Minute
				for _, revision := range []string{stable, candidate} {
					sum := w.between(revision, from, w.now)
					of.requests, of.errors = of.requests+sum.requests, of.errors+sum.errors
				}
				switch {
				case of.requests == 0:
					empty++
				case float64(of.requests-of.errors) < 0.95*float64(of.requests):
					empty = 0
					failures++
				default:
					empty = 0
				}
				if failures >= 3 || empty >= 5 {
					return w.end("back")
				}
			}
			w.pass(w.now + 5*time.Minute)
		}
	}
	w.give(100)
	return w.end("released")
}
