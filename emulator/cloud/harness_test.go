package cloud_test

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

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/github"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

const (
	project  = "procureflow-dev"
	number   = "123456789012"
	billing  = "000000-AAAAAA-111111"
	image    = "us-docker.pkg.dev/cloudrun/container/hello@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	services = "/run/v2/projects/" + project + "/locations/us-central1/services"
)

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) Advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// world is a cloud that tests send requests to.
type world struct {
	t     require.TestingT
	cloud *cloud.Cloud
	clock *clock
}

// emptyWorld has no project and no repository.
func emptyWorld(t require.TestingT, dir string, options cloud.Options) *world {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
	documents, err := store.Open(dir)
	require.NoError(t, err)
	if c, ok := t.(interface{ Cleanup(func()) }); ok {
		c.Cleanup(func() { _ = documents.Close() })
	}
	w := &world{t: t, clock: &clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}}
	options.Now, options.Rand = w.clock.Now, rand.NewChaCha8([32]byte{1})
	w.cloud, err = cloud.New(documents, options)
	require.NoError(t, err)
	return w
}

// newWorld is a cloud with one project whose APIs are on, and one repository.
func newWorld(t require.TestingT, dir string, options cloud.Options) *world {
	w := emptyWorld(t, dir, options)
	require.NoError(t, w.cloud.EnsureProject(cloud.Project{ID: project, Number: number, BillingAccount: billing}))
	require.NoError(t, w.cloud.GitHub.Ensure(github.Repository{Owner: "guiofsaints", OwnerID: 11, Name: "procureflow", ID: 22,
		UserIDs: []int64{33}}))
	w.ok("POST", "/su/v1/projects/"+project+"/services:batchEnable",
		`{"serviceIds":["run.googleapis.com","iam.googleapis.com","secretmanager.googleapis.com",
		"artifactregistry.googleapis.com","monitoring.googleapis.com","logging.googleapis.com","billingbudgets.googleapis.com"]}`)
	return w
}

func start(t *testing.T) *world { t.Helper(); return newWorld(t, t.TempDir(), cloud.Options{}) }

// call makes one request and returns the status and the decoded answer.
func (w *world) call(method, path, body string) (int, map[string]any) {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	recorder := httptest.NewRecorder()
	w.cloud.ServeHTTP(recorder, request)
	data, err := io.ReadAll(recorder.Result().Body)
	require.NoError(w.t, err)
	answer := map[string]any{}
	if len(bytes.TrimSpace(data)) > 0 {
		require.NoError(w.t, json.Unmarshal(data, &answer), "%s %s: %s", method, path, data)
	}
	if recorder.Code < 300 && !strings.HasPrefix(path, "/gh/") {
		w.checkAnswer(path, answer)
	}
	return recorder.Code, answer
}

// answers are the messages of the API descriptions that resources under a collection are answered in.
var answers = []struct{ path, message string }{
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

// checkAnswer compares an answer with the API's description: a field or a type that the API does not have fails.
func (w *world) checkAnswer(path string, answer map[string]any) {
	path, _, _ = strings.Cut(path, "?")
	message := ""
	for _, a := range answers {
		if regexp.MustCompile("^" + a.path + "(/[^/]+)?$").MatchString(path) {
			message = a.message
			break
		}
	}
	switch {
	case strings.HasSuffix(path, "IamPolicy"):
		message = "sm:Policy"
	case strings.HasSuffix(path, ":addVersion"):
		message = "sm:SecretVersion"
	case strings.HasSuffix(path, ":access"):
		message = "sm:AccessSecretVersionResponse"
	case answer["done"] != nil || strings.Contains(path, "/operations/"):
		require.NoError(w.t, schema.Check("run:GoogleLongrunningOperation", answer), path)
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
		if items, ok := value.([]any); ok && strings.HasSuffix(path, "/"+field) {
			list = true
			for _, item := range items {
				require.NoError(w.t, schema.Check(message, item.(map[string]any)), path)
			}
		}
	}
	if !list {
		require.NoError(w.t, schema.Check(message, answer), path)
	}
}

// ok makes one request that must succeed; an operation's response is taken out of it.
func (w *world) ok(method, path, body string) map[string]any {
	code, answer := w.call(method, path, body)
	require.Less(w.t, code, 300, "%s %s: %v", method, path, answer)
	if _, isOperation := answer["done"]; isOperation {
		require.Nil(w.t, answer["error"], "%s %s", method, path)
		response := answer["response"].(map[string]any)
		delete(response, "@type")
		return response
	}
	return answer
}

// refused makes one request that must be refused and returns "CODE STATUS: message".
func (w *world) refused(method, path, body string) string {
	code, answer := w.call(method, path, body)
	e, _ := answer["error"].(map[string]any)
	require.NotNil(w.t, e, "%s %s was not refused: %d %v", method, path, code, answer)
	require.InDelta(w.t, code, e["code"], 0)
	return http.StatusText(code) + " " + e["status"].(string) + ": " + e["message"].(string)
}

// dig takes a value out of nested objects and lists.
func dig(value any, path ...any) any {
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
