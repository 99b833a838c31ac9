package cloud_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
	"github.com/guiofsaints/procureflow-platform/internal/golden"
)

type titled struct{ api, prefix, title string }

// titles are the APIs in the order of the page.
var titles = []titled{
	{"run", "run/v2", "Cloud Run v2"}, {"iam", "iam/v1", "IAM v1"}, {"crm", "crm/v1", "Cloud Resource Manager v1"}, {"su", "su/v1",
		"Service Usage v1"},
	{"sm", "sm/v1", "Secret Manager v1"}, {"ar", "ar/v1", "Artifact Registry v1"}, {"kms", "kms/v1", "Cloud KMS v1"}, {"ca", "ca/v1",
		"Container Analysis v1"},
	{"cabeta", "ca/v1beta1", "Container Analysis v1beta1"}, {"ba", "ba/v1", "Binary Authorization v1"}, {"mon", "mon/v3",
		"Cloud Monitoring v3"},
	{"dash", "mon/v1", "Cloud Monitoring v1 (dashboards)"}, {"log", "log/v2", "Cloud Logging v2"}, {"budgets", "budgets/v1",
		"Cloud Billing Budget v1"},
	{"cb", "cb/v1", "Cloud Billing v1"}, {"cs", "cs/v1", "Cloud Scheduler v1"},
	{"cred", "cred/v1", "IAM Service Account Credentials v1"}, {"sql", "sql/v1beta4", "Cloud SQL Admin v1beta4 and v1"},
	{"gcs", "storage/v1", "Cloud Storage v1, buckets"},
}

// acts are the fields that decide what the emulator does later, by resource, with their effect. The test checks that
// each exists and is accepted. The emulator stores all other accepted fields without an effect.
var acts = map[string]map[string]string{
	"Service (Cloud Run)": {
		"template.revision": "the revision that the service asks for",
		"template.containers.image": "containers behave as was set for its digest; " +
			"Binary Authorization judges it",
		"template.containers.env.name":                             "the container answers with the names",
		"template.containers.env.valueSource.secretKeyRef.secret":  "a revision starts only if it may read the secret",
		"template.containers.env.valueSource.secretKeyRef.version": "a revision starts only if the version is enabled",
		"template.containers.startupProbe.httpGet.path":            "stands in the message of a revision that fails",
		"template.containers.dependsOn":                            "the order in which containers start",
		"template.sessionAffinity":                                 "a visitor stays with a revision, whatever the split is",
		"customAudiences":                                          "audiences that ID tokens may have",
		"template.containers.ports.containerPort":                  "which container serves",
		"template.serviceAccount":                                  "the account that reads secrets", "template.timeout": "a request's limit",
		"template.volumes.secret.secret": "a revision starts only if it may read the secret",
		"traffic.type":                   "the split", "traffic.revision": "the split", "traffic.percent": "the split",
		"traffic.tag": "an address of its own",
		"ingress":     "whether requests from the internet get an answer", "invokerIamDisabled": "whether requests without a token get an answer",
		"defaultUriDisabled":                          "whether the address answers",
		"binaryAuthorization.useDefault":              "whether Binary Authorization judges images",
		"binaryAuthorization.breakglassJustification": "lets a refused image start anyway",
	},
	"Job (Cloud Run)": {
		"template.taskCount": "how many tasks an execution has", "template.parallelism": "how many tasks run at once",
		"template.template.maxRetries":                                      "how often a task that fails is tried again",
		"template.template.timeout":                                         "after how long a hanging task fails",
		"template.template.containers.env.valueSource.secretKeyRef.secret":  "an execution starts only if it may read the secret",
		"template.template.containers.env.valueSource.secretKeyRef.version": "an execution starts only if the version is enabled",
		"template.template.serviceAccount":                                  "the account that reads secrets",
		"binaryAuthorization.useDefault":                                    "whether Binary Authorization judges images",
	},
	"ServiceAccount": {},
	"Secret":         {"versionAliases": "`:access` and Cloud Run accept these names of versions"},
	"CryptoKey": {"versionTemplate.algorithm": "the algorithm of `:asymmetricSign`", "purpose": "only ASYMMETRIC_SIGN is accepted",
		"destroyScheduledDuration": "how long a version can still be restored"},
	"Note": {"attestation.hint.humanReadableName": "a note with `attestation` must have it"},
	"Occurrence": {"noteName": "an attestor finds the occurrences of its note", "resourceUri": "the image that is attested",
		"attestation.serializedPayload": "verified", "attestation.signatures.signature": "verified",
		"attestation.signatures.publicKeyId": "verified"},
	"Attestor": {"userOwnedGrafeasNote.noteReference": "the note whose occurrences count",
		"userOwnedGrafeasNote.publicKeys.id": "the key that verifies an attestation"},
	"Policy": {"defaultAdmissionRule.evaluationMode": "which images start",
		"defaultAdmissionRule.enforcementMode":       "whether a refusal blocks or is only logged",
		"defaultAdmissionRule.requireAttestationsBy": "the attestors whose signatures an image needs",
		"admissionWhitelistPatterns.namePattern":     "the images that always start"},
	"AlertPolicy": {"notificationChannels": "a channel in use cannot be deleted",
		"conditions.conditionThreshold.filter": "an uptime check in use cannot be deleted"},
	"Repository": {"format": "Cloud Run can pull images of a Docker repository",
		"vulnerabilityScanningConfig.enablementConfig": "whether the repository says that it scans"},
	"Dashboard": {}, "Budget": {}, "LogMetric": {}, "UptimeCheckConfig": {}, "NotificationChannel": {}, "WorkloadIdentityPool": {},
	"WorkloadIdentityPoolProvider": {},
	"Role":                         {"includedPermissions": "stored; a grant fails unless its role exists"}, "Service (Monitoring)": {},
	"ServiceLevelObjective": {},
	"KeyRing":               {},
	"Job (Cloud Scheduler)": {}, "Database": {}, "User": {}, "Bucket": {},
	"DatabaseInstance": {"settings.deletionProtectionEnabled": "a protected instance cannot be deleted"},
}

