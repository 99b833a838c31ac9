package doc_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

type object = map[string]any

// TestReads checks that reading a value that is absent or of another type gives the zero value, so that no document makes the
// emulator panic.
func TestReads(t *testing.T) {
	t.Parallel()
	document := object{"text": "a", "number": 1.5, "flag": true, "list": []any{"a", 1.0, object{"b": "c"}}, "inner": object{"text": "b"}}
	for _, path := range [][]string{{"absent"}, {"absent", "deeper"}, {"text", "deeper"}, {"inner", "absent"}, {}} {
		assert.Empty(t, doc.Text(document, path...))
		assert.Zero(t, doc.Number(document, path...))
		assert.False(t, doc.Flag(document, path...))
		assert.Nil(t, doc.List(document, path...))
		assert.Empty(t, doc.Objects(document, path...))
		assert.Nil(t, doc.Texts(document, path...))
	}
	assert.Nil(t, doc.At(nil, "a"))
	assert.Equal(t, "b", doc.Text(document, "inner", "text"))
	assert.InDelta(t, 1.5, doc.Number(document, "number"), 0)
	assert.True(t, doc.Flag(document, "flag"))
	assert.Equal(t, object{"text": "b"}, doc.Object(document, "inner"))
	assert.Equal(t, []string{"a"}, doc.Texts(document, "list"), "only its texts")
	assert.Equal(t, []object{nil, nil, {"b": "c"}}, doc.Objects(document, "list"), "each keeps its position")
}

func TestChanges(t *testing.T) {
	t.Parallel()
	document := object{"a": object{"b": 1.0}, "text": "t"}
	assert.Equal(t, object{"a": object{"b": 1.0, "c": 2.0}, "text": "t"}, doc.With(document, 2.0, "a", "c"))
	assert.Equal(t, object{"a": object{}, "text": "t"}, doc.With(document, nil, "a", "b"), "nil removes")
	assert.Equal(t, object{"text": "t"}, doc.Without(document, "a", "absent"))
	assert.Equal(t, object{"x": object{"y": 1.0}}, doc.With(nil, 1.0, "x", "y"))
	assert.Equal(t, object{"a": object{"b": 1.0}, "text": "t"}, document, "only copies were changed")

	doc.Set(document, 3.0, "new", "deeper")
	doc.Default(document, "text", "other")
	doc.Default(document, "absent", "default")
	assert.Equal(t, object{"a": object{"b": 1.0}, "text": "t", "new": object{"deeper": 3.0}, "absent": "default"}, document)
	doc.Ensure(document, "text")["x"] = 1.0
	assert.Equal(t, object{"x": 1.0}, document["text"], "an object replaces a text")
}

func TestValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"300s": 300, "0.5s": 0.5, "7": 7, "": 0, "soon": 0} {
		assert.InDelta(t, want, doc.Seconds(text), 0, text)
	}
	for name, want := range map[string]string{"projects/p/secrets/s": "s", "s": "s", "": "", "a/": ""} {
		assert.Equal(t, want, doc.Last(name), name)
	}
	assert.True(t, doc.Equal(object{"a": 1, "b": []any{nil}}, object{"b": []any{nil}, "a": 1.0}))
	assert.False(t, doc.Equal(object{"a": 1}, object{"a": "1"}))
	assert.False(t, doc.Equal(func() {}, func() {}), "a value that is not JSON equals no other")

	recorder := httptest.NewRecorder()
	doc.Respond(recorder, 404, object{"text": "<b> & c"})
	assert.Equal(t, 404, recorder.Code)
	assert.Equal(t, "{\n  \"text\": \"<b> & c\"\n}\n", recorder.Body.String(), "as Google writes it, without escapes for HTML")
}
