package rules

import (
	"fmt"
	"slices"
)

// Type tokens of pulumi-gcp 8 and pulumi-github 6.
const (
	serviceV1  = "gcp:cloudrun/service:Service"
	serviceV2  = "gcp:cloudrunv2/service:Service"
	job        = "gcp:cloudrunv2/job:Job"
	workerPool = "gcp:cloudrunv2/workerPool:WorkerPool"

	secret         = "gcp:secretmanager/secret:Secret"
	regionalSecret = "gcp:secretmanager/regionalSecret:RegionalSecret"
	repository     = "gcp:artifactregistry/repository:Repository"
	bucket         = "gcp:storage/bucket:Bucket"
	database       = "gcp:sql/databaseInstance:DatabaseInstance"
	keyRing        = "gcp:kms/keyRing:KeyRing"
	schedulerJob   = "gcp:cloudscheduler/job:Job"
	hmacKey        = "gcp:storage/hmacKey:HmacKey"
	accountKey     = "gcp:serviceaccount/key:Key"
	poolProvider   = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
	admission      = "gcp:binaryauthorization/policy:Policy"
	budget         = "gcp:billing/budget:Budget"
	uptimeCheck    = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"

	ghEnvironment         = "github:index/repositoryEnvironment:RepositoryEnvironment"
	ghOldDeploymentPolicy = "github:index/repositoryDeploymentBranchPolicy:RepositoryDeploymentBranchPolicy"
	ghOrgActions          = "github:index/actionsOrganizationPermissions:ActionsOrganizationPermissions"
	ghOrgWorkflowToken    = "github:index/actionsOrganizationWorkflowPermissions:ActionsOrganizationWorkflowPermissions"
	ghDeploymentPolicy    = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"
	ghVariable            = "github:index/actionsVariable:ActionsVariable"
	ghEnvVariable         = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable"
	ghOrgVariable         = "github:index/actionsOrganizationVariable:ActionsOrganizationVariable"
	ghSecret              = "github:index/actionsSecret:ActionsSecret"
	ghEnvSecret           = "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret"
	ghOrgSecret           = "github:index/actionsOrganizationSecret:ActionsOrganizationSecret"
	ghDependabotSecret    = "github:index/dependabotSecret:DependabotSecret"
	ghDependabotOrg       = "github:index/dependabotOrganizationSecret:DependabotOrganizationSecret"
	ghCodespaces          = "github:index/codespacesSecret:CodespacesSecret"
	ghCodespacesOrg       = "github:index/codespacesOrganizationSecret:CodespacesOrganizationSecret"
	ghCodespacesUser      = "github:index/codespacesUserSecret:CodespacesUserSecret"
	ghActions             = "github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions"
	ghWorkflowTokenType   = "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions"
	ghRuleset             = "github:index/repositoryRuleset:RepositoryRuleset"
	ghRepositoryType      = "github:index/repository:Repository"
	ghAlerts              = "github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts"
	ghDeployKeyType       = "github:index/repositoryDeployKey:RepositoryDeployKey"
	ghBranchProtection    = "github:index/branchProtection:BranchProtection"
	// The same by the older of GitHub's two interfaces.
	ghBranchProtectionV3 = "github:index/branchProtectionV3:BranchProtectionV3"
)

var (
	services = []string{serviceV1, serviceV2}
	runAny   = []string{serviceV1, serviceV2, job, workerPool}

	projectIAM    = iam("gcp:projects/iAM%s:IAM%[1]s")
	folderIAM     = iam("gcp:folder/iAM%s:IAM%[1]s")
	orgIAM        = iam("gcp:organizations/iAM%s:IAM%[1]s")
	accountIAM    = iam("gcp:serviceaccount/iAM%s:IAM%[1]s")
	repositoryIAM = iam("gcp:artifactregistry/repositoryIam%s:RepositoryIam%[1]s")
	secretIAM     = iam("gcp:secretmanager/secretIam%s:SecretIam%[1]s")
	bucketIAM     = iam("gcp:storage/bucketIAM%s:BucketIAM%[1]s")
	serviceIAM    = slices.Concat(iam("gcp:cloudrun/iam%s:Iam%[1]s"), iam("gcp:cloudrunv2/serviceIam%s:ServiceIam%[1]s"))
	runIAM        = slices.Concat(serviceIAM,
		iam("gcp:cloudrunv2/jobIam%s:JobIam%[1]s"), iam("gcp:cloudrunv2/workerPoolIam%s:WorkerPoolIam%[1]s"))

	// wideIAM grants on everything below a project, folder or organization.
	wideIAM = slices.Concat(projectIAM, folderIAM, orgIAM)
	anyIAM  = slices.Concat(wideIAM, accountIAM, repositoryIAM, runIAM, secretIAM, bucketIAM,
		iam("gcp:bigquery/connectionIam%s:ConnectionIam%[1]s"), iam("gcp:bigquery/datasetIam%s:DatasetIam%[1]s"),
		iam("gcp:bigquery/iam%s:Iam%[1]s"),
		iam("gcp:billing/accountIam%s:AccountIam%[1]s"),
		iam("gcp:binaryauthorization/attestorIam%s:AttestorIam%[1]s"),
		iam("gcp:clouddeploy/customTargetTypeIam%s:CustomTargetTypeIam%[1]s"),
		iam("gcp:clouddeploy/deliveryPipelineIam%s:DeliveryPipelineIam%[1]s"),
		iam("gcp:clouddeploy/targetIam%s:TargetIam%[1]s"),
		iam("gcp:cloudfunctions/functionIam%s:FunctionIam%[1]s"), iam("gcp:cloudfunctionsv2/functionIam%s:FunctionIam%[1]s"),
		iam("gcp:cloudtasks/queueIam%s:QueueIam%[1]s"),
		iam("gcp:containeranalysis/noteIam%s:NoteIam%[1]s"),
		iam("gcp:iam/workloadIdentityPoolIam%s:WorkloadIdentityPoolIam%[1]s"),
		iam("gcp:iap/webBackendServiceIam%s:WebBackendServiceIam%[1]s"),
		iam("gcp:iap/webCloudRunServiceIam%s:WebCloudRunServiceIam%[1]s"), iam("gcp:iap/webIam%s:WebIam%[1]s"),
		iam("gcp:kms/cryptoKeyIAM%s:CryptoKeyIAM%[1]s"), iam("gcp:kms/keyRingIAM%s:KeyRingIAM%[1]s"),
		iam("gcp:pubsub/subscriptionIAM%s:SubscriptionIAM%[1]s"), iam("gcp:pubsub/topicIAM%s:TopicIAM%[1]s"),
		iam("gcp:secretmanager/regionalSecretIam%s:RegionalSecretIam%[1]s"),
		iam("gcp:storage/managedFolderIam%s:ManagedFolderIam%[1]s"))
)

// iam are the three ways in which a resource's IAM policy can be managed: one member of a role, all members of a role, and
// everything. A rule that knew one only would be passed by the others.
func iam(format string) []string {
	return []string{fmt.Sprintf(format, "Member"), fmt.Sprintf(format, "Binding"), fmt.Sprintf(format, "Policy")}
}