type creation struct{ title, path, message, in string }

// created are the resources whose fields are measured: the create request of [spelled] that makes one, and the message.
var created = []creation{
	{"Service (Cloud Run)", services, "run:GoogleCloudRunV2Service", ""},
	{"Job (Cloud Run)", jobs, "run:GoogleCloudRunV2Job", ""},
	{"ServiceAccount", "/iam/v1" + p + "/serviceAccounts", "iam:ServiceAccount", "serviceAccount"}, {"Role", "/iam/v1" + p + "/roles",
		"iam:Role", "role"},
	{"WorkloadIdentityPool", trust, "iam:WorkloadIdentityPool", ""}, {"WorkloadIdentityPoolProvider", trust + "/github/providers",
		"iam:WorkloadIdentityPoolProvider", ""},
	{"Secret", "/sm/v1" + p + "/secrets", "sm:Secret", ""}, {"Repository", "/ar/v1" + p + "/locations/us-central1/repositories",
		"ar:Repository", ""},
	{"KeyRing", "/kms/v1" + p + "/locations/us-central1/keyRings", "kms:KeyRing", ""}, {"CryptoKey",
		"/kms/v1" + p + "/locations/us-central1/keyRings/ring/cryptoKeys", "kms:CryptoKey", ""},
	{"Note", "/ca/v1" + p + "/notes", "ca:Note", ""}, {"Occurrence", "/ca/v1" + p + "/occurrences", "ca:Occurrence", ""},
	{"Attestor", "/ba/v1" + p + "/attestors", "ba:Attestor", ""}, {"Policy", "/ba/v1" + p + "/policy", "ba:Policy", ""},
	{"UptimeCheckConfig", "/mon/v3" + p + "/uptimeCheckConfigs", "mon:UptimeCheckConfig", ""}, {"AlertPolicy",
		"/mon/v3" + p + "/alertPolicies", "mon:AlertPolicy", ""},
	{"NotificationChannel", "/mon/v3" + p + "/notificationChannels", "mon:NotificationChannel", ""}, {"Service (Monitoring)",
		"/mon/v3" + p + "/services", "mon:Service", ""},
	{"ServiceLevelObjective", "/mon/v3" + p + "/services/web/serviceLevelObjectives", "mon:ServiceLevelObjective", ""},
	{"Dashboard", "/mon/v1" + p + "/dashboards", "dash:Dashboard", ""}, {"Budget", "/budgets/v1/billingAccounts/" + billing + "/budgets",
		"budgets:GoogleCloudBillingBudgetsV1Budget", ""},
	{"LogMetric", "/log/v2" + p + "/metrics", "log:LogMetric", ""},
	{"Job (Cloud Scheduler)", "/cs/v1" + p + "/locations/us-central1/jobs", "cs:Job", ""},
	{"Bucket", "/storage/v1/b", "gcs:Bucket", ""},
	{"DatabaseInstance", "/sql/v1beta4" + p + "/instances", "sql:DatabaseInstance", ""},
	{"Database", "/sql/v1beta4" + p + "/instances/main/databases", "sql:Database", ""},
	{"User", "/sql/v1beta4" + p + "/instances/main/users", "sql:User", ""},
}

