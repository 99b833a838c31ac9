package chains_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	// anything is a digest that is in no registry. sample is the image that an environment's first run starts.
	anything = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	sample   = "sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a"
)

// deployment starts platform-release.yml by hand.
func deployment(stack, digest string) event {
	return event{name: "workflow_dispatch", payload: map[string]any{
		"inputs": map[string]any{
			"stack": stack, "digest": digest, "operation": "deploy", "proceed": "false", "retry": "false", "service": "web",
		},
	}}
}

// with returns the event with another value of an input.
func (e event) with(input, value string) event {
	e.payload["inputs"].(map[string]any)[input] = value
	return e
}

// releases returns a release policy with short bakes, as the variable by which the release controller gets it. inconclusive says
// what a release does if its metrics say too little: proceed, or hold as in prod.
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

// unhurried uses the sandbox's own bakes, which leave time to act in the middle.
const unhurried = "CHAIN_RELEASE="

// TestAHeldDeployment deploys with metrics that say too little. The release waits for a person, who continues it by a workflow,
// without rights of their own.
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
	if r.ok || !strings.Contains(r.log, "and not "+other+": deploy") {
		t.Errorf("another digest was not refused\n%v", r)
	}
	waits(r)

	// A person who continues decides about one step. The last step is held as well.
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

// TestAFailureAfterTheRollout deploys an image that the rollout's own probes find healthy and the health check of the service's
// paths does not.
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

// TestDeploymentsAreRefusedBeforeAnyLogin checks that a malformed digest and a foreign branch never reach credentials. tests/workflows
// has what else is refused.
func TestDeploymentsAreRefusedBeforeAnyLogin(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	refused := func(name string, e event, says string) {
		t.Helper()
		r := c.run("platform-release.yml", e)
		if r.ok || c.calls() != "" || r.results["release/check"] != failure || len(r.results) != 1 || !strings.Contains(r.log, says) {
			t.Errorf("%s: called %q, want nothing, and a refusal that says %q\n%v", name, c.calls(), says, r)
		}
	}
	refused("an injection", deployment("dev", anything+"\n; touch owned"), "want sha256: and 64 hex digits")
	e := deployment("dev", anything)
	e.payload["ref"] = "refs/heads/feature"
	refused("a branch", e, `releases run on the default branch "main", not on refs/heads/feature`)
}
