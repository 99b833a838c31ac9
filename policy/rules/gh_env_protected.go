package rules

import (
	"fmt"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var ghEnvProtected = crossguard.Policy{
	Name:             "gh-env-protected",
	Description:      "A GitHub environment deploys from chosen branches only, and an important one asks a second person first.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        own("GitHub environments: staging 1 approval, production 2, main only"),
	Tags:             []string{"security", "github"},
	RemediationSteps: "Set deploymentBranchPolicy, reviewers, preventSelfReview: true and canAdminsBypass: false.",
	Options: []crossguard.Option{{Name: "unreviewed",
		Description: "Environments that deploy without a review, in lower case; * stands for any characters. No job runs in a slot's " +
			"environment.",
		Default: []string{"dev", "*-preview-*"}}},
	Types: []string{ghEnvironment},
	Check: func(r *crossguard.Resource) {
		custom := r.BoolOr("deploymentBranchPolicy.customBranchPolicies", false)
		if !custom && !r.BoolOr("deploymentBranchPolicy.protectedBranches", false) {
			r.Violation("deploymentBranchPolicy is absent, so every branch deploys: set customBranchPolicies and name main")
		}
		if matchesAny(r.Config.Strings("unreviewed"), environmentName(r)) {
			return
		}
		if !r.BoolOr("preventSelfReview", false) {
			r.Violation("preventSelfReview is not true, so people can approve their own deployments: set it")
		}
		if r.BoolOr("canAdminsBypass", true) { // GitHub's default is true
			r.Violation("canAdminsBypass is not false, so an administrator needs no approval: set it")
		}
		if len(reviewersOf(r)) == 0 {
			r.Violation("reviewers is empty: name who approves")
		}
	},
	Remediate: func(r *crossguard.Remedy) {
		if matchesAny(r.Config.Strings("unreviewed"), environmentName(r.Resource)) {
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

// environmentName returns the name in lower case, because GitHub treats Production and production as the same environment.
func environmentName(r *crossguard.Resource) string {
	return strings.ToLower(r.StringOr("environment", ""))
}

// reviewersOf returns the people and teams who may approve, as user:ID and team:ID. An unknown reviewer ends the rule, because
// the number of reviewers is then unknown too.
func reviewersOf(r *crossguard.Resource) []string {
	var all []string
	for i := range r.Len("reviewers") {
		for _, id := range r.Strings(fmt.Sprintf("reviewers[%d].users", i)) {
			all = append(all, "user:"+id)
		}
		for _, id := range r.Strings(fmt.Sprintf("reviewers[%d].teams", i)) {
			all = append(all, "team:"+id)
		}
	}
	return all
}
