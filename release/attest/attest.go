// Package attest signs an image for Binary Authorization, so that Cloud Run starts it. Cloud Run refuses every image without such a
// signature. The caller verifies the image's provenance first; the signature confirms only that.
package attest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"

	"google.golang.org/api/binaryauthorization/v1"
	"google.golang.org/api/cloudkms/v1"
	"google.golang.org/api/containeranalysis/v1"

	"github.com/guiofsaints/procureflow-platform/release/gcp"
)

// Endpoints are the base URLs of the APIs. An empty URL is Google's API, called with the application default credentials. Any other URL
// has to be on this machine.
type Endpoints struct {
	KMS, Analysis, BinaryAuthorization string
	// TokenFile is the file with the access token for APIs on this machine. Default: they are called without credentials.
	TokenFile string
}

// Request names the image to sign, the attestor and the key.
type Request struct {
	// Image is REGISTRY/REPOSITORY@sha256:<64 hex>, as Cloud Run will get it. Required.
	Image string
	// Attestor is projects/PROJECT/attestors/ATTESTOR. The attestation is stored in its project. Required.
	Attestor string
	// Key is a version of an EC_SIGN_P256_SHA256 key, projects/…/cryptoKeyVersions/N. The attestor has to list it. Required.
	Key string
}

// Result names the image's attestation.
type Result struct {
	// Image is the image of the request.
	Image string `json:"image"`
	// Attestation is the occurrence's name, projects/PROJECT/occurrences/ID.
	Attestation string `json:"attestation"`
	// Created says that this call made the attestation; false means that a valid one existed.
	Created bool `json:"created"`
}

// Signer holds the clients of the APIs.
type Signer struct {
	kms         *cloudkms.Service
	analysis    *containeranalysis.Service
	authorities *binaryauthorization.Service
}

// New makes the clients. It sends nothing.
func New(ctx context.Context, endpoints Endpoints) (*Signer, error) {
	kms, err := gcp.ClientOptions(endpoints.KMS, endpoints.TokenFile)
	if err != nil {
		return nil, err
	}
	analysis, err := gcp.ClientOptions(endpoints.Analysis, endpoints.TokenFile)
	if err != nil {
		return nil, err
	}
	authorities, err := gcp.ClientOptions(endpoints.BinaryAuthorization, endpoints.TokenFile)
	if err != nil {
		return nil, err
	}
	s := &Signer{}
	var problems [3]error
	s.kms, problems[0] = cloudkms.NewService(ctx, kms...)
	s.analysis, problems[1] = containeranalysis.NewService(ctx, analysis...)
	s.authorities, problems[2] = binaryauthorization.NewService(ctx, authorities...)
	return s, errors.Join(problems[:]...)
}

var (
	imagePattern    = regexp.MustCompile(`^([^@\s]+/[^@\s]+)@(sha256:[0-9a-f]{64})$`)
	attestorPattern = regexp.MustCompile(`^(projects/[a-z][a-z0-9.:-]*)/attestors/[A-Za-z0-9_-]+$`)
	keyPattern      = regexp.MustCompile(`^projects/[^/\s]+/locations/[^/\s]+/keyRings/[^/\s]+/cryptoKeys/[^/\s]+/cryptoKeyVersions/[1-9][0-9]*$`)
)

// Check returns everything that is wrong with the request.
func (r Request) Check() error {
	var problems []error
	if !imagePattern.MatchString(r.Image) {
		problems = append(problems,
			fmt.Errorf("image is %q; give REGISTRY/REPOSITORY@sha256:<64 hex>: a tag can name another image tomorrow", r.Image))
	}
	if !attestorPattern.MatchString(r.Attestor) {
		problems = append(problems, fmt.Errorf("attestor is %q; give projects/PROJECT/attestors/ATTESTOR", r.Attestor))
	}
	if !keyPattern.MatchString(r.Key) {
		problems = append(problems, fmt.Errorf("key is %q; give projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N", r.Key))
	}
	return errors.Join(problems...)
}

