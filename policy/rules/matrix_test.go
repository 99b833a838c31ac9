package rules

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

type object = map[string]any

// scenario describes a rule, so that TestMatrix can try it in every way.
type scenario struct {
	policy crossguard.Policy
	// good is a resource that passes.
	good ct.Resource
	// bad are changes to good. Each makes it violate the rule.
	bad []change
	// reads are the paths that the rule reads of good, whatever their values are.
	reads []string
	// loose is an option as JSON that makes bad[0] pass; empty if the rule has no such option.
	loose string
	// config has the options with which good passes; empty for the defaults.
	config string
	// hopeless says that no resource of the type passes, so that good violates the rule as well.
	hopeless bool
}

// change changes one property. The other fields are for exceptions.
type change struct {
	path string
	to   any // gone{} removes the property
	// want is a part of the message.
	want string
	// unfixable says that the rule's remedy does not correct it.
	unfixable bool
	// marked says that wrapping the value as a secret changes the case.
	marked bool
	// also are further changes of the same resource.
	also []change
}

type gone struct{}

func TestMatrix(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{}
	for _, s := range slices.Concat(runScenarios(), iamScenarios(), dataScenarios(), githubScenarios()) {
		tried[s.policy.Name] = true
		t.Run(s.policy.Name+"/"+strings.TrimPrefix(s.good.Type, "gcp:"), func(t *testing.T) {
			t.Parallel()
			s.try(t)
		})
	}
	for _, p := range table() {
		assert.True(t, tried[p.Name] || p.CheckStack != nil, "%s has no scenario: add one to scenarios_test.go", p.Name)
	}
}

// TestEveryRuleIsListed looks for rules that are missing from the table, which would judge nothing.
func TestEveryRuleIsListed(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("rules.go")
	require.NoError(t, err)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	declared := regexp.MustCompile(`(?m)^var (\w+) = crossguard\.Policy\{`)
	rules := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, rule := range declared.FindAllStringSubmatch(string(content), -1) {
			rules++
			assert.Regexp(t, `\b`+rule[1]+`,`, string(list), "%s declares %s: add it to the table in rules.go", file, rule[1])
		}
	}
	require.Greater(t, rules, 40)
}

func (s scenario) start(t *testing.T, level, options string) *ct.Client {
	t.Helper()
	alone := Pack()
	alone.Policies = []crossguard.Policy{s.policy}
	c := ct.Start(t, alone)
	if options == "" {
		options = s.config
	}
	config := fmt.Sprintf("%q: %q", "enforcementLevel", level)
	if options != "" {
		config += ", " + options
	}
	require.NoError(t, c.Configure(fmt.Sprintf("{%q: {%s}}", s.policy.Name, config)))
	return c
}

func (s scenario) try(t *testing.T) {
	c := s.start(t, "mandatory", "")
	name := s.policy.Name
	got := s.analyze(c, s.good)
	if !s.hopeless {
		assert.Empty(t, got.Diagnostics, "good")
		assert.Empty(t, got.NotApplicable, "good")
	}

	got = s.analyze(c, ct.Resource{Type: "test:index/other:Other"})
	assert.Empty(t, got.Diagnostics)
	assert.Contains(t, got.NotApplicable[name], "applies only to ")

	for _, b := range s.bad {
		s.tryBad(t, c, b)
	}
	for _, path := range s.reads {
		s.tryUnreadable(t, c, path)
	}
	if s.loose != "" {
		loose := s.start(t, "mandatory", s.loose)
		assert.Empty(t, s.analyze(loose, s.with(s.bad[0])).Diagnostics, "configured with %s", s.loose)
	}
	if len(s.bad) > 0 {
		assert.Empty(t, s.found(s.start(t, "disabled", ""), s.with(s.bad[0])), "disabled")
		advisory := s.analyze(s.start(t, "advisory", ""), s.with(s.bad[0]))
		require.NotEmpty(t, advisory.Diagnostics)
		assert.Equal(t, "advisory", advisory.Diagnostics[0].Level)
	}
	if s.policy.Remediate != nil {
		s.tryRemedy(t)
	}
}

