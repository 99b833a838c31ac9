package cloudscheduler_test

import (
	"context"
	"net/http/httptest"
	"testing"

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
		"Schedule or time zone is invalid.":                func(job *cloudscheduler.Job) { job.Schedule = "nightly" },
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
