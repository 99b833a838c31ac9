package rules

import (
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// githubSiblings are cases of GitHub's rulesets, environments, actions and secrets.
func githubSiblings() []sibling {
	var all []sibling
	add := func(rule, expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{rule, desc, expected, resources, ""})
	}
	refs := func(includes ...any) object {
		return object{"refName": object{"includes": includes, "excludes": []any{}}}
	}
	reviewed := object{"pullRequest": object{"requiredApprovingReviewCount": 1, "dismissStaleReviewsOnPush": true},
		"requiredStatusChecks": object{"requiredChecks": []any{object{"context": "ci"}}}}
	whole := object{"nonFastForward": true, "deletion": true, "pullRequest": reviewed["pullRequest"],
		"requiredStatusChecks": reviewed["requiredStatusChecks"]}
	ruleset := func(name string, conditions, rules object) ct.Resource {
		return named(res(ghRuleset, ct.Properties{"repository": "procureflow", "target": "branch", "enforcement": "active",
			"conditions": conditions, "rules": rules}), name)
	}
	for _, include := range []string{"~DEFAULT_BRANCH", "~ALL", "refs/heads/main", "refs/heads/ma*", "refs/heads/**", "refs/heads/*"} {
		add("gh-main-protected", pass, "of "+include, ruleset("a", refs(include), whole))
		add("gh-main-protected", must, "too little of "+include, ruleset("a", refs(include), object{"nonFastForward": true, "deletion": true}))
	}
	for _, include := range []string{"refs/heads/develop", "main", "refs/heads/release/**", "refs/tags/main", "refs/heads/mainly"} {
		add("gh-main-protected", must, "misses main by "+include, ruleset("a", refs(include), whole))
	}
	add("gh-main-protected", must, "main is excluded", changed(ruleset("a", refs("~ALL"), whole),
		change{path: "conditions.refName.excludes", to: []any{"refs/heads/main"}}))
	add("gh-main-protected", must, "no conditions", changed(ruleset("a", refs("~ALL"), whole), change{path: "conditions", to: gone{}}))
	add("gh-main-protected", pass, "two rulesets together", ruleset("a", refs("~DEFAULT_BRANCH"), reviewed),
		ruleset("b", refs("refs/heads/main"), object{"nonFastForward": true, "deletion": true}))
	add("gh-main-protected", must, "two of two repositories", ruleset("a", refs("~DEFAULT_BRANCH"), reviewed),
		changed(ruleset("b", refs("refs/heads/main"), object{"nonFastForward": true, "deletion": true}), change{path: "repository", to: "other"}))
	add("gh-main-protected", must, "the second is not active", ruleset("a", refs("~DEFAULT_BRANCH"), reviewed),
		changed(ruleset("b", refs("refs/heads/main"), object{"nonFastForward": true, "deletion": true}),
			change{path: "enforcement", to: "disabled"}))
	add("gh-main-protected", pass, "main, and more for releases", ruleset("a", refs("~DEFAULT_BRANCH"), whole),
		ruleset("b", refs("refs/heads/release/*"), whole))
	add("gh-main-protected", must, "checks without names", ruleset("a", refs("~ALL"),
		object{"nonFastForward": true, "deletion": true, "pullRequest": reviewed["pullRequest"],
			"requiredStatusChecks": object{"requiredChecks": []any{object{"context": ""}}}}))
	add("gh-main-protected", pass, "tags", changed(ruleset("a", refs("~ALL"), object{"deletion": true}), change{path: "target", to: "tag"}))
	add("gh-main-protected", must, "approvals outlive what they approved",
		ruleset("a", refs("~ALL"), object{"nonFastForward": true, "deletion": true,
			"pullRequest": object{"requiredApprovingReviewCount": 1}, "requiredStatusChecks": reviewed["requiredStatusChecks"]}))
	add("gh-actions-pinned", must, "verified creators", res(ghActions,
		ct.Properties{"allowedActions": "selected", "shaPinningRequired": true, "allowedActionsConfig": object{"verifiedAllowed": true}}))
	organization := ruleset("a", refs("~DEFAULT_BRANCH"), whole)
	organization.Type = ghOrgRuleset
	add("gh-main-protected", pass, "an organization's", organization)
	add("gh-main-protected", must, "an organization's with a bypass", changed(organization,
		change{path: "bypassActors", to: []any{object{"actorId": 1, "bypassMode": "always"}}}))
	add("gh-main-protected", must, "V3 of another branch", res(ghBranchProtectionV3,
		ct.Properties{"repository": "r", "branch": "develop", "enforceAdmins": true,
			"requiredStatusChecks": object{"checks": []any{"ci"}}, "requiredPullRequestReviews": object{"requiredApprovingReviewCount": 1}}))
	for _, pattern := range []string{"*", "*/*", "*a*/*", "*-*", "*@*", "**", "a*/b", "actions", "*/checkout@*"} {
		add("gh-actions-pinned", must, "pattern "+pattern, res(ghActions,
			ct.Properties{"allowedActions": "selected", "shaPinningRequired": true,
				"allowedActionsConfig": object{"patternsAlloweds": []any{"actions/*", pattern}}}))
	}
	for _, pattern := range []string{"actions/*", "google-github-actions/auth@*", "docker/build-push-action@*"} {
		add("gh-actions-pinned", pass, "pattern "+pattern, res(ghOrgActions,
			ct.Properties{"enabledRepositories": "all", "allowedActions": "selected", "shaPinningRequired": true,
				"allowedActionsConfig": object{"patternsAlloweds": []any{pattern}}}))
	}
	add("gh-repo-hardening", pass, "archived", res(ghRepositoryType, ct.Properties{"archived": true}))
	add("gh-repo-hardening", "advisory", "not archived", res(ghRepositoryType, ct.Properties{"archived": false}))
	for _, hook := range []string{ghWebhook, ghOrgWebhook} {
		add("gh-secret-not-plaintext", must, "hook "+hook, res(hook, ct.Properties{"configuration": object{"url": "https://x",
			"secret": "hunter2"}}))
		add("gh-secret-not-plaintext", pass, "hook with a secret "+hook,
			res(hook, ct.Properties{"configuration": object{"url": "https://x", "secret": ct.Secret{Value: "hunter2"}}}))
		add("gh-secret-not-plaintext", pass, "hook in a secret "+hook,
			res(hook, ct.Properties{"configuration": ct.Secret{Value: object{"url": "https://x", "secret": "hunter2"}}}))
		add("gh-secret-not-plaintext", pass, "hook without "+hook, res(hook, ct.Properties{"configuration": object{"url": "https://x"}}))
	}
	gate := func(name string, reviewers object) ct.Resource {
		return named(res(ghEnvironment, ct.Properties{"repository": "r", "environment": name, "preventSelfReview": true,
			"canAdminsBypass": false, "reviewers": []any{reviewers}}), name)
	}
	users := func(ids ...any) object { return object{"users": ids} }
	prod := func(expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{"two-person-prod", desc, expected, resources, "prod"})
	}
	for _, name := range []string{"prd", "live", "eu-prod", "web-production", "PRD", "prod", "production-eu", "live-1"} {
		prod(must, "one gate "+name, gate(name, users(1)))
		prod(pass, "two gates "+name, gate(name, users(1)), gate("prod-approval", users(2)))
	}
	prod(must, "one environment in two spellings", gate("prod", users(1)), gate("Prod", users(2)))
	prod(must, "a team and a person", gate("prod-1", users(1)), gate("prod-2", object{"teams": []any{7}}))
	prod(pass, "two teams", gate("prod-1", object{"teams": []any{7}}), gate("prod-2", object{"teams": []any{8}}))
	prod(must, "one team twice", gate("prod-1", object{"teams": []any{7}}), gate("prod-2", object{"teams": []any{7}}))
	prod(pass, "no production", gate("staging", users(1)), gate("qa", users(1)))
	return all
}

