package iam_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const (
	p     = "/projects/" + cloudtest.Project
	trust = "/iam/v1" + p + "/locations/global/workloadIdentityPools"
)

func TestServiceAccount(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	const email = "runtime@procureflow-dev.iam.gserviceaccount.com"
	made := w.OK("POST", "/iam/v1"+p+"/serviceAccounts",
		`{"accountId":"runtime","serviceAccount":{"displayName":"Runtime","email":"mine@example.com"}}`)
	assert.Equal(t, email, made["email"])
	assert.Equal(t, "projects/procureflow-dev/serviceAccounts/"+email, made["name"])
	assert.Regexp(t, `^1[0-9]{20}$`, made["uniqueId"])
	for _, path := range []string{p + "/serviceAccounts/" + email, "/projects/-/serviceAccounts/" + email,
		p + "/serviceAccounts/" + made["uniqueId"].(string), "/projects/" + cloudtest.Number + "/serviceAccounts/" + email} {
		assert.Equal(t, made, w.OK("GET", "/iam/v1"+path, ""), path)
	}
	patched := w.OK("PATCH", "/iam/v1"+p+"/serviceAccounts/"+email,
		`{"serviceAccount":{"description":"d","uniqueId":"1"},"updateMask":"description,unique_id"}`)
	assert.Equal(t, "d", patched["description"])
	assert.Equal(t, "Runtime", patched["displayName"])
	assert.Equal(t, made["uniqueId"], patched["uniqueId"], "only the API writes it")
	put := w.OK("PUT", "/iam/v1"+p+"/serviceAccounts/"+email, `{"displayName":"Other","email":"mine@example.com"}`)
	for field, want := range map[string]any{"displayName": "Other", "description": nil, "email": email, "uniqueId": made["uniqueId"]} {
		assert.Equal(t, want, put[field], "%s: a PUT has no mask", field)
	}
	w.OK("POST", "/iam/v1"+p+"/serviceAccounts/"+email+":disable", `{}`)
	assert.Equal(t, true, w.OK("GET", "/iam/v1"+p+"/serviceAccounts/"+email, "")["disabled"])
	w.OK("POST", "/iam/v1"+p+"/serviceAccounts/"+email+":enable", `{}`)
	assert.Nil(t, w.OK("GET", "/iam/v1"+p+"/serviceAccounts/"+email, "")["disabled"])

	w.OK("POST", "/crm/v1"+p+":setIamPolicy", `{"policy":{"bindings":[{"role":"roles/run.viewer","members":["serviceAccount:`+email+`"]}]}}`)
	w.OK("DELETE", "/iam/v1"+p+"/serviceAccounts/"+email, "")
	again := w.OK("POST", "/iam/v1"+p+"/serviceAccounts", `{"accountId":"runtime"}`)
	assert.NotEqual(t, made["uniqueId"], again["uniqueId"])
	policy := w.OK("POST", "/crm/v1"+p+":getIamPolicy", `{}`)
	assert.Equal(t, "deleted:serviceAccount:"+email+"?uid="+made["uniqueId"].(string), cloudtest.Dig(policy, "bindings", 0, "members", 0),
		"the new account must not inherit")
}

func TestPoolIsDeletedSoftly(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	made := w.OK("POST", trust+"?workloadIdentityPoolId=github", `{"displayName":"GitHub"}`)
	assert.Equal(t, "projects/123456789012/locations/global/workloadIdentityPools/github", made["name"])
	assert.Equal(t, "ACTIVE", made["state"])
	w.OK("POST", trust+"/github/providers?workloadIdentityPoolProviderId=oidc",
		`{"oidc":{"issuerUri":"https://token.actions.githubusercontent.com"},
		"attributeMapping":{"google.subject":"assertion.sub"},"attributeCondition":"assertion.repository_id == '22'"}`)
	w.OK("DELETE", trust+"/github", "")
	deleted := w.OK("GET", trust+"/github", "")
	assert.Equal(t, "DELETED", deleted["state"])
	assert.Equal(t, "2026-12-23T12:00:00.000000Z", deleted["expireTime"])
	assert.Empty(t, w.OK("GET", trust, ""))
	assert.Len(t, w.OK("GET", trust+"?showDeleted=true", "")["workloadIdentityPools"], 1)
	assert.Equal(t, "Conflict ALREADY_EXISTS: Requested entity already exists",
		w.Refused("POST", trust+"?workloadIdentityPoolId=github", `{}`))
	w.OK("POST", trust+"/github:undelete", `{}`)
	assert.Equal(t, made, w.OK("GET", trust+"/github", ""))

	w.OK("DELETE", trust+"/github", "")
	w.Clock.Advance(31 * 24 * time.Hour)
	w.OK("POST", trust+"?workloadIdentityPoolId=github", `{}`)
	assert.Empty(t, w.OK("GET", trust+"/github/providers?showDeleted=true", ""), "a purged pool's providers are gone with it")
}

