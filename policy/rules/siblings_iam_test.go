package rules

import (
	"strings"

	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

const workload = "serviceAccount:w@procureflow-dev.iam.gserviceaccount.com"

func grantOf(typeToken, role, member string) ct.Resource {
	p := ct.Properties{"role": role, "project": "p"}
	switch iamForm(typeToken) {
	case "binding":
		p["members"] = []any{"group:first@example.com", member}
	case "policy":
		p = ct.Properties{"policyData": `{"bindings":[{"role":"` + role + `","members":["` + member + `"]}]}`, "project": "p"}
	default:
		p["member"] = member
	}
	return res(typeToken, p)
}

func conditional(r ct.Resource, expression string) ct.Resource {
	return changed(r, change{path: "condition", to: object{"title": "t", "expression": expression}})
}

// iamSiblings are cases of grants in every form on types that no rule lists, of custom roles, conditions and access lists.
func iamSiblings() []sibling {
	var all []sibling
	add := func(rule, expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{rule, desc, expected, resources, ""})
	}
	project := projectIAM[0]
	unlisted := []string{"gcp:compute/instanceIAMMember:InstanceIAMMember", "gcp:compute/subnetworkIAMBinding:SubnetworkIAMBinding",
		"gcp:dns/dnsManagedZoneIamMember:DnsManagedZoneIamMember",
		"gcp:spanner/databaseIAMPolicy:DatabaseIAMPolicy", "gcp:iap/tunnelInstanceIAMMember:TunnelInstanceIAMMember",
		"gcp:tomorrow/thingIamBinding:ThingIamBinding", "google:index/computeInstanceIamMember:ComputeInstanceIamMember"}
	for _, t := range unlisted {
		for _, role := range []string{"roles/owner", "roles/Writer", "ROLES/EDITOR", "roles/reader", "roles/admin", "roles/viewer"} {
			add("iam-no-basic-roles", must, role+" on "+t, grantOf(t, role, workload))
		}
		add("iam-no-basic-roles", must, "owners by role on "+t, grantOf(t, "roles/x", "projectOwner:p"))
		add("iam-no-basic-roles", pass, "another role on "+t, grantOf(t, "roles/run.viewer", workload))
		add("iam-no-default-sa", must, "default account on "+t, grantOf(t, "roles/x", "serviceAccount:1-compute@developer.gserviceaccount.com"))
		add("iam-no-default-sa", must, "all accounts of a folder on "+t,
			grantOf(t, "roles/x", "principalSet://cloudresourcemanager.googleapis.com/folders/1/type/ServiceAccount"))
		for _, member := range []string{"user:a@b.c", "USER:a@b.c", "domain:b.c", "allUsers", "AllAuthenticatedUsers",
			"deleted:user:a@b.c?uid=1", "principal://iam.googleapis.com/locations/global/workforcePools/emp/subject/alice",
			"principalSet://iam.googleapis.com/locations/global/workforcePools/emp/*", "principalSet://goog/public:all"} {
			add("iam-no-direct-user", must, member+" on "+t, grantOf(t, "roles/x", member))
		}
		for _, member := range []string{"group:a@b.c", workload,
			"principalSet://iam.googleapis.com/locations/global/workforcePools/emp/group/platform",
			"principalSet://iam.googleapis.com/locations/global/workforcePools/emp/attribute.team/platform"} {
			add("iam-no-direct-user", pass, member+" on "+t, grantOf(t, "roles/x", member))
		}
	}
	for _, form := range []string{"Member", "Binding", "Policy"} {
		t := iam("gcp:folder/iAM%s:IAM%[1]s")[map[string]int{"Member": 0, "Binding": 1, "Policy": 2}[form]]
		for _, role := range []string{"roles/resourcemanager.projectIamAdmin", "roles/resourcemanager.organizationAdmin",
			"roles/iam.securityAdmin", "roles/iam.serviceAccountKeyAdmin"} {
			add("iam-no-project-impersonation", must, role+" by "+form, grantOf(t, role, "group:a@b.c"))
		}
		for _, member := range []string{workload,
			"principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github/attribute.repo_env/2:prod",
			"principalSet://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount"} {
			for _, role := range []string{"roles/run.admin", "roles/storage.objectAdmin", "organizations/1/roles/superadmin",
				"roles/owner", "roles/Writer", "roles/admin"} {
				add("iam-sa-no-admin", must, role+" to "+member+" by "+form, grantOf(t, role, member))
			}
		}
		add("iam-sa-no-admin", pass, "viewer by "+form, grantOf(t, "roles/run.viewer", workload))
		add("iam-sa-no-admin", pass, "the administrator by "+form, grantOf(t, "roles/run.admin",
			"serviceAccount:github-actions-infra@procureflow-dev.iam.gserviceaccount.com"))
		add("iam-sa-no-admin", pass, "a group by "+form, grantOf(t, "roles/run.admin", "group:a@b.c"))
	}
	only := "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/run.viewer', 'roles/run.invoker'])"
	add("iam-no-project-impersonation", pass, "projectIamAdmin of listed roles",
		conditional(grantOf(project, "roles/resourcemanager.projectIamAdmin", "group:a@b.c"), only))
	add("iam-no-project-impersonation", must, "projectIamAdmin of dangerous roles",
		conditional(grantOf(project, "roles/resourcemanager.projectIamAdmin", "group:a@b.c"),
			strings.Replace(only, "roles/run.viewer", "roles/owner", 1)))
	add("iam-no-project-impersonation", must, "projectIamAdmin for a time",
		conditional(grantOf(project, "roles/resourcemanager.projectIamAdmin", "group:a@b.c"), "request.time < timestamp('2027-01-01T00:00:00Z')"))
	add("iam-no-project-impersonation", must, "projectIamAdmin or anything",
		conditional(grantOf(project, "roles/resourcemanager.projectIamAdmin", "group:a@b.c"), only+" || true"))
	secrets := grantOf(project, "roles/secretmanager.secretAccessor", workload)
	for _, e := range []string{"resource.name.startsWith('projects/1/secrets/app-')",
		"resource.name == 'projects/1/secrets/db/versions/1'", "resource.type == 'secretmanager.googleapis.com/SecretVersion' && " +
			"resource.name.startsWith('projects/1/secrets/db/')",
		"resource.name.startsWith('projects/1/locations/us-central1/secrets/db/')",
		"resource.name == '//secretmanager.googleapis.com/projects/1/locations/us-central1/secrets/db'",
		"resource.name in ['projects/1/secrets/db', 'projects/1/locations/us-central1/secrets/db']",
		"resource.name.startsWith('projects/1/secrets/a') || resource.name.startsWith('projects/1/secrets/b')",
		"resource.name.extract('secrets/{name}/') == 'db'", "resource.name.extract('/secrets/{name}/versions') in ['db', 'smtp']",
		"'db' == resource.name.extract('secrets/{name}')", "resource.name.extract('secrets/{name}/').startsWith('web-')",
		"resource.name.endsWith('/secrets/db')", "resource.name.endsWith('/secrets/db/versions/3')"} {
		add("secret-scoped-access", pass, e, conditional(secrets, e))
	}
	for _, e := range []string{"true", "resource.name.startsWith('projects/1/secrets/')", "resource.name.startsWith('projects/')",
		"resource.name.startsWith('')", "resource.name != 'x'", "request.time < timestamp('2027-01-01T00:00:00Z')",
		"resource.type == 'secretmanager.googleapis.com/SecretVersion'", "resource.name.startsWith('projects/1/secrets/a') || true",
		"resource.name.startsWith('projects/1/locations/us-central1')", "resource.name.startsWith('projects/1/locations/us-central1/secrets')",
		"resource.name.startsWith('projects/1/locations/us-central1/secrets/')", "resource.name.startsWith('projects/1/locations/u')",
		"resource.name.startsWith('//secretmanager.googleapis.com/projects/1/locations/us-central1/secrets/')",
		"resource.name.startsWith('projects//secrets/db')", "resource.name.startsWith('//secretmanager.googleapis.com/projects/1/x')",
		"resource.name in ['projects/1/secrets/db', 'projects/1/locations/us-central1/']", "resource.name.matches('projects/1/secrets/db')",
		"('projects/1/secrets/db' + resource.name).startsWith('projects/1/secrets/db')", "resource.service == 'projects/1/secrets/db'",
		"resource.name.extract('secrets/{name}') != 'db'", "resource.name.extract('secrets/{name}/') == ''",
		"resource.name.extract('projects/{name}/') == '1'", "resource.name.extract('versions/{name}') == '3'",
		"resource.name.extract('{name}/') == 'projects'", "resource.type.extract('secrets/{name}/') == 'db'",
		"resource.name.extract('secrets/{name}/').startsWith('')", "resource.name.endsWith('/versions/latest')",
		"resource.name.endsWith('/secrets/')", "resource.name.endsWith('/secrets//')", "resource.type.endsWith('/secrets/db')",
		"!resource.name.endsWith('/secrets/db')", "has(resource.name)", "resource.name.contains('projects/1/secrets/db')",
		"resource.name.endsWith('x')", "!(resource.name.startsWith('projects/1/secrets/a'))"} {
		add("secret-scoped-access", must, e, conditional(secrets, e))
	}
	add("secret-scoped-access", must, "version manager in a folder", grantOf(folderIAM[1], "roles/secretmanager.secretVersionManager",
		workload))
	add("iam-sa-no-admin", pass, "admin of one bucket", conditional(grantOf(project, "roles/storage.objectAdmin", workload),
		"resource.name.startsWith('projects/_/buckets/uploads/objects/')"))
	return append(append(all, customRoleSiblings()...), accessListSiblings()...)
}

