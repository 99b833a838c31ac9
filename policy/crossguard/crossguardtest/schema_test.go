package crossguardtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

const (
	bucket  = "gcp:storage/bucket:Bucket"
	account = "gcp:serviceaccount/account:Account"

	resources = `"resources": {
		"gcp:storage/bucket:Bucket": {
			"inputProperties": {
				"versioning": {"$ref": "#/types/gcp:storage/Versioning:Versioning"},
				"rules": {"type": "array", "items": {"$ref": "#/types/gcp:storage/Rule:Rule"}},
				"labels": {"type": "object", "additionalProperties": {"type": "string"}},
				"free": {"$ref": "pulumi.json#/Any"}},
			"properties": {"url": {"type": "string"}}},
		"gcp:serviceaccount/account:Account": {"inputProperties": {"accountId": {"type": "string"}}, "properties": {}}},
	"types": {
		"gcp:storage/Versioning:Versioning": {"properties": {"enabled": {"type": "boolean"}}},
		"gcp:storage/Rule:Rule": {"properties": {"age": {"type": "integer"}}}}}`
)

func writeSchema(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gcp.json")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

// against runs one policy on a bucket and returns the problems that the schema check reports.
func against(t *testing.T, file string, policy crossguard.Policy) []string {
	t.Helper()
	policy.Name, policy.Description = "p", "P."
	seen := &recorder{}
	c := Start(seen, crossguard.Pack{Name: "test", Version: "1.0.0", Policies: []crossguard.Policy{policy}}, Schema(file))
	c.Preview(Resource{Type: bucket, Properties: Properties{"rules": []any{map[string]any{"age": 1}}}})
	seen.end()
	var texts []string
	for _, problem := range seen.problems {
		texts = append(texts, problem.Error())
	}
	return texts
}

func TestMisspeltPathsAndTypesFailTheTest(t *testing.T) {
	t.Parallel()
	whole := writeSchema(t, `{"name": "gcp", "provider": {}, `+resources)
	excerpt := writeSchema(t, `{"name": "gcp", `+resources)
	reads := func(do func(*crossguard.Resource)) crossguard.Policy {
		return crossguard.Policy{Types: []string{bucket}, Check: do}
	}
	for name, test := range map[string]struct {
		file   string
		policy crossguard.Policy
		want   []string
	}{
		"right": {whole, reads(func(r *crossguard.Resource) {
			r.BoolOr("versioning.enabled", false)
			r.IntOr("rules[0].age", 0)
			r.StringOr("labels"+crossguard.Key("any/key"), "")
			r.StringOr("free.as.air[3]", "")
			r.Has("__defaults")
			r.Each("rules", func(o crossguard.Object) { o.IntOr("age", 0) })
		}), nil},
		"at the top": {whole, reads(func(r *crossguard.Resource) { r.Has("versionning") }), []string{
			"p: reads versionning of gcp:storage/bucket:Bucket, where there is no versionning: did you mean versioning?"}},
		"nested below an absent parent": {whole, reads(func(r *crossguard.Resource) { r.BoolOr("versioning.enable", true) }), []string{
			"p: reads versioning.enable of gcp:storage/bucket:Bucket, where there is no enable: did you mean enabled?"}},
		"in a list, reported once": {whole, reads(func(r *crossguard.Resource) {
			r.Each("rules", func(o crossguard.Object) { o.IntOr("days", 0); o.IntOr("days", 1) })
		}), []string{"p: reads rules[0].days of gcp:storage/bucket:Bucket, where there is no days"}},
		"in a plain value": {whole, reads(func(r *crossguard.Resource) { r.Has("versioning.enabled.really") }), []string{
			"p: reads versioning.enabled.really of gcp:storage/bucket:Bucket, where there is no really"}},
		"an output of a resource": {whole, reads(func(r *crossguard.Resource) { r.Has("url") }), []string{
			"p: reads url of gcp:storage/bucket:Bucket, where there is no url"}},
		"an output in a stack": {whole, crossguard.Policy{CheckStack: func(s *crossguard.Stack) {
			s.Each([]string{bucket}, func(r *crossguard.Resource) { r.Has("url"); r.Has("id") })
		}}, nil},
		"in a remedy": {whole, crossguard.Policy{Types: []string{bucket}, Enforcement: crossguard.Remediate, Check: func(*crossguard.Resource) {},
			Remediate: func(r *crossguard.Remedy) { r.Set("versioning.on", true) }}, nil}, // Preview remediates nothing
		"a type": {whole, crossguard.Policy{Types: []string{"gcp:storage/buckett:Buckett"}, Check: func(*crossguard.Resource) {}}, []string{
			"p: there is no type gcp:storage/buckett:Buckett in gcp: did you mean gcp:storage/bucket:Bucket?"}},
		"a type in a stack policy": {whole,
			crossguard.Policy{CheckStack: func(s *crossguard.Stack) { s.Count("gcp:pubsub/topic:Topic") }}, []string{
				"p: there is no type gcp:pubsub/topic:Topic in gcp"}},
		"a type of another package": {whole, crossguard.Policy{Types: []string{"aws:s3/bucket:Bucket"},
			Check: func(*crossguard.Resource) {}}, nil},
		"a property that only the policy's other type has": {whole, crossguard.Policy{Types: []string{bucket, account},
			Check: func(r *crossguard.Resource) { r.Has("accountId") }}, nil},
		"an excerpt without the type": {excerpt,
			crossguard.Policy{CheckStack: func(s *crossguard.Stack) { s.Count("gcp:pubsub/topic:Topic") }}, nil},
		"an excerpt with nearly the type": {excerpt,
			crossguard.Policy{CheckStack: func(s *crossguard.Stack) { s.Count("gcp:storage/buket:Buket") }}, []string{
				"p: there is no type gcp:storage/buket:Buket in gcp: did you mean gcp:storage/bucket:Bucket?"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, against(t, test.file, test.policy))
		})
	}
}

