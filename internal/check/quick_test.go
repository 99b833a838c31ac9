package check

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPackagesOfChangedFiles(t *testing.T) {
	t.Parallel()
	packages := []string{"internal/check", "policy/rules", "policy/internal/docs",
		"tests/workflows", "tests/architecture", "infra/program", "stacks"}
	touched, unchecked := packagesOf([]string{
		".github/workflows/ci.yml", "LICENSE", "Pulumi.dev.yaml", "internal/check/check.go", "internal/check/quick.go", "docs/policies.md",
		"docs/traps.md",
		"go.mod", "policy/rules/wif.go", "stacks/testdata/bad/one.yaml",
	}, func(folder string) bool { return slices.Contains(packages, folder) })
	assert.Equal(t, map[string][]string{
		".":               {"./infra/program", "./internal/check", "./tests/architecture", "./stacks"},
		"policy":          {"./internal/docs", "./rules"},
		"tests/workflows": {"./"},
	}, touched)
	assert.Equal(t, []string{"LICENSE", "go.mod"}, unchecked)
}

func TestSlowTestsAreLeftToTheWholeCheck(t *testing.T) {
	t.Parallel()
	assert.True(t, isSlow("./tests/chains"))
	assert.False(t, isSlow("./stacks"))
}
