package schema_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

var update = flag.Bool("update", false, "write schema.json from the API descriptions")

// roots are the messages the emulated cloud reads and answers, by API; what they refer to comes along.
var roots = []struct {
	api, file string
	messages  []string
}{
	{"run", "run/v2/run-api.json", []string{"GoogleCloudRunV2Service", "GoogleCloudRunV2Revision",
		"GoogleCloudRunV2Job", "GoogleCloudRunV2Execution", "GoogleCloudRunV2Task", "GoogleIamV1SetIamPolicyRequest",
		"GoogleLongrunningOperation"}},
	{"knative", "run/v1/run-api.json", []string{"Service", "Revision", "Configuration", "Route", "ListServicesResponse",
		"ListRevisionsResponse", "ListConfigurationsResponse", "ListRoutesResponse", "Status"}},
	{"iam", "iam/v1/iam-api.json", []string{"CreateServiceAccountRequest", "PatchServiceAccountRequest", "WorkloadIdentityPool",
		"WorkloadIdentityPoolProvider", "CreateRoleRequest", "SetIamPolicyRequest", "Operation"}},
	{"sm", "secretmanager/v1/secretmanager-api.json", []string{"Secret", "SecretVersion", "AddSecretVersionRequest",
		"AccessSecretVersionResponse", "SetIamPolicyRequest"}},
	{"ar", "artifactregistry/v1/artifactregistry-api.json", []string{"Repository", "SetIamPolicyRequest", "Operation"}},
	{"mon", "monitoring/v3/monitoring-api.json", []string{"UptimeCheckConfig", "AlertPolicy", "NotificationChannel", "Service",
		"ServiceLevelObjective", "ListTimeSeriesResponse"}},
	{"dash", "monitoring/v1/monitoring-api.json", []string{"Dashboard"}},
	{"budgets", "billingbudgets/v1/billingbudgets-api.json", []string{"GoogleCloudBillingBudgetsV1Budget"}},
	{"log", "logging/v2/logging-api.json", []string{"LogMetric"}},
	{"crm", "cloudresourcemanager/v1/cloudresourcemanager-api.json", []string{"Project", "SetIamPolicyRequest"}},
	{"cb", "cloudbilling/v1/cloudbilling-api.json", []string{"BillingAccount", "SetIamPolicyRequest"}},
	{"kms", "cloudkms/v1/cloudkms-api.json", []string{"KeyRing", "CryptoKey", "CryptoKeyVersion", "AsymmetricSignRequest",
		"AsymmetricSignResponse", "PublicKey"}},
	{"ca", "containeranalysis/v1/containeranalysis-api.json", []string{"Note", "Occurrence"}},
	{"cabeta", "containeranalysis/v1beta1/containeranalysis-api.json", []string{"Note", "Occurrence"}},
	{"ba", "binaryauthorization/v1/binaryauthorization-api.json", []string{"Attestor", "Policy"}},
	{"cs", "cloudscheduler/v1/cloudscheduler-api.json", []string{"Job"}},
	{"cred", "iamcredentials/v1/iamcredentials-api.json", []string{"GenerateIdTokenRequest", "GenerateIdTokenResponse"}},
	{"sql", "sqladmin/v1/sqladmin-api.json", []string{"DatabaseInstance", "Database", "User", "Operation", "InstancesListResponse",
		"DatabasesListResponse", "UsersListResponse"}},
	{"gcs", "storage/v1/storage-api.json", []string{"Bucket", "Policy"}},
	{"su", "serviceusage/v1/serviceusage-api.json", []string{"GoogleApiServiceusageV1Service"}},
}

// outputs are written by the API alone although the description says so only in words.
var outputs = []string{
	"iam:ServiceAccount.name", "iam:ServiceAccount.etag", "iam:Role.name", "iam:Role.deleted",
	"mon:AlertPolicy.creationRecord", "mon:AlertPolicy.mutationRecord", "mon:AlertPolicy.validity", "mon:Condition.name",
	"mon:NotificationChannel.creationRecord", "mon:NotificationChannel.mutationRecords", "mon:NotificationChannel.verificationStatus",
	"log:MetricDescriptor.name", "log:MetricDescriptor.type", "log:MetricDescriptor.monitoredResourceTypes", "log:LogMetric.version",
	"sql:DatabaseInstance.connectionName", "sql:DatabaseInstance.state", "sql:DatabaseInstance.ipAddresses",
	"sql:DatabaseInstance.backendType",
	"sql:DatabaseInstance.selfLink", "sql:DatabaseInstance.serviceAccountEmailAddress", "sql:DatabaseInstance.serverCaCert",
	"sql:DatabaseInstance.currentDiskSize", "sql:DatabaseInstance.kind", "sql:DatabaseInstance.project", "sql:DatabaseInstance.gceZone",
	"sql:Settings.kind", "sql:Database.kind", "sql:Database.selfLink", "sql:Database.project", "sql:Database.instance", "sql:User.kind",
	"sql:User.project", "sql:User.instance", "sql:User.host", "sql:User.iamEmail",
	"gcs:Bucket.kind", "gcs:Bucket.id", "gcs:Bucket.selfLink", "gcs:Bucket.projectNumber", "gcs:Bucket.metageneration",
	"gcs:Bucket.timeCreated", "gcs:Bucket.updated", "gcs:Bucket.locationType",
	"crm:Project.projectNumber", "crm:Project.lifecycleState", "crm:Project.createTime",
}

