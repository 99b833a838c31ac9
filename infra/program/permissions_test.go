package program_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/firstrun/permissions"
	"github.com/guiofsaints/procureflow-platform/internal/golden"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const grantsDocument = "../../docs/grants.md"

// byInfra is what the infra account does with a type, if that is less than making and deleting it.
var byInfra = map[string]permissions.Action{
	// A person's first run makes it. infra has rights on it alone, so that it cannot make others.
	"gcp:artifactregistry/repository:Repository": permissions.Updates,
	// A person changes who may do what (docs/adr/0007): roles, accounts, federation, every IAM policy, and the APIs, which bring
	// their own accounts.
	"gcp:projects/service:Service":                                      permissions.Reads,
	"gcp:projects/iAMCustomRole:IAMCustomRole":                          permissions.Reads,
	"gcp:projects/iAMMember:IAMMember":                                  permissions.Reads,
	"gcp:serviceaccount/account:Account":                                permissions.Reads,
	"gcp:serviceaccount/iAMMember:IAMMember":                            permissions.Reads,
	"gcp:iam/workloadIdentityPool:WorkloadIdentityPool":                 permissions.Reads,
	"gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": permissions.Reads,
	"gcp:artifactregistry/repositoryIamMember:RepositoryIamMember":      permissions.Reads,
	"gcp:secretmanager/secretIamMember:SecretIamMember":                 permissions.Reads,
	"gcp:cloudrunv2/serviceIamMember:ServiceIamMember":                  permissions.Reads,
	"gcp:cloudrunv2/jobIamMember:JobIamMember":                          permissions.Reads,
	"gcp:billing/accountIamMember:AccountIamMember":                     permissions.Reads,
	// A person decides who may sign, and makes the key.
	"gcp:kms/keyRing:KeyRing":                                     permissions.Reads,
	"gcp:kms/cryptoKey:CryptoKey":                                 permissions.Reads,
	"gcp:kms/cryptoKeyVersion:CryptoKeyVersion":                   permissions.Reads,
	"gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember":               permissions.Reads,
	"gcp:containeranalysis/note:Note":                             permissions.Reads,
	"gcp:containeranalysis/noteIamMember:NoteIamMember":           permissions.Reads,
	"gcp:binaryauthorization/attestor:Attestor":                   permissions.Reads,
	"gcp:binaryauthorization/attestorIamMember:AttestorIamMember": permissions.Reads,
	"gcp:binaryauthorization/policy:Policy":                       permissions.Reads,
	// Only a person deletes data, and decides who reaches it.
	"gcp:sql/databaseInstance:DatabaseInstance":   permissions.Updates,
	"gcp:sql/database:Database":                   permissions.Updates,
	"gcp:sql/user:User":                           permissions.Updates,
	"gcp:storage/bucket:Bucket":                   permissions.Updates,
	"gcp:storage/bucketIAMMember:BucketIAMMember": permissions.Reads,
}

// released are the types that a release's update targets.
var released = map[string]bool{serviceType: true, jobType: true}

