package secrets_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/secrets"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	secretType   = "gcp:secretmanager/secret:Secret"
	versionType  = "gcp:secretmanager/secretVersion:SecretVersion"
	accessorType = "gcp:secretmanager/secretIamMember:SecretIamMember"

	hidden = "correct-horse-battery-staple"
)

func args(change func(*secrets.SecretsArgs)) *secrets.SecretsArgs {
	args := &secrets.SecretsArgs{
		Project: pulumi.String("procureflow-dev"), Labels: pulumi.StringMap{"environment": pulumi.String("dev")},
		Secrets: map[string]secrets.Secret{
			"mongodb-uri":     {Version: "3", Accessors: map[string]pulumi.StringInput{"runtime": pulumi.String("serviceAccount:runtime@x")}},
			"nextauth-secret": {Value: pulumi.String(hidden)},
			"openai-api-key":  {},
		},
	}
	if change != nil {
		change(args)
	}
	return args
}

func run(t *testing.T, args *secrets.SecretsArgs, opts ...pulumitest.Option) (*pulumitest.Inventory, *secrets.Secrets) {
	t.Helper()
	var made *secrets.Secrets
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) (err error) {
		made, err = secrets.NewSecrets(ctx, "secrets", args)
		return err
	}, opts...)
	pulumitest.CheckParents(t, inventory)
	return inventory, made
}

func TestContainers(t *testing.T) {
	t.Parallel()
	inventory, made := run(t, args(nil))
	assert.Equal(t, []string{"secrets-mongodb-uri", "secrets-nextauth-secret", "secrets-openai-api-key"}, inventory.Names(secretType))
	assert.Equal(t, map[string]any{
		"project": "procureflow-dev", "secretId": "mongodb-uri", "labels": map[string]any{"environment": "dev"},
		"replication": map[string]any{"auto": map[string]any{}}, "deletionProtection": false,
	}, inventory.One(t, secretType, "secrets-mongodb-uri").Inputs)
	assert.Equal(t, []string{"mongodb-uri", "nextauth-secret", "openai-api-key"}, slices.Sorted(maps.Keys(made.SecretIDs)))
	assert.Equal(t, "openai-api-key", pulumitest.Value[string](t, made.SecretIDs["openai-api-key"]))

	inventory, _ = run(t, args(func(a *secrets.SecretsArgs) { a.DeletionProtection, a.Labels = true, nil }))
	container := inventory.One(t, secretType, "secrets-mongodb-uri").Inputs
	assert.Equal(t, true, container["deletionProtection"])
	assert.NotContains(t, container, "labels")
}

func TestAccessorsReadOneSecret(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(nil))
	assert.Equal(t, []string{"secrets-mongodb-uri-accessor-runtime"}, inventory.Names(accessorType))
	assert.Equal(t, map[string]any{
		"project": "procureflow-dev", "secretId": "mongodb-uri", "role": "roles/secretmanager.secretAccessor",
		"member": "serviceAccount:runtime@x",
	}, inventory.One(t, accessorType, "secrets-mongodb-uri-accessor-runtime").Inputs)
}

func TestVersionsArePinnedOrMade(t *testing.T) {
	t.Parallel()
	inventory, made := run(t, args(nil), pulumitest.WithOutputs(versionType, func(pulumitest.Resource) map[string]any {
		return map[string]any{"version": "7"}
	}))
	assert.Equal(t, []string{"secrets-nextauth-secret-version"}, inventory.Names(versionType))
	version := inventory.One(t, versionType, "secrets-nextauth-secret-version")
	assert.Equal(t, map[string]any{
		"secret": "projects/procureflow-dev/secrets/nextauth-secret", "secretData": hidden, "deletionPolicy": "ABANDON",
	}, version.Inputs)
	assert.Equal(t, []string{"secretData"}, version.Secrets)
	assert.Contains(t, version.AdditionalSecretOutputs, "secretData")

	assert.Equal(t, []string{"mongodb-uri", "nextauth-secret"}, slices.Sorted(maps.Keys(made.Versions)),
		"a secret without a value has no version")
	assert.Equal(t, "3", pulumitest.Value[string](t, made.Versions["mongodb-uri"]))
	assert.Equal(t, "7", pulumitest.Value[string](t, made.Versions["nextauth-secret"]))
	assert.False(t, pulumitest.IsSecret(t, made.Versions["nextauth-secret"]), "a version number is not a secret")
}

