package cloud

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Operations are kept for a while after they have ended, as the APIs do, so that a client can read one it polled.
const operationsKept = time.Hour

const operationPrefix = "operation:"

// newOperation answers the method as an operation that ends at doneAt. failure is its error, nil when it succeeds.
func (c *change) newOperation(method string, doneAt time.Time, response map[string]any, failure *Error) (any, error) {
	k := c.name.kind
	place := c.name.shown()
	if k.host == runHost || k.host == "artifactregistry.googleapis.com" {
		place = strings.Join(c.name.segments[:4], "/")
	}
	return c.recordOperation(k.prefix, place+"/operations/"+c.cloud.uuid(), doneAt, k.typeURL, method == "delete" && len(response) == 0,
		response, failure)
}

func (q *request) recordOperation(prefix, operationName string, doneAt time.Time, typeURL string, empty bool, response map[string]any,
	failure *Error) (any, error) {
	operation := map[string]any{"name": operationName, "done": true}
	switch {
	case failure != nil:
		operation["error"] = map[string]any{"code": grpcCodes[failure.Status], "message": failure.Message}
	case empty:
		operation["response"] = map[string]any{"@type": "type.googleapis.com/google.protobuf.Empty"}
	default:
		body := map[string]any{"@type": "type.googleapis.com/" + typeURL}
		for field, value := range response {
			body[field] = value
		}
		operation["response"] = body
	}
	for _, key := range q.tx.List(operationPrefix) {
		if ended, err := time.Parse(time.RFC3339Nano, text(q.tx.Get(key), "doneAt")); err == nil && q.now.Sub(ended) > operationsKept {
			if _, err := q.tx.Delete(key); err != nil {
				return nil, err
			}
		}
	}
	err := q.tx.Put(operationPrefix+prefix+"/"+operationName, store.Document{"doneAt": timestamp(doneAt), "operation": operation})
	return visible(operation, doneAt, q.now), err
}

// visible is the operation as a client sees it at now: without its outcome while it runs.
func visible(operation map[string]any, doneAt, now time.Time) map[string]any {
	if now.Before(doneAt) {
		return map[string]any{"name": operation["name"]}
	}
	return operation
}

// operation answers the read of one operation, and Cloud Run's wait for one.
func (q *request) operation(prefix, operationName, verb string) (any, error) {
	if q.method != http.MethodGet && !(verb == "wait" && q.method == http.MethodPost) || q.method == http.MethodGet && verb != "" {
		return nil, errNoMethod
	}
	document := q.tx.Get(operationPrefix + prefix + "/" + operationName)
	if document == nil {
		if p, id, found := strings.Cut(strings.TrimPrefix(operationName, "projects/"), "/"); found {
			if project, found := findProject(q.tx, p); found { // an operation's name may carry the number or the id
				for _, form := range []string{project.id, project.number} {
					if document == nil {
						document = q.tx.Get(operationPrefix + prefix + "/projects/" + form + "/" + id)
					}
				}
			}
		}
	}
	if document == nil {
		return nil, notFound("Operation %s was not found.", operationName)
	}
	doneAt, err := time.Parse(time.RFC3339Nano, text(document, "doneAt"))
	if err != nil {
		return nil, err
	}
	return visible(object(document, "operation"), doneAt, q.now), nil
}

// grpcCodes are the canonical codes' numbers, as operations carry them.
var grpcCodes = map[string]int{"INVALID_ARGUMENT": 3, "NOT_FOUND": 5, "ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7,
	"FAILED_PRECONDITION": 9, "ABORTED": 10, "UNIMPLEMENTED": 12, "INTERNAL": 13}

func newEtag(c *Cloud) string { return base64.StdEncoding.EncodeToString(c.random(12)) }

// same compares two JSON values.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
