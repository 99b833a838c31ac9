// Package review_test holds what is said of pull requests: of each, what changes, what it costs, who gains what, what visitors notice,
// and whether it can be taken back, with exact values, and the comment to the letter.
//
// The plans in testdata were made by the real engine: `go test ./tests/review -run TestRecord -record` makes them again, in about
// four minutes. Everything else of a comment is worked out from the program in the test.
package review_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// edit changes one text of a file.
type edit struct{ file, old, new string }

// pull is a pull request against the tests' application, which base changes first.
type pull struct {
	name, stack string
	base, head  []edit
	// These are the answers in the comment's first table.
	changes, policies, costs, gains, notices, back string
}

func prod(old, new string) []edit { return []edit{{"Pulumi.prod.yaml", old, new}} }

func dev(old, new string) []edit { return []edit{{"Pulumi.dev.yaml", old, new}} }

// admin is a second service.
const admin = `      admin:
        name: procureflow-admin
        image: admin
        bootstrapImage: us-docker.pkg.dev/cloudrun/container/hello@sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a
        runtimeAccount: procureflow-admin
        maxInstances: 1
        ingress: internal
        startup: {path: /}
        liveness: {path: /}
        smokePaths: [/]
        uptime: {path: /, periodSeconds: 300}
        slo: {availabilityPercent: 99}
`

const workflows = `      workflows:
        repository: guiofsaints/procureflow-platform
        refs: ["0123456789abcdef0123456789abcdef01234567"%s]
`

func trusting(more string) []edit {
	return prod("      branch: main\n", "      branch: main\n"+strings.Replace(workflows, "%s", more, 1))
}

// hostile is a value that tries to break out of the place where it is shown.
const hostile = `"</code></details>\n\n# x\n::error::y\n##[command]z <!-- platform-review --> @everyone ` + "`` ` ```" +
	` | [a](https://evil.example) <img src=x onerror=alert(1)> \u202e\u001b[31m{{7*7}} ${{ secrets.X }}"`

