package cloud

import (
	"crypto/x509"
	"encoding/pem"
	"regexp"
	"slices"
	"strings"
)

const (
	analysisHost    = "containeranalysis.googleapis.com"
	admissionHost   = "binaryauthorization.googleapis.com"
	notePattern     = "projects/*/notes"
	attestorPattern = "projects/*/attestors"
)

// attestationKinds are Container Analysis's notes and occurrences, and Binary Authorization's attestors and policy. Notes and
// occurrences come in two versions of the API, of the same resources: Google's library speaks v1, Terraform's provider v1beta1.
func attestationKinds() []*kind {
	beta := []*kind{noteKind(), occurrenceKind(), occurrencesOfNoteKind()}
	for _, k := range beta {
		k.prefix, k.message = "ca/v1beta1", strings.Replace(k.message, "ca:", "cabeta:", 1)
	}
	beta[0].maskNames = nil
	beta[0].inbound, beta[0].outbound = noteFromBeta, noteToBeta
	beta[1].inbound, beta[1].outbound = occurrenceFromBeta, occurrenceToBeta
	beta[2].outbound = occurrenceToBeta
	beta[2].inbound = unchanged
	return append([]*kind{
		noteKind(), occurrenceKind(), occurrencesOfNoteKind(),
		{
			prefix: "ba/v1", host: admissionHost, pattern: attestorPattern, message: "ba:Attestor", body: "attestor",
			listField: "attestors", idParam: "attestorId", policy: true,
			put: true, mask: maskReplaces, etag: "etag", updated: "updateTime", id: regexp.MustCompile(`^[a-zA-Z0-9_-]{2,63}$`),
			idFix:   "Invalid attestor id %q.",
			missing: func(n name) *Error { return notFound("%s not found", n.shown()) },
			taken:   func(n name, _ map[string]any) *Error { return exists("%s already exists", n.shown()) },
			prepare: prepareAttestor,
		},
		{
			prefix: "ba/v1", host: admissionHost, pattern: "projects/*/policy", message: "ba:Policy", body: "policy", single: true,
			put: true, mask: maskReplaces,
			etag: "etag", updated: "updateTime", prepare: preparePolicy,
			read: func(q *request, n name) (any, error) { return q.admissionPolicy(n.project), nil },
		},
	}, beta...)
}

