package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var arImmutableCleanup = crossguard.Policy{
	Name:        "ar-immutable-cleanup",
	Description: "Image tags cannot be moved, images are scanned, and clean-up keeps the image that runs and those a rollback needs.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.High,
	Framework:   crossguard.Framework{Name: "SLSA", Version: "1.0", Reference: "immutable references to artifacts"},
	Tags:        []string{"supply-chain", "cost"},
	RemediationSteps: "Set dockerConfig.immutableTags to true, add a clean-up policy that deletes with a condition and one that keeps, " +
		"and leave cleanupPolicyDryRun and the scanner as they are.",
	Types: []string{repository},
	Check: func(r *crossguard.Resource) {
		onlyImages(r)
		if !r.BoolOr("dockerConfig.immutableTags", false) {
			r.Violation("dockerConfig.immutableTags is not true: set it")
		}
		if strings.EqualFold(r.StringOr("vulnerabilityScanningConfig.enablementConfig", "INHERITED"), "DISABLED") {
			r.Violation("vulnerabilityScanningConfig.enablementConfig is DISABLED: set it to INHERITED")
		}
		if r.BoolOr("cleanupPolicyDryRun", false) {
			r.Violation("cleanupPolicyDryRun is true, so nothing is ever cleaned up: set it to false")
		}
		checkCleanup(r)
	},
	Remediate: func(r *crossguard.Remedy) {
		onlyImages(r.Resource)
		if !r.BoolOr("dockerConfig.immutableTags", false) {
			r.Set("dockerConfig.immutableTags", true)
		}
		if strings.EqualFold(r.StringOr("vulnerabilityScanningConfig.enablementConfig", "INHERITED"), "DISABLED") {
			r.Set("vulnerabilityScanningConfig.enablementConfig", "INHERITED")
		}
		if r.BoolOr("cleanupPolicyDryRun", false) {
			r.Set("cleanupPolicyDryRun", false)
		}
	},
}

// onlyImages ends the rule for a repository that holds no images of its own.
func onlyImages(r *crossguard.Resource) {
	if !strings.EqualFold(r.StringOr("format", ""), "DOCKER") ||
		!strings.EqualFold(r.StringOr("mode", "STANDARD_REPOSITORY"), "STANDARD_REPOSITORY") {
		r.NotApplicable("holds no images of its own")
	}
}

func checkCleanup(r *crossguard.Resource) {
	var deletes, keeps []crossguard.Object
	r.Each("cleanupPolicies", func(p crossguard.Object) {
		switch action := p.StringOr("action", "absent"); strings.ToUpper(action) {
		case "KEEP":
			if keepsSomething(p) {
				keeps = append(keeps, p)
			}
		case "DELETE":
			deletes = append(deletes, p)
			checkDelete(r, p)
		default:
			r.Violation("%s is %s: use DELETE or KEEP", p.Path("action"), action)
		}
	})
	if len(deletes) == 0 {
		r.Violation("cleanupPolicies has no DELETE: untagged images pile up")
	}
	if len(keeps) == 0 {
		r.Violation("cleanupPolicies has no KEEP of %d or more versions or of a condition: a clean-up can delete the image that runs or the "+
			"one that a rollback needs", leastKept)
		return
	}
	for _, d := range deletes {
		if !slices.ContainsFunc(keeps, func(keep crossguard.Object) bool { return covers(packages(keep), packages(d)) }) {
			r.Violation("%s deletes images of packages that no KEEP covers: give the KEEP the same packageNamePrefixes, or none",
				d.Path("action"))
		}
	}
}

const (
	// leastKept is how many versions have to be kept: the running one, and one for a rollback.
	leastKept = 2
	day       = 24 * 3600.0
	// releaseAge is how long a tagged image, which is a release, has to stay available for a rollback.
	releaseAge = 7 * day
)

// checkDelete checks a DELETE policy. It must not delete new images, and it must not delete everything.
func checkDelete(r *crossguard.Resource, p crossguard.Object) {
	if _, set := p.String("condition.newerThan"); set {
		r.Violation("%s deletes new images, such as the one that runs: use olderThan", p.Path("condition.newerThan"))
	}
	age, err := age(p.StringOr("condition.olderThan", "0s"))
	if err != nil {
		r.Violation("%s %v", p.Path("condition.olderThan"), err)
		return
	}
	versions, tags := p.Strings("condition.versionNamePrefixes"), p.Strings("condition.tagPrefixes")
	named := len(versions)+len(tags) > 0 && !slices.Contains(tags, "") && !slices.ContainsFunc(versions, everyVersion)
	untagged := strings.EqualFold(p.StringOr("condition.tagState", "ANY"), "UNTAGGED")
	switch {
	case named:
	case age <= 0:
		r.Violation("%s has no age or prefix: it deletes everything that is not kept", p.Path("condition"))
	case untagged && age < day:
		r.Violation("%s is less than a day: a build that still runs loses its layers", p.Path("condition.olderThan"))
	case !untagged && age < releaseAge:
		r.Violation("%s is %s and deletes releases: leave %v days for a rollback, or delete UNTAGGED images only",
			p.Path("condition.olderThan"), p.StringOr("condition.olderThan", ""), releaseAge/day)
	}
}

// everyVersion reports whether every version of an image begins with a prefix. The name of a version is its digest.
func everyVersion(prefix string) bool { return strings.HasPrefix("sha256:", prefix) }

// age reads a duration in seconds. The registry accepts days, hours and minutes as well.
func age(text string) (float64, error) {
	for suffix, factor := range map[string]float64{"d": day, "h": 3600, "m": 60} {
		if number, is := strings.CutSuffix(text, suffix); is {
			n, err := seconds(number)
			return n * factor, err
		}
	}
	return seconds(text)
}

// keepsSomething reports whether a KEEP policy keeps the images that a rollback needs.
func keepsSomething(p crossguard.Object) bool {
	if p.Has("mostRecentVersions") {
		return p.IntOr("mostRecentVersions.keepCount", 0) >= leastKept
	}
	if text, set := p.String("condition.newerThan"); set { // images that are older than this are not kept
		if kept, err := age(text); err != nil || kept < releaseAge {
			return false
		}
	}
	if kept, err := age(p.StringOr("condition.olderThan", "0s")); err != nil || kept > 0 { // it does not keep what is new
		return false
	}
	// A condition has to keep tagged images, because untagged images are not releases.
	return p.Has("condition") && !strings.EqualFold(p.StringOr("condition.tagState", "ANY"), "UNTAGGED")
}

// packages returns the prefixes of the packages that a policy concerns. An empty result means all packages.
func packages(p crossguard.Object) []string {
	return append(p.Strings("condition.packageNamePrefixes"), p.Strings("mostRecentVersions.packageNamePrefixes")...)
}

// covers reports whether the prefixes in kept include every package that the prefixes in deleted include.
func covers(kept, deleted []string) bool {
	if len(kept) == 0 || slices.Contains(kept, "") {
		return true
	}
	return len(deleted) > 0 && !slices.ContainsFunc(deleted, func(d string) bool {
		return !slices.ContainsFunc(kept, func(k string) bool { return strings.HasPrefix(d, k) })
	})
}
