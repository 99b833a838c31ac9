package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// forwardingRules are where a load balancer takes requests.
var forwardingRules = []string{forwardingRule, "gcp:compute/forwardingRule:ForwardingRule"}

// behindLoadBalancer are the names of the services that an external load balancer of the stack leads to: their ingress is
// internal, and the internet reaches them all the same.
func behindLoadBalancer(s *crossguard.Stack) map[string]bool {
	external := false
	s.Each(forwardingRules, func(r *crossguard.Resource) {
		external = external || strings.HasPrefix(strings.ToUpper(r.StringOr("loadBalancingScheme", "EXTERNAL")), "EXTERNAL")
	})
	services := map[string]bool{}
	if !external {
		return services
	}
	s.Each([]string{endpointGroup}, func(r *crossguard.Resource) {
		if name, set := r.String("cloudRun.service"); set {
			services[name] = true
		}
		if mask, set := r.String("cloudRun.urlMask"); set && mask != "" {
			services["*"] = true // any service, by the address
		}
	})
	return services
}

// reachable reports whether the internet reaches a service.
func reachable(r *crossguard.Resource, balanced map[string]bool) bool {
	ingress := strings.ToLower(r.StringOr(ingressPath(r), "all"))
	return !internal(ingress) || strings.Contains(strings.ReplaceAll(ingress, "_", "-"), "load-balanc") &&
		(balanced[serviceName(r)] || balanced["*"])
}
