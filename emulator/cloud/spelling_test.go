package cloud_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// spelled are requests of every API with all the parameters and nested bodies that clients send to it. The keys of maps have
// no capitals, so that they stay what they are.
var spelled = []struct{ method, path, body string }{
	{"POST", "/su/v1" + p + "/services:batchEnable",
		`{"serviceIds":["cloudkms.googleapis.com","containeranalysis.googleapis.com","binaryauthorization.googleapis.com",
		"iamcredentials.googleapis.com","cloudscheduler.googleapis.com","sqladmin.googleapis.com","storage.googleapis.com"]}`},
	{"GET", "/su/v1" + p + "/services?pageSize=3&filter=state:ENABLED", ""},
	{"POST", "/iam/v1" + p + "/serviceAccounts", `{"accountId":"runtime","serviceAccount":{"displayName":"Runtime","description":"d"}}`},
	{"PATCH", "/iam/v1" + p + "/serviceAccounts/runtime@procureflow-dev.iam.gserviceaccount.com",
		`{"serviceAccount":{"displayName":"R"},"updateMask":"displayName"}`},
	{"POST", "/iam/v1" + p + "/roles", `{"roleId":"custom","role":{"title":"t","includedPermissions":["run.services.get"]}}`},
	{"PATCH", "/iam/v1" + p + "/roles/custom?updateMask=includedPermissions", `{"includedPermissions":["run.services.list"]}`},
	{"POST", trust + "?workloadIdentityPoolId=github", `{"displayName":"GitHub"}`},
	{"POST", trust + "/github/providers?workloadIdentityPoolProviderId=oidc",
		`{"displayName":"G","attributeMapping":{"google.subject":"assertion.sub"},
		"attributeCondition":"assertion.repository_id == '22'","oidc":{"issuerUri":"https://token.actions.githubusercontent.com","allowedAudiences":["a"]}}`},
	{"PATCH", trust + "/github?updateMask=displayName", `{"displayName":"Hub"}`},
	{"GET", trust + "?showDeleted=true&pageSize=10", ""},
	{"POST", "/ar/v1" + p + "/locations/us-central1/repositories?repositoryId=images",
		`{"format":"DOCKER","dockerConfig":{"immutableTags":true},"cleanupPolicies":
		{"old":{"id":"old","action":"DELETE","condition":{"tagState":"UNTAGGED","olderThan":"2592000s"}},"few":{"id":"few","action":"KEEP","mostRecentVersions":{"keepCount":20}}}}`},
	{"PATCH", "/ar/v1" + p + "/locations/us-central1/repositories/images?updateMask=dockerConfig.immutableTags",
		`{"dockerConfig":{"immutableTags":false}}`},
	{"POST", "/sm/v1" + p + "/secrets?secretId=key",
		`{"replication":{"userManaged":{"replicas":[{"location":"us-central1","customerManagedEncryption":{"kmsKeyName":"k"}}]}},"versionAliases":{}}`},
	{"POST", "/sm/v1" + p + "/secrets/key:addVersion", `{"payload":{"data":"dmFsdWU=","dataCrc32c":"3789554531"}}`},
	{"POST", "/sm/v1" + p + "/secrets/key:setIamPolicy",
		`{"policy":{"bindings":[{"role":"roles/secretmanager.secretAccessor","members":["serviceAccount:runtime@procureflow-dev.iam.gserviceaccount.com"]}],
		"auditConfigs":[{"service":"allServices","auditLogConfigs":[{"logType":"DATA_READ"}]}]},"updateMask":"bindings,auditConfigs"}`},
	{"GET", "/sm/v1" + p + "/secrets/key:getIamPolicy?options.requestedPolicyVersion=3", ""},
	{"POST", "/kms/v1" + p + "/locations/us-central1/keyRings?keyRingId=ring", `{}`},
	{"POST", "/kms/v1" + p + "/locations/us-central1/keyRings/ring/cryptoKeys?cryptoKeyId=key&skipInitialVersionCreation=true",
		`{"purpose":"ASYMMETRIC_SIGN","versionTemplate":{"algorithm":"EC_SIGN_P256_SHA256","protectionLevel":"SOFTWARE"},"destroyScheduledDuration":"86400s"}`},
	{"POST", "/ca/v1" + p + "/notes?noteId=one", `{"attestation":{"hint":{"humanReadableName":"h"}},"shortDescription":"s"}`},
	{"POST", "/ca/v1" + p + "/occurrences",
		`{"noteName":"projects/procureflow-dev/notes/one","resourceUri":"https://a/b@sha256:1","attestation":{"serializedPayload":"e30=","signatures":[{"signature":"e30=","publicKeyId":"k"}]}}`},
	{"POST", "/ba/v1" + p + "/attestors?attestorId=us",
		`{"userOwnedGrafeasNote":{"noteReference":"projects/procureflow-dev/notes/one","publicKeys":[{"id":"//a/b","pkixPublicKey":{"signatureAlgorithm":"ECDSA_P256_SHA256",
		"publicKeyPem":"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHWFcCVVD/PP1gFbz2/ogN6HZPqV2\nXmIoiXG5sx0l/IVov+V38eqBHXFPLrnlFX+5K9ZSdIcbS/CvYBo5VdIVYw==\n-----END PUBLIC KEY-----\n"}}]}}`},
	{"PUT", "/ba/v1" + p + "/policy",
		`{"admissionWhitelistPatterns":[{"namePattern":"gcr.io/google_containers/*"}],"globalPolicyEvaluationMode":"ENABLE",
		"defaultAdmissionRule":{"evaluationMode":"REQUIRE_ATTESTATION","enforcementMode":"ENFORCED_BLOCK_AND_AUDIT_LOG","requireAttestationsBy":["projects/procureflow-dev/attestors/us"]}}`},
	{"POST", "/mon/v3" + p + "/notificationChannels",
		`{"type":"email","displayName":"o","labels":{"email_address":"a@example.com"},"userLabels":{"a":"b"}}`},
	{"POST", "/mon/v3" + p + "/uptimeCheckConfigs",
		`{"displayName":"u","timeout":"10s","period":"60s","httpCheck":{"path":"/","useSsl":true,"validateSsl":true,"acceptedResponseStatusCodes":[{"statusClass":"STATUS_CLASS_2XX"}]},
		"monitoredResource":{"type":"uptime_url","labels":{"host":"a.example"}}}`},
	{"POST", "/mon/v3" + p + "/alertPolicies",
		`{"displayName":"a","combiner":"OR","alertStrategy":{"autoClose":"1800s"},"conditions":[{"displayName":"c","conditionThreshold":{"filter":"metric.type=\"x\" resource.type=\"y\"","comparison":"COMPARISON_GT",
		"duration":"60s","thresholdValue":1,"aggregations":[{"alignmentPeriod":"60s","perSeriesAligner":"ALIGN_RATE","crossSeriesReducer":"REDUCE_SUM","groupByFields":["resource.labels.host"]}]}}],"documentation":{"mimeType":"text/markdown","content":"x"}}`},
	{"POST", "/mon/v3" + p + "/services?serviceId=web",
		`{"displayName":"Web","basicService":{"serviceType":"CLOUD_RUN","serviceLabels":{"service_name":"web"}}}`},
	{"POST", "/mon/v3" + p + "/services/web/serviceLevelObjectives?serviceLevelObjectiveId=up",
		`{"displayName":"s","goal":0.99,"rollingPeriod":"2419200s",
		"serviceLevelIndicator":{"requestBased":{"goodTotalRatio":{"goodServiceFilter":"a","totalServiceFilter":"b"}}}}`},
	{"PATCH", "/mon/v3" + p + "/services/web/serviceLevelObjectives/up?updateMask=displayName,rollingPeriod",
		`{"displayName":"t","rollingPeriod":"86400s"}`},
	{"GET", "/mon/v3" + p +
		"/timeSeries?filter=metric.type%3D%22run.googleapis.com/request_count%22&interval.startTime=2026-11-23T11:00:00Z&interval.endTime=2026-11-23T12:00:00Z" +
		"&aggregation.alignmentPeriod=60s&aggregation.perSeriesAligner=ALIGN_DELTA&aggregation.crossSeriesReducer=REDUCE_SUM&aggregation.groupByFields=resource.labels.service_name", ""},
	{"POST", "/mon/v1" + p + "/dashboards",
		`{"displayName":"d","mosaicLayout":{"columns":48,"tiles":[{"xPos":1,"width":2,"height":2,"widget":{"title":"t","xyChart":{"dataSets":[{"plotType":"LINE",
		"timeSeriesQuery":{"timeSeriesFilter":{"filter":"f","aggregation":{"alignmentPeriod":"60s"}}}}]}}}]}}`},
	{"POST", "/budgets/v1/billingAccounts/" + billing + "/budgets",
		`{"displayName":"b","amount":{"specifiedAmount":{"currencyCode":"USD","units":"10"}},"thresholdRules":[{"thresholdPercent":0.5,"spendBasis":"FORECASTED_SPEND"}],
		"budgetFilter":{"projects":["projects/123456789012"],"creditTypesTreatment":"INCLUDE_ALL_CREDITS","calendarPeriod":"MONTH"},"notificationsRule":{"disableDefaultIamRecipients":true}}`},
	{"POST", "/log/v2" + p + "/metrics",
		`{"name":"deployments","filter":"x","metricDescriptor":{"metricKind":"DELTA","valueType":"INT64","labels":[{"key":"a","valueType":"STRING"}]},"labelExtractors":{"a":"EXTRACT(b)"}}`},
	{"POST", services + "?serviceId=web",
		`{"binaryAuthorization":{"useDefault":false},"template":{"revision":"web-blue","serviceAccount":"runtime@procureflow-dev.iam.gserviceaccount.com","maxInstanceRequestConcurrency":7,
		"scaling":{"minInstanceCount":1,"maxInstanceCount":2},"containers":[{"image":"` + image +
			`","ports":[{"containerPort":3000}],"resources":{"cpuIdle":true,"startupCpuBoost":true,"limits":{"cpu":"1","memory":"512Mi"}},
		"startupProbe":{"httpGet":{"path":"/"},"failureThreshold":3,"periodSeconds":10,"timeoutSeconds":5,"initialDelaySeconds":1},
		"env":[{"name":"K","valueSource":{"secretKeyRef":{"secret":"key","version":"1"}}}]}]}}`},
	{"POST", jobs + "?jobId=migrate", `{"template":{"taskCount":1,"template":{"maxRetries":0,"timeout":"60s",
		"serviceAccount":"runtime@procureflow-dev.iam.gserviceaccount.com","containers":[{"image":"` + image + `","args":["migrate"]}]}}}`},
	{"PATCH", services +
		"/web?updateMask=template.maxInstanceRequestConcurrency,template.revision&allowMissing=true&forceNewRevision=false",
		`{"template":{"revision":"web-green","maxInstanceRequestConcurrency":8}}`},
	{"PATCH", services + "/web?updateMask=description&validateOnly=true", `{"description":"never stored"}`},
	{"POST", "/cred/v1/projects/-/serviceAccounts/runtime@procureflow-dev.iam.gserviceaccount.com:generateIdToken",
		`{"audience":"https://a.example","includeEmail":true}`},
	{"POST", "/cs/v1" + p + "/locations/us-central1/jobs", `{"name":"projects/procureflow-dev/locations/us-central1/jobs/nightly",
		"schedule":"0 3 * * *","timeZone":"Etc/UTC","attemptDeadline":"300s","retryConfig":{"retryCount":1,"minBackoffDuration":"10s"},
		"httpTarget":{"uri":"https://a.example","httpMethod":"POST","oidcToken":{"serviceAccountEmail":"runtime@procureflow-dev.iam.gserviceaccount.com"}}}`},
	{"POST", "/sql/v1beta4" + p + "/instances", `{"name":"main","databaseVersion":"POSTGRES_17","region":"us-central1","settings":{"tier":"db-custom-1-3840",
		"backupConfiguration":{"enabled":true,"pointInTimeRecoveryEnabled":true},"deletionProtectionEnabled":true,
		"databaseFlags":[{"name":"cloudsql.iam_authentication","value":"on"}],"maintenanceWindow":{"day":7,"hour":3}}}`},
	{"PATCH", "/sql/v1beta4" + p + "/instances/main", `{"settings":{"deletionProtectionEnabled":false}}`},
	{"POST", "/sql/v1beta4" + p + "/instances/main/databases", `{"name":"app","charset":"UTF8","collation":"en_US.UTF8"}`},
	{"POST", "/sql/v1beta4" + p + "/instances/main/users", `{"name":"runtime@procureflow-dev.iam","type":"CLOUD_IAM_SERVICE_ACCOUNT"}`},
	{"POST", "/storage/v1/b?project=" + project, `{"name":"files-of-procureflow","location":"us-central1","storageClass":"STANDARD","versioning":{"enabled":true},
		"iamConfiguration":{"uniformBucketLevelAccess":{"enabled":true},"publicAccessPrevention":"enforced"},"labels":{"a":"b"},
		"lifecycle":{"rule":[{"action":{"type":"Delete"},"condition":{"daysSinceNoncurrentTime":30,"isLive":false}}]}}`},
	{"PATCH", "/storage/v1/b/files-of-procureflow", `{"storageClass":"NEARLINE"}`},
	{"PUT", "/storage/v1/b/files-of-procureflow/iam",
		`{"bindings":[{"role":"roles/storage.objectViewer","members":["allAuthenticatedUsers"]}]}`},
	{"GET", "/storage/v1/b/files-of-procureflow/iam", ""},
	{"GET", services + "/web", ""},
	{"GET", services + "/web/revisions?pageSize=1&showDeleted=true", ""},
}

