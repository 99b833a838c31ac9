package program

import "strings"

// Variables of the GitHub environment that deployments run in. Workflows read them as vars.NAME.
const (
	// VariableProject is the project's id.
	VariableProject = "GCP_PROJECT"
	// VariableProjectNumber is the project's number.
	VariableProjectNumber = "GCP_PROJECT_NUMBER"
	// VariableRegion is the region of registry and services.
	VariableRegion = "GCP_REGION"
	// VariableRegistry is what precedes /IMAGE@DIGEST: HOST/PROJECT/REPOSITORY.
	VariableRegistry = "GCP_REGISTRY"
	// VariableProvider is the workload identity provider of releases.
	VariableProvider = "GCP_WORKLOAD_IDENTITY_PROVIDER"
	// VariablePromotionProvider is the workload identity provider of promote.yml, which copies images as the account that pushes.
	VariablePromotionProvider = "GCP_PROMOTION_WORKLOAD_IDENTITY_PROVIDER"
	// VariableInfraProvider is the workload identity provider of infrastructure.yml.
	VariableInfraProvider = "GCP_INFRA_WORKLOAD_IDENTITY_PROVIDER"
	// VariableCIAccount is the e-mail address of the account that pushes images.
	VariableCIAccount = "GCP_CI_SERVICE_ACCOUNT"
	// VariableDeployAccount is the e-mail address of the account that releases.
	VariableDeployAccount = "GCP_DEPLOY_SERVICE_ACCOUNT"
	// VariableInfraAccount is the e-mail address of the account that changes the environment itself.
	VariableInfraAccount = "GCP_INFRA_SERVICE_ACCOUNT"
	// VariableAttestor is the attestor that signs what is promoted, projects/P/attestors/A; absent where nothing has to be signed.
	VariableAttestor = "GCP_ATTESTOR"
	// VariableAttestorKeyVersion is the version of the key that signs, projects/P/…/cryptoKeyVersions/N; absent like the attestor.
	VariableAttestorKeyVersion = "GCP_ATTESTOR_KEY_VERSION"
	// VariableServices is a JSON object from each service's key to {"name", "image", "url", "smokePaths"}.
	VariableServices = "GCP_SERVICES"
)

// Variables of the repository, for jobs in no environment. Each has the stack's name behind it, see [RepositoryVariable],
// except that those of images are written by dev only.
const (
	// VariablePreviewAccount is the e-mail address of the account that previews and drift checks read as.
	VariablePreviewAccount = "GCP_PREVIEW_SERVICE_ACCOUNT"
	// VariablePreviewProvider is the workload identity provider of previews and drift checks.
	VariablePreviewProvider = "GCP_PREVIEW_WORKLOAD_IDENTITY_PROVIDER"
)

// RepositoryVariable is the name of a variable as the repository has it for one stack, for example GCP_PROJECT_DEV.
func RepositoryVariable(name, stack string) string { return name + "_" + strings.ToUpper(stack) }

// EnvironmentVariables are all variables that a stack can write to its GitHub environment, sorted. Those of the attestor are
// written only where images have to be signed.
func EnvironmentVariables() []string {
	return []string{
		VariableAttestor, VariableAttestorKeyVersion, VariableCIAccount, VariableDeployAccount, VariableInfraAccount, VariableInfraProvider, VariableProject, VariableProjectNumber,
		VariablePromotionProvider, VariableRegion, VariableRegistry, VariableServices, VariableProvider,
	}
}

// RepositoryVariables are all variables that a stack writes to the repository, sorted.
func RepositoryVariables(stack string) []string {
	names := []string{VariablePreviewAccount, VariablePreviewProvider, VariableProject, VariableRegion}
	if stack == "dev" {
		names = []string{
			VariableCIAccount, VariablePreviewAccount, VariablePreviewProvider, VariableProject, VariableRegion, VariableRegistry, VariableProvider,
		}
	}
	for i, name := range names {
		names[i] = RepositoryVariable(name, stack)
	}
	return names
}
