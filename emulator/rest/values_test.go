package rest_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

func TestValues(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("two hours ahead", 2*60*60)
	assert.Equal(t, "2026-11-23T10:00:00.000123Z", rest.Timestamp(time.Date(2026, 11, 23, 12, 0, 0, 123456, zone)))
	assert.Equal(t, "3808858755", rest.Checksum([]byte("123456789")), "the check value of CRC-32C")
	for text, want := range map[string]bool{"a@b.example": true, "a.b+c@d.e.example": true, "a@b": false, "@b.example": false,
		"a@b@c.example": false, "a b@c.example": false, "user:a@b.example": false, "": false} {
		assert.Equal(t, want, rest.IsEmail(text), text)
	}
}

func TestCheckLabels(t *testing.T) {
	t.Parallel()
	many := map[string]any{}
	for i := range 65 {
		many["l"+strconv.Itoa(i)] = ""
	}
	most := maps.Clone(many)
	delete(most, "l0")
	invalid := func(key string) string {
		return `400 INVALID_ARGUMENT: Invalid label "` + key + `": keys begin with a lower-case letter, and keys and values have up to 63 ` +
			`lower-case letters, digits, underscores and hyphens.`
	}
	long := strings.Repeat("a", 63)
	for name, test := range map[string]struct {
		labels map[string]any
		want   string
	}{
		"none":                 {nil, ""},
		"the longest":          {map[string]any{long: long}, ""},
		"the longest letters":  {map[string]any{strings.Repeat("ß", 63): strings.Repeat("ß", 63)}, ""},
		"another alphabet":     {map[string]any{"größe": "groß-1_a"}, ""},
		"an empty value":       {map[string]any{"a": ""}, ""},
		"a key too long":       {map[string]any{long + "a": ""}, invalid(long + "a")},
		"a value too long":     {map[string]any{"a": long + "a"}, invalid("a")},
		"a capital":            {map[string]any{"A": ""}, invalid("A")},
		"several capitals":     {map[string]any{"E": "", "C": "", "B": "", "A": "", "D": ""}, invalid("A")},
		"a capital value":      {map[string]any{"a": "B"}, invalid("a")},
		"a key with a digit":   {map[string]any{"1a": ""}, invalid("1a")},
		"a dot":                {map[string]any{"a.b": ""}, invalid("a.b")},
		"as many as there are": {most, ""},
		"more than there are":  {many, "400 INVALID_ARGUMENT: There are more than 64 labels."},
	} {
		got := ""
		if err := rest.CheckLabels(test.labels); err != nil {
			got = err.Error()
		}
		assert.Equal(t, test.want, got, name)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	items := make([]any, 1500)
	for i := range items {
		items[i] = i
	}
	for _, test := range []struct {
		size, token string
		from, to    int
		next        string
	}{
		{"", "", 0, 100, "100"}, {"0", "", 0, 100, "100"}, {"7", "3", 3, 10, "10"}, {"5000", "", 0, 1000, "1000"},
		{"1000", "1000", 1000, 1500, ""}, {"1", "1499", 1499, 1500, ""}, {"1", "1500", 1500, 1500, ""},
	} {
		page, next, err := rest.Page(items, test.size, test.token)
		assert.NoError(t, err)
		assert.Equal(t, items[test.from:test.to], page, "%+v", test)
		assert.Equal(t, test.next, next, "%+v", test)
	}
	for _, test := range []struct{ size, token string }{{"-1", ""}, {"x", ""}, {"1", "-1"}, {"1", "x"}, {"1", "1501"}} {
		_, _, err := rest.Page(items, test.size, test.token)
		assert.Error(t, err, "%+v", test)
	}
}

func TestSplitPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]struct {
		segments []string
		verb     string
		ok       bool
	}{
		"projects/p/secrets/s":           {[]string{"projects", "p", "secrets", "s"}, "", true},
		"/projects/p/":                   {[]string{"projects", "p"}, "", true},
		"projects/p/secrets/s:access":    {[]string{"projects", "p", "secrets", "s"}, "access", true},
		"projects/a:b/secrets/s":         {[]string{"projects", "a:b", "secrets", "s"}, "", true},
		"projects/p/metrics/a%2Fb":       {[]string{"projects", "p", "metrics", "a%2Fb"}, "", true},
		"projects/p/metrics/a%20b":       {[]string{"projects", "p", "metrics", "a b"}, "", true},
		"projects//secrets":              {nil, "", false},
		"":                               {nil, "", false},
		"projects/p/metrics/%00":         {nil, "", false},
		"projects/p/metrics/%":           {nil, "", false},
		"projects/p/secrets/s:a:destroy": {[]string{"projects", "p", "secrets", "s:a"}, "destroy", true},
	} {
		segments, verb, ok := rest.SplitPath(path)
		assert.Equal(t, want.ok, ok, path)
		assert.Equal(t, want.segments, segments, path)
		assert.Equal(t, want.verb, verb, path)
	}
}
