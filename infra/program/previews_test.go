package program_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// withPreviews merges tests/application/previews.yaml into dev's settings.
func withPreviews(document map[string]any) {
	overlay, err := pulumitest.Overlay(filepath.Join("..", "..", "tests", "application", "previews.yaml"))
	if err != nil {
		panic(err)
	}
	pulumitest.Lay(document, overlay)
}

// TestSlotHasNoSecretsOfItsService checks a slot: its service behind a front that keeps search engines away, with at most one
// instance and none of the service's secrets.
func TestSlotHasNoSecretsOfItsService(t *testing.T) {
	t.Parallel()
	inventory := run(t, "dev", withPreviews)
	pulumitest.CheckParents(t, inventory)
	slot := inventory.One(t, serviceType, "slot-procureflow-web-preview-2-service")
	assert.Equal(t, "preview", slot.Inputs["labels"].(map[string]any)["purpose"])
	template := slot.Inputs["template"].(map[string]any)
	assert.Nil(t, template["revision"], "Cloud Run names the revisions, because a workflow changes the image")
	assert.Equal(t, map[string]any{"minInstanceCount": 0.0, "maxInstanceCount": 1.0}, template["scaling"])
	assert.Equal(t, "procureflow-previews@procureflow-dev.iam.gserviceaccount.com", template["serviceAccount"])
	assert.Nil(t, template["vpcAccess"])
	assert.Nil(t, template["volumes"])
	containers := template["containers"].([]any)
	require.Len(t, containers, 2)
	front, app := containers[0].(map[string]any), containers[1].(map[string]any)
	assert.Equal(t, []any{"reverse-proxy", "--from", ":8080", "--to", "localhost:3000", "--header-down", "X-Robots-Tag: noindex"},
		front["args"])
	assert.Equal(t, []any{"app"}, front["dependsOns"])
	assert.Empty(t, front["envs"])
	variables := map[string]any{}
	for _, variable := range app["envs"].([]any) {
		of := variable.(map[string]any)
		variables[of["name"].(string)] = of["value"]
		if source, secret := of["valueSource"].(map[string]any); secret {
			variables[of["name"].(string)] = source["secretKeyRef"]
		}
	}
	assert.Equal(t, map[string]any{"NODE_ENV": "production", "NEXT_TELEMETRY_DISABLED": "1", "PORT": "3000",
		"LOG_LEVEL": "debug", "NEXTAUTH_SECRET": map[string]any{"secret": "preview-nextauth-secret", "version": "1"},
		"NEXTAUTH_URL": "https://procureflow-web-preview-2-100000000001.us-central1.run.app"}, variables)
	assert.Equal(t, []string{"repository-environment-dev", "repository-environment-procureflow-web-preview-1",
		"repository-environment-procureflow-web-preview-2"}, inventory.Names("github:index/repositoryEnvironment:RepositoryEnvironment"))
}

// TestSlotAccountReachesOnlySlots checks that every right of the account is on a slot or on a resource of the slots. It has
// none on the project, the service or what is released.
func TestSlotAccountReachesOnlySlots(t *testing.T) {
	t.Parallel()
	inventory := run(t, "dev", withPreviews)
	var held []string
	for _, r := range grantsOf(inventory)["slots"] {
		held = append(held, r.scope+": "+r.role[strings.LastIndex(r.role, "/")+1:])
	}
	assert.Equal(t, []string{"repository previews: artifactregistry.writer", "service-account previews: iam.serviceAccountUser",
		"service procureflow-web-preview-1: procureflowSlotKeeper", "service procureflow-web-preview-2: procureflowSlotKeeper"}, held)
	for _, resource := range inventory.Resources {
		member, _ := resource.Inputs["member"].(string)
		if strings.HasPrefix(member, "serviceAccount:github-actions-slots@") {
			assert.NotEqual(t, projectRoleType, resource.Type, resource.Name)
		}
		if strings.HasPrefix(member, "serviceAccount:procureflow-previews@") {
			assert.Equal(t, "preview-nextauth-secret roles/secretmanager.secretAccessor",
				fmt.Sprint(resource.Inputs["secretId"], " ", resource.Inputs["role"]), "what runs in slots reads the one secret that is theirs")
		}
	}
	repository := inventory.One(t, "gcp:artifactregistry/repository:Repository", "previews-registry-repository")
	assert.Equal(t, "procureflow-previews", repository.Inputs["repositoryId"])
	oldest := slices.IndexFunc(repository.Inputs["cleanupPolicies"].([]any), func(policy any) bool {
		condition, _ := policy.(map[string]any)["condition"].(map[string]any)
		return condition["tagState"] == "UNTAGGED" && condition["olderThan"] == "345600s"
	})
	assert.GreaterOrEqual(t, oldest, 0, "an image is kept a day longer than its slot: %v", repository.Inputs["cleanupPolicies"])
}

// TestWithoutPreviewsNothingIsMade checks that without previews there is no account, role, repository or attribute for them.
func TestWithoutPreviewsNothingIsMade(t *testing.T) {
	t.Parallel()
	for _, stack := range all {
		for _, resource := range run(t, stack, nil).Resources {
			assert.NotRegexp(t, `slot|previews`, resource.Name, stack)
			mapping, _ := resource.Inputs["attributeMapping"].(map[string]any)
			assert.NotContains(t, mapping, "attribute.event_workflow", stack)
		}
	}
}

// TestReleaseSettingsNameTheSlots compares what `release settings` and the workflow say about slots with what the program
// makes.
func TestReleaseSettingsNameTheSlots(t *testing.T) {
	t.Parallel()
	s, err := stacks.Parse([]byte(settings(t, "dev", withPreviews)), "dev")
	require.NoError(t, err)
	inventory := run(t, "dev", withPreviews)
	for _, name := range s.SlotNames("web") {
		assert.Equal(t, name, inventory.One(t, serviceType, "slot-"+name+"-service").Inputs["name"])
	}
	assert.Equal(t, "github-actions-slots@procureflow-dev.iam.gserviceaccount.com", s.AccountEmail(stacks.AccountSlots))
	assert.Equal(t, "github-actions-slots", inventory.One(t, "gcp:serviceaccount/account:Account",
		"account-slots-account").Inputs["accountId"])
}
