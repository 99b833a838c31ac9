package storage_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"
	"google.golang.org/api/storage/v1"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const buckets = "/storage/v1/b?project=" + cloudtest.Project

// TestOfficialClient makes a bucket with careful settings, grants an account its objects, changes the bucket and deletes it, with
// Google's client.
func TestOfficialClient(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	require.NoError(t, w.Cloud.EnableAPIs(cloudtest.Project, "storage.googleapis.com"))
	w.OK("POST", "/iam/v1/projects/"+cloudtest.Project+"/serviceAccounts", `{"accountId":"runtime"}`)
	server := httptest.NewServer(w.Cloud)
	t.Cleanup(server.Close)
	client, err := storage.NewService(t.Context(), option.WithEndpoint(server.URL+"/storage/v1/"), option.WithoutAuthentication())
	require.NoError(t, err)
	made, err := client.Buckets.Insert(cloudtest.Project, &storage.Bucket{Name: "files", Location: "us-central1",
		Versioning: &storage.BucketVersioning{Enabled: true},
		IamConfiguration: &storage.BucketIamConfiguration{PublicAccessPrevention: "enforced",
			UniformBucketLevelAccess: &storage.BucketIamConfigurationUniformBucketLevelAccess{Enabled: true}},
		Lifecycle: &storage.BucketLifecycle{Rule: []*storage.BucketLifecycleRule{{Action: &storage.BucketLifecycleRuleAction{Type: "Delete"},
			Condition: &storage.BucketLifecycleRuleCondition{DaysSinceNoncurrentTime: 30}}}}}).Do()
	require.NoError(t, err)
	assert.Equal(t, []string{"US-CENTRAL1", "region", "STANDARD"}, []string{made.Location, made.LocationType, made.StorageClass})
	assert.Equal(t, int64(1), made.Metageneration)
	assert.True(t, made.IamConfiguration.BucketPolicyOnly.Enabled)
	changed, err := client.Buckets.Patch("files",
		&storage.Bucket{Versioning: &storage.BucketVersioning{ForceSendFields: []string{"Enabled"}}}).Do()
	require.NoError(t, err)
	assert.False(t, changed.Versioning.Enabled)
	assert.Equal(t, "enforced", changed.IamConfiguration.PublicAccessPrevention, "what the patch leaves out stays")
	assert.Equal(t, int64(2), changed.Metageneration)

	policy, err := client.Buckets.GetIamPolicy("files").Do()
	require.NoError(t, err)
	policy.Bindings = append(policy.Bindings, &storage.PolicyBindings{Role: "roles/storage.objectUser",
		Members: []string{"serviceAccount:runtime@procureflow-dev.iam.gserviceaccount.com"}})
	written, err := client.Buckets.SetIamPolicy("files", policy).Do()
	require.NoError(t, err)
	assert.Equal(t, "projects/_/buckets/files", written.ResourceId)
	_, err = client.Buckets.SetIamPolicy("files", policy).Do()
	assert.ErrorContains(t, err, "409", "somebody changed it since")

	_, err = client.Buckets.Insert(cloudtest.Project, &storage.Bucket{Name: "logs", Location: "us-central1"}).Do()
	require.NoError(t, err)
	for prefix, want := range map[string][]string{"": {"files", "logs"}, "lo": {"logs"}, "x": nil} {
		var names []string
		require.NoError(t, client.Buckets.List(cloudtest.Project).Prefix(prefix).MaxResults(1).Pages(t.Context(), func(page *storage.Buckets) error {
			assert.LessOrEqual(t, len(page.Items), 1)
			for _, bucket := range page.Items {
				names = append(names, bucket.Name)
			}
			return nil
		}))
		assert.Equal(t, want, names, "buckets whose names begin with %q", prefix)
	}
	objects, err := client.Objects.List("files").Do()
	require.NoError(t, err)
	assert.Empty(t, objects.Items)
	require.NoError(t, client.Buckets.Delete("files").Do())
	_, err = client.Buckets.Get("files").Do()
	assert.ErrorContains(t, err, "The specified bucket does not exist.")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	require.NoError(t, w.Cloud.EnsureProject(bare))
	require.NoError(t, w.Cloud.EnableAPIs(cloudtest.Project, "storage.googleapis.com"))
	w.OK("POST", buckets, `{"name":"there","location":"eu"}`)
	for _, test := range []struct{ method, path, body, want string }{
		{"POST", "/storage/v1/b", `{"name":"files"}`, "Bad Request INVALID_ARGUMENT: Required parameter: project"},
		{"POST", "/storage/v1/b?project=none", `{"name":"files"}`, "Bad Request INVALID_ARGUMENT: Unknown project id: none"},
		{"POST", "/storage/v1/b?project=bare-project", `{"name":"files"}`, "Forbidden PERMISSION_DENIED: Cloud Storage API has not been used " +
			"in " +
			"project 42 before or it is disabled. Enable it by visiting " +
			"https://console.developers.google.com/apis/api/storage.googleapis.com/overview?project=42 then retry. If you enabled this API " +
			"recently, wait a few minutes for the action to propagate to our systems and retry."},
		{"POST", buckets, `{"name":"Files"}`, "Bad Request INVALID_ARGUMENT: Invalid bucket name: 'Files'"},
		{"POST", buckets, `{"name":"my-google-files"}`, "Bad Request INVALID_ARGUMENT: Invalid bucket name: 'my-google-files'"},
		{"POST", "/storage/v1/b?project=bare-project", `{"name":"there"}`, "Conflict ALREADY_EXISTS: The requested bucket name is not " +
			"available. " +
			"The bucket namespace is shared by all users of the system. Please select a different name and try again."},
		{"POST", buckets, `{"name":"files","lifecycle":{"rule":[{"action":{"type":"Keep"},"condition":{"age":1}}]}}`,
			"Bad Request INVALID_ARGUMENT: Invalid argument: lifecycle action 'Keep' is not supported."},
		{"POST", buckets, `{"name":"files","lifecycle":{"rule":[{"action":{"type":"Delete"}}]}}`,
			"Bad Request INVALID_ARGUMENT: A lifecycle rule must have at least one condition."},
		{"PATCH", "/storage/v1/b/there", `{"location":"us"}`, "Bad Request INVALID_ARGUMENT: Field 'location' is immutable."},
		{"GET", "/storage/v1/b/none", "", "Not Found NOT_FOUND: The specified bucket does not exist."},
		{"GET", "/storage/v1/b/none/iam", "", "Not Found NOT_FOUND: The specified bucket does not exist."},
		{"PUT", "/storage/v1/b/there/iam",
			`{"bindings":[{"role":"roles/storage.objectUser","members":["serviceAccount:none@x.iam.gserviceaccount.com"]}]}`,
			"Bad Request INVALID_ARGUMENT: Service account none@x.iam.gserviceaccount.com does not exist."},
	} {
		assert.Equal(t, test.want, w.Refused(test.method, test.path, test.body), test.path+" "+test.body)
	}
}

// bare is a project whose APIs are off.
var bare = cloud.Project{ID: "bare-project", Number: "42", BillingAccount: cloudtest.Billing}
