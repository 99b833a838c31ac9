package run_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	runapi "google.golang.org/api/run/v2"
)

const (
	parent = "projects/" + project + "/locations/us-central1"
	web    = parent + "/services/web"
)

// TestOfficialClient drives Cloud Run with Google's own client, as the release controller does.
func TestOfficialClient(t *testing.T) {
	t.Parallel()
	w := start(t)
	server := httptest.NewServer(w.Cloud)
	t.Cleanup(server.Close)
	client, err := runapi.NewService(context.Background(), option.WithEndpoint(server.URL+"/run/"), option.WithoutAuthentication())
	require.NoError(t, err)
	api := client.Projects.Locations.Services
	template := func(name string) *runapi.GoogleCloudRunV2RevisionTemplate {
		return &runapi.GoogleCloudRunV2RevisionTemplate{Revision: name, Containers: []*runapi.GoogleCloudRunV2Container{{Image: image}}}
	}

	operation, err := api.Create(parent, &runapi.GoogleCloudRunV2Service{Template: template("web-blue"),
		Traffic: []*runapi.GoogleCloudRunV2TrafficTarget{{Type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", Revision: "web-blue",
			Percent: 100, Tag: "stable"}}}).ServiceId("web").Do()
	require.NoError(t, err)
	require.True(t, operation.Done)
	again, err := client.Projects.Locations.Operations.Get(operation.Name).Do()
	require.NoError(t, err)
	assert.True(t, again.Done)

	service, err := api.Get(web).Do()
	require.NoError(t, err)
	assert.Equal(t, web, service.Name)
	assert.Equal(t, "https://web-123456789012.us-central1.run.app", service.Uri)
	assert.Equal(t, []string{service.Uri}, service.Urls)
	assert.Equal(t, int64(1), service.Generation)
	assert.Equal(t, int64(1), service.ObservedGeneration)
	assert.Equal(t, web+"/revisions/web-blue", service.LatestReadyRevision)
	assert.Equal(t, "https://stable---web-123456789012.us-central1.run.app", service.TrafficStatuses[0].Uri)

	_, err = api.Patch(web, &runapi.GoogleCloudRunV2Service{Etag: service.Etag, Template: template("web-green")}).UpdateMask("template").Do()
	require.NoError(t, err)
	stale := service.Etag
	service, err = api.Get(web).Do()
	require.NoError(t, err)
	assert.Equal(t, web+"/revisions/web-green", service.LatestReadyRevision)
	assert.Equal(t, "web-blue", service.TrafficStatuses[0].Revision, "the template's update must not move traffic")

	split := []*runapi.GoogleCloudRunV2TrafficTarget{
		{Type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", Revision: "web-blue", Percent: 90, Tag: "stable"},
		{Type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", Revision: "web-green", Percent: 10, Tag: "candidate"}}
	_, err = api.Patch(web, &runapi.GoogleCloudRunV2Service{Etag: stale, Traffic: split}).UpdateMask("traffic").Do()
	var refusal *googleapi.Error
	require.True(t, errors.As(err, &refusal), "%v", err)
	assert.Equal(t, 409, refusal.Code)
	_, err = api.Patch(web, &runapi.GoogleCloudRunV2Service{Etag: service.Etag, Traffic: split}).UpdateMask("traffic").Do()
	require.NoError(t, err)
	service, err = api.Get(web).Do()
	require.NoError(t, err)
	assert.Equal(t, int64(3), service.Generation)
	assert.Equal(t, int64(10), service.TrafficStatuses[1].Percent)
	assert.Equal(t, "https://candidate---web-123456789012.us-central1.run.app", service.TrafficStatuses[1].Uri)

	revisions, err := api.Revisions.List(web).Do()
	require.NoError(t, err)
	require.Len(t, revisions.Revisions, 2)
	assert.Equal(t, "web", revisions.Revisions[0].Service)
	list, err := api.List(parent).Do()
	require.NoError(t, err)
	require.Len(t, list.Services, 1)

	policy, err := api.GetIamPolicy(web).Do()
	require.NoError(t, err)
	policy.Bindings = []*runapi.GoogleIamV1Binding{{Role: "roles/run.invoker", Members: []string{"allUsers"}}}
	_, err = api.SetIamPolicy(web, &runapi.GoogleIamV1SetIamPolicyRequest{Policy: policy}).Do()
	require.NoError(t, err)
	_, err = api.SetIamPolicy(web, &runapi.GoogleIamV1SetIamPolicyRequest{Policy: policy}).Do()
	require.True(t, errors.As(err, &refusal))
	assert.Equal(t, 409, refusal.Code)

	operation, err = api.Delete(web).Do()
	require.NoError(t, err)
	require.True(t, operation.Done)
	_, err = api.Get(web).Do()
	require.True(t, errors.As(err, &refusal))
	assert.Equal(t, 404, refusal.Code)
}
