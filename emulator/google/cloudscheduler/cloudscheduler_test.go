package cloudscheduler_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/cloudscheduler/v1"
	"google.golang.org/api/option"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const (
	project = cloudtest.Project
	parent  = "projects/" + project + "/locations/us-central1"
)

func TestSchedulesByTheOfficialClient(t *testing.T) {
	t.Parallel()
	w := cloudtest.New(t, t.TempDir(), cloud.Options{})
	w.OK("POST", "/su/v1/projects/"+project+"/services/cloudscheduler.googleapis.com:enable", `{}`)
	w.OK("POST", "/iam/v1/projects/"+project+"/serviceAccounts", `{"accountId":"clock-1","serviceAccount":{}}`)
	server := httptest.NewServer(w.Cloud)
	t.Cleanup(server.Close)
	client, err := cloudscheduler.NewService(context.Background(), option.WithEndpoint(server.URL+"/cs/"), option.WithoutAuthentication())
	require.NoError(t, err)
	api := client.Projects.Locations.Jobs
	clock := "clock-1@" + project + ".iam.gserviceaccount.com"
	nightly := func(change func(*cloudscheduler.Job)) *cloudscheduler.Job {
		job := &cloudscheduler.Job{Name: parent + "/jobs/nightly", Schedule: "0 3 * * *", TimeZone: "Europe/Berlin",
			HttpTarget: &cloudscheduler.HttpTarget{
				Uri:        "https://run.googleapis.com/v2/" + parent + "/jobs/migrate" + ":run",
				OauthToken: &cloudscheduler.OAuthToken{ServiceAccountEmail: clock}}}
		change(job)
		return job
	}
	made, err := api.Create(parent, nightly(func(*cloudscheduler.Job) {})).Do()
	require.NoError(t, err)
	assert.Equal(t, []string{"ENABLED", "180s", "POST", "https://www.googleapis.com/auth/cloud-platform"},
		[]string{made.State, made.AttemptDeadline, made.HttpTarget.HttpMethod, made.HttpTarget.OauthToken.Scope})
	made, err = api.Patch(made.Name, nightly(func(job *cloudscheduler.Job) { job.Schedule = "0 4 * * 1-5" })).Do()
	require.NoError(t, err)
	assert.Equal(t, "0 4 * * 1-5", made.Schedule)
	made, err = api.Pause(made.Name, &cloudscheduler.PauseJobRequest{}).Do()
	require.NoError(t, err)
	assert.Equal(t, "PAUSED", made.State)
	made, err = api.Resume(made.Name, &cloudscheduler.ResumeJobRequest{}).Do()
	require.NoError(t, err)
	assert.Equal(t, "ENABLED", made.State)
	list, err := api.List(parent).Do()
	require.NoError(t, err)
	assert.Len(t, list.Jobs, 1)

	for want, change := range map[string]func(*cloudscheduler.Job){
		"Schedule or time zone is invalid.":                func(job *cloudscheduler.Job) { job.Schedule = "0 24 * * *" },
		"Exactly one target must be set, and there are 0.": func(job *cloudscheduler.Job) { job.HttpTarget = nil },
		"iam.serviceAccounts.actAs":                        func(j *cloudscheduler.Job) { j.HttpTarget.OauthToken.ServiceAccountEmail = "x@y" },
		"OAuth tokens may be sent to addresses":            func(job *cloudscheduler.Job) { job.HttpTarget.Uri = "https://example.com/" },
		"Job.attempt_deadline must be between":             func(job *cloudscheduler.Job) { job.AttemptDeadline = "1s" },
		"Job name must be formatted":                       func(job *cloudscheduler.Job) { job.Name = "nightly" },
		"Job [nightly] already exists.":                    func(job *cloudscheduler.Job) { job.Name = made.Name },
	} {
		_, err := api.Create(parent, nightly(func(job *cloudscheduler.Job) { job.Name = parent + "/jobs/other"; change(job) })).Do()
		assert.ErrorContains(t, err, want)
	}
	_, err = api.Delete(made.Name).Do()
	require.NoError(t, err)
	_, err = api.Get(made.Name).Do()
	assert.ErrorContains(t, err, "Job not found.")
}

