package binaryauthorization

import (
	"encoding/base64"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/google/binaryauthorization/admission"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Verdict says what the project's policy makes of an image: whether it starts, and why the policy denies it, "" when it does not. A
// dry run admits what it denies.
func (notes Notes) Verdict(q *rest.Request, p rest.Project, image string) (admitted bool, denied string) {
	verdict := admission.Decide(image, notes.policy(q, p))
	return verdict.Admitted, verdict.Denied
}

// policy reads the project's policy with its attestors and what is attached to their notes.
func (notes Notes) policy(q *rest.Request, p rest.Project) admission.Policy {
	stored := readPolicy(q, q.Collection(Host, policies, p))
	rule := doc.Object(stored, "defaultAdmissionRule")
	policy := admission.Policy{Evaluation: doc.Text(rule, "evaluationMode"), Enforcement: doc.Text(rule, "enforcementMode")}
	for _, pattern := range doc.Objects(stored, "admissionWhitelistPatterns") {
		policy.Exempt = append(policy.Exempt, doc.Text(pattern, "namePattern"))
	}
	for _, attestor := range doc.Texts(rule, "requireAttestationsBy") {
		policy.Attestors = append(policy.Attestors, notes.attestor(q, attestor))
	}
	return policy
}

// readsAttestations are the roles by which an attestor's own account finds what is attached to its note. Google asks for the
// first one there (binaryauthorization/v1, UserOwnedGrafeasNote); the last is what it gives the account at the project.
var readsAttestations = []string{
	"roles/containeranalysis.notes.occurrences.viewer", "roles/containeranalysis.editor", "roles/binaryauthorization.serviceAgent",
}

// attestor reads one with its keys and attestations; one that was deleted since has neither.
func (notes Notes) attestor(q *rest.Request, full string) admission.Attestor {
	attestor := admission.Attestor{Name: full}
	_, stored := q.Find(Host, attestors, full)
	owned := doc.Object(stored, "userOwnedGrafeasNote")
	for _, key := range doc.Objects(owned, "publicKeys") {
		attestor.Keys = append(attestor.Keys, admission.Key{ID: doc.Text(key, "id"), PEM: doc.Text(key, "pkixPublicKey", "publicKeyPem")})
	}
	note, found := notes.Find(q, doc.Text(owned, "noteReference"))
	if !found || !q.Holds(note, "serviceAccount:"+doc.Text(owned, "delegationServiceAccountEmail"), readsAttestations...) {
		return attestor
	}
	for _, occurrence := range notes.Occurrences(q, note) {
		attestation := admission.Attestation{Resource: doc.Text(occurrence, "resourceUri"),
			Payload: unbase64(doc.Text(occurrence, "attestation", "serializedPayload"))}
		for _, signature := range doc.Objects(occurrence, "attestation", "signatures") {
			attestation.Signatures = append(attestation.Signatures, admission.Signature{
				KeyID: doc.Text(signature, "publicKeyId"), Value: unbase64(doc.Text(signature, "signature"))})
		}
		attestor.Attestations = append(attestor.Attestations, attestation)
	}
	return attestor
}

// unbase64 reads either alphabet, as the APIs do; what is neither is empty and verifies nothing.
func unbase64(encoded string) []byte {
	raw, err := base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(encoded))
	if err != nil {
		return nil
	}
	return raw
}
