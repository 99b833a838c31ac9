package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRenamedService renames a service with an uptime check and alerts. Google refuses to delete a check that an alert uses. So the
// new check has to be made first, then the alert follows it, and then the old check is deleted. A new key with the old name is refused
// before anything is made, because the engine would make the service's account while the old one has its name.
func TestRenamedService(t *testing.T) {
	t.Parallel()
	s, _ := deployed(t, "dev")
	s.writeProject(func(name, content string) string {
		if name == "Pulumi.dev.yaml" {
			return strings.Replace(content, "\n      web:\n", "\n      shop:\n", 1)
		}
		return content
	})
	refused := s.run("up", "dev")
	assert.Equal(t, 3, refused.exit)
	assert.Contains(t, refused.out+refused.err, "service-shop-service would be made in the place of service-web-service "+
		"(projects/procureflow-dev/locations/us-central1/services/procureflow-web), which is deleted only afterwards\n")
	assert.NotContains(t, s.must("export", "dev").out, "service-shop-", "nothing was made")

	s.writeProject(func(name, content string) string {
		switch {
		case name == "Pulumi.dev.yaml":
			return strings.Replace(content, "name: procureflow-web", "name: procureflow-shop", 1)
		case strings.HasPrefix(name, "policy"):
			return strings.ReplaceAll(content, `["procureflow-web"]`, `["procureflow-shop"]`)
		}
		return content
	})
	s.must("up", "dev", "--skip-preview")
	s.unchanged("dev")

	const services = "/run/v2/projects/procureflow-dev/locations/us-central1/services/"
	code, _ := s.api(http.MethodGet, services+"procureflow-web", nil)
	assert.Equal(t, http.StatusNotFound, code)
	code, _ = s.api(http.MethodGet, services+"procureflow-shop", nil)
	assert.Equal(t, http.StatusOK, code)
	_, checks := s.api(http.MethodGet, "/mon/v3/projects/procureflow-dev/uptimeCheckConfigs", nil)
	require.Len(t, checks["uptimeCheckConfigs"], 1, "the old check was deleted after the alert had moved")
	_, alerts := s.api(http.MethodGet, "/mon/v3/projects/procureflow-dev/alertPolicies", nil)
	for _, alert := range alerts["alertPolicies"].([]any) {
		for _, condition := range alert.(map[string]any)["conditions"].([]any) {
			threshold, _ := condition.(map[string]any)["conditionThreshold"].(map[string]any)
			assert.NotContains(t, threshold["filter"], "procureflow-web", "every alert watches the new name")
		}
	}
}
