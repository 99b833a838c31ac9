package dryrun_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/dryrun"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// application is the application for the tests. The dry run reads the project's number from its settings.
var application = filepath.Join("..", "..", "tests", "application")

// register runs a program as dev's first up would.
func register(t *testing.T, program pulumi.RunFunc) ([]inventory.Resource, error) {
	t.Helper()
	document, err := stacks.Filled(application, "dev")
	require.NoError(t, err)
	return dryrun.Register(program, application, "dev", document)
}

// made is a resource of any type.
type made struct {
	pulumi.CustomResourceState
	Name    pulumi.StringOutput    `pulumi:"name"`
	Email   pulumi.StringOutput    `pulumi:"email"`
	Member  pulumi.StringOutput    `pulumi:"member"`
	Version pulumi.StringOutput    `pulumi:"version"`
	Note    pulumi.StringMapOutput `pulumi:"attestationAuthorityNote"`
}

// TestNamesThatTheCloudGives registers each type whose computed name others depend on, and one that only has a name. The resource
// that comes last gets the names of all the others.
func TestNamesThatTheCloudGives(t *testing.T) {
	t.Parallel()
	const pools = "projects/100000000001/locations/global/workloadIdentityPools/github"
	tests := []struct {
		name, kind string
		inputs     pulumi.Map
		cloudName  string
	}{
		{"account", "gcp:serviceaccount/account:Account", pulumi.Map{"accountId": pulumi.String("web"), "project": pulumi.String("p")},
			"projects/p/serviceAccounts/web@p.iam.gserviceaccount.com"},
		{"pool", "gcp:iam/workloadIdentityPool:WorkloadIdentityPool", pulumi.Map{"workloadIdentityPoolId": pulumi.String("github")}, pools},
		{"provider", "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider", pulumi.Map{
			"workloadIdentityPoolId": pulumi.String("github"), "workloadIdentityPoolProviderId": pulumi.String("oidc")}, pools + "/providers/oidc"},
		{"registry", "gcp:artifactregistry/repository:Repository", pulumi.Map{"repositoryId": pulumi.String("images")}, "images"},
		{"role", "gcp:projects/iAMCustomRole:IAMCustomRole", pulumi.Map{"project": pulumi.String("p"), "roleId": pulumi.String("reader")},
			"projects/p/roles/reader"},
		{"service", "gcp:cloudrunv2/service:Service", pulumi.Map{"name": pulumi.String("shop-web")}, "shop-web"},
		{"job", "gcp:cloudrunv2/job:Job", pulumi.Map{"project": pulumi.String("p"), "location": pulumi.String("l"),
			"name": pulumi.String("tidy")}, "tidy"},
		{"own value", "gcp:secretmanager/secretVersion:SecretVersion", pulumi.Map{}, ""},
		{"ring", "gcp:kms/keyRing:KeyRing", pulumi.Map{"project": pulumi.String("p"), "location": pulumi.String("l"),
			"name": pulumi.String("r")}, "r"},
		{"key", "gcp:kms/cryptoKey:CryptoKey", pulumi.Map{"keyRing": pulumi.String("projects/p/locations/l/keyRings/r"),
			"name": pulumi.String("k")}, "k"},
		{"attestor", "gcp:binaryauthorization/attestor:Attestor", pulumi.Map{"attestationAuthorityNote": pulumi.Map{
			"noteReference": pulumi.String("n")}}, ""},
		{"topic", "gcp:pubsub/topic:Topic", pulumi.Map{}, ""},
	}
	resources, err := register(t, func(ctx *pulumi.Context) error {
		names := pulumi.StringMap{}
		for _, test := range tests {
			var of made
			if err := ctx.RegisterResource(test.kind, test.name, test.inputs, &of); err != nil {
				return err
			}
			names[test.name] = of.Name
			if slices.Contains([]string{"job", "ring", "key"}, test.name) {
				names[test.name+"-id"] = of.ID().ToStringOutput()
			}
			if test.name == "attestor" {
				names["reader"] = of.Note.MapIndex(pulumi.String("delegationServiceAccountEmail"))
			}
			if test.name == "own value" {
				names["version"] = of.Version
			}
			if test.name == "account" {
				names["id"], names["email"], names["member"] = of.ID().ToStringOutput(), of.Email, of.Member
			}
		}
		return ctx.RegisterResource("test:index:Last", "user", pulumi.Map{"names": names}, &made{})
	})
	require.NoError(t, err)
	require.Len(t, resources, len(tests)+1)
	got := map[string]string{}
	for _, resource := range resources {
		got[resource.Name] = resource.CloudName
		assert.Equal(t, "urn:pulumi:dev::procureflow::"+resource.Type+"::"+resource.Name, resource.URN)
	}
	names := map[string]any{"version": "1", "id": "account-id", "job-id": "projects/p/locations/l/jobs/tidy",
		"email": "web@p.iam.gserviceaccount.com", "member": "serviceAccount:web@p.iam.gserviceaccount.com",
		"ring-id": "projects/p/locations/l/keyRings/r", "key-id": "projects/p/locations/l/keyRings/r/cryptoKeys/k",
		"reader": "service-100000000001@gcp-sa-binaryauthorization.iam.gserviceaccount.com"}
	for _, test := range tests {
		assert.Equal(t, test.cloudName, got[test.name], test.name)
		names[test.name] = test.cloudName
	}
	assert.Equal(t, map[string]any{"names": names}, resources[len(resources)-1].Inputs)
}

