package gcloud_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/command"
)

// promise is what a runbook says about a gcloud command, during a rollout at 10 % and after a finished one.
type promise struct {
	during, after situation
}

// situation has what REVISION stands for, a part of the command's output, and the split afterwards.
type situation struct {
	revision string
	prints   []string
	split    string
}

const (
	atTenPercent = "web-blue 90 stable, web-green 10 candidate, web-green 0 shifted"
	released     = "web-green 100 stable, web-blue 0 previous"
)

// promises has every gcloud command of the runbooks, by file and as written there.
var promises = map[string]promise{
	"rollback.md: gcloud run services describe procureflow-web --region us-central1 --format 'yaml(status.traffic)'": {
		during: situation{prints: []string{
			"  - percent: 90\n    revisionName: web-blue\n    tag: stable\n",
			"  - percent: 10\n    revisionName: web-green\n    tag: candidate\n"}, split: atTenPercent},
		after: situation{prints: []string{
			"  - percent: 100\n    revisionName: web-green\n    tag: stable\n",
			"revisionName: web-blue\n    tag: previous\n"}, split: released},
	},
	"rollback.md: gcloud run revisions list --service procureflow-web --region us-central1": {
		during: situation{prints: []string{"✔  web-green  yes     web ", "✔  web-blue   yes     web "}, split: atTenPercent},
		after:  situation{prints: []string{"✔  web-green  yes     web ", "\n✔  web-blue   yes     web "}, split: released},
	},
	"rollback.md: gcloud run services update-traffic procureflow-web --region us-central1 --to-revisions REVISION=100": {
		during: situation{revision: "web-blue", prints: []string{"  100% web-blue\n", "  0%   web-green\n"},
			split: "web-blue 100, web-blue 0 stable, web-green 0 candidate, web-green 0 shifted"},
		after: situation{revision: "web-blue", prints: []string{"  100% web-blue\n", "  0%   web-green\n"},
			split: "web-blue 100, web-green 0 stable, web-blue 0 previous"},
	},
}

// elsewhere are commands that this test does not run, by file and beginning, with the reason.
var elsewhere = map[string]string{
	"refused-image.md: gcloud container binauthz ": "it asks Binary Authorization and Artifact Analysis, whose answers the emulated " +
		"cloud has for the program and for release sign only",
	"refused-image.md: gcloud run services update": "it is for an image that was refused, which these services have none of: " +
		"TestBreakglass types it",
}

func isElsewhere(line string) bool {
	for beginning := range elsewhere {
		if strings.HasPrefix(line, beginning) {
			return true
		}
	}
	return false
}

var block = regexp.MustCompile(`^(?: {4}|\t)?(gcloud .*?)(?: +# .*)?$`)

// commands returns the gcloud commands in the runbooks' code blocks, in order.
func commands(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../docs/runbooks/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var found []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		fenced := false
		for line := range strings.Lines(strings.ReplaceAll(string(content), "\\\n", " ")) {
			line = strings.TrimRight(line, "\n")
			if strings.HasPrefix(line, "```") {
				fenced = !fenced
				continue
			}
			if match := block.FindStringSubmatch(line); match != nil &&
				(fenced || strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t")) {
				if typed := filepath.Base(file) + ": " + match[1]; !isElsewhere(typed) {
					found = append(found, typed)
				}
			}
		}
	}
	return found
}

// arguments splits a command line, whose only quotes are single ones, and fills in what a person would.
func arguments(command, revision string) []string {
	command = strings.NewReplacer("procureflow-web", "web", "REVISION", revision).Replace(command)
	var list []string
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 {
			list = append(list, part)
		} else {
			list = append(list, strings.Fields(part)...)
		}
	}
	return list[1:]
}

// TestGcloudCommandsOfTheRunbooksAreInTheTable compares the table with the runbooks. It needs no gcloud.
func TestGcloudCommandsOfTheRunbooksAreInTheTable(t *testing.T) {
	t.Parallel()
	written := map[string]bool{}
	for _, line := range commands(t) {
		written[line] = true
		assert.Contains(t, promises, line, "a runbook has a command that is not in promises")
	}
	for line := range promises {
		assert.True(t, written[line], "no runbook has the command %q", line)
	}
}

// TestRunbooks runs the runbooks' gcloud commands in their order, during a rollout and after one. It compares their effect, and that
// of the release command afterwards, with what the runbook says.
func TestRunbooks(t *testing.T) {
	t.Parallel()
	for name, during := range map[string]bool{"during a rollout": true, "after a rollout": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, 0)
			if during {
				o.call("PATCH", service+"?updateMask=traffic", `{"traffic":[`+to("web-blue", "90", "stable")+`,`+to("web-green", "10",
					"candidate")+`,`+to("web-green", "0", "shifted")+`]}`)
			} else {
				exit, out := o.release("rollout", "web")
				require.Equal(t, command.ExitDone, exit, out)
			}
			for _, line := range commands(t) {
				expected := promises[line].after
				if during {
					expected = promises[line].during
				}
				_, typed, _ := strings.Cut(line, ": ")
				out, stderr, err := o.gcloud(arguments(typed, expected.revision)...)
				require.NoError(t, err, "%s\n%s", typed, stderr)
				for _, part := range expected.prints {
					assert.Contains(t, out, part, typed)
				}
				assert.Equal(t, expected.split, o.split("trafficStatuses"), typed)
			}
			// "the next rollout sees that a person took the candidate back, and refuses to release it again"
			exit, out := o.release("rollout", "web")
			assert.Equal(t, command.ExitRefused, exit, out)
			// "release rollback afterwards tidies up", where a rollout was active.
			if during {
				exit, out = o.release("rollback", "web")
				assert.Equal(t, command.ExitDone, exit, out)
				assert.Equal(t, "web-blue 100 stable, web-green 0 rejected", o.split("trafficStatuses"))
			}
		})
	}
}
