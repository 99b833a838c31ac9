package chains_test

import (
	"net/http"
	"strings"
	"testing"
)

// drift runs the daily check. It fails unless the calls have one text and lack the other.
func (c *chain) drift(calls, never string) {
	c.t.Helper()
	r := c.run("platform-drift.yml", event{name: "workflow_dispatch"})
	if got := c.calls(); !r.ok || !strings.Contains(got, calls) || strings.Contains(got, never) || !strings.Contains(got,
		"pulumi/auth-actions "+c.of.owner+" team:"+c.of.name+"-read") {
		c.t.Fatalf("want %q and not %q of:\n%s\n%v", calls, never, got, r)
	}
}

// testDrift checks that a manual change becomes an issue. TestWithoutNode checks that an issue is closed when the drift is gone.
func testDrift(t *testing.T, c *chain, digest string) {
	c.byHand("dev")
	c.drift("gh issue create --title Drift", "gh issue edit")
	body := c.read("body")
	for _, wanted := range []string{"### dev", "update urn:pulumi:dev::" + c.of.name + "::", "::service-web-service\n",
		"gh workflow run platform-release.yml -f stack=dev -f service=web -f digest=" + digest} {
		if !strings.Contains(body, wanted) {
			t.Errorf("the issue does not say %q:\n%s", wanted, body)
		}
	}
	if strings.Contains(body, "### prod") || strings.Contains(body, "### staging") {
		t.Errorf("the issue names stacks that are clean:\n%s", body)
	}
}

// byHand changes a stack's service without Pulumi.
func (c *chain) byHand(stack string) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPatch,
		c.api+c.path(stack, "web")+"?updateMask=ingress",
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
