package identity_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/identity"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	email  = "procureflow-deploy@procureflow-prod.iam.gserviceaccount.com"
	member = "serviceAccount:" + email
)

var (
	region = pulumi.String("us-central1")
	web    = identity.ServiceScope{Key: "web", Location: region, Service: pulumi.String("procureflow-web")}
)

func args(grants ...identity.Grant) *identity.IdentityArgs {
	return &identity.IdentityArgs{
		Project: pulumi.String("procureflow-prod"), AccountID: "procureflow-deploy",
		DisplayName: pulumi.String("Deploy"), Description: pulumi.String("Releases"), Grants: grants,
	}
}

func run(t *testing.T, args *identity.IdentityArgs) (*pulumitest.Inventory, *identity.Identity) {
	t.Helper()
	var made *identity.Identity
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) (err error) {
		made, err = identity.NewIdentity(ctx, "deploy", args)
		return err
	})
	pulumitest.CheckParents(t, inventory)
	return inventory, made
}

func TestAccountAndOutputs(t *testing.T) {
	t.Parallel()
	inventory, made := run(t, args())
	assert.Len(t, inventory.Resources, 2, "an account without grants may do nothing")
	assert.Equal(t, map[string]any{
		"project": "procureflow-prod", "accountId": "procureflow-deploy", "displayName": "Deploy", "description": "Releases",
	}, inventory.One(t, "gcp:serviceaccount/account:Account", "deploy-account").Inputs)
	assert.Equal(t, email, pulumitest.Value[string](t, made.Email))
	assert.Equal(t, member, pulumitest.Value[string](t, made.Member))
	assert.Equal(t, "projects/procureflow-prod/serviceAccounts/"+email, pulumitest.Value[string](t, made.Name))
}

