package cloud

import "maps"

// Container Analysis v1beta1 has a note's authority and an occurrence's signatures in other fields than v1. What the emulator
// has of the rest is equal in both.

func noteFromBeta(beta map[string]any) map[string]any {
	return renamed(beta, "attestationAuthority", "attestation")
}

func noteToBeta(note map[string]any) map[string]any {
	return renamed(note, "attestation", "attestationAuthority")
}

func occurrenceFromBeta(beta map[string]any) map[string]any {
	occurrence := maps.Clone(beta)
	delete(occurrence, "resource")
	delete(occurrence, "attestation")
	if uri := text(beta, "resource", "uri"); uri != "" {
		occurrence["resourceUri"] = uri
	}
	if signed := object(beta, "attestation", "attestation", "genericSignedAttestation"); signed != nil {
		signed = maps.Clone(signed)
		delete(signed, "contentType") // v1 has the one type that both know, SIMPLE_SIGNING_JSON
		occurrence["attestation"] = signed
	}
	return occurrence
}

func occurrenceToBeta(occurrence map[string]any) map[string]any {
	beta := maps.Clone(occurrence)
	delete(beta, "resourceUri")
	beta["resource"] = map[string]any{"uri": occurrence["resourceUri"]}
	if signed := object(occurrence, "attestation"); signed != nil {
		signed = maps.Clone(signed)
		signed["contentType"] = "SIMPLE_SIGNING_JSON"
		beta["attestation"] = map[string]any{"attestation": map[string]any{"genericSignedAttestation": signed}}
	}
	return beta
}

// renamed is the document with one field under another name.
func renamed(document map[string]any, from, to string) map[string]any {
	fresh := maps.Clone(document)
	if value, found := fresh[from]; found {
		delete(fresh, from)
		fresh[to] = value
	}
	return fresh
}