func TestRemediesAreCheckedAgainstTheSchema(t *testing.T) {
	t.Parallel()
	seen := &recorder{}
	c := Start(seen, crossguard.Pack{Name: "test", Version: "1.0.0", Policies: []crossguard.Policy{{Name: "p", Description: "P.",
		Enforcement: crossguard.Remediate,
		Types:       []string{bucket}, Remediate: func(r *crossguard.Remedy) { r.Set("versioning.on", true) }}}},
		Schema(writeSchema(t, `{"name": "gcp", "provider": {}, `+resources)))
	c.Remediate(Resource{Type: bucket})
	seen.end()
	require.Len(t, seen.problems, 1)
	assert.EqualError(t, seen.problems[0], "p: reads versioning.on of gcp:storage/bucket:Bucket, where there is no on")
}

func TestASchemaThatCannotBeReadFailsTheTest(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{"": "unexpected end of JSON",
		"{}": "is not a provider's schema: write what pulumi package get-schema prints"} {
		seen := &recorder{}
		file := writeSchema(t, content)
		assert.Panics(t, func() {
			Start(seen, crossguard.Pack{Name: "t", Version: "1.0.0", Policies: []crossguard.Policy{{Name: "p", Description: "P.",
				Check: func(*crossguard.Resource) {}}}}, Schema(file))
		})
		require.Len(t, seen.problems, 1)
		assert.ErrorContains(t, seen.problems[0], want)
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	pack := crossguard.Pack{Name: "test", Version: "1.0.0", Policies: []crossguard.Policy{
		{Name: "p", Description: "P.", Check: func(r *crossguard.Resource) { r.Violation("one") }},
		{Name: "s", Description: "S.", CheckStack: func(s *crossguard.Stack) { s.Violation("all") }}}}
	got, err := Judge(pack, `{"s": "mandatory"}`, Resource{Type: bucket})
	require.NoError(t, err)
	assert.Equal(t, []string{"one", "all"}, got.Messages())
	assert.Equal(t, []string{"advisory", "mandatory"}, []string{got.Diagnostics[0].Level, got.Diagnostics[1].Level})
	for _, config := range []string{`{"q": "mandatory"}`, `{"p": "strict"}`, `{`} {
		_, err = Judge(pack, config)
		assert.Error(t, err, config)
	}
	_, err = Judge(crossguard.Pack{}, "")
	assert.ErrorContains(t, err, "has no version")
	_, err = Judge(pack, "", Resource{Type: bucket, Properties: Properties{"x": fmt.Println}})
	assert.ErrorContains(t, err, "properties of urn:pulumi:dev::test::gcp:storage/bucket:Bucket::test")
}
