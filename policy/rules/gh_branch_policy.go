package rules

import (
	"slices"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var ghBranchPolicy = crossguard.Policy{
	Name:             "gh-branch-policy",
	Description:      "Deployments come only from the branch that deploys. A pattern that anybody can make a branch for protects nothing.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        own("GitHub environments: the deploying branch only"),
	Tags:             []string{"security", "github"},
	RemediationSteps: "Set branchPattern to a branch that deploys (the option branches), and no tagPattern.",
	Options:          []crossguard.Option{{Name: "branches", Description: "Branches that may deploy.", Default: []string{"main"}}},
	Types:            []string{ghDeploymentPolicy, ghOldDeploymentPolicy},
	Check: func(r *crossguard.Resource) {
		if tag, set := r.String("tagPattern"); set {
			r.Violation("tagPattern is %s: everybody who may push a tag could deploy. Remove it", tag)
		}
		path := "branchPattern"
		if r.Type == ghOldDeploymentPolicy {
			path = "name"
		}
		branch, set := r.String(path)
		if set && !slices.Contains(r.Config.Strings("branches"), branch) {
			r.Violation("%s is %s: set it to one of %s", path, branch, list(r.Config.Strings("branches")))
		}
		if !set && !r.Has("tagPattern") {
			r.Violation("%s is absent: set it to one of %s", path, list(r.Config.Strings("branches")))
		}
	},
}
