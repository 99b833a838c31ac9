// Package cloudtest serves a cloud for tests. It checks every successful answer against the API's description.
package cloudtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/github"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

const (
	Project  = "procureflow-dev"
	Number   = "123456789012"
	Billing  = "000000-AAAAAA-111111"
	Image    = "us-docker.pkg.dev/cloudrun/container/hello@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	Services = "/run/v2/projects/" + Project + "/locations/us-central1/services"
)

// Clock is a clock that a test sets.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *Clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *Clock) Advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// World is a cloud together with the test that uses it.
type World struct {
	T     require.TestingT
	Cloud *cloud.Cloud
	Clock *Clock
}

// Empty serves a cloud without projects and repositories.
func Empty(t require.TestingT, dir string, options cloud.Options) *World {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
	documents, err := store.Open(dir)
	require.NoError(t, err)
	if c, ok := t.(interface{ Cleanup(func()) }); ok {
		c.Cleanup(func() { _ = documents.Close() })
	}
	w := &World{T: t, Clock: &Clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}}
	options.Now, options.Rand = w.Clock.Now, rand.NewChaCha8([32]byte{1})
	w.Cloud, err = cloud.New(documents, options)
	require.NoError(t, err)
	return w
}

// New serves a cloud with one project, in which all APIs are enabled, and one repository.
func New(t require.TestingT, dir string, options cloud.Options) *World {
	w := Empty(t, dir, options)
	require.NoError(t, w.Cloud.EnsureProject(cloud.Project{ID: Project, Number: Number, BillingAccount: Billing}))
	require.NoError(t, w.Cloud.GitHub.Ensure(github.Repository{Owner: "guiofsaints", OwnerID: 11, Name: "procureflow", ID: 22,
		UserIDs: []int64{33}}))
	require.NoError(t, w.Cloud.EnableAPIs(Project))
	return w
}

// Start is like [New], with the state in a temporary folder of the test.
func Start(t *testing.T) *World { t.Helper(); return New(t, t.TempDir(), cloud.Options{}) }

// Call makes one request and returns the status and the decoded answer.
func (w *World) Call(method, target, body string) (int, map[string]any) {
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	recorder := httptest.NewRecorder()
	w.Cloud.ServeHTTP(recorder, request)
	data, err := io.ReadAll(recorder.Result().Body)
	require.NoError(w.T, err)
	answer := map[string]any{}
	if len(bytes.TrimSpace(data)) > 0 {
		require.NoError(w.T, json.Unmarshal(data, &answer), "%s %s: %s", method, target, data)
	}
	if recorder.Code < 300 && !strings.HasPrefix(target, "/gh/") {
		w.checkAnswer(method, target, answer)
	}
	return recorder.Code, answer
}

// checkAnswer checks an answer against the description of the API's method. An unknown field or a wrong type fails the test. Messages
// that package schema does not have are not checked: few clients read them.
func (w *World) checkAnswer(method, target string, answer map[string]any) {
	target, _, _ = strings.Cut(target, "?")
	for _, api := range w.Cloud.APIs() {
		name, isOurs := strings.CutPrefix(target, "/"+api.Prefix+"/")
		if !isOurs {
			continue
		}
		verb := ""
		if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
			name, verb = name[:i], name[i+1:]
		}
		found, _ := schema.FindMethod(api.Schema, method, strings.Split(name, "/"), verb)
		message := api.Schema + ":" + found.Response
		resource := ""
		for _, k := range api.Kinds {
			collection, _ := path.Match(k.Pattern, name)
			item, _ := path.Match(k.Pattern+"/*", name)
			if !collection && !item {
				continue
			}
			reads, _ := schema.FindMethod(api.Schema, http.MethodGet, append(strings.Split(k.Pattern, "/"), "*"), "")
			of := api.Schema + ":" + cmp.Or(k.Message, reads.Response)
			switch {
			case !schema.Known(of):
			case collection && strings.HasSuffix(found.ID, ".list"):
				w.checkItems(target, of, answer[cmp.Or(k.Read.Items, path.Base(k.Pattern))])
			default:
				resource = of
			}
		}
		response, isOperation := answer["response"].(map[string]any)
		switch {
		case isOperation && resource != "" && verb == "":
			response = maps.Clone(response)
			delete(response, "@type")
			require.NoError(w.T, schema.Check(resource, response), target)
			message = "run:GoogleLongrunningOperation"
		case answer["done"] != nil:
			message = "run:GoogleLongrunningOperation"
		}
		if schema.Known(message) && len(answer) > 0 {
			require.NoError(w.T, schema.Check(message, answer), target)
		}
		return
	}
}