// analyze returns what a rule reports on a resource, by itself and in its own stack.
func (s scenario) analyze(c *ct.Client, r ct.Resource) ct.Result {
	got := c.Analyze(r)
	if s.policy.CheckStack != nil {
		stack := c.AnalyzeStack(r)
		for _, d := range stack.Diagnostics {
			if !slices.Contains(got.Diagnostics, d) {
				got.Diagnostics = append(got.Diagnostics, d)
			}
		}
		if s.policy.Check == nil {
			got.NotApplicable = stack.NotApplicable
		}
	}
	return got
}

// found returns the diagnostics about the resource. A disabled policy is reported on the stack instead.
func (s scenario) found(c *ct.Client, r ct.Resource) []ct.Message {
	return slices.DeleteFunc(s.analyze(c, r).Diagnostics, func(d ct.Message) bool { return d.URN == "" })
}

// tryBad expects a violation, even if the offending value or an object around it is wrapped as a secret or an output.
func (s scenario) tryBad(t *testing.T, c *ct.Client, b change) {
	violates := func(r ct.Resource, how string) []string {
		got := s.analyze(c, r)
		if assert.NotEmpty(t, got.Diagnostics, "%s = %v %s", b.path, b.to, how) {
			assert.Equal(t, "mandatory", got.Diagnostics[0].Level, "%s %s", b.path, how)
			assert.Equal(t, strings.ToLower(s.policy.Severity.String()), got.Diagnostics[0].Severity)
			assert.Equal(t, r.URN(), got.Diagnostics[0].URN)
		}
		return got.Messages()
	}
	plainly := s.with(b)
	assert.Contains(t, strings.Join(violates(plainly, "plain"), "\n"), b.want)
	if b.marked {
		return
	}
	if b.path != "" {
		top, _, _ := strings.Cut(strings.ReplaceAll(b.path, "[", "."), ".")
		if v, has := plainly.Properties[top]; has {
			for _, wrapped := range []any{ct.Secret{Value: v}, ct.Output{Value: v, Known: true}, ct.Output{Value: v, Known: true, Secret: true}} {
				violates(s.with(b, change{path: top, to: wrapped}), fmt.Sprintf("%s as %T", top, wrapped))
			}
		}
	}
	violates(s.with(b, change{path: "unrelated", to: ct.Unknown}), "next to an unknown")
	if _, isGone := b.to.(gone); isGone || b.path == "" {
		return
	}
	for _, wrapped := range []any{ct.Secret{Value: b.to}, ct.Output{Value: b.to, Known: true},
		ct.Secret{Value: ct.Output{Value: b.to, Known: true}}} {
		violates(s.with(b, change{path: b.path, to: wrapped}), fmt.Sprintf("as %T", wrapped))
	}
	switch v := b.to.(type) {
	case int:
		violates(s.with(b, change{path: b.path, to: strconv.Itoa(v)}), "as a string")
	case bool:
		violates(s.with(b, change{path: b.path, to: strconv.FormatBool(v)}), "as a string")
	}
}

// tryUnreadable expects an advisory for an unknown value, and a violation for a value of a wrong type.
func (s scenario) tryUnreadable(t *testing.T, c *ct.Client, path string) {
	top, _, nested := strings.Cut(strings.ReplaceAll(path, "[", "."), ".")
	for _, unknown := range []any{ct.Unknown, ct.UnknownObject, ct.Output{}, ct.Secret{Value: ct.UnknownNumber}} {
		advised := s.analyze(c, s.with(change{path: path, to: unknown})).Diagnostics
		assert.Contains(t, advised, ct.Message{Policy: s.policy.Name, Level: "advisory", Severity: s.policy.Severity.String(), URN: s.good.URN(),
			Text: "not checked: " + path + " is known only after the update"})
		if nested {
			advised = s.analyze(c, s.with(change{path: top, to: unknown})).Diagnostics
			require.NotEmpty(t, advised, "%s unknown", top)
			for _, d := range advised {
				assert.Equal(t, "advisory", d.Level)
				assert.Equal(t, "not checked: "+top+" is known only after the update", d.Text)
			}
		}
	}
	var wrong any = []any{[]any{}}
	if _, isList := get(s.good.Properties, path).([]any); isList {
		wrong = true
	}
	got := s.analyze(c, s.with(change{path: path, to: wrong}))
	require.NotEmpty(t, got.Diagnostics, "%s of a wrong type", path)
	assert.Equal(t, "mandatory", got.Diagnostics[0].Level)
	assert.Contains(t, strings.Join(got.Messages(), "\n"), "must be")
}

