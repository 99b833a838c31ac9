package journal

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func urn(name string) resource.URN { return resource.URN("urn:pulumi:dev::app::t:T::" + name) }

// made returns a resource with an id, which tells apart two states of the same resource.
func made(name, id string) *apitype.ResourceV3 {
	return &apitype.ResourceV3{URN: urn(name), Type: "t:T", Custom: true, ID: resource.ID(id)}
}

func at(position int64) *int64 { return &position }

func begin(operation int64, name string, kind apitype.OperationType) apitype.JournalEntry {
	return apitype.JournalEntry{Kind: apitype.JournalEntryKindBegin, OperationID: operation,
		Operation: &apitype.OperationV2{Resource: *made(name, ""), Type: kind}}
}

func success(operation int64, state *apitype.ResourceV3) apitype.JournalEntry {
	return apitype.JournalEntry{Kind: apitype.JournalEntryKindSuccess, OperationID: operation, State: state}
}

// shown describes a state in one line: each resource with its id, then the pending operations.
func shown(deployment *apitype.DeploymentV3) string {
	var words []string
	for _, state := range deployment.Resources {
		word := state.URN.Name() + "=" + string(state.ID)
		if state.Delete {
			word += " to delete"
		}
		if state.PendingReplacement {
			word += " to replace"
		}
		for _, urn := range state.Dependencies {
			word += " <" + urn.Name()
		}
		if state.Parent != "" {
			word += " ^" + state.Parent.Name()
		}
		words = append(words, word)
	}
	for _, pending := range deployment.PendingOperations {
		words = append(words, string(pending.Type)+" "+pending.Resource.URN.Name())
	}
	return strings.Join(words, ", ")
}

