package rules

import (
	"regexp"
	"slices"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runNoPlaintextSecrets = crossguard.Policy{
	Name:             "run-no-plaintext-secrets",
	Description:      "Secrets reach a container from Secret Manager: a plain variable is readable by everybody who may look at the service.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        crossguard.Framework{Name: "Pulumi Best Practices", Reference: "no secrets in environment variables"},
	Tags:             []string{"security", "cloud-run", "secrets"},
	RemediationSteps: "Store the value in Secret Manager, set the variable's valueSource.secretKeyRef, and replace the leaked value.",
	Options: []crossguard.Option{{
		Name: "harmless", Default: []string{}, Description: "Names of variables that look secret and are not.",
	}},
	Types: runAny,
	Check: func(r *crossguard.Resource) {
		eachContainer(r, func(c crossguard.Object) {
			c.Each("envs", func(env crossguard.Object) {
				if env.IsSecret("value") {
					r.Violation("%s is a secret of the program, put into a plain variable: use Secret Manager", env.Path("value"))
					return
				}
				name := env.StringOr("name", "")
				harmless := slices.Contains(r.Config.Strings("harmless"), name)
				// The name first: what it gives away needs no value, which may be unknown.
				if secretName(name) && !harmless && !env.Has("valueSource") && !env.Has("valueFrom") {
					r.Violation("%s %s is named like a secret and is a plain variable: use Secret Manager", env.Path("name"), name)
				}
				if looksSecret(env.StringOr("value", "")) {
					r.Violation("%s has the form of a key or password: use Secret Manager", env.Path("value"))
				}
			})
		})
	},
}

var (
	secretWords = regexp.MustCompile(`(?i)(secret|token|passw|passphrase|api_?key|private_?key|access_?key|credential|mongodb_uri|database_url|connection_?string)`)
	// secretForms are the forms of well-known credentials, and URLs with a password in them.
	secretForms = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22}|` +
		`\bsk-[A-Za-z0-9_-]{20}|\bAIza[0-9A-Za-z_-]{35}|\bpul-[0-9a-f]{40}|\bxox[abprs]-[0-9A-Za-z-]{10}|"private_key"|[a-z0-9+]+://[^/\s:@]*:[^/\s:@]+@`)
)

// secretName tells names that promise a secret.
func secretName(name string) bool { return secretWords.MatchString(name) }

// looksSecret tells values that are secrets by their form.
func looksSecret(value string) bool { return secretForms.MatchString(value) }
