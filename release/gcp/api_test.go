package gcp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/hooks"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// fakeAPI answers requests without a network. A request is written as its method and the end of its address, such as "GET services/web".
// A number is an error of that status; a request without an answer gets 404.
type fakeAPI struct {
	answers map[string]string
	bodies  []string // Of the requests that wrote something, after their method and path.
}

func (a *fakeAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	query := r.URL.Query()
	query.Del("alt")
	query.Del("prettyPrint")
	address := r.URL.Scheme + "://" + r.URL.Host + r.URL.Path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	if r.Method != http.MethodGet {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		a.bodies = append(a.bodies, fmt.Sprintf("%s %s %s", r.Method, address, strings.TrimSpace(string(body))))
	}
	answer, known := "404", false
	for request, text := range a.answers {
		method, end, _ := strings.Cut(request, " ")
		if method == r.Method && strings.HasSuffix(address, end) {
			answer, known = text, true
		}
	}
	code := http.StatusOK
	if _, err := fmt.Sscanf(answer, "%d", &code); err == nil || !known {
		answer = fmt.Sprintf(`{"error":{"code":%d,"message":"injected"}}`, code)
	}
	return &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(answer))}, nil
}

func (a *fakeAPI) endpoints() Endpoints {
	return Endpoints{Run: "http://127.0.0.1:1/run/", Transport: a}
}

const (
	parent = "/run/v2/projects/p/locations/us-central1"
	where  = "http://127.0.0.1:1" + parent
)

func TestServiceAsItIsRead(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 12, 0, 0, 5, time.UTC)
	for name, test := range map[string]struct {
		document string
		want     plan.Service
	}{
		"a service that shifts": {`{"name":"projects/p/locations/l/services/web","uri":"https://web","etag":"e","generation":"3",
			"observedGeneration":"2","reconciling":true,"updateTime":"2026-11-23T12:00:00.000000005Z","template":{"revision":"web-c"},
			"latestReadyRevision":"projects/p/locations/l/services/web/revisions/web-a",
			"latestCreatedRevision":"projects/p/locations/l/services/web/revisions/web-b",
			"terminalCondition":{"type":"Ready","state":"CONDITION_RECONCILING","message":"wait"},
			"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":90,"tag":"t"},
				{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-a","percent":10}],
			"trafficStatuses":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":100},
				{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-a","tag":"u","uri":"https://u---web"}]}`,
			plan.Service{Name: "web", URL: "https://web", Etag: "e", Generation: 3, Observed: 2, Reconciling: true, Updated: at,
				Asked: "web-c", LatestReady: "web-a", LatestCreated: "web-b",
				Desired:   []plan.Target{{Latest: true, Percent: 90, Tag: "t"}, {Revision: "web-a", Percent: 10}},
				Effective: []plan.Target{{Latest: true, Percent: 100}, {Revision: "web-a", Tag: "u", URI: "https://u---web"}}}},
		"a failure": {`{"name":"web","terminalCondition":{"type":"Ready","state":"CONDITION_FAILED","message":"no port"}}`,
			plan.Service{Name: "web", Failure: "no port"}},
		"a failure without a message": {`{"name":"web","terminalCondition":{"type":"Ready","state":"CONDITION_FAILED"}}`,
			plan.Service{Name: "web", Failure: "Ready failed"}},
		"a success": {`{"name":"web","terminalCondition":{"type":"Ready","state":"CONDITION_SUCCEEDED","message":"fine"}}`,
			plan.Service{Name: "web"}},
	} {
		fake := &fakeAPI{answers: map[string]string{"GET services/web": test.document}}
		service, err := NewService(t.Context(), fake.endpoints(), "p", "us-central1", "web")
		require.NoError(t, err)
		got, err := service.Read(t.Context())
		require.NoError(t, err, name)
		assert.Equal(t, test.want, got, name)
	}
}

func TestRevisionAsItIsRead(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]plan.Revision{
		`{"type":"Ready","state":"CONDITION_SUCCEEDED","message":"fine"}`:     {Ready: true},
		`{"type":"Ready","state":"CONDITION_FAILED","message":"no port"}`:     {Failed: true, Message: "no port"},
		`{"type":"Ready","state":"CONDITION_FAILED"}`:                         {Failed: true, Message: "not ready yet"},
		`{"type":"Ready","state":"CONDITION_RECONCILING","message":"pulls"}`:  {Message: "pulls"},
		`{"type":"Ready","state":"CONDITION_PENDING"}`:                        {Message: "not ready yet"},
		`{"type":"Active","state":"CONDITION_SUCCEEDED"}`:                     {Message: "not ready yet"},
		`{"type":"Active","state":"CONDITION_FAILED","message":"not served"}`: {Message: "not ready yet"},
	} {
		fake := &fakeAPI{answers: map[string]string{"GET services/web/revisions/web-a": `{"name":"a/web-a","sessionAffinity":true,` +
			`"createTime":"2026-11-23T12:00:00Z","conditions":[` + condition + `]}`}}
		service, err := NewService(t.Context(), fake.endpoints(), "p", "us-central1", "web")
		require.NoError(t, err)
		got, err := service.Revision(t.Context(), "web-a")
		require.NoError(t, err, condition)
		want.Name, want.Sticky, want.Created = "web-a", true, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		assert.Equal(t, want, got, condition)
	}
}

