package adopt

import "strings"

// APIs are the base addresses that are asked, each ending with a slash.
type APIs struct {
	ArtifactRegistry, IAM, SecretManager, Run, RunV1, Monitoring, Logging, KMS, ContainerAnalysis string

	BinaryAuthorization, Scheduler, Storage, SQL string

	GitHub string
}

// Public are the addresses of Google Cloud and GitHub.
var Public = APIs{
	ArtifactRegistry: "https://artifactregistry.googleapis.com/v1/", IAM: "https://iam.googleapis.com/v1/",
	SecretManager: "https://secretmanager.googleapis.com/v1/", Run: "https://run.googleapis.com/v2/", RunV1: "https://run.googleapis.com/v1/",
	Monitoring: "https://monitoring.googleapis.com/v3/", Logging: "https://logging.googleapis.com/v2/",
	KMS: "https://cloudkms.googleapis.com/v1/", ContainerAnalysis: "https://containeranalysis.googleapis.com/v1/",
	BinaryAuthorization: "https://binaryauthorization.googleapis.com/v1/", Scheduler: "https://cloudscheduler.googleapis.com/v1/",
	Storage: "https://storage.googleapis.com/storage/v1/", SQL: "https://sqladmin.googleapis.com/v1/",
	GitHub: "https://api.github.com/",
}

// Emulated are the addresses of the emulator, whose APIs begin at base, without a slash at its end.
func Emulated(base string) APIs {
	return APIs{
		ArtifactRegistry: base + "/ar/v1/", IAM: base + "/iam/v1/", SecretManager: base + "/sm/v1/", Run: base + "/run/v2/", RunV1: base + "/v1/",
		Monitoring: base + "/mon/v3/", Logging: base + "/log/v2/", KMS: base + "/kms/v1/", ContainerAnalysis: base + "/ca/v1/",
		BinaryAuthorization: base + "/ba/v1/", Scheduler: base + "/cs/v1/", Storage: base + "/storage/v1/", SQL: base + "/sql/v1/",
		GitHub: base + "/gh/api/v3/",
	}
}

// kind is a resource type that can exist before the program runs. Its patterns have inputs in braces: {input} is the
// last part of a resource name, {+input} the whole name. {owner} is the owner that the GitHub provider is configured
// with.
type kind struct {
	api func(APIs) string
	// path is the API's path of the resource.
	path string
	// If list is set, path leads to a list in that field ("-" for a bare list). The entry is found by name: its name is the
	// input that by names, and {id} is its number.
	list, by string
	// id is the id by which the provider imports. Default: path.
	id string
	// undelete is the command that brings a deleted resource back. Default: none, a deleted resource is gone.
	undelete string
	// remove is the command that deletes a resource that the provider would replace after an import. Default: none, the
	// import works.
	remove string
	// gone says for how long a deleted resource keeps its name and can be brought back, and what else helps.
	gone string
	// versions is the path of the list of versions. One of them has to be enabled. Default: the resource has no versions.
	versions string
	// immutable are the fields that the provider cannot change: it would delete the resource and make another. instead says what
	// to do if one differs.
	immutable []immutable
	instead   string
}

// immutable is a field of a resource that cannot be changed, by its names in the plan and in the API.
type immutable struct{ input, live, what, absent string }

