package permissions

// Place is where a permission has to hold.
type Place string

// The places that the program's resources are in.
const (
	OnProject        Place = "project"
	OnRepository     Place = "repository"
	OnServiceAccount Place = "service-account"
	OnBillingAccount Place = "billing-account"
)

// Type lists the permissions for managing a resource of one type.
type Type struct {
	// Place is the narrowest place that the permissions can be granted on once the resource exists.
	Place Place
	// Read lists the permissions for a refresh and a preview. Create, Update and Delete list the further permissions
	// for those actions.
	Read, Create, Update, Delete []string
}

// Types are the Google Cloud resource types of the program, by Pulumi's type token.
var Types = map[string]Type{
	"gcp:projects/service:Service": {
		Place:  OnProject,
		Read:   list("resourcemanager.projects.get", "serviceusage.services.get", "serviceusage.services.list", "serviceusage.services.use"),
		Create: list("serviceusage.services.enable"),
		Delete: list("serviceusage.services.disable"),
	},
	"gcp:projects/iAMCustomRole:IAMCustomRole": verbs(OnProject, "iam.roles"),
	"gcp:projects/iAMMember:IAMMember":         policy(OnProject, "resourcemanager.projects"),
	"gcp:serviceaccount/account:Account":       verbs(OnProject, "iam.serviceAccounts"),
	"gcp:serviceaccount/iAMMember:IAMMember":   policy(OnServiceAccount, "iam.serviceAccounts"),

	"gcp:iam/workloadIdentityPool:WorkloadIdentityPool":                 verbs(OnProject, "iam.googleapis.com/workloadIdentityPools"),
	"gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": verbs(OnProject, "iam.googleapis.com/workloadIdentityPoolProviders"),

	"gcp:artifactregistry/repository:Repository":                   verbs(OnRepository, "artifactregistry.repositories"),
	"gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": policy(OnRepository, "artifactregistry.repositories"),

	"gcp:secretmanager/secret:Secret": verbs(OnProject, "secretmanager.secrets"),
	// A version stays when its resource is deleted, so nothing destroys versions (docs/adr/0005). Its value is in the
	// settings, and only the runtime account may read it back.
	"gcp:secretmanager/secretVersion:SecretVersion": {
		Place: OnProject, Read: list("secretmanager.versions.get"), Create: list("secretmanager.versions.add", "secretmanager.versions.enable"),
	},
	"gcp:secretmanager/secretIamMember:SecretIamMember": policy(OnProject, "secretmanager.secrets"),

	"gcp:cloudrunv2/service:Service": {
		Place:  OnProject,
		Read:   list("run.services.get"),
		Create: list("run.services.create", "run.operations.get", ActAs),
		Update: list("run.services.update", "run.operations.get", ActAs),
		Delete: list("run.services.delete", "run.operations.get"),
	},
	"gcp:cloudrunv2/serviceIamMember:ServiceIamMember": policy(OnProject, "run.services"),
	"gcp:cloudrunv2/job:Job": {
		Place:  OnProject,
		Read:   list("run.jobs.get"),
		Create: list("run.jobs.create", "run.operations.get", ActAs),
		Update: list("run.jobs.update", "run.operations.get", ActAs),
		Delete: list("run.jobs.delete", "run.operations.get"),
	},
	"gcp:cloudrunv2/jobIamMember:JobIamMember": policy(OnProject, "run.jobs"),
	"gcp:cloudscheduler/job:Job": {
		Place:  OnProject,
		Read:   list("cloudscheduler.jobs.get"),
		Create: list("cloudscheduler.jobs.create", ActAs),
		Update: list("cloudscheduler.jobs.update", ActAs),
		Delete: list("cloudscheduler.jobs.delete"),
	},

	"gcp:sql/databaseInstance:DatabaseInstance": verbs(OnProject, "cloudsql.instances"),
	"gcp:sql/database:Database":                 verbs(OnProject, "cloudsql.databases"),
	"gcp:sql/user:User": {
		Place: OnProject, Read: list("cloudsql.users.list"), Create: list("cloudsql.users.create"), Update: list("cloudsql.users.update"),
		Delete: list("cloudsql.users.delete"),
	},
	"gcp:storage/bucket:Bucket":                   verbs(OnProject, "storage.buckets"),
	"gcp:storage/bucketIAMMember:BucketIAMMember": policy(OnProject, "storage.buckets"),

	"gcp:monitoring/notificationChannel:NotificationChannel": verbs(OnProject, "monitoring.notificationChannels"),
	"gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig":     verbs(OnProject, "monitoring.uptimeCheckConfigs"),
	"gcp:monitoring/alertPolicy:AlertPolicy":                 verbs(OnProject, "monitoring.alertPolicies"),
	"gcp:monitoring/genericService:GenericService":           verbs(OnProject, "monitoring.services"),
	"gcp:monitoring/slo:Slo":                                 verbs(OnProject, "monitoring.slos"),
	"gcp:monitoring/dashboard:Dashboard":                     verbs(OnProject, "monitoring.dashboards"),
	"gcp:logging/metric:Metric":                              verbs(OnProject, "logging.logMetrics"),

	"gcp:billing/budget:Budget":                     verbs(OnBillingAccount, "billing.budgets"),
	"gcp:billing/accountIamMember:AccountIamMember": policy(OnBillingAccount, "billing.accounts"),

	"gcp:kms/keyRing:KeyRing": {
		Place: OnProject, Read: list("cloudkms.keyRings.get"), Create: list("cloudkms.keyRings.create"),
	},
	"gcp:kms/cryptoKey:CryptoKey": {
		// A key is never deleted: its versions are destroyed instead.
		Place: OnProject, Read: list("cloudkms.cryptoKeys.get"), Create: list("cloudkms.cryptoKeys.create"),
		Update: list("cloudkms.cryptoKeys.update"), Delete: list("cloudkms.cryptoKeyVersions.list", "cloudkms.cryptoKeyVersions.destroy"),
	},
	"gcp:kms/cryptoKeyVersion:CryptoKeyVersion": {
		Place: OnProject, Read: list("cloudkms.cryptoKeyVersions.get", "cloudkms.cryptoKeyVersions.viewPublicKey"),
		Create: list("cloudkms.cryptoKeyVersions.create"), Update: list("cloudkms.cryptoKeyVersions.update"),
		Delete: list("cloudkms.cryptoKeyVersions.destroy"),
	},
	"gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": policy(OnProject, "cloudkms.cryptoKeys"),
	"gcp:containeranalysis/note:Note": {
		Place: OnProject, Read: list("containeranalysis.notes.get"), Create: list("containeranalysis.notes.create"),
		Update: list("containeranalysis.notes.update"), Delete: list("containeranalysis.notes.delete"),
	},
	"gcp:containeranalysis/noteIamMember:NoteIamMember": policy(OnProject, "containeranalysis.notes"),
	"gcp:binaryauthorization/attestor:Attestor": {
		Place: OnProject, Read: list("binaryauthorization.attestors.get"),
		Create: list("binaryauthorization.attestors.create", "containeranalysis.notes.attachOccurrence"),
		Update: list("binaryauthorization.attestors.update", "containeranalysis.notes.attachOccurrence"),
		Delete: list("binaryauthorization.attestors.delete"),
	},
	"gcp:binaryauthorization/attestorIamMember:AttestorIamMember": policy(OnProject, "binaryauthorization.attestors"),
	"gcp:binaryauthorization/policy:Policy": {
		Place: OnProject, Read: list("binaryauthorization.policy.get"), Create: list("binaryauthorization.policy.update"),
		Update: list("binaryauthorization.policy.update"), Delete: list("binaryauthorization.policy.update"),
	},
}

// ActAs lets the caller start something that runs as an account. Cloud Run asks for it on the revision's account.
const ActAs = "iam.serviceAccounts.actAs"

// verbs returns a type whose API has one permission for each method.
func verbs(place Place, resource string) Type {
	return Type{
		Place: place, Read: list(resource + ".get"),
		Create: list(resource + ".create"), Update: list(resource + ".update"), Delete: list(resource + ".delete"),
	}
}

// policy returns the type of one member of a resource's IAM policy. Every change of a member reads and writes the whole
// policy.
func policy(place Place, resource string) Type {
	set := list(resource + ".setIamPolicy")
	return Type{Place: place, Read: list(resource + ".getIamPolicy"), Create: set, Update: set, Delete: set}
}

func list(permissions ...string) []string { return permissions }
