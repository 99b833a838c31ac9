package chains_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// approvers returns GitHub's answer about who approved a run: people by environment.
func approvers(t *testing.T, of application, first, second string) string {
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
				"repository": {"full_name": "`+of.slug()+`"}}`)
		}
	}))
	t.Cleanup(server.Close)
	return "CHAIN_GITHUB=" + server.URL
}

// testInfrastructure merges a change of the infrastructure. The environments change one after the other, without their existing
// services, and prod only after two people have approved.
func testInfrastructure(t *testing.T, c *chain) {
	e := event{name: "workflow_dispatch", env: []string{approvers(t, c.of, "al", "al")}}
	// A service's manual changes are not for this workflow to undo.
	c.byHand("staging")
	c.addService("staging")
	r := c.run("platform-infrastructure.yml", e)
	want := called("infrastructure", map[string]string{"check": success, "dev": success, "staging": success, "approve": success,
		"prod": failure})
	if r.ok || !maps.Equal(r.results, want) || !strings.Contains(r.log, "need 2 different people") {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}
	if calls := c.calls(); strings.Count(calls, "pulumi up") != 2 || strings.Count(calls, "google-github-actions/auth infra@") != 2 {
		t.Errorf("want dev and staging changed, and no identity in prod:\n%s", calls)
	}
	for _, wanted := range []string{"## pulumi up of dev: success", "## pulumi up of staging: success", "procureflow@v",
		"### Changes of services of staging that need a release", "* **web** runs with other settings than main has. The serving image is not " +
			"from this stack's registry"} {
		if !strings.Contains(r.log, wanted) {
			t.Errorf("the log does not say %q\n%v", wanted, r)
		}
	}
	for name, want := range map[string]struct{ ingress, what string }{
		"web": {"INGRESS_TRAFFIC_INTERNAL_ONLY", "as it was"}, "api": {"INGRESS_TRAFFIC_ALL", "made"},
	} {
		var service struct {
			Ingress  string
			Template struct{ Containers []struct{ Image string } }
		}
		c.get(c.path("staging", name), &service)
		if service.Ingress != want.ingress {
			t.Errorf("the ingress of %s is %s, want %s, %s", name, service.Ingress, want.ingress, want.what)
		}
		if image := service.Template.Containers[0].Image; !strings.HasSuffix(image, "@"+sample) {
			t.Errorf("%s runs %s, want the first run's %s", name, image, sample)
		}
	}
}

// addService adds another service to a stack's settings and policies.
func (c *chain) addService(stack string) {
	c.t.Helper()
	c.edit("Pulumi."+stack+".yaml", func(text string) string {
		from, to := strings.Index(text, "      web:\n"), strings.Index(text, "    monitoring:\n")
		api := strings.NewReplacer("      web:", "      api:", c.of.name+"-web", c.of.name+"-api", "image: web", "image: api")
		return text[:to] + api.Replace(text[from:to]) + text[to:]
	})
	c.edit("policy/"+stack+".json", func(text string) string {
		return strings.NewReplacer(`"`+c.of.name+`-web"`, `"`+c.of.name+`-web", "`+c.of.name+`-api"`, `"ceiling": 250`,
			`"ceiling": 500`).Replace(text)
	})
}

// edit changes a file of the folder with the settings.
func (c *checkout) edit(file string, change func(text string) string) {
	c.t.Helper()
	file = filepath.Join(c.folder, c.settings, filepath.FromSlash(file))
	text, err := os.ReadFile(file)
	if err != nil {
		c.t.Fatal(err)
	}
	changed := change(string(text))
	if changed == string(text) {
		c.t.Fatalf("%s was not changed", file)
	}
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		c.t.Fatal(err)
	}
}
