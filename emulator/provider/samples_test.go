package provider

// sample is a valid resource of a type and a change of it. The tests that cover every type use it.
type sample struct {
	token string
	// before makes what the resource needs; it may be nil.
	before func(w *world)
	inputs map[string]any
	// change are the properties to change.
	change map[string]any
	// id is the expected id, with * for what the API assigns.
	id string
	// importID is the id given to an import, with {id} for the resource's own. Default: {id}.
	importID string
	// notImported are the paths of inputs that the API does not return, so that an import cannot know them.
	notImported []string
	// replaces says that the change makes a new resource.
	replaces bool
}

const (
	account  = "runtime@" + project + ".iam.gserviceaccount.com"
	uptimeIn = "projects/" + project + "/uptimeCheckConfigs/*"
)

type object = map[string]any

func list(elements ...any) []any { return append([]any{}, elements...) }

func withAccount(w *world) {
	w.create("gcp:serviceaccount/account:Account", object{"project": project, "accountId": "runtime", "displayName": "Runtime"})
}

func withRepository(w *world) {
	w.create("gcp:artifactregistry/repository:Repository", object{"project": project, "location": "us-central1", "repositoryId": "images",
		"format": "DOCKER"})
}

func withSecret(w *world) {
	withAccount(w)
	w.create("gcp:secretmanager/secret:Secret", object{"project": project, "secretId": "database-url",
		"replication": object{"auto": object{}}})
}

func withPool(w *world) {
	w.create("gcp:iam/workloadIdentityPool:WorkloadIdentityPool", object{"project": project, "workloadIdentityPoolId": "github"})
}

func withEnvironment(w *world) {
	w.create("github:index/repositoryEnvironment:RepositoryEnvironment", object{"repository": hub, "environment": "staging",
		"deploymentBranchPolicy": object{"protectedBranches": false, "customBranchPolicies": true}})
}

func databaseInputs() object {
	return object{"project": project, "region": "us-central1", "name": "main", "databaseVersion": "POSTGRES_17", "deletionProtection": false,
		"settings": object{"tier": "db-custom-1-3840", "edition": "ENTERPRISE", "availabilityType": "ZONAL", "diskType": "PD_SSD", "diskSize": 10,
			"diskAutoresize": true, "diskAutoresizeLimit": 100, "deletionProtectionEnabled": false, "connectorEnforcement": "REQUIRED",
			"ipConfiguration": object{"ipv4Enabled": true, "sslMode": "ENCRYPTED_ONLY"}, "userLabels": object{"app": "web"},
			"backupConfiguration": object{"enabled": true, "startTime": "03:00", "pointInTimeRecoveryEnabled": true,
				"transactionLogRetentionDays": 7, "backupRetentionSettings": object{"retainedBackups": 14, "retentionUnit": "COUNT"}},
			"maintenanceWindow": object{"day": 7, "hour": 3, "updateTrack": "stable"},
			"databaseFlags":     list(object{"name": "cloudsql.iam_authentication", "value": "on"})}}
}

func withDatabase(w *world) {
	withAccount(w)
	w.create("gcp:sql/databaseInstance:DatabaseInstance", databaseInputs())
}

func bucketInputs() object {
	return object{"project": project, "location": "us-central1", "name": "files-of-procureflow", "storageClass": "STANDARD",
		"uniformBucketLevelAccess": true, "publicAccessPrevention": "enforced", "versioning": object{"enabled": true}, "forceDestroy": false,
		"lifecycleRules": list(object{"action": object{"type": "Delete"},
			"condition": object{"daysSinceNoncurrentTime": 30, "withState": "ARCHIVED"}}), "labels": object{"app": "web"}}
}

func withBucket(w *world) {
	withAccount(w)
	w.create("gcp:storage/bucket:Bucket", bucketInputs())
}

func withService(w *world) {
	withAccount(w)
	w.create("gcp:cloudrunv2/service:Service", service())
}

const image = "us-docker.pkg.dev/cloudrun/container/hello@sha256:1111111111111111111111111111111111111111111111111111111111111111"

