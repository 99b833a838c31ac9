package cloud_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/github"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// refusal is the shape of every refusal: Google's, with a status of its RPC codes, or GitHub's, with a message.
type refusal struct {
	Message string `json:"message"`
	Error   struct {
		Code            int
		Status, Message string
	}
}

var statusForm = regexp.MustCompile(`^[A-Z][A-Z_]+$`)

// survives makes a request that no client sends. It fails if the cloud panics, answers with a server's error, or
// refuses in a form that clients do not read.
func (w *world) survives(t *testing.T, method, path, body string) {
	t.Helper()
	defer func() {
		if problem := recover(); problem != nil {
			t.Errorf("%s %s %s: panic: %v", method, path, body, problem)
		}
	}()
	request := httptest.NewRequest(method, "/", strings.NewReader(body))
	request.URL.Path, request.URL.RawQuery, _ = strings.Cut(path, "?")
	recorder := httptest.NewRecorder()
	w.Cloud.ServeHTTP(recorder, request)
	if recorder.Code < 400 {
		return
	}
	var said refusal
	err := json.Unmarshal(recorder.Body.Bytes(), &said)
	google := said.Error.Code == recorder.Code && statusForm.MatchString(said.Error.Status) && said.Error.Message != ""
	if hub := strings.HasPrefix(path, github.Prefix); recorder.Code == 500 || err != nil || hub && said.Message == "" || !hub && !google {
		t.Errorf("%s %s %s: %d %s", method, path, body, recorder.Code, recorder.Body)
	}
}

// odd are values in the place of any other.
var odd = []string{`null`, `true`, `-1`, `1e308`, `"x"`, `""`, `[]`, `[null]`, `["x"]`, `[{}]`, `[[]]`, `{}`, `{"x":null}`, `{"x":{}}`}

// eachOdd calls do with the document that has each of its values replaced by each odd one, and each of its fields left out.
func eachOdd(t *testing.T, body string, do func(string)) {
	t.Helper()
	for _, replacement := range odd {
		do(replacement)
	}
	var document any
	if body == "" {
		return
	}
	require.NoError(t, json.Unmarshal([]byte(body), &document), body)
	encode := func() {
		encoded, err := json.Marshal(document)
		require.NoError(t, err)
		do(string(encoded))
	}
	var walk func(value any)
	walk = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, kept := range v {
				for _, replacement := range odd {
					v[key] = json.RawMessage(replacement)
					encode()
				}
				delete(v, key)
				encode()
				v[key] = kept
				walk(kept)
			}
		case []any:
			for i, kept := range v {
				for _, replacement := range odd {
					v[i] = json.RawMessage(replacement)
					encode()
				}
				v[i] = kept
				walk(kept)
			}
		}
	}
	walk(document)
}

const (
	hub             = "/gh/api/v3/repos/guiofsaints/procureflow"
	onMain          = `"conditions":{"ref_name":{"include":["refs/heads/main"],"exclude":[]}}`
	pullRequestRule = `{"type":"pull_request","parameters":{"dismiss_stale_reviews_on_push":true,"require_code_owner_review":true,
		"require_last_push_approval":true,"required_approving_review_count":1,"required_review_thread_resolution":false}}`
	checksRule = `{"type":"required_status_checks","parameters":{"required_status_checks":[{"context":"ci-ok","integration_id":15368}],
		"strict_required_status_checks_policy":false}}`
)

// hubRequests are GitHub's writes, whole.
var hubRequests = []struct{ method, path, body string }{
	{"PUT", hub + "/environments/prod",
		`{"wait_timer":5,"prevent_self_review":true,"can_admins_bypass":false,"reviewers":[{"type":"User","id":33}],
		"deployment_branch_policy":{"protected_branches":false,"custom_branch_policies":true}}`},
	{"POST", hub + "/environments/prod/deployment-branch-policies", `{"name":"main","type":"branch"}`},
	{"POST", hub + "/environments/prod/variables", `{"name":"A","value":"b"}`},
	{"POST", hub + "/actions/variables", `{"name":"A","value":"b"}`},
	{"PATCH", hub + "/actions/variables/A", `{"name":"B","value":"c"}`},
	{"POST", hub + "/rulesets", `{"name":"main","enforcement":"active",` + onMain +
		`,"bypass_actors":[{"actor_id":5,"actor_type":"RepositoryRole","bypass_mode":"always"}],"rules":[` + pullRequestRule + `,` +
		checksRule + `]}`},
	{"PUT", hub + "/actions/permissions", `{"enabled":true,"allowed_actions":"selected","sha_pinning_required":true}`},
	{"PUT", hub + "/actions/permissions/selected-actions",
		`{"github_owned_allowed":true,"verified_allowed":true,"patterns_allowed":["a/b@*"]}`},
	{"PUT", hub + "/actions/permissions/workflow", `{"default_workflow_permissions":"read","can_approve_pull_request_reviews":false}`},
}

