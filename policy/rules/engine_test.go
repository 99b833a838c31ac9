package rules

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// example is a stack that a rule refuses and one that it accepts, with the same options.
type example struct {
	policy    crossguard.Policy
	config    string // the configuration file
	bad, good []ct.Resource
}

// says returns the beginning of the engine's message about the violation.
func (e example) says() string {
	return "[mandatory] [severity: " + e.policy.Severity.String() + "]  " + e.policy.Name
}

// mandatoryExamples returns one example for each rule that is mandatory by default or in a stack's configuration.
func mandatoryExamples(t *testing.T) []example {
	t.Helper()
	of := map[string]example{}
	add := func(policy crossguard.Policy, options string, bad, good []ct.Resource) {
		if _, has := of[policy.Name]; has {
			return
		}
		if options != "" {
			options = ", " + options
		}
		of[policy.Name] = example{policy: policy, bad: bad, good: good,
			config: fmt.Sprintf(`{"all": "advisory", %q: {"enforcementLevel": "mandatory"%s}}`, policy.Name, options)}
	}
	dear := change{path: "template.scaling.maxInstanceCount", to: 20}
	add(worstCaseCost, "", []ct.Resource{changed(v2(), dear)}, []ct.Resource{v2()})
	for _, s := range slices.Concat(runScenarios(), iamScenarios(), dataScenarios(), githubScenarios()) {
		if len(s.bad) == 0 { // it only shows a resource that passes
			continue
		}
		var good []ct.Resource
		if !s.hopeless {
			good = []ct.Resource{s.good}
		}
		add(s.policy, s.config, []ct.Resource{s.with(s.bad[0])}, good)
	}
	for _, violates := range stackCases() {
		if len(violates.want) == 0 {
			continue
		}
		for _, passes := range stackCases() {
			if passes.policy.Name == violates.policy.Name && len(passes.want) == 0 && passes.not == "" && passes.config == violates.config {
				add(violates.policy, violates.config, violates.resources, passes.resources)
			}
		}
		add(violates.policy, violates.config, violates.resources, nil)
	}
	var all []example
	for _, p := range table() {
		if !mandatoryAnywhere(t, p) {
			continue
		}
		e, has := of[p.Name]
		require.True(t, has, "%s is mandatory and has no example: add a scenario or a stack case", p.Name)
		all = append(all, e)
	}
	return all
}

// mandatoryAnywhere reports whether a policy is mandatory by default or in a stack's configuration.
func mandatoryAnywhere(t *testing.T, p crossguard.Policy) bool {
	t.Helper()
	if p.Enforcement == crossguard.Mandatory {
		return true
	}
	files, err := filepath.Glob(filepath.Join("..", "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 3)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var config map[string]any
		require.NoError(t, json.Unmarshal(content, &config))
		level := config[p.Name]
		if options, is := level.(map[string]any); is {
			level = options["enforcementLevel"]
		}
		if level == "mandatory" {
			return true
		}
	}
	return false
}

// TestEngine runs the tests that need the pulumi command. They share one pack, because linking it takes a second.
func TestEngine(t *testing.T) {
	t.Parallel()
	e := ct.NewEngine(t, "..")
	for name, test := range map[string]func(*testing.T, ct.Engine){
		"violating states":           testViolatingStates,
		"exemptions and mistakes":    testExemptionsAndMistakes,
		"violating programs":         testViolatingPrograms,
		"unknown values and secrets": testUnknownValuesAndSecrets,
		"resources in components":    testResourcesInComponents,
		"deleted resources":          testDeletedResources,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

// testViolatingStates analyzes a violating state for each mandatory rule. The rules about single resources share one
// state, which contains a violation of each; with `check --full` each rule has its own state. A stack rule always has its own,
// because it judges all resources of the state.
func testViolatingStates(t *testing.T, e ct.Engine) {
	var shared []example
	for _, example := range mandatoryExamples(t) {
		if example.policy.CheckStack == nil && os.Getenv("CHECK_FULL") == "" {
			shared = append(shared, example)
			continue
		}
		t.Run(example.policy.Name, func(t *testing.T) {
			t.Parallel()
			output, refused := e.Analyze(t, example.config, example.bad...)
			assert.True(t, refused, output)
			assert.Contains(t, output, example.says())
		})
	}
	if len(shared) == 0 {
		return
	}
	t.Run("rules about one resource", func(t *testing.T) {
		t.Parallel()
		config := map[string]json.RawMessage{}
		var bad []ct.Resource
		for _, example := range shared {
			require.NoError(t, json.Unmarshal([]byte(example.config), &config)) // each example adds its rule
			require.Len(t, example.bad, 1, example.policy.Name)
			violating := example.bad[0]
			violating.Name = "of-" + example.policy.Name
			bad = append(bad, violating)
		}
		file, err := json.Marshal(config)
		require.NoError(t, err)
		output, refused := e.Analyze(t, string(file), bad...)
		assert.True(t, refused, output)
		for _, example := range shared {
			assert.Contains(t, output, example.says())
		}
	})
}

func testExemptionsAndMistakes(t *testing.T, e ct.Engine) {
	wide := changed(v2(), change{path: "template.scaling.maxInstanceCount", to: 9})
	exempt := func(expires string) string {
		return fmt.Sprintf(`{"all": "advisory", "run-max-instances": {"enforcementLevel": "mandatory", "exemptions": [
			{"resource": "web", "reason": "load test", "expires": %q}]}}`, expires)
	}
	output, refused := e.Analyze(t, exempt(time.Now().AddDate(0, 1, 0).Format(time.DateOnly)), wide)
	assert.False(t, refused, output)
	output, refused = e.Analyze(t, exempt("2026-01-01"), wide)
	assert.True(t, refused)
	assert.Contains(t, output, "is 9: set it to 5 or less (was exempt until 2026-01-01: load test)")
	assert.Contains(t, output, "the exemption of web expired on 2026-01-01")
	output, refused = e.Analyze(t, exempt(time.Now().AddDate(0, 1, 0).Format(time.DateOnly)), v2())
	assert.True(t, refused)
	assert.Contains(t, output, "covers no violation: remove it")
	output, _ = e.Analyze(t, fmt.Sprintf(`{"run-max-instances": "mandatory", "all": {"enforcementLevel": "disabled", "exceptions": [
		{"reason": "load test", "match": [{"policies": ["run-max-instances"], "targets": [%q]}]}]}}`, wide.URN()), wide)
	assert.NotContains(t, output, "is 9: set it to 5 or less", "an exception in Pulumi's form")
	assert.Contains(t, output, "has no last day")

	for config, want := range map[string]string{
		`{"run-max-instance": "mandatory"}`:                                           `the pack has no policy "run-max-instance"`,
		`{"run-max-instances": {"maximum": 3}}`:                                       `run-max-instances has no option "maximum"`,
		`{"run-max-instances": {"max": "three"}}`:                                     "run-max-instances: max: Invalid type",
		`{"run-max-instances": {"exemptions": [{"resource": "web", "reason": "x"}]}}`: "expires is required",
	} {
		output, refused := e.Analyze(t, config, v2())
		assert.True(t, refused, config)
		assert.Contains(t, output, want)
	}
}
