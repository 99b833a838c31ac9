package provider_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/provider"
)

func TestIdentity(t *testing.T) {
	t.Parallel()
	type inputs = map[string]any
	for _, test := range []struct {
		token  string
		inputs inputs
		want   string
	}{
		{"gcp:cloudrunv2/service:Service", inputs{"project": "p", "location": "l", "name": "web", "labels": inputs{"a": "b"}},
			"projects/p/locations/l/services/web"},
		{"gcp:cloudrunv2/job:Job", inputs{"project": "p", "location": "l", "name": "web"}, "projects/p/locations/l/jobs/web"},
		{"gcp:cloudscheduler/job:Job", inputs{"project": "p", "region": "l", "name": "web"}, "projects/p/locations/l/jobs/web"},
		{"gcp:serviceaccount/account:Account", inputs{"project": "p", "accountId": "web"},
			"projects/p/serviceAccounts/web@p.iam.gserviceaccount.com"},
		{"gcp:secretmanager/secret:Secret", inputs{"project": "p", "secretId": "key"}, "projects/p/secrets/key"},
		{"gcp:storage/bucket:Bucket", inputs{"project": "p", "name": "files"}, "files"},
		{"gcp:sql/databaseInstance:DatabaseInstance", inputs{"project": "p", "name": "main"}, "main"},
		{"gcp:sql/user:User", inputs{"project": "p", "instance": "main", "name": "web@p.iam"}, "web@p.iam//main"},
		{"gcp:artifactregistry/repository:Repository", inputs{"project": "p", "location": "l", "repositoryId": "r"},
			"projects/p/locations/l/repositories/r"},
		{"gcp:projects/iAMCustomRole:IAMCustomRole", inputs{"project": "p", "roleId": "r"}, "projects/p/roles/r"},

		// A secret's short and full name are one secret.
		{"gcp:secretmanager/secretIamMember:SecretIamMember", inputs{"project": "p", "secretId": "projects/p/secrets/key", "role": "r",
			"member": "m"}, "projects/p/secrets/key/r/m"},
		{"gcp:secretmanager/secretIamMember:SecretIamMember", inputs{"project": "p", "secretId": "key", "role": "r", "member": "m"},
			"projects/p/secrets/key/r/m"},
		{"gcp:projects/iAMMember:IAMMember", inputs{"project": "p", "role": "r", "member": "m",
			"condition": inputs{"title": "t", "expression": "e"}}, "p/r/m/t"},

		{"gcp:monitoring/alertPolicy:AlertPolicy", inputs{"project": "p", "displayName": "late"}, ""},
		{"gcp:cloudrunv2/service:Service", inputs{"project": "p", "name": "web"}, ""},
		{"gcp:serviceaccount/account:Account", inputs{}, ""},
		{"gcp:compute/disk:Disk", inputs{"name": "d"}, ""},
	} {
		assert.Equal(t, test.want, provider.Identity(test.token, test.inputs), "%s %v", test.token, test.inputs)
	}
}
