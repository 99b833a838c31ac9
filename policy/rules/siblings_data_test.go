package rules

import (
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// dataSiblings are cases of places, labels, buckets, registries, databases, keys and exemptions.
func dataSiblings() []sibling {
	var all []sibling
	add := func(rule, expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{rule, desc, expected, resources, ""})
	}
	for _, p := range []struct{ token, path, place string }{
		{"gcp:compute/disk:Disk", "zone", "europe-west1-b"}, {"gcp:compute/address:Address", "region",
			"europe-west1"},
		{"gcp:compute/regionDisk:RegionDisk", "region", "https://www.googleapis.com/compute/v1/projects/p/regions/europe-west1"},
		{functionV2, "location", "europe-west1"}, {functionV1, "region", "europe-west1"}, {"gcp:redis/instance:Instance", "region",
			"europe-west1"}, {"gcp:bigquery/dataset:Dataset", "location", "US"}, {"gcp:firestore/database:Database", "locationId", "nam5"},
		{"gcp:appengine/application:Application", "locationId", "europe-west"}, {"gcp:container/cluster:Cluster", "location",
			"europe-west1-b"}, {"gcp:vpcaccess/connector:Connector", "region", "us-central2"},
		{"gcp:spanner/instance:Instance", "config", "regional-europe-west1"},
		{"gcp:alloydb/cluster:Cluster", "location", "europe-west1"}, {"google:index/computeInstance:ComputeInstance", "zone",
			"europe-west1-b"}, {"gcp:workflows/workflow:Workflow", "region", "europe-west1"}, {bucket, "location", "EU"},
		{keyRing, "location", "global"},
	} {
		add("allowed-regions", must, p.token+" in "+p.place, res(p.token, ct.Properties{p.path: p.place}))
		if p.path != "config" && p.token != bucket && p.token != keyRing {
			at := "us-central1"
			if p.path == "zone" {
				at = "us-central1-a"
			}
			add("allowed-regions", pass, p.token+" in "+at, res(p.token, ct.Properties{p.path: at}))
		}
	}
	add("allowed-regions", must, "replica elsewhere",
		res(secret, ct.Properties{"replication": object{"userManaged": object{"replicas": []any{object{"location": "us-central1"},
			object{"location": "europe-west1"}}}}}))
	add("allowed-regions", pass, "global things", res("gcp:certificatemanager/certificate:Certificate",
		ct.Properties{"location": "global"}), res("gcp:iam/workloadIdentityPool:WorkloadIdentityPool", nil))
	add("allowed-regions", pass, "a zone of names", res("gcp:dns/managedZone:ManagedZone",
		ct.Properties{"name": "z", "dnsName": "example.com."}))
	add("allowed-regions", must, "topic kept elsewhere", res("gcp:pubsub/topic:Topic",
		ct.Properties{"messageStoragePolicy": object{"allowedPersistenceRegions": []any{"europe-west1"}}}))
	for _, t := range []string{"gcp:compute/instance:Instance", "gcp:pubsub/topic:Topic", "gcp:bigquery/dataset:Dataset", functionV2,
		"gcp:redis/instance:Instance", "gcp:dns/managedZone:ManagedZone", "gcp:monitoring/notificationChannel:NotificationChannel",
		"gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig", database, "gcp:container/cluster:Cluster"} {
		path := "labels"
		switch t {
		case database:
			path = "settings.userLabels"
		case "gcp:container/cluster:Cluster":
			path = "resourceLabels"
		case "gcp:monitoring/notificationChannel:NotificationChannel", "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig":
			path = "userLabels"
		}
		add("required-labels", must, "no labels on "+t, res(t, ct.Properties{"name": "x"}))
		add("required-labels", pass, "labels on "+t, changed(res(t, ct.Properties{"name": "x"}), change{path: path, to: labels()}))
		add("required-labels", must, "one missing on "+t, changed(res(t, ct.Properties{"name": "x"}),
			change{path: path, to: object{"app": "procureflow", "environment": "dev"}}))
	}
	add("required-labels", pass, "what takes none", res("gcp:projects/service:Service", ct.Properties{"service": "run.googleapis.com"}))
	by := func(defaults any, r ct.Resource) ct.Resource {
		r.Provider = &ct.Resource{Type: "pulumi:providers:gcp", Properties: ct.Properties{"defaultLabels": defaults}}
		return r
	}
	topic := res("gcp:pubsub/topic:Topic", ct.Properties{"name": "x"})
	add("required-labels", pass, "by the provider as JSON", by(`{"environment":"dev","app":"a","managed-by":"pulumi"}`, topic))
	add("required-labels", pass, "by the provider as an object", by(labels(), topic))
	add("required-labels", must, "by the provider, incomplete", by(`{"environment":"dev","app":""}`, topic))
	add("required-labels", must, "by the provider, no JSON", by("environment=dev", topic))
	add("required-labels", must, "the provider's on user labels", by(labels(), res("gcp:monitoring/alertPolicy:AlertPolicy", nil)))
	return append(append(append(all, bucketSiblings()...), registrySiblings()...), exemptionSiblings()...)
}

