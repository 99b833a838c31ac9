package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var ghActionsPinned = crossguard.Policy{
	Name:             "gh-actions-pinned",
	Description:      "Workflows run only chosen actions, each at a full commit: a tag can be moved to code that steals credentials.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        crossguard.Framework{Name: "OpenSSF Scorecard", Reference: "Pinned-Dependencies"},
	Tags:             []string{"supply-chain", "github"},
	RemediationSteps: "Set allowedActions to selected or local_only and shaPinningRequired to true.",
	Types:            []string{ghActions, ghOrgActions, ghEnterpriseActions},
	Check: func(r *crossguard.Resource) {
		if workflowsDisabled(r) {
			r.NotApplicable("workflows are disabled")
		}
		if allowed := r.StringOr("allowedActions", "all"); allowed != "selected" && allowed != "local_only" {
			r.Violation("allowedActions is %s: set it to selected", allowed)
		}
		if pinsActions(r) && !r.BoolOr("shaPinningRequired", false) {
			r.Violation("shaPinningRequired is not true: set it")
		}
		if r.BoolOr("allowedActionsConfig.verifiedAllowed", false) {
			r.Violation("allowedActionsConfig.verifiedAllowed allows every action of thousands of creators: name the actions that are used")
		}
		r.EachString("allowedActionsConfig.patternsAlloweds", func(pattern string) {
			if owner, _, named := strings.Cut(pattern, "/"); !named || owner == "" || strings.Contains(owner, "*") {
				r.Violation("allowedActionsConfig.patternsAlloweds has %s, which allows every action of that name, no matter who made it: name "+
					"the owner", pattern)
			}
		})
	},
	Remediate: func(r *crossguard.Remedy) {
		if !workflowsDisabled(r.Resource) && pinsActions(r.Resource) && !r.BoolOr("shaPinningRequired", false) {
			r.Set("shaPinningRequired", true)
		}
	},
}

// workflowsDisabled reports whether no workflow runs: in a repository, an organization or an enterprise.
func workflowsDisabled(r *crossguard.Resource) bool {
	return !r.BoolOr("enabled", true) || r.StringOr("enabledRepositories", "") == "none" || r.StringOr("enabledOrganizations", "") == "none"
}

// pinsActions reports whether a type can require that actions are pinned. That of enterprises has no such property.
func pinsActions(r *crossguard.Resource) bool { return r.Type != ghEnterpriseActions }
