package run_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	runv1 "google.golang.org/api/run/v1"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/disturb"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

const (
	knativeHost = "us-central1-run.googleapis.com"
	namespace   = "/apis/serving.knative.dev/v1/namespaces/" + project
)

// knative makes one call of the v1 API. Answers are compared with the API's description.
func (w *world) knative(method, host, path, body string) (int, map[string]any) {
	request := httptest.NewRequest(method, "http://"+host+path, strings.NewReader(body))
	recorder := httptest.NewRecorder()
	w.Cloud.ServeHTTP(recorder, request)
	var answer map[string]any
	require.NoError(w.T, json.Unmarshal(recorder.Body.Bytes(), &answer))
	messages := map[any]string{"ServiceList": "ListServicesResponse", "RevisionList": "ListRevisionsResponse",
		"ConfigurationList": "ListConfigurationsResponse", "RouteList": "ListRoutesResponse"}
	if kind, known := answer["kind"].(string); known {
		if list := messages[kind]; list != "" {
			kind = list
		}
		require.NoError(w.T, schema.Check("knative:"+kind, answer), path)
	}
	return recorder.Code, answer
}

// names are the names of a list's items.
func names(answer map[string]any) []string {
	out := []string{}
	items, _ := answer["items"].([]any)
	for _, item := range items {
		out = append(out, cloudtest.Dig(item, "metadata", "name").(string))
	}
	return out
}

// proxied is a client of the v1 API that sends everything to the server as to a plain HTTP proxy, as gcloud is made to.
func proxied(t *testing.T, handler http.Handler) *runv1.APIService {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(address)}}
	api, err := runv1.NewService(context.Background(), option.WithHTTPClient(client), option.WithEndpoint("http://us-central1-run.sandbox/"))
	require.NoError(t, err)
	return api
}

// TestOfficialKnativeClient reads, replaces and deletes with Google's own client of the v1 API.
func TestOfficialKnativeClient(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.split()
	api := proxied(t, w.Cloud).Namespaces
	name := "namespaces/" + project + "/services/web"
	service, err := api.Services.Get(name).Do()
	require.NoError(t, err)
	assert.Equal(t, number, service.Metadata.Namespace)
	assert.Equal(t, int64(2), service.Metadata.Generation)
	assert.Equal(t, w.OK("GET", services+"/web", "")["etag"], service.Metadata.ResourceVersion)
	assert.Equal(t, "web-green", service.Status.LatestReadyRevisionName)
	assert.Equal(t, "https://web-123456789012.us-central1.run.app", service.Status.Url)
	require.Len(t, service.Status.Conditions, 3)
	for i, kind := range []string{"Ready", "ConfigurationsReady", "RoutesReady"} {
		assert.Equal(t, kind+" True", service.Status.Conditions[i].Type+" "+service.Status.Conditions[i].Status)
	}

	stale := *service.Metadata
	service.Spec.Traffic = []*runv1.TrafficTarget{{RevisionName: "web-blue", Percent: 80, Tag: "stable"}, {LatestRevision: true, Percent: 20}}
	service, err = api.Services.ReplaceService(name, service).Do()
	require.NoError(t, err)
	assert.Equal(t, "web-green", service.Status.Traffic[1].RevisionName, "the status names the latest revision")
	assert.True(t, service.Status.Traffic[1].LatestRevision)
	assert.Equal(t, "https://stable---web-123456789012.us-central1.run.app", service.Status.Traffic[0].Url)
	assert.Equal(t, []run.Target{{Type: run.ToRevision, Revision: "web-blue", Percent: 80, Tag: "stable"}, {Type: run.ToLatest, Percent: 20}},
		run.Targets(w.OK("GET", services+"/web", "")["trafficStatuses"].([]any)))

	current := service.Metadata.ResourceVersion
	service.Metadata = &stale
	_, err = api.Services.ReplaceService(name, service).Do()
	var refusal *googleapi.Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, 409, refusal.Code)
	assert.Equal(t, "Conflict for resource 'web': version '"+stale.ResourceVersion+"' was specified but current version is '"+current+
		"'.", refusal.Message)

	w.OK("PATCH", services+"/web?updateMask=traffic", `{"traffic":[`+to("web-green", 100, "")+`]}`)
	list, err := api.Revisions.List("namespaces/" + project).LabelSelector("serving.knative.dev/service = web").Do()
	require.NoError(t, err)
	require.Len(t, list.Items, 2)
	var seen []string
	for _, revision := range list.Items {
		active := revision.Status.Conditions[3]
		seen = append(seen, revision.Metadata.Name+" "+active.Type+" "+active.Status+" "+active.Reason)
	}
	assert.Equal(t, []string{"web-green Active True ", "web-blue Active False Retired"}, seen)

	_, err = api.Revisions.Delete("namespaces/" + project + "/revisions/web-blue").Do()
	require.NoError(t, err)
	status, err := api.Services.Delete(name).Do()
	require.NoError(t, err)
	assert.Equal(t, "Success", status.Status)
	_, err = api.Services.Get(name).Do()
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, 404, refusal.Code)
}

