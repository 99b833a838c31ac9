package rules

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSecretForms covers texts whose form alone shows whether they contain a secret. All values are made up.
func TestSecretForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		// Texts next to a known form
		"npm_config_cache": false, "pul-requests": false, "disk-performance-benchmarks-eu": false, "ask-for-performance-benchmarks": false,
		"prod_ghp_" + letters36:  false,
		"token ghp_" + letters36: true, "token=ghp_" + letters36: true, "PuTTY-User-Key-File-3: ssh-ed25519": true, "": false, "x": false,
		// Headers
		"Bearer authentication-required": false, "the bearer": false, "Authorization: Bearer 8f3a9c1e5b7d2f40aa": true,
		// Assignments in a text; prose is short and has no digits
		"password=abc123": true, "password=abc12": false, "password=required!": true, "password: same as before": false,
		"password=correcthorsebatterystapl": true, "password=correcthorsebatterysta": false, "user=abc123": false,
		"password=//db.internal:5432/x": false,
		// Base64 of password=hunter2xy, and of words
		"cGFzc3dvcmQ9aHVudGVyMnh5": true, "cGFzc3dvcmQ9aHVudGVyMnh5Cg": true, "cGFzc3dvcmQ9aHVudGVyMnh5, and so on": true,
		"dGhlIHF1aWNrIGJyb3duIGZveA": false, "us-central1-docker.pkg.dev/p/r/web": false, "cGFzc3dvcmQ9aHVudGVyMg": false,
		// Addresses
		"https://a/@scope/b:c": false, "postgres://app:$(PASSWORD)@db/x": false, "https://registry:443/@scope/pkg": false,
		"https://u:443x@host/x": true, "mail ops@example.com": false,
	} {
		assert.Equal(t, want, looksSecret(text), text)
	}
}

const letters36 = "abcdefghijklmnopqrstuvwxyz0123456789"

// TestSecretNames covers names and values that only together show whether the value is a secret.
func TestSecretNames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, value string
		want        bool
	}{
		{"API__KEY", "abc", true}, {"apiKey", "abc", true}, {"APIKey", "abc", true}, {"_", "abc", false}, {"", "abc", false},
		// Names that count tokens, and names of tokens
		{"MAX_PASSWORDS", "ten", false}, {"TOKENS_TOTAL_OF_ACME", "many", false}, {"ACME_TOKENS", "abc", true}, {"ACME_TOKENS", "12", false},
		{"DB_TOTAL_PASSWORD", "hunter2", true}, {"DB_PASSWORD", "12", true},
		// Ids of secrets
		{"VAULT_SECRET_ID", "8f3a9c1e5b7d2f408f3a", true}, {"VAULT_SECRET_ID", "approle", false}, {"TOKEN_ID", "8f3a9c1e5b7d2f408f3a", false},
		{"SECRET_KEY_ID", "8f3a9c1e5b7d2f408f3a", false},
		// References to a value, and values that only look like references
		{"DB_PASSWORD", "$(PASSWORD)", false}, {"DB_PASSWORD", "${PASSWORD}", false}, {"DB_PASSWORD", "$(HOST)hunter2", true},
		{"DB_PASSWORD", "s3cr3t>", true}, {"DB_PASSWORD", "xxx", false}, {"DB_PASSWORD", "***", false}, {"DB_PASSWORD", "xx", true},
		{"DB_PASSWORD", "REDACTED", false}, {"DB_PASSWORD", "[secret]", false}, {"DB_PASSWORD", "none", false},
		// Places
		{"AUTH_TOKEN", "projects/p/secrets/8f3a9c1e5b7d2f40/versions/1", false}, {"AUTH_TOKEN", "vault.internal", false},
		{"DB_PASSWORD", "db.internal:5432", false}, {"DB_PASSWORD", "p:ass/word1", true}, {"DB_PASSWORD", "/run/secrets/db", false},
		{"DB_PASSWORD", "vault:db/password", false}, {"DB_PASSWORD", "vault:", true},
		{"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", true},
		// Paths of Windows: on a drive, on a share, below a variable
		{"AUTH_TOKEN", `C:\Users\app\token.txt`, false}, {"AUTH_TOKEN", `c:\Program Files\App 2\token`, false},
		{"AUTH_TOKEN", `D:/keys/token`, false},
		{"AUTH_TOKEN", `\\files.internal\keys$\token`, false}, {"AUTH_TOKEN", `%APPDATA%\app\token`, false}, {"AUTH_TOKEN", `C:\`, false},
		{"DB_PASSWORD", `C:hunter2`, true}, {"DB_PASSWORD", `hunter:\2`, true}, {"DB_PASSWORD", `C:\hunter2?`, true},
		{"DB_PASSWORD", `\hunter2`, true},
		{"DB_PASSWORD", `\\hunter2`, true}, {"DB_PASSWORD", `%hunter%2`, true},
		// Hints, which need a value that looks generated
		{"APP_SALT", "8f3a9c1e5b7d2f40", true}, {"APP_SALT", " 8f3a9c1e5b7d2f40\n", true}, {"APP_SALT", "procureflow", false},
		{"CACHE_KEY", "8f3a9c1e5b7d2f40", false},
	} {
		assert.Equal(t, test.want, isSecret(test.name, test.value), "%s=%s", test.name, test.value)
	}
}

// TestRandom covers texts that look generated, and texts that people write.
func TestRandom(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"8f3a9c1e5b7d2f40": true, "prod-a1b2c3d4-web": true, "ABCDEF0123456789": true, "abcd1234abcd1234": true, // exactly three bits a character
		"8f3a9c1e5b7d2f4": false, "hello world 8f3a9c1e5b7d2f40": false, "/var/lib/8f3a9c1e5b7d": false,
		"correcthorsebatterystaple": false, "1234567890123456": false, "aaaaaaaaaaaaaaa1": false,
		"release-candidate-build-7": false, "images/frontend/web/v2": false, "procureflow.session.v2": false, "frontend_release_build_7": false,
		"production-7-releases": false, "build-20240131-web": false, "prod-a1b2c3d-weblog": false,
	} {
		assert.Equal(t, want, looksRandom(text), text)
	}
}

// TestFormsOfSecretsCompile compiles the patterns that a pack compiles only for the values that need them.
func TestFormsOfSecretsCompile(t *testing.T) {
	t.Parallel()
	all := slices.Concat(slices.Collect(maps.Values(vendorForms))...)
	for _, form := range slices.Concat(all, elsewhereForms) {
		assert.NotPanics(t, func() { form.pattern() }, form.begins)
	}
	assert.Greater(t, len(all), 150)
}
