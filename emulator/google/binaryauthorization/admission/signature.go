package admission

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"regexp"
)

// Key is an attestor's public key on the curve P-256. A key of another kind verifies nothing here.
type Key struct {
	// ID is the key id that a signature carries. It is compared exactly.
	ID string
	// PEM is the key in PKIX form.
	PEM string
}

// Attestation is an occurrence of an attestor's note: a signed statement about an image.
type Attestation struct {
	// Resource is the image, with https:// before it.
	Resource string
	// Payload is the signed text.
	Payload []byte
	// Signatures may be by any keys.
	Signatures []Signature
}

// Signature is an ASN.1-encoded ECDSA signature of the payload's SHA-256.
type Signature struct {
	// KeyID is the id of the public key in the attestor. Value is the signature.
	KeyID string
	Value []byte
}

// payloadType is the type of statement that Binary Authorization signs and expects.
const payloadType = "Google cloud binauthz container signature"

var byDigest = regexp.MustCompile(`@(sha256:[0-9a-f]{64})$`)

// denies returns the reason why the attestor does not vouch for the image, or "" if it does.
func (a Attestor) denies(image string) string {
	digest := byDigest.FindStringSubmatch(image)
	if digest == nil {
		return "Expected digest with sha256 scheme, but got tag or malformed digest"
	}
	for _, attestation := range a.Attestations {
		if attestation.Resource == "https://"+image && about(attestation.Payload, digest[1]) && a.signed(attestation) {
			return ""
		}
	}
	return "No attestations found that were valid and signed by a key trusted by the attestor"
}

// about reports whether the payload is a statement about that digest. Only the signed payload counts, not the image under which
// it is stored.
func about(payload []byte, digest string) bool {
	var statement struct {
		Critical struct {
			Image struct {
				Digest string `json:"docker-manifest-digest"`
			} `json:"image"`
			Type string `json:"type"`
		} `json:"critical"`
	}
	return json.Unmarshal(payload, &statement) == nil && statement.Critical.Image.Digest == digest && statement.Critical.Type == payloadType
}

func (a Attestor) signed(attestation Attestation) bool {
	digest := sha256.Sum256(attestation.Payload)
	for _, signature := range attestation.Signatures {
		for _, key := range a.Keys {
			if public := key.public(); key.ID == signature.KeyID && public != nil && ecdsa.VerifyASN1(public, digest[:], signature.Value) {
				return true
			}
		}
	}
	return false
}

// public returns the key, or nil if it cannot be used.
func (k Key) public() *ecdsa.PublicKey {
	block, _ := pem.Decode([]byte(k.PEM))
	if block == nil {
		return nil
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return nil
	}
	return public
}
