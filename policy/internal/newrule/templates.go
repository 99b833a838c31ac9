package newrule

import (
	"bytes"
	"go/format"
	"strings"
	"text/template"
)

// listHere marks the place in a pack's main.go where the next rule is added.
const listHere = "// newrule lists the next one here"

// fill fills a template and formats the result if it is Go code.
func fill(name, text string, r rule) ([]byte, error) {
	parsed, err := template.New(name).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := parsed.Execute(&b, r); err != nil {
		return nil, err
	}
	if !strings.HasSuffix(name, ".go") {
		return b.Bytes(), nil
	}
	return format.Source(b.Bytes())
}

const ruleTemplate = `package {{.Package}}

import "{{.Module}}/crossguard"

var {{.Variable}} = crossguard.Policy{
	Name:             "{{.Name}}",
	Description:      "{{.Path}} of a {{.Kind}} is {{.Want}}{{if .Number}} or less{{end}}.",
	Enforcement:      crossguard.Advisory, // make it Mandatory once nothing violates it any more
	Severity:         crossguard.Medium,
	RemediationSteps: "Set {{.Path}} to {{.Want}}{{if .Number}} or less{{end}}.",
	Types:            []string{"{{.Type}}"},
	Check: func(r *crossguard.Resource) {
{{- if .Number}}
		switch n, set := r.Int({{printf "%q" .Path}}); {
		case !set:
			r.Violation("{{.Path}} is absent: set it to {{.Want}} or less")
		case n > {{.Want}}:
			r.Violation("{{.Path}} is %d: set it to {{.Want}} or less", n)
		}
{{- else if .Bool}}
		switch is, set := r.Bool({{printf "%q" .Path}}); {
		case !set:
			r.Violation("{{.Path}} is absent: set it to {{.Want}}")
		case {{if eq .Want "true"}}!{{end}}is:
			r.Violation("{{.Path}} is %v: set it to {{.Want}}", is)
		}
{{- else}}
		if is := r.StringOr({{printf "%q" .Path}}, "absent"); is != {{printf "%q" .Want}} {
			r.Violation("{{.Path}} is %s: set it to %s", is, {{printf "%q" .Want}})
		}
{{- end}}
	},
}
`

const testTemplate = `package {{.Package}}

import (
	"os"
	"slices"
	"testing"

	"{{.Module}}/crossguard"
	"{{.Module}}/crossguard/crossguardtest"
)

func Test{{.Test}}(t *testing.T) {
	var settings []crossguardtest.Setting
	if file := os.Getenv("PROVIDER_SCHEMA"); file != "" { // pulumi package get-schema NAME@VERSION > FILE
		settings = append(settings, crossguardtest.Schema(file))
	}
	c := crossguardtest.Start(t, crossguard.Pack{
		Name: "test", Version: "1.0.0", Policies: []crossguard.Policy{ {{- .Variable -}} },
	}, settings...)
	for _, test := range []struct {
		name       string
		properties crossguardtest.Properties
		want       []string
	}{
		{"right", crossguardtest.Properties{{.Good}}, nil},
		{"wrong", crossguardtest.Properties{{.Bad}},
			[]string{"{{.Path}} is {{.Is}}: set it to {{.Want}}{{if .Number}} or less{{end}}"}},
		{"absent", nil, []string{"{{.Path}} is absent: set it to {{.Want}}{{if .Number}} or less{{end}}"}},
		{"not known yet", crossguardtest.Properties{{.Unknown}},
			[]string{"not checked: {{.Path}} is known only after the update"}},
	} {
		got := c.Analyze(crossguardtest.Resource{Type: {{printf "%q" .Type}}, Properties: test.properties}).Messages()
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
`

// packTemplates holds the files of a pack besides its rules, by file name.
var packTemplates = map[string]string{
	"main.go": `// Command {{.Pack}} is a Pulumi policy pack: pulumi preview --policy-pack FOLDER
package main

import "{{.Module}}/crossguard"

func main() { crossguard.Main(pack()) }

func pack() crossguard.Pack {
	return crossguard.Pack{
		Name:    "{{.Pack}}",
		Version: "0.1.0",
		Policies: []crossguard.Policy{
			{{.Variable}},
			` + listHere + `
		},
	}
}
`,
	"PulumiPolicy.yaml": "name: {{.Pack}}\nruntime: go\n",
	"go.mod": `module {{.Pack}}

go 1.26.0

require {{.Module}} v0.0.0

// The SDK lies on this machine. Before publishing the pack, require a version of it instead: go get {{.Module}}@latest
replace {{.Module}} => {{.SDK}}
`,
}
