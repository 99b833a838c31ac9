package cloud

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud/schema"
)

func (q *request) create(collection name) (any, error) {
	k := collection.kind
	if k.message == "" || k.prepare == nil {
		return nil, errNoMethod
	}
	id, body, err := q.newResource(k)
	if err != nil {
		return nil, err
	}
	c := &change{request: q, name: collection}
	if c.new, err = schema.Normalize(k.message, k.body, body); err != nil {
		return nil, err
	}
	c.new = k.inbound(c.new)
	delete(c.new, "name")
	if id == "" && k.newID != nil {
		id = k.newID(c)
	}
	if !k.id.MatchString(id) {
		return nil, invalid(k.idFix, id)
	}
	if k.rename != nil {
		id = k.rename(q, collection, id)
	}
	c.name = collection.child(strings.ReplaceAll(id, "/", "%2F"))
	if there := q.get(c.name); there != nil {
		return nil, k.taken(c.name, there)
	}
	if err := q.drop(c.name); err != nil { // what is left of a purged resource of the same name
		return nil, err
	}
	return c.save("create")
}

// newResource takes the id and the resource out of a create request.
func (q *request) newResource(k *kind) (id string, body map[string]any, err error) {
	switch {
	case k.create != "":
		envelope, err := schema.Normalize(k.create, "", q.body)
		if err != nil {
			return "", nil, err
		}
		body = object(envelope, k.body)
		if body == nil {
			body = map[string]any{}
		}
		return text(envelope, k.idParam), body, nil
	case k.idParam == "name":
		return text(q.body, "name"), q.body, nil
	}
	if k.idParam == "" && text(q.body, "name") != "" && k.newID == nil {
		return "", nil, invalid("Resource name must not be set.")
	}
	return q.query.Get(k.idParam), q.body, nil
}

// update is PATCH, or PUT where the API has that.
func (q *request) update(n name) (any, error) {
	k := n.kind
	if k.prepare == nil {
		return nil, errNoMethod
	}
	old := q.get(n)
	if old == nil && (k.put || k.host == runHost && q.query.Get("allowMissing") == "true") {
		c := &change{request: q, name: n}
		var err error
		if c.new, err = schema.Normalize(k.message, k.body, q.body); err != nil {
			return nil, err
		}
		c.new = k.inbound(c.new)
		return c.save("create")
	}
	if old == nil {
		return nil, k.missing(n)
	}
	body, mask := q.body, q.query.Get("updateMask")
	if k.update != "" {
		envelope, err := schema.Normalize(k.update, "", body)
		if err != nil {
			return nil, err
		}
		mask, body = text(envelope, "updateMask"), object(envelope, k.body)
	}
	patch, err := schema.Normalize(k.message, k.body, body)
	if err != nil {
		return nil, err
	}
	if err := checkEtag(k, old, patch); err != nil {
		return nil, err
	}
	c := &change{request: q, name: n, old: old}
	if c.new, err = masked(k, k.outbound(old), patch, mask); err != nil {
		return nil, err
	}
	c.new = k.inbound(c.new)
	for _, field := range k.immutable {
		if !same(old[field], c.new[field]) {
			return nil, invalid("Field '%s' is immutable.", schema.Snake(field))
		}
	}
	return c.save("update")
}

func checkEtag(k *kind, old, patch map[string]any) error {
	if given := text(patch, "etag"); k.etag != "" && given != "" && given != text(old, k.etag) {
		return aborted("The etag provided in the request (%s) does not match the resource's current etag (%s). Read the resource again "+
			"and decide anew.", given, text(old, k.etag))
	}
	return nil
}

// masked is old with the patch's fields in place of those the mask names.
func masked(k *kind, old, patch map[string]any, mask string) (map[string]any, error) {
	fresh := maps.Clone(old)
	if mask == "" {
		switch k.mask {
		case maskRequired:
			return nil, invalid("Request must contain a valid update mask: update_mask is required.")
		case maskReplaces:
			mask = "*"
		case maskMerges:
			maps.Copy(fresh, patch)
			return fresh, nil
		}
	}
	if mask == "*" {
		fresh = maps.Clone(patch)
		for field, value := range old {
			if _, output, found := schema.MaskPath(k.message, field); output || !found || field == "name" || field == k.created || field == k.etag {
				fresh[field] = value
			}
		}
		return fresh, nil
	}
	for _, path := range strings.Split(mask, ",") {
		path = strings.TrimSpace(path)
		if own, found := k.maskNames[path]; found {
			path = own
		}
		fields, output, found := schema.MaskPath(k.message, path)
		if !found {
			return nil, invalid("Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), \"%s\"", path)
		}
		if output || fields[0] == "name" || fields[0] == "etag" {
			continue
		}
		fresh = assign(fresh, fields, at(patch, fields...))
	}
	return fresh, nil
}

