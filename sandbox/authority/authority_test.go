package authority_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/firstrun/permissions"
	"github.com/guiofsaints/procureflow-platform/sandbox/authority"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// resource is one resource with its inputs as JSON.
func resource(t *testing.T, token, name, inputs string) inventory.Resource {
	t.Helper()
	r := inventory.Resource{Type: token, Name: name}
	require.NoError(t, json.Unmarshal([]byte(inputs), &r.Inputs), name)
	return r
}

const (
	service     = "gcp:cloudrunv2/service:Service"
	job         = "gcp:cloudrunv2/job:Job"
	account     = "gcp:serviceaccount/account:Account"
	identity    = "procureflow:identity:Identity"
	server      = "gcp:sql/databaseInstance:DatabaseInstance"
	customRole  = "gcp:projects/iAMCustomRole:IAMCustomRole"
	onProject   = "gcp:projects/iAMMember:IAMMember"
	onAccount   = "gcp:serviceaccount/iAMMember:IAMMember"
	onService   = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
	ruleset     = "github:index/repositoryRuleset:RepositoryRuleset"
	environment = "github:index/repositoryEnvironment:RepositoryEnvironment"
)

// factsOf returns the facts of these kinds about resources, each as "kind SUBJECT: TEXT", and with its level if it has one.
func factsOf(t *testing.T, resources []inventory.Resource, kinds ...string) []review.Fact {
	t.Helper()
	all, err := authority.Of(resources, authority.TokenParts{})
	require.NoError(t, err)
	var facts []review.Fact
	for _, fact := range all {
		for _, kind := range kinds {
			if fact.Kind == kind {
				facts = append(facts, fact)
			}
		}
	}
	return facts
}

// TestInternet checks which grants and which settings of a service let anybody call it.
func TestInternet(t *testing.T) {
	t.Parallel()
	const to = `"project":"p","location":"l","name":"web"`
	for name, test := range map[string]struct {
		token, inputs string
		want          []review.Fact
	}{
		"anybody": {onService, `{"member":"allUsers","role":"roles/run.invoker",` + to + `}`,
			[]review.Fact{{Kind: review.Internet, Subject: "service p/l/web", Text: "anybody holds roles/run.invoker"}}},
		"anybody at Google": {onService, `{"member":"allAuthenticatedUsers","role":"roles/run.invoker",` + to + `}`,
			[]review.Fact{{Kind: review.Internet, Subject: "service p/l/web", Text: "anybody with an account at Google holds roles/run.invoker"}}},
		"one account":         {onService, `{"member":"user:a@b.example","role":"roles/run.invoker",` + to + `}`, nil},
		"an internal service": {service, `{"name":"web","ingress":"INGRESS_TRAFFIC_INTERNAL_ONLY"}`, nil},
		"a service behind a load balancer": {service, `{"name":"web","ingress":"INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}`,
			[]review.Fact{{Kind: review.Internet, Subject: "service web", Text: "its address answers through a load balancer"}}},
		"a database server with an address": {server, `{"name":"main","settings":{"ipConfiguration":{"ipv4Enabled":true,
			"authorizedNetworks":[{"value":"192.0.2.0/24"}]}}}`, []review.Fact{
			{Kind: review.Internet, Subject: "database server main", Text: "it has an address on the internet"},
			{Kind: review.Internet, Subject: "database server main", Text: "192.0.2.0/24 connects without a grant of IAM"}}},
		"a database server that says nothing": {server, `{"name":"main"}`,
			[]review.Fact{{Kind: review.Internet, Subject: "database server main", Text: "it has an address on the internet"}}},
		"a database server in a network": {server, `{"name":"main","settings":{"ipConfiguration":{"ipv4Enabled":false}}}`, nil},
		"a service without ingress settings": {service, `{"name":"web","invokerIamDisabled":true}`, []review.Fact{
			{Kind: review.Internet, Subject: "service web", Text: "callers need no identity"},
			{Kind: review.Internet, Subject: "service web", Text: "its address answers from everywhere"}}},
	} {
		assert.Equal(t, test.want, factsOf(t, []inventory.Resource{resource(t, test.token, "r", test.inputs)}, review.Internet), name)
	}
}