// kinds lists the types to look for. The ids are from the providers' documentation, each resource's section Import.
var kinds = map[string]kind{
	"gcp:artifactregistry/repository:Repository": {
		api: func(a APIs) string { return a.ArtifactRegistry }, path: "projects/{project}/locations/{location}/repositories/{repositoryId}",
		immutable: []immutable{
			{"format", "format", "format", ""}, {"mode", "mode", "mode", "STANDARD_REPOSITORY"},
			{"kmsKeyName", "kmsKeyName", "key for encryption", "Google's"},
		},
		instead: "name another repository in registry.id, and push the image that runs to it first"},
	"gcp:serviceaccount/account:Account": {
		api: func(a APIs) string { return a.IAM }, path: "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com"},
	"gcp:projects/iAMCustomRole:IAMCustomRole": {
		api: func(a APIs) string { return a.IAM }, path: "projects/{project}/roles/{roleId}",
		undelete: "gcloud iam roles undelete {roleId} --project {project}",
		gone: "that works for 7 days after the deletion, and from then until day 37 only another id helps: ids of roles begin with the " +
			"application's name in platform.yaml"},
	"gcp:iam/workloadIdentityPool:WorkloadIdentityPool": {
		api: func(a APIs) string { return a.IAM }, path: "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}",
		undelete: "gcloud iam workload-identity-pools undelete {workloadIdentityPoolId} --location global --project {project}",
		gone:     "that works for 30 days after the deletion, and then the id is free again"},
	"gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": {
		api:  func(a APIs) string { return a.IAM },
		path: "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}/providers/{workloadIdentityPoolProviderId}",
		undelete: "gcloud iam workload-identity-pools providers undelete {workloadIdentityPoolProviderId} " +
			"--workload-identity-pool {workloadIdentityPoolId} --location global --project {project}",
		gone: "that works for 30 days after the deletion, and then the id is free again"},
	"gcp:secretmanager/secret:Secret": {
		api: func(a APIs) string { return a.SecretManager }, path: "projects/{project}/secrets/{secretId}",
		immutable: []immutable{{"replication userManaged", "replication userManaged", "list of regions", "Google's choice"}},
		instead:   "its values would go with it: name another secret in the settings, under secrets and in the service, and add the value there"},
	"gcp:cloudrunv2/service:Service": {
		api: func(a APIs) string { return a.Run }, path: "projects/{project}/locations/{location}/services/{name}"},
	jobType: {
		api: func(a APIs) string { return a.Run }, path: "projects/{project}/locations/{location}/jobs/{name}"},
	"gcp:storage/bucket:Bucket": {
		api: func(a APIs) string { return a.Storage }, path: "b/{name}", id: "{name}",
		immutable: []immutable{{"location", "location", "location", "US"}},
		instead:   "name another bucket in the settings, and copy what is in this one"},
	"gcp:sql/databaseInstance:DatabaseInstance": {
		api: func(a APIs) string { return a.SQL }, path: "projects/{project}/instances/{name}",
		immutable: []immutable{{"region", "region", "region", ""}},
		instead:   "name another instance in the settings, and move the data yourself"},
	"gcp:sql/database:Database": {
		api: func(a APIs) string { return a.SQL }, path: "projects/{project}/instances/{instance}/databases/{name}"},
	"gcp:sql/user:User": {
		api: func(a APIs) string { return a.SQL }, path: "projects/{project}/instances/{instance}/users/{name}",
		id: "{project}/{instance}/{name}"},
	"gcp:cloudscheduler/job:Job": {
		api: func(a APIs) string { return a.Scheduler }, path: "projects/{project}/locations/{region}/jobs/{name}"},
	"gcp:monitoring/genericService:GenericService": {
		api: func(a APIs) string { return a.Monitoring }, path: "projects/{project}/services/{serviceId}"},
	"gcp:monitoring/customService:CustomService": {
		api: func(a APIs) string { return a.Monitoring }, path: "projects/{project}/services/{serviceId}"},
	"gcp:monitoring/slo:Slo": {
		api: func(a APIs) string { return a.Monitoring }, path: "projects/{project}/services/{service}/serviceLevelObjectives/{sloId}",
		remove: `curl -X DELETE -H "Authorization: Bearer $(gcloud auth print-access-token)" ` +
			"https://monitoring.googleapis.com/v3/projects/{project}/services/{service}/serviceLevelObjectives/{sloId}"},
	"gcp:logging/metric:Metric": {
		api: func(a APIs) string { return a.Logging }, path: "projects/{project}/metrics/{name}", id: "{name}"},
	"gcp:kms/keyRing:KeyRing": {
		api: func(a APIs) string { return a.KMS }, path: "projects/{project}/locations/{location}/keyRings/{name}"},
	"gcp:kms/cryptoKey:CryptoKey": {
		api: func(a APIs) string { return a.KMS }, path: "{+keyRing}/cryptoKeys/{name}", versions: "cryptoKeyVersions",
		immutable: []immutable{
			{"purpose", "purpose", "purpose", "ENCRYPT_DECRYPT"},
			{"versionTemplate protectionLevel", "versionTemplate protectionLevel", "protection level", "SOFTWARE"},
		},
		instead: "name another ring in binaryAuthorization.keyRing: Cloud KMS never frees the name of a key"},
	"gcp:containeranalysis/note:Note": {
		api: func(a APIs) string { return a.ContainerAnalysis }, path: "projects/{project}/notes/{name}"},
	"gcp:binaryauthorization/attestor:Attestor": {
		api: func(a APIs) string { return a.BinaryAuthorization }, path: "projects/{project}/attestors/{name}"},
	"github:index/repositoryEnvironment:RepositoryEnvironment": {
		api: gitHub, path: "repos/{owner}/{repository}/environments/{environment}", id: "{repository}:{environment}"},
	"github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": {
		api: gitHub, path: "repos/{owner}/{repository}/environments/{environment}/deployment-branch-policies?per_page=100",
		list: "branch_policies", by: "branchPattern", id: "{repository}:{environment}:{id}"},
	"github:index/actionsVariable:ActionsVariable": {
		api: gitHub, path: "repos/{owner}/{repository}/actions/variables/{variableName}", id: "{repository}:{variableName}"},
	"github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable": {
		api: gitHub, path: "repos/{owner}/{repository}/environments/{environment}/variables/{variableName}",
		id: "{repository}:{environment}:{variableName}"},
	"github:index/repositoryRuleset:RepositoryRuleset": {
		api: gitHub, path: "repos/{owner}/{repository}/rulesets?per_page=100&includes_parents=false", list: "-", by: "name",
		id: "{repository}:{id}"},
}

// unnamed lists the types that need no import, with the reason. Members of IAM policies need none either.
var unnamed = map[string]string{
	"gcp:projects/service:Service":                                             "switching an API on that is on changes nothing",
	"gcp:secretmanager/secretVersion:SecretVersion":                            "a value becomes another version",
	"gcp:binaryauthorization/policy:Policy":                                    "it is always there, and set",
	"gcp:billing/budget:Budget":                                                "Google gives it its id",
	"gcp:monitoring/alertPolicy:AlertPolicy":                                   "Google gives it its id",
	"gcp:monitoring/dashboard:Dashboard":                                       "Google gives it its id",
	"gcp:monitoring/notificationChannel:NotificationChannel":                   "Google gives it its id",
	"gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig":                       "Google gives it its id",
	"github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions":   "it is always there, and set",
	"github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts": "it is always there, and set",
	"github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions": "it is always there, and set",
}

// Known says whether this package looks for a type, or knows that it needs no import.
func Known(token string) bool {
	_, named := kinds[token]
	return named || unnamed[token] != "" || strings.HasSuffix(strings.ToLower(token), "iammember")
}

func gitHub(a APIs) string { return a.GitHub }
