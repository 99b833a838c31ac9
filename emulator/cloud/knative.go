package cloud

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud/schema"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run/knative"
)

// knativePrefix is where Cloud Run's v1 API is: on the API's own host, as gcloud has no prefix for it.
const (
	knativePrefix   = "/apis/serving.knative.dev/v1/"
	locationsPrefix = "/v1/projects/"
)

var knativeParameters = strings.Fields("limit continue labelSelector dryRun propagationPolicy")

// regionOf is the region of a regional endpoint, us-central1-run.googleapis.com, and "" of the global one. The rest of
// the host does not matter.
func regionOf(host string) string {
	for _, region := range regions {
		if strings.HasPrefix(host, region+"-") {
			return region
		}
	}
	return ""
}

// handleKnative answers the v1 API. Its writes become v2 writes of the same transaction, so that both APIs refuse alike.
func (q *request) handleKnative(host, path string, raw []byte) (any, error) {
	region := regionOf(host)
	if rest, found := strings.CutPrefix(path, locationsPrefix); found {
		// The list over locations has a path of its own and the same answer.
		namespace, place, _ := strings.Cut(rest, "/locations/")
		place, found = strings.CutSuffix(place, "/services")
		if !found || q.method != http.MethodGet {
			return nil, notFound("Method not found.")
		}
		path, region = knativePrefix+"namespaces/"+namespace+"/services", place
		if place == "-" {
			region = ""
		}
	}
	segments, verb, ok := splitPath(path[len(knativePrefix):])
	if !ok || verb != "" || len(segments) < 3 || len(segments) > 4 || segments[0] != "namespaces" {
		return nil, notFound("Method not found.")
	}
	if err := q.decode(raw); err != nil {
		return nil, err
	}
	if err := q.canonicalQuery(knativeParameters); err != nil {
		return nil, err
	}
	k := &knativeCall{request: q, region: region, collection: segments[2]}
	if len(segments) == 4 {
		k.id = segments[3]
	}
	if q.query.Get("dryRun") == "all" {
		q.query.Set("validateOnly", "true")
	}
	return q.transact(func() (any, error) { return k.answer(segments[1]) })
}

// knativeCall is one call of the v1 API.
type knativeCall struct {
	*request
	project    project
	region     string
	collection string
	// id is "" for a collection.
	id string
}

// knativeKinds are the collections, with the kind of a list's answer.
var knativeKinds = map[string]string{"services": "ServiceList", "revisions": "RevisionList", "configurations": "ConfigurationList",
	"routes": "RouteList"}

func (k *knativeCall) answer(namespace string) (any, error) {
	if knativeKinds[k.collection] == "" {
		return nil, notFound("Method not found.")
	}
	first := name{kind: kindOf(runHost, runServices), segments: []string{"projects", namespace, "locations", "-"}}
	if err := k.admitProject(&first); err != nil {
		return nil, err
	}
	k.project = first.project
	if k.id == "" && k.method == http.MethodGet {
		return k.list()
	}
	if k.region == "" {
		return nil, invalid("The emulator takes the region from the host: ask REGION-run.sandbox, or give gcloud --region.")
	}
	switch k.method + " " + k.collection {
	case "GET services", "GET configurations", "GET routes", "GET revisions":
		for _, item := range k.items() {
			if text(item, "metadata", "name") == k.id {
				return item, nil
			}
		}
		return nil, k.missing()
	case "POST services":
		if k.id == "" {
			return k.write(http.MethodPost, text(k.body, "metadata", "name"))
		}
	case "PUT services":
		return k.write(http.MethodPut, k.id)
	case "DELETE services", "DELETE revisions":
		return k.remove()
	}
	return nil, notFound("Method not found.")
}

func (k *knativeCall) missing() *Error {
	kind := strings.TrimSuffix(knativeKinds[k.collection], "List")
	return notFound("%s %s not found in region '%s' of project '%s'.", kind, k.id, k.region, k.project.id)
}

func (k *knativeCall) place(region string) knative.Place {
	return knative.Place{Project: k.project.number, Region: region}
}

// services are the stored services, of the region or of all.
func (k *knativeCall) services() []name {
	var found []name
	for _, region := range regions {
		if k.region == "" || k.region == region {
			found = append(found, k.children(name{kind: kindOf(runHost, runServices), project: k.project,
				segments: []string{"projects", k.project.id, "locations", region, "services"}})...)
		}
	}
	return found
}

