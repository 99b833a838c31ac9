package rest

import "strconv"

// list answers with the resources of a collection.
func (q *Request) list(collection Name) (any, error) {
	k := collection.Kind
	if k.ListField == "" {
		return nil, ErrNoMethod
	}
	if q.Query.Get("filter") != "" {
		return nil, Invalid("The emulator does not filter %s: leave filter out.", k.ListField)
	}
	var items []any
	for _, n := range q.Children(collection) {
		document := q.Get(n)
		if document == nil || k.Hidden != nil && k.Hidden(document) && q.Query.Get("showDeleted") != "true" {
			continue
		}
		items = append(items, k.Outbound(document))
	}
	return q.Page(k.ListField, items)
}

// Page answers with the page of a list that the request asks for.
func (q *Request) Page(field string, items []any) (any, error) {
	page, next, err := Page(items, q.Query.Get("pageSize"), q.Query.Get("pageToken"))
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
