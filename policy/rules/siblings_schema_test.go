package rules

import (
	"fmt"
	"slices"

	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// schemaSiblings are cases that a walk through all types of the providers gave: each type with a property of a rule's kind.
func schemaSiblings() []sibling {
	return slices.Concat(nestedPlaceSiblings(), credentialSiblings(), otherGrantSiblings(), otherDatabaseSiblings(), effectSiblings(),
		targetSiblings(), hourlySiblings())
}

func nestedPlaceSiblings() []sibling {
	var all []sibling
	inside := ct.Properties{"location": "us-central1", "region": "us-central1", "zone": "us-central1-a"}
	add := func(expected, token, path string, to any) {
		r := changed(res(token, inside), change{path: path, to: to})
		all = append(all, sibling{"allowed-regions", token + " " + path, expected, []ct.Resource{r}, ""})
	}
	both := func(token, path string, at func(place string) any, zone string) {
		add(must, token, path, at("europe-west1"+zone))
		add(pass, token, path, at("us-central1"+zone))
	}
	text := func(place string) any { return place }
	list := func(place string) any { return []any{place} }
	in := func(key string) func(place string) any {
		return func(place string) any { return []any{object{key: "us-central1-b"}, object{key: place}} }
	}
	both("gcp:bigtable/instance:Instance", "clusters", in("zone"), "-b")
	both("gcp:spanner/instanceConfig:InstanceConfig", "replicas", in("location"), "-b")
	both("gcp:compute/snapshotSettings:SnapshotSettings", "storageLocation.locations", in("location"), "-b")
	both("gcp:container/cluster:Cluster", "nodePools", func(place string) any { return []any{object{"nodeLocations": []any{place}}} }, "-b")
	both("gcp:container/cluster:Cluster", "clusterAutoscaling.autoProvisioningLocations", list, "-b")
	both("gcp:compute/snapshot:Snapshot", "storageLocations", list, "")
	both("gcp:compute/image:Image", "storageLocations", list, "")
	both("gcp:compute/resourcePolicy:ResourcePolicy", "snapshotSchedulePolicy.snapshotProperties.storageLocations", text, "")
	both("gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager", "distributionPolicyZones", list, "-b")
	both(database, "clone.preferredZone", text, "-b")
	both(alloyCluster, "automatedBackupPolicy.location", text, "")
	both(alloyInstance, "gceZone", text, "-b")
	both("gcp:netapp/backupVault:BackupVault", "backupRegion", text, "")
	both("gcp:logging/organizationSettings:OrganizationSettings", "storageLocation", text, "")
	both("gcp:memcache/instance:Instance", "zones", list, "-b")
	both("gcp:dataproc/cluster:Cluster", "clusterConfig.gceClusterConfig.zone", text, "-b")
	both("gcp:composer/environment:Environment", "config.nodeConfig.zone", text, "-b")
	both("gcp:activedirectory/domain:Domain", "locations", list, "")
	both(redisCluster, "zoneDistributionConfig.zone", text, "-b")
	both("gcp:apigee/organization:Organization", "analyticsRegion", text, "")
	both("gcp:clouddeploy/target:Target", "run.location", func(place string) any { return "projects/p/locations/" + place }, "")
	both("gcp:dataflow/pipeline:Pipeline", "workload.dataflowLaunchTemplateRequest.launchParameters.environment.workerRegion", text, "")
	both("google:index/bigtableInstance:BigtableInstance", "clusters", in("zone"), "-b")
	both("google:index/computeSubnetwork:ComputeSubnetwork", "region", text, "")
	both("google-beta:index/cloudRunDomainMapping:CloudRunDomainMapping", "location", text, "")
	// These name no place where data or workloads are, or only refer to one.
	add(pass, schedulerJob, "timeZone", "Europe/Berlin")
	add(pass, "gcp:dns/recordSet:RecordSet", "routingPolicy.geos", []any{object{"location": "europe-west1"}})
	add(pass, "gcp:accesscontextmanager/accessLevelCondition:AccessLevelCondition", "regions", []any{"DE", "BR"})
	add(pass, uptimeCheck, "selectedRegions", []any{"EUROPE", "USA", "SOUTH_AMERICA"})
	add(pass, "gcp:orgpolicy/policy:Policy", "spec.rules", []any{object{"condition": object{"location": "policy.yaml"}}})
	add(pass, serviceV2, "buildConfig.sourceLocation", "gs://sources/web.zip")
	return all
}

func credentialSiblings() []sibling {
	var all []sibling
	add := func(expected, token, path string, to any) {
		r := res(token, ct.Properties{})
		if whole, is := to.(object); is && path == "" {
			r.Properties = ct.Properties(whole)
		} else {
			r = changed(r, change{path: path, to: to})
		}
		all = append(all, sibling{"run-no-plaintext-secrets", token + " " + path, expected, []ct.Resource{r}, ""})
	}
	const encryptionKey = "kQ3vT8yZ1xW5uS7rP9oN2mL4jH6gF0dS8aQ3wE5rT7y="
	for _, c := range [][3]string{
		{oracleDatabase, "adminPassword", "hunter2"}, {"gcp:compute/backendService:BackendService", "iap.oauth2ClientSecret", "abcdef"},
		{"gcp:storage/transferJob:TransferJob", "transferSpec.awsS3DataSource.awsAccessKey.secretAccessKey", "wJalrXUtnFEMI"},
		{"gcp:storage/transferJob:TransferJob", "transferSpec.azureBlobStorageDataSource.azureCredentials.sasToken", "sv=2022"},
		{"gcp:compute/disk:Disk", "diskEncryptionKey.rawKey", encryptionKey},
		{"gcp:compute/instance:Instance", "bootDisk.diskEncryptionKeyRaw", encryptionKey},
		{"gcp:certificatemanager/certificate:Certificate", "selfManaged.pemPrivateKey", "MIIEvQ"},
		{"gcp:compute/backendBucketSignedUrlKey:BackendBucketSignedUrlKey", "keyValue", "pPsVemX8GM46QVeezid6Rw=="},
		{"gcp:firebase/appCheckRecaptchaV3Config:AppCheckRecaptchaV3Config", "siteSecret", "6Lf9abc"},
		{"gcp:firebase/appCheckDebugToken:AppCheckDebugToken", "token", "abc-def"},
		{"gcp:activedirectory/domainTrust:DomainTrust", "trustHandshakeSecret", "hunter2"},
		{"gcp:kms/secretCiphertext:SecretCiphertext", "plaintext", "hunter2"}, {workforce, "oidc.clientSecret.value.plainText", "hunter2"},
		{"gcp:applicationintegration/authConfig:AuthConfig", "clientCertificate.passphrase", "abc"},
		{"gcp:datastream/connectionProfile:ConnectionProfile", "salesforceProfile.userCredentials.securityToken", "abc"},
		{"gcp:compute/backendService:BackendService", "securitySettings.awsV4Authentication.accessKey", "wJalrXUtnFEMI"},
		{"gcp:sql/user:User", "password", "12345"}, {"google:index/sqlUser:SqlUser", "password", "hunter2"},
	} {
		add(must, c[0], c[1], c[2])
		add(pass, c[0], c[1], ct.Secret{Value: c[2]})
	}
	// Maps whose keys the author chooses, and pairs of a name and a value.
	for _, c := range [][2]string{{"gcp:dataproc/batch:Batch", "runtimeConfig.properties"},
		{"gcp:bigquery/dataTransferConfig:DataTransferConfig", "params"}, {"gcp:clouddeploy/target:Target", "deployParameters"},
		{"gcp:composer/environment:Environment", "config.softwareConfig.airflowConfigOverrides"},
		{"gcp:composer/userWorkloadsSecret:UserWorkloadsSecret", "data"}, {"gcp:dataplex/task:Task", "executionSpec.args"},
		{"gcp:managedkafka/connector:Connector", "configs"}, {"gcp:diagflow/cxWebhook:CxWebhook", "genericWebService.requestHeaders"},
		{"gcp:networkservices/httpRoute:HttpRoute", "rules[0].action.requestHeaderModifier.set"}} {
		add(must, c[0], c[1], object{"db-password": "hunter2"})
		add(pass, c[0], c[1], object{"password-file": "/run/x", "max-tokens": "5", "db-password": ct.Secret{Value: "hunter2"}})
	}
	add(must, "gcp:compute/projectMetadataItem:ProjectMetadataItem", "", object{"key": "db-password", "value": "hunter2"})
	add(pass, "gcp:compute/projectMetadataItem:ProjectMetadataItem", "", object{"key": "enable-oslogin", "value": "TRUE"})
	add(must, "gcp:cloudtasks/queue:Queue", "httpTarget.headerOverrides",
		[]any{object{"header": object{"key": "X-Api-Key", "value": "abc1"}}})
	for header, expected := range map[string]string{"X-Api-Key": must, "X-Env": pass} {
		add(expected, urlMap, "headerAction.requestHeadersToAdds", []any{object{"headerName": header, "headerValue": "abc1"}})
	}
	add(pass, "gcp:cloudbuild/trigger:Trigger", "webhookConfig.secret", "projects/1/secrets/hook/versions/1")
	add(pass, "gcp:compute/backendService:BackendService", "iap.oauth2ClientSecretSha256", "8f3a9c1e5b7d2f408f3a9c1e5b7d2f40")
	add(pass, "gcp:cloudbuild/trigger:Trigger", "build.steps", []any{object{"secretEnvs": []any{"DB_PASSWORD"}}})
	add(pass, "gcp:storage/transferJob:TransferJob", "transferSpec.azureBlobStorageDataSource.credentialsSecret", "azure-creds")
	add(pass, "gcp:datastream/connectionProfile:ConnectionProfile", "mysqlProfile.secretManagerStoredPassword",
		"projects/p/secrets/s/versions/1")
	add(pass, "google:index/secretManagerSecretVersion:SecretManagerSecretVersion", "secretData", "hunter2") // secrets go here
	return all
}

func otherGrantSiblings() []sibling {
	var all []sibling
	add := func(rule, expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{rule, desc, expected, resources, ""})
	}
	rows := func(member string) ct.Resource {
		return res(rowAccess, ct.Properties{"tableId": "t", "grantees": []any{"group:a@example.com", member}})
	}
	add("iam-no-direct-user", must, "rows to a person", rows("user:a@example.com"))
	add("iam-no-direct-user", must, "rows to anybody", rows("allAuthenticatedUsers"))
	add("iam-no-direct-user", pass, "rows to a group", rows("group:b@example.com"))
	add("iam-no-default-sa", must, "rows to a default account", rows("serviceAccount:1-compute@developer.gserviceaccount.com"))
	entitled := func(role, member string) ct.Resource {
		return res(entitlement, ct.Properties{"eligibleUsers": []any{object{"principals": []any{member}}},
			"privilegedAccess": object{"gcpIamAccess": object{"roleBindings": []any{object{"role": "roles/run.viewer"}, object{"role": role}}}}})
	}
	add("iam-no-basic-roles", must, "owner for an hour", entitled("roles/owner", "group:a@example.com"))
	add("iam-no-basic-roles", pass, "a role for an hour", entitled("roles/run.admin", "group:a@example.com"))
	add("iam-no-direct-user", must, "a person for an hour", entitled("roles/run.admin", "user:a@example.com"))
	add("iam-no-direct-user", pass, "a group for an hour", entitled("roles/run.admin", "group:a@example.com"))
	for _, name := range []string{"pubsub_topic_iam_member", "storage_bucket_iam_binding", "bigquery_dataset_iam_policy"} {
		add("iam-no-direct-user", must, "of a module "+name, res("storage:tf:google_"+name, ct.Properties{"role": "roles/x"}))
	}
	for _, name := range []string{"v1:FolderIamBinding", "v3:FolderIamPolicy", "v3:OrganizationIamMember", "v1beta1:ProjectIamMember"} {
		add("iam-no-project-impersonation", must, "of the native provider "+name, res("google-native:cloudresourcemanager/"+name, nil))
	}
	for name, rule := range map[string]string{"actions_variable": "gh-no-secret-in-variable", "repository_environment": "gh-env-protected",
		"actions_secret": "gh-secret-not-plaintext", "repository_deploy_key": "gh-deploy-key-readonly",
		"repository_ruleset":             "gh-main-protected",
		"actions_repository_permissions": "gh-actions-pinned", "workflow_repository_permissions": "gh-workflow-token"} {
		add(rule, must, "of a module "+name, res("repo:tf:github_"+name, ct.Properties{"repository": "web"}))
	}
	for name, property := range map[string]string{"issue:Issue": "body", "release:Release": "body", "repository:Repository": "description",
		"repositoryPullRequest:RepositoryPullRequest": "body", "repositoryAutolinkReference:RepositoryAutolinkReference": "targetUrlTemplate"} {
		add("gh-secret-not-plaintext", must, "a token in "+name, res("github:index/"+name, ct.Properties{
			property: "Use ghp_abcdefghijklmnopqrstuvwxyz0123456789 to log in"}))
		add("gh-secret-not-plaintext", pass, "no token in "+name, res("github:index/"+name, ct.Properties{
			property: "https://example.com/?token=<num> shows how the password is reset"}))
	}
	for _, c := range [][4]string{
		{"secret-scoped-access", "roles/secretmanager.secretAccessor", "resource.name == 'projects/1/secrets/db'", pass},
		{"secret-scoped-access", "roles/secretmanager.secretAccessor", "resource.name != 'projects/1/secrets/db'", must},
		{"secret-scoped-access", "roles/secretmanager.secretAccessor", "", must},
		{"iam-sa-no-admin", "roles/storage.objectAdmin", "resource.name.startsWith('projects/_/buckets/uploads/')", pass},
		{"iam-sa-no-admin", "roles/storage.objectAdmin", "true", must},
		{"iam-no-project-impersonation", "roles/resourcemanager.projectIamAdmin",
			"api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/run.viewer'])", pass},
		{"iam-no-project-impersonation", "roles/resourcemanager.projectIamAdmin", "resource.name == 'projects/1/secrets/db'", must},
		{"iam-no-project-impersonation", "roles/iam.serviceAccountUser", "resource.name == 'projects/1/secrets/db'", must},
	} {
		document := fmt.Sprintf(`{"bindings": [{"role": %q, "members": ["serviceAccount:web@p.iam.gserviceaccount.com"],
			"condition": {"expression": %q}}]}`, c[1], c[2])
		add(c[0], c[3], c[1]+" in a policy if "+c[2], res(projectIAM[2], ct.Properties{"policyData": document}))
	}
	enterprise := func(p ct.Properties) ct.Resource { return res(ghEnterpriseActions, p) }
	add("gh-actions-pinned", must, "all of an enterprise", enterprise(ct.Properties{"allowedActions": "all"}))
	add("gh-actions-pinned", pass, "some of an enterprise", enterprise(ct.Properties{"allowedActions": "selected",
		"enabledOrganizations": "all"}))
	add("gh-actions-pinned", pass, "none of an enterprise", enterprise(ct.Properties{"enabledOrganizations": "none"}))
	add("gh-workflow-token", must, "write in an enterprise", res(ghEnterpriseToken, ct.Properties{"defaultWorkflowPermissions": "write"}))
	add("gh-workflow-token", pass, "read in an enterprise", res(ghEnterpriseToken, ct.Properties{"defaultWorkflowPermissions": "read"}))
	custom := func(rule, expected, permission string) {
		role := res(customRoleTypes[0], ct.Properties{"roleId": "special", "permissions": []any{permission}})
		holder := res(projectIAM[0], ct.Properties{"role": "projects/p/roles/special", "member": "group:a@example.com"})
		add(rule, expected, permission, named(role, "role"), holder)
	}
	list := func(role string) ct.Resource {
		return res(dataset, ct.Properties{"accesses": []any{object{"role": role, "groupByEmail": "a@example.com"}}})
	}
	add("iam-no-basic-roles", must, "a project's basic role in a list", list("roles/editor"))
	add("iam-no-basic-roles", pass, "a role of the service in a list", list("roles/bigquery.dataViewer"))
	for _, role := range []string{"roles/iam.serviceAccountShortTermTokenMinter", "roles/iam.serviceAccountApiKeyBindingAdmin"} {
		add("iam-no-project-impersonation", must, role, res(projectIAM[0], ct.Properties{"role": role, "member": "group:a@example.com"}))
	}
	add("run-dedicated-sa", must, "a default account between blanks", changed(v2(), change{path: "template.serviceAccount",
		to: " 1-compute@developer.gserviceaccount.com "}))
	custom("iam-no-project-impersonation", must, "iam.serviceAccountKeys.upload")
	custom("iam-no-project-impersonation", must, "iam.serviceAccountApiKeyBindings.create")
	custom("iam-no-project-impersonation", pass, "iam.serviceAccountKeys.list")
	custom("iam-no-basic-roles", must, "deploymentmanager.deployments.update")
	return all
}

