package rules

import (
	"fmt"

	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// identitySiblings are conditions, mappings and members with which somebody else gets in: prefixes that others continue, constants that
// are joined to a claim, functions that lose who somebody is, patterns that match strangers, and attributes that are no claims.
func identitySiblings() []sibling {
	var all []sibling
	add := func(rule, expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{rule, desc, expected, resources, ""})
	}
	gh := func(expected, c string) { add("wif-github-pinned", expected, c, providerOf(c)) }
	const o = "assertion.repository_owner_id == '1' && "
	for _, c := range []string{
		o + "assertion.repository_id.matches('^[0-9][0-9][0-9]$')", o + "assertion.repository_id.matches('^12[0-9]$')",
		o + "assertion.repository_id.matches('^\\\\d\\\\d$')",
		o + "assertion.repository_id.matches('(?m)^2$')", o + "assertion.repository_id.matches('^2$|^')",
		o + "assertion.repository_id.matches('^2?$')",
		o + "assertion.repository_id.matches('^2+$')", o + "assertion.repository_id.matches('^(2)*$')",
		o + "assertion.repository_id.matches('^[^a]$')",
		o + "('2' + assertion.repository_id).startsWith('2')", o + "assertion.repository_id.replace('9','2') == '2'",
		o + "assertion.repository_id.substring(0,1) == '2'",
		o + "assertion.repository_id.split('')[0] == '2'", o + "int(assertion.repository_id) % 10 == 2",
		o + "int(assertion.repository_id) > 1 && int(assertion.repository_id) < 3",
		o + "[assertion.repository_id, '2'].exists(x, x == '2')", o + "['2'].exists(assertion, assertion == '2')",
		o + "['2'].exists(x, x == '2')", o + "['2', assertion.ref].exists(x, x == assertion.repository_id)",
		o + "(assertion.repository_id == '2') in [true, false]",
		o + "assertion.repository_id == '2' ? true : assertion.ref == 'refs/heads/main'",
		o + "(assertion.repository_id == '2' || true) == true",
		o + "size(assertion.repository_id) == 9", o + "attribute.repository_id == '2'", o + "google.subject == '2'",
		o + "assertion.repository_id.contains('2')", o + "'2' in assertion.repository_id",
		o + "assertion.repository_id in {'2': true}", o + "{'2': true}[assertion.repository_id]",
		o + "assertion.repository == 'o/r'",
		o + "assertion.repository_id == string(2) || assertion.repository_id == assertion.actor",
		o + "assertion.repository_id == assertion.repository_owner_id", o + "assertion.job_workflow_ref.startsWith('o/r')",
		o + "!(assertion.repository_id == '2')", o + "!!!(assertion.repository_id == '2')",
		o + "has(assertion.repository_id) ? assertion.repository_id == '2' : true",
		"false ? false : " + pinnedCondition + " || true",
	} {
		gh(must, c)
	}
	for _, c := range []string{
		o + "assertion.repository_id.matches('^(12|13)$')", o + "assertion.repository_id.matches('^(?:123|124|99)$')",
		o + "assertion.repository_id.matches('\\\\A2\\\\z')", o + "int(assertion.repository_id) == 2",
		o + "assertion.repository_id in ['2']", o + "assertion['repository_id'] == '2'",
		o + "(assertion.repository_id) == ('2')", o + "assertion.repository_id == '2' && assertion.repository_id != '3'",
		pinnedCondition + " && assertion.ref.startsWith('refs/tags/v')",
		pinnedCondition + " && assertion.ref in ['refs/heads/main', 'refs/heads/release']",
		pinnedCondition + " && assertion.actor != 'dependabot[bot]'",
	} {
		gh(pass, c)
	}
	issuer := func(uri string) change { return change{path: "oidc.issuerUri", to: uri} }
	gl := func(expected, c string) {
		add("wif-condition", expected, c, providerOf(c, issuer("https://gitlab.com")))
	}
	for _, c := range []string{
		"assertion.sub.startsWith('project_path:acme')", "assertion.project_path.startsWith('acme')",
		"assertion.project_id.startsWith('12')", "assertion.namespace_path.startsWith('acme')",
		"assertion.sub.matches('^project_path:acme')",
		"assertion.project_path.matches('^acme')", "assertion.project_path.matches('^(acme|beta)')",
		"assertion.project_path.matches('^acme[-/]')", "assertion.project_path.matches('^acme.*$')",
		"assertion.project_path.matches('acme$')",
		"('acme/' + assertion.sub).startsWith('acme/')", "(assertion.sub + '@acme.example').endsWith('@acme.example')",
		"('acme/' + assertion.sub).matches('^acme/')", "(assertion.ref + assertion.sub).startsWith('acme/')",
		"assertion.sub.replace(assertion.sub, 'acme') == 'acme'", "assertion.project_path.split('/')[1] == 'web'",
		"assertion.project_path.split('/').exists(p, p == 'acme')", "'acme' in assertion.project_path.split('/')",
		"assertion.sub.substring(0, 4) == 'acme'", "assertion.project_path.extract('/{name}') == 'web'",
		"assertion.workflow == 'Deploy'", "assertion.terraform_workspace_name == 'prod-acme'",
		"assertion.sub.indexOf('acme') == 0", "assertion.sub.indexOf('acme') != -1", "assertion.sub.charAt(0) == 'a'",
		"assertion.email.startsWith('ops@acme')", "assertion.email.endsWith('acme.example')",
		"assertion.email.endsWith('@github.com') || assertion.email.endsWith('.acme')",
		"assertion.email.contains('@acme.example')", "assertion.head_ref == 'acme'",
		"assertion.ref.startsWith('refs/heads/acme')", "assertion.environment == 'acme-prod'",
		"assertion.sub.lowerAscii().contains('acme')",
		"has(assertion.sub) && assertion.aud == 'acme'", "'acme' + assertion.ref == 'acmemain'",
		"[assertion.sub].exists(s, s.startsWith('a'))", "assertion.sub.size() == 30",
		"assertion.exp > 100 && assertion.iss == 'https://gitlab.com/acme'",
		"assertion.pipeline_source == 'acme'", "assertion.sub.trim() == ''", "assertion.sub.join('x') == 'x'",
		"assertion.sub.matches('^(?i)[a-z]+')", "assertion.sub.matches('^project_path:acme/|')",
	} {
		gl(must, c)
	}
	for _, c := range []string{
		"assertion['oidc.circleci.com/project-id'] == '0a1b2c3d-4e5f-6789-abcd-ef0123456789'",
		"assertion['kubernetes.io'].namespace == 'payments'",
		"assertion['kubernetes.io']['serviceaccount']['name'] == 'web-api'", "assertion.repositoryUuid == '{0a1b}'",
		"assertion.sub.startsWith('system:serviceaccount:payments:')", "assertion.project_path.startsWith('acme/')",
		"assertion.project_path.matches('^acme/[^/]+$')", "assertion.project_path.matches('^acme/(web|api)$')",
		"assertion.project_path.matches('^(acme|beta)/.*$')", "assertion.project_path.matches('^acme/web$')",
		"assertion.sub.matches('^project_path:acme/web:.*')", "assertion.project_path.split('/')[0] == 'acme'",
		"assertion.email.split('@')[1] == 'acme.example'", "assertion.email.lowerAscii().endsWith('@acme.example')",
		"assertion.namespace_path == 'acme'", "string(assertion.project_id) == '12'", "assertion.project_id in [12, 13]",
		"assertion.terraform_organization_name == 'acme' && assertion.terraform_workspace_name == 'prod'",
		"assertion.user_login in ['alice', 'bob'] && assertion.project_id == '1'",
		"assertion.groups_direct.exists(g, g == 'acme/platform')", "assertion.tid == '0a1b2c3d-4e5f-6789-abcd-ef0123456789'",
		"assertion.project_id + '/' + assertion.ref == '12/main'",
		"(assertion.namespace_path + '/' + assertion.ref).startsWith('acme/')",
		"assertion.arn.extract('assumed-role/{role}/') == 'deploy-acme'", "assertion.sub in ['a:b', 'c:d']",
		"assertion.org_slug == 'acme'",
	} {
		gl(pass, c)
	}
	const pools = "iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/"
	bind := func(member string) ct.Resource {
		return named(res(accountIAM[0], ct.Properties{"serviceAccountId": "x", "role": "roles/iam.workloadIdentityUser",
			"member": member}), "b")
	}
	mapped := func(attribute, expression string) ct.Resource {
		return providerOf(pinnedCondition, change{path: `attributeMapping["` + attribute + `"]`, to: expression})
	}
	set := bind("principalSet://" + pools + "github/attribute.repo_env/2:prod")
	for _, e := range []string{"assertion.repository_id + ':' + (has(assertion.environment) ? assertion.environment : 'prod')",
		"assertion.repository_id + ':' + (assertion.ref == 'refs/heads/x' ? 'prod' : assertion.environment)",
		"assertion.actor + ':' + assertion.environment", "assertion.repository_id + assertion.environment",
		"assertion.actor_id + ':' + assertion.environment", "assertion.triggering_actor + ':' + assertion.ref",
		"assertion.repository_id + ':' + 'prod'",
		"assertion.workflow + ':' + assertion.environment", "assertion.repository_id + ':prod'", "'2:prod'",
		"assertion.repository_owner + ':' + assertion.environment", "[assertion.repository_id, assertion.environment].join('')",
		"assertion.user_login + ':' + assertion.environment",
		"assertion.repository_id + ':' + (has(assertion.repository_id) ? 'prod' : 'x')", "assertion.head_ref",
		"assertion.repository_visibility + ':' + assertion.environment", "assertion.enterprise + ':' + assertion.environment"} {
		add("wif-binding-narrow", must, "repo_env from "+e, mapped("attribute.repo_env", e), set)
	}
	for _, e := range []string{"assertion.repository_id + ':' + (has(assertion.environment) ? assertion.environment : 'none')",
		"assertion.repository_id + ':' + (has(assertion.environment) ? assertion.environment : 'no environment')",
		"[assertion.repository_id, assertion.environment].join(':')",
		"assertion.repository_id + '@' + assertion.environment",
		"assertion.repository_id + ':' + assertion.environment.lowerAscii()", "assertion.sub"} {
		add("wif-binding-narrow", pass, "repo_env from "+e, mapped("attribute.repo_env", e), set)
	}
	for _, m := range []string{"principalSet://" + pools + "github/attribute.repo_env/2:prod/../*",
		"principalSet://" + pools + "/github/*", "principalSet://" + pools + "github/attribute.repo_env/%2A",
		"principalSet://" + pools + "github/ATTRIBUTE.REPOSITORY/o/r", " principalSet://" + pools + "github/*",
		"principal://" + pools + "github/subject/repo:o/r:environment:prod:extra*",
		"principalSet://" + pools + "github/group/everyone", "principalSet://" + pools + "github/attribute.event_name/push"} {
		add("wif-binding-narrow", must, m, bind(m))
	}
	team := func(expected, expression string) {
		r := providerOf("attribute.team == 'acme'", issuer("https://gitlab.com"),
			change{path: `attributeMapping["attribute.team"]`, to: expression})
		add("wif-condition", expected, "team from "+expression, r)
	}
	for _, e := range []string{"'acme'", "assertion.ref", "'ac' + 'me'", "has(assertion.x) ? assertion.x : 'acme'",
		"attribute.other",
		"assertion.ref == 'main' ? assertion.sub : assertion.ref", "assertion.sub.charAt(0)"} {
		team(must, e)
	}
	for _, e := range []string{"assertion.team", "assertion.namespace_path.lowerAscii()",
		"has(assertion.team) ? assertion.team : 'none'",
		"assertion.project_path.split('/')[0]"} {
		team(pass, e)
	}
	return append(all, memberSiblings()...)
}