// TestRevisionsOfAllPages checks that the newest revision comes first, whatever the order and the pages of the API.
func TestRevisionsOfAllPages(t *testing.T) {
	t.Parallel()
	fake := &fakeAPI{answers: map[string]string{
		"GET services/web/revisions?pageSize=1000": `{"nextPageToken":"2","revisions":[{"name":"web-b","createTime":"2026-11-23T12:00:02Z"},
			{"name":"web-a","createTime":"2026-11-23T12:00:01Z"}]}`,
		"GET services/web/revisions?pageSize=1000&pageToken=2": `{"revisions":[{"name":"web-c","createTime":"2026-11-23T12:00:03Z"}]}`,
	}}
	service, err := NewService(t.Context(), fake.endpoints(), "p", "us-central1", "web")
	require.NoError(t, err)
	revisions, err := service.Revisions(t.Context())
	require.NoError(t, err)
	var names []string
	for _, one := range revisions {
		names = append(names, one.Name)
	}
	assert.Equal(t, []string{"web-c", "web-b", "web-a"}, names)
}

func TestShiftIsOneWriteOfTheTraffic(t *testing.T) {
	t.Parallel()
	fake := &fakeAPI{answers: map[string]string{"PATCH services/web?updateMask=traffic": `{}`}}
	service, err := NewService(t.Context(), fake.endpoints(), "p", "us-central1", "web")
	require.NoError(t, err)
	require.NoError(t, service.Shift(t.Context(), "e", []plan.Target{{Revision: "web-b", Latest: true, Percent: 90},
		{Revision: "web-a", Percent: 10, Tag: "stable"}}))
	assert.Equal(t, []string{"PATCH " + where + `/services/web?updateMask=traffic {"etag":"e","traffic":[` +
		`{"percent":90,"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"},` +
		`{"percent":10,"revision":"web-a","tag":"stable","type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"}]}`}, fake.bodies)
}

func TestWhoMayShift(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{`{"permissions":["run.services.update"]}`: true, `{}`: false} {
		fake := &fakeAPI{answers: map[string]string{"POST services/web:testIamPermissions": answer}}
		service, err := NewService(t.Context(), fake.endpoints(), "p", "us-central1", "web")
		require.NoError(t, err)
		may, err := service.MayShift(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, may, answer)
	}
	service, err := NewService(t.Context(), (&fakeAPI{}).endpoints(), "p", "us-central1", "web")
	require.NoError(t, err)
	may, err := service.MayShift(t.Context())
	assert.ErrorIs(t, err, rollout.ErrNotFound)
	assert.False(t, may)
}

