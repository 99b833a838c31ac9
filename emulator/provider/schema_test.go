package provider

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSchema checks the schema by which languages without an SDK type-check a program: it has every type of the table, and each
// reference leads to a type.
func TestSchema(t *testing.T) {
	t.Parallel()
	for _, name := range []string{GCP, GitHub} {
		answer, err := newServer(name, nil).GetSchema(t.Context(), &rpc.GetSchemaRequest{})
		require.NoError(t, err)
		var d described
		require.NoError(t, json.Unmarshal([]byte(answer.Schema), &d))
		assert.Equal(t, versions[name], d.Version)
		for token := range types {
			_, has := d.Resources[token]
			assert.Equal(t, strings.HasPrefix(token, name+":"), has, token)
		}
		for _, one := range strings.Split(answer.Schema, `"$ref":"`)[1:] {
			ref, _, _ := strings.Cut(one, `"`)
			if ref != "pulumi.json#/Any" {
				assert.Contains(t, d.Types, strings.TrimPrefix(ref, "#/types/"))
			}
		}
	}
}

// TestVersionsAreThoseOfGoMod checks that a newer provider in go.mod does not go unnoticed here: properties.txt has the facts of one
// version.
func TestVersionsAreThoseOfGoMod(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	sdks := regexp.MustCompile(`pulumi-(gcp|github)/sdk/v\d+ v(\S+)`).FindAllStringSubmatch(string(file), -1)
	require.Len(t, sdks, 2)
	for _, required := range sdks {
		assert.Equal(t, required[2], versions[required[1]], "compare properties.txt with the schema of %s %s first: CONTRIBUTING.md, "+
			"\"Raise the version of a provider\"", required[1], required[2])
	}
}

func TestSchemaOfSomeTypes(t *testing.T) {
	t.Parallel()
	d := schemaOf(GCP)
	text := describedProperty{Type: "string"}

	version := d.Resources["gcp:secretmanager/secretVersion:SecretVersion"]
	assert.Equal(t, []string{"secret"}, version.RequiredInputs)
	assert.Equal(t, text, version.InputProperties["secret"])
	assert.Equal(t, describedProperty{Type: "string", Secret: true}, version.Properties["secretData"])
	assert.Equal(t, describedProperty{Type: "boolean"}, version.InputProperties["enabled"])

	service := d.Resources["gcp:cloudrunv2/service:Service"]
	assert.Equal(t, describedProperty{Ref: "#/types/gcp:cloudrunv2/ServiceArgsTemplate:ServiceArgsTemplate"},
		service.InputProperties["template"])
	assert.Equal(t, describedProperty{Type: "object", AdditionalProperties: &text}, service.InputProperties["labels"])
	const container = "gcp:cloudrunv2/ServiceArgsTemplateContainers:ServiceArgsTemplateContainers"
	template := d.Types["gcp:cloudrunv2/ServiceArgsTemplate:ServiceArgsTemplate"]
	assert.Equal(t, describedProperty{Type: "array",
		Items: &describedProperty{Ref: "#/types/" + container}}, template.Properties["containers"])
	assert.Equal(t, describedProperty{Type: "integer"}, template.Properties["maxInstanceRequestConcurrency"])
	assert.Equal(t, []string{"image"}, d.Types[container].Required)

	source := d.Functions["gcp:organizations/getProject:getProject"]
	assert.Equal(t, text, source.Inputs.Properties["projectId"])
	assert.Equal(t, text, source.Outputs.Properties["number"])
}
