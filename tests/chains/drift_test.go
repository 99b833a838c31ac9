package chains_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestAllStacks shares one sandbox with three stacks: previews, drift and the change of an environment.
func TestAllStacks(t *testing.T) {
	t.Parallel()
	c := newChain(t, "dev", "staging", "prod")
	testPreviews(t, c)
	testDrift(t, c)
	testInfrastructure(t, c)
}

// What somebody changed by hand becomes an issue, the same issue while it lasts, and a closed one when it is gone.
func testDrift(t *testing.T, c *chain) {
	e := event{name: "workflow_dispatch", payload: map[string]any{"ref": "refs/heads/main"}}
	check := func(calls, never string) {
		t.Helper()
		r := c.run("platform-drift.yml", e)
		if got := c.calls(); !r.ok || !strings.Contains(got, calls) || strings.Contains(got, never) {
			t.Fatalf("want %q and not %q of:\n%s\n%v", calls, never, got, r)
		}
	}
	c.byHand("dev")
	check("gh issue create --title Drift", "gh issue edit")
	body := c.read("body")
	for _, wanted := range []string{"### dev", "update urn:pulumi:dev::procureflow::", "::service-web-service\n"} {
		if !strings.Contains(body, wanted) {
			t.Errorf("the issue does not say %q:\n%s", wanted, body)
		}
	}
	if strings.Contains(body, "### prod") || strings.Contains(body, "### staging") {
		t.Errorf("the issue names stacks that are clean:\n%s", body)
	}
	check("gh issue edit 7 --body-file", "gh issue create")
	c.must("up", "dev")
	check("gh issue close 7", "gh issue create")
}

// byHand changes a stack's service behind Pulumi's back.
func (c *chain) byHand(stack string) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPatch,
		c.api+"/run/v2/projects/procureflow-"+stack+"/locations/us-central1/services/procureflow-web?updateMask=ingress",
		strings.NewReader(`{"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"}`))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response := c.ask(request)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		c.t.Fatalf("change the service by hand: %s", response.Status)
	}
}
