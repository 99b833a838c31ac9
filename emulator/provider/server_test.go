package provider

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
)

func TestInvokes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, GCP, nil)
	invoke := func(token string, args object) (object, error) {
		response, err := w.client.Invoke(w.ctx(), &rpc.InvokeRequest{Tok: token, Args: w.props(args)})
		return w.plain(response.GetReturn()), err
	}
	_, err := invoke("gcp:cloudrunv2/getService:getService", object{"name": "web", "location": "us-central1", "project": project})
	assert.Equal(t, servicePath+" not found", status.Convert(err).Message())

	withService(w)
	got, err := invoke("gcp:cloudrunv2/getService:getService", object{"name": "web", "location": "us-central1"})
	require.NoError(t, err)
	assert.Equal(t, servicePath, got["id"])
	template := got["templates"].([]any)[0].(object)
	container := template["containers"].([]any)[0].(object)
	assert.Equal(t, image, container["image"])
	assert.Equal(t, list(object{"containerPort": 3000.0, "name": "http1"}), container["ports"])
	assert.Equal(t, "/api/health", container["startupProbes"].([]any)[0].(object)["httpGets"].([]any)[0].(object)["path"])
	assert.Equal(t, 2.0, template["scalings"].([]any)[0].(object)["maxInstanceCount"])
	assert.Equal(t, "web-0000000001", got["traffics"].([]any)[0].(object)["revision"])
	assert.Equal(t, "CONDITION_SUCCEEDED", got["terminalConditions"].([]any)[0].(object)["state"])

	got, err = invoke("gcp:organizations/getProject:getProject", object{})
	require.NoError(t, err)
	assert.Equal(t, number, got["number"])
	assert.Equal(t, "projects/"+project, got["id"])
}

// TestServerEnds checks that Close and the context both end a provider, and that a second Close is harmless.
func TestServerEnds(t *testing.T) {
	t.Parallel()
	_, err := Serve(context.Background(), Options{API: "http://127.0.0.1:1", Name: "aws"})
	assert.EqualError(t, err, `there is no provider "aws": it is "gcp" or "github"`)
	ctx, cancel := context.WithCancel(context.Background())
	server, err := Serve(ctx, Options{API: "http://127.0.0.1:1", Name: GitHub})
	require.NoError(t, err)
	cancel()
	assert.NoError(t, server.Close())
	assert.NoError(t, server.Close())
}

// TestRequestsEndWithTheirContext checks that a cancelled request is not reported as a cloud that does not answer.
func TestRequestsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the operation was cancelled"))
	client := newClient("http://127.0.0.1:1", "")
	_, err := client.do(ctx, http.MethodGet, "/run/", nil)
	require.EqualError(t, err, "GET /run/: the operation was cancelled")
	_, err = client.do(t.Context(), http.MethodGet, "/run/", nil)
	require.ErrorContains(t, err, "the emulated cloud does not answer: ")
}

// TestCancelEndsRunningOperations checks that a second interrupt of the user does not wait for a slow operation.
func TestCancelEndsRunningOperations(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, GCP, cloud.Options{OperationDelay: time.Hour})
	done := make(chan error, 1)
	go func() {
		_, err := w.client.Create(w.ctx(), &rpc.CreateRequest{Urn: w.urn("gcp:iam/workloadIdentityPool:WorkloadIdentityPool"),
			Properties: w.props(object{"project": project, "workloadIdentityPoolId": "github"})})
		done <- err
	}()
	require.Eventually(t, func() bool {
		_, err := newClient(w.api, "").do(w.ctx(), http.MethodGet, iamAPI+"projects/"+project+
			"/locations/global/workloadIdentityPools/github", nil)
		return err == nil
	}, 10*time.Second, 5*time.Millisecond)
	_, err := w.client.Cancel(w.ctx(), nil)
	require.NoError(t, err)
	assert.ErrorContains(t, <-done, "the operation was cancelled")

	// An engine also calls Cancel when it is done, and another engine attaches to the same provider afterwards.
	_, err = w.client.Read(w.ctx(), &rpc.ReadRequest{Urn: w.urn("gcp:iam/workloadIdentityPool:WorkloadIdentityPool"),
		Id: "projects/" + project + "/locations/global/workloadIdentityPools/github"})
	assert.NoError(t, err)
}
