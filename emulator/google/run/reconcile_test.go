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
	broken := run.RevisionState{Failure: "green is broken"}
	starting := run.RevisionState{Starting: true}
	const noLatest = "No revision of the service is ready to serve traffic."
	const noGreen = "Revision 'green' is not ready and cannot serve traffic."
	for name, test := range map[string]struct {
		spec   run.Spec
		before run.Status
		green  run.RevisionState
		want   run.Status
	}{
		"first revision starts": {run.Spec{Desired: latest, Created: "green"}, run.Status{}, starting, run.Status{Reconciling: true}},
		"first revision failed": {run.Spec{Desired: latest, Created: "green"}, run.Status{}, broken,
			run.Status{Unready: "green is broken", Misrouted: noLatest}},
		"latest is ready": {run.Spec{Desired: latest, Created: "green"}, run.Status{}, run.RevisionState{},
			run.Status{Serving: latest, LatestReady: "green"}},
		"latest waits, what was ready serves": {run.Spec{Desired: latest, Created: "green"},
			run.Status{Serving: latest, LatestReady: "blue"}, starting,
			run.Status{Serving: latest, LatestReady: "blue", Reconciling: true}},
		"all targets ready": {run.Spec{Desired: split, Created: "green"}, run.Status{Serving: blue, LatestReady: "blue"}, run.RevisionState{},
			run.Status{Serving: split, LatestReady: "green"}},
		"a tag alone waits as well": {run.Spec{Desired: split, Created: "green"}, run.Status{Serving: blue, LatestReady: "blue"}, starting,
			run.Status{Serving: blue, LatestReady: "blue", Reconciling: true}},
		"a tag alone blocks as well": {run.Spec{Desired: split, Created: "green"}, run.Status{Serving: blue, LatestReady: "blue"}, broken,
			run.Status{Serving: blue, LatestReady: "blue", Unready: "green is broken", Misrouted: noGreen}},
		"an older revision blocks": {run.Spec{Desired: split, Created: "blue"}, run.Status{Serving: blue, LatestReady: "blue"}, broken,
			run.Status{Serving: blue, LatestReady: "blue", Misrouted: noGreen}},
		"back while the newest starts": {run.Spec{Desired: blue, Created: "green"}, run.Status{Serving: split, LatestReady: "blue"}, starting,
			run.Status{Serving: blue, LatestReady: "blue", Reconciling: true}},
		"back after the newest failed": {run.Spec{Desired: blue, Created: "green"}, run.Status{Serving: split, LatestReady: "blue"}, broken,
			run.Status{Serving: blue, LatestReady: "blue", Unready: "green is broken"}},
		"ready before its split is": {run.Spec{Desired: split, Created: "green", Early: true},
			run.Status{Serving: blue, LatestReady: "blue"}, run.RevisionState{},
			run.Status{Serving: blue, LatestReady: "green", Reconciling: true}},
		"held": {run.Spec{Desired: split, Created: "green", Hold: true}, run.Status{Serving: blue, LatestReady: "blue"}, run.RevisionState{},
			run.Status{Serving: blue, LatestReady: "green", Misrouted: "The traffic was not moved to the desired split."}},
		"held, though no traffic would move": {run.Spec{Desired: split, Created: "green", Hold: true},
			run.Status{Serving: split, LatestReady: "green"}, run.RevisionState{},
			run.Status{Serving: split, LatestReady: "green"}},
		"latest goes back when the template is as before": {run.Spec{Desired: latest, Created: "blue"},
			run.Status{Serving: latest, LatestReady: "green"}, run.RevisionState{},
			run.Status{Serving: latest, LatestReady: "blue"}},
		"latest goes back from one that failed": {run.Spec{Desired: latest, Created: "blue"},
			run.Status{Serving: latest, LatestReady: "blue", Unready: "green is broken"}, broken,
			run.Status{Serving: latest, LatestReady: "blue"}},
		"back to one that failed": {run.Spec{Desired: latest, Created: "green"}, run.Status{Serving: latest, LatestReady: "blue"}, broken,
			run.Status{Serving: latest, LatestReady: "blue", Unready: "green is broken"}},
		"failed, and nothing served before": {run.Spec{Desired: split, Created: "green"}, run.Status{}, broken,
			run.Status{Unready: "green is broken", Misrouted: noGreen}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			revisionState := func(revision string) run.RevisionState {
				if revision == "green" {
					return test.green
				}
				return run.RevisionState{}
			}
			assert.Equal(t, test.want, run.Reconcile(test.spec, test.before, revisionState))
		})
	}
}
