package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var requiredLabels = crossguard.Policy{
	Name:             "required-labels",
	Description:      "Everything that can have labels says which environment and application it belongs to and what manages it.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Low,
	Framework:        crossguard.Framework{Name: "Checkov", Reference: "CKV_GCP_*_labels", Specification: "Resources are labelled"},
	Tags:             []string{"operations"},
	RemediationSteps: "Set the labels on the resource, or as defaultLabels of the provider.",
	Options: []crossguard.Option{{
		Name: "labels", Description: "Labels that must be there with a value.", Default: []string{"environment", "app", "managed-by"},
	}},
	Types: []string{serviceV1, serviceV2, job, workerPool, secret, regionalSecret, repository, bucket},
	Check: func(r *crossguard.Resource) {
		path := labelsPath(r)
		for _, label := range r.Config.Strings("labels") {
			if _, set := r.String(path + `["` + label + `"]`); set {
				continue
			}
			if provider, has := r.Provider(); has {
				if _, set := provider.String(`defaultLabels["` + label + `"]`); set {
					continue
				}
			}
			r.Violation("%s has no %s: set it", path, label)
		}
	},
	Remediate: func(r *crossguard.Remedy) {
		// What manages a resource that Pulumi is about to make is beyond doubt; the other labels are not.
		path := labelsPath(r.Resource) + `["managed-by"]`
		if _, set := r.String(path); !set {
			r.Set(path, "pulumi")
		}
	},
}

func labelsPath(r *crossguard.Resource) string {
	if r.Type == serviceV1 {
		return "metadata.labels"
	}
	return "labels"
}
