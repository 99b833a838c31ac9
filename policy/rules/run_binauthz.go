package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runBinauthz = crossguard.Policy{
	Name:             "run-binauthz",
	Description:      "Cloud Run asks Binary Authorization whether an image was attested, and nobody breaks the glass in code.",
	Enforcement:      crossguard.Advisory,
	Severity:         crossguard.Medium,
	Framework:        crossguard.Framework{Name: "SLSA", Version: "1.0", Reference: "verification of provenance at deployment"},
	Tags:             []string{"supply-chain", "cloud-run"},
	RemediationSteps: "Set binaryAuthorization.useDefault to true (version 2) or the annotation run.googleapis.com/binary-authorization to default (version 1).",
	Types:            runAny,
	Check: func(r *crossguard.Resource) {
		if r.Type == serviceV1 {
			if _, set := r.String(v1Service("run.googleapis.com/binary-authorization")); !set {
				r.Violation("%s is absent: set it to default", v1Service("run.googleapis.com/binary-authorization"))
			}
			if r.Has(v1Service("run.googleapis.com/binary-authorization-breakglass")) {
				r.Violation("%s admits any image: remove it", v1Service("run.googleapis.com/binary-authorization-breakglass"))
			}
			return
		}
		if _, set := r.String("binaryAuthorization.breakglassJustification"); set {
			r.Violation("binaryAuthorization.breakglassJustification admits any image: remove it")
		}
		_, policy := r.String("binaryAuthorization.policy")
		if !policy && !r.BoolOr("binaryAuthorization.useDefault", false) {
			r.Violation("binaryAuthorization.useDefault is not true: set it")
		}
	},
	Remediate: func(r *crossguard.Remedy) {
		if r.Type == serviceV1 {
			if _, set := r.String(v1Service("run.googleapis.com/binary-authorization")); !set {
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
