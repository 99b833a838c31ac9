package permissions_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/firstrun/permissions"
)

// say formats each path as one line.
func say(paths []permissions.Path) []string {
	lines := []string{}
	for _, path := range paths {
		line := path.From
		for _, step := range path.Steps {
			line += " → " + step.To + " by " + step.By
		}
		lines = append(lines, line)
	}
	return lines
}

func TestPaths(t *testing.T) {
	t.Parallel()
	accounts := []string{"ci", "infra", "web"}
	on := func(who string, place permissions.Place, thing string, held ...string) permissions.Holding {
		return permissions.Holding{Who: who, Place: place, On: thing, Role: "r", Permissions: held}
	}
	project := func(held ...string) []permissions.Holding {
		return []permissions.Holding{on("infra", permissions.OnProject, "", held...)}
	}
	door := on("principalSet://pool/attribute.x/ci", permissions.OnServiceAccount, "ci", "iam.serviceAccounts.getAccessToken")
	for name, test := range map[string]struct {
		holdings []permissions.Holding
		want     []string
	}{
		"nothing": {nil, nil},
		"reads": {project("run.services.get", "iam.serviceAccounts.getIamPolicy", "serviceusage.services.use",
			"run.services.update"), nil},
		"one account": {[]permissions.Holding{on("infra", permissions.OnServiceAccount, "web", permissions.ActAs)},
			[]string{"infra → web by iam.serviceAccounts.actAs (r)"}},
		"oneself": {[]permissions.Holding{on("web", permissions.OnServiceAccount, "web", permissions.ActAs)}, nil},
		"every secret": {project("secretmanager.versions.access"),
			[]string{"infra → the values of secrets by secretmanager.versions.access (r)"}},
		"every account, and Google's own": {project("iam.serviceAccounts.setIamPolicy"), []string{
			"infra → Compute's default account, an editor by iam.serviceAccounts.setIamPolicy (r)",
			"infra → ci by iam.serviceAccounts.setIamPolicy (r)", "infra → web by iam.serviceAccounts.setIamPolicy (r)",
		}},
		"in two steps": {append(project("iam.serviceAccountKeys.create"),
			on("ci", permissions.OnProject, "", "cloudkms.cryptoKeyVersions.useToSign")), []string{
			"ci → a signature on any image by cloudkms.cryptoKeyVersions.useToSign (r)",
			"infra → Compute's default account, an editor by iam.serviceAccountKeys.create (r)",
			"infra → ci by iam.serviceAccountKeys.create (r) → a signature on any image by cloudkms.cryptoKeyVersions.useToSign (r)",
			"infra → ci by iam.serviceAccountKeys.create (r)", "infra → web by iam.serviceAccountKeys.create (r)",
		}},
		"changing who a workflow is": {append(project("iam.googleapis.com/workloadIdentityPoolProviders.update"), door), []string{
			"infra → ci by iam.googleapis.com/workloadIdentityPoolProviders.update (r)",
			"principalSet://pool/attribute.x/ci → ci by iam.serviceAccounts.getAccessToken (r)",
		}},
		"an account that makes tokens of an account": {append(project("iam.googleapis.com/workloadIdentityPoolProviders.update"),
			on("ci", permissions.OnServiceAccount, "web", "iam.serviceAccounts.getAccessToken")), []string{
			"ci → web by iam.serviceAccounts.getAccessToken (r)"}},
		"a workflow that makes tokens of every account": {append(project("iam.googleapis.com/workloadIdentityPoolProviders.update"),
			on("principalSet://pool/attribute.x/ci", permissions.OnProject, "", "iam.serviceAccounts.getOpenIdToken",
				"iam.serviceAccounts.getAccessToken")), []string{
			"principalSet://pool/attribute.x/ci → Compute's default account, an editor by iam.serviceAccounts.getAccessToken (r)",
			"principalSet://pool/attribute.x/ci → ci by iam.serviceAccounts.getAccessToken (r)",
			"principalSet://pool/attribute.x/ci → infra by iam.serviceAccounts.getAccessToken (r)",
			"principalSet://pool/attribute.x/ci → web by iam.serviceAccounts.getAccessToken (r)",
		}},
		"changing one's own role": {project("iam.roles.update"), []string{"infra → the project's owner by iam.roles.update (r)"}},
		"enabling an API, with the accounts that come with it": {project("serviceusage.services.enable"),
			[]string{"infra → Compute's default account, an editor by serviceusage.services.enable (r)"}},
		"disabling an API that checks": {project("serviceusage.services.disable"),
			[]string{"infra → an image that nobody signed by serviceusage.services.disable (r)"}},
		"changing the audit log": {project("logging.exclusions.create"),
			[]string{"infra → what the audit log keeps by logging.exclusions.create (r)"}},
		"the policy of an unlisted API": {project("pubsub.topics.setIamPolicy"),
			[]string{"infra → any right on pubsub.topics by pubsub.topics.setIamPolicy (r)"}},
		"everything of a service": {project("pubsub.*"), []string{"infra → any right on pubsub by pubsub.* (r)"}},
		"the project's policy": {project("resourcemanager.projects.setIamPolicy"),
			[]string{"infra → the project's owner by resourcemanager.projects.setIamPolicy (r)"}},
		"an account that makes a token": {[]permissions.Holding{on("infra", permissions.OnServiceAccount, "ci",
			"iam.serviceAccounts.signJwt")}, []string{"infra → ci by iam.serviceAccounts.signJwt (r)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := test.want
			if want == nil {
				want = []string{}
			}
			assert.ElementsMatch(t, want, say(permissions.Paths(test.holdings, accounts)))
		})
	}
}