func customRoleSiblings() []sibling {
	var all []sibling
	role := func(permissions ...any) ct.Resource {
		return named(res("gcp:projects/iAMCustomRole:IAMCustomRole", ct.Properties{"roleId": "helper", "permissions": permissions}), "role")
	}
	granted := grantOf(projectIAM[0], "projects/p/roles/Helper", workload)
	unknown := changed(granted, change{path: "role", to: ct.Unknown})
	unknown.PropertyDependencies = map[string][]string{"role": {role().URN()}}
	add := func(rule, expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{rule, desc, expected, resources, ""})
	}
	for rule, permissions := range map[string][]string{
		"iam-no-basic-roles": {"resourcemanager.projects.setIamPolicy", "resourcemanager.organizations.setIamPolicy",
			"iam.roles.update"},
		"iam-no-project-impersonation": {"iam.serviceAccounts.actAs", "iam.serviceAccounts.signBlob", "iam.serviceAccounts.signJwt",
			"iam.serviceAccounts.implicitDelegation", "iam.serviceAccounts.getOpenIdToken", "iam.serviceAccountKeys.create",
			"iam.serviceAccounts.setIamPolicy"},
		"secret-scoped-access": {"secretmanager.versions.access"},
		"iam-sa-no-admin":      {"run.services.setIamPolicy", "storage.buckets.setIamPolicy"},
	} {
		for _, p := range permissions {
			add(rule, must, "custom role with "+p, role("run.services.get", p), granted)
			add(rule, must, "custom role by reference with "+p, role(p), unknown)
			add(rule, must, "custom role by binding with "+p, role(p), grantOf(orgIAM[1], "projects/p/roles/helper", workload))
			add(rule, pass, "custom role on one resource with "+p, role(p), grantOf(bucketIAM[0], "projects/p/roles/helper", workload))
		}
		add(rule, pass, "a harmless custom role", role("run.services.get", "run.services.list"), granted)
		add(rule, pass, "another role than the custom one", role(permissionsOf(permissions)...),
			grantOf(projectIAM[0], "projects/p/roles/other", workload))
	}
	return all
}