func TestEachScopeHasItsKindOfGrant(t *testing.T) {
	t.Parallel()
	runtime := pulumi.String("projects/procureflow-prod/serviceAccounts/runtime@procureflow-prod.iam.gserviceaccount.com")
	cryptoKey := pulumi.String("projects/procureflow-prod/locations/us-central1/keyRings/releases/cryptoKeys/promotion")
	for name, test := range map[string]struct {
		grant              identity.Grant
		wantType, wantName string
		want               map[string]any
	}{
		"project": {
			identity.Grant{Role: "roles/monitoring.viewer", Scope: identity.ProjectScope{}},
			"gcp:projects/iAMMember:IAMMember", "deploy-grant-project-monitoring-viewer",
			map[string]any{"project": "procureflow-prod"},
		},
		"another project": {
			identity.Grant{Role: "roles/monitoring.viewer", Scope: identity.ProjectScope{Key: "dev", Project: pulumi.String("procureflow-dev")}},
			"gcp:projects/iAMMember:IAMMember", "deploy-grant-project-dev-monitoring-viewer",
			map[string]any{"project": "procureflow-dev"},
		},
		"repository": {
			identity.Grant{Role: "roles/artifactregistry.reader", Scope: identity.RepositoryScope{Key: "images", Location: region,
				Repository: pulumi.String("procureflow")}},
			"gcp:artifactregistry/repositoryIamMember:RepositoryIamMember", "deploy-grant-repository-images-artifactregistry-reader",
			map[string]any{"project": "procureflow-prod", "location": "us-central1", "repository": "procureflow"},
		},
		"secret": {
			identity.Grant{Role: "roles/secretmanager.secretAccessor",
				Scope: identity.SecretScope{Key: "nextauth", SecretID: pulumi.String("nextauth-secret")}},
			"gcp:secretmanager/secretIamMember:SecretIamMember", "deploy-grant-secret-nextauth-secretmanager-secretaccessor",
			map[string]any{"project": "procureflow-prod", "secretId": "nextauth-secret"},
		},
		"service account": {
			identity.Grant{Role: "roles/iam.serviceAccountUser", Scope: identity.ServiceAccountScope{Key: "runtime", Name: runtime}},
			"gcp:serviceaccount/iAMMember:IAMMember", "deploy-grant-service-account-runtime-iam-serviceaccountuser",
			map[string]any{"serviceAccountId": string(runtime)},
		},
		"service": {
			identity.Grant{Role: "roles/run.developer", Scope: web},
			"gcp:cloudrunv2/serviceIamMember:ServiceIamMember", "deploy-grant-service-web-run-developer",
			map[string]any{"project": "procureflow-prod", "location": "us-central1", "name": "procureflow-web"},
		},
		"job": {
			identity.Grant{Role: "roles/run.invoker", Scope: identity.JobScope{Key: "migrate", Location: region, Job: pulumi.String("migrate"),
				Project: pulumi.String("procureflow-dev")}},
			"gcp:cloudrunv2/jobIamMember:JobIamMember", "deploy-grant-job-migrate-run-invoker",
			map[string]any{"project": "procureflow-dev", "location": "us-central1", "name": "migrate"},
		},
		"key": {
			identity.Grant{Role: "roles/cloudkms.signer", Scope: identity.KeyScope{Key: "release", CryptoKey: cryptoKey}},
			"gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "deploy-grant-key-release-cloudkms-signer",
			map[string]any{"cryptoKeyId": string(cryptoKey)},
		},
		"note": {
			identity.Grant{Role: "roles/containeranalysis.notes.attacher",
				Scope: identity.NoteScope{Key: "release", Note: pulumi.String("promoted")}},
			"gcp:containeranalysis/noteIamMember:NoteIamMember", "deploy-grant-note-release-containeranalysis-notes-attacher",
			map[string]any{"project": "procureflow-prod", "note": "promoted"},
		},
		"attestor": {
			identity.Grant{Role: "roles/binaryauthorization.attestorsViewer",
				Scope: identity.AttestorScope{Key: "release", Attestor: pulumi.String("promoted")}},
			"gcp:binaryauthorization/attestorIamMember:AttestorIamMember", "deploy-grant-attestor-release-binaryauthorization-attestorsviewer",
			map[string]any{"project": "procureflow-prod", "attestor": "promoted"},
		},
		"billing account": {
			identity.Grant{Role: "roles/billing.costsManager", Scope: identity.BillingAccountScope{ID: pulumi.String("012345-6789AB-CDEF01")}},
			"gcp:billing/accountIamMember:AccountIamMember", "deploy-grant-billing-account-billing-costsmanager",
			map[string]any{"billingAccountId": "012345-6789AB-CDEF01"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.grant.Reason = "It is needed."
			test.want["role"], test.want["member"] = test.grant.Role, member
			inventory, _ := run(t, args(test.grant))
			assert.Equal(t, test.want, inventory.One(t, test.wantType, test.wantName).Inputs)

			test.grant.Condition = &identity.Condition{Title: "for-a-while", Description: "Until then",
				Expression: "request.time < timestamp('2027-01-01T00:00:00Z')"}
			test.want["condition"] = map[string]any{
				"title": "for-a-while", "description": "Until then", "expression": "request.time < timestamp('2027-01-01T00:00:00Z')",
			}
			inventory, _ = run(t, args(test.grant))
			assert.Equal(t, test.want, inventory.One(t, test.wantType, test.wantName).Inputs)
		})
	}
}

func TestCustomRole(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(identity.Grant{
		Role: "secrets", CustomRole: pulumi.String("projects/procureflow-prod/roles/secretContainers"), Scope: identity.ProjectScope{},
		Reason: "It makes secrets.",
	}))
	assert.Equal(t, "projects/procureflow-prod/roles/secretContainers",
		inventory.One(t, "gcp:projects/iAMMember:IAMMember", "deploy-grant-project-secrets").Inputs["role"])
}

