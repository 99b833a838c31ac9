package rules

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// TestSecretsOfMoreKinds covers further vendors, keys without the lines around them, headers, and names in which words are written
// together. All values are made up.
func TestSecretsOfMoreKinds(t *testing.T) {
	t.Parallel()
	hex, word := strings.Repeat("0123456789abcdef", 16), strings.Repeat("aB3dE6gH9jK2mN5pQ8", 20)
	const uuid = "0a1b2c3d-4e5f-6789-abcd-ef0123456789"
	for _, value := range []string{
		// Models
		"lsv2_pt_" + hex[:32] + "_" + hex[:10], "lsv2_sk_" + hex[:32] + "_" + hex[:10], "pcsk_" + word[:66], "tvly-" + word[:32],
		"nvapi-" + word[:64], "jina_" + word[:60], "e2b_" + hex[:40], "csk-" + strings.ToLower(word[:48]), "fw_" + word[:24], "sk_" + hex[:48],
		"ABSK" + word[:110], "bedrock-api-key-" + word[:80], "hf_" + strings.Repeat("AbCdEf", 6)[:34], "sk-svcacct-" + word[:40],
		"sk-admin-" + word[:40],
		// Clouds, code, money
		"AAAAabcdEFG:APA91b" + word[:134], "ATBB" + word[:32], word[:76] + "AZDO" + "abcd", "glpat-" + word[:20] + ".01.0a1b2c3d4",
		"glwt-" + word[:20], "CLOJARS_" + hex[:60], "ghs_" + word[:36], "//registry.npmjs.org/:_authToken=" + hex[:36],
		"//npm.pkg.github.com/:_password=" + b64("hunter2hunter2"), "v1.0-" + hex[:24] + "-" + hex[:146], "ops_eyJ" + word[:80],
		"st." + hex[:24] + "." + hex[:32] + "." + hex[:32], hex[:36] + "NRAL", hex[:36] + "0000NRAL", "sdk-" + uuid,
		hex[:32] + "-0a1b2c3d-4e5f6789", "rnd_" + word[:28], "pdl_live_apikey_" + word[:60], "access-production-" + uuid, "live_" + word[:30],
		"hcaik_01" + strings.ToLower(word[:56]), "IQoJb3JpZ2luX2Vj" + word[:200], "FwoGZXIvYXdz" + word[:200], uuid + ":fx",
		"A3-ABCDEF-ABCDEF-ABCDE-ABCDE-ABCDE-ABCDE",
		// Private keys without the lines around them, and as JSON web keys
		"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ" + word[:100], "MIIEpAIBAAKCAQEA" + word[:100], "MIICXAIBAAKBgQ" + word[:100],
		"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg" + word[:60], "MHcCAQEEI" + word[:100], "MC4CAQAwBQYDK2VwBCIEI" + word[:43],
		`{"kty":"RSA","n":"` + word[:60] + `","e":"AQAB","d":"` + word[:60] + `"}`, `{"kty":"oct","k":"` + word[:43] + `","alg":"HS256"}`,
		`{"k":"` + word[:43] + `","kty":"oct"}`, `{"keys":[{"kty":"EC","crv":"P-256","x":"` + word[:43] + `","d":"` + word[:43] + `"}]}`,
		`-----BEGIN PRIVATE KEY-----\nMIIE`, b64(`{"kty":"oct","k":"` + word[:43] + `"}`), "-----BEGIN ENCRYPTED PRIVATE KEY-----",
		// Headers, files, texts
		"SSWS 00" + word[:40], "ApiKey " + word[:40], "GenieKey " + uuid, "Authorization: Splunk " + uuid, "X-Api-Key: 8f3a9c1e5b7d",
		`password = "correct horse battery staple"`, "postgres://app:hunter2@/db?host=/cloudsql/p:r:i", "sftp://u:p@h",
		"https://oauth2:8f3a9c1e5b7d@gitlab.com/x.git", "user=app;pwd=hunter2x;", "--requirepass hunter2x", "-e MYSQL_ROOT_PASSWORD=hunter2x",
		`sasl.jaas.config=org.apache.PlainLoginModule required username="u" password="hunter2x";`, "postgresql://app:hunter2@[::1]:5432/x",
		"admin:$2y$10$abcdefghijklmnopqrstuuJ4mN5pQ8rS1tU4vW7xY0zA3bC6dE9f", "admin:$apr1$abcdefgh$abcdefghijklmnopqrstuv",
		"client-key-data: " + b64("-----BEGIN RSA PRIVATE KEY-----\nabc"), b64(b64("password=hunter2xy1234567")),
	} {
		assert.True(t, looksSecret(value), value)
	}
	for _, name := range []string{"DB_SENHA", "SENHA", "CONTRASENA", "PASSWORT", "ADMINPASSWORD", "SMTPPASSWORD", "REDISPASSWORD",
		"rootpassword",
		"DBPWD", "CONN_STR", "SQLCONNSTR_MAIN", "JWTSECRET", "APPSECRET", "BOTTOKEN", "OPENAIAPIKEY", "dbPassWord", "DB_PASSWORD_1", "PASS",
		"PASSWORD_PROD", "PROD_DB_PASS_2", "AWS_SECRET", "KEYSTORE_PASSWORD", "TOKEN_SIGNING_SECRET", "API_KEYS", "MASTERKEY", "JWT_KEY",
		"VAULT_TOKEN_VALUE", "APP_SECRET_BASE64", "SSH_PRIVATE_KEY_B64"} {
		assert.True(t, isSecret(name, "hunter2"), name)
	}
}

