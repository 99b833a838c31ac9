package rest

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Name is the name of a resource or a collection. Documents are stored under [Name.Key]. Answers contain [Name.Shown].
type Name struct {
	// Kind is the kind of the resources.
	Kind *Kind
	// Segments alternate collections and ids. The project stands by its id, even if the request wrote its number. The name of a
	// collection has no last id.
	Segments []string
	// Project is the project that the resource belongs to; empty for a resource that belongs to no project.
	Project Project
}

// ID returns the last id, or "" for a collection.
func (n Name) ID() string {
	if len(n.Segments)%2 == 1 {
		return ""
	}
	return n.Segments[len(n.Segments)-1]
}

// Child returns the name of the resource with that id in the collection.
func (n Name) Child(id string) Name {
	n.Segments = append(slices.Clone(n.Segments), id)
	return n
}

// Below returns the name of a collection below the resource.
func (n Name) Below(collection string) Name {
	n.Segments = append(slices.Clone(n.Segments), collection)
	n.Kind = n.Kind.api.kind(n.Kind.Pattern + "/*/" + collection)
	return n
}

// Collection returns the collection that the resource is in.
func (n Name) Collection() Name {
	n.Segments = n.Segments[:len(n.Segments)-1]
	return n
}

// Parent returns the resource above this resource or collection.
func (n Name) Parent() Name {
	pattern := n.Kind.Pattern[:strings.LastIndex(n.Kind.Pattern, "/*/")]
	n.Kind = n.Kind.api.kind(pattern)
	n.Segments = n.Segments[:strings.Count(pattern, "/")+2]
	return n
}

// Sibling returns a collection of another kind of the same API, in the same project.
func (n Name) Sibling(collection string) Name {
	n.Kind = n.Kind.api.kind("projects/*/" + collection)
	n.Segments = []string{"projects", n.Project.ID, collection}
	return n
}

// Path returns the name with the project's id.
func (n Name) Path() string { return strings.Join(n.Segments, "/") }

// Key returns the full resource name.
func (n Name) Key() string { return "//" + n.Kind.api.Host + "/" + n.Path() }

// Shown returns the name as the API answers it.
func (n Name) Shown() string {
	if n.Kind.Names.Numbered {
		return n.ByNumber()
	}
	return n.Path()
}

// ByNumber returns the name with the project's number.
func (n Name) ByNumber() string {
	if n.Segments[0] != "projects" {
		return n.Path()
	}
	segments := slices.Clone(n.Segments)
	segments[1] = n.Project.Number
	return strings.Join(segments, "/")
}

// Missing refuses a request to the resource because it does not exist.
func (n Name) Missing() *Error { return n.Kind.missing(n) }

// Variable returns the id that follows the given collection in the name, or "" if the name does not contain it.
func (n Name) Variable(collection string) string {
	if i := slices.Index(n.Segments, collection); i >= 0 && i%2 == 0 && i+1 < len(n.Segments) {
		return n.Segments[i+1]
	}
	return ""
}

// Location returns the id of the resource's location, or "" if it has no location.
func (n Name) Location() string { return n.Variable("locations") }

// Resolve parses the full name of a resource of one kind, such as projects/P/notes/N. The name may contain the project's id or
// its number. found is false if the name has another form or the project does not exist. [Request.Get] says whether the resource
// exists.
func (q *Request) Resolve(host, pattern, full string) (n Name, found bool) {
	segments, steps := strings.Split(full, "/"), strings.Split(pattern, "/")
	if len(segments) != len(steps)+1 || !fits(steps, segments) {
		return n, false
	}
	n = Name{Kind: q.kind(host, pattern), Segments: segments}
	if n.Project, found = q.Project(segments[1]); found {
		segments[1] = n.Project.ID
	}
	return n, found
}

// Find does the same as [Request.Resolve]. It also returns the resource's document, or nil if the resource does not exist.
func (q *Request) Find(host, pattern, full string) (Name, map[string]any) {
	n, found := q.Resolve(host, pattern, full)
	if !found {
		return n, nil
	}
	return n, q.Get(n)
}

// CollectionOf returns the name of an API's collection in a project, or of the project's single resource. ids are the ids after the
// project's id.
func (q *Request) CollectionOf(host, pattern string, p Project, ids ...string) Name {
	n := Name{Kind: q.kind(host, pattern), Project: p, Segments: strings.Split(pattern, "/")}
	ids = append([]string{p.ID}, ids...)
	for i := range n.Segments {
		if n.Segments[i] == "*" {
			n.Segments[i], ids = ids[0], ids[1:]
		}
	}
	return n
}

// kind returns the kind of that API and pattern, from the first version of the API that has it.
func (q *Request) kind(host, pattern string) *Kind {
	for _, api := range q.server.apis {
		if api.Host == host && slices.ContainsFunc(api.Kinds, func(k *Kind) bool { return k.Pattern == pattern }) {
			return api.kind(pattern)
		}
	}
	panic(fmt.Sprintf("rest: no kind %s of %s", pattern, host))
}

var segmentForm = regexp.MustCompile(`^[^\x00-\x1f]+$`)

// SplitPath splits an API path into its unescaped segments and the custom verb behind the last colon.
func SplitPath(escaped string) (segments []string, verb string, ok bool) {
	escaped = strings.Trim(escaped, "/")
	if i := strings.LastIndexByte(escaped, ':'); i > strings.LastIndexByte(escaped, '/') {
		escaped, verb = escaped[:i], escaped[i+1:]
	}
	for _, part := range strings.Split(escaped, "/") {
		segment, err := url.PathUnescape(part)
		if err != nil || !segmentForm.MatchString(segment) {
			return nil, "", false
		}
		segments = append(segments, strings.ReplaceAll(segment, "/", "%2F"))
	}
	return segments, verb, len(segments) > 0
}
