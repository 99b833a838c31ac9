package rules

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// TestNoRuleReportsTheSample checks that what the benchmarks measure passes all rules.
func TestNoRuleReportsTheSample(t *testing.T) {
	t.Parallel()
	config, err := json.Marshal(ct.SampleOptions())
	require.NoError(t, err)
	configured, plain := ct.Start(t, Pack()), ct.Start(t, Pack())
	require.NoError(t, configured.Configure(string(config)))
	var reports []string
	for _, resource := range ct.Sample(5) {
		assert.Empty(t, configured.Analyze(resource).Diagnostics, resource.Type)
		for _, told := range plain.Analyze(resource).Diagnostics {
			reports = append(reports, told.Policy)
		}
	}
	assert.ElementsMatch(t, []string{"run-image-registry", "run-nonroot"}, reports, "rules for which the sample needs options")
}
