package iam_test

import (
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
	w.Clock.Advance(8 * 24 * time.Hour)
	assert.Equal(t,
		"Bad Request FAILED_PRECONDITION: The role named projects/procureflow-dev/roles/custom was deleted more than 7 days ago.",
		w.Refused("POST", roles+"/custom:undelete", `{}`))
	w.Clock.Advance(30 * 24 * time.Hour)
	w.OK("POST", roles, `{"roleId":"custom"}`)
}