func TestGrantReasonsAreKept(t *testing.T) {
	t.Parallel()
	inventory, made := run(t, args(
		identity.Grant{Role: "roles/run.developer", Scope: web, Reason: "A release makes revisions."},
		identity.Grant{
			Role: "roles/resourcemanager.projectIamAdmin", Scope: identity.ProjectScope{}, Reason: "It grants run roles.",
			Condition: identity.OnlyRoles("roles/run.developer", "roles/run.viewer"),
		},
	))
	const only = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/run.developer', 'roles/run.viewer'])"
	assert.Equal(t, map[string]any{
		"project": "procureflow-prod", "accountId": "procureflow-deploy",
		"grants": []any{
			map[string]any{"role": "roles/run.developer", "scope": "service web", "reason": "A release makes revisions."},
			map[string]any{"role": "roles/resourcemanager.projectIamAdmin", "scope": "project", "reason": "It grants run roles.", "condition": only},
		},
	}, inventory.One(t, identity.TypeToken, "deploy").Inputs)
	want := []identity.Record{
		{Role: "roles/run.developer", Scope: "service web", Reason: "A release makes revisions."},
		{Role: "roles/resourcemanager.projectIamAdmin", Scope: "project", Reason: "It grants run roles.", Condition: only},
	}
	assert.Equal(t, want, made.Grants())
	made.Grants()[0].Reason = "changed"
	assert.Equal(t, want, made.Grants(), "the records are the caller's own")
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	grant := func(role string, scope identity.Scope) *identity.IdentityArgs {
		return args(identity.Grant{Role: role, Scope: scope, Reason: "It is needed."})
	}
	project := identity.ProjectScope{}
	administrator := func(condition *identity.Condition) *identity.IdentityArgs {
		return args(identity.Grant{Role: "roles/resourcemanager.projectIamAdmin", Scope: project, Reason: "It is needed.", Condition: condition})
	}
	for name, test := range map[string]struct {
		args *identity.IdentityArgs
		want []string
	}{
		"nil":                {nil, []string{`identity "deploy": args is nil`}},
		"everything missing": {&identity.IdentityArgs{}, []string{"args.Project is missing", `args.AccountID "" is not an account id`}},
		"a short account": {&identity.IdentityArgs{Project: pulumi.String("p"), AccountID: "abcde"},
			[]string{`args.AccountID "abcde" is not an account id: use 6-30`}},
		"an empty grant": {args(identity.Grant{}), []string{
			"args.Grants[0] ().Role is not a predefined role", "args.Grants[0] ().Reason is missing", "args.Grants[0] ().Scope is missing",
		}},
		"a blank reason": {args(identity.Grant{Role: "roles/run.viewer", Scope: web, Reason: " "}),
			[]string{"(roles/run.viewer).Reason is missing"}},
		"owner":  {grant("roles/owner", project), []string{"(roles/owner).Role is a basic role"}},
		"editor": {grant("roles/editor", project), []string{"(roles/editor).Role is a basic role"}},
		"viewer": {grant("roles/viewer", project), []string{"(roles/viewer).Role is a basic role"}},
		"keys": {grant("roles/iam.serviceAccountKeyAdmin", identity.ServiceAccountScope{Key: "a", Name: region}),
			[]string{"makes keys that do not expire"}},
		"every secret": {grant("roles/secretmanager.secretAccessor", project),
			[]string{"on a whole project reads the value of every secret: grant it on each"}},
		"secret admin": {grant("roles/secretmanager.admin", project),
			[]string{"on a whole project reads the value of every secret: use a custom role"}},
		"every account": {grant("roles/iam.serviceAccountUser", project), []string{"on a whole project becomes every account"}},
		"every token":   {grant("roles/iam.serviceAccountTokenCreator", project), []string{"on a whole project becomes every account"}},
		"any role": {grant("roles/resourcemanager.projectIamAdmin", project),
			[]string{"may grant itself any role: add Condition: OnlyRoles(...)"}},
		"no role": {grant("run.developer", web), []string{"(run.developer).Role is not a predefined role: write roles/SERVICE.ROLE"}},
		"a custom role with a role for a key": {args(identity.Grant{
			Role: "roles/x", CustomRole: pulumi.String("projects/p/roles/x"), Scope: project, Reason: "It is needed.",
		}), []string{"(roles/x).Role is the key of a custom role"}},
		"an empty repository": {grant("roles/artifactregistry.reader", identity.RepositoryScope{}), []string{
			"kind repository lacks Key", "kind repository lacks Location", "kind repository lacks Repository",
		}},
		"an empty secret": {grant("roles/secretmanager.viewer", identity.SecretScope{}),
			[]string{"kind secret lacks Key", "kind secret lacks SecretID"}},
		"an empty key": {grant("roles/cloudkms.signer", identity.KeyScope{}),
			[]string{"kind key lacks Key", "kind key lacks CryptoKey"}},
		"an empty note": {grant("roles/containeranalysis.notes.attacher", identity.NoteScope{}),
			[]string{"kind note lacks Key", "kind note lacks Note"}},
		"an empty attestor": {grant("roles/binaryauthorization.attestorsViewer", identity.AttestorScope{}),
			[]string{"kind attestor lacks Key", "kind attestor lacks Attestor"}},
		"an empty service account": {grant("roles/iam.serviceAccountUser", identity.ServiceAccountScope{}),
			[]string{"kind service-account lacks Key", "kind service-account lacks Name"}},
		"an empty service": {grant("roles/run.viewer", identity.ServiceScope{}), []string{
			"kind service lacks Key", "kind service lacks Location", "kind service lacks Service",
		}},
		"an empty billing account": {grant("roles/billing.viewer", identity.BillingAccountScope{}),
			[]string{"kind billing-account lacks ID"}},
		"another project without a key": {grant("roles/run.viewer", identity.ProjectScope{Project: region}), []string{"kind project lacks Key"}},
		"a key that is not a resource name": {grant("roles/secretmanager.viewer", identity.SecretScope{Key: "NEXTAUTH_SECRET", SecretID: region}),
			[]string{
				`.Scope key "NEXTAUTH_SECRET" names a resource`,
			}},
		"an empty condition": {args(identity.Grant{Role: "roles/run.viewer", Scope: web, Reason: "x", Condition: &identity.Condition{}}),
			[]string{
				".Condition needs a Title and an Expression",
			}},
		"a condition that is always true": {administrator(&identity.Condition{Title: "always", Expression: "true"}),
			[]string{"may grant itself any role: add Condition: OnlyRoles(...)"}},
		"a condition with an alternative added": {administrator(&identity.Condition{
			Title: "only-listed-roles", Expression: identity.OnlyRoles("roles/run.viewer").Expression + " || true"}),
			[]string{"may grant itself any role"}},
		"a condition that lists an administrator's role": {administrator(identity.OnlyRoles("roles/run.viewer",
			"roles/resourcemanager.projectIamAdmin", "roles/owner")), []string{
			"args.Grants[0] (roles/resourcemanager.projectIamAdmin).Condition lists roles/resourcemanager.projectIamAdmin, with which " +
				"its holder grants itself any role",
			".Condition lists roles/owner, with which its holder grants itself any role",
		}},
		"a condition that lists a role over every account": {administrator(identity.OnlyRoles("roles/iam.serviceAccountTokenCreator")),
			[]string{"lists roles/iam.serviceAccountTokenCreator, which on a whole project becomes every account"}},
		"a condition that lists no role": {administrator(identity.OnlyRoles()), []string{".Condition lists no role"}},
		"twice": {args(
			identity.Grant{Role: "roles/run.viewer", Scope: web, Reason: "x"}, identity.Grant{Role: "roles/run.viewer", Scope: web, Reason: "y"},
		), []string{"args.Grants[1] (roles/run.viewer) repeats args.Grants[0] on service web"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := identity.NewIdentity(ctx, "deploy", test.args)
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
