package stacks

// The stack's outputs. Workflows, the release controller and people read them by these names, so a name is permanent.
const (
	// OutputEnvironment is the environment's name: dev, staging or prod.
	OutputEnvironment = "environment"
	// OutputServices maps each service's key in the settings to a map with the Service... keys below.
	OutputServices = "services"
	// OutputServiceURLs maps each service's key in the settings to its URL.
	OutputServiceURLs = "serviceUrls"
	// OutputJobs maps each job's key in the settings to a map with the Job... keys below; absent where there is no job.
	OutputJobs = "jobs"
	// OutputWorkloadIdentityProvider is the provider's full resource name, which the authentication step of a workflow takes.
	OutputWorkloadIdentityProvider = "workloadIdentityProvider"
	// OutputAccounts maps ci, preview, deploy and infra, and slots if there are previews, to the e-mail address of the service account.
	OutputAccounts = "accounts"
	// OutputRegistry is the Docker repository that images are pushed to: REGION-docker.pkg.dev/PROJECT/REPOSITORY.
	OutputRegistry = "registry"
	// OutputDashboardURL is the dashboard's page in the Google Cloud console.
	OutputDashboardURL = "dashboardUrl"
)

// PipelineAccountPrefix begins the ids of the accounts under OutputAccounts.
const PipelineAccountPrefix = "github-actions-"

// The keys of one service under OutputServices.
const (
	// ServiceName is the Cloud Run service id.
	ServiceName = "name"
	// ServiceURL is the address the service answers at.
	ServiceURL = "url"
	// ServiceRevision is the name of the revision that the settings describe, whether or not it has traffic.
	ServiceRevision = "revision"
	// ServiceImage is that revision's image by digest.
	ServiceImage = "image"
)

// The keys of one job under OutputJobs.
const (
	// JobName is the Cloud Run job's id.
	JobName = "name"
	// JobImage is the image, by digest, that the job's next execution runs.
	JobImage = "image"
)
