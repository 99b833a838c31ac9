package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runIngress = crossguard.Policy{
	Name:        "run-ingress",
	Description: "A Cloud Run service or function can be reached from the internet only if it is meant to be public.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.High,
	Framework:   crossguard.Framework{Name: "Pulumi Best Practices", Reference: "restrict network ingress"},
	Tags:        []string{"security", "cloud-run"},
	RemediationSteps: "Set ingress to INGRESS_TRAFFIC_INTERNAL_ONLY or INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER, or name the service in " +
		"publicServices.",
	Options: []crossguard.Option{publicServices},
	Types:   append(services[:2:2], functions...),
	Check: func(r *crossguard.Resource) {
		path := ingressPath(r)
		if ingress := r.StringOr(path, "all"); !internal(ingress) && !slices.Contains(r.Config.Strings("publicServices"), serviceName(r)) {
			r.Violation("%s is %s and %s is not among the public services (%s): make it internal, or add the service to publicServices "+
				"of run-ingress in policy/STACK.json",
				path, ingress, serviceName(r), list(r.Config.Strings("publicServices")))
		}
	},
	CheckStack: func(s *crossguard.Stack) {
		balanced := behindLoadBalancer(s)
		s.Each(append(services[:2:2], functions...), func(r *crossguard.Resource) {
			if internal(r.StringOr(ingressPath(r), "all")) && reachable(r, balanced) &&
				!slices.Contains(r.Config.Strings("publicServices"), serviceName(r)) {
				r.Violation("an external load balancer leads to %s, which is not among the public services (%s): make the load balancer internal, "+
					"or add the service to publicServices of run-ingress in policy/STACK.json", serviceName(r), list(r.Config.Strings("publicServices")))
			}
		})
	},
	Remediate: func(r *crossguard.Remedy) {
		path := ingressPath(r.Resource)
		switch {
		case internal(r.StringOr(path, "all")), slices.Contains(r.Config.Strings("publicServices"), serviceName(r.Resource)):
		case r.Type == serviceV1:
			r.Set(path, "internal")
		case isFunction(r.Resource):
			r.Set(path, "ALLOW_INTERNAL_ONLY")
		default:
			r.Set(path, "INGRESS_TRAFFIC_INTERNAL_ONLY")
		}
	},
}

// publicServices is the option that names the services that are meant to be public.
var publicServices = crossguard.Option{
	Name: "publicServices", Description: "Names of the Cloud Run services that anybody may call.", Default: []string{},
}

// internal reports whether an ingress setting, of either API version, keeps the internet out.
func internal(ingress string) bool {
	switch strings.ToLower(ingress) {
	case "internal", "internal-and-cloud-load-balancing", "ingress_traffic_internal_only", "ingress_traffic_internal_load_balancer",
		"allow_internal_only", "allow_internal_and_gclb":
		return true
	}
	return false
}

func ingressPath(r *crossguard.Resource) string {
	if r.Type == serviceV1 {
		return v1Service("run.googleapis.com/ingress")
	}
	if isFunction(r) {
		return functionPath(r, "ingressSettings", "ingressSettings")
	}
	return "ingress"
}
