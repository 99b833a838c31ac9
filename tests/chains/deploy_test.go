package chains_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	// anything is a digest that no registry has, and sample what an environment's first run starts.
	anything = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	sample   = "sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a"
)

// deployment is platform-release.yml, started by hand.
func deployment(stack, digest string) event {
	return event{name: "workflow_dispatch", payload: map[string]any{
		"inputs": map[string]any{
			"stack": stack, "digest": digest, "operation": "deploy", "proceed": "false", "retry": "false", "service": "web",
		},
	}}
}

// with sets an input.
func (e event) with(input, value string) event {
	e.payload["inputs"].(map[string]any)[input] = value
	return e
}

// releases is a release policy of short bakes, as the variable by which the release controller gets it. inconclusive is what it does with a
// release whose metrics say too little: proceed, or hold, as prod's does.
func releases(t *testing.T, inconclusive string) (variable string) {
	t.Helper()
	policy := "environments: {sandbox: {steps: [{percent: 10, bake: 2s}, {percent: 100, bake: 2s}], inconclusive: " + inconclusive +
		", holdFor: 2s, probe: {count: 5, pace: 100ms, interval: 100ms}}}\n"
	file := filepath.Join(t.TempDir(), "release.yaml")
	if err := os.WriteFile(file, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	return "CHAIN_RELEASE=--policy " + file
}

// unhurried releases with the sandbox's own bakes, so that there is time to do something in the middle.
const unhurried = "CHAIN_RELEASE="

// The metrics say too little, so the release waits for a person, who goes on with it without the rights to do so by hand.
func TestAHeldDeployment(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	holding := releases(t, "hold")
	held, other := c.built(), c.built()
	start := func(operation, digest, proceed string) run {
		e := deployment("dev", digest).with("operation", operation).with("proceed", proceed)
		e.env = []string{holding}
		return c.run("platform-release.yml", e)
	}
	waits := func(r run) {
		t.Helper()
		if got, want := c.traffic("dev"), "90% "+sample+", 10% "+held; got != want {
			t.Errorf("dev serves %s, want %s\n%v", got, want, r)
		}
	}

	for _, operation := range []string{"deploy", "resume"} { // Nothing new was measured in between.
		r := start(operation, held, "false")
		if r.ok || !strings.Contains(r.log, "What to do: docs/pipeline.md#held") {
			t.Errorf("%s: not held, or the log does not say what to do\n%v", operation, r)
		}
		waits(r)
	}
	r := start("resume", other, "true")
	if r.ok || !strings.Contains(r.log, "and not of "+other+": deploy that") {
		t.Errorf("another digest was not refused\n%v", r)
	}
	waits(r)

	// Who goes on decides for one step: the last one holds as well.
	r = start("resume", held, "true")
	if r.ok || !strings.Contains(r.log, "What to do: docs/pipeline.md#held") {
		t.Errorf("the last step was decided with the one before\n%v", r)
	}
	r = start("resume", held, "true")
	if !r.ok {
		t.Errorf("what was held is not released\n%v", r)
	}
	c.serves("dev", held, r)
	c.inOrder(r, "google-github-actions/auth deploy@dev", "release verify", "pulumi stack output", "release rollout", "release status")
	if calls := c.calls(); strings.Contains(calls, "pulumi up") || strings.Contains(calls, "release promote") {
		t.Errorf("to go on made or copied something:\n%s", calls)
	}
}

// The rollout's own probes find nothing, the health check of the service's paths does.
func TestAFailureAfterTheRollout(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	e := deployment("dev", c.built())
	e.env = []string{"CHAIN_SETTINGS=s#/api/health#/no/such/path#"}
	r := c.run("platform-release.yml", e)
	if r.ok || !strings.Contains(r.log, "failed on: /no/such/path: status 404") {
		t.Errorf("the run succeeded, or does not say what failed\n%v", r)
	}
	c.serves("dev", sample, r)
}

// What is no digest, no stack or no branch of ours never reaches a credential.
func TestADeploymentIsRefusedBeforeAnythingRuns(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	for name, test := range map[string]struct {
		input, value, says string
	}{
		"a tag":                {"digest", "latest", `digest is "latest", want sha256: and 64 hex digits`},
		"no digest":            {"digest", "", `digest is "", want sha256: and 64 hex digits`},
		"an injection":         {"digest", anything + "; touch owned", "want sha256: and 64 hex digits"},
		"a second line":        {"digest", anything + "\nstack=prod", "want sha256: and 64 hex digits"},
		"an unknown stack":     {"stack", "qa", `stack is "qa", want dev, staging or prod`},
		"an environment":       {"stack", "production", `stack is "production", want dev, staging or prod`},
		"rollback to a digest": {"operation", "rollback", "a rollback takes no digest"},
		"a service's command":  {"service", "web; id", "want a key of the settings such as web"},
	} {
		r := c.run("platform-release.yml", deployment("dev", anything).with(test.input, test.value))
		if r.ok || c.calls() != "" || r.results["release/check"] != "failure" || len(r.results) != 1 || !strings.Contains(r.log, test.says) {
			t.Errorf("%s: called %q, want nothing, and a refusal that says %q\n%v", name, c.calls(), test.says, r)
		}
	}
	e := deployment("dev", anything)
	e.payload["ref"] = "refs/heads/feature"
	if r := c.run("platform-release.yml", e); r.ok || c.calls() != "" ||
		!strings.Contains(r.log, `releases run on the default branch "main", not on refs/heads/feature`) {
		t.Errorf("a branch: called %q, want nothing\n%v", c.calls(), r)
	}
}
