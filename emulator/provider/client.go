package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/guard"
	"github.com/guiofsaints/procureflow-platform/internal/wait"
)

// client calls the emulated cloud.
type client struct {
	base string
	http *http.Client
	// wait pauses between polls. Tests replace it to avoid waiting.
	wait func(ctx context.Context, d time.Duration) error
	// locks holds a *sync.Mutex for each resource that several requests read, change and write back.
	locks sync.Map
}

// lock waits until no other request changes the same resource. unlock lets the next request go on.
func (c *client) lock(path string) (unlock func()) {
	mutex, _ := c.locks.LoadOrStore(path, &sync.Mutex{})
	mutex.(*sync.Mutex).Lock()
	return mutex.(*sync.Mutex).Unlock
}

// newClient returns a client for the cloud at base. It sends the token, if there is one.
func newClient(base, token string) *client {
	client := &client{base: strings.TrimRight(base, "/"), http: &http.Client{}, wait: wait.For}
	if token != "" {
		client.http = guard.Client(base, token)
	}
	client.http.Timeout = 2 * time.Minute
	return client
}

// apiError is a refusal by the API. Its text is that of the official providers' clients.
type apiError struct {
	code            int
	status, message string
	github          bool
	method, path    string
}

// legacyReason maps a status to the word for it in the errors of the older APIs' client. People search for these words.
var legacyReason = map[string]string{
	"ALREADY_EXISTS": "alreadyExists", "NOT_FOUND": "notFound", "PERMISSION_DENIED": "forbidden", "ABORTED": "aborted",
	"INVALID_ARGUMENT": "badRequest", "FAILED_PRECONDITION": "failedPrecondition",
}

func (e *apiError) Error() string {
	if e.github {
		return fmt.Sprintf("%s %s: %d %s", e.method, e.path, e.code, e.message)
	}
	text := fmt.Sprintf("googleapi: Error %d: %s", e.code, e.message)
	if reason := legacyReason[e.status]; reason != "" {
		text += ", " + reason
	}
	return text
}

// worded wraps an error in the official provider's words. They begin with a capital letter, against Go's custom, because people
// search for them.
func worded(err error, format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, err)...)
}

func hasCode(err error, codes ...int) bool {
	var refused *apiError
	return errors.As(err, &refused) && slices.Contains(codes, refused.code)
}

func notFound(err error) bool { return hasCode(err, http.StatusNotFound) }

// do sends one request. An error never contains a body, because it may hold secrets. The answer may be empty. If it is a list,
// the list is in the field items.
func (c *client) do(ctx context.Context, method, path string, body any) (map[string]any, error) {
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: the body is not JSON: %w", method, path, err)
		}
		content = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s %s: %w", method, path, context.Cause(ctx))
	case err != nil:
		return nil, fmt.Errorf("the emulated cloud does not answer: %w; start it with: go run ./cmd/sandbox serve", err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: read the answer: %w", method, path, err)
	}
	if response.StatusCode >= 300 {
		return nil, refusal(response.StatusCode, method, path, data)
	}
	answer := map[string]any{}
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return answer, nil
	}
	if data[0] == '[' { // some of GitHub's lists have no object around them
		data = slices.Concat([]byte(`{"items":`), data, []byte("}"))
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("%s %s: the answer is not a JSON object: %w", method, path, err)
	}
	return answer, nil
}

// refusal converts an error body of Google or GitHub to an error.
func refusal(code int, method, path string, data []byte) error {
	refused := &apiError{code: code, method: method, path: path, github: strings.HasPrefix(path, githubAPI)}
	var google struct {
		Error struct {
			Message string `json:"message"`
			Status  string `json:"status"`
		} `json:"error"`
	}
	var github struct {
		Message string            `json:"message"`
		Errors  []json.RawMessage `json:"errors"`
	}
	switch {
	case refused.github && json.Unmarshal(data, &github) == nil && github.Message != "":
		refused.message = github.Message
		for _, detail := range github.Errors {
			refused.message += " " + string(detail)
		}
	case json.Unmarshal(data, &google) == nil && google.Error.Message != "":
		refused.message, refused.status = google.Error.Message, google.Error.Status
	default:
		refused.message = http.StatusText(code)
	}
	return refused
}

// operationError is the failure of a long-running operation whose request was accepted.
type operationError struct {
	code    int
	message string
}

func (e *operationError) Error() string {
	return fmt.Sprintf("Error code %d, message: %s", e.code, e.message)
}

// sqlOperation is the kind of Cloud SQL's operations, which have their own form.
const sqlOperation = "sql#operation"

// isOperation reports whether an answer is a long-running operation rather than a resource.
func isOperation(answer map[string]any) bool {
	name := doc.Text(answer, "name")
	if doc.Text(answer, "kind") == sqlOperation {
		return true
	}
	return strings.HasPrefix(name, "operations/") || strings.Contains(name, "/operations/")
}

// finish waits for a long-running operation and returns its response. prefix is the prefix of the API.
func (c *client) finish(ctx context.Context, prefix string, operation map[string]any) (map[string]any, error) {
	name := doc.Text(operation, "name")
	if operation["kind"] == sqlOperation { // Cloud SQL's operations have a bare id as their name
		name = "projects/" + doc.Text(operation, "targetProject") + "/operations/" + name
	}
	for pause := 20 * time.Millisecond; operation["done"] != true && operation["status"] != "DONE"; pause = min(2*pause, time.Second) {
		if err := c.wait(ctx, pause); err != nil {
			return nil, fmt.Errorf("wait for operation %s: %w", name, err)
		}
		next, err := c.do(ctx, http.MethodGet, prefix+name, nil)
		if err != nil {
			return nil, fmt.Errorf("wait for operation %s: %w", name, err)
		}
		operation = next
	}
	if failure, ok := operation["error"].(map[string]any); ok {
		code, _ := failure["code"].(float64)
		return nil, &operationError{code: int(code), message: doc.Text(failure, "message")}
	}
	response, _ := operation["response"].(map[string]any)
	return response, nil
}
