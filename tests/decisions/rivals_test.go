package decisions

import (
	"context"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/backtest"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/settings"
)

// way is one way to release.
type way struct {
	name string
	run  func(*backtest.World) backtest.Decision
}

func ways() []way {
	return []way{shipped("dev"), shipped("staging"), shipped("prod"), shipped("sandbox"),
		{"script", script}, {"Flagger", flagger}, {"Argo Rollouts", argo}}
}

// shipped returns this controller with a policy of the built-in release.yaml.
func shipped(environment string) way {
	loaded, err := settings.Load("", environment)
	if err != nil {
		panic(err) // the file is part of the program
	}
	return way{environment, backtest.By(loaded.Policy())}
}

// give splits the traffic and waits until the split is effective.
func give(w *backtest.World, percent int) {
	_ = w.Shift(context.Background(), "", []plan.Target{{Revision: backtest.Stable, Percent: 100 - percent},
		{Revision: backtest.Candidate, Percent: percent}})
	w.Pass(w.Elapsed() + backtest.Takes)
}

func ended(w *backtest.World, outcome string) backtest.Decision {
	if outcome == "back" {
		give(w, 0)
	}
	return backtest.Decision{Outcome: outcome, Took: w.Elapsed(), Hit: w.Hit()}
}

// script is the pipeline that the platform replaced, after its `pulumi up` (tests/gcloud/testdata/design-deploy.sh): a pause of 30
// s, one request each to two paths without a time limit, then 10, 50 and 100 %, a minute apart. Nothing is checked after the first
// shift.
func script(w *backtest.World) backtest.Decision {
	w.Pass(30 * time.Second)
	for range 2 {
		if failed, _ := w.Ask(backtest.Candidate, 5*time.Minute); failed {
			return ended(w, "back")
		}
	}
	give(w, 10)
	w.Pass(w.Elapsed() + time.Minute)
	give(w, 50)
	w.Pass(w.Elapsed() + time.Minute)
	give(w, 100)
	return ended(w, "released")
}

// flagger follows the first example of Flagger's "How it works". It adds 5 % each minute up to 50 %, and then gives everything,
// while at least 99 % of the minute's requests to the canary succeed and none of a hundred takes longer than 500 ms. A check that
// fails, or finds no requests, halts the advance, and the tenth rolls back. The example's load test, 20 requests a second for a
// minute, is included.
func flagger(w *backtest.World) backtest.Decision {
	weight, failedChecks := 5, 0
	give(w, weight)
	for {
		from := w.Elapsed()
		worst := time.Duration(0)
		for range 60 {
			w.Pass(w.Elapsed() + time.Second)
			for range 20 {
				if _, latency := w.Ask(backtest.Candidate, 20*time.Second); latency > worst {
					worst = latency
				}
			}
		}
		sum := w.Between(backtest.Candidate, from, w.Elapsed())
		if w.Fault().Slow > 0 {
			worst = max(worst, w.Fault().Slow)
		}
		if sum.Requests == 0 || float64(sum.Requests-sum.Errors) < 0.99*float64(sum.Requests) || worst > 500*time.Millisecond {
			if failedChecks++; failedChecks >= 10 {
				return ended(w, "back")
			}
			continue
		}
		if weight >= 50 {
			give(w, 100)
			return ended(w, "released")
		}
		weight += 5
		give(w, weight)
	}
}

// argo follows the background analysis of Argo Rollouts' "Analysis & Progressive Delivery": 20, 40, 60 and 80 % for ten minutes
// each. From 40 % on, every five minutes, at least 95 % of the service's requests of the last five minutes have to succeed. Three
// measurements below that abort, and so do five in a row without any request.
func argo(w *backtest.World) backtest.Decision {
	failures, empty := 0, 0
	for _, weight := range []int{20, 40, 60, 80} {
		give(w, weight)
		for range 2 {
			if weight > 20 {
				of, from := backtest.Count{}, w.Elapsed()-5*time.Minute
				for _, revision := range []string{backtest.Stable, backtest.Candidate} {
					sum := w.Between(revision, from, w.Elapsed())
					of.Requests, of.Errors = of.Requests+sum.Requests, of.Errors+sum.Errors
				}
				switch {
				case of.Requests == 0:
					empty++
				case float64(of.Requests-of.Errors) < 0.95*float64(of.Requests):
					empty = 0
					failures++
				default:
					empty = 0
				}
				if failures >= 3 || empty >= 5 {
					return ended(w, "back")
				}
			}
			w.Pass(w.Elapsed() + 5*time.Minute)
		}
	}
	give(w, 100)
	return ended(w, "released")
}
