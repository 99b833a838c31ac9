package rules

import (
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

func githubFindings() []findings {
	main := "refs/heads/main"
	ruleset := func(changes ...change) ct.Resource {
		return changed(named(res(ghRuleset, ct.Properties{"repository": "web", "target": "branch", "enforcement": "active",
			"conditions": object{"refName": object{"includes": []any{main}, "excludes": []any{}}},
			"rules": object{"nonFastForward": true, "deletion": true,
				"requiredStatusChecks": object{"requiredChecks": []any{object{"context": "check"}}},
				"pullRequest":          object{"requiredApprovingReviewCount": 1, "requireCodeOwnerReview": true, "requireLastPushApproval": true}}}),
			"main"), changes...)
	}
	return []findings{
		of(ghDeployKey, "the provider's default", nil, res(ghDeployKeyType, ct.Properties{"title": "t", "key": "k"})),
		of(ghRepoHardening, "the provider's default", nil, res(ghAlerts, ct.Properties{"repository": "web"})),
		of(ghActionsPinned, "a repository without workflows", nil, res(ghActions, ct.Properties{"enabled": false})),
		of(ghActionsPinned, "an organization without workflows", nil, res(ghOrgActions, ct.Properties{"enabledRepositories": "none"})),
		of(ghMainProtected, "a ruleset", nil, ruleset()),
		of(ghMainProtected, "a ruleset that lets commits be overwritten", []string{"rules.nonFastForward is not true: set it"},
			ruleset(change{path: "rules.nonFastForward", to: gone{}})),
		of(ghMainProtected, "a ruleset without reviews", []string{"rules.pullRequest.requiredApprovingReviewCount is 0: set it to 1 or more"},
			ruleset(change{path: "rules.pullRequest", to: gone{}})),
		{policy: ghMainProtected, name: "a ruleset without reviews, where none is asked for", config: `"approvals": 0`,
			resources: []ct.Resource{ruleset(change{path: "rules.pullRequest", to: object{"requiredApprovingReviewCount": 0}})}},
		of(ghMainProtected, "reviews of another branch alone", []string{
			"does not cover main, the branch that deploys: name refs/heads/main, " +
				"or ~DEFAULT_BRANCH, in conditions.refName.includes"}, ruleset(change{path: "conditions.refName.includes",
			to: []any{"refs/heads/develop"}}, change{path: "rules.requiredStatusChecks", to: gone{}})),
		of(ghMainProtected, "protection of another branch that asks for nothing", nil, res(ghBranchProtection,
			ct.Properties{"repositoryId": "web", "pattern": "release/*"})),
		of(ghMainProtected, "a ruleset for tags", nil, ruleset(), named(ruleset(change{path: "target", to: "tag"},
			change{path: "enforcement", to: "disabled"}, change{path: "rules", to: gone{}}), "tags")),
	}
}

func iamFindings() []findings {
	list := func(properties ct.Properties) []ct.Resource {
		properties["datasetId"] = "d"
		return []ct.Resource{named(res(dataset, properties), "d"), named(res("gcp:bigquery/datasetAccess:DatasetAccess",
			ct.Properties{"datasetId": "d", "role": "READER", "userByEmail": "a@x"}), "reader")}
	}
	const modified = "'iam.googleapis.com/modifiedGrantsByRole'"
	condition := func(expression string) []ct.Resource {
		return []ct.Resource{changed(grantOf(projectIAM[0], "roles/resourcemanager.projectIamAdmin", robot), change{path: "condition",
			to: object{"title": "only", "expression": expression}})}
	}
	decides := func(only string) []ct.Resource {
		return condition("api.getAttribute(" + modified + ", []).hasOnly(['" + only + "'])")
	}
	unbounded := []string{"grants roles/resourcemanager.projectIamAdmin to " + robot + " on the project, and with it the right to " +
		"become every account: grant a role on what is meant, or add a condition on iam.googleapis.com/modifiedGrantsByRole"}
	admin := func(expression string) []ct.Resource {
		return []ct.Resource{changed(grantOf(projectIAM[0], "roles/secretmanager.admin", robot), change{path: "condition",
			to: object{"title": "some", "expression": expression}})}
	}
	everything := []string{"grants roles/secretmanager.admin to " + robot + " on the project, and with it every secret: grant it on the " +
		"secrets that are needed"}
	custom := func(member string) []ct.Resource {
		return []ct.Resource{named(res(customRoleTypes[0], ct.Properties{"roleId": "policies",
			"permissions": []any{"run.services.setIamPolicy"}}), "policies"), grantOf(projectIAM[0], "projects/p/roles/policies", member)}
	}
	return []findings{
		of(iamNoAuthoritative, "members of a role that is not known yet, without bindings", nil, grantOf(projectIAM[0], "", robot),
			named(changed(grantOf(bucketIAM[0], "", robot), change{path: "role", to: ct.Unknown}), "m")),
		of(iamNoAuthoritative, "an entry of a dataset that has no list", nil, list(ct.Properties{})...),
		of(iamNoAuthoritative, "an entry of a dataset whose list is not known yet", nil, list(ct.Properties{"accesses": ct.Unknown})...),
		of(iamNoAuthoritative, "an entry of a dataset that has a list", []string{
			"accesses sets the whole access list, and removes what reader grants: use one or the other"},
			list(ct.Properties{"accesses": []any{object{"role": "OWNER", "specialGroup": "projectOwners"}}})...),
		of(wifBindingNarrow, "all accounts of a project, which come from inside", nil, grantOf(projectIAM[0], "roles/run.viewer",
			"principalSet://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount")),
		of(iamNoDirectUser, "everybody on images, which another rule judges", nil, grantOf(repositoryIAM[0],
			"roles/artifactregistry.reader", "allUsers")),
		of(iamNoProjectImpersonation, "who gives a harmless role", nil, decides("roles/run.developer")...),
		of(iamNoProjectImpersonation, "who gives accounts", unbounded, decides("roles/iam.serviceAccountUser")...),
		of(iamNoProjectImpersonation, "who gives the right to give", unbounded, decides("roles/iam.securityAdmin")...),
		of(iamNoProjectImpersonation, "who gives everything", unbounded, decides("roles/owner")...),
		of(iamNoProjectImpersonation, "who gives any of several", unbounded, condition("!api.getAttribute("+modified+", []).hasOnly(["+
			"'roles/run.viewer'])")...),
		of(iamNoProjectImpersonation, "who gives one of several at least", unbounded, condition("api.getAttribute("+modified+
			", []).hasAny(['roles/run.viewer'])")...),
		of(iamNoProjectImpersonation, "whose other attribute is bounded", unbounded, condition(
			"api.getAttribute('api.googleapis.com/other', []).hasOnly(['roles/run.viewer'])")...),
		of(iamNoProjectImpersonation, "whose attribute is read otherwise", unbounded, condition(
			"api.get("+modified+", []).hasOnly(['roles/run.viewer'])")...),
		of(iamNoProjectImpersonation, "who gives what is not written down", unbounded, condition(
			"api.getAttribute("+modified+", []).hasOnly(resource.roles)")...),
		of(iamNoProjectImpersonation, "who gives what is partly written down", unbounded, condition(
			"api.getAttribute("+modified+", []).hasOnly(['roles/run.viewer', resource.role])")...),
		of(secretScopedAccess, "the secrets of one application", nil, admin("resource.name.startsWith('projects/1/secrets/web-')")...),
		of(secretScopedAccess, "one of two secrets", nil, admin("resource.name in ['projects/1/secrets/a', 'projects/1/secrets/b']")...),
		of(secretScopedAccess, "a secret by its whole name", nil,
			admin("'//secretmanager.googleapis.com/projects/1/secrets/a' == resource.name")...),
		of(secretScopedAccess, "every secret, by their whole name", everything,
			admin("resource.name.startsWith('//secretmanager.googleapis.com/projects/1/secrets')")...),
		of(secretScopedAccess, "every secret, by name", everything, admin("resource.name.startsWith('projects/1/secrets/')")...),
		of(secretScopedAccess, "another text with a secret's name", everything, admin("resource.type == 'projects/1/secrets/a'")...),
		of(secretScopedAccess, "another text that begins so", everything, admin("resource.type.startsWith('projects/1/secrets/a')")...),
		of(secretScopedAccess, "all secrets but some", everything, admin("!resource.name.startsWith('projects/1/secrets/a')")...),
		of(secretScopedAccess, "a name that ends so", everything, admin("resource.name.endsWith('projects/1/secrets/a')")...),
		of(iamSANoAdmin, "an administrating role of the stack for people", nil, custom("group:platform@example.com")...),
		of(iamSANoAdmin, "an administrating role of the stack for an account", []string{"grants projects/p/roles/policies, which has " +
			"run.services.setiampolicy, to " + robot + " on the project: grant a narrower role"}, custom(robot)...),
		{policy: runNoPublicInvoker, name: "everybody in a role that is not known yet", config: `"publicServices": ["web"]`,
			resources: []ct.Resource{changed(grantOf(serviceIAM[3], "", "allUsers"), change{path: "role", to: ct.Unknown},
				change{path: "name", to: "web"})}, want: []string{"not checked: role is known only after the update"}},
	}
}
