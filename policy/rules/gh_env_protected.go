package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var ghEnvProtected = crossguard.Policy{
	Name:             "gh-env-protected",
	Description:      "A GitHub environment deploys from chosen branches only, and those that matter ask somebody else first.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        own("GitHub environments: staging 1 approval, production 2, main only"),
	Tags:             []string{"security", "github"},
	RemediationSteps: "Set deploymentBranchPolicy, reviewers, preventSelfReview: true and canAdminsBypass: false.",
	Options:          []crossguard.Option{{Name: "unreviewed", Description: "Environments that deploy without a review; * stands for any characters.", Default: []string{"dev"}}},
	Types:            []string{ghEnvironment},
	Check: func(r *crossguard.Resource) {
		custom := r.BoolOr("deploymentBranchPolicy.customBranchPolicies", false)
		if !custom && !r.BoolOr("deploymentBranchPolicy.protectedBranches", false) {
			r.Violation("deploymentBranchPolicy is absent, so every branch deploys: set customBranchPolicies and name main")
		}
		if matchesAny(r.Config.Strings("unreviewed"), r.StringOr("environment", "")) {
			return
		}
		if len(reviewersOf(r)) == 0 {
			r.Violation("reviewers is empty: name who approves")
		}
		if !r.BoolOr("preventSelfReview", false) {
			r.Violation("preventSelfReview is not true, so one can approve one's own deployment: set it")
		}
		if r.BoolOr("canAdminsBypass", true) { // GitHub's default is true
			r.Violation("canAdminsBypass is not false, so an administrator needs no approval: set it")
		}
	},
	Remediate: func(r *crossguard.Remedy) {
		if matchesAny(r.Config.Strings("unreviewed"), r.StringOr("environment", "")) {
			return
		}
		if !r.BoolOr("preventSelfReview", false) {
			r.Set("preventSelfReview", true)
		}
		if r.BoolOr("canAdminsBypass", true) {
			r.Set("canAdminsBypass", false)
		}
	},
}

// reviewersOf are the people and teams who may approve, as user:ID and team:ID.
func reviewersOf(r *crossguard.Resource) []string {
	var all []string
	r.Each("reviewers", func(o crossguard.Object) {
		o.EachString("users", func(id string) { all = append(all, "user:"+id) })
		o.EachString("teams", func(id string) { all = append(all, "team:"+id) })
	})
	return all
}
