package crossguard_test

import "github.com/guiofsaints/procureflow-platform/policy/crossguard"

const (
	bucket = "gcp:storage/bucket:Bucket"
	budget = "gcp:billing/budget:Budget"
)

// noPublicBucket is a rule about one resource. Its remedy runs if the configuration sets the level remediate.
var noPublicBucket = crossguard.Policy{
	Name:             "no-public-bucket",
	Description:      "No bucket can be made public.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        crossguard.Framework{Name: "CIS Google Cloud Platform Foundation Benchmark", Version: "3.0", Reference: "5.1"},
	RemediationSteps: "Set publicAccessPrevention to enforced.",
	Types:            []string{bucket},
	Check: func(r *crossguard.Resource) {
		if prevention := r.StringOr("publicAccessPrevention", "inherited"); prevention != "enforced" {
			r.Violation("publicAccessPrevention is %s: set it to enforced", prevention)
		}
	},
	Remediate: func(r *crossguard.Remedy) { r.Set("publicAccessPrevention", "enforced") },
}

// boundedRetention is a rule about the elements of a list, with an option. An unknown value ends the check of its element only.
var boundedRetention = crossguard.Policy{
	Name:        "bounded-retention",
	Description: "Objects are deleted in the end.",
	Enforcement: crossguard.Mandatory,
	Options:     []crossguard.Option{{Name: "days", Description: "Longest time objects are kept.", Default: 365, Min: 1, Max: 3650}},
	Types:       []string{bucket},
	Check: func(r *crossguard.Resource) {
		limit := r.Config.Int("days")
		rules := r.Each("lifecycleRules", func(rule crossguard.Object) {
			switch age, set := rule.Int("condition.age"); {
			case !set:
				r.Violation("%s is absent: set it to %d or less", rule.Path("condition.age"), limit)
			case age > limit:
				r.Violation("%s is %d: set it to %d or less", rule.Path("condition.age"), age, limit)
			}
		})
		if rules == 0 {
			r.Violation("lifecycleRules is empty: add one")
		}
	},
}

// someBudget is a rule about the stack as a whole.
var someBudget = crossguard.Policy{
	Name:        "some-budget",
	Description: "Somebody hears of what the stack costs.",
	CheckStack: func(s *crossguard.Stack) {
		if s.Count(budget) == 0 {
			s.Violation("has no budget: add a billing.Budget")
		}
	},
}

// ownKey is a rule about how the stack's resources depend on each other.
var ownKey = crossguard.Policy{
	Name:        "own-key",
	Description: "A bucket that is encrypted with a key is encrypted with a key of its own stack.",
	Types:       []string{bucket},
	CheckStack: func(s *crossguard.Stack) {
		s.Each([]string{bucket}, func(r *crossguard.Resource) {
			if r.Has("encryption") && len(r.PropertyDependencies("encryption")) == 0 {
				r.Violation("encryption names a key from elsewhere: take the id of a kms.CryptoKey of this stack")
			}
		})
	},
}

var storage = crossguard.Pack{
	Name: "storage", Version: "1.0.0", Policies: []crossguard.Policy{noPublicBucket, boundedRetention, someBudget, ownKey},
}

// This is a pack's main function.
func Example() { crossguard.Main(storage) }
