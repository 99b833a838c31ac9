package cloud_test

import (
	"encoding/json"
	"flag"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
)

var update = flag.Bool("update", false, "write what the emulator answers, and what it serves, into the files that the tests compare")

// observed is one request that an official provider sent, and what it was answered.
type observed struct {
	Step    string          `json:"step"`
	Request string          `json:"request"`
	Body    json.RawMessage `json:"body,omitempty"`
	Code    int             `json:"code"`
	Answer  json.RawMessage `json:"answer,omitempty"`
}

// TestTerraformsRequests sends the requests that the official provider (hashicorp/terraform-provider-google of August 2026) was
// seen to send to this emulator while it created, read, updated, imported and deleted every kind of resource that the APIs have,
// without drift. `go test ./emulator/cloud -update` writes the answers; read what it changes.
func TestTerraformsRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir(), cloud.Options{})
	require.NoError(t, w.Cloud.EnsureProject(cloud.Project{ID: "demo-project", Number: "100000000000", BillingAccount: billing}))
	require.NoError(t, w.Cloud.EnableAPIs("demo-project"))
	replay(t, w, "testdata/terraform.jsonl")
	assert.Empty(t, w.OK("GET", "/run/v2/projects/demo-project/locations/us-central1/services", ""), "what was created is deleted")
}