// TestChildrenNameTheirParents checks that a component's URN is part of its children's, however deep, and that resources come sorted.
func TestChildrenNameTheirParents(t *testing.T) {
	t.Parallel()
	resources, err := register(t, func(ctx *pulumi.Context) error {
		type component struct{ pulumi.ResourceState }
		var outer, inner component
		return errors.Join(
			ctx.RegisterComponentResourceV2("shop:outer:Outer", "z", pulumi.Map{}, &outer),
			ctx.RegisterComponentResourceV2("shop:inner:Inner", "z-inner", pulumi.Map{}, &inner, pulumi.Parent(&outer)),
			ctx.RegisterResource("gcp:pubsub/topic:Topic", "a", pulumi.Map{"name": pulumi.String("t")}, &made{}, pulumi.Parent(&inner)))
	})
	require.NoError(t, err)
	const urn = "urn:pulumi:dev::procureflow::"
	assert.Equal(t, []inventory.Resource{
		{URN: urn + "shop:outer:Outer$shop:inner:Inner$gcp:pubsub/topic:Topic::a", Parent: urn + "shop:outer:Outer$shop:inner:Inner::z-inner",
			Type: "gcp:pubsub/topic:Topic", Name: "a", Inputs: map[string]any{"name": "t"}, CloudName: "t"},
		{URN: urn + "shop:outer:Outer::z", Parent: urn + "pulumi:pulumi:Stack::procureflow-dev", Type: "shop:outer:Outer", Name: "z",
			Inputs: map[string]any{}},
		{URN: urn + "shop:outer:Outer$shop:inner:Inner::z-inner", Parent: urn + "shop:outer:Outer::z", Type: "shop:inner:Inner",
			Name: "z-inner", Inputs: map[string]any{}},
	}, resources)
}

// TestQuestionsToTheCloud asks what the program may ask. No service exists, a signing key always does, and nothing else has an answer.
func TestQuestionsToTheCloud(t *testing.T) {
	t.Parallel()
	ask := func(token string, args pulumi.Map) (map[string]any, error) {
		t.Helper()
		answer := map[string]any{}
		_, err := register(t, func(ctx *pulumi.Context) error { return ctx.Invoke(token, args, &answer) })
		return answer, err
	}
	_, err := ask("gcp:cloudrunv2/getService:getService", pulumi.Map{"project": pulumi.String("p"), "location": pulumi.String("l"),
		"name": pulumi.String("web")})
	require.ErrorContains(t, err, "run the program of stack dev: ")
	require.ErrorContains(t, err, "projects/p/locations/l/services/web not found")
	answer, err := ask("gcp:kms/getKMSCryptoKeyVersion:getKMSCryptoKeyVersion", nil)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"publicKeys": []any{map[string]any{"pem": "of no key"}}}, answer)
	_, err = ask("gcp:dns/getKeys:getKeys", nil)
	require.ErrorContains(t, err, "the program asks gcp:dns/getKeys:getKeys, which a dry run has no answer to")
}

// TestSettingsReachTheProgram checks that the program gets the settings as a secret, and that bad ones never start it.
func TestSettingsReachTheProgram(t *testing.T) {
	t.Parallel()
	_, err := register(t, func(ctx *pulumi.Context) error {
		key := stacks.ConfigKey("procureflow")
		text, there := ctx.GetConfig(key)
		assert.True(t, there && ctx.IsConfigSecret(key))
		assert.Contains(t, text, `"procureflow-dev"`)
		assert.Equal(t, []string{"dev", "procureflow", application}, []string{ctx.Stack(), ctx.Project(), ctx.RootDirectory()})
		return nil
	})
	require.NoError(t, err)
	never := func(*pulumi.Context) error { t.Error("the program runs"); return nil }
	_, err = dryrun.Register(never, application, "dev", []byte(`{"unknown": true}`))
	var problems *stacks.Problems
	require.ErrorAs(t, err, &problems)
	nowhere := t.TempDir()
	_, err = dryrun.Register(never, nowhere, "dev", []byte(`{}`))
	require.Error(t, err)
	assert.True(t, strings.Contains(err.Error(), filepath.Join(nowhere, "Pulumi.yaml")), err)
}
