package rest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// read answers a GET of a resource.
func (q *Request) read(n Name) (any, error) {
	if n.Kind.Read.Get != nil {
		return n.Kind.Read.Get(q, n)
	}
	document := q.Get(n)
	if document == nil {
		return nil, n.Missing()
	}
	return q.shown(n, document), nil
}

// list answers a GET of a collection.
func (q *Request) list(collection Name) (any, error) {
	k := collection.Kind
	if k.Read.List != nil {
		return k.Read.List(q, collection)
	}
	if k.Read.Items == "" {
		return nil, ErrNoMethod
	}
	for _, name := range []string{"filter", "location", "parent", "scope"} {
		if q.Query.Get(name) != "" {
			return nil, Invalid("The emulator does not filter %s: leave %s out.", k.Read.Items, name)
		}
	}
	if q.Query.Get("orderBy") != "" {
		return nil, Invalid("The emulator does not sort %s: leave orderBy out.", k.Read.Items)
	}
	var items []any
	for _, n := range q.Listed(collection) {
		items = append(items, q.shown(n, q.Get(n)))
	}
	return q.Page(k.Read.Items, items)
}

// shown returns what a client sees of a stored document.
func (q *Request) shown(n Name, document map[string]any) map[string]any {
	if n.Kind.Read.Show != nil {
		document = n.Kind.Read.Show(q, n, document)
	}
	return n.Kind.Translation.Outward(document)
}

// Children returns the names of the resources in a collection, sorted.
func (q *Request) Children(collection Name) []Name {
	var names []Name
	prefix := collection.Key() + "/"
	for _, key := range q.Tx.List(prefix) {
		if id := key[len(prefix):]; !strings.Contains(id, "/") {
			names = append(names, collection.Child(id))
		}
	}
	return names
}

// Listed returns the names of the resources in a collection that a list shows, in the list's order.
func (q *Request) Listed(collection Name) []Name {
	k := collection.Kind
	names := slices.DeleteFunc(q.Children(collection), func(n Name) bool {
		document := q.Get(n)
		return document == nil || k.isDeleted(document) && q.Query.Get("showDeleted") != "true"
	})
	if k.Read.NewestFirst { // resources of the same moment are sorted by name, the last one first
		slices.SortFunc(names, func(a, b Name) int {
			created := func(n Name) string { return doc.Text(q.Get(n), k.Stamps.Created) }
			return cmp.Or(strings.Compare(created(b), created(a)), strings.Compare(b.ID(), a.ID()))
		})
	}
	return names
}

// Page answers with the page of a list that the request asks for. Older APIs call the size maxResults.
func (q *Request) Page(field string, items []any) (map[string]any, error) {
	page, next, err := Page(items, cmp.Or(q.Query.Get("pageSize"), q.Query.Get("maxResults")), q.Query.Get("pageToken"))
	if err != nil {
		return nil, err
	}
	answer := map[string]any{}
	if len(page) > 0 {
		answer[field] = page
	}
	if next != "" {
		answer["nextPageToken"] = next
	}
	return answer, nil
}

// Page returns a part of the items and the token of the next page. The token is the position of the next page's first item, or ""
// after the last page.
func Page(items []any, pageSize, token string) (page []any, next string, err error) {
	size, start := 100, 0
	if pageSize != "" {
		n, err := strconv.Atoi(pageSize)
		if err != nil || n < 0 {
			return nil, "", Invalid("Invalid page size: %s", pageSize)
		}
		if n > 0 {
			size = min(n, 1000)
		}
	}
	if token != "" {
		n, err := strconv.Atoi(token)
		if err != nil || n < 0 || n > len(items) {
			return nil, "", Invalid("Invalid page token: %s", token)
		}
		start = n
	}
	end := min(start+size, len(items))
	if end < len(items) {
		next = strconv.Itoa(end)
	}
	return items[start:end], next, nil
}
