package engine

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// unknown stands in a plan for a value that is known only after the update, and secret for a secret.
const unknown = plugin.UnknownStringValue

var secret = map[string]any{resource.SigKey: resource.SecretSig, "ciphertext": "[secret]"}

// TestStepsOfAPlan checks which of the engine's steps change something in the cloud, and what.
func TestStepsOfAPlan(t *testing.T) {
	t.Parallel()
	type inputs = map[string]any
	const service, bucket = "gcp:cloudrunv2/service:Service", "gcp:storage/bucket:Bucket"
	// changed makes the step of an update, with what the provider says about its properties.
	changed := func(was, is inputs, diff map[string]apitype.PropertyDiff, keys ...string) apitype.EngineEvent {
		made := event(apitype.OpUpdate, service, "web", was, is)
		made.ResourcePreEvent.Metadata.DetailedDiff, made.ResourcePreEvent.Metadata.Keys = diff, keys
		return made
	}
	component := event(apitype.OpCreate, "shop:index:Shop", "shop", nil, inputs{})
	component.ResourcePreEvent.Metadata.New.Custom = false
	update := func(changes ...review.Property) []review.Step {
		return []review.Step{{Op: review.Update, Name: "web", Type: service, Changes: changes}}
	}
	web := func(op review.Op) []review.Step { return []review.Step{{Op: op, Name: "web", Type: service}} }
	for name, test := range map[string]struct {
		step apitype.EngineEvent
		want []review.Step
	}{
		"the same":    {event(apitype.OpSame, service, "web", inputs{}, inputs{}), []review.Step{}},
		"read":        {event(apitype.OpRead, service, "web", nil, inputs{}), []review.Step{}},
		"a component": {component, []review.Step{}},
		"a stack":     {event(apitype.OpCreate, "pulumi:pulumi:Stack", "s", nil, inputs{}), []review.Step{}},
		"a provider":  {event(apitype.OpUpdate, "pulumi:providers:gcp", "gcp", inputs{"a": "1"}, inputs{"a": "2"}), []review.Step{}},
		"made":        {event(apitype.OpCreate, service, "web", nil, inputs{"a": "1"}), web(review.Create)},
		"imported":    {event(apitype.OpImport, service, "web", nil, inputs{}), web(review.Create)},
		"deleted":     {event(apitype.OpDelete, service, "web", inputs{}, nil), web(review.Delete)},
		"data": {event(apitype.OpDelete, bucket, "files", inputs{}, nil),
			[]review.Step{{Op: review.Delete, Name: "files", Type: bucket, Data: true}}},
		"the creation that is half of a replacement": {event(apitype.OpCreateReplacement, service, "web", inputs{}, inputs{}), []review.Step{}},
		"the deletion that is half of a replacement": {event(apitype.OpDeleteReplaced, service, "web", inputs{}, nil), []review.Step{}},
		"values": {changed(inputs{"a": "x", "b": 1.0, "c": true, "gone": "y", "same": "z", "none": nil, "__defaults": []any{"a"}},
			inputs{"a": "<&>", "b": 1.5, "c": false, "new": "w", "same": "z", "__defaults": []any{}}, nil),
			update(review.Property{Path: "a", Before: `"x"`, After: `"<&>"`}, review.Property{Path: "b", Before: "1", After: "1.5"},
				review.Property{Path: "c", Before: "true", After: "false"}, review.Property{Path: "gone", Before: `"y"`},
				review.Property{Path: "new", After: `"w"`})},
		"an element inserted before a named one": {changed(
			inputs{"envs": []any{inputs{"name": "A", "value": "1"}, inputs{"name": "B", "value": "2"}}},
			inputs{"envs": []any{inputs{"name": "0", "value": "x"}, inputs{"name": "A", "value": "1"}, inputs{"name": "B", "value": "3"}}}, nil),
			update(review.Property{Path: `envs["0"].name`, After: `"0"`}, review.Property{Path: `envs["0"].value`, After: `"x"`},
				review.Property{Path: `envs["B"].value`, Before: `"2"`, After: `"3"`})},
		"elements without names": {changed(inputs{"args": []any{"a", inputs{"b": "c"}}}, inputs{"args": []any{"a", inputs{"b": "d"}, "e"}}, nil),
			update(review.Property{Path: "args[1].b", Before: `"c"`, After: `"d"`}, review.Property{Path: "args[2]", After: `"e"`})},
		"not known yet": {changed(inputs{"id": "one", "list": []any{"x"}}, inputs{"id": unknown, "list": []any{unknown}}, nil, "id"),
			update(review.Property{Path: "id", Replaces: true, Unknown: true}, review.Property{Path: "list[0]", Unknown: true})},
		"a whole object and a whole list that are not known yet": {changed(
			inputs{"object": inputs{"b": "1", "c": inputs{"d": "1"}}, "list": []any{"1"}, "objects": "beside it"},
			inputs{"object": unknown, "list": unknown, "objects": "changed"}, nil),
			update(review.Property{Path: "list", Unknown: true}, review.Property{Path: "object", Unknown: true},
				review.Property{Path: "objects", Before: `"beside it"`, After: `"changed"`})},
		"a text that contains the sign of an unknown value, and one that looks like its mark": {changed(inputs{"a": "1", "b": "2"},
			inputs{"a": "not " + unknown, "b": string(inventory.Unknown)}, nil),
			update(review.Property{Path: "a", Before: `"1"`, After: `"not ` + unknown + `"`},
				review.Property{Path: "b", Before: `"2"`, After: `"[known after the update]"`})},
		"secrets": {changed(inputs{"new": "x", "gone": secret, "same": secret, "later": secret},
			inputs{"new": secret, "gone": "y", "same": secret, "later": unknown}, nil),
			update(review.Property{Path: "gone", Before: "[secret]", After: `"y"`}, review.Property{Path: "later", Unknown: true},
				review.Property{Path: "new", Before: `"x"`, After: "[secret]"})},
		"the keys that force a replacement": {changed(inputs{"a": inputs{"b": "1", "c": "1"}, "d": []any{"1"}, "e": "1"},
			inputs{"a": inputs{"b": "2", "c": "1"}, "d": []any{"2"}, "e": "2"}, map[string]apitype.PropertyDiff{
				"a.b": {Kind: apitype.DiffUpdateReplace}, "e": {Kind: apitype.DiffUpdate}}, "d[0]"),
			update(review.Property{Path: "a.b", Before: `"1"`, After: `"2"`, Replaces: true}, review.Property{Path: "d[0]", Before: `"1"`,
				After: `"2"`, Replaces: true}, review.Property{Path: "e", Before: `"1"`, After: `"2"`})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, planOf([]apitype.EngineEvent{test.step}).Steps)
		})
	}
}

