package engine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStackOfAState checks that a file that is not a state is the caller's mistake, whatever it contains.
func TestStackOfAState(t *testing.T) {
	t.Parallel()
	tests := []struct{ content, stack, refused string }{
		{`{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:prod::p::pulumi:pulumi:Stack::p-prod","type":"pulumi:pulumi:Stack"}]}}`,
			"prod", ""},
		{`{"version":3,"deployment":{"resources":[]}}`, "", ""},
		{`no JSON`, "", "give an exported state"},
		{`{"version":3}`, "", "give an exported state"},
		{`{"version":3,"deployment":{}}`, "", ""},
		{`{"version":4,"deployment":{}}`, "", ""},
		{`{"version":9,"deployment":{}}`, "", "is a state of version 9, and versions 1 to 4 can be read"},
		{`{"deployment":{"resources":[]}}`, "", "is a state of version 0"},
		{`{"version":3,"deployment":[]}`, "", "give an exported state"},
		{`[]`, "", "give an exported state"},
		{``, "", "give an exported state"},
		{`{"version":3,"deployment":{"resources":[{"urn":"nonsense","type":"x"}]}}`, "",
			`has the URN "nonsense" first, where an exported state has its stack`},
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

func TestStateOfAStackWithoutPolicyConfiguration(t *testing.T) {
	t.Parallel()
	e := open(t)
	analyze := func(content, stack string) error {
		path := filepath.Join(t.TempDir(), "state.json")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		of, err := stackOfState(path)
		require.NoError(t, err)
		name, err := stackFor(path, of, stack)
		if err == nil {
			_, err = e.policyConfig(name)
		}
		return err
	}
	const qa = `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:qa::p::pulumi:pulumi:Stack::p-qa","type":"pulumi:pulumi:Stack"}]}}`
	const empty = `{"version":3,"deployment":{"resources":[]}}`
	var usage *UsageError
	assert.ErrorAs(t, analyze(qa, ""), &usage)
	assert.ErrorContains(t, analyze(qa, ""),
		"there is no policy/qa.json, the policy pack's configuration for the stack: write it, with {} in it to change nothing. There is one "+
			"for dev, prod, staging. To analyze a state by one of them, name it with --stack")
	assert.ErrorAs(t, analyze(empty, ""), &usage)
	assert.ErrorContains(t, analyze(empty, ""), "has no resources to tell its stack from: name it with --stack")
	assert.NoError(t, analyze(empty, "prod"))
	assert.NoError(t, analyze(qa, "prod"))
}

// TestVerdict tells findings apart from a failed analysis, for which the CLI has the same exit code.
func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code         int
		told         string
		clean        bool
		notKnownThat string
	}{
		{0, "", true, ""},
		{0, "warning: could not decrypt secrets in state.json; analyzing with secret values redacted\n", true, ""},
		{255, "error: one or more mandatory policy violations were found\n", false, ""},
		{255, "error: deserializing deployment from state.json: no secrets manager\n", false,
			"deserializing deployment from state.json: no secrets manager"},
		{255, "warning: x\nerror: loading policy packs: exit status 2\n", false, "loading policy packs: exit status 2"},
		{255, "panic: runtime error\n", false, "panic: runtime error"},
		{137, "", false, "the Pulumi CLI ended with code 137 and said nothing"},
	} {
		clean, err := verdict("state.json", test.code, test.told)
		assert.Equal(t, test.clean, clean, test.told)
		if test.notKnownThat == "" {
			assert.NoError(t, err, test.told)
		} else {
			assert.EqualError(t, err, "state.json was not analyzed, so nothing is known about it: "+test.notKnownThat)
		}
	}
}

func TestNothingToAnalyze(t *testing.T) {
	t.Parallel()
	var text, asJSON strings.Builder
	require.NoError(t, reportNothing("state.json", false, &text))
	assert.Equal(t, "state.json has no resources: there is nothing to analyze.\n", text.String())
	require.NoError(t, reportNothing("state.json", true, &asJSON))
	var event struct{ SummaryEvent struct{ Result string } }
	require.NoError(t, json.Unmarshal([]byte(asJSON.String()), &event))
	assert.Equal(t, "succeeded", event.SummaryEvent.Result)
}

// TestUnreadablePolicyConfiguration names the file, which the engine does not.
func TestUnreadablePolicyConfiguration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ content, want string }{
		"empty object":  {"{}", ""},
		"both forms":    {`{"all": "advisory", "a": {"enforcementLevel": "disabled", "most": 2}, "environments": {"dev": ["x"]}}`, ""},
		"an empty file": {"", "policy/dev.json is no JSON object, line 1: unexpected end of JSON input"},
		"a comma":       {"{\n  \"a\": \"advisory\",\n}\n", "policy/dev.json is no JSON object, line 3: invalid character '}' looking for"},
		"a list":        {"[]", "policy/dev.json is no JSON object, line 1: json: cannot unmarshal array"},
		"a level": {`{"run-nonroot": "mandatry"}`, `policy/dev.json: the level of run-nonroot is "mandatry": use advisory, mandatory, ` +
			"remediate, disabled"},
		"a level in an object": {`{"a": {"enforcementLevel": "on"}}`, `policy/dev.json: the level of a is "on": use `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := open(t)
			e.options.Root = t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(e.options.Root, "policy"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(e.options.Root, "policy", "dev.json"), []byte(test.content), 0o600))
			_, err := e.policyConfig("dev")
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			var usage *UsageError
			require.ErrorAs(t, err, &usage)
			assert.ErrorContains(t, err, test.want)
		})
	}
}
