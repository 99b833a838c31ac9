package cloud

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// name is a resource's place. Documents are kept under [name.key]; answers carry [name.shown].
type name struct {
	kind *kind
	// segments alternate collections and ids; the project is by id, whichever way the request wrote it. The last id is
	// absent in the name of a collection.
	segments []string
	project  project
}

type project struct{ id, number string }

// id is the last id, "" for a collection.
func (n name) id() string {
	if len(n.segments)%2 == 1 {
		return ""
	}
	return n.segments[len(n.segments)-1]
}

func (n name) child(id string) name {
	n.segments = append(slices.Clone(n.segments), id)
	return n
}

func (n name) path() string { return strings.Join(n.segments, "/") }

// key is the full resource name.
func (n name) key() string { return "//" + n.kind.host + "/" + n.path() }

// shown is the name as the API answers it.
func (n name) shown() string {
	if n.kind.numbered {
		return n.byNumber()
	}
	return n.path()
}

func (n name) byNumber() string {
	if n.segments[0] != "projects" {
		return n.path()
	}
	segments := slices.Clone(n.segments)
	segments[1] = n.project.number
	return strings.Join(segments, "/")
}

// variable is the id that follows the collection of that name, "" when there is none.
func (n name) variable(collection string) string {
	if i := slices.Index(n.segments, collection); i >= 0 && i%2 == 0 && i+1 < len(n.segments) {
		return n.segments[i+1]
	}
	return ""
}

const (
	projectPrefix = "//cloudresourcemanager.googleapis.com/projects/"
	runHost       = "run.googleapis.com"
	iamHost       = "iam.googleapis.com"
)

// findProject finds a project by id or number.
func findProject(tx *store.Tx, idOrNumber string) (project, bool) {
	if document := tx.Get(projectPrefix + idOrNumber); document != nil {
		return project{id: idOrNumber, number: text(document, "projectNumber")}, true
	}
	for _, key := range tx.List(projectPrefix) {
		if document := tx.Get(key); text(document, "projectNumber") == idOrNumber {
			return project{id: text(document, "projectId"), number: idOrNumber}, true
		}
	}
	return project{}, false
}

// regions are the locations that Cloud Run and Artifact Registry have in common.
var regions = strings.Fields(`africa-south1 asia-east1 asia-east2 asia-northeast1 asia-northeast2 asia-northeast3 asia-south1 asia-south2
	asia-southeast1 asia-southeast2 australia-southeast1 australia-southeast2 europe-central2 europe-north1 europe-north2 europe-southwest1
	europe-west1 europe-west10 europe-west12 europe-west2 europe-west3 europe-west4 europe-west6 europe-west8 europe-west9 me-central1
	me-central2 me-west1 northamerica-northeast1 northamerica-northeast2 northamerica-south1 southamerica-east1 southamerica-west1
	us-central1 us-east1 us-east4 us-east5 us-south1 us-west1 us-west2 us-west3 us-west4`)

var segmentForm = regexp.MustCompile(`^[^\x00-\x1f]+$`)

// splitPath takes an API path apart: its unescaped segments and the custom verb behind the last colon.
func splitPath(escaped string) (segments []string, verb string, ok bool) {
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

// text is the string at a path of fields, "" when there is none.
func text(document map[string]any, path ...string) string {
	s, _ := at(document, path...).(string)
	return s
}

func object(document map[string]any, path ...string) map[string]any {
	m, _ := at(document, path...).(map[string]any)
	return m
}

func list(document map[string]any, path ...string) []any {
	l, _ := at(document, path...).([]any)
	return l
}

func number(document map[string]any, path ...string) float64 {
	f, _ := at(document, path...).(float64)
	return f
}

func flag(document map[string]any, path ...string) bool {
	b, _ := at(document, path...).(bool)
	return b
}

func at(document map[string]any, path ...string) any {
	var value any = document
	for _, step := range path {
		m, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = m[step]
	}
	return value
}

// setDefault sets a field that is absent.
func setDefault(document map[string]any, field string, value any) {
	if _, found := document[field]; !found {
		document[field] = value
	}
}

// ensure returns the object in a field, making it when it is absent.
func ensure(document map[string]any, field string) map[string]any {
	if inner := object(document, field); inner != nil {
		return inner
	}
	inner := map[string]any{}
	document[field] = inner
	return inner
}

// stringsOf are the strings in a JSON list.
func stringsOf(values []any) []string {
	var out []string
	for _, value := range values {
		if s, ok := value.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
