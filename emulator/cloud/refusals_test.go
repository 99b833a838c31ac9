package cloud_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
)

// TestRefusals holds what the APIs refuse, with the exact status and message.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.prepare()
	for _, test := range []struct{ name, method, path, body, want string }{
		{"unknown API prefix", "GET", "/nothing/v1/x", "",
			"Not Found NOT_FOUND: The requested URL /nothing/v1/x was not found: the emulator serves run/v2, iam/v1, crm/v1, ar/v1, " +
				"sm/v1, mon/v3, mon/v1, budgets/v1, cb/v1, su/v1, log/v2, kms/v1, ca/v1, ca/v1beta1, ba/v1 and gh/api/v3."},
		{"unknown project", "GET", "/sm/v1/projects/other-project/secrets", "",
			"Forbidden PERMISSION_DENIED: Permission denied on resource project other-project."},
		{"unknown project at the resource manager", "GET", "/crm/v1/projects/other-project", "",
			"Forbidden PERMISSION_DENIED: The caller does not have permission"},
		{"API is off", "GET", "/run/v2/projects/bare-project/locations/us-central1/services", "",
			"Forbidden PERMISSION_DENIED: Cloud Run Admin API has not been used in project 42 before or it is disabled. Enable it by " +
				"visiting https://console.developers.google.com/apis/api/run.googleapis.com/overview?project=42 then retry. If you " +
				"enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."},
		{"unknown API", "POST", "/su/v1/projects/procureflow-dev/services/nothing.googleapis.com:enable", "",
			"Forbidden PERMISSION_DENIED: Not found or permission denied for service(s): nothing.googleapis.com."},
		{"always on", "POST", "/su/v1/projects/procureflow-dev/services/serviceusage.googleapis.com:disable", "",
			"Bad Request FAILED_PRECONDITION: The emulator keeps serviceusage.googleapis.com on in every project."},
		{"unknown query parameter", "GET", "/sm/v1/projects/procureflow-dev/secrets?size=1", "",
			"Bad Request INVALID_ARGUMENT: Invalid JSON payload received. Unknown name \"size\": Cannot bind query parameter. Field " +
				"'size' could not be found in request message."},
		{"not JSON", "POST", "/sm/v1/projects/procureflow-dev/secrets?secretId=x", `{`,
			"Bad Request INVALID_ARGUMENT: Invalid JSON payload received. unexpected end of JSON input"},
		{"unknown field", "POST", "/sm/v1/projects/procureflow-dev/secrets?secretId=x", `{"replications":{}}`,
			"Bad Request INVALID_ARGUMENT: Invalid JSON payload received. Unknown name \"replications\" at 'secret': Cannot find field."},
		{"unknown place", "GET", "/run/v2/projects/procureflow-dev/locations/us-central9/services", "",
			"Forbidden PERMISSION_DENIED: Permission denied on 'locations/us-central9' (or it may not exist)."},
		{"account id", "POST", "/iam/v1/projects/procureflow-dev/serviceAccounts", `{"accountId":"ab"}`,
			"Bad Request INVALID_ARGUMENT: Invalid account_id \"ab\": it must be 6 to 30 lower-case letters, digits and hyphens, begin " +
				"with a letter and not end with a hyphen."},
		{"account twice", "POST", "/iam/v1/projects/procureflow-dev/serviceAccounts", `{"accountId":"runtime"}`,
			"Conflict ALREADY_EXISTS: Service account runtime already exists within project projects/procureflow-dev."},
		{"account missing", "GET", "/iam/v1/projects/procureflow-dev/serviceAccounts/none@procureflow-dev.iam.gserviceaccount.com", "",
			"Not Found NOT_FOUND: Unknown service account: projects/procureflow-dev/serviceAccounts/none@procureflow-dev.iam.gserviceaccount.com."},
		{"account display name", "POST", "/iam/v1/projects/procureflow-dev/serviceAccounts",
			`{"accountId":"another","serviceAccount":{"displayName":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}}`,
			"Bad Request INVALID_ARGUMENT: The display name is longer than 100 bytes."},
		{"pool id", "POST", "/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools?workloadIdentityPoolId=abc", `{}`,
			"Bad Request INVALID_ARGUMENT: Invalid id \"abc\": it must be 4 to 32 lower-case letters, digits and hyphens."},
		{"pool prefix", "POST", "/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools?workloadIdentityPoolId=gcp-pool", `{}`,
			"Bad Request INVALID_ARGUMENT: Invalid id \"gcp-pool\": the prefix \"gcp-\" is reserved."},
		{"pool twice", "POST", "/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools?workloadIdentityPoolId=github", `{}`,
			"Conflict ALREADY_EXISTS: Requested entity already exists"},
		{"pool elsewhere", "POST",
			"/iam/v1/projects/procureflow-dev/locations/us-central1/workloadIdentityPools?workloadIdentityPoolId=github", `{}`,
			"Not Found NOT_FOUND: Requested entity was not found."},
		{"provider without pool", "POST",
			"/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools/none/providers?workloadIdentityPoolProviderId=oidc1", `{}`,
			"Not Found NOT_FOUND: Requested entity was not found."},
		{"provider without condition", "POST",
			"/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools/github/providers?workloadIdentityPoolProviderId=oidc1", `{"oidc":{"issuerUri":"https://token.actions.githubusercontent.com"},"attributeMapping":{"google.subject":"assertion.sub"}}`,
			"Bad Request INVALID_ARGUMENT: The attribute condition must reference one of the provider's claims. For more information, " +
				"see https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions"},
		{"provider without subject", "POST",
			"/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools/github/providers?workloadIdentityPoolProviderId=oidc1", `{"oidc":{"issuerUri":"https://x.example"},"attributeMapping":{"attribute.a":"assertion.a"}}`,
			"Bad Request INVALID_ARGUMENT: The attribute mapping must map google.subject."},
		{"provider issuer", "POST",
			"/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools/github/providers?workloadIdentityPoolProviderId=oidc1", `{"oidc":{"issuerUri":"http://x.example"},"attributeMapping":{"google.subject":"assertion.sub"}}`,
			"Bad Request INVALID_ARGUMENT: Invalid issuer_uri \"http://x.example\": it must be a valid URI that begins with https://."},
		{"provider attribute", "POST",
			"/iam/v1/projects/procureflow-dev/locations/global/workloadIdentityPools/github/providers?workloadIdentityPoolProviderId=oidc1", `{"oidc":{"issuerUri":"https://x.example"},"attributeMapping":{"google.subject":"assertion.sub","attribute.A":"assertion.a"}}`,
			"Bad Request INVALID_ARGUMENT: Invalid attribute mapping key \"attribute.A\": use google.subject, google.groups or " +
				"attribute.NAME with lower-case letters, digits and underscores."},
		{"role id", "POST", "/iam/v1/projects/procureflow-dev/roles", `{"roleId":"a-b"}`,
			"Bad Request INVALID_ARGUMENT: The role_id \"a-b\" is invalid: it must have 3 to 64 letters, digits, underscores or periods."},
		{"role twice", "POST", "/iam/v1/projects/procureflow-dev/roles", `{"roleId":"custom"}`,
			"Conflict ALREADY_EXISTS: A role named custom in projects/procureflow-dev already exists."},
		{"role permission", "POST", "/iam/v1/projects/procureflow-dev/roles", `{"roleId":"other","role":{"includedPermissions":["everything"]}}`,
			"Bad Request INVALID_ARGUMENT: Permission everything is not valid."},
		{"role missing", "GET", "/iam/v1/projects/procureflow-dev/roles/none", "",
			"Not Found NOT_FOUND: The role named projects/procureflow-dev/roles/none was not found."},
		{"policy without", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy", `{}`,
			"Bad Request INVALID_ARGUMENT: Request contains an invalid argument: policy is required."},
		{"policy etag", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy", `{"policy":{"etag":"c3RhbGU="}}`,
			"Conflict ABORTED: There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff. " +
				"The request's ETag 'c3RhbGU=' did not match the current policy's ETag 'ACAB'."},
		{"member account", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy",
			`{"policy":{"bindings":[{"role":"roles/run.viewer","members":["serviceAccount:none@procureflow-dev.iam.gserviceaccount.com"]}]}}`,
			"Bad Request INVALID_ARGUMENT: Service account none@procureflow-dev.iam.gserviceaccount.com does not exist."},
		{"member kind", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy",
			`{"policy":{"bindings":[{"role":"roles/run.viewer","members":["none@example.com"]}]}}`,
			"Bad Request INVALID_ARGUMENT: The member none@example.com is of an unknown type. Please set a valid type prefix for the member."},
		{"member pool", "POST",
			"/iam/v1/projects/procureflow-dev/serviceAccounts/runtime@procureflow-dev.iam.gserviceaccount.com:setIamPolicy",
			`{"policy":{"bindings":[{"role":"roles/iam.workloadIdentityUser","members":["principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/none/attribute.ref/x"]}]}}`,
			"Bad Request INVALID_ARGUMENT: Identity Pool does not exist " +
				"(projects/123456789012/locations/global/workloadIdentityPools/none). Please check that you specified a valid resource " +
				"name as returned in the `name` attribute in the configuration API."},
		{"role unknown", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy",
			`{"policy":{"bindings":[{"role":"roles/run.everything","members":["allUsers"]}]}}`,
			"Bad Request INVALID_ARGUMENT: Role roles/run.everything is not supported for this resource."},
		{"role custom unknown", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy",
			`{"policy":{"bindings":[{"role":"projects/procureflow-dev/roles/none","members":["allUsers"]}]}}`,
			"Bad Request INVALID_ARGUMENT: Role (projects/procureflow-dev/roles/none) does not exist in the resource's hierarchy."},
		{"condition version", "POST", "/crm/v1/projects/procureflow-dev:setIamPolicy",
			`{"policy":{"bindings":[{"role":"roles/run.viewer","members":["user:a@example.com"],"condition":{"expression":"true"}}]}}`,
			"Bad Request INVALID_ARGUMENT: Specifying a condition requires policy version 3."},
		{"policy of nothing", "GET", "/sm/v1/projects/procureflow-dev/secrets/none:getIamPolicy", "",
			"Not Found NOT_FOUND: Secret [projects/123456789012/secrets/none] not found."},
		{"repository id", "POST", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=Web", `{"format":"DOCKER"}`,
			"Bad Request INVALID_ARGUMENT: Invalid repository_id \"Web\": it must begin with a letter, end with a letter or digit, and " +
				"have up to 63 lower-case letters, digits and hyphens."},
		{"repository twice", "POST", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=procureflow",
			`{"format":"DOCKER"}`,
			"Conflict ALREADY_EXISTS: the repository already exists"},
		{"repository format", "POST", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=web", `{}`,
			"Bad Request INVALID_ARGUMENT: Invalid repository: format must be specified."},
		{"repository format is immutable", "PATCH",
			"/ar/v1/projects/procureflow-dev/locations/us-central1/repositories/procureflow?updateMask=format", `{"format":"MAVEN"}`,
			"Bad Request INVALID_ARGUMENT: Field 'format' is immutable."},
		{"repository without mask", "PATCH", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories/procureflow", `{}`,
			"Bad Request INVALID_ARGUMENT: Request must contain a valid update mask: update_mask is required."},
		{"repository mask", "PATCH", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories/procureflow?updateMask=descripton", `{}`,
			"Bad Request INVALID_ARGUMENT: Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), \"descripton\""},
		{"clean-up keep count", "POST", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=web",
			`{"format":"DOCKER","cleanupPolicies":{"k":{"action":"KEEP","mostRecentVersions":{}}}}`,
			"Bad Request INVALID_ARGUMENT: Invalid cleanup policy \"k\": keep_count must be at least 1."},
		{"clean-up action", "POST", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=web",
			`{"format":"DOCKER","cleanupPolicies":{"k":{"condition":{"tagState":"ANY"}}}}`,
			"Bad Request INVALID_ARGUMENT: Invalid cleanup policy \"k\": action must be KEEP or DELETE."},
		{"label", "POST", "/ar/v1/projects/procureflow-dev/locations/us-central1/repositories?repositoryId=web",
			`{"format":"DOCKER","labels":{"A":"b"}}`,
			"Bad Request INVALID_ARGUMENT: Invalid label \"A\": keys begin with a lower-case letter, and keys and values have up to 63 " +
				"lower-case letters, digits, underscores and hyphens."},
		{"secret id", "POST", "/sm/v1/projects/procureflow-dev/secrets?secretId=a.b", `{"replication":{"automatic":{}}}`,
			"Bad Request INVALID_ARGUMENT: The provided Secret ID [a.b] does not match the expected format [[a-zA-Z_0-9]+]."},
		{"secret twice", "POST", "/sm/v1/projects/procureflow-dev/secrets?secretId=key", `{"replication":{"automatic":{}}}`,
			"Conflict ALREADY_EXISTS: Secret [projects/123456789012/secrets/key] already exists."},
		{"secret replication", "POST", "/sm/v1/projects/procureflow-dev/secrets?secretId=new", `{}`,
			"Bad Request INVALID_ARGUMENT: Secret.replication must set exactly one of automatic and user_managed."},
		{"secret missing", "GET", "/sm/v1/projects/procureflow-dev/secrets/none", "",
			"Not Found NOT_FOUND: Secret [projects/123456789012/secrets/none] not found."},
		{"secret version missing", "GET", "/sm/v1/projects/procureflow-dev/secrets/key/versions/9:access", "",
			"Not Found NOT_FOUND: Secret Version [projects/123456789012/secrets/key/versions/9] not found."},
		{"secret version disabled", "GET", "/sm/v1/projects/procureflow-dev/secrets/key/versions/2:access", "",
			"Bad Request FAILED_PRECONDITION: Secret Version [projects/123456789012/secrets/key/versions/2] is in DISABLED state."},
		{"secret payload empty", "POST", "/sm/v1/projects/procureflow-dev/secrets/key:addVersion", `{"payload":{}}`,
			"Bad Request INVALID_ARGUMENT: Secret Payload cannot be empty."},
		{"secret payload encoding", "POST", "/sm/v1/projects/procureflow-dev/secrets/key:addVersion", `{"payload":{"data":"not base64!"}}`,
			"Bad Request INVALID_ARGUMENT: Invalid value at 'payload.data' (TYPE_BYTES), Base64 decoding failed."},
		{"secret payload checksum", "POST", "/sm/v1/projects/procureflow-dev/secrets/key:addVersion",
			`{"payload":{"data":"dmFsdWU=","dataCrc32c":"1"}}`,
			"Bad Request INVALID_ARGUMENT: The checksum of the Secret Payload does not match data_crc32c."},
		{"uptime period", "POST", "/mon/v3/projects/procureflow-dev/uptimeCheckConfigs",
			`{"displayName":"u","period":"61s","timeout":"10s","httpCheck":{}}`,
			"Bad Request INVALID_ARGUMENT: Field uptime_check_config.period had an invalid value of \"61s\": it must be one of 60s, " +
				"300s, 600s and 900s."},
		{"uptime timeout", "POST", "/mon/v3/projects/procureflow-dev/uptimeCheckConfigs", `{"displayName":"u","timeout":"61s","httpCheck":{}}`,
			"Bad Request INVALID_ARGUMENT: Field uptime_check_config.timeout had an invalid value of \"61s\": it must be between 1s and 60s."},
		{"uptime host", "POST", "/mon/v3/projects/procureflow-dev/uptimeCheckConfigs",
			`{"displayName":"u","timeout":"10s","httpCheck":{},"monitoredResource":{"type":"uptime_url","labels":{"host":"https://x.example"}}}`,
			"Bad Request INVALID_ARGUMENT: Field uptime_check_config.monitored_resource.labels[\"host\"] had an invalid value of " +
				"\"https://x.example\": it must be a host name without scheme, port and path."},
		{"alert without conditions", "POST", "/mon/v3/projects/procureflow-dev/alertPolicies", `{"displayName":"a","combiner":"OR"}`,
			"Bad Request INVALID_ARGUMENT: Field alert_policy.conditions must have 1 to 6 conditions."},
		{"alert channel", "POST", "/mon/v3/projects/procureflow-dev/alertPolicies",
			`{"displayName":"a","combiner":"OR","notificationChannels":["projects/procureflow-dev/notificationChannels/1"],"conditions":[{"displayName":"c","conditionThreshold":{"filter":"metric.type=\"x\" resource.type=\"y\"","comparison":"COMPARISON_GT","duration":"0s"}}]}`,
			"Bad Request INVALID_ARGUMENT: Field alert_policy.notification_channels had an invalid value of " +
				"\"projects/procureflow-dev/notificationChannels/1\": Cannot find notification channel."},
		{"alert duration", "POST", "/mon/v3/projects/procureflow-dev/alertPolicies",
			`{"displayName":"a","combiner":"OR","conditions":[{"displayName":"c","conditionThreshold":{"filter":"metric.type=\"x\" resource.type=\"y\"","comparison":"COMPARISON_GT","duration":"90s"}}]}`,
			"Bad Request INVALID_ARGUMENT: Field alert_policy.conditions[0].condition_threshold.duration had an invalid value of " +
				"\"90s\": it must be a multiple of 60 seconds."},
		{"channel type", "POST", "/mon/v3/projects/procureflow-dev/notificationChannels", `{"type":"pigeon"}`,
			"Bad Request INVALID_ARGUMENT: Field notification_channel.type had an invalid value of \"pigeon\": no such channel type."},
		{"channel address", "POST", "/mon/v3/projects/procureflow-dev/notificationChannels",
			`{"type":"email","labels":{"email_address":"nobody"}}`,
			"Bad Request INVALID_ARGUMENT: Field notification_channel.labels[\"email_address\"] had an invalid value of \"nobody\"."},
		{"objective goal", "POST", "/mon/v3/projects/procureflow-dev/services/web/serviceLevelObjectives",
			`{"goal":0.99999,"rollingPeriod":"86400s","serviceLevelIndicator":{"basicSli":{}}}`,
			"Bad Request INVALID_ARGUMENT: Field service_level_objective.goal had an invalid value of 0.99999: it must be greater than " +
				"0 and at most 0.9999."},
		{"objective period", "POST", "/mon/v3/projects/procureflow-dev/services/web/serviceLevelObjectives",
			`{"goal":0.99,"rollingPeriod":"90000s","serviceLevelIndicator":{"basicSli":{}}}`,
			"Bad Request INVALID_ARGUMENT: Field service_level_objective.rolling_period had an invalid value of \"90000s\": it must be " +
				"a whole number of days, 1 to 30."},
		{"objective without service", "POST", "/mon/v3/projects/procureflow-dev/services/none/serviceLevelObjectives", `{"goal":0.99}`,
			"Not Found NOT_FOUND: Requested entity was not found."},
		{"dashboard layout", "POST", "/mon/v1/projects/procureflow-dev/dashboards", `{"displayName":"d"}`,
			"Bad Request INVALID_ARGUMENT: A dashboard must have exactly one layout."},
		{"budget account", "POST", "/budgets/v1/billingAccounts/none/budgets", `{}`,
			"Forbidden PERMISSION_DENIED: The caller does not have permission"},
		{"budget amount", "POST", "/budgets/v1/billingAccounts/000000-AAAAAA-111111/budgets", `{}`,
			"Bad Request INVALID_ARGUMENT: Budget amount must set exactly one of specified_amount and last_period_amount."},
		{"budget currency", "POST", "/budgets/v1/billingAccounts/000000-AAAAAA-111111/budgets",
			`{"amount":{"specifiedAmount":{"currencyCode":"BRL","units":"10"}}}`,
			"Bad Request INVALID_ARGUMENT: Budget currency BRL does not match the billing account's currency USD."},
		{"budget project", "POST", "/budgets/v1/billingAccounts/000000-AAAAAA-111111/budgets",
			`{"amount":{"specifiedAmount":{"units":"10"}},"budgetFilter":{"projects":["projects/1"]}}`,
			"Bad Request INVALID_ARGUMENT: Budget filter names the project \"projects/1\", which does not exist; write projects/NUMBER."},
		{"metric filter", "POST", "/log/v2/projects/procureflow-dev/metrics", `{"name":"deployments"}`,
			"Bad Request INVALID_ARGUMENT: Log metric filter is empty. Log metric creation requires a filter."},
		{"metric extractor", "POST", "/log/v2/projects/procureflow-dev/metrics",
			`{"name":"deployments","filter":"x","labelExtractors":{"a":"EXTRACT(b)"}}`,
			"Bad Request INVALID_ARGUMENT: The label a has an extractor and is not in metric_descriptor.labels."},
	} {
		assert.Equal(t, test.want, w.refused(test.method, test.path, test.body), test.name)
	}
}

