package cloud

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud/schema"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

const (
	runServices  = "projects/*/locations/*/services"
	runRevisions = runServices + "/*/revisions"
	serviceType  = "google.cloud.run.v2.Service"
	revisionType = "google.cloud.run.v2.Revision"
)

func runKinds() []*kind {
	absent := func(kind string) func(name) *Error {
		return func(n name) *Error {
			return notFound("Resource '%s' of kind '%s' in region '%s' in project '%s' does not exist.", n.id(), kind,
				n.variable("locations"), n.project.id)
		}
	}
	service := &kind{
		prefix: "run/v2", host: runHost, pattern: runServices, message: "run:GoogleCloudRunV2Service", body: "service",
		typeURL: serviceType, listField: "services",
		idParam: "serviceId", policy: true, operations: []string{"create", "update",
			"delete"}, mask: maskReplaces, etag: "etag", created: "createTime",
		// The rule is in package run, with the other rules of a service.
		id: regexp.MustCompile(``), idFix: "%s",
		missing: absent("SERVICE"),
		taken:   func(n name, _ map[string]any) *Error { return exists("Resource '%s' already exists.", n.id()) },
		prepare: prepareRunService, finish: finishRunService, remove: removeRunService,
	}
	revision := &kind{
		prefix: "run/v2", host: runHost, pattern: runRevisions, message: "run:GoogleCloudRunV2Revision", typeURL: revisionType,
		listField:  "revisions",
		operations: []string{"delete"}, read: listRevisions, missing: absent("REVISION"),
		// Revisions are made by services; the table wants to know that they can be deleted.
		prepare: func(*change) error { return errNoMethod },
		remove:  removeRevision,
	}
	return []*kind{service, revision}
}

// prepareRunService fills in and checks the desired state, and makes the revision it asks for.
func prepareRunService(c *change) error {
	s := c.new
	if object(s, "template") == nil {
		return invalid("service.template: Required")
	}
	run.Defaults(s, c.name.project.number+"-compute@developer.gserviceaccount.com")
	if err := run.Check(c.name.id(), s); err != nil {
		return invalid("%s", err)
	}
	if err := checkLabels(object(s, "labels")); err != nil {
		return err
	}
	if err := checkAdmission(s); err != nil {
		return err
	}
	if account := text(s, "template", "serviceAccount"); !c.accountExists(account) {
		return denied("Permission 'iam.serviceaccounts.actAs' denied on service account %s (or it may not exist).", account)
	}
	changed := c.old == nil || c.query.Get("forceNewRevision") == "true" || desiredChanged(c.old, s)
	if c.old == nil {
		host := c.name.id() + "-" + c.name.project.number + "." + c.name.variable("locations") + ".run.app"
		s["uid"], s["creator"], s["generation"] = c.cloud.uuid(), caller, "0"
		s["uri"], s["urls"] = "https://"+host, []any{"https://" + host}
	}
	if changed {
		s["generation"] = increment(text(s, "generation"))
		s["updateTime"], s["lastModifier"] = timestamp(c.now), caller
	}
	fresh, err := c.makeRevision(s)
	if err != nil {
		return err
	}
	err = run.CheckTraffic(c.name.id(), run.Targets(list(s, "traffic")), func(revision string) bool {
		return revision == fresh || c.tx.Has(c.revision(revision).key())
	})
	if err != nil {
		return invalid("service.%s", err)
	}
	return nil
}

// desiredChanged says whether the caller changed anything: the API counts a generation only then.
func desiredChanged(old, fresh map[string]any) bool {
	for _, side := range []struct{ a, b map[string]any }{{old, fresh}, {fresh, old}} {
		for field := range side.a {
			_, output, found := schema.MaskPath("run:GoogleCloudRunV2Service", field)
			if found && !output && field != "etag" && !same(side.a[field], side.b[field]) {
				return true
			}
		}
	}
	return false
}

func (c *change) revision(id string) name {
	return name{kind: kindOf(runHost, runRevisions), project: c.name.project, segments: append(c.name.segments[:6:6], "revisions", id)}
}

// configuration is a template without its revision's name: what two revisions of one name must agree in.
func configuration(template map[string]any) map[string]any {
	bare := maps.Clone(template)
	delete(bare, "revision")
	return bare
}

