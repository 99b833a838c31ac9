package logging_test

import (
	"testing"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// TestRefusals checks what log-based metrics refuse, with the exact status and message.
func TestRefusals(t *testing.T) {
	t.Parallel()
	cloudtest.Refusals(t, []cloudtest.Refusal{
		{"metric filter", "POST", "/log/v2/projects/procureflow-dev/metrics", `{"name":"deployments"}`,
			"Bad Request INVALID_ARGUMENT: Log metric filter is empty. Log metric creation requires a filter."},
		{"metric extractor", "POST", "/log/v2/projects/procureflow-dev/metrics",
			`{"name":"deployments","filter":"x","labelExtractors":{"a":"EXTRACT(b)"}}`,
			"Bad Request INVALID_ARGUMENT: The label a has an extractor and is not in metric_descriptor.labels."},
	})
}
