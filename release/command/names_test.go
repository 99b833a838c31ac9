package command

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// TestNamesThatLookLikeOptions passes options in the place of names, as a workflow's variable may contain them. Such a name must not
// make a command do something else, and the command must not end with 0.
func TestNamesThatLookLikeOptions(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	for _, verb := range []string{"rollback", "rollout", "status", "guard", "run"} {
		for _, name := range []string{"--help", "-h", "--version", "--json", "--if-active", "--retry", "--", "", "web\n", "web web",
			"../web", "web/../api", "-", "--project=other"} {
			arguments := []string{verb, name}
			if verb == "guard" {
				arguments = append(arguments, "--", "true")
			}
			exit, out, errors := l.release(context.Background(), arguments...)
			assert.Equal(t, ExitUsage, exit, "%s %q: %s%s", verb, name, out, errors)
			assert.Empty(t, out, "%s %q", verb, name)
		}
	}
	for _, flag := range []string{"--region", "--project", "--revision", "--to"} {
		for _, value := range []string{"--json", "-x", "a/../b", "a b", "a\n", "a?b", "a%2Fb", "a#b"} {
			verb := "rollout"
			if flag == "--to" {
				verb = "rollback"
			}
			exit, out, errors := l.release(context.Background(), verb, "web", flag, value)
			assert.Equal(t, ExitUsage, exit, "%s %q: %s%s", flag, value, out, errors)
			assert.Regexp(t, "is not (a|the) name", errors)
		}
	}
	assert.Zero(t, l.writes.Load())
	var out bytes.Buffer
	assert.Equal(t, ExitDone, Run(context.Background(), []string{"rollback", "--help"}, Streams{Out: &out, Err: &out}), "help alone is help")
	assert.Contains(t, out.String(), "release rollback SERVICE")
}

func TestProjectOfTheEnvironmentThatLooksLikeAnOption(t *testing.T) {
	t.Setenv("GOOGLE_CLOUD_PROJECT", "--json")
	var out bytes.Buffer
	assert.Equal(t, ExitUsage, Run(context.Background(), []string{"status", "web"}, Streams{Out: &out, Err: &out}))
	assert.Contains(t, out.String(), `the project "--json" of the environment is not a name`)
}

// TestMistypedNames checks that a mistyped name is reported at once, with the names that exist, and that nothing is changed.
func TestMistypedNames(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	for name, test := range map[string]struct {
		arguments []string
		exit      int
		says      string
	}{
		"revision": {[]string{"rollout", "web", "--revision", "web-gren"}, ExitFailed,
			"there is no revision web-gren, and nothing was changed: the service has web-green, web-blue"},
		"no revision": {[]string{"rollout", "web", "--revision", "TYPO"}, ExitFailed,
			"there is no revision TYPO, and nothing was changed: the service has web-green, web-blue"},
		"rollback, misspelt service": {[]string{"rollback", "web", "--to", "web-gren"}, ExitRefused, "; the service has web-green, web-blue"},
		"service":                    {[]string{"rollout", "wbe"}, ExitFailed, "project procureflow-dev has web in us-central1"},
		"status":                     {[]string{"status", "wbe"}, ExitFailed, "project procureflow-dev has web in us-central1"},
		"back":                       {[]string{"rollback", "wbe"}, ExitFailed, "project procureflow-dev has web in us-central1"},
		"status, another region": {[]string{"rollout", "web", "--region", "europe-west1"}, ExitFailed,
			"project procureflow-dev has web in us-central1"},
		"no region": {[]string{"rollout", "web", "--region", "us-centrall1"}, ExitFailed,
			"project procureflow-dev has web in us-central1"},
		"rollback, unknown region": {[]string{"rollback", "web", "--region", "us-centrall1"}, ExitFailed,
			"project procureflow-dev has web in us-central1"},
		"project": {[]string{"rollout", "web", "--project", "procureflow-dve"}, ExitFailed,
			"you see the projects procureflow-dev"},
		"rollback, misspelt project": {[]string{"rollback", "web", "--project", "procureflow-dve"}, ExitFailed,
			"you see the projects procureflow-dev"},
		"status, misspelt project": {[]string{"status", "web", "--project", "procureflow-dve"}, ExitFailed,
			"you see the projects procureflow-dev"},
	} {
		begun := time.Now()
		exit, out, errors := l.release(context.Background(), test.arguments...)
		assert.Equal(t, test.exit, exit, "%s: %s%s", name, out, errors)
		assert.Contains(t, out+errors, test.says, name)
		assert.Less(t, time.Since(begun), 30*time.Second, "%s: the wait for a candidate takes five minutes", name)
	}
	assert.Equal(t, plan.State{Phase: plan.Idle, Stable: "web-blue"}, l.status().State)
}

var pasted = regexp.MustCompile("`(release [^`]+)`")

