// Package containeranalysis emulates Container Analysis: the notes of attestation authorities, and the occurrences attached to
// them. Two versions of the API serve the same resources. Google's library uses v1, and Terraform's provider uses v1beta1.
package containeranalysis

import (
	"regexp"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Host is the API's name.
const Host = "containeranalysis.googleapis.com"

const (
	notes       = "projects/*/notes"
	occurrences = "projects/*/occurrences"
)

// APIs returns v1, in whose form resources are stored, and v1beta1.
func APIs() []*rest.API {
	beta := []*rest.Kind{note(), occurrence(), occurrencesOfNote()}
	beta[0].Translation = rest.Translation{In: noteFromBeta, Out: noteToBeta}
	beta[1].Translation = rest.Translation{In: occurrenceFromBeta, Out: occurrenceToBeta}
	beta[2].Translation = rest.Translation{Out: occurrenceToBeta}
	v1 := []*rest.Kind{note(), occurrence(), occurrencesOfNote()}
	// Terraform's provider updates a v1 note with a mask that has v1beta1's name of the field.
	v1[0].Update.MaskNames = map[string]string{"attestationAuthority": "attestation"}
	return []*rest.API{
		{Prefix: "ca/v1", Host: Host, Schema: "ca", Kinds: v1},
		{Prefix: "ca/v1beta1", Host: Host, Schema: "cabeta", Kinds: beta},
	}
}

func note() *rest.Kind {
	return &rest.Kind{
		Pattern: notes, Message: "Note", Body: "note", Policy: true,
		Names: rest.Names{Missing: rest.NotFound("note with ID \"{id}\" for project \"{project}\" does not exist")},
		Read:  rest.Read{Items: "notes"},
		Create: &rest.Create{
			IDParam: "noteId", ID: regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`), BadID: rest.Invalid("Invalid note id \"{given}\"."),
			Taken: rest.Exists("note with ID \"{id}\" for project \"{project}\" already exists"),
		},
		Update:  &rest.Update{Mask: rest.MaskReplaces},
		Delete:  &rest.Delete{},
		Stamps:  rest.Stamps{Created: "createTime", Updated: "updateTime"},
		Prepare: prepareNote,
	}
}

func occurrence() *rest.Kind {
	return &rest.Kind{
		Pattern: occurrences, Message: "Occurrence", Body: "occurrence",
		Read:    rest.Read{Items: "occurrences"},
		Create:  &rest.Create{NewID: func(c *rest.Change) string { return c.IDs.Digits(20) }},
		Update:  &rest.Update{Mask: rest.MaskReplaces},
		Delete:  &rest.Delete{},
		Stamps:  rest.Stamps{Created: "createTime", Updated: "updateTime"},
		Prepare: prepareOccurrence,
	}
}

func occurrencesOfNote() *rest.Kind {
	return &rest.Kind{Pattern: notes + "/*/occurrences", Read: rest.Read{List: listOccurrences}}
}

func prepareNote(c *rest.Change) error {
	if c.New["attestation"] == nil {
		return rest.Invalid("The emulator has notes of attestation authorities only: set attestation.")
	}
	if doc.Text(c.New, "attestation", "hint", "humanReadableName") == "" {
		return rest.Invalid("attestation.hint.human_readable_name must be set.")
	}
	c.New["kind"] = "ATTESTATION"
	return nil
}

func prepareOccurrence(c *rest.Change) error {
	name := doc.Text(c.New, "noteName")
	_, there := Note(c.Request, name)
	switch {
	case doc.Text(c.New, "resourceUri") == "":
		return rest.Invalid("resource_uri must be set.")
	case !there:
		return rest.NotFound("note %q does not exist", name)
	case c.New["attestation"] == nil:
		return rest.Invalid("The emulator has occurrences of attestations only: set attestation.")
	case len(doc.List(c.New, "attestation", "signatures")) == 0:
		return rest.Invalid("attestation.signatures must not be empty.")
	}
	c.New["kind"] = "ATTESTATION"
	return nil
}

var resourceFilter = regexp.MustCompile(`^resourceUrl\s*=\s*"([^"]+)"$`)

// listOccurrences lists the occurrences of a note. A filter limits them to one image.
func listOccurrences(q *rest.Request, n rest.Name) (any, error) {
	image := ""
	if filter := q.Query.Get("filter"); filter != "" {
		match := resourceFilter.FindStringSubmatch(filter)
		if match == nil {
			return nil, rest.Invalid("The emulator filters occurrences by resourceUrl=\"…\" only.")
		}
		image = match[1]
	}
	var items []any
	for _, occurrence := range Occurrences(q, n.Parent()) {
		if image == "" || doc.Text(occurrence, "resourceUri") == image {
			items = append(items, n.Kind.Translation.Outward(occurrence))
		}
	}
	return q.Page("occurrences", items)
}

// Note finds a note by its full name. found is false if it does not exist.
func Note(q *rest.Request, full string) (n rest.Name, found bool) {
	n, document := q.Find(Host, notes, full)
	return n, document != nil
}

// Occurrences returns the occurrences of a note, from every project.
func Occurrences(q *rest.Request, note rest.Name) []map[string]any {
	var found []map[string]any
	for _, key := range q.Tx.List("//" + Host + "/projects/") {
		if document := q.Tx.Get(key); strings.Contains(key, "/occurrences/") && doc.Text(document, "noteName") == note.Shown() {
			found = append(found, document)
		}
	}
	return found
}
