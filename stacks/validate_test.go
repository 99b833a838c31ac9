package stacks

import (
	"fmt"
	"strings"
	"testing"
)

func TestEnvironment(t *testing.T) {
	t.Parallel()
	checkRefused(t, []refused{
		{"another environment's name", dev, change{"environment": "prod"}, []string{
			"environment: is not the name of the stack; each stack has a file of its own: write dev in Pulumi.dev.yaml",
			"labels.environment: differs from environment; write the same name in both",
		}},
		{"unknown", "qa", nil, []string{
			"environment: is not an environment of this platform; use a stack named dev, staging or prod",
		}},
		{"prod's rules hold under another name", prod, change{
			"environment": "dev", "labels.environment": "dev", "services.web.deletionProtection": absent{}, "github.environments[1].waitMinutes": 0,
		}, []string{
			"environment: is not the name of the stack; each stack has a file of its own: write prod in Pulumi.prod.yaml",
			"github.environments[1].waitMinutes: leaves no time to stop a deployment; use 5 minutes or more for prod's last gate",
			"services.web.deletionProtection: is missing in prod; write true: one wrong change must not delete the service",
		}},
	})
}

// each makes a test of each value at the same path with the same error; an empty want means that the value is accepted.
func each(path, want string, values ...any) []refused {
	var tests []refused
	for _, value := range values {
		var lines []string
		if want != "" {
			lines = []string{path + ": " + want}
		}
		tests = append(tests, refused{fmt.Sprintf("%s %.40v", path, value), "", change{path: value}, lines})
	}
	return tests
}

func TestProject(t *testing.T) {
	t.Parallel()
	const id = "is not a project id; use 6-30 lower-case letters, digits and hyphens, a letter first, no hyphen last"
	checkRefused(t, each("project.id", id, "short", "Shop-project", "1shop-project", "shop-project-", "shop_project",
		strings.Repeat("a", 31), "shop-project\n"))
	checkRefused(t, each("project.id", "", "sixsix", strings.Repeat("a", 30)))
	const number = "is not a project number; use digits only, in quotes; the id is not the number"
	checkRefused(t, each("project.number", number, "shop-project", "0123", "12345678901234567890", "1 2"))
	const region = "is not a region; use a region such as us-central1, not a zone and not a multi-region"
	checkRefused(t, each("project.region", region, "us", "us-central1-a", "US-CENTRAL1", "uscentral1", "us-central"))
	checkRefused(t, each("project.region", "", "europe-west12", "northamerica-northeast1", "me-central2"))
	const billing = "is not a billing account id; use XXXXXX-XXXXXX-XXXXXX with digits and A-F, without billingAccounts/"
	checkRefused(t, each("project.billingAccount", billing,
		"billingAccounts/0A1B2C-3D4E5F-678901", "0a1b2c-3d4e5f-678901", "0A1B2C-3D4E5F", "0G1B2C-3D4E5F-678901"))
}

