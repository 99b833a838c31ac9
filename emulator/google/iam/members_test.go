package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// TestMembersOfABinding checks which members a binding may name: only those that exist, in the form of their kind.
func TestMembersOfABinding(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	w.OK("POST", "/iam/v1"+p+"/serviceAccounts", `{"accountId":"runtime"}`)
	w.OK("POST", trust+"?workloadIdentityPoolId=github", `{}`)
	w.OK("POST", trust+"?workloadIdentityPoolId=gone", `{}`)
	w.OK("DELETE", trust+"/gone", "")
	const (
		pool    = "://iam.googleapis.com/projects/" + cloudtest.Number + "/locations/global/workloadIdentityPools/"
		unknown = "Bad Request INVALID_ARGUMENT: The member %s is of an unknown type. Please set a valid type prefix for the member."
		address = "Bad Request INVALID_ARGUMENT: Invalid member %s: x is not an email address."
		account = "Bad Request INVALID_ARGUMENT: Service account %s does not exist."
		noPool  = "Bad Request INVALID_ARGUMENT: Identity Pool does not exist (projects/" + cloudtest.Number + "/locations/global/" +
			"workloadIdentityPools/%s). Please check that you specified a valid resource name as returned in the `name` attribute in the " +
			"configuration API."
	)
	for member, refused := range map[string]string{
		"allUsers": "", "allAuthenticatedUsers": "", "allUsers:x": unknown,
		"user:a@example.com": "", "group:a@example.com": "", "user:x": address, "group:x": address,
		"domain:example.com": "", "domain:example": unknown,
		"projectOwner:" + cloudtest.Project: "", "projectViewer:none": unknown,
		"deleted:serviceAccount:a@b.iam.gserviceaccount.com?uid=1": "", "deleted:user:a@example.com": unknown,
		"serviceAccount:runtime@" + cloudtest.Project + ".iam.gserviceaccount.com":                      "",
		"serviceAccount:none@" + cloudtest.Project + ".iam.gserviceaccount.com":                         account,
		"serviceAccount:runtime@example.com":                                                            account,
		"serviceAccount:" + cloudtest.Number + "-compute@developer.gserviceaccount.com":                 "",
		"serviceAccount:" + cloudtest.Number + "@developer.gserviceaccount.com":                         account,
		"serviceAccount:" + cloudtest.Number + "-compute@example.com":                                   account,
		"serviceAccount:1-compute@developer.gserviceaccount.com":                                        account,
		"serviceAccount:service-" + cloudtest.Number + "@serverless-robot-prod.iam.gserviceaccount.com": "",
		"serviceAccount:service-" + cloudtest.Number + "@gcp-sa-pubsub.iam.gserviceaccount.com":         "",
		"serviceAccount:" + cloudtest.Number + "@gcp-sa-pubsub.iam.gserviceaccount.com":                 account,
		"principalSet" + pool + "github/attribute.ref/x":                                                "",
		"principal" + pool + "github/subject/x":                                                         "",
		"principalSet" + pool + "github/*":                                                              "",
		"principalSet" + pool + "github/anything/x":                                                     unknown,
		"principalSet" + pool + "gone/*":                                                                fmt.Sprintf(noPool, "gone"),
		"principalSet" + pool + "none/*":                                                                fmt.Sprintf(noPool, "none"),
		"principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github/attribute.ref/x": strings.Replace(
			fmt.Sprintf(noPool, "github"), "projects/"+cloudtest.Number, "projects/1", 1),
		"serviceAccount:other-" + cloudtest.Number + "@gcp-sa-binaryauthorization.iam.gserviceaccount.com": account,
		"principalSet" + pool + "github/attribute.a_b/c":                                                   "",
		"principalSet" + pool + "github/attribute.A/c":                                                     unknown,
		"principal" + pool + "github/subject/repo:a/b":                                                     "",
		"principalSet" + pool + "githubx/attribute.a/b":                                                    fmt.Sprintf(noPool, "githubx"),
		"robot:a": unknown, "x@example.com": unknown,
	} {
		const path = "/crm/v1" + p + ":setIamPolicy"
		body := fmt.Sprintf(`{"policy":{"bindings":[{"role":"roles/run.viewer","members":[%q]}]}}`, member)
		if refused == "" {
			w.OK("POST", path, body)
			continue
		}
		refused = strings.ReplaceAll(refused, "%s", strings.TrimPrefix(member, "serviceAccount:"))
		assert.Equal(t, refused, w.Refused("POST", path, body), member)
	}
}

