package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
	"github.com/guiofsaints/procureflow-platform/policy/internal/docs"
	"github.com/guiofsaints/procureflow-platform/policy/rules"
)

const root = "../.."

func TestPoliciesPageIsCurrent(t *testing.T) {
	t.Parallel()
	configs, err := docs.Load(root)
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(root, "..", "docs", "policies.md"))
	require.NoError(t, err)
	current := docs.Markdown(rules.Pack(), configs) == string(page)
	assert.True(t, current, "docs/policies.md does not say what the rules say: run go run ./cmd/docs in policy/")
}

// TestEveryPolicyIsFullyDescribed checks the metadata of each policy, which is all that a user sees of a rule.
func TestEveryPolicyIsFullyDescribed(t *testing.T) {
	t.Parallel()
	for _, p := range rules.Pack().Policies {
		assert.NotZerof(t, p.Severity, "%s: give the rule a Severity", p.Name)
		assert.NotEmptyf(t, p.Framework.Name, "%s: give the rule a Framework: what asks for it, or own(\"…\") with the design's words", p.Name)
		assert.NotEmptyf(t, p.Tags, "%s: give the rule Tags, such as security or cost", p.Name)
		assert.Truef(t, len(p.Types) > 0 || p.Kind.Name != "", "%s: give the rule Types or a Kind", p.Name)
		assert.Truef(t, strings.HasSuffix(p.Description, "."), "%s: the description is a sentence", p.Name)
		assert.Truef(t, strings.HasSuffix(p.RemediationSteps, "."), "%s: the remediation steps are sentences", p.Name)
		assert.Truef(t, strings.HasSuffix(p.URL, "docs/policies.md#"+p.Name), "%s: its URL is its place in docs/policies.md", p.Name)
	}
}

// TestEnvironmentsDiffer checks the differences between the environments' files. The test lists them again on purpose, so that a
// change has to be made twice.
func TestEnvironmentsDiffer(t *testing.T) {
	t.Parallel()
	want := map[string]map[string]string{
		"dev": {"run-deletion-protection": "disabled", "run-binauthz": "disabled", "run-max-instances": "mandatory", "run-nonroot": "advisory",
			"secret-auto-replication": "mandatory"},
		"staging": {"run-deletion-protection": "advisory", "run-binauthz": "advisory", "run-max-instances": "mandatory",
			"run-nonroot":             "advisory",
			"secret-auto-replication": "mandatory"},
		"prod": {"run-deletion-protection": "mandatory", "run-binauthz": "mandatory", "run-max-instances": "mandatory", "run-nonroot": "advisory",
			"secret-auto-replication": "mandatory", "two-person-prod": "mandatory", "traffic-owner": "mandatory"},
	}
	configs, err := docs.Load(root)
	require.NoError(t, err)
	for _, c := range configs {
		levels := map[string]string{}
		for _, p := range rules.Pack().Policies {
			levels[p.Name] = p.Enforcement.String()
			if level := c.Policies[p.Name].Level; level != "" {
				levels[p.Name] = level
			}
		}
		for policy, level := range want[c.Name] {
			assert.Equal(t, level, levels[policy], "%s in %s", policy, c.Name)
		}
	}
}

func TestPackAcceptsEveryConfiguration(t *testing.T) {
	t.Parallel()
	for _, name := range docs.Environments {
		content, err := os.ReadFile(filepath.Join(root, name+".json"))
		require.NoError(t, err)
		assert.NoError(t, crossguardtest.Start(t, rules.Pack()).Configure(string(content)), name)
	}
}

func TestConfigurationThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	_, err := docs.Load(t.TempDir())
	assert.ErrorIs(t, err, os.ErrNotExist)
	for content, want := range map[string]string{"{": "configuration of dev: unexpected end",
		`{"p": 1}`: "configuration of dev: p must be a level or an object"} {
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "dev.json"), []byte(content), 0o600))
		_, err := docs.Load(folder)
		assert.ErrorContains(t, err, want)
	}
}