// needsOf returns what each account has to be able to do in an environment.
func needsOf(t *testing.T, inventory *pulumitest.Inventory) map[string][]permissions.Need {
	t.Helper()
	needs := map[string][]permissions.Need{
		"ci": fixed("release promote, docker push", permissions.OnRepository,
			"artifactregistry.repositories.downloadArtifacts", "artifactregistry.repositories.uploadArtifacts",
			"artifactregistry.tags.create", "artifactregistry.tags.get"),
		"preview": fixed("quota", permissions.OnProject, "serviceusage.services.use"),
		"deploy": slices.Concat(
			fixed("quota", permissions.OnProject, "serviceusage.services.use"),
			fixed("release", permissions.OnProject, "run.services.get", "run.services.update", "run.operations.get",
				"run.revisions.get", "run.revisions.list", "monitoring.timeSeries.list"),
			fixed("release promote", permissions.OnRepository, "artifactregistry.repositories.downloadArtifacts"),
		),
		"infra": slices.Concat(
			fixed("quota", permissions.OnProject, "serviceusage.services.use"),
			// This is for a secret whose value is in the settings, which the committed settings do not have.
			fixed("gcp:secretmanager/secretVersion:SecretVersion", permissions.OnProject, "secretmanager.versions.add",
				"secretmanager.versions.enable", "secretmanager.versions.get"),
		),
	}
	if len(inventory.OfType("gcp:binaryauthorization/attestor:Attestor")) > 0 {
		needs["ci"] = append(needs["ci"], fixed("release sign", permissions.OnProject, "binaryauthorization.attestors.get",
			"cloudkms.cryptoKeyVersions.useToSign", "containeranalysis.notes.attachOccurrence", "containeranalysis.notes.listOccurrences",
			"containeranalysis.occurrences.create")...)
		for _, account := range []string{"preview", "deploy", "infra"} {
			needs[account] = append(needs[account], fixed("the key's public half, in every run of the program", permissions.OnProject,
				"cloudkms.cryptoKeys.get", "cloudkms.cryptoKeyVersions.get", "cloudkms.cryptoKeyVersions.viewPublicKey")...)
		}
	}
	if len(inventory.OfType("gcp:sql/databaseInstance:DatabaseInstance"))+len(inventory.OfType("gcp:storage/bucket:Bucket")) > 0 {
		needs["infra"] = append(needs["infra"], fixed("data that a person alone deletes", permissions.OnProject, "cloudsql.databases.create",
			"cloudsql.instances.create", "cloudsql.users.create", "storage.buckets.create")...)
	}
	if slices.ContainsFunc(inventory.OfType("procureflow:cloudrun:Service"),
		func(r pulumitest.Resource) bool { return r.Inputs["public"] == false && r.Inputs["ingress"] == "all" }) {
		needs["deploy"] = append(needs["deploy"], fixed("the probes of a release", permissions.OnProject, "run.routes.invoke")...)
	}
	if len(inventory.OfType(jobType)) > 0 {
		needs["deploy"] = append(needs["deploy"], fixed("the hooks of a release", permissions.OnProject, "run.executions.cancel",
			"run.executions.get",
			"run.executions.list", "run.jobs.get", "run.jobs.run", "run.jobs.runWithOverrides")...)
	}
	if slices.ContainsFunc(inventory.OfType("procureflow:identity:Identity"),
		func(r pulumitest.Resource) bool { return r.Name == "account-slots" }) {
		needs["slots"] = slices.Concat(
			fixed("release preview", permissions.OnProject, "run.services.get", "run.services.update"),
			fixed("release preview", permissions.OnServiceAccount, permissions.ActAs),
			fixed("skopeo copy", permissions.OnRepository, "artifactregistry.repositories.downloadArtifacts",
				"artifactregistry.repositories.uploadArtifacts"))
	}
	add := func(account, token string, action permissions.Action) {
		found, err := permissions.ForType(token, action)
		require.NoError(t, err)
		needs[account] = append(needs[account], found...)
	}
	seen := map[string]bool{}
	for _, resource := range inventory.Resources {
		if !resource.Custom || !strings.HasPrefix(resource.Type, "gcp:") || seen[resource.Type] {
			continue
		}
		seen[resource.Type] = true
		add("preview", resource.Type, permissions.Reads)
		if released[resource.Type] {
			add("deploy", resource.Type, permissions.Updates)
		}
		action, less := byInfra[resource.Type]
		if !less {
			action = permissions.Creates
		}
		add("infra", resource.Type, action)
	}
	return needs
}

func fixed(what string, place permissions.Place, names ...string) []permissions.Need {
	var needs []permissions.Need
	for _, name := range names {
		needs = append(needs, permissions.Need{Permission: name, Place: place, For: what})
	}
	return needs
}

// record is a grant as the program's component registers it.
type record struct{ role, scope, reason, condition string }

