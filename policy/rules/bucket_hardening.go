package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var bucketHardening = crossguard.Policy{
	Name:        "bucket-hardening",
	Description: "A bucket cannot become public, has one way to grant access, and keeps overwritten objects.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.High,
	Framework:   cis("5.1", "Ensure that Cloud Storage bucket is not anonymously or publicly accessible"),
	Tags:        []string{"security", "storage", "CIS 5.2", "CKV_GCP_28", "CKV_GCP_29", "CKV_GCP_114", "AVD-GCP-0001", "AVD-GCP-0002"},
	RemediationSteps: "Set publicAccessPrevention to enforced, uniformBucketLevelAccess and versioning.enabled to true, and " +
		"forceDestroy to false.",
	Types: slices.Concat([]string{bucket}, bucketLists, bucketEntries, bucketIAM, iam("gcp:storage/managedFolderIam%s:ManagedFolderIam%[1]s"),
		wideIAM),
	Check: func(r *crossguard.Resource) {
		if r.Type != bucket {
			everybody(r, "roles/storage.", func(role, member string) {
				r.Violation("grants %s to %s: grant it to the accounts that read, by BucketIAMMember", role, member)
			})
			return
		}
		if prevention := r.StringOr("publicAccessPrevention", "absent"); prevention != "enforced" {
			r.Violation("publicAccessPrevention is %s: set it to enforced", prevention)
		}
		if !r.BoolOr("uniformBucketLevelAccess", false) {
			r.Violation("uniformBucketLevelAccess is not true: set it")
		}
		if !keepsOverwritten(r) {
			r.Violation("versioning.enabled is not true: set it, or lock a retentionPolicy")
		}
		if r.BoolOr("forceDestroy", false) {
			r.Violation("forceDestroy is true, so deleting the bucket deletes its objects: remove it")
		}
		r.Each("lifecycleRules", func(rule crossguard.Object) {
			if strings.EqualFold(rule.StringOr("action.type", ""), "Delete") && deletesAtOnce(rule) {
				r.Violation("%s deletes objects as soon as they are there or overwritten: give it an age, or daysSinceNoncurrentTime",
					rule.Path("condition"))
			}
		})
	},
	Remediate: func(r *crossguard.Remedy) {
		if r.Type != bucket {
			return
		}
		if r.StringOr("publicAccessPrevention", "") != "enforced" {
			r.Set("publicAccessPrevention", "enforced")
		}
		if !r.BoolOr("uniformBucketLevelAccess", false) {
			r.Set("uniformBucketLevelAccess", true)
		}
		if !keepsOverwritten(r.Resource) {
			r.Set("versioning.enabled", true)
		}
		if r.BoolOr("forceDestroy", false) {
			r.Set("forceDestroy", false)
		}
	},
}

// keepsOverwritten reports whether the bucket keeps overwritten objects, or forbids overwriting for a time that nobody can
// shorten.
func keepsOverwritten(r *crossguard.Resource) bool {
	return r.BoolOr("versioning.enabled", false) || r.BoolOr("retentionPolicy.isLocked", false) &&
		r.NumberOr("retentionPolicy.retentionPeriod", 0) > 0
}

// deletesAtOnce reports whether a rule deletes objects, or their overwritten versions, without giving them any time.
func deletesAtOnce(rule crossguard.Object) bool {
	for _, days := range []string{"age", "daysSinceNoncurrentTime", "daysSinceCustomTime"} {
		if rule.NumberOr("condition."+days, 0) > 0 {
			return false
		}
	}
	for _, date := range []string{"createdBefore", "customTimeBefore", "noncurrentTimeBefore"} {
		if _, set := rule.String("condition." + date); set {
			return false
		}
	}
	for _, part := range []string{"matchesPrefixes", "matchesSuffixes"} {
		if names := rule.Strings("condition." + part); len(names) > 0 && !slices.Contains(names, "") {
			return false
		}
	}
	return rule.NumberOr("condition.numNewerVersions", 0) <= 1
}
