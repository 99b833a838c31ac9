package rest

import (
	"fmt"
	"regexp"

	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// Kind describes one type of resource of one API. Only Pattern is required. Each other part is what an API may have: without the
// part, the emulator does not serve it.
//
// Functions are hooks. They are for behaviour that no other kind has, and this package calls them at one place each.
type Kind struct {
	// Pattern is the path of the collection, with * for an id: "projects/*/secrets".
	Pattern string
	// Message is the resource's message in package schema. It is "" if the store has no documents of this kind.
	Message string
	// Body is the resource's name in error texts, and the field that holds it in messages which contain it.
	Body string
	// Names says how the resources are named.
	Names Names

	// Read says how resources are shown. A GET of one resource is always served.
	Read Read
	// Create, Update and Delete say how POST, PATCH and PUT, and DELETE work. A method that is nil is refused.
	Create *Create
	Update *Update
	Delete *Delete
	// Methods are the other methods, by HTTP method and verb: "POST undelete". A method of the collection itself that has no verb is
	// "DELETE".
	Methods Methods
	// Policy says that the methods for an IAM policy work.
	Policy bool

	// Stamps are the fields that every write sets.
	Stamps Stamps
	// Prepare completes Change.New before it is stored, on create and update: it fills in the fields that the API computes, and
	// refuses a document that the API refuses.
	Prepare func(*Change) error
	// Finish makes the answer to a create, update or delete, after the store has changed. Default: [Change.Answer].
	Finish func(c *Change, method string) (any, error)
	// Operations says which methods answer with a long-running operation. Default: no method.
	Operations Operations
	// Annexes are prefixes of keys. Prefix and a resource's key together are the key of a document that the resource does not show.
	// It is removed with the resource.
	Annexes []string
	// Translation is for a version of an API whose resources are stored in another form.
	Translation Translation

	api *API
}

// Names says how a kind's resources are named, as far as it is not the usual way.
type Names struct {
	// Numbered says that names carry the project's number instead of its id.
	Numbered bool
	// Global says that the only location is "global".
	Global bool
	// Single says that the collection is one resource without an id: "projects/*/policy".
	Single bool
	// Missing refuses a request to a resource that does not exist. Default: a 404 in Google's usual words.
	Missing *Error

	// Rename converts the id in a request to the resource's own id. Default: they are equal.
	Rename func(q *Request, collection Name, id string) string
	// ProjectOf finds the project of a name that has - in the project's place.
	ProjectOf func(Name) string
}

// Read says how a kind's resources are read.
type Read struct {
	// Items is the field of a list's answer that holds the resources. It is "" if the emulator does not list them.
	Items string
	// NewestFirst sorts lists by the time of creation. Default: lists are sorted by name.
	NewestFirst bool
	// Show returns what a reader sees of a stored document now. Default: the document.
	Show func(q *Request, n Name, document map[string]any) map[string]any

	// Get answers a GET of a resource, and List one of the collection, if the answer is not made of the kind's documents.
	Get, List func(q *Request, n Name) (any, error)
}

// Create says how a POST to the collection makes a resource.
type Create struct {
	// IDParam is the query parameter that holds the new resource's id. With Request, it is a field of that message.
	IDParam string
	// IDInBody says that the id is the body's name. Prepare then writes the name.
	IDInBody bool
	// Request is the message that contains the resource. Default: the body is the resource.
	Request string

	// ID matches the ids that the API accepts, and BadID refuses the others. Default: every id.
	ID    *regexp.Regexp
	BadID *Error
	// NewID makes the id if the request has no id.
	NewID func(*Change) string
	// Taken refuses an id that a resource has already. Default: a 409 in Google's usual words.
	Taken *Error
}

// Update says how PATCH, PUT or both change a resource. The API's description says which of them the API has.
type Update struct {
	// Request is the message of a PATCH that contains the resource and the mask. Default: the body is the resource.
	Request string
	// Mask says how a PATCH without a mask works.
	Mask MaskRule
	// MaskNames maps further names that a mask may use to the fields they stand for.
	MaskNames map[string]string
	// Immutable lists the fields that cannot change.
	Immutable []string
	// PutCreates says that a PUT creates a missing resource.
	PutCreates bool
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

// Delete says how a resource is deleted.
type Delete struct {
	// Before refuses a deletion, or changes what has to change with it. If it sets Change.New, that document is stored, and the
	// resource stays.
	Before func(*Change) error
	// Soft is for resources that stay for a while after their deletion.
	Soft *SoftDelete
}

// SoftDelete describes resources that Delete.Before only marks as deleted, so that they can be undeleted.
type SoftDelete struct {
	// Deleted reports whether the document has the mark. Lists show such resources with showDeleted only.
	Deleted func(document map[string]any) bool
	// Purged reports whether the time to undelete the resource is over. It then does not exist any more.
	Purged func(q *Request, n Name, document map[string]any) bool
	// Taken refuses the id of a deleted resource. Default: Create.Taken.
	Taken *Error
}

// Methods are methods of an API, by HTTP method and verb: "POST undelete".
type Methods map[string]func(*Change) (any, error)

// Stamps names fields that every write sets. A field that is "" is not set.
type Stamps struct {
	// Etag changes with every write. A request that has another etag is refused.
	Etag string
	// Created, Updated and Deleted hold the time of creation, of the last write, and of deletion. The answer to a deletion is the
	// resource if Deleted is set, and empty otherwise.
	Created, Updated, Deleted string
}

// Operations says which methods answer with a long-running operation.
type Operations struct {
	// Type is the type of the response in an operation: "google.cloud.run.v2.Service".
	Type string
	// Methods are those methods: create, update, delete, or the verb of another one.
	Methods []string
}

// Translation converts resources between the message of this version of the API and the form in which they are stored. The functions
// return a copy. Default: the two forms are the same.
type Translation struct {
	// In makes the stored form of this version's message, and Out the message of the stored form. Nil changes nothing.
	In, Out func(map[string]any) map[string]any
}

// Inward converts a resource from this version's message to the stored form.
func (t Translation) Inward(document map[string]any) map[string]any {
	if t.In == nil {
		return document
	}
	return t.In(document)
}

// Outward converts a stored resource to this version's message.
func (t Translation) Outward(document map[string]any) map[string]any {
	if t.Out == nil {
		return document
	}
	return t.Out(document)
}

// check panics if the kind names a message that its API does not have; every test would show that.
func (k *Kind) check() {
	messages := []string{k.Message}
	if k.Create != nil {
		messages = append(messages, k.Create.Request)
	}
	if k.Update != nil {
		messages = append(messages, k.Update.Request)
	}
	for _, message := range messages {
		if message != "" && !schema.Known(k.api.Schema+":"+message) {
			panic(fmt.Sprintf("rest: %s: package schema has no message %s:%s: name it in roots of emulator/rest/schema/schema_test.go and run "+
				"go test ./emulator/rest/schema -update", k.api.Host, k.api.Schema, message))
		}
	}
}

// message returns the name of the resource's message in package schema.
func (k *Kind) message() string { return k.api.Schema + ":" + k.Message }

// normalize returns a body in the form in which the API would keep it, according to the resource's message.
func (k *Kind) normalize(body map[string]any) (map[string]any, error) {
	return schema.Normalize(k.message(), k.Body, body)
}

// unwrap returns the resource in a request of one of the messages that contain it, and the request.
func (k *Kind) unwrap(request string, body map[string]any) (resource, whole map[string]any, err error) {
	whole, err = schema.Normalize(k.api.Schema+":"+request, "", body)
	resource, _ = whole[k.Body].(map[string]any)
	return resource, whole, err
}

// missing refuses a request to a resource that does not exist.
func (k *Kind) missing(n Name) *Error {
	if k.Names.Missing == nil {
		return NotFound("Requested entity was not found.")
	}
	return k.Names.Missing.about(n, "")
}

// taken refuses an id that a resource has already. given is the id in the request.
func (k *Kind) taken(n Name, there map[string]any, given string) *Error {
	refusal := k.Create.Taken
	if k.isDeleted(there) && k.Delete.Soft.Taken != nil {
		refusal = k.Delete.Soft.Taken
	}
	if refusal == nil {
		return Exists("Requested entity already exists")
	}
	return refusal.about(n, given)
}

// isDeleted reports whether a document is that of a resource which is deleted softly.
func (k *Kind) isDeleted(document map[string]any) bool {
	return k.Delete != nil && k.Delete.Soft != nil && k.Delete.Soft.Deleted(document)
}

// isPurged reports whether a document is that of a deleted resource whose time is over.
func (k *Kind) isPurged(q *Request, n Name, document map[string]any) bool {
	return k.isDeleted(document) && k.Delete.Soft.Purged(q, n, document)
}