func TestLabels(t *testing.T) {
	t.Parallel()
	const key = "has a key that is not a label key; use at most 63 lower-case letters, digits, underscores and hyphens, a letter first"
	const value = "is not a label value; use at most 63 lower-case letters, digits, underscores and hyphens"
	many := map[string]any{"environment": "dev", "app": "shop", "managed-by": "pulumi"}
	for i := range 62 {
		many[fmt.Sprintf("label-%d", i)] = "x"
	}
	checkRefused(t, []refused{
		{"required", "", change{"labels": map[string]any{}}, []string{
			"labels.app: is missing; add it: people find costs and owners by it",
			"labels.environment: is missing; add it: people find costs and owners by it",
			"labels.managed-by: is missing; add it: people find costs and owners by it",
		}},
		{"empty is missing", "", change{"labels.app": ""}, []string{"labels.app: is missing; add it: people find costs and owners by it"}},
		{"another environment", "", change{"labels.environment": "prod"},
			[]string{"labels.environment: differs from environment; write the same name in both"}},
		{"another tool", "", change{"labels.managed-by": "hand"}, []string{"labels.managed-by: names another tool; write pulumi"}},
		{"capital key", "", change{"labels.Team": "x"}, []string{"labels.Team: " + key}},
		{"digit first", "", change{"labels.1st": "x"}, []string{"labels.1st: " + key}},
		{"long key", "", change{"labels.a" + strings.Repeat("b", 63): "x"}, []string{"labels.a" + strings.Repeat("b", 63) + ": " + key}},
		{"longest key, empty value", "", change{"labels.a" + strings.Repeat("b", 62): ""}, nil},
		{"capital value", "", change{"labels.team": "Shop"}, []string{"labels.team: " + value}},
		{"long value", "", change{"labels.team": strings.Repeat("b", 64)}, []string{"labels.team: " + value}},
		{"too many", "", change{"labels": many}, []string{"labels: are more than a resource can have; keep at most 64"}},
	})
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	const id = "is not a repository id; use at most 63 lower-case letters, digits and hyphens, a letter first, no hyphen last"
	checkRefused(t, each("registry.id", id, "Shop", "1shop", "shop-", "shop_x", strings.Repeat("a", 64)))
	checkRefused(t, each("registry.id", "", "a", strings.Repeat("a", 63)))
	checkRefused(t, each("registry.untaggedRetentionDays", "is under 1; use 1 or more", 0, -1))
	checkRefused(t, each("registry.keepMostRecent", "is under 1; use 1 or more", 0, -1))

	const principal = "is not a principal; use user:, serviceAccount: or group: and an address, or principalSet://iam.googleapis.com/..."
	const pool = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github"
	checkRefused(t, []refused{
		{"all kinds", "", change{"registry.readers": []any{"user:a@b.c", "serviceAccount:a@b.c", "group:a@b.c",
			pool + "/attribute.repository_id/8"}}, nil},
		{"everybody", "", change{"registry.readers": []any{"allUsers", "allAuthenticatedUsers"}}, []string{
			"registry.readers[0]: lets anybody pull the images; name the accounts that pull",
			"registry.readers[1]: lets anybody pull the images; name the accounts that pull",
		}},
		{"a whole pool", "", change{"registry.readers": []any{pool + "/*"}}, []string{
			"registry.readers[0]: lets every identity of a pool pull, whatever its repository; name one attribute value of the pool, or an account",
		}},
		{"twice", "", change{"registry.readers": []any{"user:a@b.c", "user:a@b.c"}},
			[]string{"registry.readers[1]: is there twice; remove one of the two"}},
		{"two readers with one resource name", "", change{"registry.readers": []any{"user:a-b@b.c", "user:a.b@b.c"}}, []string{
			"registry.readers[1]: gets the same resource name as an earlier entry; remove one of the two: a resource's name keeps only letters " +
				"and digits"}},
		{"no principal", "", change{"registry.readers": []any{"a@b.c", "domain:b.c", "user:a", "principalSet:x", ""}}, []string{
			"registry.readers[0]: " + principal, "registry.readers[1]: " + principal, "registry.readers[2]: " + principal,
			"registry.readers[3]: " + principal, "registry.readers[4]: " + principal,
		}},
	})
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	const version = `secrets.token.version: is not a version; use a positive number in quotes, for example "1"`
	checkRefused(t, []refused{
		{"version", "", change{"secrets.token.version": "12"}, nil},
		{"value", "", change{"secrets.token.value": "hunter2"}, nil},
		{"neither", "", change{"secrets.token": map[string]any{}}, []string{
			`secrets.token: has neither a version nor a value; pin a version, for example "1", or give it a value: ` +
				"pulumi config set --secret --path 'platform.secrets.token.value'",
		}},
		{"both", "", change{"secrets.token": map[string]any{"version": "1", "value": "hunter2"}}, []string{
			"secrets.token: has both a version and a value; keep one: a value makes its own version",
		}},
		{"latest", "", change{"secrets.token.version": "latest"}, []string{
			`secrets.token.version: does not name one version; pin a number, for example "1": a rollback has to restore the revision's value`,
		}},
		{"zero", "", change{"secrets.token.version": "0"}, []string{version}},
		{"negative", "", change{"secrets.token.version": "-1"}, []string{version}},
		{"alias", "", change{"secrets.token.version": "current"}, []string{version}},
		{"longest id", "", change{"secrets." + strings.Repeat("a", 255) + ".version": "1"}, nil},
		{"id too long", "", change{"secrets." + strings.Repeat("a", 256) + ".version": "1"}, []string{
			"secrets." + strings.Repeat("a", 256) + ": has a key that is not a secret id; use at most 255 letters, digits, hyphens and underscores",
		}},
		{"id with a space", "", change{"secrets": map[string]any{"my token": map[string]any{"version": "1"}}}, []string{
			`secrets["my token"]: has a key that is not a secret id; use at most 255 letters, digits, hyphens and underscores`,
		}},
	})
}

func TestMonitoring(t *testing.T) {
	t.Parallel()
	const address = "is not an e-mail address; use NAME@DOMAIN, without a display name"
	const page = "is not a page that every alert can link to; use an https:// address without a user name and without a section, which " +
		"each alert adds"
	checkRefused(t, each("monitoring.alertEmails[0]", address, "nobody", "@example.com", "A <a@example.com>",
		"a@example.com, b@example.com", ""))
	checkRefused(t, each("monitoring.runbookUrl", page, "http://example.com", "example.com/x", "https://", "https://u@example.com", "://",
		"javascript:x", "https://example.com/#a"))
	checkRefused(t, []refused{
		{"no address", "", change{"monitoring.alertEmails": []any{}},
			[]string{"monitoring.alertEmails: is empty; list at least 1 of the addresses"}},
		{"five", "", change{"monitoring.alertEmails": []any{"a@b.c", "b@b.c", "c@b.c", "d@b.c", "e@b.c"}}, nil},
		{"six", "", change{"monitoring.alertEmails": []any{"a@b.c", "b@b.c", "c@b.c", "d@b.c", "e@b.c", "f@b.c"}}, []string{
			"monitoring.alertEmails: is too long; list at most 5 addresses",
		}},
		{"two addresses with one resource name", "", change{"monitoring.alertEmails": []any{"a-b@b.c", "a.b@b.c"}}, []string{
			"monitoring.alertEmails[1]: gets the same resource name as an earlier entry; remove one of the two: a resource's name keeps only " +
				"letters and digits"}},
		{"twice", "", change{"monitoring.alertEmails": []any{"a@b.c", "A@b.c"}},
			[]string{"monitoring.alertEmails[1]: is there twice; remove one of the two"}},
	})
}