func bucketSiblings() []sibling {
	var all []sibling
	b := res(bucket, ct.Properties{"name": "b", "location": "us-central1", "labels": labels(), "publicAccessPrevention": "enforced",
		"uniformBucketLevelAccess": true, "versioning": object{"enabled": true}})
	lifecycle := func(expected, desc string, condition object) {
		r := changed(b, change{path: "lifecycleRules", to: []any{object{"action": object{"type": "Delete"}, "condition": condition}}})
		all = append(all, sibling{"bucket-hardening", desc, expected, []ct.Resource{r}, ""})
	}
	for _, c := range []object{{}, {"withState": "ANY"}, {"withState": "LIVE"}, {"numNewerVersions": 1},
		{"daysSinceNoncurrentTime": 0, "sendDaysSinceNoncurrentTimeIfZero": true,
			"withState": "ARCHIVED"}, {"matchesPrefixes": []any{""}}, {"age": 0}} {
		lifecycle(must, "deletes at once", c)
	}
	for _, c := range []object{{"age": 30}, {"daysSinceNoncurrentTime": 30, "withState": "ARCHIVED"}, {"numNewerVersions": 3},
		{"matchesPrefixes": []any{"tmp/"}}, {"createdBefore": "2020-01-01"}} {
		lifecycle(pass, "deletes in time", c)
	}
	add := func(rule, expected, desc string, r ct.Resource) {
		all = append(all, sibling{rule, desc, expected, []ct.Resource{r}, ""})
	}
	add("bucket-hardening", pass, "other action", changed(b, change{path: "lifecycleRules",
		to: []any{object{"action": object{"type": "SetStorageClass", "storageClass": "NEARLINE"}, "condition": object{"age": 0}}}}))
	add("bucket-hardening", must, "a retention that is not locked", changed(b, change{path: "versioning", to: gone{}},
		change{path: "retentionPolicy", to: object{"retentionPeriod": 100, "isLocked": false}}))
	add("bucket-hardening", must, "a retention of nothing", changed(b, change{path: "versioning", to: gone{}},
		change{path: "retentionPolicy", to: object{"retentionPeriod": 0, "isLocked": true}}))
	for _, p := range []object{{"networkConfig": object{"enablePublicIp": true}},
		{"networkConfig": object{"authorizedExternalNetworks": []any{object{"cidrRange": "0.0.0.0/0"}}}},
		{"clientConnectionConfig": object{"sslConfig": object{"sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"}}}} {
		add("sql-hardening", must, "AlloyDB", res(alloyInstance, ct.Properties(p)))
	}
	add("sql-hardening", pass, "AlloyDB inside", res(alloyInstance, ct.Properties{"instanceType": "PRIMARY"}))
	add("sql-hardening", must, "AlloyDB without backups", res(alloyCluster, ct.Properties{"automatedBackupPolicy": object{"enabled": false}}))
	careful := res(database, ct.Properties{"databaseVersion": "POSTGRES_17", "settings": object{"deletionProtectionEnabled": true,
		"backupConfiguration": object{"enabled": true, "pointInTimeRecoveryEnabled": true},
		"ipConfiguration":     object{"ipv4Enabled": false, "sslMode": "ENCRYPTED_ONLY"}}})
	add("sql-hardening", pass, "a careful owner's", careful)
	add("sql-hardening", must, "a day that is lost", changed(careful, change{path: "settings.backupConfiguration.pointInTimeRecoveryEnabled",
		to: false}))
	add("sql-hardening", must, "Google would delete it", changed(careful, change{path: "settings.deletionProtectionEnabled", to: false}))
	add("sql-hardening", pass, "from before either setting", changed(careful, change{path: "settings.deletionProtectionEnabled", to: gone{}},
		change{path: "settings.backupConfiguration", to: object{"enabled": true}}))
	add("sql-hardening", must, "half the internet",
		res(database, ct.Properties{"settings": object{"backupConfiguration": object{"enabled": true},
			"ipConfiguration": object{"ipv4Enabled": false, "sslMode": "ENCRYPTED_ONLY",
				"authorizedNetworks": []any{object{"value": "0.0.0.0/1"}}}}}))
	add("sql-hardening", must, "Redis in the clear", res(redis, ct.Properties{"authEnabled": true}))
	add("sql-hardening", must, "Redis without a password", res(redis, ct.Properties{"transitEncryptionMode": "SERVER_AUTHENTICATION"}))
	add("sql-hardening", pass, "Redis", res(redis, ct.Properties{"transitEncryptionMode": "SERVER_AUTHENTICATION", "authEnabled": true}))
	add("binauthz-default-deny", must, "nobody's attestation", res(admission,
		ct.Properties{"defaultAdmissionRule": object{"evaluationMode": "REQUIRE_ATTESTATION", "enforcementMode": enforced}}))
	add("sa-no-keys", must, "key", res(accountKey, ct.Properties{"serviceAccountId": "x"}))
	add("sa-no-keys", must, "HMAC key", res(hmacKey, ct.Properties{"serviceAccountEmail": "x"}))
	add("sa-no-keys", pass, "API key of nobody", res(apiKey, ct.Properties{"name": "maps", "restrictions": object{}}))
	add("sa-no-keys", must, "account key by Terraform's provider", res("google:index/serviceAccountKey:ServiceAccountKey",
		ct.Properties{"serviceAccountId": "x"}))
	return all
}

