package sandbox_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/command"
)

const (
	firstBad  = `First bad answer to restored traffic: (.+), from when its visitor came\.\n`
	nobodyBad = `No visitor had a bad answer\.\n`
)

// TestDemo checks that each bad release is caught, and that the visitors are back on the revision of the good release. It takes minutes:
// the last fault is one that only metrics see, and Cloud Monitoring has a point a minute.
func TestDemo(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	scenes := []scene{
		// Three probes in less than a second may be faster than the first unlucky visitor.
		{"errors", "rollout: rolled back after .*\n.*status 500", firstBad + "|" + nobodyBad},
		{"slow", "rollout: rolled back after .*\n.*no answer in 2s", firstBad},
		{"never-ready", "rollout: failed after .*\n.*never became ready, and serves nobody", nobodyBad},
		// The release is rolled back before any visitor meets it, released when tried again, and rolled back by hand.
		{"migration", `(?s)rollout: rolled back after [^\n]*\n  the before hook demo-migrate: failed \(execution demo-migrate-[a-z0-9]{5}\).*` +
			`rollout: released after .*rollback: rolled back after`, nobodyBad},
		// Every probe is good.
		{"rare-errors", "rollout: rolled back after .*\n  \\d+ of \\d+ split requests to the candidate failed.* sure that the candidate is worse",
			"First bad answer to restored traffic: "},
	}
	if *picture != "" {
		scenes = scenes[len(scenes)-1:]
		go photograph(t, filepath.Join(s.state, "demo", "cloud", "cloud.json"))
	}
	demonstrated(t, s, scenes)
}

// scene is a kind of bad release, with the rollout's message and what the demonstration says about the visitors.
type scene struct{ bad, decision, visitors string }

// demonstrated runs a demonstration of the scenes and checks its output scene by scene.
func demonstrated(t *testing.T, s *sandbox, scenes []scene) {
	t.Helper()
	page := filepath.Join(t.TempDir(), "report.html")
	args := []string{"demo", "--out", page}
	for _, scene := range scenes {
		args = append(args, "--bad", scene.bad)
	}
	shown := s.must(args...)
	assert.Regexp(t, "rollout: released after .*\n  procureflow-web-[0-9a-f]{10} serves everything\n", shown.out)
	acts := regexp.MustCompile(`(?m)^== +\d+ s  (?:A bad image \(|The next image is deployed)`).Split(shown.out, -1)[1:]
	require.Len(t, acts, len(scenes), shown.out)
	for i, scene := range scenes {
		assert.Regexp(t, scene.decision, acts[i], scene.bad)
		found := regexp.MustCompile(scene.visitors).FindStringSubmatch(acts[i])
		require.NotEmpty(t, found, acts[i])
		if len(found) > 1 && found[1] != "" {
			took, err := time.ParseDuration(found[1])
			require.NoError(t, err)
			assert.Less(t, took, time.Minute, "the target is a minute; the rollback takes seconds")
		}
	}
	content, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Contains(t, string(content), "procureflow-web")
	_, err = os.Stat(filepath.Join(s.state, "demo", "cloud", "cloud.json"))
	assert.ErrorIs(t, err, os.ErrNotExist, "the demonstration's cloud still runs")
}

// TestDemoRefusesBadCalls checks calls that are refused before anything is started.
func TestDemoRefusesBadCalls(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	refused := s.run("demo", "--bad", "ugly")
	assert.Equal(t, command.ExitUsage, refused.exit)
	assert.Equal(t, "sandbox: --bad is \"ugly\": want errors, slow, never-ready, rare-errors or migration, each once\n", refused.err)
	refused = s.run("demo", "--bad", "slow,errors", "--bad", "slow")
	assert.Equal(t, command.ExitUsage, refused.exit)
	assert.Contains(t, refused.err, `--bad is "slow,errors,slow"`)
	// This is reported at once, and not when the page would be written.
	out := filepath.Join(t.TempDir(), "none", "page.html")
	refused = s.run("demo", "--out", out)
	assert.Equal(t, command.ExitUsage, refused.exit)
	assert.Equal(t, "sandbox: --out "+out+": there is no folder "+filepath.Dir(out)+": make it first\n", refused.err)
	_, err := os.Stat(s.state)
	assert.ErrorIs(t, err, os.ErrNotExist)
}