// assign returns the document with value at the path, or without the path for nil. The original is left as it is.
func assign(document map[string]any, path []string, value any) map[string]any {
	fresh := maps.Clone(document)
	if fresh == nil {
		fresh = map[string]any{}
	}
	if len(path) > 1 {
		value = assign(object(document, path[0]), path[1:], value)
	}
	if value == nil {
		delete(fresh, path[0])
	} else {
		fresh[path[0]] = value
	}
	return fresh
}

// save completes, checks and stores change.new.
func (c *change) save(method string) (any, error) {
	k := c.name.kind
	if k.idParam != "name" {
		c.new["name"] = c.name.shown()
	}
	if k.created != "" && c.old == nil {
		c.new[k.created] = timestamp(c.now)
	}
	if k.updated != "" {
		c.new[k.updated] = timestamp(c.now)
	}
	if k.etag != "" {
		delete(c.new, k.etag)
	}
	if err := k.prepare(c); err != nil {
		return nil, err
	}
	if k.etag != "" {
		c.new[k.etag] = newEtag(c.cloud)
	}
	if err := c.tx.Put(c.name.key(), c.new); err != nil {
		return nil, err
	}
	if k.finish != nil {
		return k.finish(c, method)
	}
	return c.answer(method, c.new)
}

// answer wraps a document into an operation where the method answers one.
func (c *change) answer(method string, document map[string]any) (any, error) {
	if !slices.Contains(c.name.kind.operations, method) {
		return c.name.kind.outbound(document), nil
	}
	return c.newOperation(method, c.now.Add(c.operationDelay()), document, nil)
}

func (q *request) delete(n name) (any, error) {
	k := n.kind
	if k.prepare == nil {
		return nil, errNoMethod
	}
	c := &change{request: q, name: n, old: q.get(n)}
	if c.old == nil {
		return nil, k.missing(n)
	}
	if err := checkEtag(k, c.old, map[string]any{"etag": q.query.Get("etag")}); err != nil {
		return nil, err
	}
	if k.remove != nil {
		soft, err := k.remove(c)
		if err != nil {
			return nil, err
		}
		if soft != nil {
			if err := q.tx.Put(n.key(), soft); err != nil {
				return nil, err
			}
			return c.answer("delete", soft)
		}
	}
	if err := q.drop(n); err != nil {
		return nil, err
	}
	answer := map[string]any{}
	if k.host == runHost { // Cloud Run answers what was deleted, others nothing
		answer = maps.Clone(c.old)
		answer["deleteTime"] = timestamp(q.now)
	}
	return c.answer("delete", answer)
}

// list answers one page. The token is the position of the next item.
func (q *request) list(collection name) (any, error) {
	k := collection.kind
	if k.listField == "" {
		return nil, errNoMethod
	}
	if q.query.Get("filter") != "" {
		return nil, invalid("The emulator does not filter %s: leave filter out.", k.listField)
	}
	var items []any
	for _, n := range q.children(collection) {
		document := q.get(n)
		if document == nil || k.hidden != nil && k.hidden(document) && q.query.Get("showDeleted") != "true" {
			continue
		}
		items = append(items, k.outbound(document))
	}
	return q.page(k.listField, items)
}

func (q *request) page(field string, items []any) (any, error) {
	size, start := 100, 0
	if s := q.query.Get("pageSize"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return nil, invalid("Invalid page size: %s", s)
		}
		if n > 0 {
			size = min(n, 1000)
		}
	}
	if token := q.query.Get("pageToken"); token != "" {
		n, err := strconv.Atoi(token)
		if err != nil || n < 0 || n > len(items) {
			return nil, invalid("Invalid page token: %s", token)
		}
		start = n
	}
	answer := map[string]any{}
	end := min(start+size, len(items))
	if end > start {
		answer[field] = items[start:end]
	}
	if end < len(items) {
		answer["nextPageToken"] = strconv.Itoa(end)
	}
	return answer, nil
}