// prepare makes one resource of many kinds for the refusals to meet.
func (w *world) prepare() {
	const p = "/projects/" + project
	const trust = "/iam/v1" + p + "/locations/global/workloadIdentityPools"
	w.ok("POST", "/iam/v1"+p+"/serviceAccounts", `{"accountId":"runtime"}`)
	w.ok("POST", trust+"?workloadIdentityPoolId=github", `{}`)
	w.ok("POST", "/iam/v1"+p+"/roles", `{"roleId":"custom","role":{"title":"t","includedPermissions":["run.services.get"]}}`)
	w.ok("POST", "/ar/v1"+p+"/locations/us-central1/repositories?repositoryId=procureflow", `{"format":"DOCKER"}`)
	w.ok("POST", "/sm/v1"+p+"/secrets?secretId=key", `{"replication":{"automatic":{}}}`)
	w.ok("POST", "/sm/v1"+p+"/secrets/key:addVersion", `{"payload":{"data":"dmFsdWU="}}`)
	w.ok("POST", "/sm/v1"+p+"/secrets/key:addVersion", `{"payload":{"data":"dmFsdWU="}}`)
	w.ok("POST", "/sm/v1"+p+"/secrets/key/versions/2:disable", `{}`)
	w.ok("POST", "/mon/v3"+p+"/services?serviceId=web", `{"custom":{}}`)
	w.ok("POST", services+"?serviceId=web", `{"template":{"revision":"web-blue","containers":[{"image":"`+image+`"}]}}`)
	assert.NoError(w.t, w.cloud.EnsureProject(cloud.Project{ID: "bare-project", Number: "42", BillingAccount: billing}))
}