// providerSiblings are cases of Google's resources, made by other providers.
func providerSiblings() []sibling {
	var all []sibling
	add := func(rule, expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{rule, desc, expected, resources, ""})
	}
	bridged := func(r ct.Resource, token string) ct.Resource {
		r.Type = token
		return r
	}
	in := func(r ct.Resource, region string) ct.Resource {
		r.Provider = &ct.Resource{Type: "pulumi:providers:gcp", Name: "p", Properties: ct.Properties{"region": region}}
		return r
	}
	elsewhere := changed(v2(), change{path: "location", to: "europe-west9"})
	nowhere := changed(v2(), change{path: "location", to: gone{}})
	add("allowed-regions", must, "its own region, whatever the provider's", in(elsewhere, "us-central1"))
	add("allowed-regions", pass, "its own region, whatever the provider's, allowed", in(v2(), "europe-west9"))
	add("allowed-regions", must, "the provider's region", in(nowhere, "europe-west9"))
	add("allowed-regions", pass, "the provider's region, allowed", in(nowhere, "us-central1"))
	all = append(all, sibling{"worst-case-cost", "a price in words", must, []ct.Resource{v2()},
		`{"worst-case-cost": {"priced": ["gcp:sql/databaseInstance:DatabaseInstance=cheap"]}}`})
	for rule, bad := range map[string]change{
		"run-max-instances": {path: "template.scaling.maxInstanceCount",
			to: 100}, "run-image-pinned": {path: "template.containers[0].image", to: "x:latest"},
		"run-ingress": {path: "ingress", to: gone{}, also: []change{{path: "name",
			to: "other"}}}, "run-probes": {path: "template.containers[0].livenessProbe", to: gone{}},
		"run-dedicated-sa": {path: "template.serviceAccount",
			to: gone{}}, "run-no-plaintext-secrets": {path: "template.containers[0].envs[0]", to: object{"name": "API_KEY", "value": "abc"}},
	} {
		for _, token := range []string{"google:index/cloudRunV2Service:CloudRunV2Service",
			"google-beta:index/cloudRunV2Service:CloudRunV2Service"} {
			add(rule, must, token, bridged(changed(v2(), bad), token))
			add(rule, pass, "good "+token, bridged(v2(), token))
		}
		for _, token := range []string{"google-native:run/v2:Service", "web:tf:google_cloud_run_v2_service", "google-native:run/v1:Service"} {
			add(rule, must, token, bridged(v2(), token))
		}
	}
	for rule, tokens := range map[string][]string{
		"secret-auto-replication": {"google-native:secretmanager/v1:Secret", "x:tf:google_secret_manager_secret",
			"google:index/secretManagerSecret:SecretManagerSecret"},
		"bucket-hardening": {"google-native:storage/v1:Bucket", "x:tf:google_storage_bucket", "google:index/storageBucket:StorageBucket"},
		"sql-hardening": {"google-native:sqladmin/v1beta4:Instance", "x:tf:google_sql_database_instance",
			"google:index/sqlDatabaseInstance:SqlDatabaseInstance"},
		"sa-no-keys": {"google-native:iam/v1:Key", "x:tf:google_service_account_key",
			"google:index/serviceAccountKey:ServiceAccountKey"},
		"wif-condition": {"google-native:iam/v1:WorkloadIdentityPoolProvider",
			"x:tf:google_iam_workload_identity_pool_provider", "google:index/iamWorkloadIdentityPoolProvider:IamWorkloadIdentityPoolProvider"},
		"ar-immutable-cleanup": {"google-native:artifactregistry/v1:Repository", "x:tf:google_artifact_registry_repository"},
		"iam-no-basic-roles":   {"google-native:cloudresourcemanager/v1:ProjectIamPolicy", "x:tf:google_project_iam_member"},
		"run-no-public-invoker": {"google-native:run/v1:ServiceIamPolicy", "google-native:run/v1:ServiceIamMember",
			"x:tf:google_cloud_run_v2_service_iam_member"},
		"job-bounds":      {"google-native:run/v2:Job", "x:tf:google_cloud_run_v2_job"},
		"allowed-regions": {"google-native:run/v2:Service"},
		"binauthz-default-deny": {"google-native:binaryauthorization/v1:Policy",
			"google:index/binaryAuthorizationPolicy:BinaryAuthorizationPolicy"},
	} {
		for _, token := range tokens {
			add(rule, must, token, res(token, ct.Properties{"name": "x"}))
		}
	}
	for _, form := range []string{"Member", "Binding", "Policy"} {
		add("iam-sa-no-admin", must, "project "+form, grantOf("google:index/projectIam"+form+":ProjectIam"+form, "roles/run.admin", workload))
		add("run-no-public-invoker", must, "service "+form, grantOf("google:index/cloudRunV2ServiceIam"+form+":CloudRunV2ServiceIam"+form,
			"roles/run.invoker", "allUsers"))
		add("ar-not-public", must, "repository "+form, grantOf("google:index/artifactRegistryRepositoryIam"+form+
			":ArtifactRegistryRepositoryIam"+form, "roles/artifactregistry.reader", "allUsers"))
	}
	add("run-max-instances", pass, "another cloud's service", res("aws:ecs/service:Service", ct.Properties{"name": "x"}))
	return all
}
