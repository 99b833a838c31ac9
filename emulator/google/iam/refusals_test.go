package iam_test

import (
	"testing"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// TestRefusals checks what IAM refuses, and which members and roles a binding may not name, with the exact status and message.
func TestRefusals(t *testing.T) {
	t.Parallel()
	cloudtest.Refusals(t, []cloudtest.Refusal{
		{"account id", "POST", "/iam/v1/projects/procureflow-dev/serviceAccounts", `{"accountId":"ab"}`,
			"Bad Request INVALID_ARGUMENT: Invalid account_id \"ab\": it must be 6 to 30 lower-case letters, digits and hyphens, begin " +
				"with a letter and not end with a hyphen."},
		{"account twice", "POST", "/iam/v1/projects/procureflow-dev/serviceAccounts", `{"accountId":"runtime"}`,
			"Conflict ALREADY_EXISTS: Service account runtime already exists within project projects/procureflow-dev."},
		{"account missing", "GET", "/iam/v1/projects/procureflow-dev/serviceAccounts/none@procureflow-dev.iam.gserviceaccount.com", "",
			"Not Found NOT_FOUND: Unknown service account: projects/procureflow-dev/serviceAccounts/none@procureflow-dev.iam.gserviceaccount.com."},
		{"account display name", "POST", "/iam/v1/projects/procureflow-dev/serviceAccounts",
			`{"accountId":"another","serviceAccount":{"displayName":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}}`,
			"Bad Request INVALID_ARGUMENT: The display name is longer than 100 bytes."},
		{"pool id", "POST", "/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools?workloadIdentityPoolId=abc", `{}`,
			"Bad Request INVALID_ARGUMENT: Invalid id \"abc\": it must be 4 to 32 lower-case letters, digits and hyphens."},
		{"pool prefix", "POST", "/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools?workloadIdentityPoolId=gcp-pool", `{}`,
			"Bad Request INVALID_ARGUMENT: Invalid id \"gcp-pool\": the prefix \"gcp-\" is reserved."},
		{"pool twice", "POST", "/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools?workloadIdentityPoolId=github", `{}`,
			"Conflict ALREADY_EXISTS: Requested entity already exists"},
		{"pool elsewhere", "POST",
			"/iam/v1/projects/procureflow-dev/locations/us-central1/workloadIdentityPools?workloadIdentityPoolId=github", `{}`,
			"Not Found NOT_FOUND: Requested entity was not found."},
		{"provider without pool", "POST",
			"/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools/none/providers?workloadIdentityPoolProviderId=oidc1", `{}`,
			"Not Found NOT_FOUND: Requested entity was not found."},
		{"provider without condition", "POST",
			"/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools/github/providers?workloadIdentityPoolProviderId=oidc1",
			`{"oidc":{"issuerUri":"https://token.actions.githubusercontent.com"},"attributeMapping":{"google.subject":"assertion.sub"}}`,
			"Bad Request INVALID_ARGUMENT: The attribute condition must reference one of the provider's claims. For more information, " +
				"see https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions"},
		{"provider without subject", "POST",
			"/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools/github/providers?workloadIdentityPoolProviderId=oidc1",
			`{"oidc":{"issuerUri":"https://x.example"},"attributeMapping":{"attribute.a":"assertion.a"}}`,
			"Bad Request INVALID_ARGUMENT: The attribute mapping must map google.subject."},
		{"provider issuer", "POST",
			"/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools/github/providers?workloadIdentityPoolProviderId=oidc1",
			`{"oidc":{"issuerUri":"http://x.example"},"attributeMapping":{"google.subject":"assertion.sub"}}`,
			"Bad Request INVALID_ARGUMENT: Invalid issuer_uri \"http://x.example\": it must be a valid URI that begins with https://."},
		{"provider attribute", "POST",
			"/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools/github/providers?workloadIdentityPoolProviderId=oidc1",
			`{"oidc":{"issuerUri":"https://x.example"},"attributeMapping":{"google.subject":"assertion.sub","attribute.A":"assertion.a"}}`,
			"Bad Request INVALID_ARGUMENT: Invalid attribute mapping key \"attribute.A\": use google.subject, google.groups or " +
				"attribute.NAME with lower-case letters, digits and underscores."},
		{"role id", "POST", "/iam/v1/projects/procureflow-dev/roles", `{"roleId":"a-b"}`,
			"Bad Request INVALID_ARGUMENT: The role_id \"a-b\" is invalid: it must have 3 to 64 letters, digits, underscores or periods."},
		{"role twice", "POST", "/iam/v1/projects/procureflow-dev/roles", `{"roleId":"custom"}`,
			"Conflict ALREADY_EXISTS: A role named custom in projects/procureflow-dev already exists."},
		{"role permission", "POST", "/iam/v1/projects/procureflow-dev/roles", `{"roleId":"other","role":{"includedPermissions":["everything"]}}`,
			"Bad Request INVALID_ARGUMENT: Permission everything is not valid."},
		{"role missing", "GET", "/iam/v1/projects/procureflow-dev/roles/none", "",
			"Not Found NOT_FOUND: The role named projects/procureflow-dev/roles/none was not found."},
		{"member account", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy",
			`{"policy":{"bindings":[{"role":"roles/run.viewer","members":["serviceAccount:none@procureflow-dev.iam.gserviceaccount.com"]}]}}`,
			"Bad Request INVALID_ARGUMENT: Service account none@procureflow-dev.iam.gserviceaccount.com does not exist."},
		{"member kind", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy",
			`{"policy":{"bindings":[{"role":"roles/run.viewer","members":["none@example.com"]}]}}`,
			"Bad Request INVALID_ARGUMENT: The member none@example.com is of an unknown type. Please set a valid type prefix for the member."},
		{"member pool", "POST",
			"/iam/v1/projects/procureflow-dev/serviceAccounts/runtime@procureflow-dev.iam.gserviceaccount.com:setIamPolicy",
			`{"policy":{"bindings":[{"role":"roles/iam.workloadIdentityUser","members":["principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/none/attribute.ref/x"]}]}}`,
			"Bad Request INVALID_ARGUMENT: Identity Pool does not exist " +
				"(projects/123456789012/locations/global/workloadIdentityPools/none). Please check that you specified a valid resource " +
				"name as returned in the `name` attribute in the configuration API."},
		{"role unknown", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy",
			`{"policy":{"bindings":[{"role":"roles/run.everything","members":["allUsers"]}]}}`,
			"Bad Request INVALID_ARGUMENT: Role roles/run.everything is not supported for this resource."},
		{"role custom unknown", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy",
			`{"policy":{"bindings":[{"role":"projects/procureflow-dev/roles/none","members":["allUsers"]}]}}`,
			"Bad Request INVALID_ARGUMENT: Role (projects/procureflow-dev/roles/none) does not exist in the resource's hierarchy."},
	})
}
