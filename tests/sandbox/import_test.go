package sandbox_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestImportOfEveryType removes every resource of prod from the state and imports it again with `pulumi import`. The next preview
// replaces only the objective, as with the official provider, and changes only what no API returns.
func TestImportOfEveryType(t *testing.T) {
	t.Parallel()
	s, _ := deployed(t, "prod")
	pulumi := func(args ...string) result {
		return s.must(append([]string{"pulumi", "--"}, append(args, "--stack", "prod")...)...)
	}

	var state map[string]any
	require.NoError(t, json.Unmarshal([]byte(pulumi("stack", "export").out), &state))
	deployment := state["deployment"].(map[string]any)
	var kept, imports []any
	names := map[string]any{}
	key := func(urn string) string {
		parts := strings.Split(urn, "::")
		name := strings.NewReplacer(":", "_", "$", "_").Replace(parts[2]) + "_" + parts[3]
		names[name] = urn
		return name
	}
	for _, element := range deployment["resources"].([]any) {
		r := element.(map[string]any)
		token := r["type"].(string)
		if !strings.HasPrefix(token, "gcp:") && !strings.HasPrefix(token, "github:") {
			delete(r, "dependencies")
			delete(r, "propertyDependencies")
			kept = append(kept, r)
			continue
		}
		id, outputs := r["id"].(string), r["outputs"].(map[string]any)
		switch token { // whose imports are not given the id
		case "github:index/repositoryRuleset:RepositoryRuleset":
			id = outputs["repository"].(string) + ":" + id
		case "github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts":
			id = outputs["repository"].(string)
		}
		urn, provider := r["urn"].(string), r["provider"].(string)
		imports = append(imports, map[string]any{"type": token, "name": urn[strings.LastIndex(urn, "::")+2:], "id": id,
			"parent": key(r["parent"].(string)), "provider": key(provider[:strings.LastIndex(provider, "::")])})
	}
	require.NotEmpty(t, imports)
	deployment["resources"] = kept
	write := func(name string, value any) string {
		data, err := json.Marshal(value)
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(file, data, 0o600))
		return file
	}
	pulumi("stack", "import", "--file", write("state.json", state))
	pulumi("import", "--file", write("import.json", map[string]any{"nameTable": names, "resources": imports}),
		"--yes", "--protect=false", "--generate-code=false")

	var plan struct {
		Steps []struct {
			Op  string
			URN string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(pulumi("preview", "--json").out), &plan))
	done := map[string][]string{}
	for _, step := range plan.Steps {
		if step.Op != "same" && step.Op != "refresh" {
			done[step.Op] = append(done[step.Op], step.URN[strings.LastIndex(step.URN, "::")+2:])
		}
	}
	assert.Empty(t, done["create"])
	assert.Empty(t, done["delete"])
	assert.Equal(t, []string{"watch-web-availability"}, done["replace"])
	assert.ElementsMatch(t, []string{"service-web-service", "watch-web-alert-fast-burn", "watch-web-alert-slow-burn"},
		withoutVersions(done["update"]),
		"deletionProtection is the provider's own, and two alerts name the objective")
}

// withoutVersions leaves out secrets' versions, whose deletionPolicy exists only in the provider as well.
func withoutVersions(names []string) []string {
	var out []string
	for _, name := range names {
		if !strings.HasSuffix(name, "-version") {
			out = append(out, name)
		}
	}
	return out
}
