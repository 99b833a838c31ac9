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
	RemediationSteps: "Make the resource in an allowed region. A region cannot be changed later: the resource is made again.",
	Options: []crossguard.Option{{Name: "regions", Default: []string{"us-central1"},
		Description: "Regions and locations that may be used. A region includes its zones."}},
	Types: placed,
	Kind: crossguard.Kind{Name: "other resources of Google Cloud that name a place", Has: func(token string) bool {
		return ofGoogle(token) && iamForm(token) == ""
	}},
	Check: func(r *crossguard.Resource) {
		if slices.Contains(placed, r.Type) {
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
			checkPlace(r, path, region)
		}
		if !slices.Contains(placed, r.Type) {
			checkNamedPlaces(r)
		}
		if r.Type == dataset && r.IsKnown("location") && r.StringOr("location", "") == "" {
			checkPlace(r, "location", "US") // BigQuery's default is several regions
		}
		for _, path := range furtherPlaces(r.Type) {
			eachPlace(r.Object, path, func(at, place string) { checkPlace(r, at, place) })
		}
		if r.Type == "gcp:spanner/instance:Instance" {
			config := r.StringOr("config", "")
			checkPlace(r, "config", strings.TrimPrefix(config[strings.LastIndex(config, "/")+1:], "regional-"))
		}
	},
}

// placed are the types that always have a region. If they set none, the provider's region counts.
var placed = []string{serviceV1, serviceV2, job, workerPool, regionalSecret, repository, bucket, database, keyRing, schedulerJob}

// namedPlaces are the properties that name a place in most types.
var namedPlaces = []string{"location", "region", "zone", "locationId", "alternativeLocationId", "mainRegion"}

// checkNamedPlaces checks the properties of that name in a type outside placed. There, such a property may hold something other than a
// region. If it is not a string, it counts as absent. "global" and "-" name no region.
func checkNamedPlaces(r *crossguard.Resource) {
	places := map[string]string{}
	r.EachText(func(text crossguard.Text) {
		if text.In == "" && slices.Contains(namedPlaces, text.Key) && text.Path() == text.Key {
			places[text.Key] = text.Value
		}
	})
	for _, path := range namedPlaces {
		if !r.IsKnown(path) {
			r.String(path) // ends the rule, naming the path
		}
		if place := places[path]; place != "" && place != "-" && !strings.EqualFold(place, "global") {
			checkPlace(r, path, place)
		}
	}
}

// checkPlace checks a region, or a zone of a region. The value may be a URL that ends with it.
func checkPlace(r *crossguard.Resource, path, place string) {
	place = place[strings.LastIndex(place, "/")+1:]
	allowed := r.Config.Strings("regions")
	within := func(region string) bool {
		zone, is := strings.CutPrefix(strings.ToLower(place), strings.ToLower(region)+"-")
		return strings.EqualFold(region, place) || is && len(zone) == 1
	}
	if !slices.ContainsFunc(allowed, within) {
		r.Violation("%s is %q: use %s, or add it to regions of allowed-regions in policy/STACK.json", path, place, list(allowed))
	}
}