// TestEveryAPIIsOnThePage checks that each API can be enabled, and that the page lists it with each resource that a request makes.
func TestEveryAPIIsOnThePage(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, api := range w.Cloud.APIs() {
		assert.NoError(t, w.Cloud.EnableAPIs(project, api.Host), "add %s to apis in emulator/google/serviceusage/serviceusage.go", api.Host)
		assert.True(t, slices.ContainsFunc(titles, func(row titled) bool { return row.api == api.Schema }),
			"%s is not on the page: add a row to titles in emulator/cloud/fidelity_test.go", api.Host)
		for _, k := range api.Kinds {
			message := api.Schema + ":" + k.Message
			if k.Create == nil || unmeasured[message] != "" {
				continue
			}
			assert.True(t, slices.ContainsFunc(created, func(row creation) bool { return row.message == message }),
				"%s is not on the page: add the request that makes one to spelled in emulator/cloud/spelling_test.go, and a row to created in "+
					"emulator/cloud/fidelity_test.go", message)
		}
	}
}

// unmeasured are resources whose fields are not on the page, and why.
var unmeasured = map[string]string{
	"kms:CryptoKeyVersion": "a client sets none of its fields",
	"cabeta:Note":          "it is v1's in another form",
	"cabeta:Occurrence":    "it is v1's in another form",
}

// TestFidelityPage measures what the emulator serves and compares it with docs/fidelity.md, or writes that page.
func TestFidelityPage(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, request := range spelled {
		w.OK(request.method, request.path, request.body)
	}
	w.OK("POST", "/kms/v1"+p+"/locations/us-central1/keyRings/ring/cryptoKeys/key/cryptoKeyVersions", `{}`)
	var page strings.Builder
	page.WriteString(fidelityHead)
	all, has := 0, 0
	var sections strings.Builder
	for _, a := range titles {
		served, methods := w.servedMethods(a.prefix, a.api), schema.Methods(a.api)
		all, has = all+len(methods), has+len(served)
		fmt.Fprintf(&sections, "| %s | `/%s` | %d of %d | %s |\n", a.title, a.prefix, len(served), len(methods), strings.Join(served, ", "))
	}
	routes, served := hubRoutes(t)
	fmt.Fprintf(&sections, "| GitHub, below a repository | `/gh/api/v3` | %d of %d | %s |\n", len(served), routes, strings.Join(served, ", "))
	fmt.Fprintf(&page, "The emulator serves %d of Google's %d methods on projects and billing accounts,\nand %d of GitHub's %d "+
		"routes below a repository.\n\n", has, all, len(served), routes)
	page.WriteString("| API | path | served | methods that are served |\n|---|---|---|---|\n" + sections.String())
	page.WriteString(fieldsHead)
	for _, resource := range created {
		w.writeFields(&page, resource)
	}
	golden.Check(t, "../../docs/fidelity.md", page.String(), *update)
}

