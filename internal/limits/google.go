package limits

import "regexp"

// Forms of the ids of Google's APIs. Anchored: a match is the whole value.
var (
	// AccountID is a service account's (iam/v1, accountId).
	AccountID = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	// RepositoryID is an image repository's (artifactregistry/v1, repositoryId).
	RepositoryID = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	// SecretID is a secret's (secretmanager/v1, secretId), and SecretVersion a version's that does not move.
	SecretID      = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	SecretVersion = regexp.MustCompile(`^[1-9][0-9]*$`)
	// KeyID is a key ring's or a key's (cloudkms/v1, keyRingId and cryptoKeyId).
	KeyID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,63}$`)
	// Exemption is a pattern of images that start unsigned: a registry, a path, and at most one wildcard at the end, which
	// the registry must not be part of (binaryauthorization/v1, AdmissionWhitelistPattern).
	Exemption = regexp.MustCompile(`^[a-z0-9.-]+(:[0-9]+)?/[^*\s]*\*{0,2}$`)
	// Currency is a currency's code of ISO 4217, as a billing account has one (billingbudgets/v1, Money.currencyCode).
	Currency = regexp.MustCompile(`^[A-Z]{3}$`)
)

// ProtectionLevels are those at which Cloud KMS generates a key (cloudkms/v1, ProtectionLevel).
var ProtectionLevels = []string{"SOFTWARE", "HSM"}

// UptimePeriods are the seconds between uptime checks (monitoring/v3, UptimeCheckConfig.period).
var UptimePeriods = []int{60, 300, 600, 900}

// Numbers of Cloud Monitoring and Cloud SQL.
const (
	// MaxUptimeSeconds is how long an uptime check waits (monitoring/v3, UptimeCheckConfig.timeout).
	MaxUptimeSeconds = 60
	// MaxObjectiveDays is the longest window of an objective (monitoring/v3, ServiceLevelObjective.rollingPeriod).
	MaxObjectiveDays = 30
	// MaxLateHours is how long a job may stay without a success before somebody is told: 31 days. Cloud Monitoring looks back up to two
	// years in PromQL, of which more than 25 hours are a preview
	// (https://docs.cloud.google.com/monitoring/alerts/using-promql).
	MaxLateHours = 744
	// MaxObjectivePercent is below the 99.99 that the API takes: over 99.9 the traffic of a small service cannot show a
	// fast burn.
	MaxObjectivePercent = 99.9
	// MinDiskGB is the smallest disk of an instance (sqladmin/v1, Settings.dataDiskSizeGb).
	MinDiskGB = 10
)