// items are the resources of the collection in v1, of a service by name and newest first.
func (k *knativeCall) items() []map[string]any {
	var items []map[string]any
	for _, n := range k.services() {
		stored, place := k.get(n), k.place(n.segments[3])
		switch k.collection {
		case "services":
			items = append(items, knative.Service(stored, place))
		case "configurations":
			items = append(items, knative.Configuration(knative.Service(stored, place)))
		case "routes":
			items = append(items, knative.Route(knative.Service(stored, place)))
		case "revisions":
			for _, revision := range k.revisions(n) {
				items = append(items, knative.Revision(revision, stored, place))
			}
		}
	}
	return items
}

// list answers a page. Only equality selectors are read.
func (k *knativeCall) list() (any, error) {
	var items []any
	for _, item := range k.items() {
		chosen := true
		for _, term := range strings.Split(k.query.Get("labelSelector"), ",") {
			key, value, isEquality := strings.Cut(term, "=")
			if !isEquality && strings.TrimSpace(term) != "" {
				return nil, invalid("labelSelector: the emulator reads KEY = VALUE terms joined by commas, not %q", term)
			}
			label, _ := object(item, "metadata", "labels")[strings.TrimSpace(key)].(string)
			chosen = chosen && (!isEquality || label == strings.TrimSpace(strings.TrimPrefix(value, "=")))
		}
		if chosen {
			items = append(items, item)
		}
	}
	k.query = url.Values{"pageSize": {k.query.Get("limit")}, "pageToken": {k.query.Get("continue")}}
	page, err := k.page("items", items)
	if err != nil {
		return nil, err
	}
	answer := page.(map[string]any)
	answer["apiVersion"], answer["kind"], answer["metadata"] = "serving.knative.dev/v1", knativeKinds[k.collection], map[string]any{}
	if token, more := answer["nextPageToken"]; more {
		delete(answer, "nextPageToken")
		answer["metadata"] = map[string]any{"continue": token}
	}
	return answer, nil
}

// write makes (POST) or replaces (PUT) a service.
func (k *knativeCall) write(method, id string) (any, error) {
	n := name{kind: kindOf(runHost, runServices), project: k.project, segments: []string{"projects", k.project.id, "locations", k.region,
		"services", id}}
	v1, err := schema.Normalize("knative:Service", "service", k.body)
	if err != nil {
		return nil, err
	}
	if given := text(v1, "metadata", "name"); given != id || id == "" {
		return nil, invalid("metadata.name: must be the name in the URL, '%s'; got '%s'", id, given)
	}
	if kind, version := text(v1, "kind"), text(v1, "apiVersion"); kind != "Service" || version != "serving.knative.dev/v1" {
		return nil, invalid("kind, apiVersion: want Service of serving.knative.dev/v1, got %q of %q", kind, version)
	}
	stored := k.get(n)
	if stored == nil && method == http.MethodPut {
		return nil, k.missing()
	}
	if given, current := text(v1, "metadata", "resourceVersion"), text(stored, "etag"); given != "" && stored != nil && given != current {
		return nil, aborted("Conflict for resource '%s': version '%s' was specified but current version is '%s'.", id, given, current)
	}
	k.body, err = knative.Merge(stored, v1, k.place(k.region))
	var refusal knative.Refusal
	if errors.As(err, &refusal) {
		return nil, invalid("%s", refusal)
	} else if err != nil {
		return nil, err
	}
	k.query.Set("serviceId", id)
	if method == http.MethodPost {
		collection := n
		collection.segments = n.segments[:5]
		_, err = k.create(collection)
	} else {
		_, err = k.update(n)
	}
	if err != nil {
		return nil, err
	}
	return knative.Service(k.get(n), k.place(k.region)), nil
}

// remove deletes a service or a revision; the v1 API answers that it did, not an operation.
func (k *knativeCall) remove() (any, error) {
	for _, n := range k.services() {
		if k.collection == "services" && n.id() == k.id {
			_, err := k.delete(n)
			return map[string]any{"status": "Success"}, err
		}
		if revision := (&change{request: k.request, name: n}).revision(k.id); k.collection == "revisions" && k.get(revision) != nil {
			_, err := k.delete(revision)
			return map[string]any{"status": "Success"}, err
		}
	}
	return nil, k.missing()
}