// presence are fields that are wrappers, so that false is told apart from absent.
var presence = []string{"mon:AlertPolicy.enabled", "mon:NotificationChannel.enabled",
	"run:GoogleCloudRunV2ServiceScaling.manualInstanceCount", "run:GoogleCloudRunV2TaskTemplate.maxRetries",
	"gcs:Bucket_versioning.enabled", "gcs:Bucket_lifecycle_rule_condition.isLive",
	"gcs:Bucket_iamConfiguration_uniformBucketLevelAccess.enabled",
	"sql:IpConfiguration.ipv4Enabled", "sql:Settings.storageAutoResize", "sql:Settings.deletionProtectionEnabled",
	"sql:BackupConfiguration.enabled", "sql:BackupConfiguration.pointInTimeRecoveryEnabled", "sql:MaintenanceWindow.hour"}

type described struct {
	Ref                  string     `json:"$ref"`
	RawType              string     `json:"type"`
	RawFormat            string     `json:"format"`
	Enum                 []string   `json:"enum"`
	ReadOnly             bool       `json:"readOnly"`
	Items                *described `json:"items"`
	AdditionalProperties *described `json:"additionalProperties"`
	Properties           map[string]*described
}

func apiDirectory(t *testing.T) string {
	t.Helper()
	output, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/api").Output()
	require.NoError(t, err, "find the module google.golang.org/api: run `go mod download`")
	return strings.TrimSpace(string(output))
}

// kindOf is the type of a field, and the message that it refers to. An object that is described in place becomes the message inline.
func kindOf(d *described, inline string, schemas map[string]*described) (kind, ref string) {
	prefix := ""
	for {
		switch {
		case d.RawType == "array":
			prefix, d = prefix+"[]", d.Items
			continue
		case d.AdditionalProperties != nil:
			prefix, d = prefix+"{}", d.AdditionalProperties
			continue
		}
		break
	}
	switch {
	case d.RawType == "object" && d.Properties != nil:
		schemas[inline] = d
		return prefix + "#" + inline, inline
	case d.Ref != "":
		return prefix + "#" + d.Ref, d.Ref
	case len(d.Enum) > 0:
		return prefix + strings.Join(d.Enum, "|"), ""
	case d.RawFormat == "date-time": // Cloud Storage's name for it
		return prefix + "google-datetime", ""
	case d.RawFormat == "date":
		return prefix + "string", ""
	case d.RawFormat != "":
		return prefix + d.RawFormat, ""
	default:
		return prefix + d.RawType, ""
	}
}

func TestSchemaIsTheAPIs(t *testing.T) {
	t.Parallel()
	directory := apiDirectory(t)
	want := map[string]map[string]string{}
	marked := map[string]bool{}
	for _, root := range roots {
		document := describedAPI(t, directory, root.file)
		for todo := slices.Concat(root.messages, document.verbRequests(root.api)); len(todo) > 0; todo = todo[1:] {
			name := root.api + ":" + todo[0]
			if want[name] != nil {
				continue
			}
			require.NotNil(t, document.Schemas[todo[0]], "%s has no message %s: correct roots in schema_test.go", root.file, todo[0])
			want[name] = map[string]string{}
			for field, d := range document.Schemas[todo[0]].Properties {
				kind, ref := kindOf(d, todo[0]+"_"+field, document.Schemas)
				if ref != "" {
					todo = append(todo, ref)
				}
				full := name + "." + field
				if d.ReadOnly || slices.Contains(outputs, full) {
					kind += "!"
				}
				if slices.Contains(presence, full) {
					kind += "?"
				}
				marked[full] = true
				want[name][field] = kind
			}
		}
	}
	for _, name := range slices.Concat(outputs, presence) {
		assert.True(t, marked[name], "%s is in a list of this test and not in the API", name)
	}
	hold(t, "schema.json", want)
}

// hold compares a file with the API descriptions, or writes it.
func hold(t *testing.T, file string, want any) {
	t.Helper()
	encoded, err := json.MarshalIndent(want, "", " ")
	require.NoError(t, err)
	encoded = append(encoded, '\n')
	if *update {
		require.NoError(t, os.WriteFile(file, encoded, 0o644))
	}
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.True(t, string(got) == string(encoded),
		"%s is not what the API descriptions say: run `go test ./emulator/rest/schema -update`", file)
}

