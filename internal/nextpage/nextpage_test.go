package nextpage

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestAddress covers the spellings of the Link header that RFC 8288 leaves to the server.
func TestAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		headers []string
		more    bool
		fails   bool
	}{
		{name: "no header"},
		{name: "an empty one", headers: []string{""}},
		{name: "GitHub's", headers: []string{`<https://x/?page=2>; rel="next", <https://x/?page=3>; rel="last"`}, more: true},
		{name: "last before next", headers: []string{`<https://x/?page=3>; rel="last", <https://x/?page=2>; rel="next"`}, more: true},
		{name: "without quotes", headers: []string{`<https://x/?page=2>; rel=next`}, more: true},
		{name: "upper case", headers: []string{`<https://x/?page=2>; REL="NEXT"`}, more: true},
		{name: "blanks", headers: []string{"<https://x/?page=2>\t;  rel =\t\"next\""}, more: true},
		{name: "no blanks", headers: []string{`<https://x/?page=2>;rel=next`}, more: true},
		{name: "several relations", headers: []string{`<https://x/?page=2>; rel="last next"`}, more: true},
		{name: "after another parameter", headers: []string{`<https://x/?page=2>; title="a, \"b\"; c"; rel=next`}, more: true},
		{name: "after a parameter without value", headers: []string{`<https://x/?page=2>; anchor; rel=next`}, more: true},
		{name: "after an empty parameter", headers: []string{`<https://x/?page=2>;; rel=next`}, more: true},
		{name: "after a parameter without name", headers: []string{`<https://x/?page=2>;=x; rel=next`}, more: true},
		{name: "an escaped letter", headers: []string{`<https://x/?page=2>; rel="n\ext"`}, more: true},
		{name: "the second header", headers: []string{`<https://x/docs>; rel="deprecation"`, `<https://x/?page=2>; rel="next"`}, more: true},
		{name: "empty elements", headers: []string{`, ,<https://x/?page=2>; rel="next",`}, more: true},
		{name: "a comma in the address", headers: []string{`<https://x/?a=1,2;rel=next>; rel="prev"`}},
		{name: "the last page", headers: []string{`<https://x/?page=1>; rel="prev", <https://x/?page=1>; rel="first"`}},
		{name: "rel=next inside a title", headers: []string{`<https://x/>; title="rel=next"; rel=help`}},
		{name: "a relation that begins with next", headers: []string{`<https://x/>; rel="nextpage"`}},
		{name: "a second rel, which does not count", headers: []string{`<https://x/>; rel=prev; rel=next`}},
		{name: "a parameter without value, and the end", headers: []string{`<https://x/>; anchor`}},
		{name: "no address", headers: []string{`rel="next"`}, fails: true},
		{name: "an address without end", headers: []string{`<https://x/; rel="next"`}, fails: true},
		{name: "a quote without end", headers: []string{`<https://x/>; title="a; rel=next`}, fails: true},
		{name: "a quote that ends in an escape", headers: []string{`<https://x/>; title="a\`}, fails: true},
		{name: "text before the address", headers: []string{`x<https://x/?page=2>; rel="next"`}, fails: true},
		{name: "text behind the address", headers: []string{`<https://x/> rel="next"`}, fails: true},
	} {
		address, more, err := Address(http.Header{"Link": test.headers})
		if more {
			assert.Equal(t, "https://x/?page=2", address, test.name)
		}
		assert.Equal(t, test.more, more, test.name)
		assert.Equal(t, test.fails, err != nil, test.name)
	}
}
