package run

import (
	"errors"
	"net/http"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run/knative"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// The v1 API is on Cloud Run's own host, because gcloud does not know the emulator's prefix.
const (
	v1Prefix        = "/apis/serving.knative.dev/v1/"
	locationsPrefix = "/v1/projects/"
)

var v1Parameters = strings.Fields("limit continue labelSelector dryRun propagationPolicy")

// IsV1 reports whether a path belongs to the v1 API.
func IsV1(path string) bool {
	return strings.HasPrefix(path, v1Prefix) || strings.HasPrefix(path, locationsPrefix) || strings.HasPrefix(path, jobsPrefix)
}

// ServeV1 answers a request to the v1 API. It reads and writes v2 resources, so that both APIs refuse the same things.
func (a *API) ServeV1(w http.ResponseWriter, r *http.Request) {
	a.server.Serve(w, r, func(q *rest.Request) (any, error) {
		k, namespace, ok := readV1(q)
		if !ok {
			return nil, rest.ErrNoMethod
		}
		return q.Handle(v1Parameters, func() (any, error) {
			k.DryRun = q.Query.Get("dryRun") == "all" || q.Query.Get("validateOnly") == "true"
			first := k.CollectionOf(Host, services, rest.Project{ID: namespace}, "-")
			if err := k.EnterProject(&first); err != nil {
				return nil, err
			}
			k.project = first.Project
			if k.collection == "jobs" || k.collection == "executions" {
				return a.answerJobs(k)
			}
			return k.answer()
		})
	})
}

// regionOf returns the region of a regional endpoint such as us-central1-run.googleapis.com, and "" for the global endpoint. It
// ignores the rest of the host.
func regionOf(host string) string {
	for _, region := range rest.Regions {
		if strings.HasPrefix(host, region+"-") {
			return region
		}
	}
	return ""
}

// v1Call is one call of the v1 API: a method of the collection or, if it has an id, of a resource in it. region is "" for all regions.
type v1Call struct {
	*rest.Request
	project                      rest.Project
	region, collection, id, verb string
}

// v1Lists maps each collection to the kind in the answer to a list.
var v1Lists = map[string]string{
	"services": "ServiceList", "revisions": "RevisionList", "configurations": "ConfigurationList", "routes": "RouteList",
	"jobs": "JobList", "executions": "ExecutionList",
}

// readV1 reads what a request asks for from its path. A list over all locations has its own path; every other path takes the region
// from the host.
func readV1(q *rest.Request) (k *v1Call, namespace string, ok bool) {
	k = &v1Call{Request: q, region: regionOf(q.Host)}
	if path, found := strings.CutPrefix(q.Path, locationsPrefix); found {
		segments, verb, ok := rest.SplitPath(path) // PROJECT/locations/LOCATION/services
		if !ok || verb != "" || len(segments) != 4 || segments[1] != "locations" || segments[3] != "services" || q.Method != http.MethodGet {
			return nil, "", false
		}
		k.region, k.collection = strings.TrimPrefix(segments[2], "-"), "services"
		return k, segments[0], true
	}
	path, ofJobs := strings.CutPrefix(q.Path, jobsPrefix)
	segments, verb, ok := rest.SplitPath(strings.TrimPrefix(path, v1Prefix)) // namespaces/PROJECT/COLLECTION/ID:VERB
	if !ok || len(segments) < 3 || len(segments) > 4 || segments[0] != "namespaces" || verb != "" && !ofJobs {
		return nil, "", false
	}
	k.collection, k.verb = segments[2], verb
	if len(segments) == 4 {
		k.id = segments[3]
	}
	isJob := k.collection == "jobs" || k.collection == "executions"
	return k, segments[1], v1Lists[k.collection] != "" && isJob == ofJobs
}

// errNoRegion refuses a request to the global host for what exists in one region.
var errNoRegion = rest.Invalid("The emulator takes the region from the host: ask REGION-run.sandbox, or give gcloud --region.")

// answer answers for services and what they are made of.
func (k *v1Call) answer() (any, error) {
	if k.id == "" && k.Method == http.MethodGet {
		return k.list()
	}
	if k.region == "" {
		return nil, errNoRegion
	}
	switch k.Method + " " + k.collection {
	case "GET services", "GET configurations", "GET routes", "GET revisions":
		for _, item := range k.items() {
			if doc.Text(item, "metadata", "name") == k.id {
				return item, nil
			}
		}
		return nil, k.missing()
	case "POST services":
		if k.id == "" {
			return k.write(doc.Text(k.Body, "metadata", "name"), false)
		}
	case "PUT services":
		return k.write(k.id, true)
	case "DELETE services", "DELETE revisions":
		return k.remove()
	}
	return nil, rest.ErrNoMethod
}

func (k *v1Call) missing() *rest.Error {
	kind := strings.TrimSuffix(v1Lists[k.collection], "List")
	return rest.NotFound("%s %s not found in region '%s' of project '%s'.", kind, k.id, k.region, k.project.ID)
}

func (k *v1Call) place(region string) knative.Place {
	return knative.Place{Project: k.project.Number, Region: region}
}

// in returns the name of the collection of a region's services.
func (k *v1Call) in(region string) rest.Name {
	return k.CollectionOf(Host, services, k.project, region)
}

// services returns the names of the stored services, in the region or in all regions.
func (k *v1Call) services() []rest.Name {
	var found []rest.Name
	for _, region := range rest.Regions {
		if k.region == "" || k.region == region {
			found = append(found, k.Children(k.in(region))...)
		}
	}
	return found
}

// items returns the resources of the collection in v1. Services are sorted by name, revisions newest first within a service.
func (k *v1Call) items() []map[string]any {
	var items []map[string]any
	for _, n := range k.services() {
		stored, place := k.Get(n), k.place(n.Location())
		switch k.collection {
		case "services":
			items = append(items, knative.Service(stored, place))
		case "configurations":
			items = append(items, knative.Configuration(knative.Service(stored, place)))
		case "routes":
			items = append(items, knative.Route(knative.Service(stored, place)))
		case "revisions":
			for _, revision := range k.Listed(n.Below("revisions")) {
				items = append(items, knative.Revision(k.Get(revision), stored, place))
			}
		}
	}
	return items
}

// list answers with a page. It reads only equality selectors.
func (k *v1Call) list() (any, error) {
	items := []any{}
	for _, item := range k.items() {
		chosen := true
		for _, term := range strings.Split(k.Query.Get("labelSelector"), ",") {
			key, value, isEquality := strings.Cut(term, "=")
			if !isEquality && strings.TrimSpace(term) != "" {
				return nil, rest.Invalid("labelSelector: the emulator reads KEY = VALUE terms joined by commas, not %q", term)
			}
			label := doc.Text(item, "metadata", "labels", strings.TrimSpace(key))
			chosen = chosen && (!isEquality || label == strings.TrimSpace(strings.TrimPrefix(value, "=")))
		}
		if chosen {
			items = append(items, item)
		}
	}
	page, next, err := rest.Page(items, k.Query.Get("limit"), k.Query.Get("continue"))
	if err != nil {
		return nil, err
	}
	answer := map[string]any{"apiVersion": "serving.knative.dev/v1", "kind": v1Lists[k.collection], "metadata": map[string]any{}}
	if len(page) > 0 {
		answer["items"] = page
	}
	if next != "" {
		answer["metadata"] = map[string]any{"continue": next}
	}
	return answer, nil
}

// given returns the service in the body. Its name has to be the name in the URL.
func (k *v1Call) given(id string) (map[string]any, error) {
	v1, err := schema.Normalize("knative:Service", "service", k.Body)
	if err != nil {
		return nil, err
	}
	if name := doc.Text(v1, "metadata", "name"); name != id || id == "" {
		return nil, rest.Invalid("metadata.name: must be the name in the URL, '%s'; got '%s'", id, name)
	}
	if kind, version := doc.Text(v1, "kind"), doc.Text(v1, "apiVersion"); kind != "Service" || version != "serving.knative.dev/v1" {
		return nil, rest.Invalid("kind, apiVersion: want Service of serving.knative.dev/v1, got %q of %q", kind, version)
	}
	return v1, nil
}

// merged returns the v2 service that a v1 service asks for. stored is the stored v2 service, nil for a new one.
func (k *v1Call) merged(stored, v1 map[string]any) (map[string]any, error) {
	v2, err := knative.Merge(stored, v1, k.place(k.region))
	var refusal knative.Refusal
	if errors.As(err, &refusal) {
		return nil, rest.Invalid("%s", refusal)
	}
	return v2, err
}

// write creates a service (POST) or replaces an existing one (PUT).
func (k *v1Call) write(id string, replaces bool) (any, error) {
	v1, err := k.given(id)
	if err != nil {
		return nil, err
	}
	n := k.in(k.region).Child(id)
	stored := k.Get(n)
	if stored == nil && replaces {
		return nil, k.missing()
	}
	given, current := doc.Text(v1, "metadata", "resourceVersion"), doc.Text(stored, "etag")
	if given != "" && stored != nil && given != current {
		return nil, rest.Aborted("Conflict for resource '%s': version '%s' was specified but current version is '%s'.", id, given, current)
	}
	v2, err := k.merged(stored, v1)
	if err != nil {
		return nil, err
	}
	if replaces {
		_, err = k.Update(n, v2, "*")
	} else {
		_, err = k.Create(n.Collection(), id, v2)
	}
	if err != nil {
		return nil, err
	}
	return knative.Service(k.Get(n), k.place(k.region)), nil
}

// remove deletes a service or a revision. The v1 API answers with a status rather than an operation.
func (k *v1Call) remove() (any, error) {
	for _, n := range k.services() {
		if k.collection == "services" && n.ID() == k.id {
			_, err := k.Delete(n, "")
			return map[string]any{"status": "Success"}, err
		}
		if revision := revisionOf(n, k.id); k.collection == "revisions" && k.Get(revision) != nil {
			_, err := k.Delete(revision, "")
			return map[string]any{"status": "Success"}, err
		}
	}
	return nil, k.missing()
}