func TestReplay(t *testing.T) {
	t.Parallel()
	creating, updating, deleting := apitype.OperationTypeCreating, apitype.OperationTypeUpdating, apitype.OperationTypeDeleting
	child := made("child", "9")
	child.Parent, child.Dependencies = urn("a"), []resource.URN{urn("a"), urn("b")}
	renamed := made("new", "1")
	renamed.Aliases = []resource.URN{urn("a")}
	for name, test := range map[string]struct {
		base    []apitype.ResourceV3
		pending []apitype.OperationV2
		entries []apitype.JournalEntry
		want    string
	}{
		"nothing":              {base: []apitype.ResourceV3{*made("a", "1")}, want: "a=1"},
		"a creation has begun": {entries: []apitype.JournalEntry{begin(1, "a", creating)}, want: "creating a"},
		"a creation is done":   {entries: []apitype.JournalEntry{begin(1, "a", creating), success(1, made("a", "1"))}, want: "a=1"},
		"a creation has failed": {entries: []apitype.JournalEntry{begin(1, "a", creating),
			{Kind: apitype.JournalEntryKindFailure, OperationID: 1}}},
		"two at once, one done": {entries: []apitype.JournalEntry{begin(1, "a", creating), begin(2, "b", creating), success(2, made("b", "2"))},
			want: "b=2, creating a"},
		"an update": {base: []apitype.ResourceV3{*made("a", "1"), *made("b", "2")}, entries: []apitype.JournalEntry{begin(1, "b", updating),
			{Kind: apitype.JournalEntryKindSuccess, OperationID: 1, State: made("b", "3"), RemoveOld: at(1)}}, want: "b=3, a=1"},
		"an update has begun": {base: []apitype.ResourceV3{*made("a", "1")}, entries: []apitype.JournalEntry{begin(1, "a", updating)},
			want: "a=1, updating a"},
		"a deletion": {base: []apitype.ResourceV3{*made("a", "1"), *made("b", "2")}, entries: []apitype.JournalEntry{begin(1, "a", deleting),
			{Kind: apitype.JournalEntryKindSuccess, OperationID: 1, RemoveOld: at(0)}}, want: "b=2"},
		"a replacement, the new one first": {base: []apitype.ResourceV3{*made("a", "1")}, entries: []apitype.JournalEntry{
			begin(1, "a", creating), {Kind: apitype.JournalEntryKindSuccess, OperationID: 1, State: made("a", "2"), DeleteOld: at(0)}},
			want: "a=2, a=1 to delete"},
		"a replacement, the new one first, at its end": {base: []apitype.ResourceV3{*made("a", "1")},
			entries: []apitype.JournalEntry{begin(1, "a", creating),
				{Kind: apitype.JournalEntryKindSuccess, OperationID: 1, State: made("a", "2"), DeleteOld: at(0)}, begin(2, "a", deleting),
				{Kind: apitype.JournalEntryKindSuccess, OperationID: 2, RemoveOld: at(0)}}, want: "a=2"},
		"a replacement, the old one first": {base: []apitype.ResourceV3{*made("a", "1")}, entries: []apitype.JournalEntry{begin(1, "a", deleting),
			{Kind: apitype.JournalEntryKindSuccess, OperationID: 1, PendingReplacementOld: at(0)}}, want: "a=1 to replace"},
		"created and deleted in one update": {entries: []apitype.JournalEntry{success(1, made("a", "1")),
			{Kind: apitype.JournalEntryKindSuccess, OperationID: 2, RemoveNew: at(1)}, success(3, made("b", "2"))}, want: "b=2"},
		"created and marked for deletion in one update": {entries: []apitype.JournalEntry{success(1, made("a", "1")), success(2, made("b", "2")),
			{Kind: apitype.JournalEntryKindSuccess, OperationID: 3, DeleteNew: at(1), PendingReplacementNew: at(2)}},
			want: "a=1 to delete, b=2 to replace"},
		"outputs of a component": {entries: []apitype.JournalEntry{success(1, made("a", "")),
			{Kind: apitype.JournalEntryKindOutputs, State: made("a", "out"), RemoveNew: at(1)}}, want: "a=out"},
		"outputs of an old resource": {base: []apitype.ResourceV3{*made("a", "")}, entries: []apitype.JournalEntry{
			{Kind: apitype.JournalEntryKindOutputs, State: made("a", "out"), RemoveOld: at(0)}}, want: "a=out"},
		"a refresh finds another state, and one gone": {base: []apitype.ResourceV3{*made("a", "1"), *made("b", "2"), *child},
			entries: []apitype.JournalEntry{{Kind: apitype.JournalEntryKindRefreshSuccess, RemoveOld: at(0)},
				{Kind: apitype.JournalEntryKindRefreshSuccess, State: made("b", "3"), RemoveOld: at(1)}}, want: "b=3, child=9 <b"},
		"entries after a refresh count from its result": {base: []apitype.ResourceV3{*made("a", "1"), *made("b", "2")},
			entries: []apitype.JournalEntry{
				{Kind: apitype.JournalEntryKindRefreshSuccess, RemoveOld: at(0)}, {Kind: apitype.JournalEntryKindRebuiltBaseState},
				{Kind: apitype.JournalEntryKindSuccess, OperationID: 3, State: made("b", "4"), RemoveOld: at(0)}}, want: "b=4"},
		"an entry that replaces the state": {base: []apitype.ResourceV3{*made("a", "1")}, entries: []apitype.JournalEntry{
			{Kind: apitype.JournalEntryKindWrite, NewSnapshot: &apitype.DeploymentV3{Resources: []apitype.ResourceV3{*made("z", "1")}}},
			success(1, made("y", "2"))}, want: "y=2, z=1"},
		"a rename changes references": {base: []apitype.ResourceV3{*made("a", "1"), *child}, entries: []apitype.JournalEntry{
			{Kind: apitype.JournalEntryKindSuccess, OperationID: 1, State: renamed, RemoveOld: at(0)}}, want: "new=1, child=9 <new <b ^new"},
		"earlier creations stay pending, other operations do not": {pending: []apitype.OperationV2{{Resource: *made("a", ""), Type: creating},
			{Resource: *made("b", ""), Type: updating}}, entries: []apitype.JournalEntry{success(1, made("c", "3"))}, want: "c=3, creating a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newReplay(&apitype.DeploymentV3{Resources: test.base, PendingOperations: test.pending}, false)
			for i, entry := range test.entries {
				entry.SequenceID = int64(i + 1)
				require.NoError(t, played.add(entry))
			}
			deployment, err := played.deployment()
			require.NoError(t, err)
			assert.Equal(t, test.want, shown(deployment))
		})
	}
}

