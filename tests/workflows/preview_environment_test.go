package workflows_test

import (
	"strings"
	"testing"
)

// TestSlotActionOfAPullRequest checks what an event of a pull request does to its slot. Only the label preview decides.
func TestSlotActionOfAPullRequest(t *testing.T) {
	t.Parallel()
	asked := script(t, `case "$EVENT-$ACTION-$LABELLED" in`)
	const previews = "    previews:\n      services: [web]\n"
	for _, test := range []struct{ event, action, label, labelled, settings, want string }{
		{"pull_request", "labeled", "preview", "true", previews, "up"},
		{"pull_request", "labeled", "bug", "true", previews, "nothing"},
		{"pull_request", "labeled", "preview", "false", previews, "nothing"}, // the label was removed in the meantime
		{"pull_request", "unlabeled", "preview", "false", previews, "down"},
		{"pull_request", "unlabeled", "preview", "true", previews, "down"},
		{"pull_request", "unlabeled", "bug", "true", previews, "nothing"},
		{"pull_request", "unlabeled", "preview-later", "false", previews, "nothing"},
		{"pull_request", "synchronize", "", "true", previews, "up"},
		{"pull_request", "synchronize", "", "false", previews, "nothing"},
		{"pull_request", "reopened", "", "true", previews, "up"},
		{"pull_request", "reopened", "", "false", previews, "nothing"},
		{"pull_request", "closed", "", "true", previews, "down"},
		{"pull_request", "closed", "", "false", previews, "nothing"},
		{"pull_request", "opened", "", "true", previews, "nothing"},
		{"schedule", "", "", "false", previews, "expire"},
		{"push", "", "", "false", previews, "nothing"},
		{"workflow_dispatch", "", "", "false", previews, "nothing"},
		{"pull_request_target", "labeled", "preview", "true", previews, "nothing"},
		{"pull_request", "labeled", "preview", "true", "    labels:\n      previews: a-label\n", "up"}, // `release settings` then refuses
		{"pull_request", "labeled", "preview", "true", "    services: {}\n", "nothing"},
		{"schedule", "", "", "false", "# previews: none\n", "nothing"},
	} {
		code, printed, outputs := runScript(t, "printf '%s' \"$SETTINGS\" > Pulumi.dev.yaml\n"+asked, map[string]string{
			"EVENT": test.event, "ACTION": test.action, "LABEL": test.label, "LABELLED": test.labelled, "FOLDER": ".", "SETTINGS": test.settings,
		}, nil)
		if code != 0 || outputs != "does="+test.want+"\n" {
			t.Errorf("%+v: exit code %d, %q\n%s", test, code, outputs, printed)
		}
	}
}

// TestForkGetsNoSlot checks that no job runs for a fork's pull request, whatever its labels, and that no job with an identity runs
// without the first job.
func TestForkGetsNoSlot(t *testing.T) {
	t.Parallel()
	jobs := parse(t, sources(t)).Workflows["preview-environment.yml"].Jobs
	for _, test := range []struct {
		event, head string
		want        bool
	}{
		{"pull_request", "acme/shop", true}, {"pull_request", "mallory/shop", false}, {"pull_request", "", false}, {"schedule", "", true},
	} {
		w := world{"github.event_name": test.event, "github.event.pull_request.head.repo.full_name": test.head, "github.repository": "acme/shop"}
		if got := truth(evaluate(t, jobs["asked"].If.Value, w)); got != test.want {
			t.Errorf("%+v: asked runs: %v", test, got)
		}
	}
	for name, job := range jobs {
		if name == "asked" {
			continue
		}
		before := name
		for before != "asked" { // the first of its needs leads to asked
			needs := jobs[before].Needs
			if len(needs) == 0 {
				t.Fatalf("%s runs without asked", name)
			}
			before = needs[0].Value
		}
		if job.If != nil && strings.Contains(job.If.Value, "always()") {
			t.Errorf("%s runs whatever asked says", name)
		}
	}
	for does, runs := range map[string]string{"up": "image", "down": "free", "expire": "free", "nothing": ""} {
		for _, name := range []string{"image", "free"} {
			if got := truth(evaluate(t, jobs[name].If.Value, world{"needs.asked.outputs.does": does})); got != (name == runs) {
				t.Errorf("%s to do: %s runs: %v", does, name, got)
			}
		}
	}
	for slot, want := range map[string]bool{"": false, "web-preview-1": true} {
		if got := truth(evaluate(t, jobs["show"].If.Value, world{"needs.up.outputs.slot": slot})); got != want {
			t.Errorf("in slot %q: show runs: %v", slot, got)
		}
	}
	for _, result := range results {
		for freed, want := range map[string]bool{"": false, "[]": false, `["a"]`: true} {
			w := world{"cancelled()": false, "needs.free.result": result, "needs.free.outputs.freed": freed}
			if got := truth(evaluate(t, jobs["hide"].If.Value, w)); got != (want && result != "skipped") {
				t.Errorf("%q was freed with %s: hide runs: %v", freed, result, got)
			}
		}
	}
}

// TestSlotsFollowMainsSettings checks that a job with an identity reads main's settings, and no checkout of the pull request.
func TestSlotsFollowMainsSettings(t *testing.T) {
	t.Parallel()
	const main = "${{ github.event_name == 'schedule' && github.ref || format('refs/heads/{0}', github.event.repository.default_branch) }}"
	expression := strings.TrimSuffix(strings.TrimPrefix(main, "${{ "), " }}")
	for want, w := range map[string]world{
		"refs/heads/trunk": {"github.event_name": "pull_request", "github.ref": "refs/pull/7/merge",
			"github.event.repository.default_branch": "trunk"},
		"refs/heads/master": {"github.event_name": "schedule", "github.ref": "refs/heads/master", "github.event.repository.default_branch": ""},
	} {
		if got := evaluate(t, expression, w); got != want {
			t.Errorf("with %v it is %v", w, got)
		}
	}
	seen := 0
	for _, s := range parse(t, sources(t)).Steps() {
		if s.File != "workflows/preview-environment.yml" || !strings.HasPrefix(s.Uses, "actions/checkout@") {
			continue
		}
		seen++
		if s.With["path"] != ".platform" && s.With["ref"] != main {
			t.Errorf("%s checks out %q", s.Job, s.With["ref"])
		}
	}
	if seen != 5 {
		t.Errorf("%d checkouts, want 5", seen)
	}
}
