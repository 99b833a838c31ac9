package cloudtest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// refusal is a test that remembers whether it failed.
type refusal struct{ failed bool }

func (r *refusal) Errorf(string, ...any) { r.failed = true }

func (r *refusal) FailNow() { panic(r) }

// TestAnswersAreChecked checks which answers fail a test: those with a field that is not in the method's message, in
// the resource of an operation or in the items of a list.
func TestAnswersAreChecked(t *testing.T) {
	t.Parallel()
	const p = "/projects/" + Project
	operation := func(response map[string]any) map[string]any {
		response["@type"] = "type.googleapis.com/google.cloud.run.v2.Service"
		return map[string]any{"name": "operations/1", "done": true, "response": response}
	}
	bad, items := map[string]any{"bogus": true}, []any{map[string]any{"bogus": true}}
	world := Start(t)
	for _, test := range []struct {
		name, method, path string
		answer             map[string]any
		fails              bool
	}{
		{"a resource", "GET", "/sm/v1" + p + "/secrets/key", map[string]any{"name": "key", "labels": map[string]any{"a": "b"}}, false},
		{"an unknown field", "GET", "/sm/v1" + p + "/secrets/key", bad, true},
		{"a wrong type", "GET", "/sm/v1" + p + "/secrets/key", map[string]any{"labels": "a"}, true},
		{"a creation", "POST", "/sm/v1" + p + "/secrets?secretId=key", bad, true},
		{"a verb's answer", "GET", "/sm/v1" + p + "/secrets/key/versions/1:access", bad, true},
		{"a policy", "POST", "/sm/v1" + p + "/secrets/key:setIamPolicy", bad, true},
		{"a list's item", "GET", "/sm/v1" + p + "/secrets", map[string]any{"secrets": items}, true},
		{"a list whose message is not known", "GET", "/sm/v1" + p + "/secrets", map[string]any{"totalSize": 0.0}, false},
		{"an item of Service Usage", "GET", "/su/v1" + p + "/services", map[string]any{"services": items}, true},
		{"a list of items", "GET", "/storage/v1/b?project=" + Project, map[string]any{"items": items}, true},
		{"an operation", "POST", Services + "?serviceId=web", operation(map[string]any{"name": "web"}), false},
		{"a resource in an operation", "POST", Services + "?serviceId=web", operation(map[string]any{"bogus": true}), true},
		{"an operation's own field", "POST", Services + "?serviceId=web", map[string]any{"done": true, "bogus": true}, true},
		{"an API that is not Google's", "GET", "/gh/api/v3/repos/a/b", bad, false},
	} {
		r := &refusal{}
		w := &World{T: r, Cloud: world.Cloud}
		func() {
			defer func() { _ = recover() }()
			w.checkAnswer(test.method, test.path, test.answer)
		}()
		assert.Equal(t, test.fails, r.failed, test.name)
	}
}