func noteKind() *kind {
	return &kind{
		prefix: "ca/v1", host: analysisHost, pattern: notePattern, message: "ca:Note", body: "note", listField: "notes",
		idParam: "noteId", policy: true,
		// Terraform's provider writes a v1 note by a mask with v1beta1's name of the field.
		mask: maskReplaces, maskNames: map[string]string{"attestationAuthority": "attestation"},
		created: "createTime", updated: "updateTime", id: regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`), idFix: "Invalid note id %q.",
		missing: func(n name) *Error {
			return notFound("note with ID %q for project %q does not exist", n.id(), n.project.id)
		},
		taken: func(n name, _ map[string]any) *Error {
			return exists("note with ID %q for project %q already exists", n.id(), n.project.id)
		},
		prepare: func(c *change) error {
			if c.new["attestation"] == nil {
				return invalid("The emulator has notes of attestation authorities only: set attestation.")
			}
			if text(c.new, "attestation", "hint", "humanReadableName") == "" {
				return invalid("attestation.hint.human_readable_name must be set.")
			}
			c.new["kind"] = "ATTESTATION"
			return nil
		},
	}
}

func occurrenceKind() *kind {
	return &kind{
		prefix: "ca/v1", host: analysisHost, pattern: "projects/*/occurrences", message: "ca:Occurrence", body: "occurrence",
		listField: "occurrences",
		mask:      maskReplaces, created: "createTime", updated: "updateTime",
		newID: func(c *change) string { return c.cloud.digits(20) }, id: regexp.MustCompile(`^[0-9]+$`), idFix: "Invalid occurrence id %q.",
		prepare: prepareOccurrence,
	}
}

func occurrencesOfNoteKind() *kind {
	return &kind{prefix: "ca/v1", host: analysisHost, pattern: notePattern + "/*/occurrences", single: true, read: occurrencesOfNote}
}

// admissionPolicy is the project's policy of Binary Authorization: until one is written, all images are admitted.
func (q *request) admissionPolicy(p project) map[string]any {
	n := name{kind: kindOf(admissionHost, "projects/*/policy"), project: p, segments: []string{"projects", p.id, "policy"}}
	if policy := q.get(n); policy != nil {
		return policy
	}
	return map[string]any{"name": n.shown(), "globalPolicyEvaluationMode": "ENABLE", "defaultAdmissionRule": map[string]any{
		"evaluationMode": "ALWAYS_ALLOW", "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG"}}
}

// find is the document of a full name such as projects/P/notes/N, nil without one.
func (q *request) find(host, pattern, full string) map[string]any {
	n, found := q.named(host, pattern, full)
	if !found {
		return nil
	}
	return q.get(n)
}

// named is the place of a full name such as projects/P/notes/N, which may be empty.
func (q *request) named(host, pattern, full string) (n name, found bool) {
	segments := strings.Split(full, "/")
	if len(segments) != 4 || !fits(strings.Split(pattern, "/"), segments) {
		return n, false
	}
	p, found := findProject(q.tx, segments[1])
	segments[1] = p.id
	return name{kind: kindOf(host, pattern), project: p, segments: segments}, found
}

func prepareAttestor(c *change) error {
	note := text(c.new, "userOwnedGrafeasNote", "noteReference")
	if note == "" {
		return invalid("Attestor.user_owned_grafeas_note.note_reference must be set.")
	}
	if c.old != nil && text(c.old, "userOwnedGrafeasNote", "noteReference") != note {
		return invalid("Field 'user_owned_grafeas_note.note_reference' is immutable.")
	}
	if c.find(analysisHost, notePattern, note) == nil {
		return precondition("The note %s does not exist, or the caller may not attach to it.", note)
	}
	var ids []string
	for _, item := range list(c.new, "userOwnedGrafeasNote", "publicKeys") {
		key, _ := item.(map[string]any)
		if key["pkixPublicKey"] == nil {
			return invalid("The emulator has attestors with PKIX public keys only: set pkix_public_key.")
		}
		// Keys of Cloud KMS are told apart by the id that signatures carry.
		if id := text(key, "id"); id == "" || slices.Contains(ids, id) {
			return invalid("The public key's id %q is empty or used twice.", id)
		} else {
			ids = append(ids, id)
		}
		block, _ := pem.Decode([]byte(text(key, "pkixPublicKey", "publicKeyPem")))
		if block == nil {
			return invalid("public_key_pem of %s is not PEM.", text(key, "id"))
		}
		if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
			return invalid("public_key_pem of %s is no public key.", text(key, "id"))
		}
		// The API knows the algorithm by two names and answers with this one.
		if pkix := object(key, "pkixPublicKey"); text(pkix, "signatureAlgorithm") == signingAlgorithm {
			pkix["signatureAlgorithm"] = "ECDSA_P256_SHA256"
		}
	}
	object(c.new, "userOwnedGrafeasNote")["delegationServiceAccountEmail"] = "service-" + c.name.project.number +
		"@gcp-sa-binaryauthorization.iam.gserviceaccount.com"
	return nil
}

var patternForm = regexp.MustCompile(`^[^/*\s]+/[^*\s]*\*{0,2}$`)

func preparePolicy(c *change) error {
	rule := object(c.new, "defaultAdmissionRule")
	attestors := stringsOf(list(rule, "requireAttestationsBy"))
	switch mode := text(rule, "evaluationMode"); {
	case mode == "":
		return invalid("Policy.default_admission_rule.evaluation_mode must be set.")
	case text(rule, "enforcementMode") == "":
		return invalid("Policy.default_admission_rule.enforcement_mode must be set.")
	case (mode == "REQUIRE_ATTESTATION") != (len(attestors) > 0):
		return invalid("require_attestations_by must name attestors if and only if evaluation_mode is REQUIRE_ATTESTATION, and it is %s.", mode)
	}
	for _, attestor := range attestors {
		if c.find(admissionHost, attestorPattern, attestor) == nil {
			return invalid("Attestor %s does not exist.", attestor)
		}
	}
	for _, item := range list(c.new, "admissionWhitelistPatterns") {
		entry, _ := item.(map[string]any)
		if pattern := text(entry, "namePattern"); !patternForm.MatchString(pattern) {
			return invalid("Invalid name_pattern %q: a wildcard is allowed at the end only, and not in the registry.", pattern)
		}
	}
	setDefault(c.new, "globalPolicyEvaluationMode", "DISABLE")
	return nil
}

func prepareOccurrence(c *change) error {
	note := text(c.new, "noteName")
	switch {
	case text(c.new, "resourceUri") == "":
		return invalid("resource_uri must be set.")
	case c.find(analysisHost, notePattern, note) == nil:
		return notFound("note %q does not exist", note)
	case c.new["attestation"] == nil:
		return invalid("The emulator has occurrences of attestations only: set attestation.")
	case len(list(c.new, "attestation", "signatures")) == 0:
		return invalid("attestation.signatures must not be empty.")
	}
	c.new["kind"] = "ATTESTATION"
	return nil
}

var resourceFilter = regexp.MustCompile(`^resourceUrl\s*=\s*"([^"]+)"$`)

// occurrencesOfNote lists what is attached to a note, by a filter on the image when there is one.
func occurrencesOfNote(q *request, n name) (any, error) {
	image := ""
	if filter := q.query.Get("filter"); filter != "" {
		match := resourceFilter.FindStringSubmatch(filter)
		if match == nil {
			return nil, invalid("The emulator filters occurrences by resourceUrl=\"…\" only.")
		}
		image = match[1]
	}
	var items []any
	for _, occurrence := range q.occurrences(strings.TrimSuffix(n.shown(), "/occurrences")) {
		if image == "" || text(occurrence, "resourceUri") == image {
			items = append(items, n.kind.outbound(occurrence))
		}
	}
	return q.page("occurrences", items)
}

// occurrences are what is attached to a note, in every project.
func (q *request) occurrences(note string) []map[string]any {
	var found []map[string]any
	for _, key := range q.tx.List("//" + analysisHost + "/projects/") {
		if document := q.tx.Get(key); strings.Contains(key, "/occurrences/") && text(document, "noteName") == note {
			found = append(found, document)
		}
	}
	return found
}