const fidelityHead = `# What the emulated APIs can do

A test measures what this page says. It calls every method that the APIs' own descriptions list, and gives every field
of every resource a value. ` + "`go test ./emulator/cloud -run TestFidelityPage -update`" + ` writes the page.

The emulator answers 501 to a method that it does not serve, and names the method. It refuses parameters, fields and
values that an API does not have, in that API's words. The counts leave out the methods of folders and organizations,
which repeat those of projects.

`

const fieldsHead = `
The emulator also serves Cloud Run's v1 API, which gcloud calls, at ` + "`/apis/serving.knative.dev/v1`" + `. It has services,
revisions, configurations and routes there, and jobs and executions, which can be read, run and cancelled.

## Fields

The lists say what the emulator does with each field of a resource:

* **acts**: the emulator behaves by the field's value later.
* **checks**: the emulator refuses some values, as the API does, or answers with another value than the client sent.
* **stores**: the emulator keeps any value of the field's type and answers with it. Nothing depends on the value.
* **refuses**: the emulator does not have the field, and says so.

A field inside of a message, a list or a map stands behind its name and a dot. ` + "`message.*`" + ` means all fields of a
message.

`

// ids are names that the prepared world has, by collection.
var ids = map[string]string{
	"projects": project, "locations": "us-central1", "services": "web", "revisions": "web-blue", "secrets": "key", "versions": "1",
	"serviceAccounts": "runtime@procureflow-dev.iam.gserviceaccount.com",
	"roles":           "custom", "workloadIdentityPools": "github", "providers": "oidc", "repositories": "images", "keyRings": "ring",
	"cryptoKeys": "key", "notes": "one", "attestors": "us",
	"serviceLevelObjectives": "up", "metrics": "deployments", "billingAccounts": billing, "cryptoKeyVersions": "1", "jobs": "nightly",
	"instances": "main", "b": "files-of-procureflow", "databases": "app", "users": "runtime@procureflow-dev.iam",
}

// operationPlaces are the places where operations are made, so that a client can ask for them.
var operationPlaces = regexp.MustCompile(`^((run|ar) projects/\*/locations/\*/operations/|iam projects/\*/locations/\*/workloadIdentityPools/\*(/providers/\*)?/operations/|su operations/|sql projects/\*/operations/\*$)`)

// servedMethods returns the methods of an API, without the API's name. It leaves out those that answer that there is no such method.
func (w *world) servedMethods(prefix, api string) []string {
	var served []string
	for _, m := range schema.Methods(api) {
		path := filled(prefix, api, m)
		if m.HTTP != "GET" {
			path += "?validateOnly=true"
		}
		request := httptest.NewRequest(m.HTTP, path, strings.NewReader(`{}`))
		recorder := httptest.NewRecorder()
		w.Cloud.ServeHTTP(recorder, request)
		if recorder.Code != 501 && (!strings.Contains(m.Path, "/operations/*") || operationPlaces.MatchString(api+" "+m.Path)) {
			_, short, _ := strings.Cut(m.ID, ".")
			served = append(served, "`"+strings.TrimPrefix(strings.TrimPrefix(short, "projects."), "locations.")+"`")
		}
	}
	return served
}

// filled returns the path of a method on the resources that the requests in [spelled] make.
func filled(prefix, api string, m schema.Method) string {
	segments := strings.Split(strings.Split(m.Path, ":")[0], "/")
	for i := range segments {
		if segments[i] != "*" {
			continue
		}
		segments[i] = "x"
		switch id, found := ids[segments[max(i-1, 0)]]; {
		case i == 0:
			segments[i] = "projects" // a wildcard for the kind of parent
		case segments[i-1] == "locations" && slices.Contains(segments, "workloadIdentityPools"):
			segments[i] = "global"
		case api == "su" && segments[i-1] == "services":
			segments[i] = "run.googleapis.com"
		case found:
			segments[i] = id
		}
	}
	path := "/" + prefix + "/" + strings.Join(segments, "/")
	if _, verb, found := strings.Cut(m.Path, ":"); found {
		path += ":" + verb
	}
	return path
}