func TestRoleIsDeletedSoftly(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	const roles = "/iam/v1" + p + "/roles"
	w.OK("POST", roles, `{"roleId":"custom","role":{"title":"T","stage":"GA","includedPermissions":["run.services.get","run.services.get"]}}`)
	assert.Equal(t, []any{"run.services.get"}, w.OK("GET", roles+"/custom", "")["includedPermissions"])
	assert.Equal(t, true, w.OK("DELETE", roles+"/custom", "")["deleted"])
	const taken = "Bad Request FAILED_PRECONDITION: You can't create a role with role_id (custom) where there is an existing role with " +
		"that role_id in a deleted state."
	assert.Equal(t, taken, w.Refused("POST", roles, `{"roleId":"custom"}`))
	assert.Nil(t, w.OK("POST", roles+"/custom:undelete", `{}`)["deleted"])
	w.OK("DELETE", roles+"/custom", "")
	w.Clock.Advance(7 * 24 * time.Hour)
	w.OK("POST", roles+"/custom:undelete", `{}`)
	w.OK("DELETE", roles+"/custom", "")
	w.Clock.Advance(7*24*time.Hour + time.Second)
	assert.Equal(t,
		"Bad Request FAILED_PRECONDITION: The role named projects/procureflow-dev/roles/custom was deleted more than 7 days ago.",
		w.Refused("POST", roles+"/custom:undelete", `{}`))
	w.Clock.Advance(30*24*time.Hour - time.Second)
	assert.Equal(t, taken, w.Refused("POST", roles, `{"roleId":"custom"}`))
	w.Clock.Advance(time.Second)
	w.OK("POST", roles, `{"roleId":"custom"}`)
}

// TestPoolRulesAndDeletion checks a pool's attestation rules, and that a test can free the ids of deleted pools.
func TestPoolRulesAndDeletion(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	w.OK("POST", trust+"?workloadIdentityPoolId=github", `{}`)
	assert.Empty(t, w.OK("GET", trust+"/github:listAttestationRules", ""))
	rule := `{"googleCloudResource":"//run.googleapis.com/projects/1/name/a"}`
	const shown = "projects/123456789012/locations/global/workloadIdentityPools/github"
	assert.Equal(t, shown, w.OK("POST", trust+"/github:setAttestationRules", `{"attestationRules":[`+rule+`]}`)["name"])
	assert.Len(t, w.OK("GET", trust+"/github:listAttestationRules", "")["attestationRules"], 1)
	assert.Equal(t, "Bad Request INVALID_ARGUMENT: A pool has at most 50 attestation rules.",
		w.Refused("POST", trust+"/github:setAttestationRules", `{"attestationRules":[`+strings.Repeat(rule+",", 50)+rule+`]}`))

	assert.Equal(t, "Bad Request FAILED_PRECONDITION: The resource "+shown+" is not deleted.",
		w.Refused("POST", trust+"/github:undelete", `{}`))
	w.OK("DELETE", trust+"/github", "")
	for _, request := range []struct{ method, path, want string }{
		{"DELETE", trust + "/github", "is already deleted."},
		{"PATCH", trust + "/github?updateMask=description", "is deleted: undelete it first."},
	} {
		assert.Equal(t, "Bad Request FAILED_PRECONDITION: The resource "+shown+" "+request.want, w.Refused(request.method, request.path, ""))
	}
	w.OK("POST", trust+"?workloadIdentityPoolId=second", `{}`)
	w.OK("DELETE", trust+"/second", "")
	require.NoError(t, w.Cloud.ForgetDeleted(cloudtest.Project))
	w.OK("POST", trust+"?workloadIdentityPoolId=second", `{}`)
	w.OK("POST", trust+"?workloadIdentityPoolId=github", `{}`)
	assert.Empty(t, w.OK("GET", trust+"/github:listAttestationRules", ""), "the new pool has no rules of the old one")
}

// TestDeletedRole checks that a deleted role can only be undeleted.
func TestDeletedRole(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	const role = "/iam/v1" + p + "/roles/custom"
	w.OK("POST", "/iam/v1"+p+"/roles", `{"roleId":"custom","role":{"title":"T"}}`)
	grant := `{"policy":{"bindings":[{"role":"projects/procureflow-dev/roles/custom","members":["user:a@example.com"]}]}}`
	w.OK("POST", "/crm/v1"+p+":setIamPolicy", grant)
	const refused = "Bad Request FAILED_PRECONDITION: The role named projects/procureflow-dev/roles/custom is "
	assert.Equal(t, refused+"not deleted.", w.Refused("POST", role+":undelete", `{}`))
	w.OK("DELETE", role, "")
	assert.Equal(t, refused+"already deleted.", w.Refused("DELETE", role, ""))
	assert.Equal(t, refused+"deleted: undelete it first.", w.Refused("PATCH", role+"?updateMask=title", `{"title":"U"}`))
	assert.Equal(t, "Bad Request INVALID_ARGUMENT: Role (projects/procureflow-dev/roles/custom) does not exist in the resource's hierarchy.",
		w.Refused("POST", "/crm/v1"+p+":setIamPolicy", grant))
	assert.Empty(t, w.OK("GET", "/iam/v1"+p+"/roles", ""))
	assert.Len(t, w.OK("GET", "/iam/v1"+p+"/roles?showDeleted=true", "")["roles"], 1)
}
