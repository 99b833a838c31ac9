package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runNoPlaintextSecrets = crossguard.Policy{
	Name: "run-no-plaintext-secrets",
	Description: "Secrets reach a container from Secret Manager: a plain variable, argument, header or annotation is readable by everybody " +
		"who may look at the service.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        crossguard.Framework{Name: "Pulumi Best Practices", Reference: "no secrets in environment variables"},
	Tags:             []string{"security", "cloud-run", "secrets"},
	RemediationSteps: "Store the value in Secret Manager, set the variable's valueSource.secretKeyRef, and replace the leaked value.",
	Options: []crossguard.Option{{
		Name: "harmless", Default: []string{}, Description: "Names of variables that look like secrets and are not.",
	}},
	Types: runAny,
	Kind:  crossguard.Kind{Name: "resources of Google Cloud that hold text", Has: holdsText},
	Check: func(r *crossguard.Resource) {
		if slices.Contains(runAny, r.Type) {
			eachContainer(r, func(c crossguard.Object) {
				c.Each("envs", func(env crossguard.Object) { checkVariable(r, env) })
			})
		}
		r.EachText(func(text crossguard.Text) {
			if text.In != "envs" {
				checkText(r, text)
			}
		})
	},
}

// holdsText reports whether the rule reads a type. It leaves out the types that other rules of the pack judge, and IAM types,
// which contain no free text.
func holdsText(token string) bool {
	return ofGoogle(token) && !strings.HasPrefix(token, "gcp:secretmanager/") && !strings.Contains(token, ":index/secretManager") &&
		iamForm(token) == ""
}

const useSecretManager = "use Secret Manager, or list the name in the option harmless of run-no-plaintext-secrets in policy/STACK.json"

func checkVariable(r *crossguard.Resource, env crossguard.Object) {
	if env.IsSecret("value") {
		r.Violation("%s is marked as a secret and put into a plain variable: use Secret Manager", env.Path("value"))
		return
	}
	name := env.StringOr("name", "")
	harmless := slices.Contains(r.Config.Strings("harmless"), name)
	// Check the name first, because it can show that the variable is a secret even if the value is unknown.
	if !env.IsKnown("value") && secretName(name) && !harmless {
		r.Violation("%s %s is named like a secret and is a plain variable: %s", env.Path("name"), name, useSecretManager)
	}
	switch value := env.StringOr("value", ""); {
	case isSecret(name, value) && !harmless:
		r.Violation("%s %s is named like a secret and is a plain variable: %s", env.Path("name"), name, useSecretManager)
	case looksSecret(value) && !harmless:
		r.Violation("%s has the form of a key or password: %s", env.Path("value"), useSecretManager)
	}
}

// freeKeys are the properties whose entries the author of the program names.
var freeKeys = strings.Fields(`labels userLabels annotations metadata items headers requestHeaders httpHeaders add set
	environmentVariables buildEnvironmentVariables envVariables userEnvVars environment environments env substitutions
	attributes customAttributes connectionAttributes parameters deployParameters params values args vars queryVariables scriptVariables
	properties defaultProperties overrideProperties options launchOptions betaSettings configs configOverrides airflowConfigOverrides
	databaseFlags sensitiveLabels data tags`)

// credentials are the properties of Google's types that hold a credential, at any depth.
var credentials = []string{"password", "rootPassword", "adminPassword", "authToken", "auth_token", "serviceKey", "sharedSecret",
	"clientSecret", "oauth2ClientSecret", "siteSecret", "trustHandshakeSecret", "privateKey", "pemPrivateKey", "privateKeyPem", "apiKey",
	"accessKey", "secretAccessKey", "sasToken", "accessToken", "huggingFaceAccessToken", "securityToken", "token", "passphrase",
	"passwordSecret", "plaintext", "plainText", "rawKey", "diskEncryptionKeyRaw", "keyValue"}

// checkText judges a string by its key or name, and by its form.
func checkText(r *crossguard.Resource, text crossguard.Text) {
	sensitive := slices.Contains(credentials, text.Key) // the provider hides these if the program marks them as secret
	name := ""
	switch {
	case (text.Key == "value" || text.Key == "headerValue") && text.Name != "":
		name = text.Name
	case slices.Contains(freeKeys, text.In), sensitive:
		name = text.Key
	case strings.HasPrefix(text.Before, "-") && !strings.Contains(text.Before, "=") && !strings.HasPrefix(text.Value, "-"):
		name = strings.TrimLeft(text.Before, "-")
	}
	harmless := slices.Contains(r.Config.Strings("harmless"), name)
	switch {
	case text.Secret && !sensitive && slices.Contains(runAny, r.Type):
		r.Violation("%s is marked as a secret and put where everybody can read it: use Secret Manager", text.Path())
	case text.Secret, harmless:
	case sensitive && !harmlessValue(text.Value), name != "" && isSecret(name, text.Value):
		r.Violation("%s: %s is named like a secret and is in clear text: %s", text.Path(), name, useSecretManager)
	case looksSecret(text.Value), strings.HasPrefix(text.Before, "-") && userHasPassword(text.Before+" "+text.Value):
		r.Violation("%s has the form of a key or password: %s", text.Path(), useSecretManager)
	}
}
