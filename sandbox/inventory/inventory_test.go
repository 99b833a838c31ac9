package inventory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
)

// TestFromState checks that a replaced resource that waits for its deletion is not in the inventory.
func TestFromState(t *testing.T) {
	t.Parallel()
	resources, err := inventory.FromState([]byte(`{"version": 3, "deployment": {"resources": [
		{"urn": "urn:pulumi:dev::p::t:B::b", "type": "t:B", "inputs": {"size": 2, "inner": {"text": "x"}}, "outputs": {"name": "cloud-b"}},
		{"urn": "urn:pulumi:dev::p::t:A::a", "type": "t:A", "parent": "urn:pulumi:dev::p::t:B::b"},
		{"urn": "urn:pulumi:dev::p::t:B::b", "type": "t:B", "delete": true}]}}`))
	require.NoError(t, err)
	require.Len(t, resources, 2)
	a, b := resources[0], resources[1]
	assert.Equal(t, inventory.Resource{URN: "urn:pulumi:dev::p::t:A::a", Parent: "urn:pulumi:dev::p::t:B::b", Type: "t:A", Name: "a"}, a)
	assert.Equal(t, "cloud-b", b.CloudName)
	assert.InDelta(t, 2, b.Number("size"), 0)
	assert.Equal(t, "x", b.Text("inner", "text"))
	assert.Empty(t, b.Text("size"), "a number is not text")
	assert.Zero(t, b.Number("inner", "text", "deeper"))
	assert.Equal(t, []inventory.Resource{{Inputs: map[string]any{"x": 1}}, {}}, inventory.Resource{Inputs: map[string]any{
		"of": map[string]any{"items": []any{map[string]any{"x": 1}, "no object"}}}}.Items("of", "items"))
	assert.Empty(t, b.Items("size"), "a number is no list")
	assert.InDelta(t, 3, inventory.Resource{Inputs: map[string]any{"n": 3}}.Number("n"), 0, "the program's own numbers may be whole")
	_, err = inventory.FromState([]byte(`[]`))
	assert.ErrorContains(t, err, "the state is not an export of a stack")
}