// memberSiblings are the ways to write that everybody, or a person, may do something.
func memberSiblings() []sibling {
	var all []sibling
	for m, rule := range map[string]string{"ALLUSERS": "iam-no-direct-user", " allUsers ": "iam-no-direct-user",
		"AllAuthenticatedUsers\n": "iam-no-direct-user", "domain:gmail.com": "iam-no-direct-user",
		"Domain:acme.example":            "iam-no-direct-user",
		"principalSet://goog/public:all": "iam-no-direct-user", "principalSet://GOOG/public:all": "iam-no-direct-user",
		"principalSet://iam.googleapis.com/locations/global/workforcePools/p/*": "iam-no-direct-user",
		"USER:a@b.c":               "iam-no-direct-user",
		"deleted:user:a@b.c?uid=1": "iam-no-direct-user", "principalSet://goog/cloudIdentityCustomerId/C0abc": "iam-no-direct-user",
		"principal://goog/subject/a@b.c": "iam-no-direct-user", "projectViewer:p": "iam-no-basic-roles",
		"principal://iam.googleapis.com/locations/global/workforcePools/p/subject/a":        "iam-no-direct-user",
		"principalSet://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount": "iam-no-default-sa",
	} {
		for _, role := range []string{"roles/secretmanager.secretAccessor", "ROLES/secretmanager.secretaccessor"} {
			r := res(secretIAM[0], ct.Properties{"secretId": "s", "role": role, "member": m})
			all = append(all, sibling{rule, "member " + m + " has " + role, must, []ct.Resource{r}, ""})
		}
	}
	for _, v := range []any{"true", "True", "TRUE", "1", " true ", "yes", 1.0, true} {
		for base, path := range map[string]string{serviceV1: `metadata.annotations["run.googleapis.com/invoker-iam-disabled"]`,
			serviceV2: "invokerIamDisabled"} {
			r := v2()
			if base == serviceV1 {
				r = v1()
			}
			r = changed(r, change{path: "name", to: "other"}, change{path: path, to: v})
			all = append(all, sibling{"run-no-public-invoker", fmt.Sprintf("invoker off by %v in %s", v, base), must, []ct.Resource{r}, ""})
		}
	}
	return all
}
