package binaryauthorization

import (
	"encoding/base64"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/google/binaryauthorization/admission"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Verdict applies the project's policy to an image. admitted says whether the image starts. denied is the reason why the policy
// denies it, "" if it does not. A dry run admits an image that it denies.
func (notes Notes) Verdict(q *rest.Request, p rest.Project, image string) (admitted bool, denied string) {
	verdict := admission.Decide(image, notes.policy(q, p))
	return verdict.Admitted, verdict.Denied
}

// policy reads the project's policy, its attestors, and the occurrences attached to their notes.
func (notes Notes) policy(q *rest.Request, p rest.Project) admission.Policy {
	stored := readPolicy(q, q.CollectionOf(Host, policies, p))
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

// readsAttestations lists the roles that let an attestor's account read the occurrences of its note. Google's
// documentation asks for the first one (binaryauthorization/v1, UserOwnedGrafeasNote). Google itself grants the last one to the
// account on the project.
var readsAttestations = []string{
	"roles/containeranalysis.notes.occurrences.viewer", "roles/containeranalysis.editor", "roles/binaryauthorization.serviceAgent",
}

// attestor reads an attestor with its keys and attestations. An attestor that has been deleted since has neither.
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

// unbase64 decodes both base64 alphabets, as the APIs do. It returns nothing for other text, which then verifies nothing.
func unbase64(encoded string) []byte {
	raw, err := base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(encoded))
	if err != nil {
		return nil
	}
	return raw
}