func permissionsOf(names []string) []any {
	var all []any
	for _, n := range names {
		all = append(all, n)
	}
	return all
}

// accessListSiblings are cases of access lists, and of grants that are made twice or that replace a whole policy.
func accessListSiblings() []sibling {
	var all []sibling
	add := func(rule, expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{rule, desc, expected, resources, ""})
	}
	for _, t := range bucketLists {
		add("iam-no-direct-user", must, "user in "+t, res(t, ct.Properties{"roleEntities": []any{"READER:user-a@b.c"}}))
		add("iam-no-direct-user", must, "everybody in "+t, res(t, ct.Properties{"roleEntities": []any{"READER:allUsers"}}))
		add("iam-no-direct-user", pass, "account in "+t,
			res(t, ct.Properties{"roleEntities": []any{"READER:user-w@p.iam.gserviceaccount.com", "READER:group-a@b.c"}}))
		add("bucket-hardening", must, "authenticatedRead in "+t, res(t, ct.Properties{"predefinedAcl": "authenticatedRead"}))
		add("bucket-hardening", must, "publicReadWrite in "+t, res(t, ct.Properties{"predefinedAcl": "publicReadWrite"}))
		add("bucket-hardening", pass, "private in "+t, res(t, ct.Properties{"predefinedAcl": "private"}))
		add("iam-no-authoritative", must, "list by "+t, res(t, ct.Properties{"roleEntities": []any{"READER:group-a@b.c"}}))
	}
	for _, t := range bucketEntries {
		add("iam-no-direct-user", must, "entry by "+t, res(t, ct.Properties{"role": "READER", "entity": "allAuthenticatedUsers"}))
		add("iam-no-direct-user", must, "domain by "+t, res(t, ct.Properties{"role": "READER", "entity": "domain-b.c"}))
		add("bucket-hardening", must, "public entry by "+t, res(t, ct.Properties{"role": "READER", "entity": "allUsers"}))
		add("iam-no-authoritative", pass, "one entry by "+t, res(t, ct.Properties{"role": "READER", "entity": "group-a@b.c"}))
	}
	access := func(entry object) ct.Resource {
		return res(dataset, ct.Properties{"datasetId": "d", "location": "us-central1",
			"accesses": []any{object{"role": "roles/bigquery.dataViewer", "groupByEmail": "a@b.c"}, entry}})
	}
	add("iam-no-direct-user", must, "dataset user", access(object{"role": "READER", "userByEmail": "a@b.c"}))
	add("iam-no-direct-user", must, "dataset domain", access(object{"role": "READER", "domain": "b.c"}))
	add("iam-no-direct-user", must, "dataset everybody", access(object{"role": "READER", "specialGroup": "allAuthenticatedUsers"}))
	add("iam-no-direct-user", must, "dataset IAM member", access(object{"role": "READER", "iamMember": "allUsers"}))
	add("iam-no-direct-user", pass, "dataset account", access(object{"role": "READER", "userByEmail": "w@p.iam.gserviceaccount.com"}))
	add("iam-no-basic-roles", must, "dataset writers", access(object{"role": "WRITER", "specialGroup": "projectWriters"}))
	add("iam-no-basic-roles", pass, "dataset role", access(object{"role": "roles/bigquery.dataEditor",
		"userByEmail": "w@p.iam.gserviceaccount.com"}))
	add("iam-no-authoritative", must, "removes others", res(memberRemove,
		ct.Properties{"project": "p", "role": "roles/x", "member": "user:a@b.c"}))
	add("iam-no-authoritative", must, "a dataset's list and a member", access(object{"role": "roles/x", "groupByEmail": "z@b.c"}),
		named(res("gcp:bigquery/datasetIamMember:DatasetIamMember", ct.Properties{"datasetId": "d", "role": "roles/x",
			"member": "group:y@b.c"}), "m"))
	add("iam-no-authoritative", pass, "a dataset's list alone", access(object{"role": "roles/x", "groupByEmail": "z@b.c"}))
	binding := func(t, by string) ct.Resource {
		return named(res(t, ct.Properties{by: "api", "location": "us-central1", "project": "p", "role": "roles/run.invoker",
			"members": []any{workload}}), "b")
	}
	member := func(t, by string) ct.Resource {
		return res(t, ct.Properties{by: "api", "location": "us-central1", "project": "p", "role": "Roles/run.invoker", "member": workload})
	}
	add("iam-no-authoritative", must, "v2 binding and v1 member", binding(serviceIAM[4], "name"), member(serviceIAM[0], "service"))
	add("iam-no-authoritative", pass, "v2 binding of another service",
		changed(binding(serviceIAM[4], "name"), change{path: "name", to: "web"}), member(serviceIAM[0], "service"))
	add("iam-no-authoritative", must, "unlisted binding and member", binding("gcp:compute/instanceIAMBinding:InstanceIAMBinding",
		"instanceName"), member("gcp:compute/instanceIAMMember:InstanceIAMMember", "instanceName"))
	add("iam-no-authoritative", must, "unlisted policy", res("gcp:tomorrow/thingIamPolicy:ThingIamPolicy", ct.Properties{"policyData": "{}"}))
	for _, pair := range [][2]string{{"roles/cloudkms.admin", "roles/cloudkms.signerVerifier"},
		{"roles/cloudkms.admin", "roles/cloudkms.cryptoKeyEncrypter"}, {"roles/iam.serviceAccountAdmin",
			"roles/iam.serviceAccountKeyAdmin"}, {"roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountOpenIdTokenCreator"}} {
		add("iam-separation-duties", must, pair[0]+" and "+pair[1], named(grantOf(projectIAM[0], pair[0], "group:a@b.c"), "a"),
			named(grantOf(folderIAM[1], pair[1], "Group:a@b.c"), "b"))
		add("iam-separation-duties", pass, pair[0]+" apart from "+pair[1], named(grantOf(projectIAM[0], pair[0], "group:a@b.c"), "a"),
			named(grantOf(projectIAM[0], pair[1], "group:z@b.c"), "b"))
	}
	return all
}