// TestHoldsAndReads checks the facts about memberships, custom roles and secrets.
func TestHoldsAndReads(t *testing.T) {
	t.Parallel()
	const pool = "principalSet://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/github/attribute."
	const secret = `[{"envs":[{"name":"PLAIN","value":"v"},
		{"name":"KEY","valueSource":{"secretKeyRef":{"secret":"projects/p/secrets/api-key","version":"3"}}}]}],
		"volumes":[{"name":"tmp","emptyDir":{}},{"name":"key","secret":{"secret":"signing-key"}}]`
	own := resource(t, account, "ci", `{"accountId":"ci","project":"p"}`)
	own.CloudName = "projects/p/serviceAccounts/ci@p.iam.gserviceaccount.com"
	provider := resource(t, "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider", "oidc", `{
		"oidc":{"issuerUri":"https://token.actions.githubusercontent.com"},"attributeMapping":{"google.subject":"assertion.sub"}}`)
	provider.CloudName = "projects/42/locations/global/workloadIdentityPools/github/providers/oidc"
	const foreign = "projects/43/locations/global/workloadIdentityPools/github"
	got := factsOf(t, []inventory.Resource{own, provider,
		resource(t, onProject, "a", `{"project":"p","role":"roles/viewer","member":"serviceAccount:ci@p.iam.gserviceaccount.com"}`),
		resource(t, onProject, "aa", `{"project":"p","role":"roles/viewer","member":"serviceAccount:ci@other.iam.gserviceaccount.com"}`),
		resource(t, onProject, "b", `{"project":"p","role":"roles/viewer","member":"`+pool+`environment/prod"}`),
		resource(t, onProject, "bb", `{"project":"p","role":"roles/viewer","member":"principalSet://iam.googleapis.com/`+foreign+
			`/attribute.environment/prod"}`),
		resource(t, onProject, "c", `{"project":"p","role":"roles/viewer","member":"group:g@b.example","condition":{"expression":"x"}}`),
		resource(t, onProject, "d", `{"project":"p","role":"roles/viewer","member":"allUsers"}`),
		resource(t, customRole, "e", `{"roleId":"lists","project":"p","permissions":["run.services.list","run.jobs.list"]}`),
		resource(t, service, "f", `{"name":"web","ingress":"INGRESS_TRAFFIC_INTERNAL_ONLY","template":{"containers":`+secret+`}}`),
		resource(t, job, "g", `{"name":"migrate","template":{"template":{"containers":`+secret+`}}}`),
		resource(t, "gcp:storage/bucket:Bucket", "h", `{"template":{"containers":`+secret+`}}`),
	}, review.Holds, review.Reads)
	assert.Equal(t, []review.Fact{
		{Kind: review.Holds, Subject: "ci", Text: "roles/viewer on project p"},
		{Kind: review.Holds, Subject: "ci@other.iam.gserviceaccount.com", Text: "roles/viewer on project p"},
		{Kind: review.Holds, Subject: "a job whose environment in the pool github is prod", Text: "roles/viewer on project p"},
		{Kind: review.Holds, Subject: "a job whose environment in the pool " + foreign + " is prod", Text: "roles/viewer on project p"},
		{Kind: review.Holds, Subject: "group:g@b.example", Text: "roles/viewer on project p if x"},
		{Kind: review.Holds, Subject: "role lists", Text: "run.services.list"},
		{Kind: review.Holds, Subject: "role lists", Text: "run.jobs.list"},
		{Kind: review.Reads, Subject: "web", Text: "the secret api-key as KEY"},
		{Kind: review.Reads, Subject: "web", Text: "the secret signing-key as the volume key"},
		{Kind: review.Reads, Subject: "migrate", Text: "the secret api-key as KEY"},
		{Kind: review.Reads, Subject: "migrate", Text: "the secret signing-key as the volume key"},
	}, got)
}

