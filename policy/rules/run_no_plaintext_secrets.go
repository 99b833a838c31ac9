package rules

import (
	"regexp"
	"slices"
	"strings"

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

// secretWords promise a secret in a name, in lower case and without underscores.
var secretWords = []string{
	"secret", "token", "passw", "passphrase", "apikey", "privatekey", "accesskey", "signingkey", "encryptionkey", "credential", "mongodburi", "databaseurl", "connectionstring",
}

// secretName tells names that promise a secret.
func secretName(name string) bool {
	name = strings.ToLower(name)
	if strings.HasSuffix(name, "_pass") || strings.HasSuffix(name, "_pwd") { // in the midst of a name they are other words
		return true
	}
	name = strings.ReplaceAll(name, "_", "")
	return slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(name, word) })
}

// secretForms are the forms of well-known credentials, by a text that each contains: looking for that is a hundred times
// as fast as trying every form.
var secretForms = []struct {
	contains string
	form     *regexp.Regexp
}{
	{"PRIVATE KEY", regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY`)},
	{`"private_key"`, regexp.MustCompile(`"private_key"`)},
	{"AKIA", regexp.MustCompile(`\bAKIA[0-9A-Z]{16}\b`)},
	{"gh", regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9]{36}`)},
	{"github_pat_", regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9_]{22}`)},
	{"sk-", regexp.MustCompile(`\bsk-[A-Za-z0-9_-]{20}`)},
	{"AIza", regexp.MustCompile(`\bAIza[0-9A-Za-z_-]{35}`)},
	{"pul-", regexp.MustCompile(`\bpul-[0-9a-f]{40}`)},
	{"xox", regexp.MustCompile(`\bxox[abprs]-[0-9A-Za-z-]{10}`)},
	{"@", regexp.MustCompile(`[a-z0-9+]+://[^/\s:@]*:[^/\s:@]+@`)}, // a URL with a password
}

// looksSecret tells values that are secrets by their form.
func looksSecret(value string) bool {
	for _, known := range secretForms {
		if strings.Contains(value, known.contains) && known.form.MatchString(value) {
			return true
		}
	}
	return false
}
