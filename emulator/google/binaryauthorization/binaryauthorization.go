// Package binaryauthorization emulates Binary Authorization: attestors, a project's policy, and its verdict on an image.
package binaryauthorization

import (
	"crypto/x509"
	"encoding/pem"
	"regexp"
	"slices"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Host is the API's name.
const Host = "binaryauthorization.googleapis.com"

const (
	attestors = "projects/*/attestors"
	policies  = "projects/*/policy"
)

// Notes are the functions of Container Analysis that attestors need, because each attestor refers to a note.
type Notes struct {
	// Find finds a note by its full name. found is false if it does not exist.
	Find func(q *rest.Request, full string) (n rest.Name, found bool)
	// Occurrences returns the occurrences that are attached to a note.
	Occurrences func(q *rest.Request, note rest.Name) []map[string]any
}

// API returns Binary Authorization v1.
func (notes Notes) API() *rest.API {
	attestor := &rest.Kind{
		Pattern: attestors, Message: "Attestor", Body: "attestor", Policy: true,
		Names: rest.Names{Missing: rest.NotFound("{name} not found")},
		Read:  rest.Read{Items: "attestors"},
		Create: &rest.Create{
			IDParam: "attestorId", ID: regexp.MustCompile(`^[a-zA-Z0-9_-]{2,63}$`), BadID: rest.Invalid("Invalid attestor id \"{given}\"."),
			Taken: rest.Exists("{name} already exists"),
		},
		Update:  &rest.Update{PutCreates: true},
		Delete:  &rest.Delete{},
		Stamps:  rest.Stamps{Etag: "etag", Updated: "updateTime"},
		Prepare: notes.prepareAttestor,
	}
	policy := &rest.Kind{
		Pattern: policies, Message: "Policy", Body: "policy",
		Names:   rest.Names{Single: true},
		Read:    rest.Read{Get: func(q *rest.Request, n rest.Name) (any, error) { return readPolicy(q, n), nil }},
		Update:  &rest.Update{PutCreates: true},
		Stamps:  rest.Stamps{Etag: "etag", Updated: "updateTime"},
		Prepare: preparePolicy,
	}
	return &rest.API{Prefix: "ba/v1", Host: Host, Schema: "ba", Kinds: []*rest.Kind{attestor, policy}}
}

// readPolicy returns a project's policy. A project that has never written one admits all images.
func readPolicy(q *rest.Request, n rest.Name) map[string]any {
	if policy := q.Get(n); policy != nil {
		return policy
	}
	return map[string]any{"name": n.Shown(), "globalPolicyEvaluationMode": "ENABLE", "defaultAdmissionRule": map[string]any{
		"evaluationMode": "ALWAYS_ALLOW", "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG"}}
}

func (notes Notes) prepareAttestor(c *rest.Change) error {
	note := doc.Text(c.New, "userOwnedGrafeasNote", "noteReference")
	if note == "" {
		return rest.Invalid("Attestor.user_owned_grafeas_note.note_reference must be set.")
	}
	if c.Old != nil && doc.Text(c.Old, "userOwnedGrafeasNote", "noteReference") != note {
		return rest.Invalid("Field 'user_owned_grafeas_note.note_reference' is immutable.")
	}
	if _, found := notes.Find(c.Request, note); !found {
		return rest.Precondition("The note %s does not exist, or the caller may not attach to it.", note)
	}
	var ids []string
	for _, key := range doc.Objects(c.New, "userOwnedGrafeasNote", "publicKeys") {
		if key["pkixPublicKey"] == nil {
			return rest.Invalid("The emulator has attestors with PKIX public keys only: set pkix_public_key.")
		}
		// Signatures name a Cloud KMS key by this id, so two keys must not share it.
		if id := doc.Text(key, "id"); id == "" || slices.Contains(ids, id) {
			return rest.Invalid("The public key's id %q is empty or used twice.", id)
		} else {
			ids = append(ids, id)
		}
		block, _ := pem.Decode([]byte(doc.Text(key, "pkixPublicKey", "publicKeyPem")))
		if block == nil {
			return rest.Invalid("public_key_pem of %s is not PEM.", doc.Text(key, "id"))
		}
		if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
			return rest.Invalid("public_key_pem of %s is not a public key in PEM.", doc.Text(key, "id"))
		}
		// The API accepts two names for the algorithm and answers with this one.
		if pkix := doc.Object(key, "pkixPublicKey"); doc.Text(pkix, "signatureAlgorithm") == "EC_SIGN_P256_SHA256" {
			pkix["signatureAlgorithm"] = "ECDSA_P256_SHA256"
		}
	}
	account := "service-" + c.Name.Project.Number + "@gcp-sa-binaryauthorization.iam.gserviceaccount.com"
	doc.Object(c.New, "userOwnedGrafeasNote")["delegationServiceAccountEmail"] = account
	return nil
}

var patternForm = regexp.MustCompile(`^[^/*\s]+/[^*\s]*\*{0,2}$`)

func preparePolicy(c *rest.Change) error {
	rule := doc.Object(c.New, "defaultAdmissionRule")
	required := doc.Texts(rule, "requireAttestationsBy")
	switch mode := doc.Text(rule, "evaluationMode"); {
	case mode == "":
		return rest.Invalid("Policy.default_admission_rule.evaluation_mode must be set.")
	case doc.Text(rule, "enforcementMode") == "":
		return rest.Invalid("Policy.default_admission_rule.enforcement_mode must be set.")
	case (mode == "REQUIRE_ATTESTATION") != (len(required) > 0):
		return rest.Invalid("require_attestations_by must name attestors if and only if evaluation_mode is REQUIRE_ATTESTATION, and it is %s.",
			mode)
	}
	for _, attestor := range required {
		if _, found := c.Find(Host, attestors, attestor); found == nil {
			return rest.Invalid("Attestor %s does not exist.", attestor)
		}
	}
	for _, entry := range doc.Objects(c.New, "admissionWhitelistPatterns") {
		if pattern := doc.Text(entry, "namePattern"); !patternForm.MatchString(pattern) {
			return rest.Invalid("Invalid name_pattern %q: a wildcard is allowed at the end only, and not in the registry.", pattern)
		}
	}
	doc.Default(c.New, "globalPolicyEvaluationMode", "DISABLE")
	return nil
}