// TestGuards checks which setting of which resource prevents what, and how much it requires.
func TestGuards(t *testing.T) {
	t.Parallel()
	guard := func(subject, text string, level float64) review.Fact {
		return review.Fact{Kind: review.Guard, Subject: subject, Text: text, Level: level}
	}
	const policy = "gcp:binaryauthorization/policy:Policy"
	const main = `"conditions":{"refName":{"includes":["main"]}}`
	for name, test := range map[string]struct {
		token, inputs string
		want          []review.Fact
	}{
		"a job": {job, `{"name":"migrate","deletionProtection":true,"binaryAuthorization":{"useDefault":true}}`, []review.Fact{
			guard("job migrate, deletion", "it is not deleted or replaced", 0),
			guard("job migrate, images", "only images that the project's policy admits start", 0)}},
		"a job without guards":         {job, `{"name":"migrate","deletionProtection":false}`, nil},
		"an environment without rules": {environment, `{"environment":"dev"}`, nil},
		"an environment": {environment, `{"environment":"prod","reviewers":[{"users":[33,7],"teams":[5]}],"waitTimer":10,
			"preventSelfReview":true,"canAdminsBypass":false,"deploymentBranchPolicy":{"protectedBranches":true}}`, []review.Fact{
			guard("environment prod, approval", "one of these approves: team 5, user 33, user 7", 0),
			guard("environment prod, waiting", "10 minutes pass", 10),
			guard("environment prod, self-approval", "nobody approves what they started", 0),
			guard("environment prod, administrators", "they wait like everybody else", 0),
			guard("environment prod, branches", "not every branch deploys", 0)}},
		"an id of many digits": {environment, `{"environment":"prod","reviewers":[{"users":[123456789]},{"users":["9"]}],"canAdminsBypass":true}`,
			[]review.Fact{guard("environment prod, approval", "one of these approves: user 123456789, user 9", 0)}},
		"a branch": {"github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy",
			`{"environment":"prod","branchPattern":"v*"}`,
			[]review.Fact{guard("environment prod, branches v*", "deployments come from v* only", 0)}},
		"actions": {"github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions",
			`{"shaPinningRequired":true,"allowedActions":"selected","allowedActionsConfig":{"patternsAlloweds":["a/b@*"]}}`, []review.Fact{
				guard("actions", "are pinned to commits", 0), guard("actions", "only those that are listed run", 0)}},
		"all actions": {"github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions", `{"allowedActions":"all"}`, nil},
		"a service": {service, `{"name":"web","deletionProtection":true,"binaryAuthorization":{"useDefault":true}}`, []review.Fact{
			guard("service web, deletion", "it is not deleted or replaced", 0),
			guard("service web, images", "only images that the project's policy admits start", 0)}},
		"an unguarded service": {service, `{"name":"web","deletionProtection":false,"binaryAuthorization":{"policy":"x"}}`, nil},
		"a database": {"gcp:sql/databaseInstance:DatabaseInstance", `{"name":"main","deletionProtection":true}`,
			[]review.Fact{guard("database server main, deletion", "it is not deleted or replaced", 0)}},
		"every image": {policy, `{"defaultAdmissionRule":{"evaluationMode":"ALWAYS_ALLOW"}}`,
			[]review.Fact{guard("images of the project", "an image has to pass ALWAYS_ALLOW", 0)}},
		"signed images": {policy, `{"defaultAdmissionRule":{"evaluationMode":"REQUIRE_ATTESTATION"}}`,
			[]review.Fact{guard("images of the project", "an image has to pass REQUIRE_ATTESTATION", 1)}},
		"no image": {policy, `{"defaultAdmissionRule":{"evaluationMode":"ALWAYS_DENY"}}`,
			[]review.Fact{guard("images of the project", "an image has to pass ALWAYS_DENY", 2)}},
		"a ruleset that only watches": {ruleset, `{"name":"r","enforcement":"evaluate",` + main + `,"rules":{"deletion":true}}`, nil},
		"a ruleset that some pass by": {ruleset, `{"name":"r","enforcement":"active","bypassActors":[{"actorId":1}],` + main + `,"rules":{
			"creation":true,"update":true,"deletion":true,"nonFastForward":true,"requiredSignatures":true,"requiredLinearHistory":true}}`,
			[]review.Fact{guard("main, creation", "only administrators create it", 0), guard("main, update", "only administrators move it", 0),
				guard("main, deletion", "nobody deletes it", 0), guard("main, nonFastForward", "nobody rewrites it", 0),
				guard("main, requiredSignatures", "commits are signed", 0), guard("main, requiredLinearHistory", "its history is linear", 0)}},
		"pull requests": {ruleset, `{"name":"r",` + main + `,"rules":{"pullRequest":{"requiredApprovingReviewCount":2,
			"requireCodeOwnerReview":true,"requireLastPushApproval":true,"dismissStaleReviewsOnPush":true,"requiredReviewThreadResolution":true},
			"requiredStatusChecks":{"requiredChecks":[{"context":"check"}]}}}`, []review.Fact{
			guard("main, pull request", "a change needs a pull request with 2 approvals", 2),
			guard("main, requireCodeOwnerReview", "a code owner approves", 0),
			guard("main, requireLastPushApproval", "the last push is approved by somebody else", 0),
			guard("main, dismissStaleReviewsOnPush", "a push takes approvals away", 0),
			guard("main, requiredReviewThreadResolution", "threads are resolved", 0),
			guard("main, check check", "the check check passes", 0), guard("ruleset r", "nobody can bypass it", 0)}},
		"one approval": {ruleset, `{"name":"r",` + main + `,"rules":{"pullRequest":{"requiredApprovingReviewCount":1}}}`, []review.Fact{
			guard("main, pull request", "a change needs a pull request with 1 approval", 1), guard("ruleset r", "nobody can bypass it", 0)}},
	} {
		assert.Equal(t, test.want, factsOf(t, []inventory.Resource{resource(t, test.token, "r", test.inputs)}, review.Guard), name)
	}
}