func (w *World) checkItems(target, message string, items any) {
	list, _ := items.([]any)
	for _, item := range list {
		require.NoError(w.T, schema.Check(message, item.(map[string]any)), target)
	}
}

// OK makes one request that must succeed. If the answer is an operation, it returns the operation's response.
func (w *World) OK(method, path, body string) map[string]any {
	code, answer := w.Call(method, path, body)
	require.Less(w.T, code, 300, "%s %s: %v", method, path, answer)
	if _, isOperation := answer["done"]; isOperation {
		require.Nil(w.T, answer["error"], "%s %s", method, path)
		response := answer["response"].(map[string]any)
		delete(response, "@type")
		return response
	}
	return answer
}

// Refused makes one request that must be refused. It returns "CODE STATUS: message".
func (w *World) Refused(method, path, body string) string {
	code, answer := w.Call(method, path, body)
	e, _ := answer["error"].(map[string]any)
	require.NotNil(w.T, e, "%s %s was not refused: %d %v", method, path, code, answer)
	require.InDelta(w.T, code, e["code"], 0)
	return http.StatusText(code) + " " + e["status"].(string) + ": " + e["message"].(string)
}

// Dig returns a value from nested objects and lists.
func Dig(value any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := value.(map[string]any)
			value = m[s]
		case int:
			l, _ := value.([]any)
			if s >= len(l) {
				return nil
			}
			value = l[s]
		}
	}
	return value
}

// Prepare creates one resource of each of many kinds, which the refused requests of [Refusals] need.
func (w *World) Prepare() {
	const p = "/projects/" + Project
	const trust = "/iam/v1" + p + "/locations/global/workloadIdentityPools"
	w.OK("POST", "/iam/v1"+p+"/serviceAccounts", `{"accountId":"runtime"}`)
	w.OK("POST", trust+"?workloadIdentityPoolId=github", `{}`)
	w.OK("POST", "/iam/v1"+p+"/roles", `{"roleId":"custom","role":{"title":"t","includedPermissions":["run.services.get"]}}`)
	w.OK("POST", "/ar/v1"+p+"/locations/us-central1/repositories?repositoryId=procureflow", `{"format":"DOCKER"}`)
	w.OK("POST", "/sm/v1"+p+"/secrets?secretId=key", `{"replication":{"automatic":{}}}`)
	w.OK("POST", "/sm/v1"+p+"/secrets/key:addVersion", `{"payload":{"data":"dmFsdWU="}}`)
	w.OK("POST", "/sm/v1"+p+"/secrets/key:addVersion", `{"payload":{"data":"dmFsdWU="}}`)
	w.OK("POST", "/sm/v1"+p+"/secrets/key/versions/2:disable", `{}`)
	w.OK("POST", "/mon/v3"+p+"/services?serviceId=web", `{"custom":{}}`)
	w.OK("POST", Services+"?serviceId=web", `{"template":{"revision":"web-blue","containers":[{"image":"`+Image+`"}]}}`)
	require.NoError(w.T, w.Cloud.EnsureProject(cloud.Project{ID: "bare-project", Number: "42", BillingAccount: Billing}))
}

// Refusal is a request that an API refuses. Want is the status and the message of the answer.
type Refusal = struct{ Name, Method, Path, Body, Want string }

// Refusals sends every request of the table to a prepared world and compares the answers.
func Refusals(t *testing.T, table []Refusal) {
	t.Helper()
	w := Start(t)
	w.Prepare()
	for _, test := range table {
		assert.Equal(t, test.Want, w.Refused(test.Method, test.Path, test.Body), test.Name)
	}
}