// tryRemedy expects the remedy to correct everything that it can, once, and to change nothing else.
func (s scenario) tryRemedy(t *testing.T) {
	c := s.start(t, "remediate", "")
	_, did := c.Remediate(s.good)
	assert.Empty(t, did.Policies, "the remedy must not correct the good resource")
	assert.Empty(t, did.Warnings)
	for _, b := range s.bad {
		if b.unfixable {
			continue
		}
		r := s.with(b, change{path: "__defaults", to: []any{"kept"}}, change{path: "confidential", to: ct.Secret{Value: "kept"}})
		corrected, did := c.Remediate(r)
		assert.Equal(t, []string{s.policy.Name}, did.Policies, "%s = %v", b.path, b.to)
		assert.Equal(t, []any{"kept"}, corrected["__defaults"])
		assert.Equal(t, ct.Secret{Value: "kept"}, corrected["confidential"])
		r.Properties = corrected
		assert.Empty(t, s.analyze(c, r).Diagnostics, "%s = %v must be right after its correction", b.path, b.to)
		again, did := c.Remediate(r)
		assert.Empty(t, did.Policies, "%s = %v must be corrected once", b.path, b.to)
		assert.Equal(t, corrected, again)
	}
	for _, path := range s.reads { // an unknown value is left alone, and reported
		r := s.with(change{path: path, to: ct.Unknown})
		left, did := c.Remediate(r)
		assert.Equal(t, ct.Unknown, get(left, path))
		assert.Empty(t, did.Policies)
	}
}

// with returns good after changes.
func (s scenario) with(changes ...change) ct.Resource {
	r := s.good
	r.Properties = deepCopy(object(r.Properties)).(object)
	for _, b := range changes {
		for _, c := range append([]change{b}, b.also...) {
			if c.path != "" {
				r.Properties = put(object(r.Properties), c.path, c.to).(object)
			}
		}
	}
	return r
}

func deepCopy(v any) any {
	switch v := v.(type) {
	case object:
		made := object{}
		for key, val := range v {
			made[key] = deepCopy(val)
		}
		return made
	case []any:
		made := slices.Clone(v)
		for i := range made {
			made[i] = deepCopy(made[i])
		}
		return made
	}
	return v
}

// put returns v with another value at a path, or without the value if to is gone{}.
func put(v any, path string, to any) any {
	if path == "" {
		return to
	}
	key, index, rest := cut(path)
	if index >= 0 {
		elements, _ := v.([]any)
		elements = slices.Clone(elements)
		for len(elements) <= index {
			elements = append(elements, object{})
		}
		elements[index] = put(elements[index], rest, to)
		return elements
	}
	fields, _ := v.(object)
	fields = maps.Clone(fields)
	if fields == nil {
		fields = object{}
	}
	if _, isGone := to.(gone); isGone && rest == "" {
		delete(fields, key)
		return fields
	}
	fields[key] = put(fields[key], rest, to)
	return fields
}

func get(v any, path string) any {
	for path != "" {
		key, index, rest := cut(path)
		switch container := v.(type) {
		case ct.Properties:
			v = container[key]
		case object:
			v = container[key]
		case []any:
			if index >= len(container) {
				return nil
			}
			v = container[index]
		}
		path = rest
	}
	return v
}

// cut splits a path into its first step, a key or an index, and the rest.
func cut(path string) (key string, index int, rest string) {
	if strings.HasPrefix(path, `["`) {
		key, rest, _ = strings.Cut(path[2:], `"]`)
		return key, -1, strings.TrimPrefix(rest, ".")
	}
	if strings.HasPrefix(path, "[") {
		digits, rest, _ := strings.Cut(path[1:], "]")
		n, err := strconv.Atoi(digits)
		if err != nil {
			panic(err)
		}
		return "", n, strings.TrimPrefix(rest, ".")
	}
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		return path, -1, ""
	}
	return path[:end], -1, strings.TrimPrefix(path[end:], ".")
}