// TestTextsAtTheirLimits checks the longest texts and the most entries that IAM accepts, and that one more is refused.
func TestTextsAtTheirLimits(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	w.OK("POST", trust+"?workloadIdentityPoolId=github", `{}`)
	text := func(length int) string { return strings.Repeat("x", length) }
	list := func(count int, one string) string {
		return strings.TrimSuffix(strings.Repeat(one+",", count), ",")
	}
	attributes := func(count int) string {
		var all []string
		for i := range count - 1 {
			all = append(all, fmt.Sprintf(`"attribute.a%d":"'x'"`, i))
		}
		return strings.Join(append(all, `"google.subject":"assertion.sub"`), ",")
	}
	const provider = trust + "/github/providers?workloadIdentityPoolProviderId="
	oidc := `{"oidc":{"issuerUri":"https://x.example"},"attributeMapping":{%s},"attributeCondition":%q}`
	for i, test := range []struct {
		path, body string // %d is the test's number.
		refused    string
	}{
		{"/iam/v1" + p + "/serviceAccounts", `{"accountId":"account%d","serviceAccount":{"displayName":"` + text(100) + `"}}`, ""},
		{"/iam/v1" + p + "/serviceAccounts", `{"accountId":"account%d","serviceAccount":{"displayName":"` + text(101) + `"}}`,
			"The display name is longer than 100 bytes."},
		{"/iam/v1" + p + "/serviceAccounts", `{"accountId":"account%d","serviceAccount":{"description":"` + text(256) + `"}}`, ""},
		{"/iam/v1" + p + "/serviceAccounts", `{"accountId":"account%d","serviceAccount":{"description":"` + text(257) + `"}}`,
			"The description is longer than 256 bytes."},
		{trust + "?workloadIdentityPoolId=pool%d", `{"displayName":"` + text(32) + `","description":"` + text(256) + `"}`, ""},
		{trust + "?workloadIdentityPoolId=pool%d", `{"displayName":"` + text(33) + `"}`,
			"Invalid display_name: it is longer than 32 characters."},
		{trust + "?workloadIdentityPoolId=pool%d", `{"description":"` + text(257) + `"}`, "Invalid description: it is longer than 256 characters."},
		{"/iam/v1" + p + "/roles", `{"roleId":"role%d","role":{"title":"` + text(100) + `"}}`, ""},
		{"/iam/v1" + p + "/roles", `{"roleId":"role%d","role":{"title":"` + text(101) + `"}}`, "The role's title is longer than 100 bytes."},
		{provider + "oidc%d", fmt.Sprintf(oidc, attributes(50), text(4096)), ""},
		{provider + "oidc%d", fmt.Sprintf(oidc, attributes(51), ""), "The attribute mapping has more than 50 keys."},
		{provider + "oidc%d", fmt.Sprintf(oidc, attributes(1), text(4097)), "The attribute condition is longer than 4096 characters."},
		{trust + "/github:setAttestationRules", `{"attestationRules":[` + list(50, `{}`) + `]}`, ""},
		{trust + "/github:setAttestationRules", `{"attestationRules":[` + list(51, `{}`) + `]}`, "A pool has at most 50 attestation rules."},
	} {
		path, body := strings.Replace(test.path, "%d", fmt.Sprint(i), 1), strings.Replace(test.body, "%d", fmt.Sprint(i), 1)
		if test.refused == "" {
			w.OK("POST", path, body)
			continue
		}
		assert.Equal(t, "Bad Request INVALID_ARGUMENT: "+test.refused, w.Refused("POST", path, body))
	}
	assert.Len(t, w.OK("GET", trust+"/github:listAttestationRules?pageSize=50", "")["attestationRules"], 50)
}

// TestRolesOfABinding checks which roles can be granted. The emulator lists the roles of some services, and takes any well-formed role of
// the others.
func TestRolesOfABinding(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	require.NoError(t, w.Cloud.EnsureProject(cloud.Project{ID: "other-project", Number: "2", BillingAccount: "B"}))
	w.OK("POST", "/su/v1/projects/other-project/services/iam.googleapis.com:enable", `{}`)
	for _, project := range []string{cloudtest.Project, "other-project"} {
		w.OK("POST", "/iam/v1/projects/"+project+"/roles", `{"roleId":"custom"}`)
	}
	const elsewhere = "does not exist in the resource's hierarchy."
	for role, want := range map[string]string{
		"roles/run.viewer": "", "roles/pubsub.admin": "", "projects/" + cloudtest.Project + "/roles/custom": "",
		"roles/run.viewers":                             "Role roles/run.viewers is not supported for this resource.",
		"roles/Pubsub":                                  "Role roles/Pubsub is not supported for this resource.",
		"projects/other-project/roles/custom":           "Role (projects/other-project/roles/custom) " + elsewhere,
		"projects/" + cloudtest.Project + "/roles/none": "Role (projects/" + cloudtest.Project + "/roles/none) " + elsewhere,
	} {
		policy := `{"policy":{"bindings":[{"role":"` + role + `","members":["user:a@example.com"]}]}}`
		if want == "" {
			w.OK("POST", "/crm/v1"+p+":setIamPolicy", policy)
			continue
		}
		assert.Equal(t, "Bad Request INVALID_ARGUMENT: "+want, w.Refused("POST", "/crm/v1"+p+":setIamPolicy", policy), role)
	}
}

func TestAccountIsDisabledAndEnabled(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	made := w.OK("POST", "/iam/v1"+p+"/serviceAccounts", `{"accountId":"runtime"}`)
	assert.NotEmpty(t, made["etag"])
	account := "/iam/v1/" + made["name"].(string)
	w.OK("POST", account+":disable", `{}`)
	assert.Equal(t, true, w.OK("GET", account, "")["disabled"])
	w.OK("POST", account+":enable", `{}`)
	assert.Equal(t, made, w.OK("GET", account, ""))
}

// TestPermissionsOfARole checks that a role lists each permission once, in the order given, and no empty list.
func TestPermissionsOfARole(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	for id, test := range map[string]struct {
		given string
		want  any
	}{
		"twice": {`"run.services.get","run.services.get","run.services.list"`, []any{"run.services.get", "run.services.list"}},
		"none":  {``, nil},
	} {
		made := w.OK("POST", "/iam/v1"+p+"/roles", `{"roleId":"`+id+`","role":{"includedPermissions":[`+test.given+`]}}`)
		held, listed := made["includedPermissions"]
		assert.Equal(t, test.want, held, id)
		assert.Equal(t, test.want != nil, listed, "%s: an empty list is left out", id)
	}
}
