package containeranalysis

import (
	"maps"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// Container Analysis v1beta1 stores a note's authority and an occurrence's signatures in other fields than v1. The two versions
// agree in everything else that the emulator has.

func noteFromBeta(beta map[string]any) map[string]any {
	return renamed(beta, "attestationAuthority", "attestation")
}

func noteToBeta(note map[string]any) map[string]any {
	return renamed(note, "attestation", "attestationAuthority")
}

func occurrenceFromBeta(beta map[string]any) map[string]any {
	occurrence := doc.Without(beta, "resource", "attestation")
	if uri := doc.Text(beta, "resource", "uri"); uri != "" {
		occurrence["resourceUri"] = uri
	}
	if signed := doc.Object(beta, "attestation", "attestation", "genericSignedAttestation"); signed != nil {
		occurrence["attestation"] = doc.Without(signed, "contentType") // v1's only type is SIMPLE_SIGNING_JSON
	}
	return occurrence
}

func occurrenceToBeta(occurrence map[string]any) map[string]any {
	beta := doc.Without(occurrence, "resourceUri")
	beta["resource"] = map[string]any{"uri": occurrence["resourceUri"]}
	if signed := doc.Object(occurrence, "attestation"); signed != nil {
		signed = maps.Clone(signed)
		signed["contentType"] = "SIMPLE_SIGNING_JSON"
		beta["attestation"] = map[string]any{"attestation": map[string]any{"genericSignedAttestation": signed}}
	}
	return beta
}

// renamed returns the document with one field under another name.
func renamed(document map[string]any, from, to string) map[string]any {
	fresh := maps.Clone(document)
	if value, found := fresh[from]; found {
		delete(fresh, from)
		fresh[to] = value
	}
	return fresh
}
