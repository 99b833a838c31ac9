package provider

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryTypeHasASample keeps the sample list complete, from which the other tests of this file get their resources.
func TestEveryTypeHasASample(t *testing.T) {
	t.Parallel()
	sampled := map[string]bool{}
	for _, s := range samples {
		assert.False(t, sampled[s.token], "two samples of %s", s.token)
		assert.Contains(t, types, s.token)
		sampled[s.token] = true
	}
	for token := range types {
		assert.True(t, sampled[token], "%s has no sample: add one to samples in emulator/provider/samples_test.go", token)
	}
}

// TestLifecycle takes a resource of every type through create, read, update, import and delete, as the engine does, on the real
// emulated cloud.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		t.Run(strings.ReplaceAll(s.token, "/", "."), func(t *testing.T) {
			t.Parallel()
			name, _, _ := strings.Cut(s.token, ":")
			var writes atomic.Int64
			w := newWorld(t, name, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, ":getIamPolicy") {
						writes.Add(1)
					}
					next.ServeHTTP(rw, r)
				})
			})
			if s.before != nil {
				s.before(w)
			}
			s.walk(w, &writes)
		})
	}
}

func (s sample) walk(w *world, writes *atomic.Int64) {
	t := w.t
	before := writes.Load()
	preview, err := w.client.Create(w.ctx(), &rpc.CreateRequest{Urn: w.urn(s.token), Properties: w.check(s.token, s.inputs), Preview: true})
	require.NoError(t, err)
	assert.Empty(t, preview.GetId())
	assert.Equal(t, before, writes.Load(), "a preview writes nothing")

	asked := w.plain(w.check(s.token, s.inputs))   // in the form of the engine's state
	if s.token != "gcp:projects/service:Service" { // whose API the world has enabled
		_, found, err := Locate(w.ctx(), Options{API: w.api}, s.token, asked, Settings{Owner: owner})
		require.NoError(t, err)
		assert.False(t, found, "an interrupted creation that had not happened")
	}

	m := w.create(s.token, s.inputs)
	located, found, err := Locate(w.ctx(), Options{API: w.api}, s.token, asked, Settings{Owner: owner})
	require.NoError(t, err)
	// A creation makes another version, or sets a switch again.
	if s.token != "gcp:secretmanager/secretVersion:SecretVersion" && !types[s.token].switches {
		assert.True(t, found, "an interrupted creation that had happened")
		assert.Equal(t, m.id, located)
		taken, err := w.client.Read(w.ctx(), &rpc.ReadRequest{Urn: w.urn(s.token), Id: located, Inputs: w.check(s.token, s.inputs)})
		require.NoError(t, err, "the engine reads what it takes over by its id and inputs")
		assert.Equal(t, m.id, taken.GetId())
	}
	matched, err := path.Match(strings.ReplaceAll(strings.ReplaceAll(s.id, "[", "\\["), "/", "|"), strings.ReplaceAll(m.id, "/", "|"))
	require.NoError(t, err)
	assert.True(t, matched, "id %s is not like %s", m.id, s.id)
	for name := range shapeOf(types[s.token].state).fields {
		if _, isInput := shapeOf(types[s.token].args).fields[name]; !isInput && name != "deleted" {
			assert.Contains(t, w.plain(preview.GetProperties()), name, "the preview does not know %s and says so", name)
		}
	}

	refreshed := w.read(m)
	require.Equal(t, m.id, refreshed.id)
	assert.Equal(t, w.propertyMap(m.outputs), w.propertyMap(refreshed.outputs), "an unchanged resource has the same state")
	assert.Equal(t, w.propertyMap(m.inputs), w.propertyMap(refreshed.inputs), "an unchanged resource has the same inputs")
	assert.Empty(t, w.diff(refreshed, m.inputs).GetDetailedDiff(), "a second preview is empty")

	s.imports(w, m)

	changed := maps.Clone(s.inputs)
	maps.Copy(changed, s.change)
	diff := w.diff(m, w.check(s.token, changed))
	assert.Equal(t, rpc.DiffResponse_DIFF_SOME, diff.GetChanges())
	assert.Equal(t, s.replaces, len(diff.GetReplaces()) > 0)
	row := types[s.token]
	assert.Equal(t, s.replaces && (row.deleteFirst || row.autoName != ""), diff.GetDeleteBeforeReplace())
	if !s.replaces {
		planned, err := w.client.Update(w.ctx(), &rpc.UpdateRequest{Urn: w.urn(s.token), Id: m.id, Olds: m.outputs, OldInputs: m.inputs,
			News: w.check(s.token, changed), Preview: true})
		require.NoError(t, err)
		m = w.update(m, changed)
		for name := range s.change {
			assert.Equal(t, w.plain(m.outputs)[name], w.plain(planned.GetProperties())[name], "the preview of %s", name)
		}
		again := w.read(m)
		assert.Equal(t, w.propertyMap(m.inputs), w.propertyMap(again.inputs))
		assert.Equal(t, w.propertyMap(m.outputs), w.propertyMap(again.outputs))
	}

	require.NoError(t, w.delete(m))
	if strings.HasPrefix(s.token, "gcp:kms/") && !strings.HasSuffix(s.token, "Member") {
		assert.NotEmpty(t, w.read(m).id, "Cloud KMS keeps key rings and keys for ever")
	} else if s.token != "gcp:projects/service:Service" && !types[s.token].switches { // which leave the API enabled, or a switch off
		assert.Empty(t, w.read(m).id, "a deleted resource is gone")
	}
	require.NoError(t, w.delete(m), "deleting a resource that is gone succeeds")
}