// inSnakeCase is the request with every parameter, mask and field by its name in protocol buffers.
func inSnakeCase(t *testing.T, path, body string) (string, string) {
	t.Helper()
	path, raw, _ := strings.Cut(path, "?")
	given, err := url.ParseQuery(raw)
	require.NoError(t, err)
	query := url.Values{}
	for name, values := range given {
		for _, value := range values {
			if name == "updateMask" {
				value = schema.Snake(value)
			}
			query.Add(schema.Snake(name), value)
		}
	}
	if body != "" {
		var decoded any
		require.NoError(t, json.Unmarshal([]byte(body), &decoded))
		encoded, err := json.Marshal(snakeKeys(decoded))
		require.NoError(t, err)
		body = string(encoded)
	}
	return path + "?" + query.Encode(), body
}

func snakeKeys(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, inner := range v {
			if mask, isText := inner.(string); isText && key == "updateMask" {
				inner = schema.Snake(mask)
			}
			out[schema.Snake(key)] = snakeKeys(inner)
		}
		return out
	case []any:
		for i := range v {
			v[i] = snakeKeys(v[i])
		}
	}
	return value
}

// TestBothSpellings sends each request to two clouds: to one with the field names of JSON, to the other with those of protocol
// buffers. Both have to answer the same. Terraform's provider sends repository_id and secret_id. gcloud and Google's client
// libraries send the camelCase names.
func TestBothSpellings(t *testing.T) {
	t.Parallel()
	camel, snake := start(t), start(t)
	for _, request := range spelled {
		want := camel.OK(request.method, request.path, request.body)
		path, body := inSnakeCase(t, request.path, request.body)
		if request.method == "POST" || request.method == "PATCH" || strings.Contains(request.path, "?") {
			require.NotEqual(t, request.path+request.body, path+body)
		}
		code, got := snake.Call(request.method, path, body)
		require.Less(t, code, 300, "%s %s %s: %v", request.method, path, body, got)
		if operation, isOperation := got["response"].(map[string]any); isOperation {
			delete(operation, "@type")
			got = operation
		}
		for _, answer := range []map[string]any{want, got} {
			unrepeatable(answer)
		}
		assert.Equal(t, want, got, path)
	}
	assert.Nil(t, camel.OK("GET", services+"/web", "")["description"], "validateOnly")
	assert.Nil(t, snake.OK("GET", services+"/web", "")["description"], "validate_only")
}

