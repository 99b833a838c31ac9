package rules

import (
	"slices"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var ghNoSecretInVariable = crossguard.Policy{
	Name:        "gh-no-secret-in-variable",
	Description: "GitHub variables hold no secrets: they are shown in logs and settings.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.Critical,
	Framework: crossguard.Framework{Name: "Checkov", Reference: "CKV_GIT_4",
		Specification: "Ensure GitHub Actions secrets are encrypted"},
	Tags:             []string{"security", "github", "secrets"},
	RemediationSteps: "Make it a secret, or better: get the credential by OIDC. Replace the value that leaked.",
	Options: []crossguard.Option{{Name: "harmless", Description: "Names of variables that look like secrets and are not.",
		Default: []string{}}},
	Types: ghVariableTypes,
	Check: func(r *crossguard.Resource) {
		if r.IsSecret("value") {
			r.Violation("value is marked as a secret in the program: make it a GitHub secret, not a variable")
			return
		}
		name := r.StringOr("variableName", "")
		harmless := slices.Contains(r.Config.Strings("harmless"), name)
		// Check the name first, because it can show that the variable is a secret even if the value is unknown.
		promises := !r.IsKnown("value") && secretName(name)
		if !promises {
			promises = isSecret(name, r.StringOr("value", ""))
		}
		if promises && !harmless {
			r.Violation("variableName %s promises a secret: make it a secret, or list the name in the option harmless of "+
				"gh-no-secret-in-variable in "+
				"policy/STACK.json", name)
		}
		if looksSecret(r.StringOr("value", "")) && !harmless {
			r.Violation("value has the form of a key or password: make it a secret")
		}
	},
}

// ghVariableTypes are the types of GitHub's variables.
var ghVariableTypes = []string{ghVariable, ghEnvVariable, ghOrgVariable}