func registrySiblings() []sibling {
	var all []sibling
	untagged := object{"id": "d", "action": "DELETE", "condition": object{"tagState": "UNTAGGED", "olderThan": "604800s"}}
	keep := object{"id": "k", "action": "KEEP", "mostRecentVersions": object{"keepCount": 10}}
	policies := func(expected, desc string, p ...any) {
		r := res(repository, ct.Properties{"format": "DOCKER", "location": "us-central1", "labels": labels(),
			"dockerConfig": object{"immutableTags": true}, "cleanupPolicies": p})
		all = append(all, sibling{"ar-immutable-cleanup", desc, expected, []ct.Resource{r}, ""})
	}
	deletes := func(condition object) object {
		return object{"id": "d", "action": "DELETE", "condition": condition}
	}
	keeps := func(most object) object { return object{"id": "k", "action": "KEEP", "mostRecentVersions": most} }
	policies(pass, "untagged after a week", untagged, keep)
	policies(pass, "tagged kept", untagged, object{"id": "k", "action": "KEEP", "condition": object{"tagState": "TAGGED"}})
	policies(pass, "everything after a month", deletes(object{"tagState": "ANY", "olderThan": "30d"}), keep)
	policies(pass, "one package, kept", deletes(object{"tagState": "UNTAGGED", "olderThan": "7d", "packageNamePrefixes": []any{"web-"}}),
		keeps(object{"keepCount": 5, "packageNamePrefixes": []any{"web"}}))
	policies(pass, "builds by prefix", deletes(object{"tagState": "TAGGED", "tagPrefixes": []any{"pr-"}}), keep)
	policies(must, "keep none", untagged, keeps(object{"keepCount": 0}))
	policies(must, "keep one", untagged, keeps(object{"keepCount": 1}))
	policies(must, "keep without a count", untagged, keeps(object{}))
	policies(must, "keep of another package", deletes(object{"tagState": "ANY", "olderThan": "1s"}),
		keeps(object{"keepCount": 5, "packageNamePrefixes": []any{"other"}}))
	policies(must, "keep of untagged", untagged, object{"id": "k", "action": "KEEP", "condition": object{"tagState": "UNTAGGED"}})
	policies(must, "releases after a day", deletes(object{"tagState": "TAGGED", "olderThan": "86400s"}), keep)
	policies(must, "any after a day", deletes(object{"olderThan": "1d"}), keep)
	policies(must, "untagged after a second", deletes(object{"tagState": "UNTAGGED", "olderThan": "1s"}), keep)
	policies(must, "newer than", deletes(object{"tagState": "ANY", "newerThan": "3600s"}), keep)
	policies(must, "empty prefixes", deletes(object{"tagState": "ANY", "versionNamePrefixes": []any{"", "x"}}), keep)
	policies(must, "no age", deletes(object{"tagState": "UNTAGGED"}), keep)
	policies(must, "an age without a unit or number", deletes(object{"tagState": "UNTAGGED", "olderThan": "soon"}), keep)
	admit := func(expected, pattern string) {
		r := res(admission, ct.Properties{"defaultAdmissionRule": object{"evaluationMode": "REQUIRE_ATTESTATION",
			"enforcementMode": enforced, "requireAttestationsBies": []any{"a"}},
			"admissionWhitelistPatterns": []any{object{"namePattern": pattern}}})
		all = append(all, sibling{"binauthz-default-deny", pattern, expected, []ct.Resource{r}, ""})
	}
	for _, p := range []string{"*", "**", "*/*", "docker.io/*", "quay.io/**", "ghcr.io/*", "us-docker.pkg.dev/**",
		"us-central1-docker.pkg.dev/*/web/**", "gcr.io/*", "gcr.io/procure*", "*.pkg.dev/p/r/*", "us-docker.pkg.dev/p*", "nginx*",
		"library/*", "docker.io/*/nginx"} {
		admit(must, p)
	}
	for _, p := range []string{"us-central1-docker.pkg.dev/procureflow-dev/procureflow/*", "gcr.io/google_containers/*",
		"gcr.io/google-containers/pause:3.9", "us-docker.pkg.dev/cloudrun/container/hello@sha256:abc", "ghcr.io/acme/**", "mcr.microsoft.com/*"} {
		admit(pass, p)
	}
	return all
}

