package cloud

import (
	"encoding/base64"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run/admission"
)

// unauthorizedImage is the reason of a condition when Binary Authorization denies a revision's image.
const unauthorizedImage = "CONTAINER_IMAGE_UNAUTHORIZED"

// checkAdmission refuses settings of Binary Authorization that the API refuses, or that the emulator does not have.
func checkAdmission(service map[string]any) error {
	settings := object(service, "binaryAuthorization")
	switch {
	case text(settings, "policy") != "":
		return invalid("The emulator has the project's policy of Binary Authorization only: set binary_authorization.use_default.")
	case text(settings, "breakglassJustification") != "" && !flag(settings, "useDefault"):
		return invalid("service.binary_authorization.breakglass_justification: must be empty unless use_default is set")
	}
	return nil
}

// admit is why Binary Authorization keeps the revision from starting, nil when it does not or the service does not ask it.
// The answer is worded as the API was seen to word it.
func (c *change) admit(revision map[string]any) *Error {
	settings := object(c.new, "binaryAuthorization")
	if !flag(settings, "useDefault") {
		return nil
	}
	policy := c.judge(c.name.project)
	for _, item := range list(revision, "containers") {
		image := text(item.(map[string]any), "image")
		verdict := admission.Decide(image, policy)
		justification := text(settings, "breakglassJustification")
		if verdict.Denied != "" || justification != "" {
			c.cloud.options.Log.Info("binary authorization", "revision", lastSegment(text(revision, "name")), "image", image,
				"admitted", verdict.Admitted || justification != "", "denied", verdict.Denied, "breakglass", justification)
		}
		if !verdict.Admitted && justification == "" {
			return precondition("Container image '%s' is not authorized by policy. %s", image, verdict.Denied)
		}
	}
	return nil
}

// admitTraffic is why the split may not be: Binary Authorization judges again what a change of traffic gives requests to.
func (c *change) admitTraffic(desired []run.Target, latest string) *Error {
	for _, target := range run.Resolve(desired, latest) {
		revision := c.tx.Get(c.revision(target.Revision).key())
		if target.Percent == 0 || revision == nil {
			continue
		}
		if failure := c.admit(revision); failure != nil {
			return unauthorized(target.Revision, failure)
		}
	}
	return nil
}

func unauthorized(revision string, failure *Error) *Error {
	return precondition("Revision '%s' uses an unauthorized container image. %s", revision, failure.Message)
}

// judge reads the project's policy with its attestors and what is attached to their notes.
func (q *request) judge(p project) admission.Policy {
	stored := q.admissionPolicy(p)
	rule := object(stored, "defaultAdmissionRule")
	policy := admission.Policy{Evaluation: text(rule, "evaluationMode"), Enforcement: text(rule, "enforcementMode")}
	for _, item := range list(stored, "admissionWhitelistPatterns") {
		policy.Exempt = append(policy.Exempt, text(item.(map[string]any), "namePattern"))
	}
	for _, attestor := range stringsOf(list(rule, "requireAttestationsBy")) {
		policy.Attestors = append(policy.Attestors, q.attestor(attestor))
	}
	return policy
}

// readsAttestations are the roles by which an attestor's own account finds what is attached to its note. Google asks for the
// first one there (binaryauthorization/v1, UserOwnedGrafeasNote); the last is what it gives the account at the project.
var readsAttestations = []string{"roles/containeranalysis.notes.occurrences.viewer", "roles/containeranalysis.editor",
	"roles/binaryauthorization.serviceAgent"}

// attestor reads one with its keys and attestations; one that was deleted since has neither.
func (q *request) attestor(full string) admission.Attestor {
	owned := object(q.find(admissionHost, attestorPattern, full), "userOwnedGrafeasNote")
	attestor := admission.Attestor{Name: full}
	for _, item := range list(owned, "publicKeys") {
		key := item.(map[string]any)
		attestor.Keys = append(attestor.Keys, admission.Key{ID: text(key, "id"), PEM: text(key, "pkixPublicKey", "publicKeyPem")})
	}
	note, found := q.named(analysisHost, notePattern, text(owned, "noteReference"))
	if !found || !q.holds(note, "serviceAccount:"+text(owned, "delegationServiceAccountEmail"), readsAttestations...) {
		return attestor
	}
	for _, occurrence := range q.occurrences(note.shown()) {
		attestation := admission.Attestation{Resource: text(occurrence, "resourceUri"),
			Payload: unbase64(text(occurrence, "attestation", "serializedPayload"))}
		for _, item := range list(occurrence, "attestation", "signatures") {
			signature := item.(map[string]any)
			attestation.Signatures = append(attestation.Signatures, admission.Signature{KeyID: text(signature, "publicKeyId"),
				Value: unbase64(text(signature, "signature"))})
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
