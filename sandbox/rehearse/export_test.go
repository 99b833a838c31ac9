package rehearse

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	serviceURN = "urn:pulumi:prod::shop::gcp:cloudrunv2/service:Service::web"
	channelURN = "urn:pulumi:prod::shop::gcp:monitoring/notificationChannel:NotificationChannel::mail"
	image      = "us-docker.pkg.dev/a/b/c@sha256:"
)

type object = map[string]any

// made returns what the base's program made in the emulated cloud.
func made() []apitype.ResourceV3 {
	secret := object{resource.SigKey: resource.SecretSig, "plaintext": `"of the emulated cloud"`}
	component := resource.URN("urn:pulumi:prod::shop::shop:web:Web::web")
	return []apitype.ResourceV3{
		{URN: "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod", Type: "pulumi:pulumi:Stack"},
		{URN: component, Type: "shop:web:Web", Parent: "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod"},
		{URN: channelURN, Type: "gcp:monitoring/notificationChannel:NotificationChannel", Custom: true, Parent: component,
			ID: "projects/p/notificationChannels/1", Inputs: object{"type": "email", "labels": object{"email_address": "a@example.com"}}},
		{URN: serviceURN, Type: "gcp:cloudrunv2/service:Service", Custom: true, Parent: component, ID: "web", Inputs: object{
			"name": "web", "ingress": "INGRESS_TRAFFIC_ALL", "description": "the shop", "secret": secret,
			"channel": "projects/p/notificationChannels/1", "maxInstances": 2.0, "public": true,
			"image": image + strings.Repeat("1", 64), "timeout": "300s", "revision": "web-0123456789",
			"envs": []any{object{"name": "NODE_ENV", "value": "production"}, object{"name": "SIZE", "value": "10"}},
		}},
	}
}

// exportOf returns an export of made, with changed inputs of the service.
func exportOf(t *testing.T, change func(inputs object), more ...apitype.ResourceV3) Export {
	t.Helper()
	resources := made()
	resources[2].ID = "projects/p/notificationChannels/998877"
	resources[3].Inputs["channel"] = "projects/p/notificationChannels/998877"
	resources[3].Inputs["secret"] = object{resource.SigKey: resource.SecretSig, "ciphertext": "v1:PLANTED"}
	resources[3].Outputs = object{"name": "PLANTED-name", "password": "PLANTED"}
	change(resources[3].Inputs)
	data, err := json.Marshal(object{"version": 3, "deployment": object{"resources": append(resources, more...)}})
	require.NoError(t, err)
	export, err := ReadExport(data)
	require.NoError(t, err)
	assert.Equal(t, "prod", export.Stack)
	return export
}

