package rest

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// Get returns the document of that name, or nil if it does not exist or is purged.
func (q *Request) Get(n Name) map[string]any {
	document := q.Tx.Get(n.Key())
	if document != nil && n.Kind.isPurged(q, n, document) {
		return nil
	}
	return document
}

// Put stores a document under its name without changing it.
func (q *Request) Put(n Name, document map[string]any) error { return q.Tx.Put(n.Key(), document) }

// drop removes a resource, its IAM policy, its annexes, and every resource below it.
func (q *Request) drop(n Name) error {
	for _, prefix := range append([]string{"", policyPrefix}, n.Kind.Annexes...) {
		for _, key := range append(q.Tx.List(prefix+n.Key()+"/"), prefix+n.Key()) {
			if err := q.Tx.Delete(key); err != nil {
				return err
			}
			if err := q.Tx.DeleteSecret(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// create answers a POST to a collection.
func (q *Request) create(collection Name) (any, error) {
	k := collection.Kind
	if k.Create == nil {
		return nil, ErrNoMethod
	}
	if k.Create.Request != "" {
		resource, request, err := k.unwrap(k.Create.Request, q.Body)
		if err != nil {
			return nil, err
		}
		return q.Create(collection, doc.Text(request, k.Create.IDParam), resource)
	}
	id := q.Query.Get(k.Create.IDParam)
	if k.Create.IDInBody {
		id = doc.Text(q.Body, "name")
	}
	return q.Create(collection, id, q.Body)
}

// Create makes a resource in the collection. body has the form that a client sends. If id is "", the API chooses the id.
func (q *Request) Create(collection Name, id string, body map[string]any) (any, error) {
	k := collection.Kind
	wanted, err := k.normalize(body)
	if err != nil {
		return nil, err
	}
	c := &Change{Request: q, Name: collection, New: doc.Without(k.Translation.Inward(wanted), "name")}
	if id == "" && k.Create.NewID != nil {
		id = k.Create.NewID(c)
	}
	if k.Create.ID != nil && !k.Create.ID.MatchString(id) {
		return nil, k.Create.BadID.about(collection, id)
	}
	given := id
	if k.Names.Rename != nil {
		id = k.Names.Rename(q, collection, id)
	}
	c.Name = collection.Child(strings.ReplaceAll(id, "/", "%2F"))
	if there := q.Get(c.Name); there != nil {
		return nil, k.taken(c.Name, there, given)
	}
	if err := q.drop(c.Name); err != nil { // removes the rest of a purged resource of the same name
		return nil, err
	}
	return c.Save()
}

// whole is the update mask of a method that takes no mask: a PUT replaces the whole resource.
var whole = map[string]string{http.MethodPut: "*"}

// update answers a PATCH or a PUT.
func (q *Request) update(n Name) (any, error) {
	k := n.Kind
	if k.Update == nil {
		return nil, ErrNoMethod
	}
	if q.Get(n) == nil {
		// Only a method that can create has the parameter allowMissing.
		if q.Query.Get("allowMissing") != "true" && !(q.Method == http.MethodPut && k.Update.PutCreates) {
			return nil, n.Missing()
		}
		wanted, err := k.normalize(q.Body)
		if err != nil {
			return nil, err
		}
		return (&Change{Request: q, Name: n, New: k.Translation.Inward(wanted)}).Save()
	}
	if q.Method == http.MethodPut || k.Update.Request == "" {
		return q.Update(n, q.Body, cmp.Or(q.Query.Get("updateMask"), whole[q.Method]))
	}
	resource, request, err := k.unwrap(k.Update.Request, q.Body)
	if err != nil {
		return nil, err
	}
	return q.Update(n, resource, doc.Text(request, "updateMask"))
}

// Update changes the fields of a resource that the mask names. body holds the new values, in the form that a client sends.
func (q *Request) Update(n Name, body map[string]any, mask string) (any, error) {
	k, old := n.Kind, q.Get(n)
	if old == nil {
		return nil, n.Missing()
	}
	patch, err := k.normalize(body)
	if err != nil {
		return nil, err
	}
	c := &Change{Request: q, Name: n, Old: old}
	if err := c.CheckEtag(doc.Text(patch, "etag")); err != nil {
		return nil, err
	}
	wanted, err := k.masked(k.Translation.Outward(old), patch, mask)
	if err != nil {
		return nil, err
	}
	c.New = k.Translation.Inward(wanted)
	for _, field := range k.Update.Immutable {
		if !doc.Equal(old[field], c.New[field]) {
			return nil, Invalid("Field '%s' is immutable.", schema.Snake(field))
		}
	}
	return c.Save()
}

// Delete removes a resource. Some kinds only mark it as deleted. etag is the etag that the client expects; "" accepts any.
func (q *Request) Delete(n Name, etag string) (any, error) {
	k := n.Kind
	if k.Delete == nil {
		return nil, ErrNoMethod
	}
	c := &Change{Request: q, Name: n, Old: q.Get(n)}
	if c.Old == nil {
		return nil, n.Missing()
	}
	err := c.CheckEtag(etag)
	if err == nil && k.Delete.Before != nil {
		err = k.Delete.Before(c)
	}
	if err != nil {
		return nil, err
	}
	if c.New == nil {
		err = q.drop(n)
	} else {
		err = q.Put(n, c.New)
	}
	if err != nil {
		return nil, err
	}
	return c.finish("delete")
}