// TestExemptionsAreRights checks that an exemption from a guard is listed as a right.
func TestExemptionsAreRights(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []review.Fact{
		{Kind: review.Holds, Subject: "workflows", Text: "the use of the action a/b@*"},
		{Kind: review.Holds, Subject: "images", Text: "exempt from signatures: gcr.io/x/*"},
	}, factsOf(t, []inventory.Resource{
		resource(t, "github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions", "a",
			`{"allowedActions":"selected","allowedActionsConfig":{"patternsAlloweds":["a/b@*"]}}`),
		resource(t, "gcp:binaryauthorization/policy:Policy", "b",
			`{"defaultAdmissionRule":{"evaluationMode":"ALWAYS_DENY"},"admissionWhitelistPatterns":[{"namePattern":"gcr.io/x/*"}]}`),
	}, review.Holds))
}

// TestHoldings checks the names of the platform's own accounts and of others, and which permissions each role is known to have.
func TestHoldings(t *testing.T) {
	t.Parallel()
	const onJob = "gcp:cloudrunv2/jobIamMember:JobIamMember"
	const ci, web = "ci@p.iam.gserviceaccount.com", "web@p.iam.gserviceaccount.com"
	holdings, accounts := authority.Holdings([]inventory.Resource{
		resource(t, identity, "account-ci", `{"accountId":"ci","project":"p"}`),
		resource(t, identity, "account-runtime-web", `{"accountId":"web","project":"p"}`),
		resource(t, account, "ci", `{"accountId":"ci","project":"p"}`),
		resource(t, account, "web", `{"accountId":"web","project":"p"}`),
		resource(t, account, "own", `{"accountId":"own","project":"p"}`),
		resource(t, customRole, "lists", `{"roleId":"lists","permissions":["run.services.list",7]}`),
		resource(t, onProject, "a", `{"project":"p","role":"projects/p/roles/lists","member":"serviceAccount:`+ci+`"}`),
		resource(t, onProject, "b", `{"project":"p","role":"roles/nobody.knows","member":"user:a@b.example"}`),
		resource(t, onAccount, "c", `{"serviceAccountId":"projects/p/serviceAccounts/`+web+`","role":"roles/iam.serviceAccountUser",
			"member":"serviceAccount:`+ci+`"}`),
		resource(t, onAccount, "d", `{"serviceAccountId":"projects/p/serviceAccounts/x@y.example","role":"roles/iam.serviceAccountUser",
			"member":"serviceAccount:`+ci+`"}`),
		resource(t, onService, "e", `{"project":"p","location":"l","name":"web","role":"roles/run.invoker","member":"serviceAccount:`+web+`"}`),
		resource(t, job, "job", `{"project":"p","location":"l","name":"tidy","template":{"template":{"serviceAccount":"`+web+`"}}}`),
		resource(t, onJob, "ea", `{"project":"p","location":"l","name":"tidy","role":"roles/run.invoker","member":"serviceAccount:`+ci+`"}`),
		resource(t, onJob, "eb", `{"project":"p","location":"l","name":"other","role":"roles/run.invoker","member":"serviceAccount:`+ci+`"}`),
		resource(t, onProject, "f", `{"project":"p","role":"roles/run.invoker","member":"serviceAccount:`+web+`","condition":{
			"expression":"api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/a', 'roles/b'])"}}`),
	})
	assert.Equal(t, []string{"ci", "runtime web", "own@p.iam.gserviceaccount.com"}, accounts)
	acts, runs := permissions.Roles["roles/iam.serviceAccountUser"], []string{"run.routes.invoke", "run.jobs.run"}
	assert.Equal(t, []permissions.Holding{
		{Who: "ci", Place: permissions.OnProject, Role: "projects/p/roles/lists", Permissions: []string{"run.services.list"}},
		{Who: "user:a@b.example", Place: permissions.OnProject, Role: "roles/nobody.knows", Permissions: []string{"*"}},
		{Who: "ci", Place: permissions.OnServiceAccount, On: "runtime web", Role: "roles/iam.serviceAccountUser", Permissions: acts},
		{Who: "ci", Place: permissions.OnServiceAccount, On: "x@y.example", Role: "roles/iam.serviceAccountUser", Permissions: acts},
		{Who: "runtime web", Role: "roles/run.invoker", Permissions: []string{"run.routes.invoke"}},
		{Who: "ci", Place: permissions.OnServiceAccount, On: "runtime web", Role: "roles/run.invoker", Permissions: runs},
		{Who: "ci", Role: "roles/run.invoker", Permissions: runs},
		{Who: "runtime web", Place: permissions.OnProject, Role: "roles/run.invoker", Permissions: runs,
			Only: []string{"roles/a", "roles/b"}},
	}, holdings)
}

