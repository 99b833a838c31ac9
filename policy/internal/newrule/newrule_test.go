package newrule

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/internal/cli"
)

func TestWrittenRule(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string][]string{
		"a.b=true": {`switch is, set := r.Bool("a.b"); {`, "case !is:", `{"a": map[string]any{"b": true}}`,
			`{"a": map[string]any{"b": false}}`},
		"a=false":      {"case is:", `{"a": false}`, `a is true: set it to false`},
		"a[1].b<=5":    {"case n > 5:", `{"a": []any{nil, map[string]any{"b": 6}}}`, `"a[1].b is 6: set it to 5 or less"`},
		"a=some thing": {`is != "some thing"`, `{"a": "other"}`, `{"a": crossguardtest.Unknown}`},
	} {
		folder := t.TempDir()
		var out strings.Builder
		require.NoError(t, run([]string{folder, "my-rule", "p:m:T", condition}, "/sdk", &out))
		written := ""
		for _, name := range []string{"my_rule.go", "my_rule_test.go"} {
			content, err := os.ReadFile(filepath.Join(folder, name))
			require.NoError(t, err)
			written += string(content)
		}
		for _, part := range want {
			assert.Contains(t, written, part, condition)
		}
	}
}

func TestRulesAreAddedToExistingPacks(t *testing.T) {
	t.Parallel()
	pack, library := filepath.Join(t.TempDir(), "my-pack"), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(library, "rules.go"), []byte("package rules\n"), 0o600))
	said := func(folder, name string) string {
		var out strings.Builder
		require.NoError(t, run([]string{folder, name, "p:m:T", "a=b"}, "/sdk", &out))
		return out.String()
	}
	assert.Equal(t, "wrote the pack my-pack with the rule one: run go mod tidy && go test ./... in "+pack+"\n", said(pack, "one"))
	assert.Equal(t, "wrote the rule second-one and listed it in main.go\n", said(pack, "second-one"))
	assert.Equal(t, "wrote the rule one: add one to the pack's list of policies\n", said(library, "one"))
	main, err := os.ReadFile(filepath.Join(pack, "main.go"))
	require.NoError(t, err)
	assert.Contains(t, string(main), "one,\n\t\t\tsecondOne,\n\t\t\t"+listHere)
	rule, err := os.ReadFile(filepath.Join(library, "one.go"))
	require.NoError(t, err)
	assert.Contains(t, string(rule), "package rules\n")

	for _, file := range []string{"rules.go", scenarios} {
		text := "package rules\n\nvar all = []any{\n\t" + listHere + "\n}\n"
		require.NoError(t, os.WriteFile(filepath.Join(library, file), []byte(text), 0o600))
	}
	assert.Equal(t, "wrote the rule two and listed it in rules.go and scenarios_test.go: run go test ./"+filepath.Base(library)+
		" -run 'TestMatrix|TestTwo' && go run ./cmd/docs\n", said(library, "two"))
	list, err := os.ReadFile(filepath.Join(library, "rules.go"))
	require.NoError(t, err)
	assert.Contains(t, string(list), "\ttwo,\n\t"+listHere)
	tried, err := os.ReadFile(filepath.Join(library, scenarios))
	require.NoError(t, err)
	assert.Contains(t, string(tried), `{policy: two,
		good:  ct.Resource{Type: "p:m:T", Properties: ct.Properties{"a": "b"}},
		reads: []string{"a"}, bad: []change{
			{path: "a", to: "other", want: "a is other"},
		}},
	`+listHere)

	err = run([]string{pack, "one", "p:m:T", "a=b"}, "/sdk", &strings.Builder{})
	assert.ErrorContains(t, err, "one.go is there already: remove it, or take another name")
	assert.ErrorContains(t, err, "one_test.go is there already")
}

func TestBadArguments(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"it takes FOLDER NAME TYPE CONDITION":  {"x"},
		`name "My Rule": use lower-case`:       {"x", "My Rule", "p:m:T", "a=b"},
		`a Go variable cannot be called func`:  {"x", "func", "p:m:T", "a=b"},
		`a Go variable cannot be called 2Fast`: {"x", "2-fast", "p:m:T", "a=b"},
		`type "Bucket": write package:module`:  {"x", "r", "Bucket", "a=b"},
		`condition "a": write PATH=VALUE`:      {"x", "r", "p:m:T", "a"},
		`condition "a=\"b\"": write`:           {"x", "r", "p:m:T", `a="b"`},
		`path "a b": write keys`:               {"x", "r", "p:m:T", "a b=c"},
		`write a whole number instead of "x"`:  {"x", "r", "p:m:T", "a<=x"},
	} {
		err := run(args, "/sdk", &strings.Builder{})
		assert.ErrorContains(t, err, want)
		var usage cli.UsageError
		assert.ErrorAs(t, err, &usage)
	}
	assert.NoDirExists(t, "x")
}

// TestExitCodes checks that the codes are those of the platform's other commands.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	rule := []string{folder, "my-rule", "p:m:T", "a=b"}
	for _, test := range []struct {
		args      []string
		code      int
		out, errs string
	}{
		{[]string{"--help"}, cli.ExitDone, "Write a policy and its test.", ""},
		{rule, cli.ExitDone, "wrote the pack ", ""},
		{rule, cli.ExitRefuse, "", "newrule: "},
		{rule[:3], cli.ExitUsage, "", "newrule: it takes FOLDER NAME TYPE CONDITION"},
		{[]string{filepath.Join(folder, "main.go", "below"), "my-rule", "p:m:T", "a=b"}, cli.ExitFailed, "", "newrule: "},
	} {
		var out, errs strings.Builder
		assert.Equal(t, test.code, Run(t.Context(), test.args, cli.Streams{Out: &out, Err: &errs}), test.args)
		assert.True(t, strings.HasPrefix(out.String(), test.out), out.String())
		assert.True(t, strings.HasPrefix(errs.String(), test.errs), errs.String())
		assert.Equal(t, test.code == cli.ExitDone, errs.Len() == 0)
	}
}
