package rest

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// Project identifies a project in the names of resources.
type Project struct{ ID, Number string }

// Project finds a project by id or number.
func (q *Request) Project(idOrNumber string) (Project, bool) {
	prefix := "//" + q.server.root("projects").api.Host + "/projects/"
	if document := q.Tx.Get(prefix + idOrNumber); document != nil {
		return Project{ID: idOrNumber, Number: doc.Text(document, "projectNumber")}, true
	}
	for _, key := range q.Tx.List(prefix) {
		if document := q.Tx.Get(key); doc.Text(document, "projectNumber") == idOrNumber {
			return Project{ID: doc.Text(document, "projectId"), Number: idOrNumber}, true
		}
	}
	return Project{}, false
}

// Require refuses the request if an API is not enabled in a project.
func (q *Request) Require(p Project, host string) error { return q.server.options.On(q, p, host) }

// Enter checks the surroundings of a resource: its project, whether the API is enabled, its location and its parents.
func (q *Request) Enter(n *Name) error {
	if err := q.enterRoot(n); err != nil {
		return err
	}
	if location := n.Location(); location != "" {
		k := n.Kind
		if k.Names.Global && location != "global" {
			return NotFound("Requested entity was not found.")
		}
		known := k.Names.Global || slices.Contains(Regions, location) || k.api.MultiRegions && slices.Contains(multiRegions, location)
		if !known {
			return Denied("Permission denied on 'locations/%s' (or it may not exist).", location)
		}
	}
	for _, parent := range n.Kind.api.Kinds {
		if !strings.HasPrefix(n.Kind.Pattern, parent.Pattern+"/*/") {
			continue
		}
		p := Name{Kind: parent, Project: n.Project, Segments: n.Segments[:strings.Count(parent.Pattern, "/")+2]}
		if q.Get(p) == nil {
			return p.Missing()
		}
	}
	return nil
}

// enterRoot checks the first resource in the name: a project, or something else such as a billing account.
func (q *Request) enterRoot(n *Name) error {
	root, host := q.server.root(n.Segments[0]), n.Kind.api.Host
	if root == nil {
		return nil
	}
	if n.Segments[0] == "projects" {
		return q.EnterProject(n)
	}
	if place := (Name{Kind: root, Segments: n.Segments[:2]}); q.Get(place) == nil {
		return place.Missing()
	}
	if p, found := q.Project(q.quotaProject); found && host != root.api.Host {
		return q.Require(p, host)
	}
	return nil
}

// EnterProject finds the project in a name and replaces its number by its id. It refuses if the API is not enabled in the
// project.
func (q *Request) EnterProject(n *Name) error {
	if n.Segments[1] == "-" && n.Kind.Names.ProjectOf != nil {
		n.Segments[1] = n.Kind.Names.ProjectOf(*n)
	}
	p, found := q.Project(n.Segments[1])
	if !found {
		root, host := q.server.root("projects"), n.Kind.api.Host
		if host == root.api.Host {
			return root.missing(*n)
		}
		e := Denied("Permission denied on resource project %s.", n.Segments[1])
		e.Details = []any{ErrorInfo("CONSUMER_INVALID", "projects/"+n.Segments[1], host)}
		return e
	}
	n.Project, n.Segments[1] = p, p.ID
	return q.Require(p, n.Kind.api.Host)
}
