package rules

import (
	"slices"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var trafficOwner = crossguard.Policy{
	Name: "traffic-owner",
	Description: "The release controller owns traffic: a service ignores changes to it, or the next update would send everybody to what " +
		"nobody tested.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        own("Traffic management: blue/green"),
	Tags:             []string{"reliability", "cloud-run"},
	RemediationSteps: "Add traffics to ignoreChanges of the service itself: components do not pass ignoreChanges down.",
	Types:            services,
	CheckStack: func(s *crossguard.Stack) {
		s.Each(services, func(r *crossguard.Resource) {
			ignored := r.Options().IgnoreChanges
			if !slices.Contains(ignored, "traffics") && !slices.Contains(ignored, "*") {
				r.Violation("ignoreChanges is %s: add traffics", list(ignored))
			}
		})
	},
}
