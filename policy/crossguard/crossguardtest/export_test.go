package crossguardtest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

const exportedStack = `{"version": 3, "deployment": {"resources": [
	{"urn": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod", "type": "pulumi:pulumi:Stack"},
	{"urn": "urn:pulumi:prod::shop::pulumi:providers:gcp::main", "custom": true, "id": "1", "type": "pulumi:providers:gcp", "inputs": {"region": "us-east1"}},
	{"urn": "urn:pulumi:prod::shop::shop:web:Site::site", "type": "shop:web:Site", "parent": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod"},
	{"urn": "urn:pulumi:prod::shop::shop:web:Site$gcp:storage/bucket:Bucket::files", "custom": true, "id": "2", "type": "gcp:storage/bucket:Bucket",
		"parent": "urn:pulumi:prod::shop::shop:web:Site::site", "provider": "urn:pulumi:prod::shop::pulumi:providers:gcp::main::1", "protect": true,
		"dependencies": ["urn:pulumi:prod::shop::shop:web:Site::site"], "propertyDependencies": {"name": ["urn:x"]}, "ignoreChanges": ["labels"],
		"customTimeouts": {"create": 90},
		"inputs": {"name": "b", "list": [{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": "{\"key\":\"hunter2\"}"}],
			"sealed": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abcd"}},
		"outputs": {"name": "b", "url": "gs://b"}},
	{"urn": "urn:pulumi:prod::shop::gcp:storage/bucket:Bucket::old", "custom": true, "id": "3", "type": "gcp:storage/bucket:Bucket", "delete": true}
]}}`

func TestExportsAreRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "stack.json")
	require.NoError(t, os.WriteFile(file, []byte(exportedStack), 0o600))
	all := LoadExport(t, file)
	require.Len(t, all, 4)
	files := all[3]
	assert.Equal(t, "urn:pulumi:prod::shop::shop:web:Site$gcp:storage/bucket:Bucket::files", files.URN())
	assert.Equal(t, []string{"gcp:storage/bucket:Bucket", "files", "site", "main"},
		[]string{files.Type, files.Name, files.Parent.Name, files.Provider.Name})
	assert.Equal(t, Properties{"name": "b", "list": []any{Secret{Value: map[string]any{"key": "hunter2"}}},
		"sealed": Secret{Value: Unknown}}, files.Properties)
	assert.Equal(t, Properties{"name": "b", "url": "gs://b"}, files.Outputs)
	assert.Equal(t, crossguard.Options{Protect: true, IgnoreChanges: []string{"labels"}, Parent: all[2].URN(),
		CreateTimeout: 90 * time.Second}, files.Options)
	assert.Equal(t, []bool{true, false, true, false}, []bool{all[0].Component, all[1].Component, all[2].Component, files.Component})

	pack := crossguard.Pack{Name: "test", Version: "1.0.0", Policies: []crossguard.Policy{
		{Name: "p", Description: "P.", Types: []string{bucket}, Check: func(r *crossguard.Resource) {
			provider, _ := r.Provider()
			r.Violation("%s in %s", r.StringOr("name", ""), provider.StringOr("region", ""))
			r.StringOr("sealed", "")
		}},
		{Name: "s", Description: "S.", CheckStack: func(s *crossguard.Stack) {
			s.Each([]string{bucket}, func(r *crossguard.Resource) {
				parent, _ := r.Parent()
				r.Violation("%s in %s", r.StringOr("url", ""), parent.Name)
			})
		}}}}
	assert.Equal(t, []string{"b in us-east1", "not checked: sealed is known only after the update", "gs://b in site"},
		Start(t, pack).Preview(all...).Messages())
}

func TestExportsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	secret := func(plaintext string) string {
		return `{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:a::b::c:d:E::f", "type": "c:d:E",
			"inputs": {"s": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": "` + plaintext + `"}}}]}}`
	}
	for content, want := range map[string]string{
		"{":              "this is not a stack's export: unexpected end",
		`{"version": 9}`: "has version 3 or 4, not 9",
		`{"version": 3, "deployment": {"resources": [{"urn": "x"}]}}`: `"x" is not a URN`,
		secret("hunter2"): "inputs of urn:pulumi:a::b::c:d:E::f: s: a secret's plain text is not JSON",
	} {
		_, err := ParseExport([]byte(content))
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

// TestExportIsReadBack checks that ParseExport reads the resources that Export writes for the engine's analysis.
func TestExportIsReadBack(t *testing.T) {
	t.Parallel()
	site := &Resource{Type: "shop:web:Site", Name: "site", Component: true}
	inner := &Resource{Type: "shop:web:Part", Name: "part", Component: true, Parent: site}
	one := Resource{Type: bucket, Parent: inner, Properties: Properties{"a": []any{Secret{Value: map[string]any{"b": 1.0}}}}}
	content, err := Export(one)
	require.NoError(t, err)
	all, err := ParseExport(content)
	require.NoError(t, err)
	require.Len(t, all, 4)
	assert.Equal(t, "urn:pulumi:dev::test::shop:web:Site$shop:web:Part$gcp:storage/bucket:Bucket::test", one.URN())
	assert.Equal(t, []string{"urn:pulumi:dev::test::pulumi:pulumi:Stack::test-dev", site.URN(), inner.URN(), one.URN()},
		[]string{all[0].URN(), all[1].URN(), all[2].URN(), all[3].URN()})
	assert.Equal(t, one.Properties, all[3].Properties)
	assert.Equal(t, inner.URN(), all[3].Parent.URN())
}
