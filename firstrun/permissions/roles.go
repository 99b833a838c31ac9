package permissions

import "strings"

// Roles maps the predefined roles that the program grants to the permissions of each that the program can need. A * at
// the end stands for everything below.
//
// The rows of Artifact Registry, Cloud Run, Secret Manager, IAM, Service Usage, billing, Binary Authorization, Cloud KMS and
// Container Analysis were compared with what the IAM API answers for each role (roles.get, as recorded daily by
// github.com/iann0036/iam-dataset, gcp/roles), except billing.admin and artifactregistry.admin.
var Roles = map[string][]string{
	"roles/artifactregistry.admin": list("artifactregistry.*"),
	"roles/artifactregistry.reader": list("artifactregistry.repositories.get", "artifactregistry.repositories.list",
		"artifactregistry.repositories.downloadArtifacts", "artifactregistry.tags.get", "artifactregistry.tags.list",
		"artifactregistry.versions.get", "artifactregistry.versions.list"),
	"roles/artifactregistry.writer": list("artifactregistry.repositories.get", "artifactregistry.repositories.list",
		"artifactregistry.repositories.downloadArtifacts", "artifactregistry.repositories.uploadArtifacts",
		"artifactregistry.tags.create", "artifactregistry.tags.get", "artifactregistry.tags.list", "artifactregistry.tags.update",
		"artifactregistry.versions.get", "artifactregistry.versions.list"),

	"roles/run.viewer": list("run.services.get", "run.services.list", "run.services.getIamPolicy", "run.revisions.get", "run.revisions.list",
		"run.operations.get", "run.operations.list", "run.locations.list", "resourcemanager.projects.get", "run.jobs.get", "run.jobs.list",
		"run.jobs.getIamPolicy", "run.executions.get", "run.executions.list", "run.tasks.get", "run.tasks.list"),
	"roles/run.developer": list("run.services.create", "run.services.delete", "run.services.get", "run.services.list", "run.services.update",
		"run.services.getIamPolicy", "run.revisions.get", "run.revisions.list", "run.revisions.delete", "run.operations.get",
		"run.operations.list", "run.locations.list", "resourcemanager.projects.get"),
	"roles/run.admin": list("run.*", "resourcemanager.projects.get"),

	"roles/secretmanager.secretAccessor": list("secretmanager.versions.access"),
	"roles/run.invoker":                  list("run.routes.invoke", "run.jobs.run"),
	"roles/secretmanager.viewer": list("secretmanager.secrets.get", "secretmanager.secrets.list", "secretmanager.secrets.getIamPolicy",
		"secretmanager.versions.get", "secretmanager.versions.list"),

	"roles/cloudsql.client":       list("cloudsql.instances.connect", "cloudsql.instances.get"),
	"roles/cloudsql.instanceUser": list("cloudsql.instances.get", "cloudsql.instances.login"),
	"roles/storage.objectViewer":  list("storage.objects.get", "storage.objects.list"),
	"roles/storage.objectUser": list("storage.objects.create", "storage.objects.delete", "storage.objects.get", "storage.objects.list",
		"storage.objects.update"),

	"roles/monitoring.viewer": list("monitoring.alertPolicies.get", "monitoring.dashboards.get", "monitoring.notificationChannels.get",
		"monitoring.services.get", "monitoring.slos.get", "monitoring.uptimeCheckConfigs.get", "monitoring.timeSeries.list"),
	"roles/monitoring.alertPolicyEditor":         list("monitoring.alertPolicies.*"),
	"roles/monitoring.dashboardEditor":           list("monitoring.dashboards.*"),
	"roles/monitoring.notificationChannelEditor": methods("monitoring.notificationChannels"),
	"roles/monitoring.servicesEditor":            list("monitoring.services.*", "monitoring.slos.*"),
	"roles/monitoring.uptimeCheckConfigEditor":   list("monitoring.uptimeCheckConfigs.*"),
	"roles/cloudscheduler.viewer":                list("cloudscheduler.jobs.get", "cloudscheduler.jobs.list"),
	"roles/cloudscheduler.admin":                 list("cloudscheduler.*"),
	// This covers everything in Monitoring. Only the person who does the first run holds the role.
	"roles/monitoring.editor": list("monitoring.*"),
	"roles/logging.configWriter": list("logging.logMetrics.create", "logging.logMetrics.delete", "logging.logMetrics.get",
		"logging.logMetrics.list",
		"logging.logMetrics.update", "logging.buckets.update", "logging.exclusions.create", "logging.exclusions.update", "logging.sinks.create",
		"logging.sinks.delete", "logging.sinks.update"),

	"roles/iam.roleViewer": list("iam.roles.get", "iam.roles.list", "resourcemanager.projects.get",
		"resourcemanager.projects.getIamPolicy"),
	"roles/iam.roleAdmin":            list("iam.roles.*", "resourcemanager.projects.get", "resourcemanager.projects.getIamPolicy"),
	"roles/iam.serviceAccountViewer": list("iam.serviceAccounts.get", "iam.serviceAccounts.list", "iam.serviceAccounts.getIamPolicy"),
	"roles/iam.serviceAccountAdmin": append(methods("iam.serviceAccounts"), "iam.serviceAccounts.getIamPolicy",
		"iam.serviceAccounts.setIamPolicy"),
	"roles/iam.serviceAccountUser": list(ActAs, "iam.serviceAccounts.get", "iam.serviceAccounts.list"),
	"roles/iam.workloadIdentityUser": list("iam.serviceAccounts.get", "iam.serviceAccounts.getAccessToken",
		"iam.serviceAccounts.getOpenIdToken", "iam.serviceAccounts.list"),
	"roles/iam.workloadIdentityPoolViewer": list("iam.googleapis.com/workloadIdentityPools.get",
		"iam.googleapis.com/workloadIdentityPoolProviders.get"),
	"roles/iam.workloadIdentityPoolAdmin": list("iam.googleapis.com/workloadIdentityPools.*",
		"iam.googleapis.com/workloadIdentityPoolProviders.*"),
	"roles/resourcemanager.projectIamAdmin": list("resourcemanager.projects.get", "resourcemanager.projects.getIamPolicy",
		"resourcemanager.projects.setIamPolicy"),

	"roles/serviceusage.serviceUsageConsumer": list("serviceusage.services.get", "serviceusage.services.list", "serviceusage.services.use"),
	"roles/serviceusage.serviceUsageAdmin":    list("serviceusage.services.*"),

	"roles/billing.viewer":       list("billing.accounts.get", "billing.accounts.getIamPolicy", "billing.budgets.get", "billing.budgets.list"),
	"roles/billing.costsManager": append(methods("billing.budgets"), "billing.accounts.get", "billing.accounts.getIamPolicy"),
	"roles/billing.admin":        list("billing.*"),

	"roles/binaryauthorization.policyViewer":    list("binaryauthorization.policy.get"),
	"roles/binaryauthorization.policyEditor":    list("binaryauthorization.policy.get", "binaryauthorization.policy.update"),
	"roles/binaryauthorization.attestorsViewer": list("binaryauthorization.attestors.get", "binaryauthorization.attestors.list"),
	"roles/binaryauthorization.attestorsEditor": methods("binaryauthorization.attestors"),
	"roles/binaryauthorization.attestorsAdmin":  list("binaryauthorization.attestors.*"),
	"roles/cloudkms.viewer": list("cloudkms.keyRings.get", "cloudkms.cryptoKeys.get", "cloudkms.cryptoKeyVersions.get",
		"cloudkms.cryptoKeyVersions.list"),
	"roles/cloudkms.publicKeyViewer": list("cloudkms.cryptoKeyVersions.viewPublicKey"),
	"roles/cloudkms.admin": list("cloudkms.keyRings.*", "cloudkms.cryptoKeys.*", "cloudkms.cryptoKeyVersions.create",
		"cloudkms.cryptoKeyVersions.destroy", "cloudkms.cryptoKeyVersions.get", "cloudkms.cryptoKeyVersions.list",
		"cloudkms.cryptoKeyVersions.update"),
	"roles/cloudkms.signer": list("cloudkms.cryptoKeyVersions.useToSign"),
	"roles/cloudkms.signerVerifier": list("cloudkms.cryptoKeyVersions.useToSign", "cloudkms.cryptoKeyVersions.useToVerify",
		"cloudkms.cryptoKeyVersions.viewPublicKey"),
	"roles/containeranalysis.notes.attacher":           list("containeranalysis.notes.attachOccurrence", "containeranalysis.notes.get"),
	"roles/containeranalysis.notes.occurrences.viewer": list("containeranalysis.notes.get", "containeranalysis.notes.listOccurrences"),
	"roles/containeranalysis.notes.viewer":             list("containeranalysis.notes.get", "containeranalysis.notes.list"),
	"roles/containeranalysis.notes.editor":             append(methods("containeranalysis.notes"), "containeranalysis.notes.attachOccurrence"),
	"roles/containeranalysis.occurrences.editor": list("containeranalysis.occurrences.create", "containeranalysis.occurrences.get",
		"containeranalysis.occurrences.list"),
}

// methods returns the five usual permissions on a resource.
func methods(resource string) []string {
	return list(resource+".create", resource+".delete", resource+".get", resource+".list", resource+".update")
}

// Holds says whether a role's row has a permission.
func Holds(row []string, permission string) bool {
	for _, held := range row {
		if held == permission ||
			strings.HasSuffix(held, "*") && strings.HasPrefix(permission, strings.TrimSuffix(held, "*")) {
			return true
		}
	}
	return false
}