// TestNoSecrets covers names and values that only look like secrets: digests, public keys, settings of a login, and names that
// begin like a vendor's key.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	hex, word := strings.Repeat("0123456789abcdef", 16), strings.Repeat("aB3dE6gH9jK2mN5pQ8", 20)
	const uuid = "0a1b2c3d-4e5f-6789-abcd-ef0123456789"
	for _, v := range [][2]string{
		{"TOKENIZER_PATH", "/models/t.json"}, {"KEYCLOAK_REALM", "acme"}, {"SESSION_STORE", "redis"}, {"AUTH_AUDIENCE", "https://api"},
		{"SIGNING_ALGORITHM", "RS256"}, {"LICENSE", "Apache-2.0"}, {"PASSPORT_STRATEGY", "oidc"}, {"TOKEN_BUCKET_SIZE", "10"},
		{"KEYWORDS", "a,b"}, {"PASSWORD_RULES", "min=12;upper=1"}, {"AUTH_TYPE", "basic"}, {"AUTH_PROVIDERS", "google,github"},
		{"SESSION_MAX_AGE", "86400"}, {"JWT_LEEWAY", "30s"}, {"JWT_CLOCK_SKEW", "30"}, {"COOKIE_DOMAIN", ".acme.example"},
		{"COOKIE_SAMESITE", "lax"}, {"API_KEY_LENGTH", "32"}, {"ENCRYPTION_KEY_ID", "k1"}, {"KMS_KEY_VERSION", "1"}, {"MASTER_KEY_NAME", "k"},
		{"TOKEN_URI", "https://oauth2.googleapis.com/token"}, {"PASSWORDLESS", "true"}, {"PASSWORDLESS_LOGIN", "email"},
		{"SECRETARIAT", "acme"}, {"SECRETARY_EMAIL", "a@b.c"}, {"TOKENIZATION", "bpe"}, {"PASSTHROUGH", "on-demand"}, {"COMPASS", "north"},
		{"TRESPASS_POLICY", "deny"}, {"BYPASS", "paths"}, {"ASSET_KEY", "icons"}, {"KEY_ROTATION_DAYS", "90"}, {"HOTKEY", "ctrl-k"},
		{"LOCALE_KEYS", "en,pt-BR"}, {"MONKEYS", "12"}, {"PASSENGERS", "4"}, {"TOKENS", "4096"}, {"SECRETSMANAGER_ENABLED", "true"},
		{"DB_CONN_MAX", "10"}, {"DB_CONN_LIFETIME", "30m"}, {"INSTANCE_CONNECTION_NAME", "p:r:i"}, {"CONNECTION_POOL", "transaction"},
		{"RESET_PASSWORD_PATH", "/reset"}, {"FORGOT_PASSWORD_URL", "/forgot"}, {"PASSWORD_CHANGE_REQUIRED", "true"},
		{"CSRF_TOKEN_NAME", "_csrf"}, {"TOKEN_PREFIX", "Bearer"}, {"CLIENT_TOKEN_TYPE", "opaque"}, {"SITE_KEY", "6Lc" + word[:37]},
		{"SECRET_REF", "projects/p/secrets/x/versions/3"}, {"PASSWORD_REGEX", "^(?=.*[A-Z])(?=.*[0-9]).{12,}$"},
		{"NEXT_PUBLIC_POSTHOG_KEY", "phc_" + word[:40]}, {"JWT_PUBLIC_KEY", "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"},
		{"DATABASE_URL", "postgres://app@/db?host=/cloudsql/p:r:i"}, {"GIT_SHA", hex[:40]}, {"IMAGE_DIGEST", "sha256:" + hex[:64]},
		{"TENANT_ID", uuid}, {"PUBKEY", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" + word[:100]}, {"MEMCACHE", "10.0.0.1:11211"},
		{"A", "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQsFADBa" + word[:100]}, {"A", "sha384-" + b64(word[:48])},
		{"A", "script-src 'self' 'sha256-" + b64(word[:32]) + "'; style-src 'nonce-abc'"}, {"A", "G-ABCDEF1234"}, {"A", "C0123456789"},
		{"A", `{"keys":[{"kty":"RSA","kid":"2024","use":"sig","alg":"RS256","n":"` + word[:60] + `","e":"AQAB"}]}`},
		{"A", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"},
		{"A", "00-" + hex[:32] + "-" + hex[:16] + "-01"},
		{"A", "service.name=web,service.version=1.2.3"}, {"A", "Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/115.0"},
		{"A", `resource.type="cloud_run_revision" AND jsonPayload.tokens>5`}, {"A", `resource.labels.secret_id="procureflow-database-url"`},
		{"A", `protoPayload.methodName="google.iam.admin.v1.CreateServiceAccountKey"`},
		{"A", "Sends the token to the API and the password by mail"},
		{"A", "basic authentication is required"}, {"A", "Set password: the one from the vault"},
		{"A", `{"passwordLogin":false,"tokenRefresh":true}`},
		{"A", `{"keyFile":"/etc/key.pem","tokenUrl":"https://x/token"}`}, {"A", "auth:\n  type: basic\n  tokenFile: /run/t"},
		{"A", "/usr/local/sbin:/usr/local/bin"}, {"A", "sha256:" + hex[:64] + ",sha512:" + hex[:128]}, {"A", "SHA256:" + b64(word[:32])[:43]},
		{"A", "sdk-1.2.3"}, {"A", "api-gateway-v2"}, {"A", "live_view"}, {"A", "st.example.com"}, {"A", "access-production-readonly"},
		{"A", "sk_learn"}, {"A", "fw_rules_v2"}, {"A", "v1.0-rc1"}, {"A", "rnd_seed_2024"}, {"A", "tvly-search"}, {"A", "csk-eu-west-1"},
		{"A", "app:$HOME/bin"}, {"A", "web:$(PORT)"}, {"A", uuid + ":eu"}, {"A", uuid}, {"A", "negotiate content"}, {"A", "ApiKey required"},
	} {
		assert.False(t, isSecret(v[0], v[1]) || looksSecret(v[1]), "%s=%s", v[0], v[1])
	}
}