// TestReplayRefuses checks entries that name something that does not exist. Accepting them would lose a part of the state unnoticed.
func TestReplayRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		entry apitype.JournalEntry
		says  string
	}{
		"a position after the end": {apitype.JournalEntry{SequenceID: 7, Kind: apitype.JournalEntryKindSuccess, RemoveOld: at(1)},
			"the journal does not fit the state it began with: entry 7 names resource 1 of 1"},
		"a position before the start": {apitype.JournalEntry{SequenceID: 7, Kind: apitype.JournalEntryKindSuccess, RemoveOld: at(-1)},
			"the journal does not fit the state it began with: entry 7 names resource -1 of 1"},
		"an operation that made nothing": {apitype.JournalEntry{SequenceID: 7, Kind: apitype.JournalEntryKindSuccess, RemoveNew: at(5)},
			"the journal does not fit the state it began with: entry 7 names the resource of operation 5, and it made none"},
		"a write without a state": {apitype.JournalEntry{SequenceID: 7, Kind: apitype.JournalEntryKindWrite},
			"the journal does not fit the state it began with: entry 7 writes no state"},
		"an unknown kind": {apitype.JournalEntry{Kind: 99}, "the engine's journal has an entry of kind 99, which the sandbox does not know"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newReplay(&apitype.DeploymentV3{Resources: []apitype.ResourceV3{*made("a", "1")}}, false)
			assert.EqualError(t, played.add(test.entry), test.says)
		})
	}
}

// TestResultNamesFeatures checks that the state names the features it uses, because an older engine refuses a state with features
// that it does not know.
func TestResultNamesFeatures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		state      apitype.ResourceV3
		byteString bool
		features   []string
		schema     int
	}{
		"nothing new":             {state: *made("a", "1"), schema: 3},
		"bytes that are not text": {state: *made("a", "1"), byteString: true, features: []string{"byteString"}, schema: 4},
		"several": {state: apitype.ResourceV3{URN: urn("a"), Type: "t:T", RefreshBeforeUpdate: true, ViewOf: urn("b"), Taint: true,
			ReplaceWith: []resource.URN{urn("b")}}, features: []string{"refreshBeforeUpdate", "replaceWith", "taint", "views"}, schema: 4},
		"hooks": {state: apitype.ResourceV3{URN: urn("a"), Type: "t:T",
			ResourceHooks: map[resource.HookType][]string{resource.AfterCreate: {"h"}}}, features: []string{"hooks"}, schema: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newReplay(nil, test.byteString)
			require.NoError(t, played.add(apitype.JournalEntry{Kind: apitype.JournalEntryKindSecretsManager,
				SecretsProvider: &apitype.SecretsProvidersV1{Type: "passphrase", State: json.RawMessage(`{}`)}}))
			require.NoError(t, played.add(success(1, &test.state)))
			deployment, schema, features, err := played.result(now, "v3.0.0")
			require.NoError(t, err)
			assert.Equal(t, test.features, features)
			assert.Equal(t, test.schema, schema)
			assert.Equal(t, "passphrase", deployment.SecretsProviders.Type)
			assert.Equal(t, apitype.ManifestV1{Time: now, Version: "v3.0.0", Magic: deployment.Manifest.NewMagic()}, deployment.Manifest)
		})
	}
}
