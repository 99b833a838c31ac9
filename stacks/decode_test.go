package stacks

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecodeIsStrict(t *testing.T) {
	t.Parallel()
	serviceKeys := "known here: " + strings.Join(sortedKeys(fieldsOf(reflect.TypeFor[Service]())), ", ")
	checkRefused(t, []refused{
		{"slip", "", change{"services.web.memmory": "1Gi"}, []string{"services.web.memmory: is not a setting; did you mean memory?"}},
		{"a key in another case", "", change{"services.web.CPU": "1"}, []string{"services.web.CPU: is not a setting; did you mean cpu?"}},
		{"a key unlike any other", "", change{"services.web.replicas": 3}, []string{"services.web.replicas: is not a setting; " + serviceKeys}},
		{"a short key has no suggestion", "", change{"budget.x": 3},
			[]string{"budget.x: is not a setting; known here: amount, currency, currentPercent, forecastPercent"}},
		{"deep in a list", "", change{"github.environments[0].reviewer": 3},
			[]string{"github.environments[0].reviewer: is not a setting; did you mean reviewers?"}},
		{"odd key", "", change{"a b": 3}, []string{
			`["a b"]: is not a setting; known here: ` + topLevel,
		}},
		{"not decrypted", "", change{"secrets.token.value": map[string]any{"secure": "v1:x"}}, []string{
			"secrets.token.value: must be text, not a map; write text",
		}},

		{"missing", "", change{"services.web.slo": absent{}, "budget.amount": absent{}, "github.environments": absent{}}, []string{
			"budget.amount: is missing; add a whole number",
			"github.environments: is missing; add a list",
			"services.web.slo: is missing; add a map with availabilityPercent, latency, windowDays",
		}},
		{"missing, with a hint", "", change{"github.repositoryId": absent{}}, []string{
			"github.repositoryId: is missing; add a whole number: the output of: gh api repos/OWNER/REPOSITORY --jq .id",
		}},
		{"missing map", "", change{"labels": absent{}}, []string{"labels: is missing; add a map"}},

		{"null", "", change{"registry": nil, "services.web.port": nil, "services.web.environment": map[string]any{"A": nil}}, []string{
			"registry: has no value; give it one, or remove the key if it is optional",
			"services.web.environment.A: has no value; give it one, or remove the key if it is optional",
			"services.web.port: has no value; give it one, or remove the key if it is optional",
		}},
		{"empty texts are refused", "", change{"services.web.digest": "", "services.web.memory": "", "secrets.token.version": ""}, []string{
			"secrets.token.version: is empty; give it a value, or remove the key if it is optional",
			"services.web.digest: is empty; give it a value, or remove the key if it is optional",
			"services.web.memory: is empty; give it a value, or remove the key if it is optional",
		}},
		{"zeros are refused", "", change{"services.web.port": 0, "services.web.concurrency": 0, "registry.keepMostRecent": 0}, []string{
			"registry.keepMostRecent: is under 1; use 1 or more",
			"services.web.concurrency: is out of range; use 1 to 1000 requests",
			"services.web.port: is out of range; use 1 to 65535 as the port",
		}},
		{"empty variable", "", change{"services.web.environment": map[string]any{"A": ""}}, nil},

		{"text for number", "", change{"services.web.port": "3000"}, []string{
			"services.web.port: must be a whole number, not text; write a whole number without quotes",
		}},
		{"text for fraction", "", change{"services.web.slo.availabilityPercent": "99.5"}, []string{
			"services.web.slo.availabilityPercent: must be a number, not text; write a number without quotes",
		}},
		{"fraction for whole number", "", change{"services.web.port": 80.5}, []string{
			"services.web.port: must be a whole number, not a fraction or a number too large; write a whole number without quotes",
		}},
		{"number beyond 64 bits", "", change{"github.ownerId": 1e30}, []string{
			"github.ownerId: must be a whole number, not a fraction or a number too large; write a whole number without quotes",
		}},
		{"number for text", "", change{"project.number": 123456789012, "services.web.environment": map[string]any{"A": 1, "B": true}}, []string{
			"project.number: must be text, not a number; write it in quotes",
			"services.web.environment.A: must be text, not a number; write it in quotes",
			"services.web.environment.B: must be text, not true or false; write it in quotes",
		}},
		{"list for text", "", change{"project.id": []any{"shop"}}, []string{"project.id: must be text, not a list; write text"}},
		{"number for true or false", "", change{"services.web.cpuIdle": 1}, []string{
			"services.web.cpuIdle: must be true or false, not a number; write true or false without quotes",
		}},
		{"text for list", "", change{"services.web.smokePaths": "/", "monitoring.alertEmails": map[string]any{}}, []string{
			"monitoring.alertEmails: must be a list, not a map; write one '- value' on each line",
			"services.web.smokePaths: must be a list, not text; write one '- value' on each line",
		}},
		{"list for map", "", change{"labels": []any{}, "services.web": []any{}}, []string{
			"labels: must be a map, not a list; write one 'key: value' on each line, indented",
			"services.web: must be a map, not a list; write one 'key: value' on each line, indented",
		}},
		{"text in a list of numbers", "", change{"budget.currentPercent": []any{50, "75", 90}}, []string{
			"budget.currentPercent[1]: must be a whole number, not text; write a whole number without quotes",
		}},
		{"text in a map of numbers", "", change{"services.web.traffic": map[string]any{"LATEST": "100"}}, []string{
			"services.web.traffic.LATEST: must be a whole number, not text; write a whole number without quotes",
		}},
	})
}

// TestDecodeReportsOneProblemPerPath decodes a document whose types are all wrong. It must not be answered with complaints about Go's
// zero values.
func TestDecodeReportsOneProblemPerPath(t *testing.T) {
	t.Parallel()
	document := minimal(prod)
	for key := range document {
		document[key] = 1
	}
	_, err := Parse(toJSON(t, document), prod)
	var paths []string
	for _, line := range lines(t, err) {
		path, _, _ := strings.Cut(line, ": ")
		paths = append(paths, path)
	}
	require.Equal(t, sortedKeys(document), paths)
}

// TestSettingsAreDocumented checks that each field has a comment, and that the default in the comment is the one in the tag.
func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("settings*.go")
	require.NoError(t, err)
	fields := 0
	check := func(node ast.Node) bool {
		structure, ok := node.(*ast.StructType)
		if !ok {
			return true
		}
		for _, field := range structure.Fields.List {
			fields++
			name := field.Names[0].Name
			comment := strings.Join(strings.Fields(field.Doc.Text()), " ")
			tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`"))
			if name != "Startup" && name != "Liveness" && tag.Get("json") != "-" { // These two share one comment.
				require.NotEmpty(t, comment, name)
			}
			if want, ok := tag.Lookup("default"); ok {
				require.Contains(t, strings.ReplaceAll(comment, `"`, "")+" ", "Default: "+want+". ", name)
				require.Contains(t, tag.Get("json"), ",omitempty", "%s has a default and is required", name)
			} else if strings.Contains(tag.Get("json"), ",omitempty") {
				require.Contains(t, comment, "Default: ", name)
			} else {
				require.NotContains(t, comment, "Default: ", name)
			}
		}
		return true
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		ast.Inspect(file, check)
	}
	require.Greater(t, fields, 50)
}