func (r record) grant(t *testing.T, inventory *pulumitest.Inventory) permissions.Grant {
	t.Helper()
	kind, _, _ := strings.Cut(r.scope, " ")
	row, predefined := permissions.Roles[r.role]
	if !predefined {
		require.True(t, strings.HasPrefix(r.role, "projects/"), "%s is not in permissions.Roles: add what it holds", r.role)
		_, id, _ := strings.Cut(r.role, "/roles/")
		for _, custom := range inventory.OfType("gcp:projects/iAMCustomRole:IAMCustomRole") {
			if custom.Inputs["roleId"] == id {
				for _, permission := range custom.Inputs["permissions"].([]any) {
					row = append(row, permission.(string))
				}
			}
		}
		require.NotEmpty(t, row, "the program makes no custom role %s", r.role)
	}
	// A grant on a secret, a key or a note is as narrow as possible, and its purpose is fixed there. For what the accounts have to
	// do, it counts as a grant on the project.
	place := permissions.Place(strings.ReplaceAll(kind, " ", "-"))
	if !slices.Contains([]permissions.Place{permissions.OnProject, permissions.OnRepository, permissions.OnServiceAccount,
		permissions.OnBillingAccount}, place) {
		place = permissions.OnProject
	}
	return permissions.Grant{Role: r.role, Place: place, Permissions: row}
}

// grantsOf returns the accounts' grants by the account's key.
func grantsOf(inventory *pulumitest.Inventory) map[string][]record {
	grants := map[string][]record{}
	for _, resource := range inventory.OfType("procureflow:identity:Identity") {
		account, ours := strings.CutPrefix(resource.Name, "account-")
		if !ours {
			continue
		}
		for _, value := range resource.Inputs["grants"].([]any) {
			grant := value.(map[string]any)
			condition, _ := grant["condition"].(string)
			grants[account] = append(grants[account], record{grant["role"].(string), grant["scope"].(string), grant["reason"].(string), condition})
		}
	}
	return grants
}

func TestAccountsHoldExactlyWhatTheyNeed(t *testing.T) {
	t.Parallel()
	for _, stack := range append(all, "prod with jobs", "dev with previews", "dev with everything") {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			change, stack := jobsOf(stack)
			if plain, with := strings.CutSuffix(stack, " with everything"); with {
				change, stack = everything(t), plain
			}
			inventory := run(t, stack, change)
			grants := grantsOf(inventory)
			for account, needs := range needsOf(t, inventory) {
				var held []permissions.Grant
				for _, r := range grants[account] {
					grant := r.grant(t, inventory)
					// The same role on another account is needed to run as that account. One of them stands for all.
					if !slices.ContainsFunc(held, func(g permissions.Grant) bool { return g.Role == grant.Role && g.Place == grant.Place }) {
						held = append(held, grant)
					}
				}
				require.NotEmpty(t, held, account)
				result := permissions.Compare(needs, held)
				for _, need := range result.Missing {
					t.Errorf("%s lacks %s on the %s, which %s takes: grant a role that holds it in infra/program/grants.go",
						account, need.Permission, need.Place, need.For)
				}
				for _, grant := range result.Idle {
					t.Errorf("%s holds %s on the %s, and nothing needs it that another grant does not give: take it away in infra/program/grants.go",
						account, grant.Role, grant.Place)
				}
			}
		})
	}
}

// readsSettings are Google's roles that read only settings, or that have no narrower alternative, each with the reason.
var readsSettings = map[string]string{
	"roles/run.viewer":                     "services, revisions and jobs as they are set",
	"roles/secretmanager.viewer":           "names, versions and who may read them; no value",
	"roles/iam.serviceAccountViewer":       "accounts, and the public halves of their keys",
	"roles/iam.workloadIdentityPoolViewer": "pools and providers",
	"roles/cloudscheduler.viewer":          "what starts jobs",
	"roles/billing.viewer":                 "costs as well, but a billing account takes no custom role of a project",
}

// TestPullRequestsReadSettingsOnly checks the roles of the preview account, which everybody who may open a pull request from a
// branch of the repository can use. No role of it pulls images, reads logs or metrics, or lists the content of databases and
// buckets.
func TestPullRequestsReadSettingsOnly(t *testing.T) {
	t.Parallel()
	for _, stack := range append(all, "prod with jobs") {
		change, stack := jobsOf(stack)
		inventory := run(t, stack, change)
		for _, r := range grantsOf(inventory)["preview"] {
			if strings.HasPrefix(r.role, "roles/") {
				assert.Contains(t, readsSettings, r.role, "%s: the role is not in readsSettings", stack)
				continue
			}
			for _, permission := range r.grant(t, inventory).Permissions {
				assert.Regexp(t, `\.(get|list|use|getIamPolicy|viewPublicKey)$`, permission, "%s: %s", stack, r.role)
			}
		}
	}
}

