package rules

import (
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

const pinnedCondition = "assertion.repository_owner_id == '1' && assertion.repository_id == '2'"

func providerOf(condition any, changes ...change) ct.Resource {
	p := ct.Resource{Type: poolProvider, Name: "x", Properties: ct.Properties{"workloadIdentityPoolId": "github",
		"attributeCondition": condition,
		"oidc":               object{"issuerUri": "https://token.actions.githubusercontent.com"},
		"attributeMapping": object{"google.subject": "assertion.repository_id + ':' + assertion.environment",
			"attribute.repo_env": "assertion.repository_id + ':' + assertion.environment"}}}
	return changed(p, changes...)
}

// federationSiblings are cases of conditions, issuers, mappings and bindings of workload identity federation.
func federationSiblings() []sibling {
	var all []sibling
	add := func(rule, expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{rule, desc, expected, resources, ""})
	}
	for _, c := range []string{
		"assertion.repository_id == '2' && assertion.repository_owner_id == '1' && assertion.ref == 'refs/heads/main'",
		"'2' == assertion.repository_id && '1' == assertion.repository_owner_id",
		`assertion["repository_id"] == "2" && assertion.repository_owner_id in ["1", "3"]`,
		"(assertion.repository_owner_id == '1' && assertion.repository_id == '2') || (assertion.repository_owner_id == '3' && " +
			"assertion.repository_id == '4')",
		"!(assertion.repository_owner_id != '1' || assertion.repository_id != '2')", "(assertion.repository_owner_id == '1') == true && " +
			"(assertion.repository_id == '2') != false",
		"assertion.repository_owner_id == '1' ? assertion.repository_id == '2' : false", "assertion.repository_id.matches('^(2|3)$') && " +
			"assertion.repository_owner_id.matches('^1$')",
		"assertion.repository_owner_id == '1' && assertion.repository_id.matches('^(12|34|5)$')",
		"['2', '3'].exists(id, id == assertion.repository_id) && assertion.repository_owner_id == '1'", "assertion.repository_owner_id " +
			"== '''1''' && assertion.repository_id == r\"2\"",
		pinnedCondition + " && !(assertion.event_name in ['pull_request', 'pull_request_target'])", "has(assertion.environment) && " +
			pinnedCondition,
		pinnedCondition + " && assertion.workflow_ref.startsWith('o/r/.github/workflows/deploy.yml@')", "false || (" + pinnedCondition + ")",
	} {
		add("wif-github-pinned", pass, c, providerOf(c))
		add("wif-condition", pass, c, providerOf(c))
	}
	for _, c := range []string{
		pinnedCondition +
			" || assertion.ref == 'refs/heads/main'", "assertion.repository_owner_id == '1' || assertion.repository_id == '2'", "!(" +
			pinnedCondition + ")",
		"(" + pinnedCondition + ") == false", "(" + pinnedCondition +
			") != true", "assertion.repository_owner_id == '1' && assertion.repository_id != '2'",
		"assertion.repository_owner_id == '1' && assertion.repository_id.startsWith('2')", "assertion.repository_owner_id == '1' && " +
			"assertion.repository_id.matches('2')",
		"assertion.repository_owner_id == '1' && assertion.repository_id.matches('^2')", "assertion.repository_owner_id == '1' && " +
			"assertion.repository_id.matches('^1|2$')",
		"assertion.repository_owner_id == '1' && assertion.repository_id in ['2', assertion.repository_id]",
		"assertion.repository_owner_id == '1' && assertion.repository_id in []",
		"assertion.repository_owner_id == '1' && size(assertion.repository_id) > 0", "assertion.repository_owner_id == '1' && " +
			"has(assertion.repository_id)",
		"assertion.repository_owner_id == '1' && [assertion.repository_id].exists(x, true)", "assertion.repository_owner_id == '1' && " +
			"assertion.repository_id == assertion.repository_id",
		"assertion.repository_owner_id == '1' ? true : assertion.repository_id == '2'", "assertion.repository_owner == 'o' && " +
			"assertion.repository == 'o/r'",
		"assertion.repository_owner_id == '1' && ['2'].all(id, id == assertion.repository_id) == false", "{'a': assertion.repository_id " +
			"== '2'}.size() == 1 && assertion.repository_owner_id == '1'",
		"assertion.repository_owner_id == '1' && (assertion.repository_id == '2' || has(assertion.environment))",
		"assertion.repository_owner_id == '1' && '2' in [assertion.repository_id, '2']",
		"assertion.repository_owner_id == '1' && assertion.repository_id == '2' ||", "assertion.repository_owner_id == '1' && " +
			"assertion.repository_id == ''",
		"assertion.repository_owner_id == '1' && assertion.repository_id.matches('^web$')",
		"assertion.repository_owner_id == '1' && assertion.repository_id.matches('^$')",
		"assertion.repository_owner_id == '1' && assertion.repository_id.matches('^(12|web)$')",
		"assertion.repository_owner_id == '1' && assertion.repository_id.matches('^(web|12)$')",
		"assertion.repository_owner_id == '1' && assertion.repository_id.matches('^(1|a)$')",
		"assertion.repository_owner_id == '1' && assertion.repository_id.matches('^(12|.*)$')",
		"assertion.repository_owner_id == '1' && assertion.repository_id.matches('^2.*$')",
		"assertion.repository_owner_id == '1' && assertion.repository_id.contains('^2$')",
		"assertion.repository_owner_id == '1' && assertion.ref.matches('^2$')",
		"assertion.repository_owner_id == '1' && ['2'].exists(id, other == assertion.repository_id)",
		"assertion.repository_owner_id == '1' && has(assertion.repository_id) == '2'",
		"assertion.job_workflow_ref.startsWith('o/r/')", "assertion.repository_owner_id == '1' && assertion.repository_id < '3'",
	} {
		add("wif-github-pinned", must, c, providerOf(c))
	}
	issuer := func(uri string) change { return change{path: "oidc.issuerUri", to: uri} }
	for _, uri := range []string{"https://token.actions.githubusercontent.com.evil.example",
		"https://evil.example/?token.actions.githubusercontent.com", "https://token.actions.githubusercontent.com@evil.example",
		"http://token.actions.githubusercontent.com", "https://token.actions.githubusercontent.com:8443",
		"https://x@token.actions.githubusercontent.com",
		"https://xtoken.actions.githubusercontent.com", "https://actions.githubusercontent.com"} {
		add("wif-github-pinned", must, "look-alike "+uri, providerOf(pinnedCondition, issuer(uri)))
	}
	for _, uri := range []string{"https://token.actions.githubusercontent.com/",
		"https://token.actions.githubusercontent.com/my-enterprise", "https://token.actions.acme.ghe.com",
		"https://git.acme.example/_services/token"} {
		add("wif-github-pinned", pass, "pinned at "+uri, providerOf(pinnedCondition, issuer(uri)))
		add("wif-github-pinned", must, "by name at "+uri, providerOf("assertion.repository == 'a/b'", issuer(uri)))
		add("wif-github-pinned", must, "own keys at "+uri, providerOf(pinnedCondition, issuer(uri), change{path: "oidc.jwksJson", to: "{}"}))
	}
	add("wif-github-pinned", pass, "GitLab", providerOf("assertion.namespace_id == '1'", issuer("https://gitlab.com")))
	add("wif-github-pinned", pass, "an issuer without TLS", providerOf("assertion.namespace_id == '1'", issuer("http://gitlab.example")))
	gitlab := func(c string) ct.Resource { return providerOf(c, issuer("https://gitlab.com")) }
	for _, c := range []string{"assertion.namespace_id == '1'", "assertion.project_id in ['1', '2']",
		"assertion.sub.startsWith('project_path:acme/web:')", "assertion.sub.matches('^project_path:acme/.*')",
		"'admins' in assertion.groups", "assertion.groups.exists(g, g == 'admins')", "assertion.email.endsWith('@acme.example')",
		"assertion.email.matches('@acme\\\\.example$')", "assertion.arn.startsWith('arn:aws:sts::123456789012:assumed-role/deploy/')",
		"assertion.sub.split(':')[1] == 'acme/web'", "assertion.project_id == 123", "assertion['namespace_id'] == '1'",
		"attribute.team == 'platform'", "assertion.sub == 'x' || assertion.sub == 'y'",
		"assertion.project_id == '1' && assertion.ref == 'main'", "!(assertion.project_id != '1')", "!!(assertion.project_id == '1')",
		"assertion.project_id + ':' + assertion.ref == '1:main'", "assertion.hd == 'acme.example'",
		"assertion.project_id == '1' ? assertion.ref == 'main' : false",
		"assertion.ref == 'main' ? assertion.project_id == '1' : assertion.project_id == '2'"} {
		add("wif-condition", pass, c, gitlab(c))
	}
	for _, c := range []string{"true", "1 == 1", "size(assertion.sub) > 0", "assertion.sub.size() != 0", "has(assertion.sub)",
		"assertion.sub != ''", "assertion.sub != 'evil'", "!(assertion.sub == 'evil')",
		"assertion.sub == assertion.sub", "assertion.sub.startsWith('')", "assertion.sub.startsWith('repo:')",
		"assertion.sub.endsWith(':ref:refs/heads/main')", "assertion.sub.endsWith('')", "assertion.sub.contains(':')",
		"assertion.sub.matches('.+')", "assertion.sub.matches('^.*$')", "assertion.sub.matches('acme')",
		"assertion.sub.matches('^[^:]+:')", "assertion.sub.matches('')", "assertion.sub.matches('^(acme|.*)')", "assertion.sub.matches('(?i).*')",
		"assertion.iss == 'https://gitlab.com'", "assertion.aud == 'x'", "assertion.exp > 0", "assertion.iat < 99999999999",
		"assertion.ref == 'main'", "assertion.ref_protected == 'true'", "assertion.email_verified == true", "assertion.email_verified",
		"assertion.sub in [assertion.sub]", "assertion.sub in ['a', assertion.sub]", "['a'].exists(x, true)",
		"[assertion.sub].size() == 1", "assertion.sub == 'x' || true", "assertion.sub == 'x' || assertion.ref == 'main'",
		"assertion.sub == 'x' ? true : true", "true ? true : assertion.sub == 'x'", "assertion.sub > 'a'", "assertion.sub >= ''",
		"string(assertion.exp) != ''", "type(assertion.sub) == string", "assertion.sub == ''", "assertion.email.endsWith('@gmail.com')",
		"assertion.email.endsWith('.com')", "(assertion.sub == 'evil') != true", "assertion.sub.lowerAscii() == assertion.sub",
		"'' in [assertion.sub, '']", "assertion.sub.startsWith('project_path:') && assertion.ref == 'main'", "assertion", "'x'", "",
		"assertion.ref == 'main' ? assertion.environment == 'prod' : false", "true ? assertion.ref == 'main' : false",
		"assertion.ref == 'main' ? assertion.sub == 'x' : assertion.environment == 'prod'",
		"assertion.ref == 'main' ? assertion.environment == 'prod' : assertion.sub == 'x'",
		"(assertion.ref == 'main' ? 'acme' : assertion.sub) == 'acme'",
		"assertion.sub in assertion.groups", "'mfa' in assertion.amr", "assertion.groups.all(g, g == 'admins')",
		"!assertion.groups.exists(g, g == 'admins')", "assertion.groups.exists(g, g != 'guests')",
		"{'acme': assertion.sub}.exists(k, k == 'acme')", "[assertion.sub, 'acme'].exists(g, g == 'acme')",
		"assertion.email.matches('.+@acme\\\\.example.*')", "assertion.email.matches('.+@acme')",
		"assertion.sub =="} {
		add("wif-condition", must, "condition "+c, gitlab(c))
	}
	add("wif-condition", must, "AWS without", changed(gitlab(""), change{path: "oidc", to: gone{}},
		change{path: "aws.accountId", to: "1"}, change{path: "attributeCondition", to: gone{}}))
	add("wif-condition", pass, "workforce with a group", res(workforce, ct.Properties{"attributeCondition": "'staff' in assertion.groups"}))
	return append(all, bindingSiblings()...)
}

