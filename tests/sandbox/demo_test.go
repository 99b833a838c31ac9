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

// TestDemo checks that each bad release is caught, and that the visitors are back on the revision of the good release.
func TestDemo(t *testing.T) {
	t.Parallel()
	for bad, want := range map[string]struct {
		decision string // the bad rollout's message
		visitors string // what the visitors met
	}{
		// Three probes in less than a second may be faster than the first unlucky visitor.
		"errors":      {"rollout: rolled back after .*\n.*status 500", firstBad + "|" + nobodyBad},
		"slow":        {"rollout: rolled back after .*\n.*no answer in 2s", firstBad},
		"never-ready": {"rollout: failed after .*\n.*never became ready, and serves nobody", nobodyBad},
		// The release is rolled back before any visitor meets it, released when tried again, and rolled back by hand.
		"migration": {`(?s)rollout: rolled back after [^\n]*\n  the before hook demo-migrate: failed \(execution demo-migrate-[a-z0-9]{5}\).*` +
			`rollout: released after .*rollback: rolled back after`, nobodyBad},
	} {
		t.Run(bad, func(t *testing.T) {
			t.Parallel()
			found := demonstrated(t, newSandbox(t, nil), bad, want.decision, want.visitors)
			if found[1] != "" {
				took, err := time.ParseDuration(found[1])
				require.NoError(t, err)
				assert.Less(t, took, time.Minute, "the target is a minute; the rollback takes seconds")
			}
		})
	}
}

// TestDemoOfErrorsThatOnlyMetricsSee takes minutes, because Cloud Monitoring has a point a minute. So it is a test of its own, which
// begins early. Every probe is good in it.
func TestDemoOfErrorsThatOnlyMetricsSee(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	if *picture != "" {
		go photograph(t, filepath.Join(s.state, "demo", "cloud", "cloud.json"))
	}
	demonstrated(t, s, "rare-errors",
		"rollout: rolled back after .*\n  \\d+ of \\d+ split requests and, .* it is worse, by evidence of", firstBad)
}

const (
	firstBad  = `First bad answer to restored traffic: (.+), from when its visitor came\.\n`
	nobodyBad = `()No visitor had a bad answer\.\n`
)

// demonstrated runs a demonstration, and returns what it says about the visitors.
func demonstrated(t *testing.T, s *sandbox, bad, decision, visitors string) []string {
	t.Helper()
	page := filepath.Join(t.TempDir(), "report.html")
	shown := s.must("demo", "--bad", bad, "--out", page)
	assert.Regexp(t, "rollout: released after .*\n  procureflow-web-[0-9a-f]{10} serves everything\n", shown.out)
	assert.Regexp(t, decision, shown.out)
	content, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Contains(t, string(content), "procureflow-web")
	_, err = os.Stat(filepath.Join(s.state, "demo", "cloud", "cloud.json"))
	assert.ErrorIs(t, err, os.ErrNotExist, "the demonstration's cloud still runs")
	found := regexp.MustCompile(visitors).FindStringSubmatch(shown.out)
	require.NotEmpty(t, found, shown.out)
	return found
}

// TestDemoRefusesBadCalls checks calls that are refused before anything is started.
func TestDemoRefusesBadCalls(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	refused := s.run("demo", "--bad", "ugly")
	assert.Equal(t, command.ExitUsage, refused.exit)
	assert.Equal(t, "sandbox: --bad is \"ugly\": want errors, slow, never-ready, rare-errors or migration\n", refused.err)
	// This is reported at once, and not when the page would be written.
	out := filepath.Join(t.TempDir(), "none", "page.html")
	refused = s.run("demo", "--out", out)
	assert.Equal(t, command.ExitUsage, refused.exit)
	assert.Equal(t, "sandbox: --out "+out+": there is no folder "+filepath.Dir(out)+": make it first\n", refused.err)
	_, err := os.Stat(s.state)
	assert.ErrorIs(t, err, os.ErrNotExist)
}
