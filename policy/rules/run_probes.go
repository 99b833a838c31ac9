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
		named := false // among several containers, the one with a port receives the requests
		path := templateOf(r) + ".containers"
		r.Each(path, func(c crossguard.Object) { named = named || !c.IsKnown("ports") || c.Len("ports") > 0 })
		alone := r.Len(path) == 1
		eachContainer(r, func(c crossguard.Object) {
			if !alone && named && c.Len("ports") == 0 {
				return
			}
			for _, name := range []string{"startupProbe", "livenessProbe"} {
				switch probe, set := c.Block(name); {
				case !set:
					r.Violation("%s is absent: probe a path that is cheap to serve", c.Path(name))
				case !probe.Has("httpGet") && !probe.Has("tcpSocket") && !probe.Has("grpc"):
					r.Violation("%s asks nothing: give it httpGet, tcpSocket or grpc", c.Path(name))
				}
			}
		})
	},
}
