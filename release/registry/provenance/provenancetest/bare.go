package provenancetest

import (
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
)

// Bare signs the digest alone, as `cosign sign` does, and returns the Sigstore bundle as JSON. The bundle has a workflow's certificate
// and a timestamp, but no statement about how the image was made.
func (s *Signer) Bare(a Attestation) ([]byte, error) {
	a.NoLog = true // This package's log accepts only statements.
	digest, err := hex.DecodeString(a.Digest[len("sha256:"):])
	if err != nil {
		return nil, fmt.Errorf("read the digest: %w", err)
	}
	leaf, key, err := s.leaf(a)
	if err != nil {
		return nil, fmt.Errorf("issue the certificate: %w", err)
	}
	sig, err := ecdsa.SignASN1(rand.Reader, key, digest)
	if err != nil {
		return nil, fmt.Errorf("sign the digest: %w", err)
	}
	material, err := s.witness(a, leaf, nil, sig)
	if err != nil {
		return nil, err
	}
	packed, err := bundle.NewBundle(&protobundle.Bundle{
		MediaType: BundleMediaType, VerificationMaterial: material,
		Content: &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
			MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: digest}, Signature: sig,
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("pack the bundle: %w", err)
	}
	return packed.MarshalJSON()
}