func TestKnativeLists(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.split()
	w.OK("POST", strings.Replace(services, "us-central1", "europe-west1", 1)+"?serviceId=web", `{"template":`+tpl("web-red", healthy)+`}`)
	w.OK("POST", services+"?serviceId=api", `{"template":`+tpl("api-a", healthy)+`}`)
	for path, want := range map[string][]string{
		knativeHost + namespace + "/services":                                            {"api", "web"},
		"run.googleapis.com" + namespace + "/services":                                   {"web", "api", "web"},
		"run.googleapis.com/v1/projects/" + project + "/locations/-/services":            {"web", "api", "web"},
		"run.googleapis.com/v1/projects/" + project + "/locations/europe-west1/services": {"web"},
		knativeHost + namespace + "/configurations":                                      {"api", "web"},
		knativeHost + namespace + "/routes":                                              {"api", "web"},
		knativeHost + namespace + "/revisions": {"api-a", "web-green",
			"web-blue"},
		knativeHost + namespace + "/revisions?labelSelector=serving.knative.dev%2Fservice+%3D+web":                 {"web-green", "web-blue"},
		knativeHost + namespace + "/revisions?labelSelector=serving.knative.dev%2Fservice%3Dweb,a%3D%3Db":          {},
		knativeHost + namespace + "/revisions?limit=1&continue=1":                                                  {"web-green"},
		"europe-west1-run.sandbox" + namespace + "/revisions":                                                      {"web-red"},
		knativeHost + strings.Replace(namespace, project, number, 1) + "/services?labelSelector=absent%3Danything": {},
	} {
		host, rest, _ := strings.Cut(path, "/")
		code, answer := w.knative("GET", host, "/"+rest, "")
		assert.Equal(t, 200, code, path)
		assert.Equal(t, want, names(answer), path)
	}
	_, page := w.knative("GET", knativeHost, namespace+"/revisions?limit=2", "")
	assert.Equal(t, "2", cloudtest.Dig(page, "metadata", "continue"))
	for _, collection := range []string{"configurations", "routes"} {
		_, half := w.knative("GET", knativeHost, namespace+"/"+collection+"/web", "")
		assert.Equal(t, "web", cloudtest.Dig(half, "metadata", "labels", "serving.knative.dev/service"), collection)
		assert.Equal(t, "True", cloudtest.Dig(half, "status", "conditions", 0, "status"), collection)
	}
}

