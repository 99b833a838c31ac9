package rest

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// API is one version of one API: where it is, and what it has. Its zero values mean: no, none, not needed.
type API struct {
	// Prefix is where the API is served, without slashes around it: "sm/v1".
	Prefix string
	// Host is the API's name, which must be on in the project, and the beginning of full resource names.
	Host string
	// Schema is its name in package schema.
	Schema string
	// Kinds are its resources.
	Kinds []*Kind
	// MultiRegions says that us, europe and asia are locations as well.
	MultiRegions bool
	// OperationsInLocation says that operations are named below the location, not below the resource.
	OperationsInLocation bool

	// Before runs before every request, in a transaction of its own: what it does stays when the request fails.
	Before func(*http.Request) error
	// Due says whether something is to happen by itself by now; Settle lets it happen.
	Due    func(*Request) bool
	Settle func(*Request) error
}

// Kind is one resource type of one API. Its zero values mean: no, none, not needed.
type Kind struct {
	// Pattern is the collection, * for an id: "projects/*/secrets".
	Pattern string
	// Message is the schema of the resource; Body is its name in error texts.
	Message, Body string
	// Inbound and Outbound translate from and to the message of another version of the API than the one in which resources
	// are stored. Default: the version is the stored one.
	Inbound, Outbound func(map[string]any) map[string]any
	// TypeURL is the type in an operation's response.
	TypeURL string
	// ListField holds the items of a list's answer.
	ListField string
	// Numbered names carry the project's number where the others carry its id.
	Numbered bool
	// Global resources have no location but "global".
	Global bool

	// IDParam is the query parameter, or with CreateRequest the field of the create request, that holds the new id.
	IDParam string
	// CreateRequest and UpdateRequest are messages around the resource; the resource is in their field Body.
	CreateRequest, UpdateRequest string
	// ID is which ids are taken, and IDFix the refusal of others.
	ID    *regexp.Regexp
	IDFix string
	// Rename turns the id of a request into the resource's own id.
	Rename func(q *Request, collection Name, id string) string
	// NewID makes the id when the request has none.
	NewID func(*Change) string
	// ProjectOf is the project of a name that has - in its place.
	ProjectOf func(Name) string

	// Single resources have no id: their collection's name is their own. They are read with Read and written with PUT.
	Single bool

	// Operations are the methods that answer a long-running operation: create, update, delete.
	Operations []string
	// Put means that an update is also, or only, a PUT of the whole resource; PutCreates that it makes the resource where there is none.
	Put, PutCreates bool
	// AllowMissing means that a PATCH creates the resource when it says allowMissing.
	AllowMissing bool
	// Mask says what an update without a mask does.
	Mask MaskRule
	// MaskNames are names that a mask may have for a field beside its own.
	MaskNames map[string]string
	// Immutable fields may not change.
	Immutable []string
	// Etag, Created and Updated are fields the API writes on every change, on creation and on every change.
	Etag, Created, Updated string
	// Policy resources have an IAM policy.
	Policy bool
	// Beside are the prefixes of keys under which the API keeps what a resource does not show. It goes when the resource does.
	Beside []string

	// Missing and Taken are the refusals when the resource is not there and when it is already.
	Missing func(Name) *Error
	Taken   func(n Name, there map[string]any) *Error
	// Get answers a GET of a resource in place of its document; List one of the collection, or of a single resource.
	Get, List func(q *Request, n Name) (any, error)
	// Prepare fills in what the API computes into Change.New and refuses what it refuses. It runs on create and update.
	Prepare func(*Change) error
	// Finish answers a create or update after it was stored. Default: the document, or an operation with it.
	Finish func(c *Change, method string) (any, error)
	// Remove runs before a deletion. What it answers replaces the deletion when it is not nil: a soft deletion.
	Remove func(*Change) (map[string]any, error)
	// Deleted is the answer to a deletion. Default: nothing.
	Deleted func(*Change) (map[string]any, error)
	// Hidden resources (deleted softly) are listed only with showDeleted; Gone ones are purged.
	Hidden func(document map[string]any) bool
	Gone   func(q *Request, n Name, document map[string]any) bool
	// Verbs are custom methods: "POST undelete" or, on the collection, "POST batchEnable". With nothing behind the method, "DELETE ",
	// it is one that an API has at the collection itself.
	Verbs map[string]func(*Change) (any, error)

	api *API
}

// MaskRule is what PATCH without a mask means.
type MaskRule int

const (
	// MaskRequired refuses it.
	MaskRequired MaskRule = iota
	// MaskReplaces replaces all that the caller may set.
	MaskReplaces
	// MaskMerges sets what the body holds and leaves the rest.
	MaskMerges
	// MaskPatches does so inside of objects as well.
	MaskPatches
)

// Change is one request on one resource.
type Change struct {
	*Request
	Name Name
	// Old is the stored document, nil on creation; New is what will be stored, nil on deletion.
	Old, New map[string]any
}

// Add serves an API. It panics when a kind names a message that the API does not have, which every test would see.
func (s *Server) Add(apis ...*API) {
	for _, api := range apis {
		for _, k := range api.Kinds {
			k.complete(api)
		}
		s.apis = append(s.apis, api)
	}
}

func (k *Kind) complete(api *API) {
	k.api = api
	if k.Message != "" && !schema.Known(k.message()) {
		panic("rest: no message " + k.message())
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

// message is the resource's message in package schema.
func (k *Kind) message() string { return k.api.Schema + ":" + k.Message }

// normalize is a body as the API would keep it, by the resource's message.
func (k *Kind) normalize(body map[string]any) (map[string]any, error) {
	return schema.Normalize(k.message(), k.Body, body)
}

// match finds the kind whose collection or item the segments name.
func (a *API) match(segments []string) *Kind {
	for _, k := range a.Kinds {
		pattern := strings.Split(k.Pattern, "/")
		if (len(segments) == len(pattern) || len(segments) == len(pattern)+1) && fits(pattern, segments) {
			return k
		}
	}
	return nil
}

func fits(pattern, segments []string) bool {
	for i, p := range pattern {
		if p != "*" && p != segments[i] {
			return false
		}
	}
	return true
}

// kind is the API's kind of that pattern; it panics when there is none, which a test would see.
func (a *API) kind(pattern string) *Kind {
	i := slices.IndexFunc(a.Kinds, func(k *Kind) bool { return k.Pattern == pattern })
	if i < 0 {
		panic(fmt.Sprintf("rest: %s has no kind %s", a.Host, pattern))
	}
	return a.Kinds[i]
}

// root is the kind of what stands first in names, "projects", whichever API has it; nil for none.
func (s *Server) root(collection string) *Kind {
	for _, api := range s.apis {
		for _, k := range api.Kinds {
			if k.Pattern == collection {
				return k
			}
		}
	}
	return nil
}
