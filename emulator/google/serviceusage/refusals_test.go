package serviceusage_test

import (
	"testing"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// TestRefusals checks what Service Usage refuses, and requests to disabled APIs, with the exact status and message.
func TestRefusals(t *testing.T) {
	t.Parallel()
	cloudtest.Refusals(t, []cloudtest.Refusal{
		{"API is off", "GET", "/run/v2/projects/bare-project/locations/us-central1/services", "",
			"Forbidden PERMISSION_DENIED: Cloud Run Admin API has not been used in project 42 before or it is disabled. Enable it by " +
				"visiting https://console.developers.google.com/apis/api/run.googleapis.com/overview?project=42 then retry. If you " +
				"enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."},
		{"unknown API", "POST", "/su/v1/projects/procureflow-dev/services/nothing.googleapis.com:enable", "",
			"Forbidden PERMISSION_DENIED: Not found or permission denied for service(s): nothing.googleapis.com."},
		{"always on", "POST", "/su/v1/projects/procureflow-dev/services/serviceusage.googleapis.com:disable", "",
			"Bad Request FAILED_PRECONDITION: The emulator keeps serviceusage.googleapis.com on in every project."},
	})
}
