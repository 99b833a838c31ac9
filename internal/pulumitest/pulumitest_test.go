package pulumitest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/artifactregistry"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/secretmanager"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	accountType = "gcp:serviceaccount/account:Account"
	versionType = "gcp:secretmanager/secretVersion:SecretVersion"
)

type box struct{ pulumi.ResourceState }

// newBox registers a component named name with an account as its child.
func newBox(ctx *pulumi.Context, name string, childOptions ...pulumi.ResourceOption) (*box, *serviceaccount.Account, error) {
	b := &box{}
	if err := ctx.RegisterComponentResourceV2("test:index:Box", name, pulumi.Map{"size": pulumi.Int(3)}, b); err != nil {
		return nil, nil, err
	}
	account, err := serviceaccount.NewAccount(ctx, name+"-account", &serviceaccount.AccountArgs{
		AccountId: pulumi.String("runtime"), Project: pulumi.String("acme"),
	}, append([]pulumi.ResourceOption{pulumi.Parent(b)}, childOptions...)...)
	if err != nil {
		return nil, nil, err
	}
	return b, account, ctx.RegisterResourceOutputs(b, pulumi.Map{"email": account.Email})
}

func TestRunRecordsTheTree(t *testing.T) {
	t.Parallel()
	var account *serviceaccount.Account
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) (err error) {
		_, account, err = newBox(ctx, "box", pulumi.Protect(true), pulumi.IgnoreChanges([]string{"description"}),
			pulumi.Aliases([]pulumi.Alias{{Name: pulumi.String("old-account")}}))
		return err
	}, pulumitest.WithStack("dev"))

	box := inventory.One(t, "test:index:Box", "box")
	assert.Equal(t, "urn:pulumi:dev::procureflow::test:index:Box::box", box.URN)
	assert.Equal(t, map[string]any{"size": 3.0}, box.Inputs)
	assert.Empty(t, box.Parent)

	child := inventory.One(t, accountType, "box-account")
	assert.Equal(t, "urn:pulumi:dev::procureflow::test:index:Box$gcp:serviceaccount/account:Account::box-account", child.URN)
	assert.Equal(t, "box", child.Parent)
	assert.Equal(t, box.URN, child.ParentURN)
	assert.Equal(t, map[string]any{"accountId": "runtime", "project": "acme"}, child.Inputs)
	assert.True(t, child.Protect)
	assert.Equal(t, []string{"description"}, child.IgnoreChanges)
	assert.Contains(t, strings.Join(child.Aliases, "\n"), "name=old-account")
	assert.Equal(t, []string{"box-account"}, inventory.Names(accountType))

	assert.Equal(t, "runtime@acme.iam.gserviceaccount.com", pulumitest.Value[string](t, account.Email))
	assert.Equal(t, "serviceAccount:runtime@acme.iam.gserviceaccount.com", pulumitest.Value[string](t, account.Member))
	assert.False(t, pulumitest.IsSecret(t, account.Email))
	pulumitest.CheckParents(t, inventory)
}

func TestStringIsStableAndHidesSecrets(t *testing.T) {
	t.Parallel()
	program := func(ctx *pulumi.Context) error {
		if _, _, err := newBox(ctx, "second", pulumi.Protect(true)); err != nil {
			return err
		}
		if _, _, err := newBox(ctx, "first"); err != nil {
			return err
		}
		_, err := secretmanager.NewSecretVersion(ctx, "version", &secretmanager.SecretVersionArgs{
			Secret: pulumi.String("projects/acme/secrets/a<b"), SecretData: pulumi.ToSecret(pulumi.String("hunter2")).(pulumi.StringOutput),
		})
		return err
	}
	want := `first  test:index:Box
  {
    "size": 3
  }

first/first-account  gcp:serviceaccount/account:Account
  {
    "accountId": "runtime",
    "project": "acme"
  }

second  test:index:Box
  {
    "size": 3
  }

second/second-account  gcp:serviceaccount/account:Account
  protect
  {
    "accountId": "runtime",
    "project": "acme"
  }

version  gcp:secretmanager/secretVersion:SecretVersion
  {
    "secret": "projects/acme/secrets/a<b",
    "secretData": "[secret]"
  }
`
	inventory := pulumitest.Run(t, program)
	assert.Equal(t, want, inventory.String())
	assert.Equal(t, want, pulumitest.Run(t, program).String())

	version := inventory.One(t, versionType, "version")
	assert.Equal(t, "hunter2", version.Inputs["secretData"], "the value can be checked")
	assert.Equal(t, []string{"secretData"}, version.Secrets)
}

