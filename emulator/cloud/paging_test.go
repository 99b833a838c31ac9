package cloud_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// TestEveryListHasPages asks each list that has pages by its description for pages of one item, which together have to
// be the whole list. It also asks for impossible pages, and for an order and a filter that the emulator does not know.
func TestEveryListHasPages(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, request := range spelled {
		w.OK(request.method, request.path, request.body)
	}
	lists, several := 0, 0
	for _, a := range titles {
		for _, m := range schema.Methods(a.api) {
			size := slices.IndexFunc(m.Query, func(name string) bool { return name == "pageSize" || name == "maxResults" })
			if m.HTTP != "GET" || size < 0 || !slices.Contains(m.Query, "pageToken") || strings.Contains(m.Path, "/operations") {
				continue
			}
			path := filled(a.prefix, a.api, m)
			if a.api == "gcs" {
				path += "?project=" + project
			} else {
				path += "?"
			}
			code, whole := w.Call("GET", path, "")
			if code != 200 {
				continue // not served, or without a filter refused
			}
			lists++
			items := itemsOf(whole)
			if len(items) > 1 {
				several++
			}
			var paged []any
			for token, more := "", true; more; more = token != "" {
				page := w.OK("GET", path+"&"+m.Query[size]+"=1&pageToken="+token, "")
				assert.LessOrEqual(t, len(itemsOf(page)), 1, "%s ignores %s", m.ID, m.Query[size])
				paged = append(paged, itemsOf(page)...)
				token, _ = page["nextPageToken"].(string)
			}
			require.Equal(t, items, paged, m.ID)
			for _, wrong := range []string{m.Query[size] + "=-1", "pageToken=9999", "orderBy=name%20desc", "scope=x", "location=x", "parent=x"} {
				code, _ := w.Call("GET", path+"&"+wrong, "")
				assert.Equal(t, 400, code, "%s takes %s", m.ID, wrong)
			}
		}
	}
	assert.Greater(t, lists, 20)
	assert.Greater(t, several, 1)
}

// itemsOf returns a list's items: the only list in its answer.
func itemsOf(answer map[string]any) []any {
	for _, field := range slices.Sorted(maps.Keys(answer)) {
		if items, is := answer[field].([]any); is {
			return items
		}
	}
	return nil
}
