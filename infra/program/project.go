package program

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/project"
)

const runAPI = "run.googleapis.com"

// apis are switched on, each for a reason. Service Usage itself has to be on before the first run: it switches the others.
var apis = map[string]string{
	runAPI:                                "Runs the services.",
	"artifactregistry.googleapis.com":     "Holds the images.",
	"containerscanning.googleapis.com":    "Scans images as they are pushed.",
	"secretmanager.googleapis.com":        "Holds what services must not have in their settings.",
	"iam.googleapis.com":                  "Has the accounts, the custom roles and the workload identity pool.",
	"iamcredentials.googleapis.com":       "Lets a federated workflow become a service account.",
	"sts.googleapis.com":                  "Takes GitHub's tokens.",
	"cloudresourcemanager.googleapis.com": "Has the project's IAM policy.",
	"serviceusage.googleapis.com":         "Switches APIs on, and is asked whether the caller may use the project's quota.",
	"monitoring.googleapis.com":           "Checks, alerts, dashboards and objectives.",
	"logging.googleapis.com":              "Has the metric of deployments.",
	"cloudbilling.googleapis.com":         "Has the billing account's IAM policy.",
	"billingbudgets.googleapis.com":       "Has the budget.",
}

// The ends of the custom roles' ids. Each custom role exists because Google's own role for the work allows more. Google's roles that
// read settings also read logs, metrics and images. roles/run.developer opens a root shell in a running service, deletes services and
// runs jobs. And every role that manages services, secrets, a repository or metrics also grants access to them, or reads their content.
const (
	infrastructureRole = "Infrastructure"
	registryKeeperRole = "RegistryKeeper"
	releaserRole       = "Releaser"
	settingsReaderRole = "SettingsReader"
)

// settingsReads are the permissions to read the settings that only a person changes.
var settingsReads = []string{
	"artifactregistry.repositories.get", "artifactregistry.repositories.getIamPolicy", "iam.roles.get",
	"resourcemanager.projects.get", "resourcemanager.projects.getIamPolicy",
	"serviceusage.services.get", "serviceusage.services.list", "serviceusage.services.use",
}

var customRoles = map[string]project.Role{
	releaserRole: {
		Title:  "Releaser",
		Reason: "Makes revisions of services that are there, and shifts traffic between them.",
		Permissions: []string{
			"run.operations.get", "run.revisions.get", "run.revisions.list", "run.services.get", "run.services.update",
		},
	},
	settingsReaderRole: {
		Title:  "Settings reader",
		Reason: "Reads how the program's resources are set, and no log, metric, image or name of anything else.",
		Permissions: slices.Concat(settingsReads, []string{
			"logging.logMetrics.get",
			"monitoring.alertPolicies.get", "monitoring.dashboards.get", "monitoring.notificationChannels.get",
			"monitoring.services.get", "monitoring.slos.get", "monitoring.uptimeCheckConfigs.get",
		}),
	},
	infrastructureRole: {
		Title:  "Infrastructure",
		Reason: "Makes and changes what there is and what watches it, and neither says who may do what nor reads a secret's value.",
		Permissions: slices.Concat(settingsReads, managed("logging.logMetrics"), managed("monitoring.alertPolicies"),
			managed("monitoring.dashboards"), managed("monitoring.notificationChannels"), managed("monitoring.services"),
			managed("monitoring.slos"), managed("monitoring.uptimeCheckConfigs"), managed("run.services"), managed("secretmanager.secrets"),
			[]string{
				"run.operations.get", "run.services.getIamPolicy", "secretmanager.secrets.getIamPolicy",
				"secretmanager.versions.add", "secretmanager.versions.enable", "secretmanager.versions.get",
			}),
	},
	registryKeeperRole: {
		Title:       "Registry keeper",
		Reason:      "Changes a repository's settings, and neither its images nor who may read and write them.",
		Permissions: []string{"artifactregistry.repositories.update"},
	},
}

// managed returns the permissions to make, change, read and delete a kind of resource.
func managed(kind string) []string {
	return []string{kind + ".create", kind + ".delete", kind + ".get", kind + ".update"}
}

