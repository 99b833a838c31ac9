package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var ghSecretNotPlaintext = crossguard.Policy{
	Name:        "gh-secret-not-plaintext",
	Description: "A GitHub secret is a secret in Pulumi's state, too.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.Critical,
	Framework: crossguard.Framework{Name: "Checkov", Reference: "CKV_GIT_4",
		Specification: "Ensure GitHub Actions secrets are encrypted"},
	Tags:             []string{"security", "github", "secrets"},
	RemediationSteps: "Give the value as a Pulumi secret: pulumi config set --secret, or pulumi.ToSecret.",
	Types:            ghSecretTypes,
	Kind: crossguard.Kind{Name: "other resources of GitHub that hold text", Has: func(token string) bool {
		return strings.HasPrefix(token, "github:index/") && !slices.Contains(ghVariableTypes, token)
	}},
	Check: func(r *crossguard.Resource) {
		if !slices.Contains(ghSecretTypes, r.Type) { // an issue, a release, a description
			r.EachText(func(text crossguard.Text) {
				if !text.Secret && looksSecret(text.Value) {
					r.Violation("%s contains a key or password in clear text: remove it, and replace the leaked value", text.Path())
				}
			})
			return
		}
		// An address or a file is no secret as a whole, but it can contain one.
		for _, path := range []string{"configuration.url", "content"} {
			if !r.IsSecret(path) && r.IsKnown(path) && looksSecret(r.StringOr(path, "")) {
				r.Violation("%s contains a key or password in clear text: give it as a Pulumi secret, or keep it out of the repository", path)
			}
		}
		for _, path := range []string{"value", "plaintextValue", "configuration.secret"} {
			if r.IsSecret(path) {
				continue
			}
			if r.Has(path) {
				r.Violation("%s is in clear text: give it as a Pulumi secret", path)
			}
		}
	},
}

// ghSecretTypes are the types with a property for a secret, and files.
var ghSecretTypes = []string{ghSecret, ghEnvSecret, ghOrgSecret, ghDependabotSecret, ghDependabotOrg, ghCodespaces, ghCodespacesOrg,
	ghCodespacesUser, ghWebhook, ghOrgWebhook, ghFile}
