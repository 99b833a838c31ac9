// Package knative translates Cloud Run's services, revisions and jobs between its two APIs. The emulated cloud stores v2. gcloud
// uses v1, which follows Knative Serving. All functions are pure functions of JSON documents.
//
// A service that is read in v1, changed, and written back loses nothing. [Merge] keeps the stored form of every unchanged part,
// even if v1 cannot express it. It translates a changed part, and refuses one that v1 cannot express, with the name of the field.
package knative

import "fmt"

// Place is the project and region of a resource.
type Place struct {
	// Project is the project's number, which v1 uses as the namespace.
	Project string
	// Region is the Cloud Run location.
	Region string
}

// Refusal is the reason why a v1 resource cannot be accepted.
type Refusal string

func (r Refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }

const apiVersion = "serving.knative.dev/v1"

const (
	locationLabel      = "cloud.googleapis.com/location"
	serviceLabel       = "serving.knative.dev/service"
	creatorAnnotation  = "serving.knative.dev/creator"
	modifierAnnotation = "serving.knative.dev/lastModifier"
	urlsAnnotation     = "run.googleapis.com/urls"
	ingressStatus      = "run.googleapis.com/ingress-status"
)

type object = map[string]any

// pick copies the given fields, as far as they exist.
func pick(from object, fields ...string) object {
	to := object{}
	for _, field := range fields {
		if value, found := from[field]; found {
			to[field] = value
		}
	}
	return to
}

// set sets a field unless the value is empty.
func set(o object, field string, value any) {
	switch v := value.(type) {
	case nil:
		return
	case string:
		if v == "" {
			return
		}
	case object:
		if len(v) == 0 {
			return
		}
	case []any:
		if len(v) == 0 {
			return
		}
	}
	o[field] = value
}

// bare returns a value without empty objects and lists, which clients may write or leave out.
func bare(value any) any {
	switch v := value.(type) {
	case object:
		kept := object{}
		for field, inner := range v {
			set(kept, field, bare(inner))
		}
		return kept
	case []any:
		kept := make([]any, len(v))
		for i, inner := range v {
			kept[i] = bare(inner)
		}
		return kept
	}
	return value
}
