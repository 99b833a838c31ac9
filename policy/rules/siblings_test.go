package rules

import (
	"encoding/json"
	"fmt"
	"testing"

	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// sibling is a case of the same kind as one in testdata/cases.jsonl, with another type, spelling, form or provider.
type sibling struct {
	rule, desc, expected string
	resources            []ct.Resource
	config               string // "" means dev's
}

// TestSiblings runs the whole pack under a stack's configuration, as TestCases does.
func TestSiblings(t *testing.T) {
	t.Parallel()
	var all []sibling
	for _, some := range [][]sibling{secretSiblings(), federationSiblings(), identitySiblings(), iamSiblings(), runSiblings(), stackSiblings(),
		dataSiblings(), githubSiblings(), providerSiblings(), sidecarSiblings(), schemaSiblings()} {
		all = append(all, some...)
	}
	packs := newPacks(t)
	for _, s := range all {
		t.Run(s.rule+"/"+s.desc, func(t *testing.T) {
			t.Parallel()
			config := s.config
			if config == "" {
				config = "dev"
			}
			quoted := json.RawMessage(config)
			if config[0] != '{' {
				quoted = json.RawMessage(fmt.Sprintf("%q", config))
			}
			packs.judge(t, s.rule, configuration(t, quoted), s.expected, s.resources...)
		})
	}
}

const (
	must = "mandatory"
	pass = "pass"
)

func res(typeToken string, properties ct.Properties) ct.Resource {
	return ct.Resource{Type: typeToken, Name: "x", Properties: properties}
}

func named(r ct.Resource, name string) ct.Resource {
	r.Name = name
	return r
}

// secretSiblings are cases of values that are secrets, and of values that only look like secrets, in all places where they may
// stand.
func secretSiblings() []sibling {
	var all []sibling
	const hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	env := func(expected, name, value string) {
		r := changed(v2(), change{path: "template.containers[0].envs[0]", to: object{"name": name, "value": value}})
		all = append(all, sibling{"run-no-plaintext-secrets", "env " + name + "=" + value, expected, []ct.Resource{r}, ""})
		variable := res(ghVariable, ct.Properties{"variableName": name, "value": value})
		all = append(all, sibling{"gh-no-secret-in-variable", name + "=" + value, expected, []ct.Resource{variable}, ""})
	}
	for _, v := range [][2]string{
		// By form, under any name. All values are made up.
		{"A", "AKIAIOSFODNN7EXAMPLE"}, {"A", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"},
		{"A", "github_pat_11ABCDEFG0123456789012_abc"},
		{"A", "glrt-t1_abcdefghij0123456789"}, {"A", "xoxb-1234567890-abcdefghij"}, {"A", "xapp-1-A0123456789-abcdef"}, {"A",
			"sk-proj-abcdefghij0123456789"},
		{"A", "sk-ant-api03-abcdefghij0123456789"}, {"A", "rk_live_51H8aBcDeFgHiJkLmN"},
		{"A", "whsec_abcdefghijklmnopqrstuvwxyz012345"},
		{"A", "AIzaSyA0123456789abcdefghijklmnopqrstuv"}, {"A", "GOCSPX-abcdefghijklmnopqrstuvwxyz01"}, {"A",
			"ya29" + ".a0AfH6SMBabcdefghijklmnop"},
		{"A", "dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}, {"A", "hvs.CAESIabcdefghijklmnopqrstuvwx"},
		{"A", "shpat_0123456789abcdef0123456789abcdef"}, {"A", "key-0123456789abcdef0123456789abcdef"}, {"A",
			"0123456789abcdef0123456789abcdef-us12"},
		{"A", "pypi-AgEIcHlwaS5vcmcabcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnop"},
		{"A", "dapi0123456789abcdef0123456789abcdef"},
		{"A", "lin_api_abcdefghijklmnopqrstuvwxyz0123456789ABCD"}, {"A", "123456789:AAabcdefghijklmnopqrstuvwxyz0123456"}, {"A",
			"glsa_abcdefghijklmnopqrstuvwxyz012345_0a1b2c3d"},
		{"A", "SK0123456789abcdef0123456789abcdef"}, {"A", "gsk_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ"}, {"A",
			"abc8Q~abcdefghijklmnopqrstuvwxyz01234567"},
		{"A", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz"}, {"A", "-----BEGIN PGP PRIVATE KEY BLOCK-----"}, {"A",
			`{"type":"service` + `_account","private_key":"-----BEGIN"}`},
		{"A", "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlF"},
		{"A", "eyJ0eXBlIjoic2VydmljZV9hY2NvdW50IiwicHJpdmF0ZV9rZXkiOiJhYmMifQ=="},
		{"A", "https://discordapp.com/api/webhooks/1/abc"}, {"A", "https://example.webhook.office.com/webhookb2/abc"}, {"A",
			"https://api.telegram.org/bot123456789:AAabc/sendMessage"},
		{"A", "https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=abc%3D"},
		{"A", "https://hooks.slack.com/workflows/T0/A0/1/abc"},
		// Connection strings
		{"A", "postgresql://app:s3cret@db:5432/x?sslmode=require"}, {"A", "mongodb+srv://u:p%40ss@c.mongodb.net/x"}, {"A",
			"redis://:hunter2@cache:6379/0"}, {"A", "amqp://guest:guest@mq"},
		{"A", "mysql://root:p@ss@w0rd@db/x"}, {"A", "HTTPS://user:pass@host/repo.git"}, {"A",
			"Server=tcp:db;User ID=sa;Password=Zk29fjPq!;"}, {"A", "host=db user=app password=hunter2"},
		{"A", "jdbc:postgresql://db/x?user=a&password=hunter22"},
		{"A", "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKey=abcDEF123456=="},
		{"A", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==;EndpointSuffix=core.windows.net"}, {"A", "Authorization: Bearer 8f3a9c1e5b7d2f40aa"}, {"A", "Basic dXNlcjpodW50ZXIyaHVudGVyMg=="}, {"A", `{"api_key": "8f3a9c1e5b7d2f40"}`},
		// By name
		{"DB_PASSWORD", "hunter2"}, {"dbPassword", "correct horse"}, {"db-password", "hunter2"}, {"POSTGRES_PASSWORD",
			"12345678"}, {"SMTP_PASS", "hunter2"}, {"ADMIN_PW", "hunter2"},
		{"API_KEY", "abc"}, {"apiKey", "abc"}, {"STRIPE_SECRET", "abc"}, {"CLIENT_SECRET", "abc"}, {"ACCESS_TOKEN", "abc"},
		{"AUTH_TOKEN",
			"tok_1"}, {"NEXTAUTH_SECRET", "changeme"},
		{"PRIVATE_KEY", "abc"}, {"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}, {"ENCRYPTION_KEY",
			"abc"}, {"VAULT_SECRET_ID", "8f3a9c1e5b7d2f408f3a"},
		{"SIGNING_KEY", "8f3a9c1e5b7d2f40"}, {"WEBHOOK_SIGNATURE", "8f3a9c1e5b7d2f40"}, {"SESSION_SECRET_KEY", "abc"}, {"RSA_KEY",
			"8f3a9c1e5b7d2f408f3a9c1e5b7d2f40"},
		// Further vendors, and forms in which a credential is written.
		{"A", "xoxc-1234567890-abcdefghij"}, {"A", "gloas-" + hex64}, {"A", "GR1348941abcdefghij0123456789"},
		{"A", "sb_secret_abcdefghij0123456789"},
		{"A", "patabcdefghij0123." + hex64}, {"A", "LTAI5tabcdefghij01234567"}, {"A", "dckr_oat_abcdefghij0123456789"},
		{"A", "sqp_" + hex64[:40]},
		{"A", "CCIPAT_abcdefghij0123456789ab_" + hex64[:40]}, {"A", "pat-na1-01234567-0123-0123-0123-0123456789ab"},
		{"A", "p8e-" + hex64[:32]},
		{"A", "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDe.abcdefghijklmnopqrstuvwxyz0123456789AB"},
		{"A", "1//0gabcdefghijklmnopqrstuvwxyz0123456789abcdef"},
		{"A", "app:hunter2@tcp(db:3306)/x"}, {"A", "jdbc:oracle:thin:scott/tiger7@//db:1521/x"},
		{"A", "postgres%3A%2F%2Fu%3Ahunter2%40db%2Fx"},
		{"A", "https://x.blob.core.windows.net/c?sv=2022&sig=Z%2FRHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk%3D"},
		{"A", "https://h/x?access_token=8f3a9c1e5b7d"},
		{"A", "https://h/v1?api_key=8f3a9c1e5b7d"}, {"OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%208f3a9c1e5b7d2f40aa"},
		{"A", "Token 8f3a9c1e5b7d2f408f3a"}, {"A", "machine github.com login me password hunter2x"},
		{"A", `{"password":"correcthorse"}`},
		{"A", "db:\n  password: hunter2"},
		{"A", "data:application/json;base64,eyJ0eXBlIjoic2VydmljZV9hY2NvdW50IiwicHJpdmF0ZV9rZXkiOiJhYmMifQ=="},
		{"A", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"}, {"A", "mysql --password hunter2 -u root"},
		{"A", "curl -u admin:hunter2 https://x"},
		{"APP_KEY", "base64:2fl+Ktvkfl+Fuz4Qp/A75G2RTiWVA/ZoKZvp6fiiM10="}, {"COOKIE_KEYS", "8f3a9c1e5b7d2f40,1e5b7d2f408f3a9c"},
		{"PGPASS", "hunter2"}, {"PASSWORD2", "hunter2"}, {"GH_PAT", hex64[:40]}, {"BASIC_AUTH", "user:hunter2"},
		{"HTPASSWD", "u:$apr1$x$y"},
		{"MNEMONIC", "abandon ability able about above absent absorb abstract absurd abuse access accident"},
		{"MONGODB_URI", "not an address"}, {"DATABASE_URL", "mysql://u:p4ss@db/x"}, {"REDIS_PASSWORD", "p:ass/word1"}, {"CREDENTIALS",
			"user1 pass2"},
	} {
		env(must, v[0], v[1])
	}
	for _, v := range [][2]string{
		// These begin like keys of npm, Pulumi, Mailgun and OpenAI, or contain a part that does.
		{"A", "npm_config_cache"}, {"A", "pul-requests"}, {"A", "key-value-store"}, {"A", "disk-performance-benchmarks-eu"},
		{"password_encryption", "scram-sha-256"}, {"PASSWORD_HASH_ROUNDS", "12"}, {"TOKEN_SOURCE", "cookie"}, {"CREDENTIAL_HELPER",
			"gcloud"}, {"SECRETS_PROVIDER", "gcpkms"}, {"TOKEN_CACHE", "memory"},
		// Made to be published, or said of a secret.
		{"CA_CERT", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSURkekNDQWwrZ0F3SUJBZ0lF"},
		{"VERIFICATION_KEY", "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUlJ"},
		{"TLS_CERT", "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkq\n-----END CERTIFICATE-----"}, {"AUTHORIZED_KEY",
			"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"}, {"POSTHOG_KEY", "phc_abcdefghijklmnopqrstuvwxyz0123456789"},
		{"ACCESS_TOKEN_EXPIRES_IN", "15m"}, {"PASSWORD_EXPIRES_IN", "90d"}, {"TOKEN_ENDPOINT_AUTH_METHOD", "client_secret_basic"},
		{"PASSWORD_HASHER", "argon2id"},
		{"PASSWORD_HASHERS", "app.Argon2PasswordHasher"}, {"TOKENS_TABLE", "tokens"},
		{"SECRET_KEY_BASE_DUMMY", "1"}, {"ACCESS_TOKEN_LIFESPAN", "PT5M"}, {"TOKEN_STANDARD", "ERC20"}, {"TOKEN_CURRENCY", "USD"},
		{"SSH_KEYS", "me:ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me"},
		{"DATABASE_URL", "postgresql+asyncpg://app@db/x"},
		{"DATABASE_URL", "prisma+postgres://localhost:51213"},
		{"A", "app:$(DB_PASSWORD)@tcp(db:3306)/x"}, {"A", "docker run --user 1000:1000"},
		{"A", "--password-file /run/x --max-tokens 4096"},
		{"A", `{"password":"required","labels":{"password":"Password"}}`}, {"A", "https://h/x?page=2&token=$(TOKEN)"},
		{"BASIC_AUTH_ENABLED", "true"},
		{"MIN_TOKENS", "1"}, {"MAX_NEW_TOKENS", "256"}, {"TOKENS_PER_MINUTE", "90000"}, {"TOKEN_LIMIT", "4096"}, {"TOKENIZER",
			"cl100k_base"}, {"TOKENIZERS_PARALLELISM", "false"},
		{"REFRESH_TOKEN_TTL", "30d"}, {"TOKEN_EXPIRY_SECONDS", "3600"}, {"PASSWORD_MIN_LENGTH", "12"}, {"PASSWORD_POLICY",
			"strict"}, {"PASSWORD_RESET_URL", "https://a/reset"},
		{"SECRET_NAME", "procureflow-nextauth"}, {"DB_PASSWORD_SECRET_NAME", "db-password"}, {"DB_PASSWORD_FILE",
			"/run/secrets/db"}, {"TOKEN_FILE", "/var/run/token"},
		{"SECRETS_DIR", "/var/secrets"}, {"TLS_KEY_PATH", "/etc/tls/key.pem"}, {"API_KEY_HEADER", "X-API-Key"}, {"CSRF_COOKIE_NAME",
			"csrftoken"}, {"AUTH_TOKEN_ISSUER", "https://accounts.google.com"},
		{"USE_SECRET_MANAGER", "true"}, {"ENABLE_TOKEN_REFRESH", "false"}, {"REQUIRE_API_KEY", "true"}, {"SECRET_VERSION",
			"3"}, {"KMS_KEY", "projects/p/locations/l/keyRings/r/cryptoKeys/k"},
		{"DB_PASSWORD", "$(DB_PASSWORD_FROM_SECRET)"}, {"DATABASE_URL", "postgres://app:$(DB_PASSWORD)@db/x"}, {"DATABASE_URL",
			"postgres://db/x"}, {"DATABASE_URL", "postgres://app@db:5432/x"},
		{"REDIS_URL", "redis://cache:6379/0"}, {"MONGODB_URI", "mongodb://db:27017/x"}, {"API_KEY",
			"sm://procureflow-dev/api-key"}, {"API_TOKEN", "projects/p/secrets/api/versions/1"},
		{"CACHE_KEY", "8f3a9c1e5b7d2f40"}, {"PARTITION_KEY", "tenant_id"}, {"SORT_KEY", "created_at"}, {"PUBLIC_KEY",
			"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"}, {"STRIPE_PUBLISHABLE_KEY", "pk_live_51H8aBcDeFgHiJkL"},
		{"COMMIT_SHA", "8f3a9c1e5b7d2f408f3a9c1e5b7d2f408f3a9c1e"}, {"IMAGE",
			"us-docker.pkg.dev/p/r/web@sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a"},
		{"URL", "https://registry:443/@scope/pkg"}, {"URL", "https://host:8080/users/@me"}, {"NODE_OPTIONS",
			"--max-old-space-size=400"}, {"JAVA_OPTS", "-Dserver.port=8080 -Xmx400m"},
		{"NEXT_PUBLIC_AUTH_URL", "https://a/auth"}, {"OIDC_CLIENT_ID", "0oa1b2c3d4e5f6g7h8i9"}, {"SESSION_COOKIE",
			"procureflow.session"}, {"KEYCLOAK_HOST", "keycloak.internal"},
		{"MONKEY", "banana"}, {"AUTHOR", "someone"}, {"PASSENGER_APP_ENV", "production"}, {"COMPASS_DIRECTION", "north"},
		{"BYPASS_CACHE",
			"1"}, {"SENTRY_DSN", "https://abc@o1.ingest.sentry.io/2"},
		{"LOG_FORMAT", "time=%t level=%l msg=%m"}, {"FEATURE_FLAGS", `{"newCheckout":true,"tokens":5}`}, {"SERVICE_ACCOUNT",
			"web@procureflow-dev.iam.gserviceaccount.com"},
	} {
		env(pass, v[0], v[1])
	}
	at := func(expected, desc string, r ct.Resource) {
		all = append(all, sibling{"run-no-plaintext-secrets", desc, expected, []ct.Resource{r}, ""})
	}
	const token = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"
	for _, base := range []ct.Resource{v1(), v2(), task(), worker()} {
		c := containerOf(base)
		with := func(path string, to any) ct.Resource { return changed(base, change{path: path, to: to}) }
		at(must, "argument of "+base.Type, with(c+".args", []any{"--token", token}))
		at(must, "argument of a user of "+base.Type, with(c+".args", []any{"-u", "admin:hunter2"}))
		at(pass, "argument of a user's number of "+base.Type, with(c+".args", []any{"--user", "1000:1000"}))
		at(must, "argument by name of "+base.Type, with(c+".args", []any{"--db-password", "hunter2"}))
		at(must, "argument with = of "+base.Type, with(c+".args", []any{"--db-password=hunter2"}))
		at(must, "command of "+base.Type, with(c+".commands", []any{"sh", "-c", "curl -H 'Authorization: Bearer 8f3a9c1e5b7d2f40aa' https://x"}))
		at(must, "probe header of "+base.Type, with(c+".startupProbe",
			object{"httpGet": object{"path": "/", "httpHeaders": []any{object{"name": "X-Api-Key", "value": "abc1"}}}}))
		at(pass, "arguments without secrets of "+base.Type, with(c+".args",
			[]any{"--max-tokens", "4096", "--password-file=/run/x", "--token=$(TOKEN)", "--token-url", "https://a/token"}))
	}
	at(must, "v2 annotation", changed(v2(), change{path: `annotations["deploy-token"]`, to: token}))
	at(must, "v2 template annotation", changed(v2(), change{path: `template.annotations.password`, to: "hunter2"}))
	at(must, "v2 label", changed(v2(), change{path: `labels["db-password"]`, to: "hunter2"}))
	at(must, "v1 annotation", changed(v1(), change{path: `metadata.annotations["token"]`, to: token}))
	at(pass, "annotation of a checksum", changed(v2(), change{path: `template.annotations["settings-checksum"]`, to: "8f3a9c1e5b7d2f408f3a"}))
	at(must, "scheduler basic auth", res(schedulerJob, ct.Properties{"httpTarget": object{"uri": "https://x",
		"headers": object{"Authorization": "Basic dXNlcjpodW50ZXIyaHVudGVyMg=="}}}))
	at(must, "scheduler api key header", res(schedulerJob, ct.Properties{"httpTarget": object{"uri": "https://x",
		"headers": object{"X-Api-Key": "abc1"}}}))
	at(must, "scheduler cookie", res(schedulerJob, ct.Properties{"httpTarget": object{"uri": "https://x",
		"headers": object{"Cookie": "session=8f3a9c1e5b7d2f408f3a"}}}))
	at(must, "scheduler query", res(schedulerJob, ct.Properties{"httpTarget": object{"uri": "https://x?token=8f3a9c1e5b7d"}}))
	at(must, "scheduler address", res(schedulerJob, ct.Properties{"httpTarget": object{"uri": "https://u:hunter2@x"}}))
	at(pass, "scheduler with an identity", res(schedulerJob, ct.Properties{"httpTarget": object{"uri": "https://x",
		"headers":   object{"Content-Type": "application/json"},
		"oidcToken": object{"serviceAccountEmail": "w@p.iam.gserviceaccount.com", "audience": "https://x"}}}))
	at(pass, "uptime password that is a secret", res(uptimeCheck, ct.Properties{"httpCheck": object{"authInfo": object{"username": "u",
		"password": ct.Secret{Value: "hunter2"}}}}))
	at(must, "uptime header", res(uptimeCheck, ct.Properties{"httpCheck": object{"headers": object{"Authorization": "Bearer " + token}}}))
	at(must, "function v1", res(functionV1, ct.Properties{"environmentVariables": object{"API_KEY": "abc"}}))
	at(must, "function build variable",
		res(functionV2,
			ct.Properties{"buildConfig": object{"environmentVariables": object{"NPM_TOKEN": "npm_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}}))
	at(pass, "function without", res(functionV2, ct.Properties{"serviceConfig": object{"environmentVariables": object{"MAX_TOKENS": "10"},
		"secretEnvironmentVariables": []any{object{"key": "API_KEY", "secret": "api-key", "version": "1", "projectId": "p"}}}}))
	at(must, "instance metadata", res("gcp:compute/instance:Instance",
		ct.Properties{"metadata": object{"startup-script": "export TOKEN=" + token}}))
	at(pass, "a script that asks for its secrets", res("gcp:compute/instance:Instance", ct.Properties{"metadata": object{
		"startup-script": "TOKEN=$(curl -s http://metadata/token)\nexport DB_PASSWORD=$(gcloud secrets versions access 1 --secret db) " +
			"API_KEY=${KEY} PGPASSWORD=$DB_PASSWORD\n"}}))
	at(must, "build substitution", res("gcp:cloudbuild/trigger:Trigger", ct.Properties{"substitutions": object{"_DB_PASSWORD": "hunter2"}}))
	at(must, "database user", res("gcp:sql/user:User", ct.Properties{"name": "app", "instance": "db", "password": "hunter2"}))
	at(pass, "database user with a secret", res("gcp:sql/user:User", ct.Properties{"name": "app", "instance": "db",
		"password": ct.Secret{Value: "hunter2"}}))
	at(must, "secret in an argument", changed(v2(), change{path: "template.containers[0].args", to: []any{ct.Secret{Value: "quiet"}}}))
	at(pass, "reference by valueSource", v2())
	at(must, "empty valueFrom", changed(v1(), change{path: "template.spec.containers[0].envs[0]",
		to: object{"name": "TOKEN", "value": "abc", "valueFrom": object{}}}))
	return all
}
