package cloud

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud/schema"
)

// kind is one resource type of one API. Its zero values mean: no, none, not needed.
type kind struct {
	// prefix is where the API is served, without slashes around it.
	prefix string
	// host is the API's name, which must be enabled in the project, and the beginning of full resource names.
	host string
	// pattern is the collection, * for an id: "projects/*/secrets".
	pattern string
	// message is the schema of the resource; body is its name in error texts.
	message, body string
	// inbound and outbound translate from and to the message of another version of the API than the one in which resources
	// are stored. Default: the version is the stored one.
	inbound, outbound func(map[string]any) map[string]any
	// typeURL is the type in an operation's response.
	typeURL string
	// listField holds the items of a list's answer.
	listField string
	// numbered names carry the project's number where the others carry its id.
	numbered bool
	// global resources have no location but "global".
	global bool

	// idParam is the query parameter, or with create the field of the create request, that holds the new id.
	idParam string
	// create and update are messages around the resource; the resource is in their field body.
	create, update string
	// id is which ids are taken, and idFix the refusal of others.
	id    *regexp.Regexp
	idFix string
	// rename turns the id of a request into the resource's own id.
	rename func(q *request, collection name, id string) string
	// newID makes the id when the request has none.
	newID func(*change) string

	// single resources have no id: their collection's name is their own. They are read with read and written with put.
	single bool

	// operations are the methods that answer a long-running operation: create, update, delete.
	operations []string
	// put means that an update is a PUT of the whole resource, which also creates it.
	put bool
	// mask says what an update without a mask does.
	mask maskRule
	// maskNames are names that a mask may have for a field beside its own.
	maskNames map[string]string
	// immutable fields may not change.
	immutable []string
	// etag, created and updated are fields the API writes on every change, on creation and on every change.
	etag, created, updated string
	// policy resources have an IAM policy.
	policy bool

	// missing and taken are the refusals when the resource is not there and when it is already.
	missing func(name) *Error
	taken   func(n name, there map[string]any) *Error
	// read answers a GET of the collection in place of a list.
	read func(q *request, collection name) (any, error)
	// prepare fills in what the API computes into change.new and refuses what it refuses. It runs on create and update.
	prepare func(*change) error
	// finish answers a create or update after it was stored. Default: the document, or an operation with it.
	finish func(c *change, method string) (any, error)
	// remove runs before a deletion. What it answers replaces the deletion when it is not nil: a soft deletion.
	remove func(*change) (map[string]any, error)
	// hidden resources (deleted softly) are listed only with showDeleted; gone ones are purged.
	hidden func(document map[string]any) bool
	gone   func(q *request, n name, document map[string]any) bool
	// verbs are custom methods: "undelete" or, on the collection, "batchEnable". The key holds the HTTP method as well.
	verbs map[string]func(*change) (any, error)
}

// maskRule is what PATCH without a mask means.
type maskRule int

const (
	// maskRequired refuses it.
	maskRequired maskRule = iota
	// maskReplaces replaces all that the caller may set.
	maskReplaces
	// maskMerges sets what the body holds and leaves the rest.
	maskMerges
)

// change is one request on one resource.
type change struct {
	*request
	name name
	// old is the stored document, nil on creation; new is what will be stored, nil on deletion.
	old, new map[string]any
}

// kinds is the table. It is filled in init, because its functions look resources of other kinds up in it.
var kinds []*kind

func init() {
	kinds = slices.Concat(projectKinds(), serviceKinds(), accountKinds(), federationKinds(), roleKinds(), repositoryKinds(),
		secretKinds(), uptimeKinds(), alertKinds(), objectiveKinds(), dashboardKinds(), budgetKinds(), metricKinds(), seriesKinds(),
		keyKinds(), attestationKinds(), runKinds())
	for _, k := range kinds {
		if k.message != "" && !schema.Known(k.message) {
			panic("cloud: no message " + k.message)
		}
		if k.missing == nil {
			k.missing = func(name) *Error { return notFound("Requested entity was not found.") }
		}
		if k.inbound == nil && k.outbound == nil {
			k.inbound, k.outbound = unchanged, unchanged
		}
		if k.taken == nil {
			k.taken = func(name, map[string]any) *Error { return exists("Requested entity already exists") }
		}
	}
}

func unchanged(document map[string]any) map[string]any { return document }

// match finds the kind whose collection or item the segments name.
func match(prefix string, segments []string) *kind {
	for _, k := range kinds {
		pattern := strings.Split(k.pattern, "/")
		if k.prefix != prefix || len(segments) != len(pattern) && len(segments) != len(pattern)+1 {
			continue
		}
		if fits(pattern, segments) {
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

// kindOf finds the kind by its API and collection; it panics when the table has none, which a test would see.
func kindOf(host, pattern string) *kind {
	for _, k := range kinds {
		if k.host == host && k.pattern == pattern {
			return k
		}
	}
	panic(fmt.Sprintf("cloud: no kind %s %s", host, pattern))
}

// get returns the document of that name, nil when it is absent or purged.
func (q *request) get(n name) map[string]any {
	document := q.tx.Get(n.key())
	if document != nil && n.kind.gone != nil && n.kind.gone(q, n, document) {
		return nil
	}
	return document
}

// children are the names in a collection, sorted.
func (q *request) children(collection name) []name {
	var names []name
	prefix := collection.key() + "/"
	for _, key := range q.tx.List(prefix) {
		if id := key[len(prefix):]; !strings.Contains(id, "/") {
			names = append(names, collection.child(id))
		}
	}
	return names
}

// drop removes a resource with its policy and everything below it.
func (q *request) drop(n name) error {
	for _, prefix := range []string{"", policyPrefix, rulesPrefix} {
		for _, key := range append(q.tx.List(prefix+n.key()+"/"), prefix+n.key()) {
			if _, err := q.tx.Delete(key); err != nil {
				return err
			}
			if err := q.tx.DeleteSecret(key); err != nil {
				return err
			}
		}
	}
	return nil
}
