package inventory_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
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

// TestMarks checks that nothing in an inventory is the engine's own text for a secret or an unknown value, however deep, and that texts
// which only contain it stay.
func TestMarks(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	secret := object{resource.SigKey: resource.SecretSig, "ciphertext": "v1:x"}
	asset := object{resource.SigKey: "c44067f5952c0a294b673a41bacd8c17", "hash": plugin.UnknownStringValue}
	given := object{"a": "text", "list": []any{plugin.UnknownStringValue, 1.0, object{"in": secret}}, "asset": asset, "none": nil,
		"around": "x" + plugin.UnknownStringValue}
	assert.Equal(t, object{"a": "text", "list": []any{inventory.Unknown, 1.0, object{"in": inventory.Secret}}, "none": nil,
		"asset":  object{resource.SigKey: "c44067f5952c0a294b673a41bacd8c17", "hash": inventory.Unknown},
		"around": "x" + plugin.UnknownStringValue}, inventory.Marked(given))
	assert.Equal(t, secret, given["list"].([]any)[2].(object)["in"], "the argument stays as it is")
	assert.Nil(t, inventory.MarkedInputs(nil))
	state, err := json.Marshal(object{"deployment": object{"resources": []any{object{"urn": "urn:x::a", "inputs": object{"key": secret}}}}})
	require.NoError(t, err)
	resources, err := inventory.FromState(state)
	require.NoError(t, err)
	assert.Equal(t, []inventory.Resource{{URN: "urn:x::a", Name: "a", Inputs: object{"key": inventory.Secret}}}, resources)
}

// TestWords checks how people read an input that has a mark, and that it is no text.
func TestWords(t *testing.T) {
	t.Parallel()
	r := inventory.Resource{Inputs: map[string]any{"a": "text", "later": inventory.Unknown, "key": inventory.Secret, "n": 1.0}}
	for key, want := range map[string][2]string{"a": {"text", "text"}, "later": {"", "[known after the update]"}, "key": {"", "[secret]"},
		"n": {"", ""}, "none": {"", ""}} {
		assert.Equal(t, want, [2]string{r.Text(key), r.Words(key)}, key)
	}
}

// TestNamed checks that a name is empty while a part of it is not known. For the names themselves see the tests of package dryrun.
func TestNamed(t *testing.T) {
	t.Parallel()
	const account = "gcp:serviceaccount/account:Account"
	for want, r := range map[string]inventory.Resource{
		"projects/p/serviceAccounts/web@p.iam.gserviceaccount.com": {Type: account, Inputs: map[string]any{"accountId": "web", "project": "p"}},
		"web": {Type: "t:A", Inputs: map[string]any{"name": "web"}},
	} {
		assert.Equal(t, want, r.Named("7"))
		for key := range r.Inputs {
			later := inventory.Resource{Type: r.Type, Inputs: maps.Clone(r.Inputs)}
			later.Inputs[key] = inventory.Unknown
			assert.Empty(t, later.Named("7"), key)
		}
	}
}