// bindingSiblings are cases of principals from outside Google Cloud.
func bindingSiblings() []sibling {
	const pools = "iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/"
	var all []sibling
	add := func(expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{"wif-binding-narrow", desc, expected, resources, ""})
	}
	bind := func(member string) ct.Resource {
		return res(accountIAM[0], ct.Properties{"serviceAccountId": "x", "role": "roles/iam.workloadIdentityUser", "member": member})
	}
	for _, m := range []string{"github/attribute.repo_env/2:prod", "github/attribute.env_workflow/2:prod:refs/heads/main",
		"github/attribute.job_workflow_ref/o/r/.github/workflows/d.yml@refs/heads/main",
		"p.svc.id.goog/namespace/prod", "gitlab/attribute.project_env/12:prod"} {
		add(pass, "set "+m, bind("principalSet://"+pools+m))
	}
	for _, m := range []string{"github/subject/2:prod", "github/subject/repo:o/r:environment:prod",
		"p.svc.id.goog/subject/ns/prod/sa/web", "gitlab/subject/project_path:acme/web:ref_type:branch:ref:main"} {
		add(pass, "one "+m, bind("principal://"+pools+m))
	}
	for _, m := range []string{"github/*", "github", "github/", "github/attribute.repo_env/*", "github/attribute.repo_env/",
		"github/attribute.repo_env/:", "github/attribute.repo_env/2:", "github/attribute.repo_env/:prod",
		"github/attribute.repo_env/2", "github/attribute.repository/o/r", "github/attribute.repository_owner_id/1",
		"github/attribute.actor/someone", "github/group/all", "p.svc.id.goog/*", "p.svc.id.goog/namespace/",
		"github/subject/2:prod", "github/namespace/prod", "github/attribute.repo_env/2:*",
		"github/attribute.repo_env/2: ", "github/attribute.deploy_env/prod"} {
		add(must, "set "+m, bind("principalSet://"+pools+m))
		add(must, "upper set "+m, bind("PRINCIPALSET://"+pools+m))
	}
	for _, m := range []string{"github/subject/repo:o/r:ref:refs/heads/main", "github/subject/repo:o/r:pull_request", "github/subject/",
		"github/subject/*", "github/subject/repo:o/*"} {
		add(must, "one "+m, bind("principal://"+pools+m))
	}
	mapped := func(attribute, expression string) ct.Resource {
		return providerOf(pinnedCondition, change{path: `attributeMapping["` + attribute + `"]`, to: expression})
	}
	set := bind("principalSet://" + pools + "github/attribute.repo_env/2:prod")
	one := bind("principal://" + pools + "github/subject/2:prod")
	for _, e := range []string{"'2:prod'", "assertion.repository_id", "assertion.repository_id +", "assertion.environment",
		"assertion.repository_owner_id + ':' + assertion.environment", "assertion.repository_owner_id", "assertion.actor_id"} {
		add(must, "repo_env mapped from "+e, mapped("attribute.repo_env", e), named(set, "b"))
		add(must, "subject mapped from "+e, mapped("google.subject", e), named(one, "b"))
	}
	for _, e := range []string{"assertion.repository_id + ':' + assertion.environment",
		"assertion.repository_id + ':' + (has(assertion.environment) ? assertion.environment : 'none')", "assertion.job_workflow_ref",
		"assertion['repository'] + ':' + assertion['environment']"} {
		add(pass, "repo_env mapped from "+e, mapped("attribute.repo_env", e), named(set, "b"))
		add(pass, "subject mapped from "+e, mapped("google.subject", e), named(one, "b"))
	}
	add(pass, "a mapping of another pool", mapped("attribute.repo_env", "'2:prod'"),
		bind("principalSet://"+pools+"other/attribute.repo_env/2:prod"))
	for _, t := range []string{"gcp:storage/bucketIAMMember:BucketIAMMember", "gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember",
		"google:index/projectIamMember:ProjectIamMember", "gcp:tomorrow/thingIamMember:ThingIamMember"} {
		add(must, "whole pool on "+t, res(t, ct.Properties{"role": "roles/x", "member": "principalSet://" + pools + "github/*"}))
	}
	return all
}