// TestMissingServiceNamesWhatExists checks what a person is told who mistyped a name, a region or a project, or who lacks a right.
func TestMissingServiceNamesWhatExists(t *testing.T) {
	t.Parallel()
	const (
		service   = "GET " + where + "/services/web"
		all       = "GET http://127.0.0.1:1/v1/projects/p/locations/-/services?limit=100"
		projects  = "GET http://127.0.0.1:1/crm/v1/projects?pageSize=50"
		read      = "read projects/p/locations/us-central1/services/web: "
		forbidden = read + "403 injected (the account needs the platform's Releaser role on the project, or roles/run.developer on " +
			"the service)"
		item = `{"metadata":{"name":%q,"labels":{"cloud.googleapis.com/location":%q}}}`
	)
	items := func(namesAndRegions ...any) string {
		list := strings.Repeat(item+",", len(namesAndRegions)/2)
		return fmt.Sprintf(`{"items":[`+strings.TrimSuffix(list, ",")+`]}`, namesAndRegions...)
	}
	for name, test := range map[string]struct {
		answers map[string]string
		want    string
		missing bool
	}{
		"another name": {map[string]string{service: "404", all: items("web2", "us-central1", "api", "us-central1")},
			read + "not found: 404 injected; project p has api in us-central1, web2 in us-central1", true},
		"another region": {map[string]string{service: "403", all: items("web", "europe-west1")},
			read + "not found: 403 injected; project p has web in europe-west1", true},
		"another name in the region": {map[string]string{service: "403", all: items("api", "us-central1")},
			read + "not found: 403 injected; project p has api in us-central1", true},
		"a right is missing": {map[string]string{service: "403",
			all: items("api", "us-central1", "web", "us-central1", "web", "europe-west1")},
			forbidden + "; project p has api in us-central1, web in europe-west1, web in us-central1", false},
		"an empty project": {map[string]string{service: "403", all: items()},
			read + "not found: 403 injected; project p has no services", true},
		"another project": {map[string]string{service: "403", all: "403", projects: `{"projects":[{"projectId":"z"},{"projectId":"a"}]}`},
			read + "not found: 403 injected; you see the projects a, z", true},
		"the right project": {map[string]string{service: "403", all: "403", projects: `{"projects":[{"projectId":"p"}]}`},
			forbidden + "; you see the projects p", false},
		"no project":                 {map[string]string{service: "403", all: "403", projects: `{}`}, forbidden, false},
		"nothing may be listed":      {map[string]string{service: "403", all: "403", projects: "403"}, forbidden, false},
		"a list that is no document": {map[string]string{service: "403", all: "[", projects: "["}, forbidden, false},
		"a failure of the API": {map[string]string{service: "500", all: items("api", "us-central1")},
			read + "the API did not answer: 500 injected", false},
	} {
		fake := &fakeAPI{answers: test.answers}
		client, err := NewService(t.Context(), fake.endpoints(), "p", "us-central1", "web")
		require.NoError(t, err)
		_, err = client.Read(t.Context())
		assert.EqualError(t, err, test.want, name)
		assert.Equal(t, test.missing, errors.Is(err, rollout.ErrNotFound), name)
	}
}

func TestJobAsItIsRead(t *testing.T) {
	t.Parallel()
	const ready = `,"terminalCondition":{"type":"Ready","state":`
	for name, test := range map[string]struct {
		document string
		want     hooks.Job
	}{
		"sidecars":                    {`,"template":{"template":{"containers":[{"image":"a"},{"image":"b"}]}}`, hooks.Job{Image: "a"}},
		"without a container":         {`,"template":{"template":{}}`, hooks.Job{}},
		"without a task":              {`,"template":{}`, hooks.Job{}},
		"without a template":          {``, hooks.Job{}},
		"a failure":                   {ready + `"CONDITION_FAILED","message":"no image"}`, hooks.Job{Message: "no image"}},
		"a failure without a message": {ready + `"CONDITION_FAILED"}`, hooks.Job{Message: "Ready failed"}},
		"a success":                   {ready + `"CONDITION_SUCCEEDED","message":"fine"}`, hooks.Job{}},
	} {
		fake := &fakeAPI{answers: map[string]string{"GET " + where + "/jobs/migrate": `{"etag":"e"` + test.document + `}`}}
		jobs, err := NewJobs(t.Context(), fake.endpoints(), "p", "us-central1")
		require.NoError(t, err)
		got, err := jobs.Job(t.Context(), "migrate")
		require.NoError(t, err, name)
		test.want.Name, test.want.Etag = "migrate", "e"
		assert.Equal(t, test.want, got, name)
	}
}