func TestBudget(t *testing.T) {
	t.Parallel()
	checkRefused(t, each("budget.amount", "is under 1; use 1 or more", 0, -10))
	checkRefused(t, each("budget.currency", "is not a currency; use the billing account's ISO 4217 code, for example USD", "usd", "US",
		"DOLLAR", "$"))
	const order = "is not over the threshold before it; write the thresholds in ascending order, each once"
	const share = "is not a share of the budget; use a whole percentage over 0"
	checkRefused(t, []refused{
		{"none", "", change{"budget.currentPercent": []any{}}, []string{"budget.currentPercent: is empty; list at least 1 of the thresholds"}},
		{"descending", "", change{"budget.currentPercent": []any{90, 75, 80}}, []string{"budget.currentPercent[1]: " + order}},
		{"twice", "", change{"budget.forecastPercent": []any{100, 100}}, []string{"budget.forecastPercent[1]: " + order}},
		{"thresholds of zero and below", "", change{"budget.currentPercent": []any{0, 50}, "budget.forecastPercent": []any{-1}}, []string{
			"budget.currentPercent[0]: " + share, "budget.forecastPercent[0]: " + share,
		}},
		{"only thresholds over the budget", "", change{"budget.currentPercent": []any{101, 200}}, []string{
			"budget.currentPercent[0]: warns only after the budget is spent; begin with 100 or less",
		}},
		{"thresholds up to and over the budget", "", change{"budget.currentPercent": []any{100, 200}, "budget.forecastPercent": []any{120, 150}},
			nil},
	})
}

func TestBinaryAuthorization(t *testing.T) {
	t.Parallel()
	set := func(field string, value any) change {
		return change{"binaryAuthorization": map[string]any{field: value}}
	}
	own := "admits images of this environment's own registry that nobody signed; name single images there, by digest, or sign them"
	pattern := "is not a pattern of images; write REGISTRY/PATH, with * or ** only at the end: a pattern without a registry would admit " +
		"everybody's images"
	checkRefused(t, []refused{
		{"with its defaults", prod, change{"binaryAuthorization": map[string]any{}}, nil},
		{"in the stack that builds images", dev, change{"binaryAuthorization": map[string]any{}}, []string{
			"binaryAuthorization: is set in dev; remove it: a promotion signs images, and nothing is promoted to dev",
		}},
		{"key ring", prod, set("keyRing", "a ring"), []string{
			"binaryAuthorization.keyRing: is not a key ring's id; use 1-63 letters, digits, hyphens and underscores",
		}},
		{"protection level", prod, set("protectionLevel", "EXTERNAL"), []string{
			"binaryAuthorization.protectionLevel: is not a protection level that generates keys; use SOFTWARE or HSM",
		}},
		{"versions", prod, set("keyVersions", []any{0, 2, 2}), []string{
			"binaryAuthorization.keyVersions[0]: is not a version; versions count from 1",
			"binaryAuthorization.keyVersions[2]: is there twice; list each version once",
		}},
		{"exemptions", prod, set("exemptions", []any{"*", "gcr.io/p/**", "gcr.io/*/i"}), []string{
			"binaryAuthorization.exemptions[0]: " + pattern,
			"binaryAuthorization.exemptions[2]: " + pattern,
		}},
		{"an exemption that covers the stack's own images", prod, set("exemptions", []any{
			"us-central1-docker.pkg.dev/**", "us-central1-docker.pkg.dev/shop-project/shop/*",
			"us-central1-docker.pkg.dev/shop-project/shop/web@sha256:*",
			"us-central1-docker.pkg.dev/shop-project/**", "us-central1-docker.pkg.dev/shop-projects/**",
			"us-central1-docker.pkg.dev/shop-project/shop/web@sha256:" + strings.Repeat("a", 64),
		}), []string{
			"binaryAuthorization.exemptions[0]: " + own, "binaryAuthorization.exemptions[1]: " + own, "binaryAuthorization.exemptions[2]: " + own,
			"binaryAuthorization.exemptions[3]: " + own,
		}},
		{"unknown field", prod, set("keyring", "x"), []string{
			`binaryAuthorization.keyring: is not a setting; did you mean keyRing?`,
		}},
	})
}
