package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runMinInstances = crossguard.Policy{
	Name:             "run-min-instances",
	Description:      "Instances that are kept warm cost around the clock, so there are few of them.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Medium,
	Framework:        own("Auto-scaling: 0-2 instances"),
	Tags:             []string{"cost", "cloud-run"},
	RemediationSteps: "Lower the minimum number of instances, or remove it: absent is 0.",
	Options:          []crossguard.Option{{Name: "max", Description: "Most instances that may be kept warm.", Default: 1, Min: 0, Max: 1000}},
	Types:            append([]string{serviceV1, serviceV2, workerPool}, functions...),
	Check: func(r *crossguard.Resource) {
		for _, path := range minimums(r) {
			exceeds(r, path, r.IntOr(path, 0), r.Config.Int("max"))
		}
	},
	Remediate: func(r *crossguard.Remedy) {
		for _, path := range minimums(r.Resource) {
			if n := r.IntOr(path, 0); n > r.Config.Int("max") || n < 0 {
				setCount(r, path, r.Config.Int("max"))
			}
		}
	},
}

// minimums returns the paths that keep instances running. A manual count does so whatever the minimum.
func minimums(r *crossguard.Resource) []string {
	if r.Type == serviceV1 {
		return []string{v1Template("autoscaling.knative.dev/minScale"), v1Service("run.googleapis.com/minScale"),
			v1Service("run.googleapis.com/manualInstanceCount")}
	}
	if isFunction(r) {
		return []string{functionPath(r, "minInstances", "minInstanceCount")}
	}
	return append([]string{"template.scaling.minInstanceCount", "scaling.minInstanceCount"}, manualCounts(r)...)
}
