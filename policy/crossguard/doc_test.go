package crossguard_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// TestPackageExample checks that the package's example reports what its comments promise.
func TestPackageExample(t *testing.T) {
	t.Parallel()
	age := func(days any) any { return object{"condition": object{"age": days}} }
	c := ct.Start(t, storage)
	for name, test := range map[string]struct {
		properties ct.Properties
		want       []string
	}{
		"good": {ct.Properties{"publicAccessPrevention": "enforced", "lifecycleRules": []any{age(30)}}, nil},
		"bad": {ct.Properties{"publicAccessPrevention": ct.Secret{Value: "inherited"},
			"lifecycleRules": []any{age(30), age("400"), age(nil)}}, []string{
			"publicAccessPrevention is [secret]: set it to enforced", "lifecycleRules[1].condition.age is 400: set it to 365 or less",
			"lifecycleRules[2].condition.age is absent: set it to 365 or less"}},
		"absent": {nil, []string{"publicAccessPrevention is inherited: set it to enforced", "lifecycleRules is empty: add one"}},
		"unknown": {ct.Properties{"publicAccessPrevention": ct.Unknown, "lifecycleRules": []any{age(ct.Unknown), age(400)}}, []string{
			"not checked: publicAccessPrevention is known only after the update", "lifecycleRules[1].condition.age is 400: set it to 365 or less",
			"not checked: lifecycleRules[0].condition.age is known only after the update"}},
	} {
		assert.Equal(t, test.want, c.Analyze(ct.Resource{Type: bucket, Properties: test.properties}).Messages(), name)
	}
	assert.Equal(t, []string{"has no budget: add a billing.Budget"}, c.AnalyzeStack(ct.Resource{Type: bucket}).Messages())
	assert.Empty(t, c.AnalyzeStack(ct.Resource{Type: budget}).Messages())

	key := ct.Resource{Type: "gcp:kms/cryptoKey:CryptoKey"}
	foreign := ct.Resource{Type: bucket, Properties: ct.Properties{"encryption": object{"defaultKmsKeyName": "projects/p/…"}}}
	own := foreign
	own.PropertyDependencies = map[string][]string{"encryption": {key.URN()}}
	assert.Equal(t, []string{"encryption names a key from elsewhere: take the id of a kms.CryptoKey of this stack"},
		c.AnalyzeStack(key, foreign).Of("own-key").Messages())
	assert.Empty(t, c.AnalyzeStack(key, own).Of("own-key").Messages())

	require.NoError(t, c.Configure(`{"no-public-bucket": "remediate"}`))
	corrected, did := c.Remediate(ct.Resource{Type: bucket, Properties: ct.Properties{"name": "b"}})
	assert.Equal(t, []string{"no-public-bucket"}, did.Policies)
	assert.Equal(t, ct.Properties{"name": "b", "publicAccessPrevention": "enforced"}, corrected)
}