// TestHoldsData checks the types of resources whose content is lost when they are replaced.
func TestHoldsData(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{
		"gcp:sql/databaseInstance:DatabaseInstance": true, "gcp:sql/database:Database": true, "gcp:sql/user:User": false,
		"gcp:storage/bucket:Bucket": true, "gcp:storage/bucketIAMMember:BucketIAMMember": false, "gcp:secretmanager/secret:Secret": true,
		"gcp:secretmanager/secretVersion:SecretVersion": false, "gcp:artifactregistry/repository:Repository": true,
		"gcp:cloudrunv2/service:Service": false, "gcp:kms/cryptoKey:CryptoKey": true, "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": false,
		"gcp:redis/instance:Instance": true, "gcp:spanner/instance:Instance": true,
	} {
		assert.Equal(t, want, holdsData(kind), kind)
	}
}

// TestMessagesOfAPlan checks which of the engine's messages a plan shows, and which refuse the update.
func TestMessagesOfAPlan(t *testing.T) {
	t.Parallel()
	const web = "urn:pulumi:dev::p::gcp:cloudrunv2/service:Service::web"
	policy := func(level string) apitype.EngineEvent {
		return apitype.EngineEvent{PolicyEvent: &apitype.PolicyEvent{PolicyName: "p", EnforcementLevel: level, ResourceURN: web,
			Message: "<{%fg 1%}>\x1b[31mno\x1b[0m \n"}}
	}
	said := func(severity, text string, ephemeral bool) apitype.EngineEvent {
		return apitype.EngineEvent{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: severity, Message: text, Ephemeral: ephemeral}}
	}
	for name, test := range map[string]struct {
		events  []apitype.EngineEvent
		want    []review.Finding
		refused bool
	}{
		"a warning of a policy, twice": {[]apitype.EngineEvent{policy("advisory"), policy("advisory")},
			[]review.Finding{{Policy: "p", Level: "advisory", Resource: "web", Message: "no"}}, false},
		"a policy refuses": {[]apitype.EngineEvent{policy("mandatory")},
			[]review.Finding{{Policy: "p", Level: "mandatory", Resource: "web", Message: "no"}}, true},
		"messages of the program": {[]apitype.EngineEvent{said("warning", "late", false), said("info", "x", false), said("debug", "x", false),
			said("warning", "x", true)}, []review.Finding{{Policy: "program", Level: "warning", Message: "late"}}, false},
		"the program fails": {[]apitype.EngineEvent{said("error", "no such thing\n", false), said("error", "<{%reset%}>preview failed", false)},
			[]review.Finding{{Policy: "program", Level: "error", Message: "no such thing"}}, true},
		"sorted": {[]apitype.EngineEvent{said("warning", "b", false), said("warning", "a", false), policy("advisory")},
			[]review.Finding{{Policy: "p", Level: "advisory", Resource: "web", Message: "no"}, {Policy: "program", Level: "warning", Message: "a"},
				{Policy: "program", Level: "warning", Message: "b"}}, false},
		"nothing": {nil, []review.Finding{}, false},
	} {
		plan := planOf(test.events)
		assert.Equal(t, test.want, plan.Findings, name)
		assert.Equal(t, test.refused, plan.Refused(), name)
	}
}