// api is an API's description.
type api struct {
	collection
	Schemas map[string]*described
}

func describedAPI(t *testing.T, directory, file string) *api {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(directory, file))
	require.NoError(t, err, "roots in schema_test.go names a file that google.golang.org/api does not have")
	a := &api{}
	require.NoError(t, json.Unmarshal(data, a))
	return a
}

// verbRequests are the messages of the bodies of an API's custom methods: those with a colon.
func (a *api) verbRequests(name string) []string {
	var requests []string
	for _, m := range a.methods(nil) {
		if m.Request != "" && strings.Contains(m.Path, ":") && name != "knative" {
			requests = append(requests, m.Request)
		}
	}
	return requests
}

// collection is a group of methods and of groups in an API's description.
type collection struct {
	Methods map[string]struct {
		ID, FlatPath, Path, HTTPMethod string
		Parameters                     map[string]struct{ Location string }
		Request, Response              struct {
			Ref string `json:"$ref"`
		}
	}
	Resources map[string]*collection
}

var pathVariable = regexp.MustCompile(`\{[^}]*\}`)

func (c *collection) methods(found []schema.Method) []schema.Method {
	for _, key := range slices.Sorted(maps.Keys(c.Methods)) {
		m := c.Methods[key]
		path := m.FlatPath
		if path == "" {
			path = m.Path
		}
		path = pathVariable.ReplaceAllString(path, "*")
		if !strings.HasPrefix(path, "b/") && path != "b" { // Cloud Storage's have no version before them
			_, path, _ = strings.Cut(path, "/")
		}
		// The emulator has projects and billing accounts; folders and organizations have the same methods again.
		if first, _, _ := strings.Cut(path, "/"); !slices.Contains([]string{"projects", "billingAccounts", "operations", "*", "b"}, first) {
			continue
		}
		var query []string
		for _, parameter := range slices.Sorted(maps.Keys(m.Parameters)) {
			if m.Parameters[parameter].Location == "query" {
				query = append(query, parameter)
			}
		}
		found = append(found, schema.Method{ID: m.ID, HTTP: m.HTTPMethod, Path: path, Query: query, Request: m.Request.Ref,
			Response: m.Response.Ref})
	}
	for _, key := range slices.Sorted(maps.Keys(c.Resources)) {
		found = c.Resources[key].methods(found)
	}
	return found
}

func TestMethodsAreTheAPIs(t *testing.T) {
	t.Parallel()
	directory := apiDirectory(t)
	want := map[string][]schema.Method{}
	for _, root := range roots {
		if root.api != "knative" { // its paths have versions inside, and package cloud serves it apart
			want[root.api] = describedAPI(t, directory, root.file).methods(nil)
		}
	}
	hold(t, "methods.json", want)
}

