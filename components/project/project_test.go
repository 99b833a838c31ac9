package project_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/project"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	apiType  = "gcp:projects/service:Service"
	roleType = "gcp:projects/iAMCustomRole:IAMCustomRole"
)

func TestProjectResources(t *testing.T) {
	t.Parallel()
	var made *project.Project
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var err error
		made, err = project.NewProject(ctx, "project", &project.ProjectArgs{
			Project: pulumi.String("procureflow-dev"),
			APIs:    map[string]string{"run.googleapis.com": "Runs services.", "iam.googleapis.com": "Has roles."},
			Roles: map[string]project.Role{"secretManager": {
				Title: "Secret manager", Reason: "Manages secrets without reading them.",
				Permissions: []string{"secretmanager.secrets.get", "secretmanager.secrets.create"},
			}},
		})
		return err
	})
	pulumitest.CheckParents(t, inventory)
	assert.Equal(t, []string{"project-api-iam", "project-api-run"}, inventory.Names(apiType))
	assert.Equal(t, map[string]any{"project": "procureflow-dev", "service": "run.googleapis.com", "disableOnDestroy": false},
		inventory.One(t, apiType, "project-api-run").Inputs)
	role := inventory.One(t, roleType, "project-role-secretmanager")
	assert.Equal(t, map[string]any{
		"project": "procureflow-dev", "roleId": "secretManager", "title": "Secret manager", "stage": "GA",
		"description": "Manages secrets without reading them.", "permissions": []any{"secretmanager.secrets.create", "secretmanager.secrets.get"},
	}, role.Inputs)
	assert.Equal(t, []string{inventory.One(t, apiType, "project-api-iam").URN}, role.DependsOn, "a role needs the API that serves it")
	assert.Equal(t, "projects/procureflow-dev/roles/secretManager", pulumitest.Value[string](t, made.Roles["secretManager"]))
	assert.True(t, pulumitest.IsKnown(t, made.APIs["run.googleapis.com"]))
}

func TestAPIIsUnknownUntilItIsOn(t *testing.T) {
	t.Parallel()
	var made *project.Project
	pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var err error
		made, err = project.NewProject(ctx, "project", &project.ProjectArgs{
			Project: pulumi.String("procureflow-dev"), APIs: map[string]string{"run.googleapis.com": "Runs services."},
		})
		return err
	}, pulumitest.WithPreview())
	assert.False(t, pulumitest.IsKnown(t, made.APIs["run.googleapis.com"]))
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	with := func(id string, role project.Role) *project.ProjectArgs {
		return &project.ProjectArgs{
			Project: pulumi.String("p"), APIs: map[string]string{"iam.googleapis.com": "Has roles."}, Roles: map[string]project.Role{id: role},
		}
	}
	holding := func(permission string) *project.ProjectArgs {
		return with("role", project.Role{Title: "t", Reason: "r", Permissions: []string{permission}})
	}
	for name, test := range map[string]struct {
		args *project.ProjectArgs
		want []string
	}{
		"nil":                {nil, []string{`project "project": args is nil`}},
		"everything missing": {&project.ProjectArgs{}, []string{"args.Project is missing", "args.APIs is empty"}},
		"a bad API": {&project.ProjectArgs{Project: pulumi.String("p"), APIs: map[string]string{"run": " "}}, []string{
			`args.APIs has "run", which is not an API`, `args.APIs["run"] has no reason`,
		}},
		"an empty role": {with("a b", project.Role{}), []string{
			`args.Roles["a b"] is not a role id`, ".Title has 0 characters", ".Reason has 0 characters", ".Permissions is empty",
		}},
		"a long role": {with("role", project.Role{Title: strings.Repeat("a", 101), Reason: strings.Repeat("a", 301),
			Permissions: []string{"a.b"}}), []string{
			".Title has 101 characters", ".Reason has 301 characters", `.Permissions has "a.b", which is not a permission`,
		}},
		"reading secrets' values": {holding("secretmanager.versions.access"),
			[]string{"secretmanager.versions.access, which reads secret values"}},
		"keys":                         {holding("iam.serviceAccountKeys.create"), []string{"which makes keys that do not expire"}},
		"impersonation":                {holding("iam.serviceAccounts.getAccessToken"), []string{"which becomes every account of the project"}},
		"everything":                   {holding("resourcemanager.projects.setIamPolicy"), []string{"which grants anything"}},
		"uploading a key":              {holding("iam.serviceAccountKeys.upload"), []string{"makes keys that do not expire"}},
		"granting impersonation":       {holding("iam.serviceAccounts.setIamPolicy"), []string{"makes anybody every account of the project"}},
		"opening a shell":              {holding("run.services.sshRoot"), []string{"opens a shell in a running service"}},
		"adding permissions to itself": {holding("iam.roles.update"), []string{"which can add any permission to the role that holds it"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := project.NewProject(ctx, "project", test.args)
				return err
			})
			require.Error(t, err)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, inventory.Resources)
		})
	}
}
