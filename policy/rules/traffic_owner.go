package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var trafficOwner = crossguard.Policy{
	Name: "traffic-owner",
	Description: "The release controller owns traffic. A service ignores changes to it: otherwise the next update would send all requests " +
		"to a revision that nobody has tested.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        own("Traffic management: blue/green"),
	Tags:             []string{"reliability", "cloud-run"},
	RemediationSteps: "Add traffics to ignoreChanges of the service itself: components do not pass ignoreChanges down.",
	Types:            append(services[:2:2], workerPool),
	CheckStack: func(s *crossguard.Stack) {
		s.Each(services, func(r *crossguard.Resource) {
			ignores(r, "traffics")
			if isPreview(r) {
				return // A preview always serves its newest revision, and no release shifts its traffic.
			}
			r.Each("traffics", func(target crossguard.Object) { latest(r, target) })
		})
		s.Each([]string{workerPool}, func(r *crossguard.Resource) { // a pool's splits of instances are its traffic
			if r.Has("instanceSplits") {
				ignores(r, "instanceSplits")
			}
			r.Each("instanceSplits", func(target crossguard.Object) { latest(r, target) })
		})
	},
}

// ignores reports a property that an update would set although releases own it.
func ignores(r *crossguard.Resource, property string) {
	switch ignored := r.Options().IgnoreChanges; {
	case len(ignored) == 0:
		r.Violation("ignoreChanges is empty: add %s", property)
	case !slices.Contains(ignored, property) && !slices.Contains(ignored, "*"):
		r.Violation("ignoreChanges is %s: add %s", list(ignored), property)
	}
}

// latest reports a traffic target that follows the newest revision, because each new revision would receive its whole share at
// once. Version 1 of the API expresses it as latestRevision.
func latest(r *crossguard.Resource, target crossguard.Object) {
	newest := strings.HasSuffix(target.StringOr("type", ""), "_LATEST") || target.BoolOr("latestRevision", false)
	if newest && target.NumberOr("percent", 0) > 0 {
		r.Violation("%s gives the newest revision %v %%: every new revision would get that share at once. Name a revision", target.Path("type"),
			target.NumberOr("percent", 0))
	}
}