func TestFindMethod(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"run GET projects/p/locations/l/services":                "run.projects.locations.services.list",
		"run GET projects/p/locations/l/services/s getIamPolicy": "run.projects.locations.services.getIamPolicy",
		"run PATCH projects/p/locations/l/services/s":            "run.projects.locations.services.patch",
		"run PUT projects/p/locations/l/services/s":              "",
		"sm POST projects/p/secrets/s/versions/1 enable":         "secretmanager.projects.secrets.versions.enable",
		"su POST projects/p/services batchEnable":                "serviceusage.services.batchEnable",
		"cabeta PATCH projects/p/notes/n":                        "containeranalysis.projects.notes.patch",
		"kms GET projects/p/locations/l/keyRings/r/cryptoKeys/k": "cloudkms.projects.locations.keyRings.cryptoKeys.get",
		"mon GET projects/p/timeSeries":                          "monitoring.projects.timeSeries.list",
		"nothing GET projects/p":                                 "",
	} {
		parts := strings.Split(request+" ", " ")
		found, _ := schema.FindMethod(parts[0], parts[1], strings.Split(parts[2], "/"), parts[3])
		assert.Equal(t, want, found.ID, request)
	}
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		message, root, body string
		want                string // the body, or the error
	}{
		"output-only, null and zero values go": {"run:GoogleCloudRunV2Service", "service",
			`{"uid":"x","generation":"7","description":"","labels":null,"traffic":[],"template":{"timeout":"5s","sessionAffinity":false}}`,
			`{"template":{"timeout":"5s"}}`},
		"an empty message stays": {"sm:Secret", "secret", `{"replication":{"automatic":{}}}`, `{"replication":{"automatic":{}}}`},
		"a wrapper keeps false":  {"mon:AlertPolicy", "", `{"enabled":false}`, `{"enabled":false}`},
		"integers": {"run:GoogleCloudRunV2RevisionTemplate", "",
			`{"maxInstanceRequestConcurrency":"80","scaling":{"maxInstanceCount":2}}`,
			`{"maxInstanceRequestConcurrency":80,"scaling":{"maxInstanceCount":2}}`},
		"64-bit integers are strings": {"budgets:GoogleTypeMoney", "", `{"units":10,"currencyCode":"USD"}`,
			`{"currencyCode":"USD","units":"10"}`},
		"an unspecified enumeration goes": {"ar:Repository", "", `{"format":"FORMAT_UNSPECIFIED","mode":"STANDARD_REPOSITORY"}`,
			`{"mode":"STANDARD_REPOSITORY"}`},
		"bytes in the alphabet for URLs":   {"sm:SecretPayload", "", `{"data":"_-8="}`, `{"data":"/+8="}`},
		"bytes without padding":            {"sm:SecretPayload", "", `{"data":"aGVsbG8"}`, `{"data":"aGVsbG8="}`},
		"text that is no bytes, as it was": {"sm:SecretPayload", "", `{"data":"a*b"}`, `{"data":"a*b"}`},
		"unknown at the root": {"sm:Secret", "", `{"lables":{}}`,
			`Invalid JSON payload received. Unknown name "lables": Cannot find field.`},
		"unknown inside": {"run:GoogleCloudRunV2Service", "service", `{"template":{"containers":[{"img":"x"}]},"a":1}`,
			"Invalid JSON payload received. Unknown name \"a\" at 'service': Cannot find field.\nInvalid JSON payload received. Unknown " +
				"name \"img\" at 'service.template.containers[0]': Cannot find field."},
		"wrong type": {"run:GoogleCloudRunV2Service", "service", `{"template":{"maxInstanceRequestConcurrency":"many"}}`,
			`Invalid value at 'service.template.max_instance_request_concurrency' (TYPE_INT32), "many"`},
		"fraction": {"run:GoogleCloudRunV2TrafficTarget", "", `{"percent":1.5}`, `Invalid value at 'percent' (TYPE_INT32), 1.5`},
		"duration": {"run:GoogleCloudRunV2Service", "service", `{"template":{"timeout":"5 minutes"}}`,
			`Invalid value at 'service.template.timeout' (type.googleapis.com/google.protobuf.Duration), "5 minutes"`},
		"enumeration": {"run:GoogleCloudRunV2Service", "service", `{"ingress":"everyone"}`,
			`Invalid value at 'service.ingress' (TYPE_ENUM), "everyone"`},
		"object of text": {"run:GoogleCloudRunV2Service", "service", `{"labels":"x"}`, `Invalid value at 'service.labels' (Map), "x"`},
		"names of protocol buffers": {"run:GoogleCloudRunV2Service", "service",
			`{"template":{"max_instance_request_concurrency":7,"service_account":"a"},"binary_authorization":{"use_default":true}}`,
			`{"binaryAuthorization":{"useDefault":true},"template":{"maxInstanceRequestConcurrency":7,"serviceAccount":"a"}}`},
		"the keys of a map are no names": {"run:GoogleCloudRunV2Service", "", `{"labels":{"cost_center":"a"}}`, `{"labels":{"cost_center":"a"}}`},
		"a field by both names": {"run:GoogleCloudRunV2RevisionTemplate", "", `{"serviceAccount":"a","service_account":"b"}`,
			`Invalid value at 'service_account' (oneof), the field is given twice: as serviceAccount and as service_account.`},
		"unknown with an underscore": {"sm:Secret", "", `{"version_alias":{}}`,
			`Invalid JSON payload received. Unknown name "version_alias": Cannot find field.`},
		"text of object": {"sm:Secret", "", `{"etag":{"a":"hidden"}}`,
			`Invalid value at 'etag' (TYPE_STRING), a value of another kind`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var body map[string]any
			require.NoError(t, json.Unmarshal([]byte(test.body), &body))
			got, err := schema.Normalize(test.message, test.root, body)
			if err != nil {
				assert.Equal(t, test.want, err.Error())
				return
			}
			encoded, err := json.Marshal(got)
			require.NoError(t, err)
			assert.Equal(t, test.want, string(encoded))
		})
	}
}

func TestMaskPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"traffic": "traffic", "template.max_instance_request_concurrency": "template/maxInstanceRequestConcurrency",
		"template.maxInstanceRequestConcurrency": "template/maxInstanceRequestConcurrency", "labels.env": "labels/env",
		"uid": "uid (output)", "nothing": "unknown", "traffic.percent": "unknown", "template.nothing": "unknown",
	} {
		fields, output, found := schema.MaskPath("run:GoogleCloudRunV2Service", path)
		got := strings.Join(fields, "/")
		if output {
			got += " (output)"
		}
		if !found {
			got = "unknown"
		}
		assert.Equal(t, want, got, path)
	}
}
