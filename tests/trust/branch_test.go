package trust_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
)

// branched returns what a stack deploys for a repository whose default branch has another name.
func branched(t *testing.T, stack, branch string) trust.Deployed {
	t.Helper()
	var document map[string]any
	require.NoError(t, json.Unmarshal(settings(t, stack), &document))
	hub := document["github"].(map[string]any)
	hub["branch"] = branch
	if protection, protects := hub["protection"].(map[string]any); protects {
		protection["branches"] = []string{branch}
	}
	text, err := json.Marshal(document)
	require.NoError(t, err)
	deployed, err := trust.Deploy(program.In(application), application, stack, text)
	require.NoError(t, err)
	return deployed
}

// moved returns the token of a repository whose default branch is trunk instead of main.
func moved(of claims) claims {
	changes := claims{}
	for name, value := range of {
		text, is := value.(string)
		if text == "main" {
			changes[name] = "trunk"
		} else if is {
			changes[name] = strings.NewReplacer("refs/heads/main", "refs/heads/trunk", "refs/tags/main", "refs/tags/trunk",
				"gh-readonly-queue/main", "gh-readonly-queue/trunk").Replace(text)
		}
	}
	return of.with(changes)
}

// TestDefaultBranchOfAnotherName runs the whole battery with another default branch. The results are those of main, and a
// branch called main is like any other.
func TestDefaultBranchOfAnotherName(t *testing.T) {
	t.Parallel()
	stacks := map[string]doors{}
	for _, stack := range []string{"dev", "staging", "prod"} {
		stacks[stack] = open(t, branched(t, stack, "trunk"))
	}
	changed := 0
	for _, test := range battery {
		main := test
		test.claims = moved(test.claims)
		got, reasons := stacks[test.stack].try(t, test)
		assert.Equal(t, test.want, got, "%s: %s: %s", test.stack, test.name, reasons)
		if main.claims["ref"] != mainRef {
			continue
		}
		changed++
		got, reasons = stacks[test.stack].try(t, main)
		for _, accepted := range got {
			_, accounts, _ := strings.Cut(accepted, ": ")
			assert.Contains(t, []string{"preview", "nobody"}, accounts, "%s: %s on main: %s", test.stack, test.name, reasons)
		}
	}
	assert.Greater(t, changed, 20)
}