// payload returns the bytes to sign: the simple signing format with Binary Authorization's type. The same image gives the same bytes.
func (r Request) payload() ([]byte, error) {
	var document struct {
		Critical struct {
			Identity struct {
				Reference string `json:"docker-reference"`
			} `json:"identity"`
			Image struct {
				Digest string `json:"docker-manifest-digest"`
			} `json:"image"`
			Type string `json:"type"`
		} `json:"critical"`
	}
	parts := imagePattern.FindStringSubmatch(r.Image)
	document.Critical.Identity.Reference, document.Critical.Image.Digest = parts[1], parts[2]
	document.Critical.Type = "Google cloud binauthz container signature" // Google's own tools write this value.
	return json.Marshal(document)
}

// Sign attests the image, unless the key has already signed a valid attestation of it. Before it stores the signature, it verifies it
// with the attestor's own copy of the public key.
func (s *Signer) Sign(ctx context.Context, r Request) (Result, error) {
	result := Result{Image: r.Image}
	if err := r.Check(); err != nil {
		return result, err
	}
	payload, err := r.payload()
	if err != nil {
		return result, err
	}
	note, public, err := s.authority(ctx, r)
	if err != nil {
		return result, err
	}
	if result.Attestation, err = s.find(ctx, r, note, payload, public); err != nil || result.Attestation != "" {
		return result, err
	}
	signature, err := s.sign(ctx, r.Key, payload, public)
	if err != nil {
		return result, err
	}
	parent := attestorPattern.FindStringSubmatch(r.Attestor)[1]
	made, err := s.analysis.Projects.Occurrences.Create(parent, &containeranalysis.Occurrence{
		ResourceUri: resource(r.Image), NoteName: note, Kind: "ATTESTATION",
		Attestation: &containeranalysis.AttestationOccurrence{
			SerializedPayload: base64.StdEncoding.EncodeToString(payload),
			Signatures:        []*containeranalysis.Signature{{PublicKeyId: keyID(r.Key), Signature: base64.StdEncoding.EncodeToString(signature)}},
		},
	}).Context(ctx).Do()
	if err != nil {
		return result, fmt.Errorf("attest %s in %s: %s", r.Image, parent, gcp.Reason(err))
	}
	result.Attestation, result.Created = made.Name, true
	return result, nil
}

func resource(image string) string { return "https://" + image }
func keyID(key string) string      { return "//cloudkms.googleapis.com/v1/" + key }

// authority returns the attestor's note and the public key with which the attestor checks the requested key version. Binary Authorization
// would refuse a signature by a key that the attestor does not list.
func (s *Signer) authority(ctx context.Context, r Request) (note string, public *ecdsa.PublicKey, err error) {
	attestor, err := s.authorities.Projects.Attestors.Get(r.Attestor).Context(ctx).Do()
	if err != nil {
		return "", nil, fmt.Errorf("read %s: %s", r.Attestor, gcp.Reason(err))
	}
	owned := attestor.UserOwnedGrafeasNote
	if owned == nil || owned.NoteReference == "" {
		return "", nil, fmt.Errorf("%s has no note: give it one", r.Attestor)
	}
	for _, key := range owned.PublicKeys {
		if key.Id != keyID(r.Key) || key.PkixPublicKey == nil {
			continue
		}
		if algorithm := key.PkixPublicKey.SignatureAlgorithm; algorithm != "ECDSA_P256_SHA256" && algorithm != "EC_SIGN_P256_SHA256" {
			return "", nil, fmt.Errorf("%s expects a signature of the kind %q by %s; only ECDSA_P256_SHA256 is made here", r.Attestor, algorithm,
				r.Key)
		}
		block, _ := pem.Decode([]byte(key.PkixPublicKey.PublicKeyPem))
		if block == nil {
			return "", nil, fmt.Errorf("the public key of %s at %s is not PEM: run the stack's `pulumi up`, which writes it there", r.Key,
				r.Attestor)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return "", nil, fmt.Errorf("the public key of %s at %s: %w", r.Key, r.Attestor, err)
		}
		public, ok := parsed.(*ecdsa.PublicKey)
		if !ok || public.Curve != elliptic.P256() {
			return "", nil, fmt.Errorf("the public key of %s at %s is not an ECDSA key on P-256: sign with a key of the algorithm "+
				"EC_SIGN_P256_SHA256", r.Key, r.Attestor)
		}
		return owned.NoteReference, public, nil
	}
	return "", nil, fmt.Errorf("%s has no public key with the id %s, so a signature by that key would not count there: add the key's version "+
		"to binaryAuthorization.keyVersions and run `pulumi up`", r.Attestor, keyID(r.Key))
}

