package registry_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/registry"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	repositoryType = "gcp:artifactregistry/repository:Repository"
	memberType     = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
)

func args(change func(*registry.RegistryArgs)) *registry.RegistryArgs {
	args := &registry.RegistryArgs{
		Project: pulumi.String("procureflow-dev"), Location: pulumi.String("us-central1"), RepositoryID: "procureflow",
		Labels: pulumi.StringMap{"environment": pulumi.String("dev")},
		Readers: map[string]pulumi.StringInput{"deploy": pulumi.String("serviceAccount:deploy@x"),
			"staging": pulumi.String("serviceAccount:promote@y")},
		Writers: map[string]pulumi.StringInput{"ci": pulumi.String("serviceAccount:ci@x")},
	}
	if change != nil {
		change(args)
	}
	return args
}

func run(t *testing.T, args *registry.RegistryArgs, opts ...pulumitest.Option) (*pulumitest.Inventory, *registry.Registry) {
	t.Helper()
	var made *registry.Registry
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) (err error) {
		made, err = registry.NewRegistry(ctx, "registry", args)
		return err
	}, opts...)
	pulumitest.CheckParents(t, inventory)
	return inventory, made
}

func TestRepositoryAndItsOutputs(t *testing.T) {
	t.Parallel()
	inventory, made := run(t, args(nil))
	assert.Equal(t, map[string]any{
		"project": "procureflow-dev", "location": "us-central1", "repositoryId": "procureflow",
		"labels": map[string]any{"environment": "dev"}, "format": "DOCKER", "mode": "STANDARD_REPOSITORY",
		"dockerConfig":                map[string]any{"immutableTags": true},
		"vulnerabilityScanningConfig": map[string]any{"enablementConfig": "INHERITED"},
		"cleanupPolicyDryRun":         false,
		"cleanupPolicies": []any{
			map[string]any{"id": "delete-untagged", "action": "DELETE",
				"condition": map[string]any{"tagState": "UNTAGGED", "olderThan": "2592000s"}},
			map[string]any{"id": "keep-recent", "action": "KEEP", "mostRecentVersions": map[string]any{"keepCount": 20.0}},
			map[string]any{"id": "keep-tagged", "action": "KEEP", "condition": map[string]any{"tagState": "TAGGED"}},
		},
	}, inventory.One(t, repositoryType, "registry-repository").Inputs)

	assert.Equal(t, "projects/procureflow-dev/locations/us-central1/repositories/procureflow", pulumitest.Value[string](t, made.ID))
	assert.Equal(t, "procureflow", pulumitest.Value[string](t, made.Name))
	assert.Equal(t, "us-central1-docker.pkg.dev", pulumitest.Value[string](t, made.Host))
	assert.Equal(t, "us-central1-docker.pkg.dev/procureflow-dev/procureflow", pulumitest.Value[string](t, made.ImagePrefix))
	assert.Equal(t, 30.0, inventory.One(t, registry.TypeToken, "registry").Inputs["untaggedRetentionDays"], "policies see the default")
}

func TestSettingsReplaceDefaults(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(func(a *registry.RegistryArgs) {
		a.UntaggedRetentionDays, a.KeepMostRecent, a.CleanupDryRun = 7, 50, true
		a.Description, a.Labels = pulumi.String("Images"), nil
	}))
	inputs := inventory.One(t, repositoryType, "registry-repository").Inputs
	assert.Equal(t, []any{
		map[string]any{"id": "delete-untagged", "action": "DELETE", "condition": map[string]any{"tagState": "UNTAGGED", "olderThan": "604800s"}},
		map[string]any{"id": "keep-recent", "action": "KEEP", "mostRecentVersions": map[string]any{"keepCount": 50.0}},
		map[string]any{"id": "keep-tagged", "action": "KEEP", "condition": map[string]any{"tagState": "TAGGED"}},
	}, inputs["cleanupPolicies"])
	assert.Equal(t, true, inputs["cleanupPolicyDryRun"])
	assert.Equal(t, "Images", inputs["description"])
	assert.NotContains(t, inputs, "labels")
}

func TestEachIdentityHasItsOwnGrant(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(nil))
	got := map[string]map[string]any{}
	for _, member := range inventory.OfType(memberType) {
		got[member.Name] = member.Inputs
	}
	grant := func(role, member string) map[string]any {
		return map[string]any{"project": "procureflow-dev", "location": "us-central1", "repository": "procureflow", "role": role,
			"member": member}
	}
	assert.Equal(t, map[string]map[string]any{
		"registry-reader-deploy":  grant("roles/artifactregistry.reader", "serviceAccount:deploy@x"),
		"registry-reader-staging": grant("roles/artifactregistry.reader", "serviceAccount:promote@y"),
		"registry-writer-ci":      grant("roles/artifactregistry.writer", "serviceAccount:ci@x"),
	}, got)
}

func TestImagePrefixIsKnownInTheFirstPreview(t *testing.T) {
	t.Parallel()
	_, made := run(t, args(nil), pulumitest.WithPreview())
	assert.Equal(t, "us-central1-docker.pkg.dev/procureflow-dev/procureflow", pulumitest.Value[string](t, made.ImagePrefix))
	assert.False(t, pulumitest.IsKnown(t, made.ID))
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args *registry.RegistryArgs
		want []string
	}{
		"nil": {nil, []string{`registry "registry": args is nil`}},
		"everything missing": {&registry.RegistryArgs{}, []string{
			"Project is missing", "Location is missing", `RepositoryID "" is not a repository id`,
		}},
		"a bad id": {args(func(a *registry.RegistryArgs) { a.RepositoryID = "Procure_Flow" }),
			[]string{`RepositoryID "Procure_Flow" is not a repository id: use 1-63`}},
		"an id with a trailing hyphen": {args(func(a *registry.RegistryArgs) { a.RepositoryID = "procureflow-" }),
			[]string{"not ending with a hyphen"}},
		"a negative retention": {args(func(a *registry.RegistryArgs) { a.UntaggedRetentionDays = -1 }),
			[]string{"UntaggedRetentionDays is -1: set at least 1"}},
		"a negative count": {args(func(a *registry.RegistryArgs) { a.KeepMostRecent = -2 }),
			[]string{"KeepMostRecent is -2: set at least 1"}},
		"public readers": {args(func(a *registry.RegistryArgs) { a.Readers["all"] = pulumi.String("allUsers") }), []string{
			`Readers["all"] is allUsers, which opens the images to anybody`,
		}},
		"a bad key": {args(func(a *registry.RegistryArgs) { a.Writers["CI 1"] = pulumi.String("serviceAccount:x") }),
			[]string{`Writers key "CI 1"`}},
		"a missing member": {args(func(a *registry.RegistryArgs) { a.Writers["ci"] = nil }), []string{`Writers["ci"] is missing`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := registry.NewRegistry(ctx, "registry", test.args)
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
