package program_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const jobType = "gcp:cloudrunv2/job:Job"

// jobsOf splits "prod with jobs" into prod and the change that gives it a migration that releases run and a scheduled clean-up, and
// "dev with previews" into dev and tests/application/previews.yaml.
func jobsOf(stack string) (change func(map[string]any), plain string) {
	if plain, with := strings.CutSuffix(stack, " with previews"); with {
		return withPreviews, plain
	}
	plain, with := strings.CutSuffix(stack, " with jobs")
	if !with {
		return nil, plain
	}
	return func(document map[string]any) {
		document["jobs"] = map[string]any{
			"migrate": map[string]any{"name": "procureflow-migrate", "service": "web", "runtimeAccount": "procureflow-migrate",
				"args":    []any{"migrate"},
				"release": true, "deletionProtection": true, "secrets": map[string]any{"MONGODB_URI": "mongodb-uri"}},
			"tidy": map[string]any{"name": "procureflow-tidy", "service": "web", "runtimeAccount": "procureflow-tidy",
				"schedule": map[string]any{"cron": "0 3 * * *", "timeZone": "Europe/Berlin", "account": "procureflow-tidy-clock"}},
		}
		document["monitoring"].(map[string]any)["channels"] = map[string]any{"pager": map[string]any{"kind": "pubsub",
			"target": "projects/procureflow-prod/topics/alerts"}}
	}, plain
}

// TestJobsOfAStack checks that a job runs its service's image under its own account, which reads its own secrets only. A
// release may run the job that is its hook, and a schedule's account may run its own job and nothing else.
func TestJobsOfAStack(t *testing.T) {
	t.Parallel()
	change, stack := jobsOf("prod with jobs")
	inventory := run(t, stack, change)
	pulumitest.CheckParents(t, inventory)
	image := func(resource pulumitest.Resource, nested ...string) any {
		template := resource.Inputs["template"].(map[string]any)
		for _, name := range nested {
			template = template[name].(map[string]any)
		}
		return template["containers"].([]any)[0].(map[string]any)["image"]
	}
	service := inventory.OfType(serviceType)[0]
	for _, job := range inventory.OfType(jobType) {
		assert.Equal(t, image(service), image(job, "template"), job.Name)
	}
	var grants []string
	for _, grant := range inventory.OfType("gcp:cloudrunv2/jobIamMember:JobIamMember") {
		role := grant.Inputs["role"].(string)
		grants = append(grants, grant.Inputs["name"].(string)+" "+role[strings.LastIndex(role, "/")+1:]+" "+
			strings.Split(strings.TrimPrefix(grant.Inputs["member"].(string), "serviceAccount:"), "@")[0])
	}
	assert.ElementsMatch(t, []string{"procureflow-migrate procureflowHookRunner github-actions-deploy",
		"procureflow-tidy run.invoker procureflow-tidy-clock"}, grants)
	var readers []string
	for _, grant := range inventory.OfType("gcp:secretmanager/secretIamMember:SecretIamMember") {
		if strings.HasSuffix(grant.Inputs["secretId"].(string), "mongodb-uri") {
			readers = append(readers, strings.Split(grant.Inputs["member"].(string), "@")[0])
		}
	}
	assert.Contains(t, readers, "serviceAccount:procureflow-migrate")
	assert.NotContains(t, readers, "serviceAccount:procureflow-tidy")
	assert.Equal(t, []string{"alerts-email-prod-alerts-example-com", "alerts-pager"},
		inventory.Names("gcp:monitoring/notificationChannel:NotificationChannel"))
	for _, resource := range inventory.OfType("gcp:billing/budget:Budget") {
		assert.Len(t, resource.Inputs["allUpdatesRule"].(map[string]any)["monitoringNotificationChannels"], 1, "a budget notifies by mail only")
	}
}
