package adopt_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
)

func TestReadPlan(t *testing.T) {
	t.Parallel()
	planned, err := adopt.ReadPlan(strings.NewReader(`{"steps": [
		{"op": "same", "newState": {"urn": "` + stackURN + `", "type": "pulumi:pulumi:Stack"}},
		{"op": "delete", "newState": {"urn": "gone", "type": "a:b:C"}}, {"op": "delete"}, {"op": "create"},
		{"op": "create", "newState": {"urn": "` + secretsURN + `", "type": "a:b:Secrets", "parent": "` + stackURN + `"}},
		{"op": "create", "newState": {"urn": "urn:pulumi:dev::p::a:b:Secrets$gcp:secretmanager/secret:Secret::secrets-key", "custom": true,
			"type": "gcp:secretmanager/secret:Secret", "parent": "` + secretsURN + `", "provider": "` + providerURN +
		`::04da6b54", "inputs": {"project": "p", "secretId": "key"}}}
	]}`))
	require.NoError(t, err)
	assert.Equal(t, []adopt.Planned{
		{URN: stackURN, Type: "pulumi:pulumi:Stack"},
		{URN: secretsURN, Type: "a:b:Secrets", New: true, Parent: stackURN},
		{URN: "urn:pulumi:dev::p::a:b:Secrets$gcp:secretmanager/secret:Secret::secrets-key", Type: "gcp:secretmanager/secret:Secret",
			New: true, Parent: secretsURN, Provider: providerURN, Inputs: map[string]any{"project": "p", "secretId": "key"}},
	}, planned)

	_, err = adopt.ReadPlan(strings.NewReader(`{"steps": [{"op": "same", "newState": {"urn": "x"}}], "changeSummary": {"same": 1}}`))
	require.NoError(t, err, "the plan is complete")
	assert.Equal(t, "x", adopt.ProviderURN("x"))
	_, err = adopt.ReadPlan(strings.NewReader("Previewing update (dev):"))
	assert.ErrorContains(t, err, "give the output of `pulumi preview --json --show-sames`")
	_, err = adopt.ReadPlan(strings.NewReader(`{"steps": [], "diagnostics": [{"severity": "error", "message": "no such stack\n"}]}`))
	assert.EqualError(t, err, "the preview failed, so its plan is not whole: no such stack")
	_, err = adopt.ReadPlan(strings.NewReader(
		`{"steps": [{"op": "same", "newState": {"urn": "x"}}], "changeSummary": {"same": 3, "create": 1}}`))
	assert.EqualError(t, err, "the plan leaves out 2 resources that do not change, so what the settings know would seem unknown: "+
		"give the output of `pulumi preview --json --show-sames`")
}

func TestNewFile(t *testing.T) {
	t.Parallel()
	component := adopt.Planned{URN: secretsURN, New: true, Type: "a:b:Secrets", Parent: stackURN}
	a, b := secret("a"), secret("b")
	adoptions := []adopt.Adoption{{Planned: a, ID: "projects/p/secrets/a"}, {Planned: b, ID: "projects/p/secrets/b"}}
	entries := []adopt.Entry{
		{Type: a.Type, Name: "secrets-a", ID: "projects/p/secrets/a", Parent: "secrets", Provider: "gcp"},
		{Type: b.Type, Name: "secrets-b", ID: "projects/p/secrets/b", Parent: "secrets", Provider: "gcp"},
	}

	file, err := adopt.NewFile([]adopt.Planned{component, a, b}, adoptions)
	require.NoError(t, err)
	assert.Equal(t, adopt.File{
		NameTable: map[string]string{"gcp": providerURN},
		Resources: append([]adopt.Entry{{Type: "a:b:Secrets", Name: "secrets", Component: true}}, entries...),
	}, file, "the component comes once, before its children")

	file, err = adopt.NewFile([]adopt.Planned{a, b}, adoptions)
	require.NoError(t, err)
	assert.Equal(t, adopt.File{NameTable: map[string]string{"gcp": providerURN, "secrets": secretsURN}, Resources: entries}, file,
		"a component in the state is referred to by its URN")

	outer := adopt.Planned{URN: "urn:pulumi:dev::p::a:b:Outer::outer", New: true, Type: "a:b:Outer", Parent: stackURN}
	component.Parent = outer.URN
	file, err = adopt.NewFile([]adopt.Planned{component, outer, a}, adoptions[:1])
	require.NoError(t, err)
	assert.Equal(t, []adopt.Entry{{Type: "a:b:Outer", Name: "outer", Component: true},
		{Type: "a:b:Secrets", Name: "secrets", Parent: "outer", Component: true}, entries[0]}, file.Resources, "and so does what it stands in")

	a.Provider = ""
	_, err = adopt.NewFile(nil, []adopt.Adoption{{Planned: a, ID: "x"}})
	assert.ErrorContains(t, err, "secrets-a has no provider in the plan")
}