func otherDatabaseSiblings() []sibling {
	var all []sibling
	add := func(expected, token string, p ct.Properties) {
		all = append(all, sibling{"sql-hardening", token, expected, []ct.Resource{res(token, p)}, ""})
	}
	add(must, redisCluster, ct.Properties{"authorizationMode": "AUTH_MODE_IAM_AUTH",
		"transitEncryptionMode": "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION", "deletionProtectionEnabled": false})
	add(must, memorystore, ct.Properties{"authorizationMode": "IAM_AUTH", "transitEncryptionMode": "SERVER_AUTHENTICATION",
		"deletionProtectionEnabled": false})
	add(must, alloyCluster, ct.Properties{"deletionPolicy": "FORCE"})
	add(pass, alloyCluster, ct.Properties{"deletionPolicy": "DEFAULT"})
	for _, token := range []string{spannerDatabase, bigtableInstance, oracleDatabase, "google:index/spannerDatabase:SpannerDatabase"} {
		add(must, token, ct.Properties{"deletionProtection": false})
		add(pass, token, ct.Properties{"name": "x"})
	}
	for _, token := range []string{spannerInstance, bigtableInstance} {
		add(must, token, ct.Properties{"forceDestroy": true})
		add(pass, token, ct.Properties{"forceDestroy": false})
	}
	add(must, firestoreDatabase, ct.Properties{"deleteProtectionState": "DELETE_PROTECTION_DISABLED"})
	add(must, firestoreDatabase, ct.Properties{"deletionPolicy": "DELETE"})
	add(pass, firestoreDatabase, ct.Properties{"deletionPolicy": "DELETE", "deleteProtectionState": "DELETE_PROTECTION_ENABLED"})
	add(pass, firestoreDatabase, ct.Properties{"type": "FIRESTORE_NATIVE"})
	return all
}