// makeRevision makes the revision that the template asks for and returns its name; "" when there is nothing to make,
// because the template is the one of an existing revision. A template that names a revision from before asks for that one:
// it is the service's latest created revision again, whatever was made since.
func (c *change) makeRevision(s map[string]any) (string, error) {
	template := object(s, "template")
	id := text(template, "revision")
	if id != "" {
		if made := c.tx.Get(templatePrefix + c.revision(id).key()); made != nil {
			if !same(made["template"], configuration(template)) {
				return "", exists("Revision named '%s' with different configuration already exists.", id)
			}
			s["latestCreatedRevision"] = c.revision(id).shown()
			return "", nil
		}
	} else {
		if c.old != nil && same(configuration(object(c.old, "template")), configuration(template)) && c.query.Get("forceNewRevision") != "true" {
			return "", nil
		}
		id = c.name.id() + "-" + strings.Repeat("0", max(0, 5-len(text(s, "generation")))) + text(s, "generation") + "-" + c.cloud.letters(3)
	}
	n := c.revision(id)
	s["latestCreatedRevision"] = n.shown()
	document := store.Document{"name": n.shown(), "uid": c.cloud.uuid(), "generation": "1", "createTime": timestamp(c.now),
		"updateTime": timestamp(c.now),
		"service":    c.name.id(), "creator": caller, "launchStage": s["launchStage"], "etag": newEtag(c.cloud), "reconciling": true,
		"logUri": "https://console.cloud.google.com/logs/viewer?project=" + c.name.project.id}
	for field, value := range template {
		if _, _, found := schema.MaskPath("run:GoogleCloudRunV2Revision", field); found {
			document[field] = value
		}
	}
	if err := c.tx.Put(templatePrefix+n.key(), store.Document{"template": configuration(template)}); err != nil {
		return "", err
	}
	return id, c.tx.Put(n.key(), document)
}

// templatePrefix is where the template of a revision is kept, to compare a later one of the same name with.
const templatePrefix = "template:"

func increment(generation string) string {
	n, _ := strconv.Atoi(generation) // written by this function
	return strconv.Itoa(n + 1)
}

func removeRunService(c *change) (map[string]any, error) {
	for _, key := range c.tx.List(templatePrefix + c.name.key() + "/") {
		if _, err := c.tx.Delete(key); err != nil {
			return nil, err
		}
	}
	if _, err := c.tx.Delete(pendingPrefix + c.name.key()); err != nil {
		return nil, err
	}
	return nil, nil
}

// listRevisions answers the newest first, as the API does; they are listed when one looks for what to go back to.
func listRevisions(q *request, collection name) (any, error) {
	var items []any
	for _, document := range q.revisions(collection) {
		items = append(items, document)
	}
	return q.page("revisions", items)
}

// revisions are a service's revisions, newest first; of one moment by name, the last one first. The place is the
// service or anything below it.
func (q *request) revisions(place name) []map[string]any {
	var documents []map[string]any
	for _, n := range q.children(name{kind: kindOf(runHost, runRevisions), project: place.project,
		segments: append(place.segments[:6:6], "revisions")}) {
		documents = append(documents, q.get(n))
	}
	slices.SortFunc(documents, func(a, b map[string]any) int {
		return cmp.Or(strings.Compare(text(b, "createTime"), text(a, "createTime")), strings.Compare(text(b, "name"), text(a, "name")))
	})
	return documents
}

// removeRevision keeps the revisions that serve or may come to serve.
func removeRevision(c *change) (map[string]any, error) {
	service := name{kind: kindOf(runHost, runServices), project: c.name.project, segments: c.name.segments[:6]}
	document := c.get(service)
	if text(document, "latestCreatedRevision") == c.name.shown() {
		return nil, precondition("Revision '%s' is the latest created revision of its service and cannot be deleted.", c.name.id())
	}
	for _, field := range []string{"traffic", "trafficStatuses"} {
		for _, t := range run.Targets(list(document, field)) {
			if t.Revision == c.name.id() {
				return nil, precondition("Revision '%s' is in its service's traffic and cannot be deleted.", c.name.id())
			}
		}
	}
	_, err := c.tx.Delete(templatePrefix + c.name.key())
	return nil, err
}
