package rules

// These are type tokens of pulumi-gcp 8 and pulumi-github 6.
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
	dataset        = "gcp:bigquery/dataset:Dataset"
	workforce      = "gcp:iam/workforcePoolProvider:WorkforcePoolProvider"
	apiKey         = "gcp:projects/apiKey:ApiKey"
	functionV1     = "gcp:cloudfunctions/function:Function"
	functionV2     = "gcp:cloudfunctionsv2/function:Function"
	endpointGroup  = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"
	forwardingRule = "gcp:compute/globalForwardingRule:GlobalForwardingRule"
	uptimeCheck    = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"

	ghEnvironment         = "github:index/repositoryEnvironment:RepositoryEnvironment"
	ghOldDeploymentPolicy = "github:index/repositoryDeploymentBranchPolicy:RepositoryDeploymentBranchPolicy"
	ghOrgActions          = "github:index/actionsOrganizationPermissions:ActionsOrganizationPermissions"
	ghEnterpriseActions   = "github:index/enterpriseActionsPermissions:EnterpriseActionsPermissions"
	ghEnterpriseToken     = "github:index/enterpriseActionsWorkflowPermissions:EnterpriseActionsWorkflowPermissions"
	ghWebhook             = "github:index/repositoryWebhook:RepositoryWebhook"
	ghFile                = "github:index/repositoryFile:RepositoryFile"
	ghOrgWebhook          = "github:index/organizationWebhook:OrganizationWebhook"
	ghOrgRuleset          = "github:index/organizationRuleset:OrganizationRuleset"
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
	// This type is the same protection through the older of GitHub's two APIs.
	ghBranchProtectionV3 = "github:index/branchProtectionV3:BranchProtectionV3"
)

var (
	services = []string{serviceV1, serviceV2}
	runAny   = []string{serviceV1, serviceV2, job, workerPool}
	// functions run on Cloud Run and have their own settings.
	functions = []string{functionV1, functionV2}
)
