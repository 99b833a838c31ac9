package limits

import "regexp"

// Forms of the ids of Google's APIs. They are anchored, so a match is the whole value.
var (
	// AccountID matches a service account's id (iam/v1, accountId).
	AccountID = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	// RepositoryID matches an image repository's id (artifactregistry/v1, repositoryId).
	RepositoryID = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	// SecretID matches a secret's id (secretmanager/v1, secretId), and SecretVersion a version's number.
	SecretID      = Sized{regexp.MustCompile(`^[A-Za-z0-9_-]+$`), 255}
	SecretVersion = regexp.MustCompile(`^[1-9][0-9]*$`)
	// KeyID matches a key ring's or a key's id (cloudkms/v1, keyRingId and cryptoKeyId).
	KeyID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,63}$`)
	// Exemption matches a pattern of images that start unsigned: a registry, a path, and at most one wildcard at the end.
	// The registry itself cannot be a wildcard (binaryauthorization/v1, AdmissionWhitelistPattern).
	Exemption = regexp.MustCompile(`^[a-z0-9.-]+(:[0-9]+)?/[^*\s]*\*{0,2}$`)
	// Currency matches an ISO 4217 code (billingbudgets/v1, Money.currencyCode).
	Currency = regexp.MustCompile(`^[A-Z]{3}$`)
)

// ProtectionLevels are the levels at which Cloud KMS generates a key (cloudkms/v1, ProtectionLevel).
var ProtectionLevels = []string{"SOFTWARE", "HSM"}

// UptimePeriods are the allowed seconds between uptime checks (monitoring/v3, UptimeCheckConfig.period).
var UptimePeriods = []int{60, 300, 600, 900}

// Numbers of Cloud Monitoring and Cloud SQL.
const (
	// MaxUptimeSeconds is the longest time that an uptime check waits (monitoring/v3, UptimeCheckConfig.timeout).
	MaxUptimeSeconds = 60
	// MaxObjectiveDays is the longest window of an objective (monitoring/v3, ServiceLevelObjective.rollingPeriod).
	MaxObjectiveDays = 30
	// MaxLateHours is the longest time after which people can be told that a job had no success: 31 days. Cloud Monitoring
	// looks back up to two years in PromQL, and a look back of more than 25 hours is a preview
	// (https://docs.cloud.google.com/monitoring/alerts/using-promql).
	MaxLateHours = 744
	// MaxObjectivePercent is the highest objective. The API takes up to 99.99, but above 99.9 a small service has too
	// little traffic to show a fast burn.
	MaxObjectivePercent = 99.9
	// MinDiskGB is the smallest disk of an instance (sqladmin/v1, Settings.dataDiskSizeGb).
	MinDiskGB = 10
)
