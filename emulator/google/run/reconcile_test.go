package run_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

func TestReconcile(t *testing.T) {
	t.Parallel()
	latest := []run.Target{{Type: run.ToLatest, Percent: 100}}
	blue := []run.Target{{Type: run.ToRevision, Revision: "blue", Percent: 100}}
	split := []run.Target{{Type: run.ToRevision, Revision: "blue", Percent: 100}, {Type: run.ToRevision, Revision: "green", Tag: "candidate"}}
	broken := run.Fate{Failure: "green is broken"}
	starting := run.Fate{Starting: true}
	const noLatest = "No revision of the service is ready to serve traffic."
	const noGreen = "Revision 'green' is not ready and cannot serve traffic."
	for name, test := range map[string]struct {
		wish   run.Wish
		before run.Status
		green  run.Fate
		want   run.Status
	}{
		"first revision starts": {run.Wish{Desired: latest, Created: "green"}, run.Status{}, starting, run.Status{Reconciling: true}},
		"first revision failed": {run.Wish{Desired: latest, Created: "green"}, run.Status{}, broken,
			run.Status{Unready: "green is broken", Misrouted: noLatest}},
		"latest is ready": {run.Wish{Desired: latest, Created: "green"}, run.Status{}, run.Fate{},
			run.Status{Serving: latest, LatestReady: "green"}},
		"latest waits, what was ready serves": {run.Wish{Desired: latest, Created: "green"},
			run.Status{Serving: latest, LatestReady: "blue"}, starting,
			run.Status{Serving: latest, LatestReady: "blue", Reconciling: true}},
		"all targets ready": {run.Wish{Desired: split, Created: "green"}, run.Status{Serving: blue, LatestReady: "blue"}, run.Fate{},
			run.Status{Serving: split, LatestReady: "green"}},
		"a tag alone waits as well": {run.Wish{Desired: split, Created: "green"}, run.Status{Serving: blue, LatestReady: "blue"}, starting,
			run.Status{Serving: blue, LatestReady: "blue", Reconciling: true}},
		"a tag alone blocks as well": {run.Wish{Desired: split, Created: "green"}, run.Status{Serving: blue, LatestReady: "blue"}, broken,
			run.Status{Serving: blue, LatestReady: "blue", Unready: "green is broken", Misrouted: noGreen}},
		"an older revision blocks": {run.Wish{Desired: split, Created: "blue"}, run.Status{Serving: blue, LatestReady: "blue"}, broken,
			run.Status{Serving: blue, LatestReady: "blue", Misrouted: noGreen}},
		"back while the newest starts": {run.Wish{Desired: blue, Created: "green"}, run.Status{Serving: split, LatestReady: "blue"}, starting,
			run.Status{Serving: blue, LatestReady: "blue", Reconciling: true}},
		"back after the newest failed": {run.Wish{Desired: blue, Created: "green"}, run.Status{Serving: split, LatestReady: "blue"}, broken,
			run.Status{Serving: blue, LatestReady: "blue", Unready: "green is broken"}},
		"ready before its split is": {run.Wish{Desired: split, Created: "green", Early: true},
			run.Status{Serving: blue, LatestReady: "blue"}, run.Fate{},
			run.Status{Serving: blue, LatestReady: "green", Reconciling: true}},
		"held": {run.Wish{Desired: split, Created: "green", Hold: true}, run.Status{Serving: blue, LatestReady: "blue"}, run.Fate{},
			run.Status{Serving: blue, LatestReady: "green", Misrouted: "The traffic was not moved to the desired split."}},
		"held, and nothing to move": {run.Wish{Desired: split, Created: "green", Hold: true},
			run.Status{Serving: split, LatestReady: "green"}, run.Fate{},
			run.Status{Serving: split, LatestReady: "green"}},
		"latest goes back with what is asked for": {run.Wish{Desired: latest, Created: "blue"},
			run.Status{Serving: latest, LatestReady: "green"}, run.Fate{},
			run.Status{Serving: latest, LatestReady: "blue"}},
		"latest goes back from one that failed": {run.Wish{Desired: latest, Created: "blue"},
			run.Status{Serving: latest, LatestReady: "blue", Unready: "green is broken"}, broken,
			run.Status{Serving: latest, LatestReady: "blue"}},
		"back to one that failed": {run.Wish{Desired: latest, Created: "green"}, run.Status{Serving: latest, LatestReady: "blue"}, broken,
			run.Status{Serving: latest, LatestReady: "blue", Unready: "green is broken"}},
		"nothing served before either": {run.Wish{Desired: split, Created: "green"}, run.Status{}, broken,
			run.Status{Unready: "green is broken", Misrouted: noGreen}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fate := func(revision string) run.Fate {
				if revision == "green" {
					return test.green
				}
				return run.Fate{}
			}
			assert.Equal(t, test.want, run.Reconcile(test.wish, test.before, fate))
		})
	}
}