// TestOddBodies sends every write of every API, each time with one of its values replaced by a value of another type.
func TestOddBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir(), cloud.Options{})
	const v1 = "http://us-central1-run.emulator/apis/serving.knative.dev/v1/namespaces/" + project + "/services"
	requests := slices.Concat(spelled, hubRequests, []struct{ method, path, body string }{
		{"POST", v1, `{"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"v1","annotations":{"a":"b"},"labels":{"a":"b"}},"spec":{"traffic":[{"percent":100,"latestRevision":true}],
			"template":{"metadata":{"name":"v1-a","annotations":{"autoscaling.knative.dev/maxScale":"2"}},"spec":{"containerConcurrency":80,"timeoutSeconds":300,"containers":[{"image":"` + image + `","env":[{"name":"A","value":"b"}],
			"ports":[{"containerPort":80}],"resources":{"limits":{"cpu":"1","memory":"512Mi"}}}]}}}}`},
	})
	for _, request := range requests {
		code, answer := w.Call(request.method, request.path, request.body)
		require.Less(t, code, 300, "%s %s: %v", request.method, request.path, answer)
	}
	for i, request := range requests {
		if request.method == "GET" {
			continue
		}
		eachOdd(t, request.body, func(body string) { w.survives(t, request.method, fresh(request.path, i), body) })
	}
}

// fresh is the path with an id for creation that is not taken yet.
func fresh(path string, i int) string {
	before, id, found := strings.Cut(path, "Id=")
	if !found {
		return path
	}
	rest := ""
	if at := strings.IndexByte(id, '&'); at >= 0 {
		rest = id[at:]
	}
	return fmt.Sprintf("%sId=fresh-%d%s", before, i, rest)
}

// TestOddPaths calls every method of every API, and some that no API has, with odd names in the path.
func TestOddPaths(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.Prepare()
	ids := []string{project, "-", "", "%", "%2F", "%00", "x:y", "latest", "1", "global", "us-central1", number,
		"runtime@procureflow-dev.iam.gserviceaccount.com", strings.Repeat("a", 300), "é"}
	for _, api := range w.Cloud.APIs() {
		for _, m := range schema.Methods(api.Schema) {
			for _, id := range ids {
				path := "/" + api.Prefix + "/" + strings.ReplaceAll(m.Path, "*", id)
				if id != project && strings.HasPrefix(m.Path, "projects/*/") {
					path = "/" + api.Prefix + "/" + strings.ReplaceAll(strings.Replace(m.Path, "projects/*/", "projects/"+project+"/", 1), "*", id)
				}
				for _, method := range []string{m.HTTP, "POST", "PUT", "PATCH", "OPTIONS"} {
					w.survives(t, method, path, `{}`)
					w.survives(t, method, path+"/", `[]`)
					if method == "PATCH" {
						w.survives(t, method, path+"?updateMask=*", `{}`)
						w.survives(t, method, path+"?updateMask=displayName,labels.x,spec", `{"displayName":"x","labels":{"x":"y"}}`)
					}
				}
			}
		}
	}
	for _, path := range []string{"/", "//", "/gh/api/v3/", "/gh/api/v3/repos", "/gh/api/v3/repos/a", "/gh/api/v3/repositories/22",
		"/gh/api/v3/repositories/x", "/run/v2", "/run/v2/", "/apis/serving.knative.dev/v1/",
		"/apis/serving.knative.dev/v1/namespaces", "/v1/projects/", "/v1/projects/x/locations/-/services", hub + "/environments", hub +
			"/environments/", hub + "/environments/a/b/c/d", hub + "/rulesets/x/y", hub + "/actions", hub + "/actions/permissions/x"} {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "X"} {
			for _, body := range []string{"", "x", "[]", "null", "{}", `"x"`} {
				w.survives(t, method, path, body)
			}
		}
	}
	assert.Equal(t, "ACTIVE", w.OK("GET", "/crm/v1/projects/"+project, "")["lifecycleState"], "it still answers")
}
