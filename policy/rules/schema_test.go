package rules

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// providerSchemas returns the files of the official schemas. They lie next to the repository or in the folder that PLATFORM_SCHEMAS
// names, because they are large and not the project's own.
func providerSchemas(t *testing.T) []string {
	t.Helper()
	folder := os.Getenv("PLATFORM_SCHEMAS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "schemas")
	}
	files := []string{filepath.Join(folder, "gcp-8.41.1.json"), filepath.Join(folder, "github-6.14.0.json")}
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			t.Skip("the official providers' schemas are not there: write `pulumi package get-schema gcp@8.41.1` and github@6.14.0 " +
				"to gcp-8.41.1.json and github-6.14.0.json in ../shared/schemas next to the repository or in the folder PLATFORM_SCHEMAS names")
		}
	}
	return files
}

// TestRulesReadWhatTheProvidersHave runs the whole pack on every resource of the tables. No rule may name a type or read a property
// that the providers do not have.
func TestRulesReadWhatTheProvidersHave(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, Pack(), ct.Schema(providerSchemas(t)...))
	for _, s := range slices.Concat(runScenarios(), iamScenarios(), dataScenarios(), githubScenarios()) {
		c.Analyze(s.good)
		for _, b := range s.bad {
			c.Analyze(s.with(b))
		}
	}
	for _, test := range stackCases() {
		c.AnalyzeStack(test.resources...)
	}
}