func TestKnativeRefusals(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.split()
	_, stored := w.knative("GET", knativeHost, namespace+"/services/web", "")
	changed := func(path, field string, value any) string {
		var service map[string]any
		encoded, err := json.Marshal(stored)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(encoded, &service))
		inner := service
		for _, step := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' }) {
			inner = inner[step].(map[string]any)
		}
		inner[field] = value
		encoded, err = json.Marshal(service)
		require.NoError(t, err)
		return string(encoded)
	}
	for name, test := range map[string]struct {
		method, host, path, body string
		code                     int
		want                     string
	}{
		"no region": {"GET", "127.0.0.1", "/services/web", "", 400,
			"The emulator takes the region from the host: ask REGION-run.sandbox, or give gcloud --region."},
		"no service": {"GET", knativeHost, "/services/none", "", 404,
			"Service none not found in region 'us-central1' of project 'procureflow-dev'."},
		"another region": {"PUT", "europe-west1-run.sandbox", "/services/web", changed("", "kind", "Service"), 404,
			"Service web not found in region 'europe-west1' of project 'procureflow-dev'."},
		"another name": {"PUT", knativeHost, "/services/web", changed("metadata", "name", "other"), 400,
			"metadata.name: must be the name in the URL, 'web'; got 'other'"},
		"another kind": {"PUT", knativeHost, "/services/web", changed("", "kind", "Job"), 400,
			`kind, apiVersion: want Service of serving.knative.dev/v1, got "Job" of "serving.knative.dev/v1"`},
		"a wrong sum": {"PUT", knativeHost, "/services/web", changed("spec", "traffic",
			[]any{map[string]any{"revisionName": "web-blue", "percent": 99}}), 400, "service.traffic: the percentages must sum to 100, got 99"},
		"two targets": {"PUT", knativeHost, "/services/web", changed("spec", "traffic",
			[]any{map[string]any{"revisionName": "web-blue", "latestRevision": true, "percent": 100}}), 400,
			"spec.traffic[0].revisionName: must not be set with latestRevision"},
		"an annotation": {"PUT", knativeHost, "/services/web", changed("metadata/annotations", "run.googleapis.com/unheard-of", "x"),
			400, "annotations: the annotation 'run.googleapis.com/unheard-of' is not supported: run.googleapis.com/ is reserved"},
		"its value": {"PUT", knativeHost, "/services/web", changed("metadata/annotations", "run.googleapis.com/ingress", "some"),
			400, "metadata.annotations[run.googleapis.com/ingress]: invalid value 'some'"},
		"a field of an older version": {"PUT", knativeHost, "/services/web", changed("spec/template/spec", "nodeSelector",
			map[string]any{"a": "b"}), 400, "spec.template.spec.nodeSelector: the emulator does not know this field in the v1 API; use the v2 API"},
		"an unknown field": {"PUT", knativeHost, "/services/web", changed("spec", "trafic", []any{}), 400,
			"Invalid JSON payload received. Unknown name \"trafic\" at 'service.spec': Cannot find field."},
		"the name of an older revision with another template": {"PUT", knativeHost, "/services/web",
			changed("spec/template/spec", "timeoutSeconds", 5), 409,
			"Revision named 'web-green' with different configuration already exists."},
		"a label selector that is not supported": {"GET", knativeHost, "/revisions?labelSelector=a+in+b", "", 400,
			`labelSelector: the emulator reads KEY = VALUE terms joined by commas, not "a in b"`},
		"a query parameter that is not supported": {"GET", knativeHost, "/services?watch=true", "", 400,
			"Invalid JSON payload received. Unknown name \"watch\": Cannot bind query parameter. Field 'watch' could not be found in " +
				"request message."},
		"an unknown collection": {"GET", knativeHost, "/domainmappings", "", 404, "Method not found."},
		"deleting a revision that serves": {"DELETE", knativeHost, "/revisions/web-blue", "", 400,
			"Revision 'web-blue' is in its service's traffic and cannot be deleted."},
		"creating a service that exists": {"POST", knativeHost, "/services", changed("metadata", "resourceVersion", ""), 409,
			"Resource 'web' already exists."},
		"no such operation": {"PATCH", knativeHost, "/services/web", "{}", 404, "Method not found."},
	} {
		code, answer := w.knative(test.method, test.host, namespace+test.path, test.body)
		assert.Equal(t, test.code, code, name)
		assert.Equal(t, test.want, cloudtest.Dig(answer, "error", "message"), name)
	}
	code, _ := w.knative("PUT", knativeHost, namespace+"/services/web?dryRun=all",
		changed("spec", "traffic", []any{map[string]any{"revisionName": "web-green", "percent": 100}}))
	assert.Equal(t, 200, code)
	_, after := w.knative("GET", knativeHost, namespace+"/services/web", "")
	assert.Equal(t, stored, after, "nothing of all this changed the service")
}

func TestKnativeConditions(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.split()
	require.NoError(t, w.Cloud.Run.SetBehaviour(broken, run.Behaviour{NeverReady: true}))
	w.Call("PATCH", services+"/web?updateMask=template", `{"template":`+tpl("web-broken", broken)+`}`)
	_, service := w.knative("GET", knativeHost, namespace+"/services/web", "")
	var got []string
	for i := range 3 {
		c := cloudtest.Dig(service, "status", "conditions", i).(map[string]any)
		reason, _ := c["reason"].(string)
		got = append(got, strings.TrimSpace(c["type"].(string)+" "+c["status"].(string)+" "+reason))
	}
	assert.Equal(t, []string{"Ready False RevisionFailed", "ConfigurationsReady False RevisionFailed", "RoutesReady True"}, got)
	_, revision := w.knative("GET", knativeHost, namespace+"/revisions/web-broken", "")
	assert.Equal(t, "HealthCheckContainerError", cloudtest.Dig(revision, "status", "conditions", 0, "reason"))
	assert.Equal(t, "web", cloudtest.Dig(revision, "metadata", "ownerReferences", 0, "name"))

	code, _ := w.disturbed(disturb.Disturbance{OperationDelay: 1e9}, "PATCH", services+"/web?updateMask=labels", `{"labels":{"a":"b"}}`)
	assert.Equal(t, 200, code)
	_, service = w.knative("GET", knativeHost, namespace+"/services/web", "")
	assert.Equal(t, []any{"Unknown", "Unknown", "Unknown"}, []any{cloudtest.Dig(service, "status", "conditions", 0, "status"),
		cloudtest.Dig(service, "status", "conditions", 1, "status"), cloudtest.Dig(service, "status", "conditions", 2, "status")})
	assert.InDelta(t, 4, cloudtest.Dig(service, "metadata", "generation"), 0)
	assert.InDelta(t, 3, cloudtest.Dig(service, "status", "observedGeneration"), 0)
}
