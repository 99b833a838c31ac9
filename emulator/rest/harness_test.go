package rest_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/conditions"
	"github.com/guiofsaints/procureflow-platform/emulator/disturb"
	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/ids"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// world is a server of made-up kinds. They have the messages and methods of real APIs and no behaviour of their own, so that a test of
// them is a test of this package.
type world struct {
	t         *testing.T
	documents *store.Store
	server    *rest.Server
	now       time.Time
	disturbed disturb.Disturbance
}

const (
	things  = "/t/v1/projects/pro/secrets"
	files   = "/f/v1/projects/pro/metrics"
	tasks   = "/j/v1/projects/pro/locations/us-central1/jobs"
	pending = "pending:"
)

// thing has what most kinds have: ids in the query, masks, etags, a policy. It is deleted softly for a day.
func thing() *rest.Kind {
	return &rest.Kind{
		Pattern: "projects/*/secrets", Message: "Secret", Body: "secret", Policy: true,
		Names: rest.Names{Numbered: true, Missing: rest.NotFound("No {name} ({id}) in {project}.")},
		Read:  rest.Read{Items: "secrets", NewestFirst: true},
		Create: &rest.Create{IDParam: "secretId", ID: regexp.MustCompile(`^[a-z]+$`), BadID: rest.Invalid("Bad {given}."),
			Taken: rest.Exists("{id} is there.")},
		Update: &rest.Update{Immutable: []string{"replication"}, MaskNames: map[string]string{"notes": "annotations"}},
		Delete: &rest.Delete{
			Before: func(c *rest.Change) error {
				c.New = doc.With(c.Old, rest.Timestamp(c.Now.Add(24*time.Hour)), "expireTime")
				return nil
			},
			Soft: &rest.SoftDelete{
				Deleted: func(document map[string]any) bool { return document["expireTime"] != nil },
				Purged: func(q *rest.Request, _ rest.Name, document map[string]any) bool {
					return rest.Timestamp(q.Now) > doc.Text(document, "expireTime")
				},
				Taken: rest.Precondition("{id} was deleted."),
			},
		},
		Stamps: rest.Stamps{Etag: "etag", Created: "createTime"},
	}
}

// file has its id in the body, and a PUT makes it. Its stored form has the field that clients call filter under another name.
func file() *rest.Kind {
	rename := func(from, to string) func(map[string]any) map[string]any {
		return func(document map[string]any) map[string]any {
			return doc.With(doc.Without(document, from), document[from], to)
		}
	}
	return &rest.Kind{
		Pattern: "projects/*/metrics", Message: "LogMetric", Body: "metric",
		Read:        rest.Read{Items: "metrics"},
		Create:      &rest.Create{IDInBody: true},
		Update:      &rest.Update{PutCreates: true},
		Delete:      &rest.Delete{},
		Stamps:      rest.Stamps{Updated: "updateTime"},
		Translation: rest.Translation{In: rename("filter", "stored"), Out: rename("stored", "filter")},
		Prepare: func(c *rest.Change) error {
			c.New["name"] = c.Name.ID()
			return nil
		},
	}
}

// task is changed by operations, and keeps something next to it.
func task() *rest.Kind {
	return &rest.Kind{
		Pattern: "projects/*/locations/*/jobs", Message: "GoogleCloudRunV2Job", Body: "job",
		Read: rest.Read{Items: "jobs", Show: func(q *rest.Request, _ rest.Name, document map[string]any) map[string]any {
			return doc.With(document, rest.Timestamp(q.Now), "updateTime")
		}},
		Create:     &rest.Create{IDParam: "jobId"},
		Update:     &rest.Update{Mask: rest.MaskReplaces},
		Delete:     &rest.Delete{},
		Stamps:     rest.Stamps{Deleted: "deleteTime"},
		Operations: rest.Operations{Type: "example.Job", Methods: []string{"create", "update", "delete"}},
		Annexes:    []string{pending},
		Prepare: func(c *rest.Change) error {
			if c.Old == nil {
				c.New["uid"] = "u"
			}
			return c.Tx.Put(pending+c.Name.Key(), map[string]any{})
		},
	}
}

