package journal

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSettle(t *testing.T) {
	t.Parallel()
	creating := func(made *apitype.ResourceV3) apitype.OperationV2 {
		return apitype.OperationV2{Resource: *made, Type: apitype.OperationTypeCreating}
	}
	child := made("child", "")
	child.Parent, child.Provider = urn("parent"), string(urn("provider"))+"::p1"
	child.PropertyDependencies = map[resource.PropertyKey][]resource.URN{"name": {urn("other")}}
	for name, test := range map[string]struct {
		resources []apitype.ResourceV3
		pending   []apitype.OperationV2
		happened  map[resource.URN]resource.ID
		want      string
	}{
		"nothing is pending": {resources: []apitype.ResourceV3{*made("a", "1")}, want: "a=1"},
		"the resource was not created": {resources: []apitype.ResourceV3{*made("a", "1")}, pending: []apitype.OperationV2{creating(made("b",
			""))},
			want: "a=1"},
		"the resource was created": {pending: []apitype.OperationV2{creating(made("b", ""))},
			happened: map[resource.URN]resource.ID{urn("b"): "2"},
			want:     "b=2"},
		"one of two creations": {pending: []apitype.OperationV2{creating(made("a", "")), creating(made("b", ""))},
			happened: map[resource.URN]resource.ID{urn("b"): "2"}, want: "b=2"},
		"placed after its provider": {resources: []apitype.ResourceV3{*made("parent", "1"), *made("other", "2"), *made("provider", "p1"),
			*made("z", "9")}, pending: []apitype.OperationV2{creating(child)},
			happened: map[resource.URN]resource.ID{urn("child"): "3"},
			want:     "parent=1, other=2, provider=p1, child=3 ^parent, z=9"},
		"placed after the resources that it reads": {resources: []apitype.ResourceV3{*made("provider", "p1"), *made("parent", "1"),
			*made("other", "2"), *made("z", "9")}, pending: []apitype.OperationV2{creating(child)},
			happened: map[resource.URN]resource.ID{urn("child"): "3"},
			want:     "provider=p1, parent=1, other=2, child=3 ^parent, z=9"},
		"a replacement of an existing resource": {resources: []apitype.ResourceV3{*made("a", "1")},
			pending:  []apitype.OperationV2{creating(made("a", ""))},
			happened: map[resource.URN]resource.ID{urn("a"): "2"}, want: "a=2, a=1 to delete"},
		"another operation": {resources: []apitype.ResourceV3{*made("a", "1")},
			pending: []apitype.OperationV2{{Resource: *made("a", "1"), Type: apitype.OperationTypeUpdating}}, want: "a=1, updating a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deployment := &apitype.DeploymentV3{Resources: test.resources, PendingOperations: test.pending}
			settle(deployment, test.happened)
			assert.Equal(t, test.want, shown(deployment))
		})
	}
}

// TestSettleKeepsTheInputs checks that a settled creation has the inputs that the engine sent. The next refresh reads the
// rest.
func TestSettleKeepsTheInputs(t *testing.T) {
	t.Parallel()
	asked := made("objective", "")
	asked.Inputs = map[string]any{"service": "web"}
	deployment := &apitype.DeploymentV3{PendingOperations: []apitype.OperationV2{{Resource: *asked, Type: apitype.OperationTypeCreating}}}
	settle(deployment, map[resource.URN]resource.ID{urn("objective"): "1"})
	require.Len(t, deployment.Resources, 1)
	assert.Equal(t, asked.Inputs, deployment.Resources[0].Outputs)
}

func TestSettleWritesTheState(t *testing.T) {
	t.Parallel()
	files := newFiles(t)
	require.NoError(t, files.Settle("dev", nil), "a state without resources")
	file, err := files.begin("dev", "v3.0.0")
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, appendLine(file, line{Entries: []apitype.JournalEntry{begin(1, "a", apitype.OperationTypeCreating)}}))
	err = files.Fold("dev", now)
	require.NoError(t, err)
	require.NoError(t, files.Settle("dev", map[resource.URN]resource.ID{urn("a"): "1"}))
	assert.Equal(t, "a=1", stateOf(t, files))
	assert.Error(t, files.Settle("other", nil))
}
