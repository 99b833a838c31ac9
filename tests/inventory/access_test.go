package inventory_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

func TestASecretsValueIsSecretEverywhere(t *testing.T) {
	t.Parallel()
	const value = "a-value-that-must-not-be-seen"
	document := settings(t, "dev", func(document map[string]any) {
		document["secrets"].(map[string]any)["mongodb-uri"] = map[string]any{"value": value}
	})
	inventory := run(t, "dev", nil, pulumitest.WithSecretConfig(map[string]string{stacks.ConfigKey("procureflow"): document}))
	assert.NotContains(t, inventory.String(), value)
	version := inventory.One(t, "gcp:secretmanager/secretVersion:SecretVersion", "secrets-mongodb-uri-version")
	assert.Equal(t, value, version.Inputs["secretData"])
	assert.Equal(t, []string{"secretData"}, version.Secrets)
	template := inventory.One(t, serviceType, "service-web-service").Inputs["template"].(map[string]any)
	container := template["containers"].([]any)[0].(map[string]any)
	assert.Contains(t, container["envs"], map[string]any{"name": "MONGODB_URI", "valueSource": map[string]any{
		"secretKeyRef": map[string]any{"secret": "mongodb-uri", "version": "1"},
	}}, "the service runs with the version that was made")
}

func TestNobodyHoldsABasicRole(t *testing.T) {
	t.Parallel()
	for _, stack := range all {
		for _, resource := range run(t, stack, nil).Resources {
			role, _ := resource.Inputs["role"].(string)
			assert.NotContains(t, []string{"roles/owner", "roles/editor", "roles/viewer"}, role, "%s %s", stack, resource.Name)
			assert.NotContains(t, resource.Type, "serviceaccount/key", "no account has a key")
		}
	}
}

func TestReleasesHoldNothingThatChangesWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	for _, stack := range all {
		inventory := run(t, stack, nil)
		var roles []string
		for _, resource := range inventory.Resources {
			if role, ok := resource.Inputs["role"].(string); ok && strings.HasPrefix(resource.Name, "account-deploy-grant-") {
				roles = append(roles, resource.Name[len("account-deploy-grant-"):]+" = "+role)
			}
		}
		slices.Sort(roles)
		var reads []string
		if stack == "prod" { // the program asks for the public key
			reads = []string{"project-attestation-reader = projects/procureflow-prod/roles/procureflowAttestationReader"}
		}
		assert.Equal(t, append(reads,
			"project-monitoring-viewer = roles/monitoring.viewer",
			"project-releaser = projects/procureflow-"+stack+"/roles/procureflowReleaser",
			"project-serviceusage-serviceusageconsumer = roles/serviceusage.serviceUsageConsumer",
			"repository-images-artifactregistry-reader = roles/artifactregistry.reader",
			"service-account-web-iam-serviceaccountuser = roles/iam.serviceAccountUser",
		), roles, stack)
	}
}

// TestWorkflowsAreToldWhatIsDeployed: what `release settings` derives from the settings is what the program makes.
func TestWorkflowsAreToldWhatIsDeployed(t *testing.T) {
	t.Parallel()
	for _, stack := range all {
		inventory := run(t, stack, nil)
		s, err := stacks.Read(filepath.Join("..", "application"), stack, true)
		require.NoError(t, err)
		told := map[string]string{}
		for _, variable := range inventory.OfType("github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable") {
			told[variable.Inputs["variableName"].(string)] = variable.Inputs["value"].(string)
			assert.Equal(t, s.GitHubEnvironment(), variable.Inputs["environment"])
		}
		want := map[string]string{
			program.VariableProject: s.Project.ID, program.VariableRegion: s.Project.Region, program.VariableProjectNumber: s.Project.Number,
			program.VariableRegistry: s.ImagePrefix(), program.VariableProvider: s.ProviderName(stacks.AccountDeploy),
			program.VariablePromotionProvider: s.ProviderName(stacks.AccountCI), program.VariableInfraProvider: s.ProviderName(stacks.AccountInfra),
			program.VariableCIAccount: s.AccountEmail(stacks.AccountCI), program.VariableDeployAccount: s.AccountEmail(stacks.AccountDeploy),
			program.VariableInfraAccount: s.AccountEmail(stacks.AccountInfra), program.VariableServices: told[program.VariableServices],
		}
		if s.BinaryAuthorization != nil {
			want[program.VariableAttestor], want[program.VariableAttestorKeyVersion] = s.AttestorName(), s.AttestorKeyVersion()
		}
		assert.Equal(t, want, told, stack)
		assert.Equal(t, s.ProviderName(stacks.AccountPreview), inventory.One(t,
			"github:index/actionsVariable:ActionsVariable", "repository-variable-gcp-preview-workload-identity-provider-"+stack).Inputs["value"])
	}
}