// owner wraps what it is made of and changed by in a request of its own. The PATCH of a desk changes only what is in its body.
func owner() *rest.Kind {
	return &rest.Kind{Pattern: "projects/*/serviceAccounts", Message: "ServiceAccount", Body: "serviceAccount",
		Create: &rest.Create{Request: "CreateServiceAccountRequest", IDParam: "accountId"},
		Update: &rest.Update{Request: "PatchServiceAccountRequest"}}
}

func desk() *rest.Kind {
	return &rest.Kind{Pattern: "projects/*/locations/*/services", Message: "GoogleCloudRunV2Service", Body: "service",
		Create: &rest.Create{IDParam: "serviceId"}, Update: &rest.Update{Mask: rest.MaskPatches}}
}

func serve(t *testing.T) *world {
	t.Helper()
	documents, err := store.Memory()
	require.NoError(t, err)
	t.Cleanup(func() { _ = documents.Close() })
	w := &world{t: t, documents: documents, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	w.serveWith(conditions.Hold)
	w.update(func(q *rest.Request) error {
		return q.Tx.Put("//projects.example/projects/pro", map[string]any{"projectId": "pro", "projectNumber": "42"})
	})
	return w
}

// serveWith serves the documents with an evaluation of conditions.
func (w *world) serveWith(holds rest.Conditions) {
	w.server = rest.New(rest.Options{Store: w.documents, Now: func() time.Time { return w.now }, IDs: ids.New(rand.NewChaCha8([32]byte{1})),
		On:     func(*rest.Request, rest.Project, string) error { return nil },
		Role:   func(*rest.Request, rest.Name, string) error { return nil },
		Member: func(*rest.Request, string) error { return nil }, Conditions: holds})
	w.server.Add(
		&rest.API{Prefix: "p/v1", Host: "projects.example", Schema: "crm", Kinds: []*rest.Kind{{Pattern: "projects", Message: "Project"}}},
		&rest.API{Prefix: "t/v1", Host: "things.example", Schema: "sm", Kinds: []*rest.Kind{thing(),
			{Pattern: "projects/*/secrets/*/versions", Message: "SecretVersion"}}},
		&rest.API{Prefix: "f/v1", Host: "files.example", Schema: "log", Kinds: []*rest.Kind{file()}},
		&rest.API{Prefix: "j/v1", Host: "tasks.example", Schema: "run", Kinds: []*rest.Kind{task(), desk()}, OperationsInLocation: true},
		&rest.API{Prefix: "o/v1", Host: "owners.example", Schema: "iam", Kinds: []*rest.Kind{owner()}})
}

func (w *world) update(change func(*rest.Request) error) {
	w.t.Helper()
	require.NoError(w.t, w.server.Update(change))
}

// call makes one request.
func (w *world) call(method, target, body string) (int, map[string]any) {
	w.t.Helper()
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, request.WithContext(disturb.With(request.Context(), w.disturbed)))
	answer := map[string]any{}
	require.NoError(w.t, json.Unmarshal(recorder.Body.Bytes(), &answer))
	return recorder.Code, answer
}

func (w *world) ok(method, target, body string) map[string]any {
	w.t.Helper()
	code, answer := w.call(method, target, body)
	require.Equal(w.t, http.StatusOK, code, "%s %s: %v", method, target, answer)
	return answer
}

// refused returns the status and the message of a request that has to be refused.
func (w *world) refused(method, target, body string) string {
	w.t.Helper()
	_, answer := w.call(method, target, body)
	refusal := doc.Object(answer, "error")
	require.NotNil(w.t, refusal, "%s %s: %v", method, target, answer)
	return doc.Text(refusal, "status") + ": " + doc.Text(refusal, "message")
}
