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

// TestAllocationsOfAService bounds how often the pack and the client that asks it allocate for one service. Time cannot be tested, but
// what makes a pack slow allocates: it was 2,600 when one rule walked all texts of a resource six times.
func TestAllocationsOfAService(t *testing.T) { // not parallel: all goroutines are counted
	client, service := ct.Start(t, Pack()), ct.Sample(1)[0]
	assert.Less(t, testing.AllocsPerRun(20, func() { client.Analyze(service) }), 1200.0)
}
