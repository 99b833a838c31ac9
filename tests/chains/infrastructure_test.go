package chains_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// approvers is GitHub's answer to who approved a run: people by environment.
func approvers(t *testing.T, first, second string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") == "":
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasSuffix(r.URL.Path, "/approvals"):
			approval := `{"state": "approved", "environments": [{"name": %q}], "user": {"login": %q, "id": %d, "type": "User"}}`
			fmt.Fprintf(w, "["+approval+","+approval+"]", "production-approval", first, len(first), "production", second, len(second))
		default:
			fmt.Fprint(w, `{"id": 1, "run_attempt": 1, "actor": {"login": "dora", "id": 1}, "triggering_actor": {"login": "dora", "id": 1},
				"repository": {"full_name": "guiofsaints/procureflow"}}`)
		}
	}))
	t.Cleanup(server.Close)
	return "CHAIN_GITHUB=" + server.URL
}

// testInfrastructure: a merge changes one environment after the other, outside the services; prod only when two people approved.
func testInfrastructure(t *testing.T, c *chain) {
	e := event{name: "workflow_dispatch", payload: map[string]any{"ref": "refs/heads/main"}, env: []string{approvers(t, "al", "al")},
		variables: map[string]string{"GCP_INFRA_SERVICE_ACCOUNT": "infra", "GCP_INFRA_WORKLOAD_IDENTITY_PROVIDER": "provider"}}
	// What is by hand is a service's, and not this workflow's to put back.
	c.byHand("staging")
	r := c.run("infrastructure.yml", e)
	want := map[string]string{"check": success, "dev": success, "staging": success, "approve": success, "prod": failure}
	if r.ok || !maps.Equal(r.results, want) || !strings.Contains(r.log, "need 2 different people") {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}
	if calls := c.calls(); strings.Count(calls, "pulumi up") != 2 || strings.Count(calls, "google-github-actions/auth infra") != 2 {
		t.Errorf("want dev and staging changed, and no identity in prod:\n%s", calls)
	}
	for _, wanted := range []string{"## pulumi up of dev: success", "## pulumi up of staging: success", "procureflow@v"} {
		if !strings.Contains(r.log, wanted) {
			t.Errorf("the log does not say %q\n%v", wanted, r)
		}
	}
	var service struct{ Ingress string }
	c.get("/run/v2/projects/procureflow-staging/locations/us-central1/services/procureflow-web", &service)
	if want := "INGRESS_TRAFFIC_INTERNAL_ONLY"; service.Ingress != want {
		t.Errorf("the service's ingress is %s, want %s as it was", service.Ingress, want)
	}
}
