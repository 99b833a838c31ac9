package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var twoPersonProd = crossguard.Policy{
	Name: "two-person-prod",
	Description: "Two people approve a deployment to production. GitHub takes the word of any one reviewer of an environment, so it takes " +
		"two environments without a common reviewer.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        own("Production: 2 reviewers"),
	Tags:             []string{"security", "github"},
	RemediationSteps: "Chain two environments with different reviewers, each with preventSelfReview and without canAdminsBypass.",
	Options:          []crossguard.Option{{Name: "environments", Description: "Environments on the way to production; * stands for any characters.", Default: []string{"prod*"}}},
	Types:            []string{ghEnvironment},
	CheckStack: func(s *crossguard.Stack) {
		gates, first := 0, map[string]string{} // the gate that a reviewer was first seen at
		s.Each([]string{ghEnvironment}, func(r *crossguard.Resource) {
			name := r.StringOr("environment", "")
			if !matchesAny(r.Config.Strings("environments"), name) {
				return
			}
			gates++
			for _, reviewer := range reviewersOf(r) {
				if other, twice := first[reviewer]; twice && other != name {
					r.Violation("%s reviews %s as well as %s, and could approve both: use different reviewers", reviewer, name, other)
				}
				first[reviewer] = name
			}
			if !r.BoolOr("preventSelfReview", false) || r.BoolOr("canAdminsBypass", true) {
				r.Violation("%s can be passed alone: set preventSelfReview to true and canAdminsBypass to false", name)
			}
		})
		switch {
		case gates == 0:
			s.NotApplicable("has no environment on the way to production")
		case gates == 1 || len(first) < 2:
			s.Violation("has %d environments with %d reviewers on the way to production: it takes two of each", gates, len(first))
		}
	},
}