// A person who changes a pool or a provider decides who a workflow is, by each of these permissions.
func TestPathsThroughPools(t *testing.T) {
	t.Parallel()
	for _, permission := range []string{"workloadIdentityPools.update", "workloadIdentityPools.undelete",
		"workloadIdentityPoolProviders.create", "workloadIdentityPoolProviders.update", "workloadIdentityPoolProviders.undelete"} {
		permission = "iam.googleapis.com/" + permission
		door := permissions.Holding{Who: "principalSet://pool/*", Place: permissions.OnServiceAccount, On: "ci", Role: "r",
			Permissions: []string{"iam.serviceAccounts.getAccessToken"}}
		assert.Equal(t, []string{"infra → ci by " + permission + " (r)", "principalSet://pool/* → ci by iam.serviceAccounts.getAccessToken (r)"},
			say(permissions.Paths([]permissions.Holding{{Who: "infra", Place: permissions.OnProject, Role: "r", Permissions: []string{permission}},
				door, door}, []string{"ci", "web"})))
	}
}

func TestPathsThroughConditionalGrants(t *testing.T) {
	t.Parallel()
	paths := func(only ...string) []string {
		return say(permissions.Paths([]permissions.Holding{{
			Who: "infra", Place: permissions.OnProject, Role: "r", Permissions: []string{"resourcemanager.projects.setIamPolicy"}, Only: only,
		}}, []string{"ci"}))
	}
	assert.Empty(t, paths("roles/run.viewer", "roles/monitoring.viewer"))
	assert.Equal(t, []string{
		"infra → Compute's default account, an editor by iam.serviceAccounts.actAs (roles/iam.serviceAccountUser)",
		"infra → ci by iam.serviceAccounts.actAs (roles/iam.serviceAccountUser)",
	}, paths("roles/run.viewer", "roles/iam.serviceAccountUser"))
	assert.Empty(t, permissions.Paths([]permissions.Holding{{Who: "infra", Place: permissions.OnProject, Role: "r",
		Permissions: []string{"run.services.get"}, Only: []string{"roles/iam.serviceAccountUser"}}}, []string{"ci"}), "it grants nothing")
	unknown := paths("roles/nobody.knows")
	assert.Contains(t, unknown, "infra → any right on * by * (roles/nobody.knows)", "an unknown role counts as every role")
	assert.Contains(t, unknown, "infra → ci by iam.serviceAccounts.getAccessToken (roles/nobody.knows)")
}

// TestPathsFromGooglesAdminRoles keeps the finding that led to infra's narrow custom roles: with Google's roles for the same work,
// infra could become every account and sign images.
func TestPathsFromGooglesAdminRoles(t *testing.T) {
	t.Parallel()
	var holdings []permissions.Holding
	for _, role := range []string{
		"roles/iam.serviceAccountAdmin", "roles/iam.workloadIdentityPoolAdmin", "roles/serviceusage.serviceUsageAdmin", "roles/run.admin",
		"roles/artifactregistry.admin",
	} {
		holdings = append(holdings, permissions.Holding{Who: "infra", Place: permissions.OnProject, Role: role,
			Permissions: permissions.Roles[role]})
	}
	holdings = append(holdings, permissions.Holding{Who: "ci", Role: "roles/cloudkms.signer",
		Permissions: permissions.Roles["roles/cloudkms.signer"]})
	var reached []string
	for _, path := range permissions.Paths(holdings, []string{"ci", "web"}) {
		if path.From == "infra" {
			reached = append(reached, path.To)
		}
	}
	assert.Subset(t, reached, []string{"ci", "web", permissions.Signature, permissions.DefaultAccount, permissions.Unsigned,
		permissions.Images})
	assert.True(t, strings.HasPrefix(reached[0], "Compute's"), "sorted")
}