var pulls = []pull{
	{name: "changes nothing", stack: "prod"},
	{name: "changes a variable", stack: "prod", head: prod(`NEXT_TELEMETRY_DISABLED: "1"`, `NEXT_TELEMETRY_DISABLED: "0"`),
		changes: "1 in place", policies: "pass", costs: "2.74 as before",
		gains: "nobody", notices: "no, in 3255 requests",
		back: "yes"},
	{name: "costs more", stack: "prod", head: append(prod("minInstances: 0", "minInstances: 1"), prod("memory: 512Mi", "memory: 1Gi")...),
		changes: "1 in place", policies: "pass", costs: "**2.74 → 15.86 (+13.12), at worst 141.40 → 148.10 (+6.70)**",
		gains: "nobody", notices: "no, in 3254 requests",
		back: "yes"},
	{name: "costs less", stack: "dev", head: dev("maxInstances: 2", "maxInstances: 1"),
		changes: "1 in place", policies: "pass", costs: "2.68 as before, at worst 141.34 → 73.71 (-67.63)",
		gains: "nobody", notices: "no, in 535 requests",
		back: "yes"},
	{name: "opens a service", stack: "dev", base: append(dev("public: true", "public: false"), dev("ingress: all", "ingress: internal")...),
		head:    append(dev("public: false", "public: true"), dev("ingress: internal", "ingress: all")...),
		changes: "1 in place, 3 new", policies: "pass", costs: "**1.23 → 2.68 (+1.45), at worst 141.34 as before**",
		gains: "**2 things become possible**", notices: "nobody asks: nothing was public",
		back: "yes, by another update: a rollback of the release alone leaves a part"},
	{name: "closes a service", stack: "dev", head: dev("public: true", "public: false"),
		changes: "**1 deleted, 1 in place, 2 new**", policies: "pass", costs: "2.68 as before",
		gains: "**2 things become possible**", notices: "**82 of 243 requests fail, and still at the end**",
		back: "by another update, which makes 1 resource again"},
	{name: "trusts one more commit of the workflows", stack: "prod", base: trusting(""),
		head:    prod(`01234567"]`, `01234567", "fedcba9876543210fedcba9876543210fedcba98"]`),
		changes: "3 in place, 3 new", policies: "pass", costs: "2.74 as before",
		gains: "**7 things become possible**", notices: "no, in 361 requests",
		back: "yes, by another update: a rollback of the release alone leaves a part"},
	{name: "trusts foreign workflows", stack: "prod", base: trusting(""), head: prod("guiofsaints/procureflow-platform\n",
		"stranger/platform\n"),
		changes: "**3 replaced, 3 in place**", policies: "pass", costs: "2.74 as before",
		gains: "**7 things become possible**", notices: "no, in 368 requests",
		back: "by another update, which makes 3 resources again"},
	{name: "replaces the registry", stack: "prod", head: prod("      id: procureflow\n      untagged",
		"      id: procureflow-2\n      untagged"),
		changes: "**4 replaced**", policies: "pass", costs: "2.74 as before",
		gains: "**3 things become possible**", notices: "no, in 311 requests",
		back: "**no: 1 resource's content is lost**"},
	{name: "deletes a service", stack: "dev", base: dev("    services:\n", "    services:\n"+admin), head: dev(admin, ""),
		changes: "**10 deleted, 1 in place**", policies: "pass, and 1 finding is gone",
		costs: "3.23 → 2.68 (-0.55), at worst 208.97 → 141.34 (-67.63)",
		gains: "nobody; some lose", notices: "no, in 280 requests",
		back: "by another update, which makes 10 resources again"},
	{name: "adds a service", stack: "dev", head: dev("    services:\n", "    services:\n"+admin),
		changes: "1 in place, 10 new", policies: "**1 new warning**", costs: "**2.68 → 3.23 (+0.55), at worst 141.34 → 208.97 (+67.63)**",
		gains: "**4 things become possible**", notices: "no, in 269 requests",
		back: "yes, by another update: a rollback of the release alone leaves a part"},
	{name: "renames a service", stack: "dev", head: append(dev("name: procureflow-web", "name: procureflow-site"),
		edit{"policy/dev.json", `"run-ingress": {"publicServices": ["`, `"run-ingress": {"publicServices": ["procureflow-site", "`},
		edit{"policy/dev.json", `"run-no-public-invoker": {"publicServices": ["`,
			`"run-no-public-invoker": {"publicServices": ["procureflow-site", "`}),
		changes: "**5 replaced, 7 in place**", policies: "pass", costs: "2.68 as before",
		gains: "**5 things become possible**", notices: "**89 of 227 requests fail, and still at the end**",
		back: "by another update, which makes 5 resources again"},
	{name: "breaks a probe", stack: "dev", head: dev("startup: {path: /,", "startup: {path: /nope,"),
		changes: "**1 in place, and it fails**", policies: "pass", costs: "2.68 as before",
		gains: "nobody", notices: "no, in 168 requests",
		back: "**not shown, because the update fails**"},
	{name: "moves to another region", stack: "dev", head: dev("region: us-central1", "region: us-east1"),
		changes: "**it cannot be applied**", policies: "**refused, 2**", costs: "2.68 as before",
		gains: "**4 things become possible**", notices: "nothing is applied",
		back: "nothing is applied"},
	{name: "asks for fewer approvals", stack: "prod", base: append(prod("approvals: 1", "approvals: 2"), prod("waitMinutes: 5",
		"waitMinutes: 30")...),
		head:    append(prod("approvals: 2", "approvals: 1"), prod("waitMinutes: 30", "waitMinutes: 5")...),
		changes: "2 in place", policies: "pass", costs: "2.74 as before",
		gains: "**3 things become possible**", notices: "no, in 233 requests",
		back: "yes, by another update: a rollback of the release alone leaves a part"},
	{name: "asks for more approvals", stack: "prod", head: append(prod("approvals: 1", "approvals: 2"), prod("waitMinutes: 5",
		"waitMinutes: 30")...),
		changes: "2 in place", policies: "pass", costs: "2.74 as before",
		gains: "nobody; some lose", notices: "no, in 238 requests",
		back: "yes, by another update: a rollback of the release alone leaves a part"},
	{name: "lets somebody else approve", stack: "prod", head: prod("stand-in:1000002", "stand-in:1000003"),
		changes: "1 in place", policies: "pass", costs: "2.74 as before",
		gains: "**1 thing becomes possible**", notices: "no, in 237 requests",
		back: "yes, by another update: a rollback of the release alone leaves a part"},
	{name: "asks for one check less", stack: "prod", base: prod("checks: [ci-ok]", "checks: [ci-ok, e2e]"),
		head:    prod("checks: [ci-ok, e2e]", "checks: [ci-ok]"),
		changes: "1 in place", policies: "pass", costs: "2.74 as before",
		gains: "**2 things become possible**", notices: "no, in 217 requests",
		back: "yes, by another update: a rollback of the release alone leaves a part"},
	{name: "allows another action", stack: "prod", head: prod("        actions:\n", "        actions:\n          - stranger/deploy@*\n"),
		changes: "1 in place", policies: "pass", costs: "2.74 as before",
		gains: "**1 thing becomes possible**", notices: "no, in 243 requests",
		back: "yes, by another update: a rollback of the release alone leaves a part"},
	{name: "rotates a secret", stack: "prod", head: prod(`openai-api-key: {version: "1"}`, `openai-api-key: {version: "2"}`),
		changes: "**1 replaced, 1 in place**", policies: "**1 new warning**", costs: "2.74 as before",
		gains: "nobody", notices: "no, in 3236 requests",
		back: "by another update, which makes 1 resource again"},
	{name: "reads one more secret", stack: "dev", head: append(dev(`mongodb-uri: {version: "1"}`,
		"mongodb-uri: {version: \"1\"}\n      stripe-key: {version: \"1\"}"),
		dev("MONGODB_URI: mongodb-uri", "MONGODB_URI: mongodb-uri\n          STRIPE_KEY: stripe-key")...),
		changes: "1 in place, 3 new", policies: "**1 new warning**", costs: "**2.68 → 2.74 (+0.06), at worst 141.34 → 141.70 (+0.36)**",
		gains: "**2 things become possible**", notices: "no, in 514 requests",
		back: "yes, by another update: a rollback of the release alone leaves a part"},
	{name: "allows too many instances", stack: "prod", head: prod("maxInstances: 2", "maxInstances: 50"),
		changes: "**it cannot be applied**", policies: "**refused, 2**", costs: "**2.74 as before, at worst 141.40 → 3387.62 (+3246.22)**",
		gains: "nobody", notices: "nothing is applied",
		back: "nothing is applied"},
	{name: "takes the protection away", stack: "prod", head: prod("deletionProtection: true", "deletionProtection: false"),
		changes: "**it cannot be applied**", policies: "**refused, 1**", costs: "2.74 as before",
		gains: "**1 thing becomes possible**", notices: "nothing is applied",
		back: "nothing is applied"},
	{name: "exempts images from signatures", stack: "prod", head: prod("protectionLevel: SOFTWARE",
		"protectionLevel: SOFTWARE\n      exemptions: [docker.io/library/**]"),
		changes: "1 in place", policies: "pass", costs: "2.74 as before",
		gains: "**1 thing becomes possible**", notices: "no, in 274 requests",
		back: "yes, by another update: a rollback of the release alone leaves a part"},
	{name: "raises the budget", stack: "prod", head: prod("amount: 10\n", "amount: 500\n"),
		changes: "1 in place", policies: "pass", costs: "2.74 as before",
		gains: "nobody", notices: "no, in 230 requests",
		back: "yes, by another update: a rollback of the release alone leaves a part"},
	{name: "releases an image", stack: "dev",
		head: dev("        image: web\n", "        image: web\n        digest: "+
			"sha256:1111111111111111111111111111111111111111111111111111111111111111\n"),
		changes: "1 in place", policies: "**1 new warning**", costs: "2.68 as before",
		gains: "nobody", notices: "no, in 465 requests",
		back: "yes"},
	{name: "has hostile values", stack: "dev", head: dev("NODE_ENV: production", "NODE_ENV: "+hostile),
		changes: "1 in place", policies: "pass", costs: "2.68 as before",
		gains: "nobody", notices: "no, in 495 requests",
		back: "yes"},
}

// tree makes a copy of the tests' application with edits.
func tree(t testing.TB, edits ...[]edit) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS(filepath.Join("..", "application"))))
	for _, list := range edits {
		for _, e := range list {
			path := filepath.Join(folder, e.file)
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Contains(t, string(content), e.old, "%s does not contain the text to replace", e.file)
			require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(content), e.old, e.new, 1)), 0o600))
		}
	}
	return folder
}
