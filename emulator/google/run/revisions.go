package run

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

const revisionMessage = "GoogleCloudRunV2Revision"

// templatePrefix and a revision's key together are the key of the revision's template. A later template with the same revision
// name is compared with it.
const templatePrefix = "template:"

// revision returns the kind of a service's revisions. A revision is made by its service, never by a create request.
func revision() *rest.Kind {
	return &rest.Kind{
		Pattern: services + "/*/revisions", Message: revisionMessage,
		Names:      rest.Names{Missing: absent("REVISION")},
		Read:       rest.Read{Items: "revisions", NewestFirst: true},
		Delete:     &rest.Delete{Before: keepServing},
		Stamps:     rest.Stamps{Etag: "etag", Created: "createTime", Deleted: "deleteTime"},
		Operations: rest.Operations{Type: "google.cloud.run.v2.Revision", Methods: []string{"delete"}},
		Annexes:    []string{templatePrefix},
	}
}

func revisionOf(service rest.Name, id string) rest.Name { return service.Below("revisions").Child(id) }

// configuration returns a template without the revision's name. Two templates with the same revision name must agree in it.
func configuration(template map[string]any) map[string]any { return doc.Without(template, "revision") }

// makeRevision creates the revision that the service's template asks for, unless it exists, and returns its name. If the template
// names an earlier revision, that revision becomes the service's latest created one again.
func makeRevision(c *rest.Change) (rest.Name, error) {
	template := doc.Object(c.New, "template")
	id := doc.Text(template, "revision")
	if id != "" {
		if made := c.Tx.Get(templatePrefix + revisionOf(c.Name, id).Key()); made != nil {
			if !doc.Equal(made["template"], configuration(template)) {
				return rest.Name{}, rest.Exists("Revision named '%s' with different configuration already exists.", id)
			}
			return revisionOf(c.Name, id), nil
		}
	} else {
		same := c.Old != nil && doc.Equal(configuration(doc.Object(c.Old, "template")), configuration(template))
		if same && c.Query.Get("forceNewRevision") != "true" {
			return revisionOf(c.Name, doc.Last(doc.Text(c.Old, "latestCreatedRevision"))), nil
		}
		generation := doc.Text(c.New, "generation")
		id = c.Name.ID() + "-" + strings.Repeat("0", max(0, 5-len(generation))) + generation + "-" + c.IDs.Letters(3)
	}
	n := revisionOf(c.Name, id)
	now := rest.Timestamp(c.Now)
	document := store.Document{"name": n.Shown(), "uid": c.IDs.UUID(), "generation": "1", "createTime": now, "updateTime": now,
		"service": c.Name.ID(), "creator": rest.Caller, "launchStage": c.New["launchStage"], "etag": c.IDs.Etag(), "reconciling": true,
		"logUri": "https://console.cloud.google.com/logs/viewer?project=" + c.Name.Project.ID}
	for field, value := range template {
		if _, _, found := schema.MaskPath("run:"+revisionMessage, field); found {
			document[field] = value
		}
	}
	if err := c.Tx.Put(templatePrefix+n.Key(), store.Document{"template": configuration(template)}); err != nil {
		return n, err
	}
	return n, c.Put(n, document)
}

// keepServing refuses to delete a revision that serves or may still serve.
func keepServing(c *rest.Change) error {
	service := c.Get(c.Name.Parent())
	if doc.Text(service, "latestCreatedRevision") == c.Name.Shown() {
		return rest.Precondition("Revision '%s' is the latest created revision of its service and cannot be deleted.", c.Name.ID())
	}
	for _, field := range []string{"traffic", "trafficStatuses"} {
		for _, t := range Targets(doc.List(service, field)) {
			if t.Revision == c.Name.ID() {
				return rest.Precondition("Revision '%s' is in its service's traffic and cannot be deleted.", c.Name.ID())
			}
		}
	}
	return nil
}