func TestPinnedVersionsAreKnownInTheFirstPreview(t *testing.T) {
	t.Parallel()
	_, made := run(t, args(nil), pulumitest.WithPreview())
	assert.Equal(t, "3", pulumitest.Value[string](t, made.Versions["mongodb-uri"]))
	assert.False(t, pulumitest.IsKnown(t, made.Versions["nextauth-secret"]))
}

func TestSecretValuesDoNotLeak(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]pulumi.StringInput{
		"marked as secret": pulumi.ToSecret(pulumi.String(hidden)).(pulumi.StringOutput),
		"not marked":       pulumi.String(hidden),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			with := args(func(a *secrets.SecretsArgs) { a.Secrets["nextauth-secret"] = secrets.Secret{Value: value} })
			inventory, _ := run(t, with)
			assert.NotContains(t, inventory.String(), hidden)
			assert.Equal(t, map[string]any{
				"project": "procureflow-dev", "deletionProtection": false, "labels": map[string]any{"environment": "dev"},
				"secrets": map[string]any{
					"mongodb-uri": map[string]any{"accessors": map[string]any{"runtime": "serviceAccount:runtime@x"},
						"managed": false, "version": "3"},
					"nextauth-secret": map[string]any{"managed": true},
					"openai-api-key":  map[string]any{"managed": false},
				},
			}, inventory.One(t, secrets.TypeToken, "secrets").Inputs)

			// An error about another part of the secret must not show the value either.
			_, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := secrets.NewSecrets(ctx, "secrets", args(func(a *secrets.SecretsArgs) {
					a.Secrets["nextauth-secret"] = secrets.Secret{Value: value, Version: "1"}
				}))
				return err
			})
			require.ErrorContains(t, err, `args.Secrets["nextauth-secret"] has a Value and a Version`)
			assert.NotContains(t, err.Error(), hidden)
		})
	}
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	secret := func(id string, secret secrets.Secret) *secrets.SecretsArgs {
		return args(func(a *secrets.SecretsArgs) { a.Secrets[id] = secret })
	}
	for name, test := range map[string]struct {
		args *secrets.SecretsArgs
		want string
	}{
		"nil":        {nil, `secrets "secrets": args is nil`},
		"no project": {&secrets.SecretsArgs{}, "args.Project is missing"},
		"a bad id":   {secret("a/b", secrets.Secret{}), `args.Secrets["a/b"] is not a secret id`},
		"a long id":  {secret(strings.Repeat("a", 256), secrets.Secret{}), "is not a secret id: use 1-255"},
		"latest": {secret("a", secrets.Secret{Version: "latest"}),
			`args.Secrets["a"].Version is not a version number: pin one`},
		"version zero":               {secret("a", secrets.Secret{Version: "0"}), `args.Secrets["a"].Version is not a version number`},
		"a value in the wrong field": {secret("a", secrets.Secret{Version: hidden}), `args.Secrets["a"].Version is not a version number`},
		"empty value":                {secret("a", secrets.Secret{Value: pulumi.String("")}), `args.Secrets["a"].Value is empty`},
		"a bad key": {secret("a",
			secrets.Secret{Accessors: map[string]pulumi.StringInput{"Run Time": pulumi.String("x")}}), `.Accessors key "Run Time" names a resource`},
		"a nil account": {secret("a", secrets.Secret{Accessors: map[string]pulumi.StringInput{"runtime": nil}}),
			`.Accessors["runtime"] is missing`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := secrets.NewSecrets(ctx, "secrets", test.args)
				return err
			})
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), hidden)
			assert.Empty(t, inventory.Resources)
		})
	}
}
