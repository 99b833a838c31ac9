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
	if document != nil && n.Kind.Gone != nil && n.Kind.Gone(q, n, document) {
		return nil
	}
	return document
}

// Put stores a document under its name without changing it.
func (q *Request) Put(n Name, document map[string]any) error { return q.Tx.Put(n.Key(), document) }

// Children returns the sorted names of the resources in a collection.
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

// drop removes a resource, its IAM policy, the documents kept beside it, and every resource below it.
func (q *Request) drop(n Name) error {
	for _, prefix := range append([]string{"", policyPrefix}, n.Kind.Beside...) {
		for _, key := range append(q.Tx.List(prefix+n.Key()+"/"), prefix+n.Key()) {
			if _, err := q.Tx.Delete(key); err != nil {
				return err
			}
			if err := q.Tx.DeleteSecret(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// read answers with the document of a resource.
func (q *Request) read(n Name) (any, error) {
	document := q.Get(n)
	if document == nil {
		return nil, n.Kind.Missing(n)
	}
	return n.Kind.Outbound(document), nil
}

// create answers a POST to a collection.
func (q *Request) create(collection Name) (any, error) {
	if collection.Kind.Message == "" || collection.Kind.Prepare == nil {
		return nil, ErrNoMethod
	}
	id, body, err := q.newResource(collection.Kind)
	if err != nil {
		return nil, err
	}
	return q.Create(collection, id, body)
}

// newResource reads the id and the resource from a create request.
func (q *Request) newResource(k *Kind) (id string, body map[string]any, err error) {
	switch {
	case k.CreateRequest != "":
		envelope, err := schema.Normalize(k.api.Schema+":"+k.CreateRequest, "", q.Body)
		if err != nil {
			return "", nil, err
		}
		return doc.Text(envelope, k.IDParam), doc.Object(envelope, k.Body), nil
	case k.IDParam == "name":
		return doc.Text(q.Body, "name"), q.Body, nil
	case k.IDParam == "" && doc.Text(q.Body, "name") != "" && k.NewID == nil:
		return "", nil, Invalid("Resource name must not be set.")
	}
	return q.Query.Get(k.IDParam), q.Body, nil
}

// Create makes a resource in the collection. body has the form that a client sends. If id is "", the API chooses the id.
func (q *Request) Create(collection Name, id string, body map[string]any) (any, error) {
	k := collection.Kind
	wanted, err := k.normalize(body)
	if err != nil {
		return nil, err
	}
	c := &Change{Request: q, Name: collection, New: doc.Without(k.Inbound(wanted), "name")}
	if id == "" && k.NewID != nil {
		id = k.NewID(c)
	}
	if !k.ID.MatchString(id) {
		return nil, Invalid(k.IDFix, id)
	}
	if k.Rename != nil {
		id = k.Rename(q, collection, id)
	}
	c.Name = collection.Child(strings.ReplaceAll(id, "/", "%2F"))
	if there := q.Get(c.Name); there != nil {
		return nil, k.Taken(c.Name, there)
	}
	if err := q.drop(c.Name); err != nil { // removes the rest of a purged resource of the same name
		return nil, err
	}
	return c.Save()
}

// whole is the update mask of a method that takes no mask: a PUT replaces the whole resource.
var whole = map[string]string{http.MethodPut: "*"}

// update answers a PATCH or a PUT. The API's description says which of them the API has.
func (q *Request) update(n Name) (any, error) {
	k := n.Kind
	if k.Prepare == nil {
		return nil, ErrNoMethod
	}
	switch there := q.Get(n) != nil; {
	case !there && (q.Method == http.MethodPut && k.PutCreates || k.AllowMissing && q.Query.Get("allowMissing") == "true"):
		wanted, err := k.normalize(q.Body)
		if err != nil {
			return nil, err
		}
		return (&Change{Request: q, Name: n, New: k.Inbound(wanted)}).Save()
	case !there:
		return nil, k.Missing(n)
	}
	if k.UpdateRequest == "" {
		return q.Update(n, q.Body, cmp.Or(q.Query.Get("updateMask"), whole[q.Method]))
	}
	envelope, err := schema.Normalize(k.api.Schema+":"+k.UpdateRequest, "", q.Body)
	if err != nil {
		return nil, err
	}
	return q.Update(n, doc.Object(envelope, k.Body), doc.Text(envelope, "updateMask"))
}

// Update changes the fields of a resource that the mask names. body holds the new values, in the form that a client sends.
func (q *Request) Update(n Name, body map[string]any, mask string) (any, error) {
	k, old := n.Kind, q.Get(n)
	if old == nil {
		return nil, k.Missing(n)
	}
	patch, err := k.normalize(body)
	if err != nil {
		return nil, err
	}
	if err := checkEtag(k, old, doc.Text(patch, "etag")); err != nil {
		return nil, err
	}
	wanted, err := masked(k, k.Outbound(old), patch, mask)
	if err != nil {
		return nil, err
	}
	c := &Change{Request: q, Name: n, Old: old, New: k.Inbound(wanted)}
	for _, field := range k.Immutable {
		if !doc.Equal(old[field], c.New[field]) {
			return nil, Invalid("Field '%s' is immutable.", schema.Snake(field))
		}
	}
	return c.Save()
}

// Delete removes a resource. Some kinds only mark it as deleted. etag is the etag that the client expects; "" accepts any.
func (q *Request) Delete(n Name, etag string) (any, error) {
	k := n.Kind
	if k.Prepare == nil {
		return nil, ErrNoMethod
	}
	c := &Change{Request: q, Name: n, Old: q.Get(n)}
	if c.Old == nil {
		return nil, k.Missing(n)
	}
	if err := checkEtag(k, c.Old, etag); err != nil {
		return nil, err
	}
	if k.Remove != nil {
		soft, err := k.Remove(c)
		if err != nil {
			return nil, err
		}
		if soft != nil {
			if err := q.Put(n, soft); err != nil {
				return nil, err
			}
			return c.Answer("delete", soft)
		}
	}
	if err := q.drop(n); err != nil {
		return nil, err
	}
	answer := map[string]any{}
	if k.Deleted != nil {
		var err error
		if answer, err = k.Deleted(c); err != nil {
			return nil, err
		}
	}
	return c.Answer("delete", answer)
}
