package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runBinauthz = crossguard.Policy{
	Name:        "run-binauthz",
	Description: "Cloud Run asks Binary Authorization whether an image was attested, and no program skips the question (breakglass).",
	Enforcement: crossguard.Advisory,
	Severity:    crossguard.Medium,
	Framework:   crossguard.Framework{Name: "SLSA", Version: "1.0", Reference: "verification of provenance at deployment"},
	Tags:        []string{"supply-chain", "cloud-run"},
	RemediationSteps: "Set binaryAuthorization.useDefault to true (version 2) or the annotation run.googleapis.com/binary-authorization " +
		"to default (version 1).",
	Types: runAny,
	Check: func(r *crossguard.Resource) {
		if r.Type == serviceV1 {
			switch policy, set := r.String(v1Service("run.googleapis.com/binary-authorization")); {
			case !set:
				r.Violation("%s is absent: set it to default", v1Service("run.googleapis.com/binary-authorization"))
			case policy != "default" && !isPolicyName(policy):
				r.Violation("%s is %s, which is not a policy: set it to default", v1Service("run.googleapis.com/binary-authorization"), policy)
			}
			if r.Has(v1Service("run.googleapis.com/binary-authorization-breakglass")) {
				r.Violation("%s admits any image: remove it", v1Service("run.googleapis.com/binary-authorization-breakglass"))
			}
			return
		}
		if _, set := r.String("binaryAuthorization.breakglassJustification"); set {
			r.Violation("binaryAuthorization.breakglassJustification admits any image: remove it")
		}
		policy, set := r.String("binaryAuthorization.policy")
		if set && !isPolicyName(policy) {
			r.Violation("binaryAuthorization.policy is %s, which is not a policy's name: write "+
				"projects/PROJECT/platforms/cloudRun/policies/NAME, or set useDefault", policy)
		}
		if !set && !r.BoolOr("binaryAuthorization.useDefault", false) {
			r.Violation("binaryAuthorization.useDefault is not true: set it")
		}
	},
	Remediate: func(r *crossguard.Remedy) {
		if r.Type == serviceV1 {
			if policy := r.StringOr(v1Service("run.googleapis.com/binary-authorization"), ""); policy != "default" && !isPolicyName(policy) {
				r.Set(v1Service("run.googleapis.com/binary-authorization"), "default")
			}
			r.Remove(v1Service("run.googleapis.com/binary-authorization-breakglass"))
			return
		}
		r.Remove("binaryAuthorization.breakglassJustification")
		_, policy := r.String("binaryAuthorization.policy")
		if !policy && !r.BoolOr("binaryAuthorization.useDefault", false) {
			r.Set("binaryAuthorization.useDefault", true)
		}
	},
}

// isPolicyName reports whether a name is that of a platform policy: projects/P/platforms/cloudRun/policies/NAME.
func isPolicyName(name string) bool {
	parts := strings.Split(name, "/")
	return len(parts) == 6 && parts[0] == "projects" && parts[2] == "platforms" && parts[3] == "cloudRun" && parts[4] == "policies" &&
		parts[1] != "" && parts[5] != ""
}
