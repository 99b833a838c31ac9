package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var wifBindingNarrow = crossguard.Policy{
	Name:             "wif-binding-narrow",
	Description:      "An identity from outside is granted to one environment or workflow of one repository, not to a whole pool, owner or repository.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        own("Workload identity: bindings of repository and environment"),
	Tags:             []string{"security", "iam", "federation"},
	RemediationSteps: "Bind principalSet://.../attribute.repo_env/REPOSITORY_ID:ENVIRONMENT, or another attribute that names one environment or workflow.",
	Options: []crossguard.Option{{
		Name: "attributes", Description: "Attributes narrow enough to be granted something.",
		Default: []string{"repo_env", "env_workflow", "job_workflow_ref"},
	}},
	Types: anyIAM,
	Check: func(r *crossguard.Resource) {
		narrow := r.Config.Strings("attributes")
		set := grant{member: func(member string) bool {
			return strings.HasPrefix(member, "principalset:") && strings.Contains(member, "/workloadidentitypools/")
		}}
		set.each(r, func(role, member string) {
			_, selector, _ := strings.Cut(strings.ToLower(member), "/workloadidentitypools/")
			_, selector, _ = strings.Cut(selector, "/") // after the pool's name
			attribute, value, _ := strings.Cut(strings.TrimPrefix(selector, "attribute."), "/")
			switch {
			case selector == "*" || selector == "":
				r.Violation("grants %s to the whole pool: bind one value of %s", role, list(narrow))
			case !strings.HasPrefix(selector, "attribute.") || !slices.Contains(narrow, attribute):
				r.Violation("grants %s to %s, which is wider than one environment or workflow: bind one value of %s", role, member, list(narrow))
			case value == "" || strings.Contains(value, "*"):
				r.Violation("grants %s to %s without one value: write the value", role, member)
			}
		})
	},
}