// TestSuggestedCommandsCanBePasted runs every command that a message suggests in a shell. The command names the service, where it
// is, and how to reach it.
func TestSuggestedCommandsCanBePasted(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh is installed, which splits the pasted command into words")
	}
	l := newLaptop(t, 0)
	require.NoError(t, os.WriteFile(l.file("policy.yaml"), []byte(held), 0o600))
	exit, out, errors := l.release(context.Background(), "rollout", "web")
	require.Equal(t, ExitHeld, exit, out+errors)
	suggested := pasted.FindAllStringSubmatch(out, -1)
	require.Len(t, suggested, 2, out)
	run := func(line string) (int, string) {
		words, err := exec.Command("sh", "-c", "for word in "+line+`; do printf '%s\n' "$word"; done`).Output()
		require.NoError(t, err)
		var stdout, stderr bytes.Buffer
		exit := Run(context.Background(), strings.Split(strings.TrimSpace(string(words)), "\n")[1:], Streams{Out: &stdout, Err: &stderr})
		return exit, stdout.String() + stderr.String()
	}
	exit, out = run(suggested[0][1]) // the suggested rollout --proceed, which is held again at the next step
	assert.Equal(t, ExitHeld, exit, out)
	assert.Contains(t, out, "keeps 100 %")
	exit, out = run(suggested[1][1])
	assert.Equal(t, ExitDone, exit, out)
	assert.Equal(t, plan.State{Phase: plan.Idle, Stable: "web-blue", Rejected: []string{"web-green"}}, l.status().State)
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"us-central1": "us-central1", "/srv/a b": "'/srv/a b'", "it's": `'it'\''s'`, "": "''",
		"$HOME": "'$HOME'", "a;b": "'a;b'"} {
		assert.Equal(t, want, quote(value))
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	for started, want := range map[string]string{"release": "release", "/srv/go-build1/b001/exe/release": "go run ./cmd/release",
		"/cache/40/" + strings.Repeat("4", 64) + "-d/release": "go run ./cmd/release",
		"bin/release": "bin/release", "/home-d/go-builds/release": "/home-d/go-builds/release",
		"/opt/my tools/release": "'/opt/my tools/release'"} {
		assert.Equal(t, want, Program(started))
	}
}

// TestSecondRolloutIsToldOfTheFirst checks that a second rollout on the same machine is told that the first is running and who
// started it. A rollback does not wait for either.
func TestSecondRolloutIsToldOfTheFirst(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	begun, goOn := make(chan struct{}), make(chan struct{})
	l.requests = func(n int64) {
		if n == 1 {
			close(begun)
			<-goOn
		}
	}
	ended := make(chan int, 1)
	go func() {
		exit, _, _ := l.release(context.Background(), "rollout", "web")
		ended <- exit
	}()
	<-begun
	exit, out, errors := l.release(context.Background(), "rollout", "web")
	assert.Equal(t, ExitRefused, exit, out+errors)
	assert.Regexp(t, `a rollout of web is running on this machine \(tester, process \d+, since \S+\), and goes on by itself: look with `+
		"`release status web --region us-central1 --project procureflow-dev ", errors)
	exit, out, errors = l.release(context.Background(), "rollback", "web")
	assert.Equal(t, ExitDone, exit, out+errors)
	close(goOn)
	assert.Equal(t, ExitSuperseded, <-ended)
}

func TestVersion(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	assert.Equal(t, ExitDone, Run(context.Background(), []string{"--version"}, Streams{Out: &out, Err: &out}))
	assert.Regexp(t, `^release \S+.* go1\.`, out.String())
}

// TestDefaultAuditFile checks where the audit goes by default: a person's to the folder of their programs' state, a workflow's to
// the working folder, from which the run uploads it.
func TestDefaultAuditFile(t *testing.T) {
	for _, test := range []struct{ actions, state, home, want string }{
		{"true", "/state", "/me", "release-audit.jsonl"},
		{"", "/state", "/me", "/state/procureflow/release-audit.jsonl"},
		{"", "relative", "/me", "/me/.local/state/procureflow/release-audit.jsonl"},
		{"", "", "/me", "/me/.local/state/procureflow/release-audit.jsonl"},
		{"", "", "", "release-audit.jsonl"},
	} {
		t.Setenv("GITHUB_ACTIONS", test.actions)
		t.Setenv("XDG_STATE_HOME", test.state)
		t.Setenv("HOME", test.home)
		assert.Equal(t, filepath.FromSlash(test.want), defaultAudit())
	}
	l := newLaptop(t, 0)
	t.Setenv("XDG_STATE_HOME", l.file("state"))
	var out bytes.Buffer
	require.Equal(t, ExitDone, Run(context.Background(), []string{"rollback", "web", "--to", "web-green", "--project", project,
		"--endpoint", l.api.URL + "/run/"},
		Streams{Out: &out, Err: &out}), out.String())
	assert.FileExists(t, l.file("state/procureflow/release-audit.jsonl"))
}