// TestCustomRolesHoldExactlyWhatIsNeeded checks that each custom role is as narrow as the work that it is for.
func TestCustomRolesHoldExactlyWhatIsNeeded(t *testing.T) {
	t.Parallel()
	for id, account := range map[string]string{
		"procureflowSettingsReader": "preview", "procureflowReleaser": "deploy", "procureflowInfrastructure": "infra",
		"procureflowRegistryKeeper": "infra",
	} {
		for _, stack := range all {
			inventory := run(t, stack, nil)
			grants := grantsOf(inventory)[account]
			i := slices.IndexFunc(grants, func(r record) bool { return strings.HasSuffix(r.role, "/roles/"+id) })
			require.GreaterOrEqual(t, i, 0, "%s: %s does not hold %s", stack, account, id)
			grant := grants[i].grant(t, inventory)
			assert.Equal(t, slices.Sorted(slices.Values(grant.Permissions)),
				permissions.Compare(needsOf(t, inventory)[account], []permissions.Grant{grant}).Uses[0], "%s: %s", stack, id)
		}
	}
}

func TestReleasesCannotDoWhatInfraDoes(t *testing.T) {
	t.Parallel()
	inventory := run(t, "prod", nil)
	for _, r := range grantsOf(inventory)["deploy"] {
		for _, permission := range r.grant(t, inventory).Permissions {
			assert.NotRegexp(t,
				`setIamPolicy|workloadIdentity\w+\.(create|update|delete)|budgets\.(create|update|delete)|roles\.(create|update|delete)|^\*|versions\.access`,
				permission, "%s on %s", r.role, r.scope)
		}
	}
}

// TestTheDocumentOfGrants compares docs/grants.md with the program.
func TestTheDocumentOfGrants(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("# What each account may do\n\n" +
		"Made from the program by `go test ./infra/program -run TestTheDocumentOfGrants -update`; do not edit. The reasons come\n" +
		"from `infra/program`. \"Needed for\" lists the role's permissions that reading or changing the program's own types of\n" +
		"resources needs, or that `release` uses (`firstrun/permissions`, `infra/program/permissions_test.go`). A test fails if a\n" +
		"needed permission is missing.\n")
	text.WriteString(reachSection(t))
	text.WriteString("\nNo account of the pipeline may change the list of APIs, the accounts, the custom roles, the pool and its\n" +
		"providers, an IAM policy, or the signatures that images need. Only a person changes these ([ADR\n" +
		"7](adr/0007-who-may-do-what-is-a-persons.md)).\n")
	for _, stack := range append(all, "dev with previews") {
		change, plain := jobsOf(stack)
		inventory := run(t, plain, change)
		grants, needs := grantsOf(inventory), needsOf(t, inventory)
		fmt.Fprintf(&text, "\n## %s\n", stack)
		accounts := []string{"ci", "preview", "deploy", "infra"}
		if plain != stack {
			text.WriteString("\n[Previews of pull requests](howto/preview.md) add these grants. infra may also act as the account of the\n" +
				"slots, and sets the clean-up of their repository.\n")
			accounts = []string{"slots"}
		}
		for _, account := range accounts {
			var held []permissions.Grant
			for _, r := range grants[account] {
				held = append(held, r.grant(t, inventory))
			}
			result := permissions.Compare(needs[account], held)
			fmt.Fprintf(&text, "\n### github-actions-%s\n\n| role | on | reason | needed for |\n|---|---|---|---|\n", account)
			for i, r := range grants[account] {
				uses := strings.Join(result.Uses[i], ", ")
				role, reason := r.role, r.reason
				if _, id, custom := strings.Cut(role, "/roles/"); custom {
					role = id + " (custom)"
				}
				if r.condition != "" {
					reason += " Only under a condition."
				}
				fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", role, r.scope, reason, uses)
			}
		}
	}
	golden.Check(t, filepath.FromSlash(grantsDocument), text.String(), *update)
}