// imports reads the resource by its id alone. A program with the original inputs must then change nothing, except what the API does
// not return.
func (s sample) imports(w *world, m made) {
	t := w.t
	id := m.id
	if s.importID != "" {
		id = strings.ReplaceAll(s.importID, "{id}", m.id)
	}
	response, err := w.client.Read(w.ctx(), &rpc.ReadRequest{Urn: w.urn(s.token), Id: id})
	require.NoError(t, err)
	require.Equal(t, m.id, response.GetId())
	got, wanted := plainInputs(w.plain(response.GetInputs())), plainInputs(w.plain(m.inputs))
	for _, name := range s.notImported {
		delete(got, name)
		delete(wanted, name)
	}
	for name, value := range wanted {
		if !isZero(value) && !slices.Contains(types[s.token].forgets, name) {
			assert.Contains(t, got, name, "the import knows %s", name)
		}
	}
	imported := made{token: s.token, id: m.id, inputs: w.props(got), outputs: response.GetProperties()}
	assert.ElementsMatch(t, types[s.token].forgets, w.diff(imported, w.props(wanted)).GetReplaces(), "an imported resource is not replaced")
}

// TestSecretsStaySecret follows a secret input through every answer of the provider.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, GCP, nil)
	withSecret(w)
	m := w.create("gcp:secretmanager/secretVersion:SecretVersion", object{"secret": "projects/" + project + "/secrets/database-url",
		"secretData": secret{"hunter2"}})
	for _, answer := range []made{m, w.read(m), w.update(m, object{"secret": "projects/" + project + "/secrets/database-url",
		"secretData": secret{"hunter2"}, "enabled": false})} {
		for _, props := range []resource.PropertyMap{w.propertyMap(answer.inputs), w.propertyMap(answer.outputs)} {
			require.True(t, props["secretData"].IsSecret())
			assert.Equal(t, "hunter2", props["secretData"].SecretValue().Element.StringValue())
		}
	}

	inputs := service()
	container := inputs["template"].(object)["containers"].([]any)[0].(object)
	container["envs"] = list(object{"name": "TOKEN", "value": secret{"hunter3"}})
	m = w.create("gcp:cloudrunv2/service:Service", inputs)
	for _, props := range []resource.PropertyMap{w.propertyMap(m.inputs), w.propertyMap(m.outputs), w.propertyMap(w.read(m).inputs),
		w.propertyMap(w.read(m).outputs)} {
		containers := props["template"].ObjectValue()["containers"].ArrayValue()
		value := containers[0].ObjectValue()["envs"].ArrayValue()[0].ObjectValue()["value"]
		assert.True(t, value.IsSecret())
	}

	_, err := w.tryCreate("gcp:secretmanager/secretVersion:SecretVersion",
		object{"secret": "projects/" + project + "/secrets/absent", "secretData": secret{"hunter4"}})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "hunter4")
}
