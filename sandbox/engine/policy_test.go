package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStackOfAState: a file that is no state is the caller's mistake, whatever is in it.
func TestStackOfAState(t *testing.T) {
	t.Parallel()
	tests := []struct{ content, stack, refused string }{
		{`{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:prod::p::pulumi:pulumi:Stack::p-prod","type":"pulumi:pulumi:Stack"}]}}`, "prod", ""},
		{`{"version":3,"deployment":{"resources":[]}}`, "", ""},
		{`no JSON`, "", "is no exported state"},
		{`{"version":3}`, "", "is no exported state"},
		{`{"version":3,"deployment":{"resources":[{"urn":"nonsense","type":"x"}]}}`, "", `is no exported state: its first resource has the URN "nonsense"`},
	}
	for _, test := range tests {
		path := filepath.Join(t.TempDir(), "state.json")
		require.NoError(t, os.WriteFile(path, []byte(test.content), 0o600))
		stack, err := stackOfState(path)
		assert.Equal(t, test.stack, stack, test.content)
		if test.refused == "" {
			assert.NoError(t, err)
			continue
		}
		var usage *UsageError
		assert.ErrorAs(t, err, &usage)
		assert.ErrorContains(t, err, test.refused)
	}
}

func TestAStateWhoseStackHasNoPoliciesIsTheCallersMistake(t *testing.T) {
	t.Parallel()
	e := open(t)
	analyze := func(content, stack string) error {
		path := filepath.Join(t.TempDir(), "state.json")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		name, err := stackFor(path, stack)
		if err == nil {
			_, err = e.policyConfig(name)
		}
		return err
	}
	const qa = `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:qa::p::pulumi:pulumi:Stack::p-qa","type":"pulumi:pulumi:Stack"}]}}`
	const empty = `{"version":3,"deployment":{"resources":[]}}`
	var usage *UsageError
	assert.ErrorAs(t, analyze(qa, ""), &usage)
	assert.ErrorContains(t, analyze(qa, ""), "no policy configuration for stack qa: there is one for dev, prod, staging. To analyze its state by one of them, name it with --stack")
	assert.ErrorAs(t, analyze(empty, ""), &usage)
	assert.ErrorContains(t, analyze(empty, ""), "has no resources to tell its stack from: name it with --stack")
	assert.NoError(t, analyze(empty, "prod"))
	assert.NoError(t, analyze(qa, "prod"))
}