// TestReaches checks that only paths from the stack's own accounts are facts.
func TestReaches(t *testing.T) {
	t.Parallel()
	const web = `"serviceAccountId":"projects/p/serviceAccounts/web@p.iam.gserviceaccount.com"`
	got := factsOf(t, []inventory.Resource{
		resource(t, account, "ci", `{"accountId":"ci","project":"p"}`),
		resource(t, account, "web", `{"accountId":"web","project":"p"}`),
		resource(t, customRole, "tokens", `{"roleId":"tokens","permissions":["iam.serviceAccounts.getAccessToken"]}`),
		resource(t, onAccount, "a", `{`+web+`,"role":"projects/p/roles/tokens","member":"serviceAccount:ci@p.iam.gserviceaccount.com"}`),
		resource(t, onAccount, "b", `{`+web+`,"role":"projects/p/roles/tokens","member":"user:a@b.example"}`),
	}, review.Reaches)
	assert.Equal(t, []review.Fact{{Kind: review.Reaches, Subject: "ci@p.iam.gserviceaccount.com",
		Text: "web@p.iam.gserviceaccount.com, by iam.serviceAccounts.getAccessToken (projects/p/roles/tokens)"}}, got)
}

// TestBecomes asks a provider and a binding about every kind of job. Only jobs of the one environment become the account.
func TestBecomes(t *testing.T) {
	t.Parallel()
	const pool, file = "projects/42/locations/global/workloadIdentityPools/github", "o/r/.github/workflows/deploy.yml@refs/heads/main"
	federation := resource(t, "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider", "oidc", `{
		"oidc":{"issuerUri":"https://token.actions.githubusercontent.com"},
		"attributeMapping":{"google.subject":"assertion.sub","attribute.environment":"assertion.environment"},
		"attributeCondition":"assertion.repository_id == '22' && assertion.job_workflow_ref == '`+file+`'"}`)
	federation.CloudName = pool + "/providers/oidc"
	grant := func(environment string) inventory.Resource {
		return resource(t, onAccount, "g", `{"serviceAccountId":"projects/p/serviceAccounts/infra@p.iam.gserviceaccount.com",
			"role":"roles/iam.workloadIdentityUser",
			"member":"principalSet://iam.googleapis.com/`+pool+`/attribute.environment/`+environment+`"}`)
	}
	settings := stacks.Settings{}
	settings.GitHub.Owner, settings.GitHub.OwnerID, settings.GitHub.Repository, settings.GitHub.RepositoryID = "o", 11, "r", 22
	settings.GitHub.Branch = "main"
	settings.GitHub.Environments = append(settings.GitHub.Environments, stacks.GitHubEnvironment{Name: "prod"})
	other := settings
	other.GitHub.Repository, other.GitHub.RepositoryID = "moved", 23
	resources := []inventory.Resource{federation, grant("prod")}
	words := authority.TokenPartsOf([]stacks.Settings{settings, other}, resources, resources)
	assert.Equal(t, authority.TokenParts{OwnerID: "11", RepositoryID: "22", Owner: "o", Repository: "r", Branch: "main",
		Others: map[string][2]string{"o/moved": {"11", "23"}}, Environments: []string{"prod"},
		Workflows: []string{file}}, words)

	facts, err := authority.Of(resources, words)
	require.NoError(t, err)
	var becomes []string
	for _, fact := range facts {
		if fact.Kind == review.Becomes {
			assert.Equal(t, "infra@p.iam.gserviceaccount.com", fact.Subject, "another stack's account")
			becomes = append(becomes, fact.Text)
		}
	}
	for _, text := range becomes {
		assert.Contains(t, text, ", o/r:deploy.yml@refs/heads/main, in prod", "the condition and the binding ask for both")
		assert.NotContains(t, text, "another repository", "its number is another one")
	}
	assert.Contains(t, becomes, "a push to main, o/r:deploy.yml@refs/heads/main, in prod")
	assert.Contains(t, becomes, "a push to main of the repository's former name, with another owner, o/r:deploy.yml@refs/heads/main, in prod",
		"the condition does not ask for the owner")
	assert.Contains(t, becomes, "a schedule, o/r:deploy.yml@refs/heads/main, in prod, on a self-hosted runner")
	runs := 11 // kinds of events; each by GitHub's runners and others', and under the former name
	assert.Len(t, becomes, 3*runs)

	facts, err = authority.Of([]inventory.Resource{federation, grant("dev")}, words)
	require.NoError(t, err)
	for _, fact := range facts {
		assert.NotEqual(t, review.Becomes, fact.Kind, "no job of the repository is in dev")
	}
}