// effectSiblings are settings that are there and do nothing, or more than they say.
func effectSiblings() []sibling {
	var all []sibling
	add := func(rule, expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{rule, desc, expected, resources, ""})
	}
	images := func(deletes, keep object) ct.Resource {
		return res(repository, ct.Properties{"format": "DOCKER", "dockerConfig": object{"immutableTags": true}, "cleanupPolicies": []any{
			object{"id": "d", "action": "DELETE", "condition": deletes}, keep}})
	}
	ten := object{"id": "k", "action": "KEEP", "mostRecentVersions": object{"keepCount": 10}}
	for prefix, expected := range map[string]string{"sha256:": must, "s": must, "sha256:ab": pass} {
		add("ar-immutable-cleanup", expected, "versions that begin with "+prefix, images(object{"versionNamePrefixes": []any{prefix}}, ten))
	}
	month := object{"olderThan": "30d"}
	add("ar-immutable-cleanup", must, "keeps only what is old", images(month, object{"id": "k", "action": "KEEP",
		"condition": object{"tagState": "TAGGED", "olderThan": "3650d"}}))
	add("ar-immutable-cleanup", pass, "keeps of packages with any name", images(month, object{"id": "k", "action": "KEEP",
		"mostRecentVersions": object{"keepCount": 10, "packageNamePrefixes": []any{""}}}))
	notices := res(budget, ct.Properties{"amount": object{"specifiedAmount": object{"units": "10"}},
		"budgetFilter": object{"projects": []any{"projects/123456789012"}}, "thresholdRules": []any{object{"thresholdPercent": 0.5}}})
	for _, c := range []struct {
		expected, path string
		to             any
	}{
		{must, "amount.specifiedAmount", object{}}, {pass, "amount.specifiedAmount", object{"nanos": 500000000}},
		{must, "budgetFilter.projects", []any{""}}, {pass, "budgetFilter.projects", []any{"", "projects/123456789012"}},
		{must, "allUpdatesRule", object{"disableDefaultIamRecipients": true, "monitoringNotificationChannels": []any{""}}},
		{pass, "allUpdatesRule", object{"disableDefaultIamRecipients": true, "monitoringNotificationChannels": []any{"channel"}}},
	} {
		add("budget-exists", c.expected, c.path, v2(), named(changed(notices, change{path: c.path, to: c.to}), "budget"))
	}
	adapted := named(notices, "budget")
	adapted.Type = "google:index/billingBudget:BillingBudget"
	add("budget-exists", pass, "by Terraform's provider", v2(), adapted)
	subject := func(expected, subject string) {
		add("wif-binding-narrow", expected, subject, res(accountIAM[0], ct.Properties{"role": "roles/iam.workloadIdentityUser",
			"member": "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github/subject/" + subject}))
	}
	for _, s := range []string{"repository_owner:acme", "repository_owner_id:1", "repository_id:2", "repository:acme/web:ref:refs/heads/main",
		"actor:me", "repo:acme/web:environment:", "repo:acme/web:job_workflow_ref:", "REPO:acme/web:ref:refs/heads/main"} {
		subject(must, s)
	}
	for _, s := range []string{"repository_id:2:environment:prod", "repository_owner_id:1:repository_id:2:environment:prod",
		"repo:acme/web:job_workflow_ref:acme/web/.github/workflows/deploy.yml@refs/heads/main", "project_path:g/p:ref_type:branch:ref:main",
		"organization:o:project:p:workspace:w:run_phase:apply"} {
		subject(pass, s)
	}
	return all
}