func TestPreviewKnowsNothingComputed(t *testing.T) {
	t.Parallel()
	program := func(ctx *pulumi.Context) error {
		_, account, err := newBox(ctx, "box")
		if err != nil {
			return err
		}
		_, err = secretmanager.NewSecretIamMember(ctx, "reader", &secretmanager.SecretIamMemberArgs{
			SecretId: pulumi.String("a"), Role: pulumi.String("r"), Member: account.Member,
		})
		return err
	}
	const typ = "gcp:secretmanager/secretIamMember:SecretIamMember"
	preview := pulumitest.Run(t, program, pulumitest.WithPreview()).One(t, typ, "reader")
	assert.Equal(t, pulumitest.Unknown, preview.Inputs["member"])
	assert.Equal(t, []string{"member"}, preview.Unknowns)

	update := pulumitest.Run(t, program).One(t, typ, "reader")
	assert.Equal(t, "serviceAccount:runtime@acme.iam.gserviceaccount.com", update.Inputs["member"])
	assert.Empty(t, update.Unknowns)
}

func TestConfigAndSecretConfig(t *testing.T) {
	t.Parallel()
	pulumitest.Run(t, func(ctx *pulumi.Context) error {
		assert.Equal(t, "plain", config.Require(ctx, "procureflow:a"))
		secret, err := config.TrySecret(ctx, "procureflow:b")
		assert.NoError(t, err)
		ctx.Export("b", secret)
		assert.True(t, ctx.IsConfigSecret("procureflow:b"))
		assert.False(t, ctx.IsConfigSecret("procureflow:a"))
		return nil
	}, pulumitest.WithConfig(map[string]string{"procureflow:a": "plain"}),
		pulumitest.WithSecretConfig(map[string]string{"procureflow:b": "hidden"}))
}

func TestCallsAreAnsweredOrFail(t *testing.T) {
	t.Parallel()
	const token = "gcp:cloudrunv2/getService:getService"
	program := func(ctx *pulumi.Context) error {
		service, err := cloudrunv2.LookupService(ctx, &cloudrunv2.LookupServiceArgs{Name: "web"})
		if err == nil {
			assert.Equal(t, "https://web", service.Uri)
		}
		return err
	}
	pulumitest.Run(t, program, pulumitest.WithCall(token, func(args map[string]any) (map[string]any, error) {
		assert.Equal(t, "web", args["name"])
		return map[string]any{"uri": "https://web"}, nil
	}))

	_, err := pulumitest.RunErr(program)
	require.ErrorContains(t, err, `nothing answers the invoke gcp:cloudrunv2/getService:getService: add pulumitest.WithCall`)

	_, err = pulumitest.RunErr(program, pulumitest.WithCall(token, func(map[string]any) (map[string]any, error) {
		return nil, errors.New("404 service not found")
	}))
	require.ErrorContains(t, err, "404 service not found")
}

func TestComputedOutputs(t *testing.T) {
	t.Parallel()
	var repository *artifactregistry.Repository
	var service *cloudrunv2.Service
	var version *secretmanager.SecretVersion
	pulumitest.Run(t, func(ctx *pulumi.Context) (err error) {
		repository, err = artifactregistry.NewRepository(ctx, "repository", &artifactregistry.RepositoryArgs{
			Project: pulumi.String("acme"), Location: pulumi.String("us-central1"), RepositoryId: pulumi.String("web"),
			Format: pulumi.String("DOCKER"),
		})
		if err != nil {
			return err
		}
		version, err = secretmanager.NewSecretVersion(ctx, "version", &secretmanager.SecretVersionArgs{
			Secret: pulumi.String("projects/acme/secrets/a"), SecretData: pulumi.String("x"),
		})
		if err != nil {
			return err
		}
		service, err = cloudrunv2.NewService(ctx, "service", &cloudrunv2.ServiceArgs{
			Project: pulumi.String("acme"), Location: pulumi.String("us-central1"), Name: pulumi.String("web"),
			Template: &cloudrunv2.ServiceTemplateArgs{Revision: pulumi.String("web-r1")},
		})
		return err
	}, pulumitest.WithProjectNumber("42"), pulumitest.WithOutputs(versionType, func(r pulumitest.Resource) map[string]any {
		return map[string]any{"version": "7 of " + r.Name}
	}))

	assert.Equal(t, "projects/acme/locations/us-central1/repositories/web", string(pulumitest.Value[pulumi.ID](t, repository.ID())))
	assert.Equal(t, "7 of version", pulumitest.Value[string](t, version.Version))
	uris := pulumitest.Value[[]string](t, service.Urls)
	require.Len(t, uris, 2)
	assert.Equal(t, "https://web-42.us-central1.run.app", uris[0])
	assert.Equal(t, uris[1], pulumitest.Value[string](t, service.Uri))
	assert.Regexp(t, `^https://web-[a-z]{10}-uc\.a\.run\.app$`, uris[1])
	assert.Equal(t, "projects/acme/locations/us-central1/services/web/revisions/web-r1",
		pulumitest.Value[string](t, service.LatestReadyRevision))
}

func TestReadsAreRecordedAsReads(t *testing.T) {
	t.Parallel()
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := serviceaccount.GetAccount(ctx, "existing", pulumi.ID("projects/acme/serviceAccounts/x"), nil)
		return err
	})
	read := inventory.One(t, accountType, "existing")
	assert.True(t, read.Read)
	assert.Equal(t, "projects/acme/serviceAccounts/x", read.ID)
	pulumitest.CheckParents(t, inventory)
}