// unrepeatable removes the values that a cloud draws at random, in the order of its requests.
func unrepeatable(answer map[string]any) {
	delete(answer, "token")
	for _, field := range []string{"etag", "uid", "revisions"} {
		delete(answer, field)
	}
}

func TestUnknownNamesAreRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	const bad = "Bad Request INVALID_ARGUMENT: Invalid JSON payload received. "
	for _, test := range []struct{ method, path, body, want string }{
		{"POST", "/sm/v1" + p + "/secrets?secretid=a", `{}`,
			bad + `Unknown name "secretid": Cannot bind query parameter. Field 'secretid' could not be found in request message.`},
		{"POST", "/sm/v1" + p + "/secrets?repository_id=a", `{}`, bad +
			`Unknown name "repository_id": Cannot bind query parameter. Field 'repository_id' could not be found in request message.`},
		{"GET", services + "?service_id=a", "",
			bad + `Unknown name "service_id": Cannot bind query parameter. Field 'service_id' could not be found in request message.`},
		{"GET", services + "?validate_only=true", "",
			bad + `Unknown name "validate_only": Cannot bind query parameter. Field 'validate_only' could not be found in request message.`},
		{"POST", "/iam/v1" + p + "/serviceAccounts", `{"account_id":"runtime","service_account":{"display_nam":"x"}}`,
			bad + `Unknown name "display_nam" at 'service_account': Cannot find field.`},
		{"POST", "/su/v1" + p + "/services:batchEnable", `{"services":["run.googleapis.com"]}`,
			bad + `Unknown name "services": Cannot find field.`},
		{"POST", services + "?serviceId=a",
			`{"template":{"containers":[{"image":"x","env":[{"name":"a","value_source":{"secret_key_ref":{"secrets":"x"}}}]}]}}`,
			bad + `Unknown name "secrets" at 'service.template.containers[0].env[0].value_source.secret_key_ref': Cannot find field.`},
	} {
		assert.Equal(t, test.want, w.Refused(test.method, test.path, test.body), "%s %s", test.method, test.path)
	}
}

func TestMethodsThatAreNotServed(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, test := range []struct{ method, path, want string }{
		{"POST", "/run/v2" + p + "/locations/us-central1/workerPools",
			"Not Implemented UNIMPLEMENTED: The emulator does not serve run.projects.locations.workerPools.create."},
		{"GET", "/sm/v1" + p + "/locations", "Not Implemented UNIMPLEMENTED: The emulator does not serve secretmanager.projects.locations.list."},
		{"POST", services + "/web/revisions", "Not Found NOT_FOUND: Method not found."},
		{"PUT", services + "/web", "Not Found NOT_FOUND: Method not found."},
		{"GET", "/crm/v1/projects/", "Not Found NOT_FOUND: Method not found."},
		{"POST", "/crm/v1/projects", "Not Implemented UNIMPLEMENTED: The emulator does not serve cloudresourcemanager.projects.create."},
		{"GET", "/crm/v1/", "Not Found NOT_FOUND: Method not found."},
	} {
		assert.Equal(t, test.want, w.Refused(test.method, test.path, ""), "%s %s", test.method, test.path)
	}
}
