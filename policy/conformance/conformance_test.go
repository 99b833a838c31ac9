package conformance

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// pair is the same property, built for Pulumi's SDK and for crossguardtest.
type pair struct {
	theirs resource.PropertyValue
	ours   any
}

func leaf() *rapid.Generator[pair] {
	return rapid.Custom(func(t *rapid.T) pair {
		s := rapid.String().Draw(t, "string")
		switch rapid.IntRange(0, 11).Draw(t, "kind") {
		case 0:
			return pair{resource.NewNullProperty(), nil}
		case 1:
			return pair{resource.NewProperty(true), true}
		case 2:
			n := rapid.Float64Range(-1e9, 1e9).Draw(t, "number")
			return pair{resource.NewProperty(n), n}
		case 3:
			return pair{resource.MakeComputed(resource.NewProperty("")), ct.Unknown}
		case 4:
			return pair{resource.MakeComputed(resource.NewProperty(0.0)), ct.UnknownNumber}
		case 5:
			return pair{resource.MakeComputed(resource.NewProperty(false)), ct.UnknownBool}
		case 6:
			return pair{resource.MakeComputed(resource.NewProperty([]resource.PropertyValue{})), ct.UnknownArray}
		case 7:
			return pair{resource.MakeComputed(resource.NewProperty(resource.PropertyMap{})), ct.UnknownObject}
		case 8:
			return pair{resource.NewProperty("bytes\xff" + s), "bytes\xff" + s}
		case 9:
			return pair{resource.MakeCustomResourceReference("urn:pulumi:s::p::t:t:T::n", "id", ""),
				ct.Reference{URN: "urn:pulumi:s::p::t:t:T::n", ID: "id"}}
		}
		return pair{resource.NewProperty(s), s}
	})
}

func anything(depth int) *rapid.Generator[pair] {
	if depth == 0 {
		return leaf()
	}
	return rapid.Custom(func(t *rapid.T) pair {
		switch rapid.IntRange(0, 5).Draw(t, "container") {
		case 0:
			inner := anything(depth-1).Draw(t, "secret")
			return pair{resource.MakeSecret(inner.theirs), ct.Secret{Value: inner.ours}}
		case 1:
			inner, known, secret := anything(depth-1).Draw(t, "output"), rapid.Bool().Draw(t, "known"), rapid.Bool().Draw(t, "secret")
			output := resource.Output{Known: known, Secret: secret, Dependencies: []resource.URN{"urn:pulumi:s::p::t:t:T::n"}}
			ours := ct.Output{Known: known, Secret: secret, Dependencies: []string{"urn:pulumi:s::p::t:t:T::n"}}
			if known {
				output.Element, ours.Value = inner.theirs, inner.ours
			}
			return pair{resource.NewProperty(output), ours}
		case 2:
			list, ours := []resource.PropertyValue{}, []any{}
			for _, element := range rapid.SliceOfN(anything(depth-1), 0, 3).Draw(t, "list") {
				list, ours = append(list, element.theirs), append(ours, element.ours)
			}
			return pair{resource.NewProperty(list), ours}
		case 3:
			object := properties(t, depth-1)
			return pair{resource.NewProperty(object.theirs), map[string]any(object.ours)}
		}
		return leaf().Draw(t, "leaf")
	})
}

type object struct {
	theirs resource.PropertyMap
	ours   ct.Properties
}

func properties(t *rapid.T, depth int) object {
	made := object{resource.PropertyMap{}, ct.Properties{}}
	for key, v := range rapid.MapOfN(rapid.StringMatching(`[a-z][a-z./]{0,6}`), anything(depth), 0, 4).Draw(t, "object") {
		made.theirs[resource.PropertyKey(key)], made.ours[key] = v.theirs, v.ours
	}
	return made
}

// TestTheTestEncodingIsTheSDKs compares the encoding of crossguardtest with that of the engine's own code.
func TestTheTestEncodingIsTheSDKs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := properties(t, 3)
		want, err := plugin.MarshalProperties(p.theirs, plugin.MarshalOptions{
			KeepUnknowns: true, KeepSecrets: true, KeepOutputValues: true, KeepResources: true, KeepByteString: true,
		})
		require.NoError(t, err)
		got, err := ct.Marshal(p.ours)
		require.NoError(t, err)
		assert.True(t, proto.Equal(want, got), "want %v\ngot  %v", want, got)
	})
}

// TestTheSDKsEncodingIsRead encodes properties with the SDK and sends them to a policy through the protocol.
func TestTheSDKsEncodingIsRead(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, crossguard.Pack{Name: "test", Version: "1.0.0", Policies: []crossguard.Policy{{
		Name: "read", Description: "Reads.", Enforcement: crossguard.Mandatory, Check: func(r *crossguard.Resource) {
			r.Violation("%d %v", r.IntOr("count", 0), r.IsSecret("count"))
			r.Violation("%s", r.StringOr("parent", ""))
			r.Violation("%s", r.StringOr("later.name", ""))
		},
	}}})
	encoded, err := plugin.MarshalProperties(resource.PropertyMap{
		"count":  resource.MakeSecret(resource.NewProperty("7")),
		"parent": resource.MakeCustomResourceReference("urn:pulumi:s::p::t:t:T::n", "id-1", "1.0.0"),
		"later":  resource.NewProperty(resource.Output{}),
	}, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepOutputValues: true, KeepResources: true})
	require.NoError(t, err)
	request, err := ct.Resource{Type: "t:t:T"}.Request()
	require.NoError(t, err)
	request.Properties = encoded
	response, err := c.RPC.Analyze(t.Context(), request)
	require.NoError(t, err)
	var texts []string
	for _, d := range response.Diagnostics {
		texts = append(texts, d.Message)
	}
	assert.Equal(t, []string{"Reads.\n7 true", "Reads.\nid-1", "not checked: later is known only after the update"}, texts)
}