// service is a small Cloud Run service.
func service() object {
	return object{
		"project": project, "location": "us-central1", "name": "web", "deletionProtection": false,
		"ingress": "INGRESS_TRAFFIC_ALL", "labels": object{"app": "web"},
		"template": object{
			"revision": "web-0000000001", "serviceAccount": account, "timeout": "300s", "maxInstanceRequestConcurrency": 80,
			"executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2", "scaling": object{"minInstanceCount": 0, "maxInstanceCount": 2},
			"containers": list(object{
				"image": image, "ports": object{"containerPort": 3000},
				"resources":    object{"limits": object{"cpu": "1", "memory": "512Mi"}, "cpuIdle": true, "startupCpuBoost": true},
				"envs":         list(object{"name": "NODE_ENV", "value": "production"}, object{"name": "AUTH_URL", "value": "https://example.com"}),
				"startupProbe": object{"httpGet": object{"path": "/api/health", "port": 3000}, "failureThreshold": 5},
			}),
		},
		"traffics": list(object{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-0000000001", "percent": 100}),
	}
}

func withJob(w *world) {
	withAccount(w)
	w.create("gcp:cloudrunv2/job:Job", job())
}

// job is a small Cloud Run job.
func job() object {
	return object{"project": project, "location": "us-central1", "name": "migrate", "deletionProtection": false,
		"template": object{"taskCount": 1, "template": object{"serviceAccount": account, "timeout": "600s", "maxRetries": 0,
			"containers": list(object{"image": image, "args": list("migrate"), "resources": object{"limits": object{"cpu": "1", "memory": "512Mi"}},
				"envs": list(object{"name": "NODE_ENV", "value": "production"})})}}}
}

func uptime() object {
	return object{
		"project": project, "displayName": "web", "period": "60s", "timeout": "10s",
		"monitoredResource": object{"type": "uptime_url", "labels": object{"host": "web.example.com", "project_id": project}},
		"httpCheck":         object{"path": "/api/health", "port": 443, "useSsl": true, "validateSsl": true},
	}
}

func alert() object {
	return object{
		"project": project, "displayName": "web is down", "combiner": "OR",
		"documentation": object{"content": "See the runbook."}, "userLabels": object{"app": "web"},
		"conditions": list(object{"displayName": "uptime", "conditionThreshold": object{
			"filter":     `metric.type="monitoring.googleapis.com/uptime_check/check_passed" AND resource.type="uptime_url"`,
			"comparison": "COMPARISON_GT", "thresholdValue": 1, "duration": "60s", "trigger": object{"count": 1},
			"aggregations": list(object{"alignmentPeriod": "1200s", "perSeriesAligner": "ALIGN_NEXT_OLDER",
				"crossSeriesReducer": "REDUCE_COUNT_FALSE"}),
		}}),
	}
}

func slo() object {
	return object{
		"project": project, "service": "web-service", "sloId": "availability", "displayName": "Availability", "goal": 0.995,
		"rollingPeriodDays": 28,
		"requestBasedSli": object{"goodTotalRatio": object{
			"goodServiceFilter":  `metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision" AND metric.labels.response_code_class="2xx"`,
			"totalServiceFilter": `metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision"`,
		}},
	}
}

func logMetric() object {
	return object{
		"project": project, "name": "deployments", "filter": `resource.type="cloud_run_revision"`,
		"metricDescriptor": object{"metricKind": "DELTA", "valueType": "INT64", "labels": list(object{"key": "service", "valueType": "STRING"})},
		"labelExtractors":  object{"service": "EXTRACT(resource.labels.service_name)"},
	}
}

func ruleset() object {
	return object{
		"repository": hub, "name": "protected", "target": "branch", "enforcement": "active",
		"conditions":   object{"refName": object{"includes": list("refs/heads/main", "refs/heads/release/*"), "excludes": list()}},
		"bypassActors": list(object{"actorId": 5, "actorType": "RepositoryRole", "bypassMode": "pull_request"}),
		"rules": object{
			"deletion": true, "nonFastForward": true, "update": true, "requiredDeployments": object{"requiredDeploymentEnvironments": list("dev")},
			"pullRequest": object{"requiredApprovingReviewCount": 2, "requireCodeOwnerReview": true},
			"requiredStatusChecks": object{"requiredChecks": list(
				object{"context": "ci-ok", "integrationId": 15368}, object{"context": "another"})},
		},
	}
}

const dashboard = `{"displayName":"Web","mosaicLayout":{"columns":48,"tiles":[{"height":16,"width":24,"widget":{"text":{"content":"hi","format":"MARKDOWN"},"title":"Note"}}]}}`

func member(inputs object) object {
	inputs["member"] = "serviceAccount:" + account
	return inputs
}

// samples has one entry for every supported type.
var samples = []sample{
	{token: "gcp:projects/service:Service", id: project + "/run.googleapis.com",
		inputs: object{"project": project, "service": "run.googleapis.com", "disableOnDestroy": true}, change: object{"disableOnDestroy": false},
		notImported: words("disableOnDestroy")},
	{token: "gcp:projects/iAMMember:IAMMember", before: withAccount, id: project + "/roles/run.viewer/serviceAccount:" + account,
		inputs: member(object{"project": project, "role": "roles/run.viewer"}), change: object{"role": "roles/run.developer"}, replaces: true,
		importID: project + " roles/run.viewer serviceAccount:" + account},
	{token: "gcp:projects/iAMCustomRole:IAMCustomRole", id: "projects/" + project + "/roles/secretKeeper",
		inputs: object{"project": project, "roleId": "secretKeeper", "title": "Secret keeper",
			"permissions": list("secretmanager.secrets.get", "secretmanager.secrets.create")},
		change: object{"permissions": list("secretmanager.secrets.get")}},
	{token: "gcp:billing/accountIamMember:AccountIamMember", before: withAccount,
		id: billingID + "/roles/billing.viewer/serviceAccount:" + account,
		inputs: member(object{"billingAccountId": billingID,
			"role": "roles/billing.viewer"}), change: object{"role": "roles/billing.costsManager"}, replaces: true},
	{token: "gcp:billing/budget:Budget", id: "billingAccounts/" + billingID + "/budgets/*",
		inputs: object{"billingAccount": billingID, "displayName": "dev",
			"amount":         object{"specifiedAmount": object{"currencyCode": "USD", "units": "10"}},
			"budgetFilter":   object{"projects": list("projects/" + number), "calendarPeriod": "MONTH"},
			"thresholdRules": list(object{"thresholdPercent": 0.5}, object{"thresholdPercent": 0.9, "spendBasis": "FORECASTED_SPEND"})},
		change: object{"amount": object{"specifiedAmount": object{"currencyCode": "USD", "units": "20"}}}},
	{token: "gcp:artifactregistry/repository:Repository", id: "projects/" + project + "/locations/us-central1/repositories/images",
		inputs: object{"project": project, "location": "us-central1", "repositoryId": "images", "format": "DOCKER",
			"labels":       object{"app": "web"},
			"dockerConfig": object{"immutableTags": true}, "vulnerabilityScanningConfig": object{"enablementConfig": "INHERITED"},
			"cleanupPolicies": list(
				object{"id": "untagged", "action": "DELETE", "condition": object{"tagState": "UNTAGGED", "olderThan": "2592000s"}},
				object{"id": "recent", "action": "KEEP", "mostRecentVersions": object{"keepCount": 20}})},
		change: object{"labels": object{"app": "web", "team": "platform"}}},
	{token: "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember", before: func(w *world) { withAccount(w); withRepository(w) },
		id:     "projects/" + project + "/locations/us-central1/repositories/images/roles/artifactregistry.reader/serviceAccount:" + account,
		inputs: member(object{"project": project, "location": "us-central1", "repository": "images", "role": "roles/artifactregistry.reader"}),
		change: object{"role": "roles/artifactregistry.writer"}, replaces: true},
	{token: "gcp:serviceaccount/account:Account", id: "projects/" + project + "/serviceAccounts/builder@" + project +
		".iam.gserviceaccount.com",
		inputs: object{"project": project, "accountId": "builder", "displayName": "CI",
			"description": "Builds images"}, change: object{"displayName": "Builds"}},
	{token: "gcp:serviceaccount/iAMMember:IAMMember", before: func(w *world) { withAccount(w); withPool(w) },
		id: "projects/" + project + "/serviceAccounts/" + account +
			"/roles/iam.workloadIdentityUser/principalSet://iam.googleapis.com/projects/" + number +
			"/locations/global/workloadIdentityPools/github/attribute.repository_id/42",
		inputs: object{"serviceAccountId": "projects/" + project + "/serviceAccounts/" + account, "role": "roles/iam.workloadIdentityUser",
			"member": "principalSet://iam.googleapis.com/projects/" + number +
				"/locations/global/workloadIdentityPools/github/attribute.repository_id/42"},
		change: object{"role": "roles/iam.serviceAccountTokenCreator"}, replaces: true},
	{token: "gcp:iam/workloadIdentityPool:WorkloadIdentityPool", id: "projects/" + project + "/locations/global/workloadIdentityPools/github",
		inputs: object{"project": project, "workloadIdentityPoolId": "github",
			"displayName": "GitHub"}, change: object{"description": "GitHub Actions"}},
	{token: "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider", before: withPool,
		id: "projects/" + project + "/locations/global/workloadIdentityPools/github/providers/github-oidc",
		inputs: object{"project": project, "workloadIdentityPoolId": "github", "workloadIdentityPoolProviderId": "github-oidc",
			"oidc": object{"issuerUri": "https://token.actions.githubusercontent.com"},
			"attributeMapping": object{"google.subject": "assertion.sub",
				"attribute.repository_id": "assertion.repository_id"}, "attributeCondition": "assertion.repository_id == '42'"},
		change: object{"attributeCondition": "assertion.repository_id == '43'"}},
	{token: "gcp:secretmanager/secret:Secret", id: "projects/" + project + "/secrets/database-url",
		inputs: object{"project": project, "secretId": "database-url", "labels": object{"app": "web"}, "replication": object{"auto": object{}}},
		change: object{"labels": object{"app": "site"}}},
	{token: "gcp:secretmanager/secretVersion:SecretVersion", before: withSecret, id: "projects/" + number + "/secrets/database-url/versions/1",
		inputs: object{"secret": "projects/" + project + "/secrets/database-url", "secretData": secret{"hunter2"}},
		change: object{"enabled": false}, notImported: words("deletionPolicy isSecretDataBase64")},
	{token: "gcp:secretmanager/secretIamMember:SecretIamMember", before: withSecret,
		id: "projects/" + project + "/secrets/database-url/roles/secretmanager.secretAccessor/serviceAccount:" + account,
		inputs: member(object{"project": project, "secretId": "database-url",
			"role": "roles/secretmanager.secretAccessor"}), change: object{"role": "roles/secretmanager.viewer"}, replaces: true},
	{token: "gcp:cloudrunv2/service:Service", before: withAccount, id: "projects/" + project + "/locations/us-central1/services/web",
		inputs: service(), change: object{"description": "The shop"}, notImported: words("deletionProtection")},
	{token: "gcp:cloudrunv2/serviceIamMember:ServiceIamMember", before: withService,
		id:     "projects/" + project + "/locations/us-central1/services/web/roles/run.invoker/allUsers",
		inputs: object{"project": project, "location": "us-central1", "name": "web", "role": "roles/run.invoker", "member": "allUsers"},
		change: object{"member": "allAuthenticatedUsers"}, replaces: true},
	{token: "gcp:cloudrunv2/job:Job", before: withAccount, id: "projects/" + project + "/locations/us-central1/jobs/migrate",
		inputs: job(), change: object{"labels": object{"app": "web"}}, notImported: words("deletionProtection")},
	{token: "gcp:cloudrunv2/jobIamMember:JobIamMember", before: withJob,
		id:     "projects/" + project + "/locations/us-central1/jobs/migrate/roles/run.invoker/serviceAccount:" + account,
		inputs: member(object{"project": project, "location": "us-central1", "name": "migrate", "role": "roles/run.invoker"}),
		change: object{"role": "roles/run.viewer"}, replaces: true},
	{token: "gcp:sql/databaseInstance:DatabaseInstance", id: "main", importID: "projects/" + project + "/instances/main",
		inputs: databaseInputs(),
		change: object{"databaseVersion": "POSTGRES_18"}, notImported: words("deletionProtection")},
	{token: "gcp:sql/database:Database", before: withDatabase, id: "projects/" + project + "/instances/main/databases/app",
		inputs: object{"project": project, "instance": "main", "name": "app", "charset": "UTF8", "collation": "en_US.UTF8"},
		change: object{"collation": "C"}, notImported: words("deletionPolicy")},
	{token: "gcp:sql/user:User", before: withDatabase, id: "runtime@" + project + ".iam//main",
		importID: project + "/main/runtime@" + project + ".iam",
		inputs:   object{"project": project, "instance": "main", "name": "runtime@" + project + ".iam", "type": "CLOUD_IAM_SERVICE_ACCOUNT"},
		change:   object{"type": "CLOUD_IAM_USER"}, replaces: true, notImported: words("deletionPolicy")},
	{token: "gcp:storage/bucket:Bucket", id: "files-of-procureflow", inputs: bucketInputs(), change: object{"storageClass": "NEARLINE"},
		notImported: words("forceDestroy")},
	{token: "gcp:storage/bucketIAMMember:BucketIAMMember", before: withBucket,
		id:     "b/files-of-procureflow/roles/storage.objectUser/serviceAccount:" + account,
		inputs: object{"bucket": "files-of-procureflow", "role": "roles/storage.objectUser", "member": "serviceAccount:" + account},
		change: object{"role": "roles/storage.objectViewer"}, replaces: true},
	{token: "gcp:cloudscheduler/job:Job", before: withAccount, id: "projects/" + project + "/locations/us-central1/jobs/nightly",
		inputs: object{"project": project, "region": "us-central1", "name": "nightly", "schedule": "0 3 * * *", "timeZone": "Europe/Berlin",
			"attemptDeadline": "180s", "httpTarget": object{"httpMethod": "POST",
				"uri":        "https://run.googleapis.com/v2/projects/" + project + "/locations/us-central1/jobs/migrate:run",
				"oauthToken": object{"serviceAccountEmail": account, "scope": "https://www.googleapis.com/auth/cloud-platform"}}},
		change: object{"schedule": "0 4 * * *"}, notImported: words("paused")},
	{token: "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig", id: uptimeIn, inputs: uptime(), change: object{"timeout": "5s"}},
	{token: "gcp:monitoring/alertPolicy:AlertPolicy", id: "projects/" + project + "/alertPolicies/*", inputs: alert(),
		change: object{"enabled": false}},
	{token: "gcp:monitoring/notificationChannel:NotificationChannel", id: "projects/" + project + "/notificationChannels/*",
		inputs: object{"project": project, "displayName": "On call", "type": "email", "labels": object{"email_address": "oncall@example.com"}},
		change: object{"displayName": "Everybody"}, notImported: words("forceDelete")},
	{token: "gcp:monitoring/dashboard:Dashboard", id: "projects/" + number + "/dashboards/*",
		inputs: object{"project": project,
			"dashboardJson": dashboard}, change: object{"dashboardJson": `{"displayName":"Web 2","gridLayout":{"columns":"2"}}`}},
	{token: "gcp:monitoring/customService:CustomService", id: "projects/" + number + "/services/shop",
		inputs: object{"project": project, "serviceId": "shop", "displayName": "Shop"}, change: object{"displayName": "Store"}},
	{token: "gcp:monitoring/genericService:GenericService", id: "projects/" + project + "/services/web-service",
		inputs: object{"project": project, "serviceId": "web-service", "displayName": "Web",
			"basicService": object{"serviceType": "CLOUD_RUN", "serviceLabels": object{"location": "us-central1", "service_name": "web"}}},
		change: object{"displayName": "Site"}},
	{token: "gcp:monitoring/slo:Slo", id: "projects/" + number + "/services/web-service/serviceLevelObjectives/availability",
		inputs: slo(), change: object{"goal": 0.99},
		before: func(w *world) {
			w.create("gcp:monitoring/customService:CustomService", object{"project": project, "serviceId": "web-service"})
		}},
	{token: "gcp:logging/metric:Metric", id: "deployments", inputs: logMetric(), change: object{"description": "Deployments"}},
	{token: "github:index/repositoryEnvironment:RepositoryEnvironment", id: hub + ":production",
		inputs: object{"repository": hub, "environment": "production", "waitTimer": 5, "preventSelfReview": true, "canAdminsBypass": false,
			"reviewers": list(object{"users": list(1001, 1002)}), "deploymentBranchPolicy": object{"protectedBranches": false,
				"customBranchPolicies": true}},
		change: object{"waitTimer": 10}},
	{token: "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy", before: withEnvironment,
		id:     hub + ":staging:*",
		inputs: object{"repository": hub, "environment": "staging", "branchPattern": "main"}, change: object{"branchPattern": "release/*"}},
	{token: "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable", before: withEnvironment, id: hub + ":staging:GCP_PROJECT",
		inputs: object{"repository": hub, "environment": "staging", "variableName": "GCP_PROJECT",
			"value": project}, change: object{"value": "other"}},
	{token: "github:index/actionsVariable:ActionsVariable", id: hub + ":GCP_REGION",
		inputs: object{"repository": hub, "variableName": "GCP_REGION", "value": "us-central1"}, change: object{"value": "europe-west1"}},
	{token: "github:index/repositoryRuleset:RepositoryRuleset", id: "*", importID: hub + ":{id}", inputs: ruleset(),
		change: object{"enforcement": "disabled"}},
	{token: "github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions", id: hub,
		inputs: object{"repository": hub, "allowedActions": "selected", "shaPinningRequired": true, "allowedActionsConfig": object{
			"githubOwnedAllowed": false, "verifiedAllowed": false, "patternsAlloweds": list("docker/login-action@*", "actions/checkout@*")}},
		change: object{"allowedActionsConfig": object{
			"githubOwnedAllowed": true, "verifiedAllowed": false, "patternsAlloweds": list("docker/login-action@*")}}},
	{token: "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions", id: hub,
		inputs: object{"repository": hub, "defaultWorkflowPermissions": "write"}, change: object{"canApprovePullRequestReviews": true}},
	{token: "github:index/repositoryVulnerabilityAlerts:RepositoryVulnerabilityAlerts", id: "42", importID: hub,
		inputs: object{"repository": hub}, change: object{"enabled": false}},
}
