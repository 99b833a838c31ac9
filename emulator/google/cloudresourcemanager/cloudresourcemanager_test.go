package cloudresourcemanager_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const projects = "/crm/v1/projects"

func TestProject(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	want := map[string]any{"projectId": "procureflow-dev", "projectNumber": "123456789012", "name": "procureflow-dev",
		"lifecycleState": "ACTIVE", "createTime": "2026-11-23T12:00:00.000000Z"}
	assert.Equal(t, want, w.OK("GET", projects+"/"+cloudtest.Project, ""))
	assert.Equal(t, want, w.OK("GET", projects+"/"+cloudtest.Number, ""), "by its number")
	assert.Equal(t, map[string]any{"projects": []any{want}}, w.OK("GET", projects, ""))
}

// TestEnsure makes projects before the first request. A project that exists stays as it is.
func TestEnsure(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	for name, test := range map[string]struct{ id, number, want string }{
		"the same project again": {cloudtest.Project, cloudtest.Number, ""},
		"a new project":          {"other-project", "7", ""},
		"the project with another number": {cloudtest.Project, "8",
			"project procureflow-dev has number 123456789012 in this emulator and 8 in the settings; " +
				"delete the emulator's state folder to start over"},
		"a new project with a number in use": {"third-project", cloudtest.Number,
			"project number 123456789012 belongs to procureflow-dev in this emulator; " +
				"give third-project its own number"},
	} {
		err := w.Cloud.EnsureProject(cloud.Project{ID: test.id, Number: test.number, BillingAccount: cloudtest.Billing})
		if test.want == "" {
			require.NoError(t, err, name)
		} else {
			assert.EqualError(t, err, test.want, name)
		}
	}
	w.Clock.Advance(1)
	require.NoError(t, w.Cloud.EnsureProject(cloud.Project{ID: cloudtest.Project, Number: cloudtest.Number,
		BillingAccount: cloudtest.Billing}))
	assert.Equal(t, "2026-11-23T12:00:00.000000Z", w.OK("GET", projects+"/"+cloudtest.Project, "")["createTime"])
	assert.Len(t, w.OK("GET", projects, "")["projects"], 2)
}

// TestPolicyOfAProject checks that a grant on the project's number is a grant on its id.
func TestPolicyOfAProject(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	set := w.OK("POST", projects+"/"+cloudtest.Number+":setIamPolicy",
		`{"policy":{"bindings":[{"role":"roles/viewer","members":["user:a@example.com"]}]}}`)
	assert.Equal(t, set, w.OK("POST", projects+"/"+cloudtest.Project+":getIamPolicy", `{}`))
	assert.Equal(t, "Forbidden PERMISSION_DENIED: The caller does not have permission", w.Refused("POST", projects+"/x:getIamPolicy", `{}`))
}
