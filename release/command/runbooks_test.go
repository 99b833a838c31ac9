package command

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// typedCommands returns the release commands in the runbooks' code blocks, by file and in order, as they are written.
func typedCommands(t *testing.T) (found []string) {
	t.Helper()
	files, err := filepath.Glob("../../docs/runbooks/*.md")
	require.NoError(t, err)
	line := regexp.MustCompile(`^    go run ./cmd/release (.*?)(?: +# .*)?$`)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for text := range strings.Lines(strings.ReplaceAll(string(content), "\\\n     ", "")) {
			if match := line.FindStringSubmatch(strings.TrimRight(text, "\n")); match != nil {
				found = append(found, filepath.Base(file)+": "+strings.Join(strings.Fields(match[1]), " "))
			}
		}
	}
	return found
}

// TestRunbooks runs every release command of the runbooks, in an order in which an incident would need them, and compares the result
// with what the runbook says. The test fails if a runbook has a command that the test does not run, and if the test runs one that no
// runbook has.
func TestRunbooks(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	back := plan.State{Phase: plan.Idle, Stable: "web-blue", Rejected: []string{"web-green"}}
	at10 := plan.State{Phase: plan.Shifting, Stable: "web-blue", Candidate: "web-green", Percent: 10}
	story := []struct {
		command string
		// with are flags that the situation adds to the command, such as another policy or revision.
		with  []string
		exit  int
		says  string
		state plan.State
	}{
		{"rollout.md: rollout procureflow-web --env prod --summary \"$GITHUB_STEP_SUMMARY\"", nil, ExitHeld,
			"rollout: held after ", at10},
		{"README.md: status SERVICE --region REGION --project PROJECT", nil, ExitDone,
			"  90 %   web-blue  stable\n  10 %   web-green  candidate shifted\n", at10},
		{"rollback.md: status procureflow-web", nil, ExitDone, "A rollout of web-green is active (shifting, 10 %)", at10},
		{"rollout.md: watch procureflow-web", []string{"--json"}, ExitDone, `"needsDecision":true`, at10},
		{"rollout.md: rollout procureflow-web --proceed", nil, ExitHeld, "web-green keeps 100 %",
			plan.State{Phase: plan.Full, Stable: "web-blue", Candidate: "web-green", Percent: 100}},
		{"rollout.md: rollback procureflow-web", nil, ExitDone, "rollback: rolled back after ", back},
		// "after a rollback: nowhere. It says that requests are back already, and with which --to to go further"
		{"rollback.md: rollback procureflow-web --region us-central1", nil, ExitDone, "rollback: nothing after ", back},
		// "A revision that was rolled back serves again only when --to names it."
		{"rollback.md: rollback procureflow-web --to procureflow-web-REVISION", nil, ExitDone, "web-green serves everything",
			plan.State{Phase: plan.Idle, Stable: "web-green", Rejected: []string{"web-blue"}}},
		{"refused-image.md: rollback procureflow-web --project procureflow-prod --to REVISION --why \"INCIDENT: reason\"",
			[]string{"--to", "web-blue"}, ExitDone, "web-blue serves everything: INCIDENT: reason", back},
	}
	// elsewhere are commands that other tests run.
	elsewhere := []string{"refused-image.md: sign ", "rollout.md: watch procureflow-web --web"}
	require.NoError(t, os.WriteFile(l.file("policy.yaml"), []byte(held), 0o600))
	walked := map[string]bool{}
	for _, step := range story {
		walked[step.command] = true
		_, line, _ := strings.Cut(step.command, ": ")
		if strings.Contains(step.command, ": watch ") {
			// A watch of a held release does not end by itself.
			said, end := watching(t, l, step.with...)
			assert.Eventually(t, func() bool { return strings.Contains(said(), step.says) }, soon, often, step.command)
			assert.Equal(t, step.exit, end(), step.command)
			continue
		}
		exit, out, errors := l.release(context.Background(), append(words(t, l, line), step.with...)...)
		assert.Equal(t, step.exit, exit, "%s\n%s%s", step.command, out, errors)
		assert.Contains(t, out, step.says, step.command)
		assert.Equal(t, step.state, l.status().State, step.command)
	}
	for _, command := range append(typedCommands(t), "README.md: status SERVICE --region REGION --project PROJECT") {
		other := false
		for _, beginning := range elsewhere {
			other = other || strings.HasPrefix(command, beginning)
		}
		assert.True(t, walked[command] || other, "a runbook has a command that this test does not run: %s", command)
		delete(walked, command)
	}
	assert.Empty(t, walked, "no runbook has these commands")
	summary, err := os.ReadFile(l.file("summary.md"))
	require.NoError(t, err)
	assert.Contains(t, string(summary), "### rollout of web: "+string(rollout.Held))
}

// words splits a runbook's command line, fills in what a person would, and drops the flags that the laptop adds by itself.
func words(t *testing.T, l *laptop, line string) (list []string) {
	t.Helper()
	line = strings.NewReplacer("procureflow-web-REVISION", "web-green", "procureflow-web", "web", "SERVICE", "web", "REGION", "us-central1",
		" --project PROJECT", "", " --project procureflow-prod", "", " --env prod", "", "REVISION", "web-blue",
		`"$GITHUB_STEP_SUMMARY"`, l.file("summary.md")).Replace(line)
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			list = append(list, part)
		} else {
			list = append(list, strings.Fields(part)...)
		}
	}
	return list
}
