// Package cloudtest serves a cloud for tests. It checks every successful answer against the API's description.
package cloudtest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
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
	w.OK("POST", "/su/v1/projects/"+Project+"/services:batchEnable",
		`{"serviceIds":["run.googleapis.com","iam.googleapis.com","secretmanager.googleapis.com",
		"artifactregistry.googleapis.com","monitoring.googleapis.com","logging.googleapis.com","billingbudgets.googleapis.com"]}`)
	return w
}

// Start is like [New], with the state in a temporary folder of the test.
func Start(t *testing.T) *World { t.Helper(); return New(t, t.TempDir(), cloud.Options{}) }

// Call makes one request and returns the status and the decoded answer.
func (w *World) Call(method, path, body string) (int, map[string]any) {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	recorder := httptest.NewRecorder()
	w.Cloud.ServeHTTP(recorder, request)
	data, err := io.ReadAll(recorder.Result().Body)
	require.NoError(w.T, err)
	answer := map[string]any{}
	if len(bytes.TrimSpace(data)) > 0 {
		require.NoError(w.T, json.Unmarshal(data, &answer), "%s %s: %s", method, path, data)
	}
	if recorder.Code < 300 && !strings.HasPrefix(path, "/gh/") {
		w.checkAnswer(path, answer)
	}
	return recorder.Code, answer
}

// answers maps a collection's path to the message, in the API's description, of the resources in it.
var answers = []struct{ path, message string }{
	{"/storage/v1/b", "gcs:Bucket"}, {"/sql/v1[^/]*/.*/databases", "sql:Database"}, {"/sql/v1[^/]*/.*/instances/[^/]+/users", "sql:User"},
	{"/sql/v1[^/]*/projects/[^/]+/instances", "sql:DatabaseInstance"},
	{"/run/v2/.*/services/[^/]+/revisions", "run:GoogleCloudRunV2Revision"}, {"/run/v2/.*/services", "run:GoogleCloudRunV2Service"},
	{"/mon/v3/projects/[^/]+/timeSeries", "mon:TimeSeries"},
	{"/iam/v1/.*/serviceAccounts", "iam:ServiceAccount"}, {"/iam/v1/.*/providers",
		"iam:WorkloadIdentityPoolProvider"}, {"/iam/v1/.*/workloadIdentityPools", "iam:WorkloadIdentityPool"},
	{"/iam/v1/.*/roles", "iam:Role"}, {"/crm/v1/projects", "crm:Project"}, {"/cb/v1/billingAccounts",
		"cb:BillingAccount"}, {"/ar/v1/.*/repositories", "ar:Repository"},
	{"/sm/v1/.*/versions", "sm:SecretVersion"}, {"/sm/v1/.*/secrets", "sm:Secret"}, {"/mon/v3/.*/serviceLevelObjectives",
		"mon:ServiceLevelObjective"}, {"/mon/v3/.*/services", "mon:Service"},
	{"/mon/v3/.*/uptimeCheckConfigs", "mon:UptimeCheckConfig"}, {"/mon/v3/.*/alertPolicies",
		"mon:AlertPolicy"}, {"/mon/v3/.*/notificationChannels", "mon:NotificationChannel"},
	{"/mon/v1/.*/dashboards", "dash:Dashboard"}, {"/budgets/v1/.*/budgets",
		"budgets:GoogleCloudBillingBudgetsV1Budget"}, {"/su/v1/.*/services", "su:GoogleApiServiceusageV1Service"},
	{"/log/v2/.*/metrics", "log:LogMetric"},
}

// forms are the paths of answers, as a resource or its collection has them.
var forms = sync.OnceValue(func() (forms []*regexp.Regexp) {
	for _, a := range answers {
		forms = append(forms, regexp.MustCompile("^"+a.path+"(/[^/]+)?$"))
	}
	return forms
})

// checkAnswer checks an answer against the API's description. An unknown field or a wrong type fails the test.
func (w *World) checkAnswer(path string, answer map[string]any) {
	path, _, _ = strings.Cut(path, "?")
	message := ""
	for i, form := range forms() {
		if form.MatchString(path) {
			message = answers[i].message
			break
		}
	}
	switch {
	case strings.HasSuffix(path, "IamPolicy"):
		message = "sm:Policy"
	case answer["kind"] == "sql#operation":
		message = "sql:Operation"
	case strings.HasSuffix(path, ":addVersion"):
		message = "sm:SecretVersion"
	case strings.HasSuffix(path, ":access"):
		message = "sm:AccessSecretVersionResponse"
	case answer["done"] != nil || strings.Contains(path, "/operations/"):
		require.NoError(w.T, schema.Check("run:GoogleLongrunningOperation", answer), path)
		response, _ := answer["response"].(map[string]any)
		if response == nil || strings.HasSuffix(response["@type"].(string), "Empty") || message == "" || strings.HasPrefix(path, "/su/") {
			return
		}
		answer = maps.Clone(response)
		delete(answer, "@type")
	}
	if message == "" || len(answer) == 0 {
		return
	}
	list := false
	for field, value := range answer {
		named := strings.HasSuffix(path, "/"+field) || field == "items" || field == "accounts"
		if items, ok := value.([]any); ok && named {
			list = true
			for _, item := range items {
				require.NoError(w.T, schema.Check(message, item.(map[string]any)), path)
			}
		}
	}
	if !list {
		require.NoError(w.T, schema.Check(message, answer), path)
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
