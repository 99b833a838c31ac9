package rest_test

import (
	"testing"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// TestRefusals checks what all APIs refuse, with the exact status and message.
func TestRefusals(t *testing.T) {
	t.Parallel()
	cloudtest.Refusals(t, []cloudtest.Refusal{
		{"unknown API prefix", "GET", "/nothing/v1/x", "",
			"Not Found NOT_FOUND: The requested URL /nothing/v1/x was not found: the emulator serves run/v2, iam/v1, crm/v1, ar/v1, " +
				"sm/v1, mon/v3, mon/v1, budgets/v1, cb/v1, su/v1, log/v2, kms/v1, ca/v1, ca/v1beta1, ba/v1, cred/v1, cs/v1, sql/v1beta4, " +
				"sql/v1, storage/v1 and gh/api/v3."},
		{"unknown project", "GET", "/sm/v1/projects/other-project/secrets", "",
			"Forbidden PERMISSION_DENIED: Permission denied on resource project other-project."},
		{"unknown project at the resource manager", "GET", "/crm/v1/projects/other-project", "",
			"Forbidden PERMISSION_DENIED: The caller does not have permission"},
		{"unknown query parameter", "GET", "/sm/v1/projects/procureflow-dev/secrets?size=1", "",
			"Bad Request INVALID_ARGUMENT: Invalid JSON payload received. Unknown name \"size\": Cannot bind query parameter. Field " +
				"'size' could not be found in request message."},
		{"not JSON", "POST", "/sm/v1/projects/procureflow-dev/secrets?secretId=x", `{`,
			"Bad Request INVALID_ARGUMENT: Invalid JSON payload received. unexpected end of JSON input"},
		{"unknown field", "POST", "/sm/v1/projects/procureflow-dev/secrets?secretId=x", `{"replications":{}}`,
			"Bad Request INVALID_ARGUMENT: Invalid JSON payload received. Unknown name \"replications\" at 'secret': Cannot find field."},
		{"unknown place", "GET", "/run/v2/projects/procureflow-dev/locations/us-central9/services", "",
			"Forbidden PERMISSION_DENIED: Permission denied on 'locations/us-central9' (or it may not exist)."},
		{"policy without", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy", `{}`,
			"Bad Request INVALID_ARGUMENT: Request contains an invalid argument: policy is required."},
		{"policy etag", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy", `{"policy":{"etag":"c3RhbGU="}}`,
			"Conflict ABORTED: There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff. " +
				"The request's ETag 'c3RhbGU=' did not match the current policy's ETag 'ACAB'."},
		{"condition version", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy",
			`{"policy":{"bindings":[{"role":"roles/run.viewer","members":["user:a@example.com"],"condition":{"expression":"true"}}]}}`,
			"Bad Request INVALID_ARGUMENT: Specifying a condition requires policy version 3."},
		{"a condition that nobody evaluates", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy",
			`{"policy":{"bindings":[{"role":"roles/run.viewer","members":["user:a@example.com"],"condition":{"expression":"true"}}],"version":3}}`,
			"Not Implemented UNIMPLEMENTED: This emulator does not evaluate conditions: serve it with Conditions in its options, as " +
				"cmd/emulator and cmd/sandbox do."},
		{"policy without a resource", "GET", "/sm/v1/projects/procureflow-dev/secrets/none:getIamPolicy", "",
			"Not Found NOT_FOUND: Secret [projects/123456789012/secrets/none] not found."},
	})
}
