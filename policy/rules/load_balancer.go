package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// forwardingRules are the types through which a load balancer receives requests.
var forwardingRules = []string{forwardingRule, "gcp:compute/forwardingRule:ForwardingRule"}

// behindLoadBalancer returns the names of the services behind an external load balancer of the stack. Their ingress is internal,
// but the internet reaches them through the load balancer.
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
		for _, path := range []string{"cloudRun.service", "cloudFunction.function"} {
			if name, set := r.String(path); set {
				services[name] = true
			}
		}
		for _, path := range []string{"cloudRun.urlMask", "cloudFunction.urlMask"} {
			if r.StringOr(path, "") != "" {
				services["*"] = true // the address can lead to any service
			}
		}
	})
	return services
}

// reachable reports whether the internet reaches a service.
func reachable(r *crossguard.Resource, balanced map[string]bool) bool {
	ingress := strings.ToLower(r.StringOr(ingressPath(r), "all"))
	balancer := strings.Contains(strings.ReplaceAll(ingress, "_", "-"), "load-balanc") || strings.HasSuffix(ingress, "_gclb")
	return !internal(ingress) || balancer &&
		(balanced[serviceName(r)] || balanced["*"])
}
