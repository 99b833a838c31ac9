package rules

import (
	"net/url"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var wifGitHubPinned = crossguard.Policy{
	Name: "wif-github-pinned",
	Description: "GitHub's tokens are trusted by the numeric ids of owner and repository: a name can be registered again by somebody " +
		"else, and GitHub changed what a subject looks like.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.Critical,
	Framework: crossguard.Framework{Name: "Checkov", Reference: "CKV_GCP_118",
		Specification: "Ensure IAM workload identity pool provider is restricted"},
	Tags: []string{"security", "iam", "federation", "CKV_GCP_125"},
	RemediationSteps: "Make assertion.repository_owner_id == 'NUMBER' && assertion.repository_id == 'NUMBER' part of " +
		"attributeCondition, in every " +
		"alternative, map google.subject from other claims than sub, and leave jwksJson out.",
	Types: []string{poolProvider, workforce},
	Check: func(r *crossguard.Resource) {
		issuer := r.StringOr("oidc.issuerUri", "")
		switch github, looksSo := isGitHub(issuer); {
		case looksSo:
			r.Violation("oidc.issuerUri %s only looks like GitHub's: everybody who has that host makes tokens with any id. Use https://%s",
				issuer, githubIssuer)
		case !github:
			r.NotApplicable("trusts another issuer than GitHub")
		}
		if r.Has("oidc.jwksJson") {
			r.Violation("oidc.jwksJson replaces GitHub's keys: everybody who has those makes tokens with any id. Remove it")
		}
		condition := r.StringOr("attributeCondition", "")
		means := meaning(r)
		for _, claim := range []string{"repository_owner_id", "repository_id"} {
			if !guarantees(condition, "assertion."+claim, means) {
				r.Violation("attributeCondition does not always require assertion.%s == a number: add it with &&", claim)
			}
		}
		if readsSubject(condition) || readsSubject(r.StringOr(`attributeMapping["google.subject"]`, "")) {
			r.Violation("sub decides who gets in: its form depends on the repository's age, and it can exceed the limit of 127 bytes. Use the " +
				"claims it is made of")
		}
	},
}

const githubIssuer = "token.actions.githubusercontent.com"

// isGitHub reports whether an issuer is GitHub, GitHub Enterprise Cloud or GitHub Enterprise Server. looksSo reports an issuer
// that is none of these and has GitHub's host in another part of its URL.
func isGitHub(issuer string) (github, looksSo bool) {
	text := strings.ToLower(strings.TrimSpace(issuer))
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Scheme != "https" {
		return false, strings.Contains(text, githubIssuer)
	}
	switch {
	case u.Host == githubIssuer,
		strings.HasPrefix(u.Host, "token.actions.") && strings.HasSuffix(u.Host, ".ghe.com"),
		strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/_services/token"):
		return true, false
	}
	return false, strings.Contains(text, "githubusercontent") || strings.Contains(text, "token.actions.")
}

// readsSubject reports whether an expression reads the claim sub.
func readsSubject(expression string) bool {
	e, err := parseCEL(expression)
	return err == nil && slices.Contains(claimsOf(e), "assertion.sub")
}