// find returns the name of an attestation of the image that the key signed, or nothing. It skips attestations that do not verify.
func (s *Signer) find(ctx context.Context, r Request, note string, payload []byte, public *ecdsa.PublicKey) (name string, err error) {
	call := s.analysis.Projects.Notes.Occurrences.List(note).Filter(fmt.Sprintf("resourceUrl=%q", resource(r.Image)))
	err = call.Pages(ctx, func(page *containeranalysis.ListNoteOccurrencesResponse) error {
		for _, occurrence := range page.Occurrences {
			if name == "" && occurrence.ResourceUri == resource(r.Image) && occurrence.NoteName == note &&
				verified(occurrence.Attestation, r.Key, payload, public) {
				name = occurrence.Name
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("look for an attestation of %s at %s: %s", r.Image, note, gcp.Reason(err))
	}
	return name, nil
}

func verified(attestation *containeranalysis.AttestationOccurrence, key string, payload []byte, public *ecdsa.PublicKey) bool {
	if attestation == nil || string(unbase64(attestation.SerializedPayload)) != string(payload) {
		return false
	}
	digest := sha256.Sum256(payload)
	for _, signature := range attestation.Signatures {
		if signature.PublicKeyId == keyID(key) && ecdsa.VerifyASN1(public, digest[:], unbase64(signature.Signature)) {
			return true
		}
	}
	return false
}

// unbase64 reads standard and URL-safe base64, since the APIs use both for these fields. Any other text gives no bytes, which verify
// nothing.
func unbase64(text string) []byte {
	raw, err := base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(text))
	if err != nil {
		return nil
	}
	return raw
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sign has the key management service sign the digest, with the service's checksums against damage in transit.
func (s *Signer) sign(ctx context.Context, key string, payload []byte, public *ecdsa.PublicKey) ([]byte, error) {
	digest := sha256.Sum256(payload)
	answer, err := s.kms.Projects.Locations.KeyRings.CryptoKeys.CryptoKeyVersions.AsymmetricSign(key, &cloudkms.AsymmetricSignRequest{
		Digest:       &cloudkms.Digest{Sha256: base64.StdEncoding.EncodeToString(digest[:])},
		DigestCrc32c: int64(crc32.Checksum(digest[:], castagnoli)),
	}).Context(ctx).Do()
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %s", key, gcp.Reason(err))
	}
	signature := unbase64(answer.Signature)
	switch {
	case answer.Name != key:
		return nil, fmt.Errorf("the key %s was asked to sign, and %q signed; nothing was attested: try again", key, answer.Name)
	case !answer.VerifiedDigestCrc32c || answer.SignatureCrc32c != int64(crc32.Checksum(signature, castagnoli)):
		return nil, fmt.Errorf("the signature of %s was damaged on the way; nothing was attested: try again", key)
	case !ecdsa.VerifyASN1(public, digest[:], signature):
		return nil, fmt.Errorf("the signature of %s does not verify with the public key of the attestor; nothing was attested: compare the two "+
			"public keys, and run the stack's `pulumi up` if they differ", key)
	}
	return signature, nil
}