// unused gives the bodies of create requests names that are not taken.
var unused = strings.NewReplacer("web-blue", "fresh-0-blue", `"accountId":"runtime"`, `"accountId":"fresh-0"`, `"roleId":"custom"`,
	`"roleId":"fresh"`, `"name":"deployments"`, `"name":"fresh"`, "jobs/nightly", "jobs/fresh", `"name":"files-of-procureflow"`,
	`"name":"fresh"`, `"name":"main"`, `"name":"fresh"`, `"name":"app"`,
	`"name":"fresh"`, `runtime@procureflow-dev.iam","type":"CLOUD_IAM_SERVICE_ACCOUNT"`, `a@example.com","type":"CLOUD_IAM_USER"`)

// writeFields gives each field of a message a value in an otherwise valid create request, and writes what became of it.
func (w *world) writeFields(page *strings.Builder, of creation) {
	var method, url, body string
	for _, request := range spelled {
		if before, _, _ := strings.Cut(request.path, "?"); before == of.path && request.method != "GET" {
			method, url, body = request.method, fresh(request.path, 0), unused.Replace(request.body)
			break
		}
	}
	require.NotEmpty(w.T, method, "no request of %s", of.title)
	w.OK(method, url+map[bool]string{true: "&", false: "?"}[strings.Contains(url, "?")]+"validateOnly=true", body)
	found, outcomes := map[string][]string{}, map[string]string{}
	for _, leaf := range leaves(of.message, nil, nil) {
		outcome := w.outcome(method, url, body, of.in, leaf)
		if _, listed := acts[of.title][leaf.path()]; listed {
			assert.Contains(w.T, []string{"stores", "checks"}, outcome, "%s.%s is said to act", of.title, leaf.path())
			outcome = "acts"
		}
		found[outcome] = append(found[outcome], leaf.path())
		outcomes[leaf.path()] = outcome
	}
	for field := range acts[of.title] {
		assert.Contains(w.T, found["acts"], field, "%s has no such field", of.title)
	}
	fmt.Fprintf(page, "### %s\n\n", of.title)
	if len(outcomes) == 0 {
		page.WriteString("It has no field that a client sets.\n")
	}
	for _, outcome := range []string{"acts", "checks", "stores", "refuses"} {
		if len(found[outcome]) == 0 {
			continue
		}
		line := fmt.Sprintf("* %s (%d):", outcome, len(found[outcome]))
		for i, path := range collapsed(outcomes, outcome) {
			if i > 0 {
				line += ","
			}
			line += " `" + path + "`"
			if outcome == "acts" {
				line += " (" + acts[of.title][path] + ")"
			}
		}
		page.WriteString(wrapped(line))
	}
	page.WriteString("\n")
}

// collapsed are the fields with an outcome, sorted, with MESSAGE.* for all of a message whose fields have the same one.
func collapsed(outcomes map[string]string, outcome string) []string {
	uniform := func(prefix string) bool {
		for path, other := range outcomes {
			if strings.HasPrefix(path, prefix) && other != outcome {
				return false
			}
		}
		return outcome != "acts" // what acts is named
	}
	shown := map[string]bool{}
	for path, own := range outcomes {
		if own != outcome {
			continue
		}
		name := path
		for at := 0; ; {
			dot := strings.IndexByte(path[at:], '.')
			if dot < 0 {
				break
			}
			at += dot + 1
			if uniform(path[:at]) {
				name = path[:at] + "*"
				break
			}
		}
		shown[name] = true
	}
	return slices.Sorted(maps.Keys(shown))
}

// wrapped is a list's item in lines of at most 120 columns.
func wrapped(item string) string {
	var lines, line strings.Builder
	for i, word := range strings.Split(item, " ") {
		switch {
		case i == 0:
		case line.Len()+1+len(word) > 118:
			lines.WriteString(line.String() + "\n")
			line.Reset()
			line.WriteString("  ")
		default:
			line.WriteByte(' ')
		}
		line.WriteString(word)
	}
	return lines.String() + line.String() + "\n"
}
