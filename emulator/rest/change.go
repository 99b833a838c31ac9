package rest

import (
	"slices"
)

// Change is the change of one resource by one request.
type Change struct {
	*Request
	Name Name
	// Old is the stored document, nil on creation. New is the document to store, nil on deletion.
	Old, New map[string]any
}

// Save completes, checks and stores the new document of a change, and returns the answer to the request.
func (c *Change) Save() (any, error) {
	k, method := c.Name.Kind, "update"
	if c.Old == nil {
		method = "create"
	}
	if k.IDParam != "name" {
		c.New["name"] = c.Name.Shown()
	}
	if k.Created != "" && c.Old == nil {
		c.New[k.Created] = Timestamp(c.Now)
	}
	if k.Updated != "" {
		c.New[k.Updated] = Timestamp(c.Now)
	}
	if k.Etag != "" {
		delete(c.New, k.Etag)
	}
	if err := k.Prepare(c); err != nil {
		return nil, err
	}
	if k.Etag != "" {
		c.New[k.Etag] = c.IDs.Etag()
	}
	if err := c.Put(c.Name, c.New); err != nil {
		return nil, err
	}
	if k.Finish != nil {
		return k.Finish(c, method)
	}
	return c.Answer(method, c.New)
}

// Answer returns the document, or an operation that ends with it if the method answers with an operation.
func (c *Change) Answer(method string, document map[string]any) (any, error) {
	if !slices.Contains(c.Name.Kind.Operations, method) {
		return c.Name.Kind.Outbound(document), nil
	}
	return c.Operation(method, c.Now.Add(c.OperationDelay()), document, nil)
}
