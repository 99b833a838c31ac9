package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var bucketHardening = crossguard.Policy{
	Name:             "bucket-hardening",
	Description:      "A bucket cannot become public, has one way to grant access, and keeps overwritten objects.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        cis("5.1", "Ensure that Cloud Storage bucket is not anonymously or publicly accessible"),
	Tags:             []string{"security", "storage", "CIS 5.2", "CKV_GCP_28", "CKV_GCP_29", "CKV_GCP_114", "AVD-GCP-0001", "AVD-GCP-0002"},
	RemediationSteps: "Set publicAccessPrevention to enforced, uniformBucketLevelAccess and versioning.enabled to true, and forceDestroy to false.",
	Types:            []string{bucket},
	Check: func(r *crossguard.Resource) {
		if prevention := r.StringOr("publicAccessPrevention", "absent"); prevention != "enforced" {
			r.Violation("publicAccessPrevention is %s: set it to enforced", prevention)
		}
		for _, path := range []string{"uniformBucketLevelAccess", "versioning.enabled"} {
			if !r.BoolOr(path, false) {
				r.Violation("%s is not true: set it", path)
			}
		}
		if r.BoolOr("forceDestroy", false) {
			r.Violation("forceDestroy is true, so deleting the bucket deletes its objects: remove it")
		}
	},
	Remediate: func(r *crossguard.Remedy) {
		if r.StringOr("publicAccessPrevention", "") != "enforced" {
			r.Set("publicAccessPrevention", "enforced")
		}
		for _, path := range []string{"uniformBucketLevelAccess", "versioning.enabled"} {
			if !r.BoolOr(path, false) {
				r.Set(path, true)
			}
		}
		if r.BoolOr("forceDestroy", false) {
			r.Set("forceDestroy", false)
		}
	},
}
