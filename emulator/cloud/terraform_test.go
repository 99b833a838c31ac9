package cloud_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
)

var update = flag.Bool("update", false, "write what the emulator answers, and what it serves, into the files that the tests compare")

// observed is one request that Terraform's Google provider sent, and what it was answered.
type observed struct {
	Step    string          `json:"step"`
	Request string          `json:"request"`
	Body    json.RawMessage `json:"body,omitempty"`
	Code    int             `json:"code"`
	Answer  json.RawMessage `json:"answer,omitempty"`
}

var observedVariable = regexp.MustCompile(`\{\{([a-z0-9_]+)\.([a-z]+)\}\}`)

// TestTerraformsRequests sends the requests that the official provider (hashicorp/terraform-provider-google of August 2026) was
// seen to send to this emulator while it created, read, updated, imported and deleted every kind of resource that the APIs have,
// without drift. {{resource.field}} is a field of the last answer about that resource. `go test ./emulator/cloud -update` writes
// the answers; read what it changes.
func TestTerraformsRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir(), cloud.Options{})
	require.NoError(t, w.cloud.EnsureProject(cloud.Project{ID: "demo-project", Number: "100000000000", BillingAccount: billing}))
	require.NoError(t, w.cloud.EnableAPIs("demo-project"))
	const file = "testdata/terraform.jsonl"
	recorded, err := os.ReadFile(file)
	require.NoError(t, err)
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	last := map[string]map[string]string{}
	for line := range strings.Lines(string(recorded)) {
		var sent observed
		require.NoError(t, json.Unmarshal([]byte(line), &sent), line)
		fill := func(text string) string {
			return observedVariable.ReplaceAllStringFunc(text, func(variable string) string {
				parts := observedVariable.FindStringSubmatch(variable)
				require.NotEmpty(t, last[parts[1]][parts[2]], "%s: no %s yet", sent.Step, variable)
				return last[parts[1]][parts[2]]
			})
		}
		method, path, _ := strings.Cut(sent.Request, " ")
		code, answer := w.call(method, fill(path), fill(string(sent.Body)))
		assert.Equal(t, sent.Code, code, "%s: %s: %v", sent.Step, sent.Request, answer)
		resource, _, _ := strings.Cut(sent.Step, " ")
		remember(last, resource, answer)
		got, err := json.Marshal(answer)
		require.NoError(t, err)
		if !*update {
			assert.JSONEq(t, string(sent.Answer), string(got), "%s: %s", sent.Step, sent.Request)
		}
		sent.Answer = got
		require.NoError(t, encoder.Encode(sent))
	}
	if *update {
		require.NoError(t, os.WriteFile(file, written.Bytes(), 0o644))
	}
	assert.Empty(t, w.ok("GET", "/run/v2/projects/demo-project/locations/us-central1/services", ""), "what was created is deleted")
}

// remember keeps the fields that later requests about the resource quote.
func remember(last map[string]map[string]string, resource string, answer map[string]any) {
	if response, isOperation := answer["response"].(map[string]any); isOperation {
		answer = response
	}
	if last[resource] == nil {
		last[resource] = map[string]string{}
	}
	id := func(value any) string {
		name, _ := value.(string)
		return name[strings.LastIndexByte(name, '/')+1:]
	}
	for field, value := range map[string]any{"etag": answer["etag"], "id": id(answer["name"]), "condition": id(dig(answer, "conditions", 0, "name"))} {
		if text, _ := value.(string); text != "" {
			last[resource][field] = text
		}
	}
}
