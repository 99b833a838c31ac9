package rest

import (
	"slices"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// Change is the change of one resource by one request.
type Change struct {
	*Request
	// Name is the name of the resource that changes.
	Name Name
	// Old is the stored document, nil on creation. New is the document to store, nil on deletion.
	Old, New map[string]any
}

// CheckEtag refuses the change if the client expects another etag than the current one. "" accepts any.
func (c *Change) CheckEtag(given string) error {
	field := c.Name.Kind.Stamps.Etag
	if current := doc.Text(c.Old, field); field != "" && given != "" && given != current {
		return Aborted("The etag provided in the request (%s) does not match the resource's current etag (%s). Read the resource again and "+
			"decide anew.", given, current)
	}
	return nil
}

// Save completes, checks and stores the new document of a change, and returns the answer to the request.
func (c *Change) Save() (any, error) {
	k, stamps, method := c.Name.Kind, c.Name.Kind.Stamps, "update"
	c.New["name"] = c.Name.Shown()
	if c.Old == nil {
		method = "create"
		c.stamp(stamps.Created)
	}
	c.stamp(stamps.Updated)
	delete(c.New, stamps.Etag)
	if k.Prepare != nil {
		if err := k.Prepare(c); err != nil {
			return nil, err
		}
	}
	if stamps.Etag != "" {
		c.New[stamps.Etag] = c.IDs.Etag()
	}
	if err := c.Put(c.Name, c.New); err != nil {
		return nil, err
	}
	return c.finish(method)
}

// stamp sets a field to the time of the change.
func (c *Change) stamp(field string) {
	if field != "" {
		c.New[field] = Timestamp(c.Now)
	}
}

// finish returns the answer to a create, update or delete.
func (c *Change) finish(method string) (any, error) {
	if c.Name.Kind.Finish != nil {
		return c.Name.Kind.Finish(c, method)
	}
	return c.Answer(method, c.Result())
}

// Result returns what the answer to a create, update or delete shows. It is the new document. After a deletion, it is the deleted one
// with the time of its deletion, or nothing.
func (c *Change) Result() map[string]any {
	field := c.Name.Kind.Stamps.Deleted
	switch {
	case c.New != nil:
		return c.New
	case field != "":
		return doc.With(c.Old, Timestamp(c.Now), field)
	}
	return map[string]any{}
}

// Answer returns the document, or an operation that ends with it if the method answers with an operation.
func (c *Change) Answer(method string, document map[string]any) (any, error) {
	if !slices.Contains(c.Name.Kind.Operations.Methods, method) {
		return c.Name.Kind.Translation.Outward(document), nil
	}
	return c.Operation(method, c.Now.Add(c.OperationDelay()), document, nil)
}
