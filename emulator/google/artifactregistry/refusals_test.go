package artifactregistry_test

import (
	"testing"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// TestRefusals checks what Artifact Registry refuses, with the exact status and message.
func TestRefusals(t *testing.T) {
	t.Parallel()
	cloudtest.Refusals(t, []cloudtest.Refusal{
		{"repository id", "POST", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=Web", `{"format":"DOCKER"}`,
			"Bad Request INVALID_ARGUMENT: Invalid repository_id \"Web\": it must begin with a letter, end with a letter or digit, and " +
				"have up to 63 lower-case letters, digits and hyphens."},
		{"repository twice", "POST", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=procureflow",
			`{"format":"DOCKER"}`,
			"Conflict ALREADY_EXISTS: the repository already exists"},
		{"repository format", "POST", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=web", `{}`,
			"Bad Request INVALID_ARGUMENT: Invalid repository: format must be specified."},
		{"repository format is immutable", "PATCH",
			"/ar/v1/projects/procureflow-dev/locations/us-central1/repositories/procureflow?updateMask=format", `{"format":"MAVEN"}`,
			"Bad Request INVALID_ARGUMENT: Field 'format' is immutable."},
		{"repository without mask", "PATCH", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories/procureflow", `{}`,
			"Bad Request INVALID_ARGUMENT: Request must contain a valid update mask: update_mask is required."},
		{"repository mask", "PATCH", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories/procureflow?updateMask=descripton", `{}`,
			"Bad Request INVALID_ARGUMENT: Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), \"descripton\""},
		{"clean-up keep count", "POST", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=web",
			`{"format":"DOCKER","cleanupPolicies":{"k":{"action":"KEEP","mostRecentVersions":{}}}}`,
			"Bad Request INVALID_ARGUMENT: Invalid cleanup policy \"k\": keep_count must be at least 1."},
		{"clean-up action", "POST", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=web",
			`{"format":"DOCKER","cleanupPolicies":{"k":{"condition":{"tagState":"ANY"}}}}`,
			"Bad Request INVALID_ARGUMENT: Invalid cleanup policy \"k\": action must be KEEP or DELETE."},
		{"label", "POST", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=web",
			`{"format":"DOCKER","labels":{"A":"b"}}`,
			"Bad Request INVALID_ARGUMENT: Invalid label \"A\": keys begin with a lower-case letter, and keys and values have up to 63 " +
				"lower-case letters, digits, underscores and hyphens."},
	})
}
