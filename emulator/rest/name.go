package rest

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Name is a resource's place. Documents are kept under [Name.Key]; answers carry [Name.Shown].
type Name struct {
	Kind *Kind
	// Segments alternate collections and ids; the project is by id, whichever way the request wrote it. The last id is
	// absent in the name of a collection.
	Segments []string
	Project  Project
}

// ID is the last id, "" for a collection.
func (n Name) ID() string {
	if len(n.Segments)%2 == 1 {
		return ""
	}
	return n.Segments[len(n.Segments)-1]
}

// Child is the resource of that id in the collection.
func (n Name) Child(id string) Name {
	n.Segments = append(slices.Clone(n.Segments), id)
	return n
}

// Below is a collection below the resource.
func (n Name) Below(collection string) Name {
	n.Segments = append(slices.Clone(n.Segments), collection)
	n.Kind = n.Kind.api.kind(n.Kind.Pattern + "/*/" + collection)
	return n
}

// Collection is what the resource is in.
func (n Name) Collection() Name {
	n.Segments = n.Segments[:len(n.Segments)-1]
	return n
}

// Parent is the resource that this one, or this collection, is below.
func (n Name) Parent() Name {
	pattern := n.Kind.Pattern[:strings.LastIndex(n.Kind.Pattern, "/*/")]
	n.Kind = n.Kind.api.kind(pattern)
	n.Segments = n.Segments[:strings.Count(pattern, "/")+2]
	return n
}

// Beside is a collection of another kind of the same API in the resource's project.
func (n Name) Beside(collection string) Name {
	n.Kind = n.Kind.api.kind("projects/*/" + collection)
	n.Segments = []string{"projects", n.Project.ID, collection}
	return n
}

// Path is the name with the project's id.
func (n Name) Path() string { return strings.Join(n.Segments, "/") }

// Key is the full resource name.
func (n Name) Key() string { return "//" + n.Kind.api.Host + "/" + n.Path() }

// Shown is the name as the API answers it.
func (n Name) Shown() string {
	if n.Kind.Numbered {
		return n.ByNumber()
	}
	return n.Path()
}

// ByNumber is the name with the project's number.
func (n Name) ByNumber() string {
	if n.Segments[0] != "projects" {
		return n.Path()
	}
	segments := slices.Clone(n.Segments)
	segments[1] = n.Project.Number
	return strings.Join(segments, "/")
}

// Variable is the id that follows the collection of that name, "" when there is none.
func (n Name) Variable(collection string) string {
	if i := slices.Index(n.Segments, collection); i >= 0 && i%2 == 0 && i+1 < len(n.Segments) {
		return n.Segments[i+1]
	}
	return ""
}

// Location is the id of the resource's location, "" when it has none.
func (n Name) Location() string { return n.Variable("locations") }

// Resolve is the place of a full name of one kind, such as projects/P/notes/N, whose project is by id or number; found is false when
// the name has another form, or the project does not exist. Whether the resource does, [Request.Get] says.
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

// Find is [Request.Resolve] with the resource's document, nil for none.
func (q *Request) Find(host, pattern, full string) (Name, map[string]any) {
	n, found := q.Resolve(host, pattern, full)
	if !found {
		return n, nil
	}
	return n, q.Get(n)
}

// Collection is a collection of one kind, or what a project has one of. The ids are those behind the project's.
func (q *Request) Collection(host, pattern string, p Project, ids ...string) Name {
	n := Name{Kind: q.kind(host, pattern), Project: p, Segments: strings.Split(pattern, "/")}
	ids = append([]string{p.ID}, ids...)
	for i := range n.Segments {
		if n.Segments[i] == "*" {
			n.Segments[i], ids = ids[0], ids[1:]
		}
	}
	return n
}

// kind is the kind of that API and pattern, in the first version that has it.
func (q *Request) kind(host, pattern string) *Kind {
	for _, api := range q.server.apis {
		if api.Host == host && slices.ContainsFunc(api.Kinds, func(k *Kind) bool { return k.Pattern == pattern }) {
			return api.kind(pattern)
		}
	}
	panic(fmt.Sprintf("rest: no kind %s of %s", pattern, host))
}

// Regions are the locations of services.
var Regions = strings.Fields(`africa-south1 asia-east1 asia-east2 asia-northeast1 asia-northeast2 asia-northeast3 asia-south1 asia-south2
	asia-southeast1 asia-southeast2 australia-southeast1 australia-southeast2 europe-central2 europe-north1 europe-north2 europe-southwest1
	europe-west1 europe-west10 europe-west12 europe-west2 europe-west3 europe-west4 europe-west6 europe-west8 europe-west9 me-central1
	me-central2 me-west1 northamerica-northeast1 northamerica-northeast2 northamerica-south1 southamerica-east1 southamerica-west1
	us-central1 us-east1 us-east4 us-east5 us-south1 us-west1 us-west2 us-west3 us-west4`)

// multiRegions are the locations of data that is in several regions.
var multiRegions = []string{"us", "europe", "asia"}

var segmentForm = regexp.MustCompile(`^[^\x00-\x1f]+$`)

// SplitPath takes an API path apart: its unescaped segments and the custom verb behind the last colon.
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
