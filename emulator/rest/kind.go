package rest

import (
	"fmt"
	"regexp"

	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// Kind describes one resource type of one API. A zero field means that the kind does not have the feature.
type Kind struct {
	// Pattern is the path of the collection, with * for an id: "projects/*/secrets".
	Pattern string
	// Message is the resource's message in the schema. Body is the resource's name in error texts.
	Message, Body string
	// Inbound and Outbound translate resources from and to the message of this version of the API, if resources are stored in
	// another version. Default: no translation.
	Inbound, Outbound func(map[string]any) map[string]any
	// TypeURL is the type of the response in an operation.
	TypeURL string
	// ListField is the field of a list's answer that holds the items.
	ListField string
	// Numbered says that names carry the project's number instead of its id.
	Numbered bool
	// Global says that the only location is "global".
	Global bool

	// IDParam is the query parameter that holds the id of a new resource. With CreateRequest, it is a field of that message.
	IDParam string
	// CreateRequest and UpdateRequest are messages that contain the resource, in their field Body.
	CreateRequest, UpdateRequest string
	// ID matches the ids that the API accepts. IDFix is the message for other ids.
	ID    *regexp.Regexp
	IDFix string
	// Rename converts the id in a request to the resource's own id.
	Rename func(q *Request, collection Name, id string) string
	// NewID makes the id of a resource if the request has no id.
	NewID func(*Change) string
	// ProjectOf finds the project of a name that has - in the project's place.
	ProjectOf func(Name) string

	// Single says that resources have no id: the collection's name is the resource's name. List reads it, and a PUT writes it.
	Single bool

	// Operations lists the methods that answer with a long-running operation: create, update, delete.
	Operations []string
	// Put says that a PUT of the whole resource updates it. PutCreates says that such a PUT creates a missing resource.
	Put, PutCreates bool
	// AllowMissing says that a PATCH with allowMissing creates a missing resource.
	AllowMissing bool
	// Mask says how an update without a mask works.
	Mask MaskRule
	// MaskNames maps further names that a mask may use to the fields they stand for.
	MaskNames map[string]string
	// Immutable lists the fields that cannot change.
	Immutable []string
	// Etag, Created and Updated name the fields that the API sets itself: on every change, on creation, and on every change.
	Etag, Created, Updated string
	// Policy says that resources have an IAM policy.
	Policy bool
	// Beside lists key prefixes. Under them the API keeps data that a resource does not show. The data is removed with the
	// resource.
	Beside []string

	// Missing and Taken return the refusals of a resource that does not exist and of one that exists already.
	Missing func(Name) *Error
	Taken   func(n Name, there map[string]any) *Error
	// Get answers a GET of a resource instead of its document. List answers a GET of the collection, or of a Single resource.
	Get, List func(q *Request, n Name) (any, error)
	// Prepare fills in the computed fields of Change.New, and refuses a document that the API refuses. It runs on create and
	// update.
	Prepare func(*Change) error
	// Finish makes the answer to a create or update, after the document is stored. Default: the document, or an operation with
	// it.
	Finish func(c *Change, method string) (any, error)
	// Remove runs before a deletion. If it returns a document, that document is stored instead of the deletion: a soft deletion.
	Remove func(*Change) (map[string]any, error)
	// Deleted returns the answer to a deletion. Default: nothing.
	Deleted func(*Change) (map[string]any, error)
	// Hidden reports that a resource is deleted softly; it is listed only with showDeleted. Gone reports that it is purged.
	Hidden func(document map[string]any) bool
	Gone   func(q *Request, n Name, document map[string]any) bool
	// Verbs are custom methods: "POST undelete" or, on the collection, "POST batchEnable". The key "DELETE ", without a
	// verb, is a method of the collection itself.
	Verbs map[string]func(*Change) (any, error)

	api *API
}

// MaskRule says how a PATCH without a mask works.
type MaskRule int

const (
	// MaskRequired refuses such a PATCH.
	MaskRequired MaskRule = iota
	// MaskReplaces replaces all fields that the caller may set.
	MaskReplaces
	// MaskMerges sets the fields in the body and leaves the others.
	MaskMerges
	// MaskPatches does the same, and merges nested objects as well.
	MaskPatches
)

func (k *Kind) complete(api *API) {
	k.api = api
	for _, message := range []string{k.Message, k.CreateRequest, k.UpdateRequest} {
		if message != "" && !schema.Known(api.Schema+":"+message) {
			panic(fmt.Sprintf("rest: %s: package schema has no message %s:%s: name it in roots of emulator/rest/schema/schema_test.go and run "+
				"go test ./emulator/rest/schema -update", api.Host, api.Schema, message))
		}
	}
	if k.Missing == nil {
		k.Missing = func(Name) *Error { return NotFound("Requested entity was not found.") }
	}
	if k.Taken == nil {
		k.Taken = func(Name, map[string]any) *Error { return Exists("Requested entity already exists") }
	}
	same := func(document map[string]any) map[string]any { return document }
	if k.Inbound == nil {
		k.Inbound = same
	}
	if k.Outbound == nil {
		k.Outbound = same
	}
}

// message returns the name of the resource's message in package schema.
func (k *Kind) message() string { return k.api.Schema + ":" + k.Message }

// normalize returns a body in the form in which the API would keep it, according to the resource's message.
func (k *Kind) normalize(body map[string]any) (map[string]any, error) {
	return schema.Normalize(k.message(), k.Body, body)
}
