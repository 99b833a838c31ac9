package permissions

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHolds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		row  []string
		asks string
		want bool
	}{
		"itself":               {[]string{"run.services.get"}, "run.services.get", true},
		"another":              {[]string{"run.services.get"}, "run.services.getIamPolicy", false},
		"everything below":     {[]string{"run.*"}, "run.services.setIamPolicy", true},
		"a like-named service": {[]string{"run.*"}, "runtime.things.get", false},
		"nothing":              {nil, "run.services.get", false},
	} {
		assert.Equal(t, test.want, Holds(test.row, test.asks), name)
	}
}

func TestForType(t *testing.T) {
	t.Parallel()
	service, api := "gcp:cloudrunv2/service:Service", "gcp:projects/service:Service"
	for name, test := range map[string]struct {
		token  string
		action Action
		want   []Need
	}{
		"read": {service, Reads, []Need{{"run.services.get", OnProject, service}}},
		// The provider also reads whether the project is being deleted (resource_google_project_service.go, Read).
		"read an API": {api, Reads, []Need{
			{"resourcemanager.projects.get", OnProject, api}, {"serviceusage.services.get", OnProject, api},
			{"serviceusage.services.list", OnProject, api}, {"serviceusage.services.use", OnProject, api},
		}},
		"update": {service, Updates, []Need{
			{"run.services.get", OnProject, service}, {"run.services.update", OnProject, service},
			{"run.operations.get", OnProject, service}, {ActAs, OnServiceAccount, service},
		}},
		"create": {service, Creates, []Need{
			{"run.services.get", OnProject, service}, {"run.services.update", OnProject, service},
			{"run.operations.get", OnProject, service}, {ActAs, OnServiceAccount, service}, {"run.services.create", OnProject, service},
			{"run.operations.get", OnProject, service}, {ActAs, OnServiceAccount, service}, {"run.services.delete", OnProject, service},
			{"run.operations.get", OnProject, service},
		}},
	} {
		needs, err := ForType(test.token, test.action)
		require.NoError(t, err, name)
		assert.Equal(t, test.want, needs, name)
	}
	_, err := ForType("gcp:compute/instance:Instance", Reads)
	assert.EqualError(t, err, "nothing is known about the permissions of gcp:compute/instance:Instance: add a row to "+
		"Types in firstrun/permissions/types.go")
}

func TestCompare(t *testing.T) {
	t.Parallel()
	viewer := Grant{"roles/run.viewer", OnProject, Roles["roles/run.viewer"]}
	developer := Grant{"roles/run.developer", OnProject, Roles["roles/run.developer"]}
	user := Grant{"roles/iam.serviceAccountUser", OnServiceAccount, Roles["roles/iam.serviceAccountUser"]}
	budget := Grant{"roles/billing.viewer", OnProject, Roles["roles/billing.viewer"]}
	read := Need{"run.services.get", OnProject, "x"}
	for name, test := range map[string]struct {
		needs  []Need
		grants []Grant
		want   Result
	}{
		"met": {[]Need{read}, []Grant{viewer}, Result{Uses: map[int][]string{0: {"run.services.get"}}}},
		"missing once, though needed twice": {
			[]Need{{"run.services.update", OnProject, "x"}, {"run.services.update", OnProject, "x"}}, nil,
			Result{Missing: []Need{{"run.services.update", OnProject, "x"}}, Uses: map[int][]string{}},
		},
		"a narrow grant does not hold on the project": {
			[]Need{{ActAs, OnProject, "x"}}, []Grant{user},
			Result{Missing: []Need{{ActAs, OnProject, "x"}}, Idle: []Grant{user}, Uses: map[int][]string{0: nil}},
		},
		"a narrow grant where it holds": {
			[]Need{{ActAs, OnServiceAccount, "x"}}, []Grant{user}, Result{Uses: map[int][]string{0: {ActAs}}},
		},
		"a project's grant does not hold on the billing account": {
			[]Need{{"billing.budgets.get", OnBillingAccount, "x"}}, []Grant{budget},
			Result{Missing: []Need{{"billing.budgets.get", OnBillingAccount, "x"}}, Idle: []Grant{budget}, Uses: map[int][]string{0: nil}},
		},
		"idle": {[]Need{read}, []Grant{viewer, user}, Result{Idle: []Grant{user}, Uses: map[int][]string{0: {"run.services.get"}, 1: nil}}},
		"a role that another role makes idle": {[]Need{read, {"run.services.update", OnProject, "x"}}, []Grant{viewer, developer},
			Result{Idle: []Grant{viewer}, Uses: map[int][]string{0: {"run.services.get"}, 1: {"run.services.get", "run.services.update"}}}},
	} {
		assert.Equal(t, test.want, Compare(test.needs, test.grants), name)
	}
}

// TestPermissionTablesAreWellFormed looks for typing mistakes in the tables that would hide a missing grant.
func TestPermissionTablesAreWellFormed(t *testing.T) {
	t.Parallel()
	for role, row := range Roles {
		assert.NotEmpty(t, row, role)
		for _, permission := range row {
			assert.Regexp(t, `^[a-z]+(\.googleapis\.com/[a-zA-Z]+)?(\.[a-zA-Z]+)*\.(\*|[a-zA-Z]+)$`, permission, role)
			assert.False(t, strings.HasSuffix(permission, ".keys.create"), "%s makes keys", role)
		}
	}
}
