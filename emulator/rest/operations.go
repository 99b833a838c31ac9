package rest

import (
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Operations are kept for a while after they have ended, as in the real APIs, so that a client that polls one can read it.
const operationsKept = time.Hour

const operationPrefix = "operation:"

// OperationDelay returns how long the operation of this request runs.
func (q *Request) OperationDelay() time.Duration {
	return max(q.server.options.OperationDelay, q.Disturbance.OperationDelay)
}

// Outcome is the end of an operation: a failure, or a response with its type. Without a response it is google.protobuf.Empty.
type Outcome struct {
	// Failure is the error with which the operation ends; nil for success.
	Failure *Error
	// TypeURL is the response's type, type.googleapis.com/MESSAGE.
	TypeURL  string
	Response map[string]any
	// Metadata has the same type as the response, and is there while the operation runs as well. Most operations have no
	// metadata.
	Metadata map[string]any
}

// put writes the outcome into an operation.
func (o Outcome) put(operation map[string]any) {
	operation["done"] = true
	if o.Metadata != nil {
		metadata := map[string]any{"@type": "type.googleapis.com/" + o.TypeURL}
		maps.Copy(metadata, o.Metadata)
		operation["metadata"] = metadata
	}
	if o.Failure != nil {
		operation["error"] = map[string]any{"code": grpcCodes[o.Failure.Status], "message": o.Failure.Message}
		return
	}
	kind := o.TypeURL
	if o.Response == nil {
		kind = "google.protobuf.Empty"
	}
	response := map[string]any{"@type": "type.googleapis.com/" + kind}
	maps.Copy(response, o.Response)
	operation["response"] = response
}

// Operation answers with an operation that ends at doneAt. failure is its error, nil if it succeeds.
func (c *Change) Operation(method string, doneAt time.Time, response map[string]any, failure *Error) (map[string]any, error) {
	k, place := c.Name.Kind, c.Name.Shown()
	if k.api.OperationsInLocation {
		place = strings.Join(c.Name.Segments[:4], "/")
	}
	if method == "delete" && len(response) == 0 {
		response = nil
	}
	outcome := Outcome{Failure: failure, TypeURL: k.Operations.Type, Response: response}
	return c.RecordOperation(k, place+"/operations/"+c.IDs.UUID(), doneAt, outcome)
}

// RecordOperation stores an operation of a kind's API under a name that the caller chooses.
func (q *Request) RecordOperation(k *Kind, name string, doneAt time.Time, outcome Outcome) (map[string]any, error) {
	operation := map[string]any{"name": name}
	outcome.put(operation)
	for _, key := range q.Tx.List(operationPrefix) {
		if ended, err := time.Parse(time.RFC3339Nano, doc.Text(q.Tx.Get(key), "doneAt")); err == nil && q.Now.Sub(ended) > operationsKept {
			if err := q.Tx.Delete(key); err != nil {
				return nil, err
			}
		}
	}
	err := q.Tx.Put(operationKey(k.api, name), store.Document{"doneAt": Timestamp(doneAt), "operation": operation})
	return visible(operation, doneAt, q.Now), err
}

// EndOperation ends an operation of a kind's API now. It does nothing if the operation is already forgotten.
func (q *Request) EndOperation(k *Kind, name string, outcome Outcome) error {
	key := operationKey(k.api, name)
	if !q.Tx.Has(key) {
		return nil
	}
	operation := map[string]any{"name": name}
	outcome.put(operation)
	return q.Tx.Put(key, store.Document{"doneAt": Timestamp(q.Now), "operation": operation})
}

func operationKey(api *API, name string) string { return operationPrefix + api.Prefix + "/" + name }

// visible returns the operation as a client sees it at the time now. While it runs, its outcome is left out.
func visible(operation map[string]any, doneAt, now time.Time) map[string]any {
	if now.Before(doneAt) {
		running := map[string]any{"name": operation["name"]}
		if metadata := operation["metadata"]; metadata != nil {
			running["metadata"] = metadata
		}
		return running
	}
	return operation
}

// operation answers a read of one operation, or a wait for one, which Cloud Run has.
func (q *Request) operation(api *API, name, verb string) (any, error) {
	if q.Method != http.MethodGet && verb != "wait" {
		return nil, ErrNoMethod
	}
	document := q.stored(api, name)
	if document == nil {
		return nil, NotFound("Operation %s was not found.", name)
	}
	doneAt, err := time.Parse(time.RFC3339Nano, doc.Text(document, "doneAt"))
	if err != nil {
		return nil, err
	}
	return visible(doc.Object(document, "operation"), doneAt, q.Now), nil
}

// stored returns the document of an operation, or nil. The operation's name may contain the project's number or its id.
func (q *Request) stored(api *API, name string) store.Document {
	names := []string{name}
	if given, rest, inProject := strings.Cut(strings.TrimPrefix(name, "projects/"), "/"); inProject {
		if project, found := q.Project(given); found {
			names = append(names, "projects/"+project.ID+"/"+rest, "projects/"+project.Number+"/"+rest)
		}
	}
	for _, one := range names {
		if document := q.Tx.Get(operationKey(api, one)); document != nil {
			return document
		}
	}
	return nil
}

// grpcCodes maps the canonical codes to the numbers that operations carry.
var grpcCodes = map[string]int{"INVALID_ARGUMENT": 3, "NOT_FOUND": 5, "ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7, "FAILED_PRECONDITION": 9,
	"ABORTED": 10, "UNIMPLEMENTED": 12, "INTERNAL": 13}