func TestExecutionAsItIsRead(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]hooks.Execution{
		`"conditions":[{"type":"Completed","state":"CONDITION_SUCCEEDED","message":"fine"}]`: {State: hooks.Succeeded},
		`"conditions":[{"type":"Completed","state":"CONDITION_FAILED","message":"exit 1"}]`:  {State: hooks.Failed, Message: "exit 1"},
		`"conditions":[{"type":"Completed","state":"CONDITION_FAILED","message":"stopped","executionReason":"CANCELLED"}]`: {
			State: hooks.Cancelled, Message: "stopped"},
		`"cancelledCount":1,"conditions":[{"type":"Completed","state":"CONDITION_FAILED","message":"stopped"}]`: {
			State: hooks.Cancelled, Message: "stopped"},
		`"cancelledCount":1,"conditions":[{"type":"Completed","state":"CONDITION_RECONCILING","executionReason":"CANCELLING"}]`: {
			State: hooks.Running},
		`"conditions":[{"type":"Started","state":"CONDITION_FAILED","message":"no"},{"type":"Retry","state":"CONDITION_SUCCEEDED"}]`: {
			State: hooks.Running},
		`"template":{"containers":[{"env":[{"name":"OTHER","value":"x"}]},{"env":[{"name":"RELEASE_HOOK","value":"pre/web-b"},
			{"name":"LAST","value":"y"}]}]}`: {State: hooks.Running, Mark: "pre/web-b"},
		`"logUri":"https://log","taskCount":6,"succeededCount":3,"failedCount":2,"retriedCount":4`: {State: hooks.Running,
			Log: "https://log", Tasks: 6, Done: 3, Failed: 2, Retries: 4},
		`"completionTime":"2026-11-23T12:00:05.5Z"`: {State: hooks.Running,
			Completed: time.Date(2026, 11, 23, 12, 0, 5, 500_000_000, time.UTC)},
	} {
		jobs, err := NewJobs(t.Context(), (&fakeAPI{answers: map[string]string{
			"GET jobs/migrate/executions?pageSize=1000": `{"nextPageToken":"2","executions":[{"name":"x/first"}]}`,
			"GET jobs/migrate/executions?pageSize=1000&pageToken=2": `{"executions":[{"name":"x/second",` +
				`"createTime":"2026-11-23T12:00:00Z",` + condition + `}]}`,
		}}).endpoints(), "p", "us-central1")
		require.NoError(t, err)
		got, err := jobs.Executions(t.Context(), "migrate")
		require.NoError(t, err, condition)
		want.Name, want.Created = "second", time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		assert.Equal(t, []hooks.Execution{{Name: "first", State: hooks.Running}, want}, got, condition)
	}
}

func TestJobsAreRunAndCancelled(t *testing.T) {
	t.Parallel()
	fake := &fakeAPI{answers: map[string]string{
		"GET " + where + "/jobs?pageSize=1000":             `{"nextPageToken":"2","jobs":[{"name":"x/seed"}]}`,
		"GET " + where + "/jobs?pageSize=1000&pageToken=2": `{"jobs":[{"name":"x/migrate"}]}`,
		"POST jobs/migrate:run":                            `{"metadata":{"name":"x/executions/migrate-1"}}`,
		"POST jobs/seed:run":                               `{}`,
		"POST jobs/old:run":                                `{"metadata":{"createTime":"2026-11-23T12:00:00Z"}}`,
		"POST executions/migrate-1:cancel":                 `{}`,
	}}
	jobs, err := NewJobs(t.Context(), fake.endpoints(), "p", "us-central1")
	require.NoError(t, err)
	names, err := jobs.Names(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"migrate", "seed"}, names)
	for job, want := range map[string]string{"migrate": "migrate-1", "seed": "", "old": ""} {
		fake.bodies = nil
		execution, err := jobs.Run(t.Context(), hooks.Job{Name: job, Etag: "e"}, hooks.Start{Mark: "pre/web-b", Args: []string{"up"},
			Variables: map[string]string{"TO": "2", "FROM": "1"}})
		require.NoError(t, err)
		assert.Equal(t, want, execution)
		assert.Equal(t, []string{"POST " + where + "/jobs/" + job + `:run {"etag":"e","overrides":{"containerOverrides":[{"args":["up"],` +
			`"env":[{"name":"RELEASE_HOOK","value":"pre/web-b"},{"name":"FROM","value":"1"},{"name":"TO","value":"2"}]}]}}`}, fake.bodies)
	}
	fake.bodies = nil
	require.NoError(t, jobs.Cancel(t.Context(), "migrate", "migrate-1"))
	assert.Equal(t, []string{"POST " + where + "/jobs/migrate/executions/migrate-1:cancel {}"}, fake.bodies)

	const needs = " (the account needs the platform's Job releaser and Hook runner roles, which a job with release: true in the settings " +
		"gives to releases, or roles/run.developer on the job)"
	fake.answers = map[string]string{"GET jobs?pageSize=1000": "403", "GET jobs/migrate": "403", "POST jobs/migrate:run": "403",
		"GET executions?pageSize=1000": "403", "POST migrate-1:cancel": "403"}
	job := " the job projects/p/locations/us-central1/jobs/migrate: 403 injected" + needs
	_, err = jobs.Names(t.Context())
	assert.EqualError(t, err, "list the jobs of projects/p/locations/us-central1: 403 injected (the account needs roles/run.viewer)")
	_, err = jobs.Job(t.Context(), "migrate")
	assert.EqualError(t, err, "read"+job)
	_, err = jobs.Run(t.Context(), hooks.Job{Name: "migrate"}, hooks.Start{})
	assert.EqualError(t, err, "run"+job)
	_, err = jobs.Executions(t.Context(), "migrate")
	assert.EqualError(t, err, "list the executions of"+job)
	assert.EqualError(t, jobs.Cancel(t.Context(), "migrate", "migrate-1"), "cancel migrate-1 of"+job)
}
