package secretmanager_test

import (
	"testing"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// TestRefusals checks what Secret Manager refuses, with the exact status and message.
func TestRefusals(t *testing.T) {
	t.Parallel()
	cloudtest.Refusals(t, []cloudtest.Refusal{
		{"secret id", "POST", "/sm/v1/projects/procureflow-dev/secrets?secretId=a.b", `{"replication":{"automatic":{}}}`,
			"Bad Request INVALID_ARGUMENT: The provided Secret ID [a.b] does not match the expected format [[a-zA-Z_0-9]+]."},
		{"secret twice", "POST", "/sm/v1/projects/procureflow-dev/secrets?secretId=key", `{"replication":{"automatic":{}}}`,
			"Conflict ALREADY_EXISTS: Secret [projects/123456789012/secrets/key] already exists."},
		{"secret replication", "POST", "/sm/v1/projects/procureflow-dev/secrets?secretId=new", `{}`,
			"Bad Request INVALID_ARGUMENT: Secret.replication must set exactly one of automatic and user_managed."},
		{"secret missing", "GET", "/sm/v1/projects/procureflow-dev/secrets/none", "",
			"Not Found NOT_FOUND: Secret [projects/123456789012/secrets/none] not found."},
		{"secret version missing", "GET", "/sm/v1/projects/procureflow-dev/secrets/key/versions/9:access", "",
			"Not Found NOT_FOUND: Secret Version [projects/123456789012/secrets/key/versions/9] not found."},
		{"secret version disabled", "GET", "/sm/v1/projects/procureflow-dev/secrets/key/versions/2:access", "",
			"Bad Request FAILED_PRECONDITION: Secret Version [projects/123456789012/secrets/key/versions/2] is in DISABLED state."},
		{"secret payload empty", "POST", "/sm/v1/projects/procureflow-dev/secrets/key:addVersion", `{"payload":{}}`,
			"Bad Request INVALID_ARGUMENT: Secret Payload cannot be empty."},
		{"secret payload encoding", "POST", "/sm/v1/projects/procureflow-dev/secrets/key:addVersion", `{"payload":{"data":"not base64!"}}`,
			"Bad Request INVALID_ARGUMENT: Invalid value at 'payload.data' (TYPE_BYTES), Base64 decoding failed."},
		{"secret payload checksum", "POST", "/sm/v1/projects/procureflow-dev/secrets/key:addVersion",
			`{"payload":{"data":"dmFsdWU=","dataCrc32c":"1"}}`,
			"Bad Request INVALID_ARGUMENT: The checksum of the Secret Payload does not match data_crc32c."},
	})
}
