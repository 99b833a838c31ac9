package rules

import (
	"regexp"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var wifGitHubPinned = crossguard.Policy{
	Name: "wif-github-pinned",
	Description: "GitHub's tokens are trusted by the numeric ids of owner and repository: a name can be registered again by somebody " +
		"else, and GitHub changed what a subject looks like.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        crossguard.Framework{Name: "Checkov", Reference: "CKV_GCP_118", Specification: "Ensure IAM workload identity pool provider is restricted"},
	Tags:             []string{"security", "iam", "federation", "CKV_GCP_125"},
	RemediationSteps: "Make assertion.repository_owner_id == 'NUMBER' && assertion.repository_id == 'NUMBER' part of attributeCondition, and map google.subject from other claims than sub.",
	Types:            []string{poolProvider},
	Check: func(r *crossguard.Resource) {
		issuer := strings.ToLower(r.StringOr("oidc.issuerUri", ""))
		if !strings.Contains(issuer, "token.actions.githubusercontent.com") {
			r.NotApplicable("trusts another issuer than GitHub")
		}
		condition := r.StringOr("attributeCondition", "")
		for _, claim := range []string{"repository_owner_id", "repository_id"} {
			// An attribute is what it was mapped from: one of the same name may be anything.
			mapped := func() bool {
				return strings.TrimSpace(r.StringOr(`attributeMapping["attribute.`+claim+`"]`, "")) == "assertion."+claim
			}
			if !guarantees(condition, "assertion."+claim) && !(guarantees(condition, "attribute."+claim) && mapped()) {
				r.Violation("attributeCondition does not always require assertion.%s == a number: add it with &&", claim)
			}
		}
		if subject.MatchString(condition) || subject.MatchString(r.StringOr(`attributeMapping["google.subject"]`, "")) {
			r.Violation("sub decides: its form depends on the repository's age, and it can exceed the limit of 127 bytes. Use the claims it is made of")
		}
	},
}

// subject finds the claim sub in an expression.
var subject = regexp.MustCompile(`\bassertion\s*(?:\.\s*sub\b|\[\s*['"]sub['"]\s*\])`)
