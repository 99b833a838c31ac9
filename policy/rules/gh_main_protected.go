package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var ghMainProtected = crossguard.Policy{
	Name:        "gh-main-protected",
	Description: "The branch that deploys changes only by reviewed pull requests with passing checks, and nobody rewrites its history.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.High,
	Framework:   crossguard.Framework{Name: "OpenSSF Scorecard", Reference: "Branch-Protection"},
	Tags:        []string{"security", "github"},
	RemediationSteps: "Give the ruleset enforcement: active and the rules pullRequest, requiredStatusChecks, nonFastForward and " +
		"deletion. Let actors bypass it only for pull requests (bypassMode: pull_request).",
	Options: []crossguard.Option{
		{Name: "approvals", Description: "Approvals a pull request needs.", Default: 1, Min: 0, Max: 10},
		{Name: "branches", Description: "Branches that deploy.", Default: []string{"main"}},
		{Name: "codeOwners", Description: "Whether a pull request needs a review by a code owner of the files that it changes.", Default: false},
	},
	Types: []string{ghRuleset, ghOrgRuleset, ghBranchProtection, ghBranchProtectionV3},
	Check: func(r *crossguard.Resource) {
		if r.Type != ghRuleset && r.Type != ghOrgRuleset {
			checkBranchProtection(r)
			return
		}
		if target := r.StringOr("target", "branch"); target != "branch" {
			r.NotApplicable("rules for a %s, not for a branch", target)
		}
		r.Each("bypassActors", func(actor crossguard.Object) {
			if mode := actor.StringOr("bypassMode", "always"); mode != "pull_request" {
				r.Violation("%s is %s: set it to pull_request, or remove the actor", actor.Path("bypassMode"), mode)
			}
		})
	},
	CheckStack: checkMain,
}

func checkBranchProtection(r *crossguard.Resource) {
	for _, path := range []string{"allowsDeletions", "allowsForcePushes"} {
		if r.BoolOr(path, false) {
			r.Violation("%s is true: remove it", path)
		}
	}
	if !matchesBranch(r.StringOr(branchOf(r), ""), r.Config.Strings("branches")) {
		return // it protects another branch
	}
	if !r.BoolOr("enforceAdmins", false) {
		r.Violation("enforceAdmins is not true: set it")
	}
	if r.Len("requiredStatusChecks") == 0 {
		r.Violation("requiredStatusChecks is empty: name the checks that must pass")
	}
	r.Each("requiredStatusChecks", func(required crossguard.Object) {
		if filled(required, "contexts")+filled(required, "checks") == 0 { // version 3 of the type has either
			r.Violation("%s is empty: name the checks that must pass", required.Path("contexts"))
		}
	})
	empty := func(o crossguard.Object, path string) {
		if o.Len(path) > 0 {
			r.Violation("%s is not empty, so some people need no review: remove it", o.Path(path))
		}
	}
	empty(r.Object, "forcePushBypassers")
	least := r.Config.Int("approvals")
	if r.Len("requiredPullRequestReviews") == 0 {
		r.Violation("requiredPullRequestReviews is empty: require %d or more", least)
	}
	r.Each("requiredPullRequestReviews", func(reviews crossguard.Object) {
		if n := reviews.IntOr("requiredApprovingReviewCount", 0); n < least {
			r.Violation("%s is %d: set it to %d or more", reviews.Path("requiredApprovingReviewCount"), n, least)
		}
		if least > 0 && !reviews.BoolOr("dismissStaleReviews", false) && !reviews.BoolOr("requireLastPushApproval", false) {
			r.Violation("%s is not true, so approvals stay when new commits are pushed: set it, or requireLastPushApproval",
				reviews.Path("dismissStaleReviews"))
		}
		if r.Config.Bool("codeOwners") && !reviews.BoolOr("requireCodeOwnerReviews", false) {
			r.Violation("%s is not true: set it", reviews.Path("requireCodeOwnerReviews"))
		}
		empty(reviews, "pullRequestBypassers")
		for _, who := range []string{"users", "teams", "apps"} { // only in version 3 of the type
			empty(reviews, "bypassPullRequestAllowances."+who)
		}
	})
}
