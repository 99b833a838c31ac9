// Package knative translates Cloud Run's services and revisions between its two APIs: v2, which the simulated cloud
// stores, and v1, which speaks the language of Knative Serving and which gcloud uses. Everything here is a pure
// function of JSON documents.
//
// A service that is read in v1, changed and written back loses nothing: whatever part of it is the same as it was read
// stays as it is stored ([Merge]), also where v1 has no word for it. What was changed and v1 has a word for is
// translated; the rest is refused with the name of the field.
package knative

import "fmt"

// Place is where a resource is.
type Place struct {
	// Project is the project's number, which v1 uses as the namespace.
	Project string
	// Region is the Cloud Run location.
	Region string
}

// Refusal is why a v1 resource cannot be taken.
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

// pick copies the fields that are there.
func pick(from object, fields ...string) object {
	to := object{}
	for _, field := range fields {
		if value, found := from[field]; found {
			to[field] = value
		}
	}
	return to
}

// set sets a field to a value that is not empty.
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

// bare is a value without empty objects and lists, which clients write or leave out as they like.
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
