package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runCPUIdle = crossguard.Policy{
	Name:        "run-cpu-idle",
	Description: "A Cloud Run service has CPU during requests only: CPU that is always allocated is always paid for.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.Medium,
	Framework:   own("Cost caps"),
	Tags:        []string{"cost", "cloud-run"},
	RemediationSteps: "Set resources.cpuIdle of every container to true (version 2), or remove the annotation " +
		"run.googleapis.com/cpu-throttling (version 1).",
	Types: services,
	Check: func(r *crossguard.Resource) {
		if r.Type == serviceV1 {
			if !r.BoolOr(v1Template("run.googleapis.com/cpu-throttling"), true) {
				r.Violation("%s is false: remove it", v1Template("run.googleapis.com/cpu-throttling"))
			}
			return
		}
		eachContainer(r, func(c crossguard.Object) {
			// The API's default is true if there are no resources, and false if there are.
			if c.Has("resources") && !c.BoolOr("resources.cpuIdle", false) {
				r.Violation("%s is not true: set it", c.Path("resources.cpuIdle"))
			}
		})
	},
	Remediate: func(r *crossguard.Remedy) {
		if r.Type == serviceV1 {
			if path := v1Template("run.googleapis.com/cpu-throttling"); !r.BoolOr(path, true) {
				r.Remove(path)
			}
			return
		}
		r.Each("template.containers", func(c crossguard.Object) {
			if c.Has("resources") && !c.BoolOr("resources.cpuIdle", false) {
				r.Set(c.Path("resources.cpuIdle"), true)
			}
		})
	},
}
