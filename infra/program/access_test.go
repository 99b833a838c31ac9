package program_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

func TestSecretValuesAreSecretEverywhere(t *testing.T) {
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

func TestNobodyHasABasicRole(t *testing.T) {
	t.Parallel()
	for _, stack := range all {
		for _, resource := range run(t, stack, nil).Resources {
			role, _ := resource.Inputs["role"].(string)
			assert.NotContains(t, []string{"roles/owner", "roles/editor", "roles/viewer"}, role, "%s %s", stack, resource.Name)
			assert.NotContains(t, resource.Type, "serviceaccount/key", "no account has a key")
		}
	}
}

func TestReleaseAccountsCannotChangeAccess(t *testing.T) {
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
		if stack == "prod" { // only there the program asks for the public key
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

// TestReleaseSettingsNameWhatIsMade checks that the names that `release settings` derives from the settings are those that the
// program makes.
func TestReleaseSettingsNameWhatIsMade(t *testing.T) {
	t.Parallel()
	for _, stack := range all {
		inventory := run(t, stack, nil)
		s, err := stacks.Read(filepath.Join("..", "..", "tests", "application"), stack, true)
		require.NoError(t, err)
		made := map[string]bool{}
		project := s.Project.ID
		for _, account := range inventory.OfType("gcp:serviceaccount/account:Account") {
			made[account.Inputs["accountId"].(string)+"@"+project+".iam.gserviceaccount.com"] = true
		}
		for _, provider := range inventory.OfType("gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider") {
			made["projects/"+s.Project.Number+"/locations/global/workloadIdentityPools/"+provider.Inputs["workloadIdentityPoolId"].(string)+
				"/providers/"+provider.Inputs["workloadIdentityPoolProviderId"].(string)] = true
		}
		for _, registry := range inventory.OfType("gcp:artifactregistry/repository:Repository") {
			made[registry.Inputs["location"].(string)+"-docker.pkg.dev/"+project+"/"+registry.Inputs["repositoryId"].(string)] = true
		}
		told := []string{s.ImagePrefix()}
		for _, account := range []string{stacks.AccountCI, stacks.AccountPreview, stacks.AccountDeploy, stacks.AccountInfra} {
			told = append(told, s.AccountEmail(account), s.ProviderName(account))
		}
		if s.BinaryAuthorization != nil {
			ring := inventory.OfType("gcp:kms/keyRing:KeyRing")[0].Inputs
			key := inventory.OfType("gcp:kms/cryptoKey:CryptoKey")[0].Inputs
			made["projects/"+project+"/attestors/"+inventory.OfType("gcp:binaryauthorization/attestor:Attestor")[0].Inputs["name"].(string)] = true
			made["projects/"+project+"/locations/"+ring["location"].(string)+"/keyRings/"+ring["name"].(string)+"/cryptoKeys/"+
				key["name"].(string)+"/cryptoKeyVersions/1"] = true
			told = append(told, s.AttestorName(), s.AttestorKeyVersion())
		}
		for _, name := range told {
			assert.True(t, made[name], "%s: %s is not made", stack, name)
		}
	}
}