// TestScheduleStartsItsJob checks that a schedule starts its Cloud Run job at the due time, as its account and in its time zone, and
// reports the result.
func TestScheduleStartsItsJob(t *testing.T) {
	t.Parallel()
	w := cloudtest.New(t, t.TempDir(), cloud.Options{})
	at := func(day, hour, minute, second int) {
		w.Clock.Advance(time.Date(2026, 11, day, hour, minute, second, 0, time.UTC).Sub(w.Clock.Now()))
	}
	at(27, 12, 0, 0)
	const runJobs, schedules = "/run/v2/" + parent + "/jobs", "/cs/v1/" + parent + "/jobs"
	for _, api := range []string{"cloudscheduler", "run"} {
		w.OK("POST", "/su/v1/projects/"+project+"/services/"+api+".googleapis.com:enable", `{}`)
	}
	w.OK("POST", "/iam/v1/projects/"+project+"/serviceAccounts", `{"accountId":"clock-1","serviceAccount":{}}`)
	w.OK("POST", runJobs+"?jobId=tidy", `{"template":{"template":{"containers":[{"image":"`+cloudtest.Image+`"}]}}}`)
	clock := "clock-1@" + project + ".iam.gserviceaccount.com"
	made := w.OK("POST", schedules, `{"name":"`+parent+`/jobs/tidy","schedule":"0 3 * * *","timeZone":"Europe/Berlin","httpTarget":{"uri":`+
		`"https://run.googleapis.com/v2/`+parent+`/jobs/tidy:run","oauthToken":{"serviceAccountEmail":"`+clock+`"}}}`)
	assert.Equal(t, "2026-11-28T02:00:00.000000Z", made["scheduleTime"])
	executions := func() int {
		list, _ := w.OK("GET", runJobs+"/tidy/executions", "")["executions"].([]any)
		return len(list)
	}
	at(28, 1, 59, 59)
	assert.Zero(t, executions())
	at(28, 2, 0, 0)
	seen := w.OK("GET", schedules+"/tidy", "")
	assert.Equal(t, []any{"2026-11-29T02:00:00.000000Z", "2026-11-28T02:00:00.000000Z"}, []any{seen["scheduleTime"], seen["lastAttemptTime"]})
	assert.Equal(t, map[string]any{"code": 7.0,
		"message": "Permission 'run.jobs.run' denied on resource '" + parent + "/jobs/tidy' (or resource may not exist)."}, seen["status"])
	assert.Zero(t, executions(), "its account may not run the job")

	w.OK("POST", runJobs+"/tidy:setIamPolicy", `{"policy":{"bindings":[{"role":"roles/run.invoker","members":["serviceAccount:`+clock+`"]}]}}`)
	at(31, 2, 0, 0)
	assert.Equal(t, 1, executions(), "a job that was due several times between two requests starts once")
	at(32, 2, 0, 0)
	require.NoError(t, w.Cloud.Tick())
	assert.Equal(t, 2, executions())
	assert.Equal(t, map[string]any{}, w.OK("GET", schedules+"/tidy", "")["status"])
	assert.Nil(t, w.OK("POST", schedules+"/tidy:pause", `{}`)["scheduleTime"])
	at(39, 2, 0, 0)
	assert.Equal(t, 2, executions(), "a paused schedule starts nothing")
	w.OK("POST", schedules+"/tidy:run", `{}`)
	assert.Equal(t, 3, executions(), "a paused schedule still runs on request")
	w.OK("POST", schedules+"/tidy:resume", `{}`)
	w.OK("DELETE", schedules+"/tidy", "")
	at(46, 2, 0, 0)
	assert.Equal(t, 3, executions())
}
