package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runProbes = crossguard.Policy{
	Name:             "run-probes",
	Description:      "A Cloud Run service has a startup and a liveness probe, so that traffic reaches instances that work.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Medium,
	Framework:        own("Reliability: health checks"),
	Tags:             []string{"reliability", "cloud-run"},
	RemediationSteps: "Give the container that takes requests a startupProbe and a livenessProbe whose path is cheap to serve.",
	Types:            services,
	Check: func(r *crossguard.Resource) {
		alone := r.Len(templateOf(r)+".containers") == 1
		eachContainer(r, func(c crossguard.Object) {
			if !alone && !c.Has("ports") { // with several containers, the one with a port takes the requests
				return
			}
			for _, probe := range []string{"startupProbe", "livenessProbe"} {
				if _, set := c.Block(probe); !set {
					r.Violation("%s is absent: probe a path that is cheap to serve", c.Path(probe))
				}
			}
		})
	},
}