// attestationAPIs and attestationRoles are used if images have to be signed.
var attestationAPIs = map[string]string{
	"binaryauthorization.googleapis.com": "Refuses images that nobody signed.",
	"containeranalysis.googleapis.com":   "Keeps the signatures.",
	"cloudkms.googleapis.com":            "Has the key that signs.",
}

var attestationRoles = map[string]project.Role{
	attestationReaderRole: {
		Title:  "Attestation reader",
		Reason: "Reads the key's public half, the note, the attestor and the policy, and changes none of them.",
		Permissions: []string{
			"binaryauthorization.attestors.get", "binaryauthorization.attestors.getIamPolicy", "binaryauthorization.policy.get",
			"cloudkms.cryptoKeys.get", "cloudkms.cryptoKeys.getIamPolicy", "cloudkms.cryptoKeyVersions.get", "cloudkms.cryptoKeyVersions.list",
			"cloudkms.cryptoKeyVersions.viewPublicKey", "cloudkms.keyRings.get",
			"containeranalysis.notes.get", "containeranalysis.notes.getIamPolicy",
		},
	},
	attesterRole: {
		Title:       "Attester",
		Reason:      "Writes signatures down; whose they may be is decided at the key and the note.",
		Permissions: []string{"containeranalysis.occurrences.create"},
	},
}

// jobAPIs and jobRoles are used if the settings have jobs.
var jobAPIs = map[string]string{"cloudscheduler.googleapis.com": "Starts jobs by their schedules."}

const (
	jobReleaserRole = "JobReleaser"
	hookRunnerRole  = "HookRunner"
	jobKeeperRole   = "JobKeeper"
)

var jobRoles = map[string]project.Role{
	jobReleaserRole: {
		Title:       "Job releaser",
		Reason:      "Changes jobs that are there, and reads them and their executions.",
		Permissions: []string{"run.executions.get", "run.executions.list", "run.jobs.get", "run.jobs.update"},
	},
	hookRunnerRole: {
		Title:       "Hook runner",
		Reason:      "Runs the jobs that it is granted on, with variables of one execution alone, and cancels what it runs.",
		Permissions: []string{"run.executions.cancel", "run.jobs.run", "run.jobs.runWithOverrides"},
	},
	jobKeeperRole: {
		Title:  "Job keeper",
		Reason: "Makes and changes jobs and what starts them, and neither runs them nor says who may.",
		Permissions: slices.Concat([]string{"cloudscheduler.jobs.create", "cloudscheduler.jobs.delete", "cloudscheduler.jobs.get",
			"cloudscheduler.jobs.update", "run.jobs.getIamPolicy"}, managed("run.jobs")),
	},
}

// roleID returns a custom role's id. It begins with the application's name, which shows who owns the role. Ids cannot
// have hyphens.
func (p *platform) roleID(name string) string {
	return strings.ReplaceAll(p.adopter.Application, "-", "_") + name
}

// role returns a custom role's resource name.
func (p *platform) role(name string) pulumi.StringOutput { return p.project.Roles[p.roleID(name)] }

// writeProject switches the APIs on and makes the custom roles. It comes first, because every API answers with an error
// until it is on.
func (p *platform) writeProject(ctx *pulumi.Context) error {
	enabled, wanted := maps.Clone(apis), maps.Clone(customRoles)
	if p.settings.BinaryAuthorization != nil {
		maps.Copy(enabled, attestationAPIs)
		maps.Copy(wanted, attestationRoles)
	}
	if len(p.settings.Jobs) > 0 {
		maps.Copy(enabled, jobAPIs)
		maps.Copy(wanted, jobRoles)
	}
	if len(p.settings.Databases) > 0 {
		maps.Copy(enabled, databaseAPIs)
	}
	if len(p.settings.Buckets) > 0 {
		maps.Copy(enabled, bucketAPIs)
	}
	if p.settings.Previews != nil {
		maps.Copy(wanted, previewRoles)
	}
	maps.Copy(wanted, dataRoles(p.settings))
	roles := map[string]project.Role{}
	for name, role := range wanted {
		roles[p.roleID(name)] = role
	}
	var err error
	p.project, err = project.NewProject(ctx, "project", &project.ProjectArgs{
		Project: p.projectID(), APIs: enabled, Roles: roles,
	}, pulumi.Providers(p.gcp))
	return err
}