func exemptionSiblings() []sibling {
	var all []sibling
	bad := named(res(bucket, ct.Properties{"name": "b", "location": "us-central1", "labels": labels(),
		"publicAccessPrevention": "inherited", "uniformBucketLevelAccess": true, "versioning": object{"enabled": true}}), "uploads")
	add := func(expected, desc, options string) {
		all = append(all, sibling{"bucket-hardening", desc, expected, []ct.Resource{bad}, `{"bucket-hardening": ` + options + `}`})
	}
	exempt := func(resource, expires string) string {
		return `{"exemptions": [{"resource": "` + resource + `", "reason": "agreed", "expires": "` + expires + `"}]}`
	}
	add(pass, "by name", exempt("uploads", "2027-01-31"))
	add(pass, "by pattern", exempt("upl*", "2027-01-31"))
	add(pass, "by URN", exempt("urn:pulumi:dev::test::gcp:storage/bucket:Bucket::uploads", "2027-01-31"))
	for _, pattern := range []string{"*", "**", "*u*", "*-*", "u*", "*s", "up*", "*u*p*l*", "urn:*", "urn:*::*", "urn:pulumi:*",
		"urn:pulumi:dev::test::gcp:storage/bucket:Bucket::*", "urn:*::*::*::*u*"} {
		add(must, "exemption of "+pattern, exempt(pattern, "2027-01-31"))
	}
	add(must, "exemption without an end", exempt("uploads", "9999-12-31"))
	add(must, "exemption beyond the horizon", exempt("uploads", "2027-06-01"))
	add(must, "exemption that has ended", exempt("uploads", "2026-11-26"))
	add(must, "switched off", `"disabled"`)
	add(must, "switched off in an object", `{"enforcementLevel": "disabled"}`)
	add("advisory", "advisory", `"advisory"`)
	all = append(all, sibling{"bucket-hardening", "all switched off", must, []ct.Resource{bad}, `{"all": "disabled"}`},
		sibling{"run-deletion-protection", "of less weight, switched off", pass, []ct.Resource{v2()}, `{"run-deletion-protection": "disabled"}`},
		sibling{"gh-deploy-key-readonly", "switched off without any", pass, []ct.Resource{v2()}, `{"gh-deploy-key-readonly": "disabled"}`},
		sibling{"wif-condition", "switched off", must, []ct.Resource{providerOf("true")}, `{"wif-condition": "disabled"}`})
	return all
}