// targetSiblings grant one role on two resources of a kind, and twice on the same one. Each type names its resource by another property.
func targetSiblings() []sibling {
	var all []sibling
	for format, path := range map[string]string{"gcp:bigtable/tableIam%s:TableIam%[1]s": "table",
		"gcp:apigateway/gatewayIam%s:GatewayIam%[1]s": "gateway", "gcp:pubsub/schemaIam%s:SchemaIam%[1]s": "schema",
		"gcp:tags/tagValueIam%s:TagValueIam%[1]s": "tagValue", "gcp:tomorrow/thingIam%s:ThingIam%[1]s": "thing",
		"gcp:certificateauthority/caPoolIam%s:CaPoolIam%[1]s": "caPool", "gcp:endpoints/serviceIam%s:ServiceIam%[1]s": "serviceName"} {
		types := iam(format)
		on := func(token, name string) ct.Resource {
			return named(res(token, ct.Properties{path: name, "role": "roles/x", "member": "group:a@example.com",
				"members": []any{"group:b@example.com"}, "etag": name + token}), token+name)
		}
		add := func(expected, desc string, resources ...ct.Resource) {
			all = append(all, sibling{"iam-no-authoritative", desc + " " + path, expected, resources, ""})
		}
		add(pass, "bindings of two", on(types[1], "one"), on(types[1], "two"))
		add(pass, "a member of another", on(types[1], "one"), on(types[0], "two"))
		add(must, "a member of the same", on(types[1], "one"), on(types[0], "one"))
		add(must, "the same by its full name", on(types[1], "one"), on(types[0], "projects/p/things/one"))
	}
	return all
}

func hourlySiblings() []sibling {
	var all []sibling
	for _, token := range []string{"gcp:compute/regionCommitment:RegionCommitment",
		"gcp:vertex/aiDeploymentResourcePool:AiDeploymentResourcePool",
		"gcp:vertex/aiEndpointWithModelGardenDeployment:AiEndpointWithModelGardenDeployment", "gcp:tpu/v2QueuedResource:V2QueuedResource",
		"gcp:spanner/instancePartition:InstancePartition", "gcp:managedkafka/connectCluster:ConnectCluster",
		"gcp:pubsub/liteReservation:LiteReservation", "gcp:container/awsCluster:AwsCluster",
		"google:index/vertexAiFeaturestore:VertexAiFeaturestore"} {
		all = append(all, sibling{"worst-case-cost", token, must, []ct.Resource{res(token, ct.Properties{"name": "x"})}, ""})
	}
	return all
}
