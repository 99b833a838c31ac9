package program_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/golden"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

// everything merges tests/application/everything.yaml into a stack's settings.
func everything(t *testing.T) func(document map[string]any) {
	t.Helper()
	overlay, err := pulumitest.Overlay(filepath.Join("..", "..", "tests", "application", "everything.yaml"))
	require.NoError(t, err)
	return func(document map[string]any) {
		pulumitest.Lay(document, overlay)
		withPreviews(document)
	}
}

// TestEverythingAtOnce pins the inventory of a stack that uses everything that the application's stacks do not.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	inventory := run(t, "dev", everything(t))
	pulumitest.CheckParents(t, inventory)
	golden.Check(t, filepath.Join("testdata", "everything.txt"), inventory.String(), *update)

	web := variablesOf(inventory, "web")
	assert.Equal(t, "https://procureflow-api-100000000001.us-central1.run.app", web["API_URL"], "the URL is known before the service exists")
	assert.Equal(t, "https://procureflow-web-100000000001.us-central1.run.app", web["NEXTAUTH_URL"])
	assert.Equal(t, "procureflow-dev-files", web["FILES_BUCKET"])
	api := variablesOf(inventory, "api")
	assert.Equal(t, "procureflow-api@procureflow-dev.iam", api["DB_USER"])
	assert.Equal(t, "procureflow-dev:us-central1:main", api["DB_INSTANCE"])
	assert.Equal(t, "/cloudsql/procureflow-dev:us-central1:legacy-postgres", api["LEGACY_HOST"])
	job := plainVariables(inventory.One(t, jobType, "job-migrate-job").Inputs["template"].(map[string]any)["template"])
	assert.Equal(t, "procureflow-api-migrate@procureflow-dev.iam", job["DB_USER"], "the job has its own user in the same database")
	assert.Equal(t, api["DB_INSTANCE"], job["DB_INSTANCE"])
	assert.Equal(t, api["LEGACY_HOST"], job["LEGACY_HOST"])
	assert.Equal(t, "procureflow-dev-files", job["FILES"])
	alerts := inventory.OfType("gcp:monitoring/alertPolicy:AlertPolicy")
	runbooks, err := os.ReadFile(filepath.Join("..", "..", "docs", "runbooks", "README.md"))
	require.NoError(t, err)
	for _, alert := range alerts {
		content := alert.Inputs["documentation"].(map[string]any)["content"].(string)
		_, section, _ := strings.Cut(strings.TrimSuffix(content, ")"), "#")
		assert.Contains(t, string(runbooks), "\n## "+section+"\n", "%s links to a heading that is not there", alert.Name)
	}
	for _, resource := range inventory.Resources {
		permissions, _ := resource.Inputs["permissions"].([]any)
		for _, deletes := range []string{"cloudsql.instances.delete", "cloudsql.databases.delete", "storage.buckets.delete"} {
			assert.NotContains(t, permissions, deletes, resource.Name)
		}
	}
}

// TestUnusedFeaturesMakeNothing checks that the application's stacks have no API, role or resource of features that they do
// not use.
func TestUnusedFeaturesMakeNothing(t *testing.T) {
	t.Parallel()
	plain, whole := run(t, "dev", nil), run(t, "dev", everything(t))
	types := func(inventory *pulumitest.Inventory) map[string]bool {
		seen := map[string]bool{}
		for _, resource := range inventory.Resources {
			seen[resource.Type] = true
		}
		return seen
	}
	more := types(whole)
	maps.DeleteFunc(more, func(token string, _ bool) bool { return types(plain)[token] })
	assert.Equal(t, map[string]bool{
		"gcp:sql/databaseInstance:DatabaseInstance": true, "gcp:sql/database:Database": true, "gcp:sql/user:User": true,
		"gcp:storage/bucket:Bucket": true, "gcp:storage/bucketIAMMember:BucketIAMMember": true,
		"procureflow:database:Database": true, "procureflow:bucket:Bucket": true, "procureflow:job:Job": true,
		"procureflow:monitoring:JobWatch": true, jobType: true, "gcp:cloudrunv2/jobIamMember:JobIamMember": true,
		"gcp:cloudscheduler/job:Job": true,
	}, more)
}

// variablesOf returns the plain variables of a service's first container.
func variablesOf(inventory *pulumitest.Inventory, key string) map[string]any {
	for _, resource := range inventory.OfType(serviceType) {
		if resource.Name != "service-"+key+"-service" {
			continue
		}
		return plainVariables(resource.Inputs["template"])
	}
	return nil
}

// plainVariables returns the plain variables of a template's container, by default the first.
func plainVariables(template any, container ...int) map[string]any {
	variables := map[string]any{}
	containers := template.(map[string]any)["containers"].([]any)
	for _, variable := range containers[append(container, 0)[0]].(map[string]any)["envs"].([]any) {
		variables[variable.(map[string]any)["name"].(string)] = variable.(map[string]any)["value"]
	}
	return variables
}

// TestServicesCallEachOther checks two services that name and call each other. That works because addresses are known before a
// service exists, and grants need only accounts.
func TestServicesCallEachOther(t *testing.T) {
	t.Parallel()
	lay := everything(t)
	inventory := run(t, "dev", func(document map[string]any) {
		lay(document)
		services := document["services"].(map[string]any)
		web, api := services["web"].(map[string]any), services["api"].(map[string]any)
		web["public"], web["callers"] = false, []any{"api"}
		api["urlVariables"] = map[string]any{"WEB_URL": "web", "SELF_URL": "api"}
	})
	assert.Equal(t, "https://procureflow-api-100000000001.us-central1.run.app", variablesOf(inventory, "web")["API_URL"])
	api := variablesOf(inventory, "api")
	assert.Equal(t, "https://procureflow-web-100000000001.us-central1.run.app", api["WEB_URL"])
	assert.Equal(t, "https://procureflow-api-100000000001.us-central1.run.app", api["SELF_URL"])
	callers := map[any]any{}
	for _, name := range []string{"service-api-invoker-web", "service-web-invoker-api"} {
		grant := inventory.One(t, "gcp:cloudrunv2/serviceIamMember:ServiceIamMember", name).Inputs
		callers[grant["name"]] = grant["member"]
	}
	assert.Equal(t, map[any]any{
		"procureflow-api": "serviceAccount:procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com",
		"procureflow-web": "serviceAccount:procureflow-api@procureflow-dev.iam.gserviceaccount.com",
	}, callers)
}
