package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var uptimeExists = crossguard.Policy{
	Name:             "uptime-exists",
	Description:      "A service that the internet can reach is checked from outside, over TLS.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Medium,
	Framework:        own("Uptime checks: /api/health each 60 s"),
	Tags:             []string{"reliability"},
	RemediationSteps: "Add a monitoring.UptimeCheckConfig with useSsl and validateSsl, and the host without scheme or path.",
	Types:            services,
	CheckStack: func(s *crossguard.Stack) {
		reachable := 0
		s.Each(services, func(r *crossguard.Resource) {
			if !internal(r.StringOr(ingressPath(r), "all")) {
				reachable++
			}
		})
		if reachable > s.Count(uptimeCheck) {
			s.Violation("has %d services that the internet can reach and %d uptime checks: add one for each", reachable, s.Count(uptimeCheck))
		}
		s.Each([]string{uptimeCheck}, func(r *crossguard.Resource) {
			if !r.Has("httpCheck") {
				return
			}
			if !r.BoolOr("httpCheck.useSsl", false) || !r.BoolOr("httpCheck.validateSsl", false) {
				r.Violation("httpCheck.useSsl and httpCheck.validateSsl are not both true: set them")
			}
			if host := r.StringOr("monitoredResource.labels.host", ""); strings.Contains(host, "/") {
				r.Violation("monitoredResource.labels.host is %s: write the host alone", host)
			}
		})
	},
}
