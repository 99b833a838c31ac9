package cloud_test

import (
	"cmp"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
)

var routeVariable = regexp.MustCompile(`\{([a-z_]+)\}`)

// hubRoutes counts the routes below a repository in go-github's description of GitHub, and names those that are served.
// It requests each route in a repository that has one of everything.
func hubRoutes(t *testing.T) (routes int, served []string) {
	t.Helper()
	directory, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/google/go-github/v84").Output()
	require.NoError(t, err, "find the module go-github: run `go mod download`")
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(directory)), "openapi_operations.yaml"))
	require.NoError(t, err)
	var description struct {
		Operations []struct{ Name string } `yaml:"openapi_operations"`
	}
	require.NoError(t, yaml.Unmarshal(data, &description))
	w := newWorld(t, t.TempDir(), cloud.Options{})
	made := map[string]string{"owner": "guiofsaints", "repo": "procureflow", "environment_name": "prod", "name": "A"}
	for _, request := range hubRequests {
		_, answer := w.Call(request.method, request.path, strings.Replace(request.body, `"name":"B"`, `"name":"A"`, 1))
		for part, variable := range map[string]string{"rulesets": "ruleset_id", "deployment-branch-policies": "branch_policy_id"} {
			if strings.HasSuffix(request.path, part) {
				made[variable] = fmt.Sprintf("%.0f", answer["id"])
			}
		}
	}
	w.Call("PUT", hub+"/vulnerability-alerts", "")
	var deletions []string // last, what is deepest first
	ask := func(method, path string) {
		filled := routeVariable.ReplaceAllStringFunc(path, func(variable string) string {
			if value, found := made[strings.Trim(variable, "{}")]; found {
				return value
			}
			return "x"
		})
		recorder := httptest.NewRecorder() // the body changes nothing of an environment
		w.Cloud.ServeHTTP(recorder, httptest.NewRequest(method, "/gh/api/v3"+filled, strings.NewReader(`{"wait_timer":-1}`)))
		if recorder.Code != 404 {
			served = append(served, "`"+method+" "+cmp.Or(strings.TrimPrefix(path, "/repos/{owner}/{repo}"), path)+"`")
		}
	}
	for _, operation := range description.Operations {
		method, path, _ := strings.Cut(operation.Name, " ")
		if !strings.HasPrefix(path, "/repos/{owner}/{repo}") {
			continue
		}
		routes++
		if method == "DELETE" {
			deletions = append(deletions, path)
			continue
		}
		ask(method, path)
	}
	slices.SortFunc(deletions, func(a, b string) int { return strings.Count(b, "/") - strings.Count(a, "/") })
	for _, path := range deletions {
		ask("DELETE", path)
	}
	slices.SortFunc(served, func(a, b string) int {
		return strings.Compare(a[strings.IndexByte(a, ' '):]+a, b[strings.IndexByte(b, ' '):]+b)
	})
	return routes, served
}
