package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var allowedRegions = crossguard.Policy{
	Name:             "allowed-regions",
	Description:      "Data and workloads stay in the regions the platform has chosen.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Medium,
	Framework:        crossguard.Framework{Name: "Pulumi Best Practices", Reference: "allowed regions"},
	Tags:             []string{"compliance"},
	RemediationSteps: "Make the resource in an allowed region. A region cannot be changed later: the resource is made anew.",
	Options:          []crossguard.Option{{Name: "regions", Description: "Regions and locations that may be used.", Default: []string{"us-central1"}}},
	Types:            []string{serviceV1, serviceV2, job, workerPool, regionalSecret, repository, bucket, database, keyRing, schedulerJob},
	Check: func(r *crossguard.Resource) {
		path := "location"
		if r.Type == database || r.Type == schedulerJob {
			path = "region"
		}
		region, set := r.String(path)
		if !set {
			if provider, has := r.Provider(); has {
				region = provider.StringOr("region", "")
			}
		}
		allowed := r.Config.Strings("regions")
		if !slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, region) }) {
			r.Violation("%s is %q: use %s", path, region, list(allowed))
		}
	},
}
