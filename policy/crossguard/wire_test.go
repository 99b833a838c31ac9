package crossguard

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"pgregory.net/rapid"
)

// FuzzReads reads arbitrary bytes as properties. Every read has to end.
func FuzzReads(f *testing.F) {
	seed, err := structpb.NewStruct(map[string]any{"a": map[string]any{"b": []any{1, "x", true, nil, map[string]any{}}}})
	require.NoError(f, err)
	b, err := proto.Marshal(seed)
	require.NoError(f, err)
	f.Add(string(b))
	f.Add(string(b[:len(b)/2]))
	f.Add("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
	f.Fuzz(func(t *testing.T, message string) {
		t.Parallel()
		o := &outcome{}
		r := newResource(parseHeader(message), o)
		r.value = &value{kind: kindObject, text: message}
		for _, read := range []func(){
			func() { r.Int("a.b[0]") }, func() { r.String("a.b[1]") }, func() { r.Bool("a") }, func() { r.Strings("a.b") },
			func() { r.Each("a.b", func(o Object) { o.Has("c") }) }, func() { r.EachStringEntry("a", func(string, string) {}) },
			func() { r.EachEntry("", func(_ string, o Object) { o.LenMap("") }) }, func() { r.Provider() },
			func() {
				for range r.Keys("") {
					r.Len("a")
				}
			},
		} {
			o.evaluate(read)
		}
		parseInventory(message, &Pack{}, func(header) bool { return false })
		assert.Empty(t, o.crash)
	})
}

// TestMalformedFieldsEndAMessage checks that nothing is read from a field that is cut off, and everything before it.
func TestMalformedFieldsEndAMessage(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]int{"": 0, "\x80": 0, "\x08": 0, "\x08\x80": 0, "\x08\x01\x80": 1, "\x0a": 0, "\x0a\x02a": 0,
		"\x0a\x01a": 1, "\x09\x01": 0, "\x0d\x01": 0, "\x0b\x0c": 0, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01": 0} {
		count := 0
		for range fields(message) {
			count++
		}
		assert.Equal(t, want, count, "%x", message)
	}
	for _, object := range []string{"\x0a\x00", "\x0a\x01\x0a"} {
		_, found := find(object, "key")
		assert.False(t, found, "%x", object)
	}
}

// TestKeysOfAnyBytesAreRead covers keys with any characters, including bytes that are not UTF-8.
func TestKeysOfAnyBytesAreRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\[\]"\\.a]{0,6}`)).Draw(t, "key")
		got, rest := nextStep(Key(key) + ".rest")
		assert.Equal(t, step{key: key}, got)
		assert.Equal(t, "rest", rest)
		got, rest = nextStep(appendStep("", step{key: key}))
		assert.Equal(t, step{key: key}, got, "the path in a message")
		assert.Empty(t, rest)
	})
}

// TestReadsAgreeWithProtobuf compares the reader with the protobuf library on random values.
func TestReadsAgreeWithProtobuf(t *testing.T) {
	t.Parallel()
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Float64(), func(n float64) any { return n }), rapid.Map(rapid.String(), func(s string) any { return s }))
	key := rapid.StringMatching(`[a-z]{1,3}`)
	anything := rapid.OneOf(leaf,
		rapid.Map(rapid.SliceOfN(leaf, 0, 3), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(key, leaf, 0, 3), func(m map[string]any) any { return m }))
	rapid.Check(t, func(t *rapid.T) {
		properties := rapid.MapOfN(key, anything, 0, 5).Draw(t, "properties")
		s, err := structpb.NewStruct(properties)
		if err != nil {
			t.Skip("protobuf takes UTF-8 only")
		}
		b, err := proto.Marshal(s)
		require.NoError(t, err)
		o := Object{value: &value{kind: kindObject, text: string(b)}, run: &run{outcome: &outcome{}}}
		for k, want := range s.AsMap() {
			v, _, misfit := o.lookup(k)
			require.Empty(t, misfit)
			switch want := want.(type) {
			case nil:
				assert.Equal(t, kindNull, v.kind)
			case bool:
				assert.Equal(t, value{kind: kindBool, truth: want}, *v)
			case float64:
				assert.Equal(t, math.Float64bits(want), math.Float64bits(v.number))
			case string:
				assert.Equal(t, value{kind: kindString, text: want}, *v)
			case []any:
				assert.Equal(t, kindList, v.kind)
				assert.Equal(t, len(want), o.Len(k))
			case map[string]any:
				assert.Equal(t, kindObject, v.kind)
				for inner := range want {
					_, _, misfit := o.lookup(k + "." + inner)
					assert.Empty(t, misfit)
				}
			}
		}
		v, _, _ := o.lookup("zzzz")
		assert.Equal(t, kindNull, v.kind)
	})
}