// TestValuesTakenFromAnExport checks which values are taken from an export: the deployed value if nobody could have hidden a secret in
// it, and otherwise the base's own. The planted text never appears afterwards.
func TestValuesTakenFromAnExport(t *testing.T) {
	t.Parallel()
	const planted = "PLANTED"
	for name, test := range map[string]struct {
		change func(inputs object)
		path   string
		want   any
		note   string // the note that is printed about the value
	}{
		"nothing differs":       {func(object) {}, "name", "web", ""},
		"a reference":           {func(object) {}, "channel", "projects/p/notificationChannels/1", ""},
		"a secret's ciphertext": {func(object) {}, "secret", made()[3].Inputs["secret"], ""},
		"a secret in the clear": {func(i object) {
			i["secret"] = object{resource.SigKey: resource.SecretSig, "plaintext": `"PLANTED"`}
		}, "secret", made()[3].Inputs["secret"], ""},
		"a secret that the state does not call one": {func(i object) { i["secret"] = planted }, "secret", made()[3].Inputs["secret"],
			"web.secret"},
		"a secret where the base has a text": {func(i object) {
			i["description"] = object{resource.SigKey: resource.SecretSig, "plaintext": `"PLANTED"`}
		}, "description", "the shop", "web.description"},
		"a number":        {func(i object) { i["maxInstances"] = 7.0 }, "maxInstances", 7.0, ""},
		"a boolean":       {func(i object) { i["public"] = false }, "public", false, ""},
		"an image":        {func(i object) { i["image"] = image + strings.Repeat("2", 64) }, "image", image + strings.Repeat("2", 64), ""},
		"an image by tag": {func(i object) { i["image"] = "evil/x:PLANTED" }, "image", image + strings.Repeat("1", 64), "web.image"},
		"a value of an enum": {func(i object) { i["ingress"] = "INGRESS_TRAFFIC_INTERNAL_ONLY" }, "ingress",
			"INGRESS_TRAFFIC_INTERNAL_ONLY", ""},
		"a quantity":     {func(i object) { i["timeout"] = "60s" }, "timeout", "60s", ""},
		"a revision":     {func(i object) { i["revision"] = "web-abcdef0123" }, "revision", "web-abcdef0123", ""},
		"a planted name": {func(i object) { i["name"] = planted }, "name", "web", "web.name"},
		"a text":         {func(i object) { i["description"] = planted }, "description", "the shop", "web.description"},
		"a variable": {func(i object) { i["envs"].([]any)[0].(object)["value"] = planted }, "envs", made()[3].Inputs["envs"],
			"web.envs.0.value"},
		"a number in a variable": {func(i object) { i["envs"].([]any)[1].(object)["value"] = "4711" }, "envs", made()[3].Inputs["envs"],
			"web.envs.1.value"},
		"one more variable": {func(i object) {
			i["envs"] = append(i["envs"].([]any), object{"name": "LEAK", "value": planted})
		}, "envs", made()[3].Inputs["envs"], "web.envs.(more than the base's)"},
		"a property that is not in the base": {func(i object) { i["note"] = planted }, "note", nil, "web.note"},
		"a key that may be a secret":         {func(i object) { i["labels"] = object{planted: "web"} }, "labels", nil, "web.labels"},
		"an added key": {func(i object) { i["envs"].([]any)[0].(object)[planted] = "web" }, "envs", made()[3].Inputs["envs"],
			"web.envs.0.(more than the base's)"},
		"a known text where the base has none": {func(i object) { i["client"] = "web" }, "client", "web", ""},
		"a property that is gone":              {func(i object) { delete(i, "description") }, "description", nil, ""},
		"another kind of value": {func(i object) { i["description"] = []any{planted} }, "description", "the shop",
			"web.description"},
		"a list for a text": {func(i object) { i["envs"] = planted }, "envs", made()[3].Inputs["envs"], "web.envs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known, note, err := scrub(exportOf(t, test.change), made())
			require.NoError(t, err)
			require.Len(t, known, 4)
			assert.Equal(t, test.want, known[3].Inputs[test.path])
			want := "The base is the exported state."
			if test.note != "" {
				want += " Withheld, because the repository does not have the value, so that the base's own counts: " + test.note + "."
			}
			assert.Equal(t, want, note)
			data, err := json.Marshal(known)
			require.NoError(t, err)
			assert.NotContains(t, string(data)+note, planted)
			assert.NotContains(t, string(data)+note, "4711")
		})
	}
}

func TestResourcesMissingOnEitherSide(t *testing.T) {
	t.Parallel()
	foreign := apitype.ResourceV3{URN: "urn:pulumi:prod::shop::gcp:storage/bucket:Bucket::PLANTED", Type: "gcp:storage/bucket:Bucket",
		Custom: true, ID: "PLANTED", Inputs: object{"name": "PLANTED"}}
	export := exportOf(t, func(object) {}, foreign)
	delete(export.resources, channelURN)
	known, note, err := scrub(export, made())
	require.NoError(t, err)
	assert.Len(t, known, 3)
	assert.Equal(t, "The base is the exported state. Withheld, because the repository does not have the value, so that the base's own "+
		"counts: web.channel. In the base's settings, and not there: mail. Left out are resources that the base does not have: 1.", note)

	other := made()
	for i := range other {
		other[i].URN = resource.URN(strings.Replace(string(other[i].URN), "::shop::", "::desk::", 1))
	}
	// A revision of another template cannot have the name of the live one.
	base, merged := object{"template": object{"revision": "a", "scaling": 1.0}}, object{"template": object{"revision": "a", "scaling": 2.0}}
	nameAnew(base, merged)
	assert.Equal(t, object{"revision": "a-deployed", "scaling": 2.0}, merged["template"])
	same := object{"template": object{"revision": "a", "scaling": 1.0}}
	nameAnew(base, same)
	assert.Equal(t, base, same)

	_, _, err = scrub(export, other)
	assert.EqualError(t, err, "the exported state has no resource of the base: it is another stack's or another project's; "+
		"name its stack with --stack")
	for _, odd := range []string{"", "PLANTED", `{"deployment": {"resources": "PLANTED"}}`, "{}",
		`{"deployment": {"resources": [{"urn": "PLANTED"}]}}`} {
		_, err := ReadExport([]byte(odd))
		assert.ErrorContains(t, err, "the exported state ", odd)
		assert.NotContains(t, err.Error(), "PLANTED")
	}
}
