package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var twoPersonProd = crossguard.Policy{
	Name: "two-person-prod",
	Description: "Two people approve a deployment to production. One reviewer of a GitHub environment is enough to pass it, so two " +
		"environments without a common reviewer are needed.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        own("Production: 2 reviewers"),
	Tags:             []string{"security", "github"},
	RemediationSteps: "Chain two environments with different reviewers, each with preventSelfReview and without canAdminsBypass.",
	Options: []crossguard.Option{{Name: "environments",
		Description: "Environments on the way to production, in lower case; * stands for any characters.", Default: []string{"prod*",
			"prd*", "live*", "*-prod", "*-production", "*-prd", "*-live"}}, {Name: "others",
		Description: "Environments that only have production in their name; * stands for any characters.",
		Default:     []string{"*pre-prod*", "*preprod*", "*non-prod*", "*nonprod*"}}},
	Types: []string{ghEnvironment},
	CheckStack: func(s *crossguard.Stack) {
		gates := map[string]map[string]string{} // by repository and gate: the kinds of reviewer, user or team
		first := map[[2]string]string{}         // by repository and reviewer: the first gate that has the reviewer
		s.Each([]string{ghEnvironment}, func(r *crossguard.Resource) {
			name := environmentName(r)
			joined := strings.NewReplacer("_", "-", ".", "-", "/", "-", " ", "-").Replace(name)
			if !matchesAny(r.Config.Strings("environments"), joined) && !matchesAny(r.Config.Strings("environments"), name) ||
				matchesAny(r.Config.Strings("others"), joined) {
				return
			}
			repository := "the repository"
			if r.IsKnown("repository") { // unknown while the repository is about to be created
				repository = r.StringOr("repository", repository)
			}
			if gates[repository] == nil {
				gates[repository] = map[string]string{}
			}
			gates[repository][name] = "" // the same name in other letters is the same environment
			if !r.BoolOr("preventSelfReview", false) || r.BoolOr("canAdminsBypass", true) {
				r.Violation("%s can be passed alone: set preventSelfReview to true and canAdminsBypass to false", name)
			}
			reviewers := reviewersOf(r)
			if len(reviewers) == 0 {
				r.Violation("reviewers is empty, so nobody has to approve %s: name who does", name)
			}
			for _, reviewer := range reviewers {
				if other, twice := first[[2]string{repository, reviewer}]; twice && other != name {
					r.Violation("%s reviews %s as well as %s, and could approve both: use different reviewers", reviewer, name, other)
				}
				first[[2]string{repository, reviewer}] = name
				kind, _, _ := strings.Cut(reviewer, ":")
				if !strings.Contains(gates[repository][name], kind) {
					gates[repository][name] += kind
				}
			}
		})
		if len(gates) == 0 {
			s.NotApplicable("has no environment on the way to production")
		}
		for _, repository := range slices.Sorted(maps.Keys(gates)) {
			if len(gates[repository]) < 2 {
				s.Violation("%s has one environment on the way to production: it takes two, so add one with other reviewers", repository)
			}
			// The rule cannot see whether a person is in a team.
			for one, asks := range gates[repository] {
				for other, asksOther := range gates[repository] {
					if one != other && strings.Contains(asks, "user") && strings.Contains(asksOther, "team") {
						s.Violation("%s asks people and %s asks a team, and one person may be in both: name people in both, or teams in both",
							one, other)
					}
				}
			}
		}
	},
}