// TestResourcesOfAPlan checks which resources there are after an update. A replaced one is there once, and a deleted one is not, although
// the engine refreshes both before.
func TestResourcesOfAPlan(t *testing.T) {
	t.Parallel()
	named := event(apitype.OpSame, topic, "b", map[string]any{}, map[string]any{"name": "cloud-name"})
	named.ResourcePreEvent.Metadata.New.Parent = "urn:parent"
	refreshed := func(name string) apitype.EngineEvent {
		return event(apitype.OpRefresh, topic, name, map[string]any{}, map[string]any{})
	}
	plan := planOf([]apitype.EngineEvent{refreshed("b"), refreshed("c"), refreshed("d"), named,
		event(apitype.OpCreate, topic, "a", nil, map[string]any{"x": "y", "later": unknown, "key": secret}),
		event(apitype.OpCreateReplacement, topic, "c", map[string]any{}, map[string]any{}),
		event(apitype.OpReplace, topic, "c", map[string]any{}, map[string]any{}),
		event(apitype.OpDeleteReplaced, topic, "c", map[string]any{}, map[string]any{}),
		event(apitype.OpDelete, topic, "d", map[string]any{}, nil)})
	const urn = "urn:pulumi:dev::procureflow::" + topic + "::"
	assert.Equal(t, []inventory.Resource{{URN: urn + "a", Type: topic, Name: "a", Inputs: map[string]any{"x": "y", "later": inventory.Unknown,
		"key": inventory.Secret}},
		{URN: urn + "b", Parent: "urn:parent", Type: topic, Name: "b", Inputs: map[string]any{"name": "cloud-name"}, CloudName: "cloud-name"},
		{URN: urn + "c", Type: topic, Name: "c", Inputs: map[string]any{}}}, plan.Resources)
}
