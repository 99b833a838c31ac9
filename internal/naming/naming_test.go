package naming_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ got, want string }{
		"account email": {naming.AccountEmail("deploy", "procureflow-dev"), "deploy@procureflow-dev.iam.gserviceaccount.com"},
		"account name": {naming.AccountName("deploy", "procureflow-dev"),
			"projects/procureflow-dev/serviceAccounts/deploy@procureflow-dev.iam.gserviceaccount.com"},
		"account member": {naming.AccountMember("a@b.iam.gserviceaccount.com"), "serviceAccount:a@b.iam.gserviceaccount.com"},
		"registry host":  {naming.RegistryHost("us-central1"), "us-central1-docker.pkg.dev"},
		"image prefix": {naming.ImagePrefix("us-central1", "procureflow-dev", "procureflow"),
			"us-central1-docker.pkg.dev/procureflow-dev/procureflow"},
		"service host": {naming.ServiceHost("procureflow-web", "123456789012", "us-central1"),
			"procureflow-web-123456789012.us-central1.run.app"},
		"service URL": {naming.ServiceURL("procureflow-web", "123456789012", "us-central1"),
			"https://procureflow-web-123456789012.us-central1.run.app"},
		"pool name": {naming.PoolName("123456789012", "github"), "projects/123456789012/locations/global/workloadIdentityPools/github"},
		"principal set": {
			naming.PrincipalSet(naming.PoolName("123456789012", "github"), "repo_env", "42:production"),
			"principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/attribute.repo_env/42:production",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.got)
		})
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"run.developer":          "run-developer",
		"iam.serviceAccountUser": "iam-serviceaccountuser",
		"GCP_PROJECT_ID":         "gcp-project-id",
		"--a..b--":               "a-b",
		"É":                      "",
		"":                       "",
	} {
		assert.Equal(t, want, naming.Slug(text), "slug of %q", text)
	}
}

func TestIsKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"a": true, "ci-1": true, "": false, "CI": false, "1a": false, "-a": false, "a-": false, "a b": false, "a_b": false, "a\n": false,
	} {
		assert.Equal(t, want, naming.IsKey(text), "%q", text)
	}
}