// TestUnreadableResources checks that a resource which the simulator cannot read makes the whole answer fail.
func TestUnreadableResources(t *testing.T) {
	t.Parallel()
	_, err := authority.Of([]inventory.Resource{resource(t, "gcp:projects/iAMBinding:IAMBinding", "b", `{}`)}, authority.TokenParts{})
	assert.ErrorContains(t, err, "the simulator reads grants of single members only")
	broken := resource(t, "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider", "oidc",
		`{"oidc":{"issuerUri":"https://token.actions.githubusercontent.com"},"attributeCondition":"assertion.("}`)
	_, err = authority.Of([]inventory.Resource{broken}, authority.TokenParts{})
	assert.Error(t, err)
}

// TestPlannedResources checks the facts about resources of a plan whose values are known only after the update. What may be a right is
// listed, and no guard counts that may be absent.
func TestPlannedResources(t *testing.T) {
	t.Parallel()
	// planned takes "?" for what is not known yet.
	planned := func(token, inputs string) inventory.Resource {
		r := resource(t, token, "r", strings.ReplaceAll(inputs, `"?"`, `"`+plugin.UnknownStringValue+`"`))
		r.Inputs = inventory.MarkedInputs(r.Inputs)
		r.CloudName = r.Named("7")
		return r
	}
	const infra = "serviceAccount:infra@p.iam.gserviceaccount.com"
	got := factsOf(t, []inventory.Resource{
		planned(account, `{"accountId":"infra","project":"p"}`),
		planned(customRole, `{"roleId":"tokens","permissions":["iam.serviceAccounts.getAccessToken"]}`),
		planned(onAccount, `{"serviceAccountId":"?","role":"roles/iam.serviceAccountUser","member":"`+infra+`"}`),
		planned(onService, `{"project":"p","location":"l","name":"?","role":"roles/run.invoker","member":"?"}`),
		planned(onService, `{"project":"p","location":"l","name":"web","role":"roles/run.invoker","member":"allUsers","condition":"?"}`),
		planned(onProject, `{"project":"p","role":"?","member":"`+infra+`","condition":{"title":"t","expression":"?"}}`),
		planned(service, `{"name":"?","ingress":"?","deletionProtection":"?","template":{
			"containers":[{"envs":[{"name":"KEY","valueSource":{"secretKeyRef":{"secret":"?"}}}]}],
			"volumes":[{"name":"keys","secret":{"secret":"?"}}]}}`),
		planned(environment, `{"environment":"?","waitTimer":"?","preventSelfReview":true}`),
		planned(ruleset, `{"name":"r","enforcement":"?","conditions":{"refName":{"includes":["main"]}},"rules":{"deletion":true}}`),
	}, review.Reaches, review.Holds, review.Internet, review.Reads, review.Guard)
	const address, later = "infra@p.iam.gserviceaccount.com", "[known after the update]"
	assert.Equal(t, []review.Fact{
		{Kind: review.Reaches, Subject: address, Text: later + ", by iam.serviceAccounts.actAs (roles/iam.serviceAccountUser)"},
		{Kind: review.Holds, Subject: "infra", Text: "roles/iam.serviceAccountUser on service account " + later},
		{Kind: review.Holds, Subject: later, Text: "roles/run.invoker on service p/l/" + later},
		{Kind: review.Holds, Subject: "infra", Text: later + " on project p if " + later},
		{Kind: review.Holds, Subject: "role tokens", Text: "iam.serviceAccounts.getAccessToken"},
		{Kind: review.Internet, Subject: "service p/l/web", Text: "anybody holds roles/run.invoker"},
		{Kind: review.Internet, Subject: "service " + later, Text: "its address answers from everywhere"},
		{Kind: review.Reads, Subject: later, Text: "the secret " + later + " as KEY"},
		{Kind: review.Reads, Subject: later, Text: "the secret " + later + " as the volume keys"},
		{Kind: review.Guard, Subject: "environment " + later + ", self-approval", Text: "nobody approves what they started"},
	}, got)
	holdings, _ := authority.Holdings([]inventory.Resource{planned(onProject, `{"project":"p","role":"?","member":"user:a@b.example"}`)})
	assert.Empty(t, holdings[0].Permissions)
	holdings, _ = authority.Holdings([]inventory.Resource{planned(customRole, `{"roleId":"lists","permissions":["run.services.list","?"]}`),
		planned(onProject, `{"project":"p","role":"projects/p/roles/lists","member":"user:a@b.example"}`)})
	assert.Equal(t, []string{"run.services.list", "*"}, holdings[0].Permissions)
}
