// Package provenancetest is a private Sigstore for tests and demonstrations. It signs attestations as GitHub's
// actions/attest does, with a certificate authority, a certificate log, a transparency log and a timestamp authority
// that nobody else trusts. It uses no network.
package provenancetest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	rekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore/pkg/signature"
	sigdsse "github.com/sigstore/sigstore/pkg/signature/dsse"
)

// BundleMediaType is the media type of the bundles that Attest makes.
const BundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// Signer signs attestations. Like real certificates of this kind, its certificates are valid for about ten minutes.
type Signer struct {
	issuer    *x509.Certificate
	issuerKey *ecdsa.PrivateKey
	ctKey     *ecdsa.PrivateKey
	logs      *ca.VirtualSigstore // transparency log and timestamp authority
	trusted   *root.TrustedRoot
}

// NewSigner makes the authorities.
func NewSigner() (*Signer, error) {
	logs, err := ca.NewVirtualSigstore()
	if err != nil {
		return nil, fmt.Errorf("make the logs: %w", err)
	}
	rootCert, rootKey, err := ca.GenerateRootCa()
	if err != nil {
		return nil, fmt.Errorf("make the root certificate: %w", err)
	}
	s := &Signer{logs: logs}
	if s.issuer, s.issuerKey, err = ca.GenerateFulcioIntermediate(rootCert, rootKey); err != nil {
		return nil, fmt.Errorf("make the issuing certificate: %w", err)
	}
	if s.ctKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, fmt.Errorf("make the certificate log's key: %w", err)
	}
	start, end := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	ctID := s.ctID()
	ctLog := &root.TransparencyLog{
		BaseURL: "https://ct.example", ID: ctID[:], ValidityPeriodStart: start, ValidityPeriodEnd: end,
		HashFunc: crypto.SHA256, PublicKey: s.ctKey.Public(), SignatureHashFunc: crypto.SHA256,
	}
	rekorLogs := logs.RekorLogs()
	for id, log := range rekorLogs {
		if log.ID, err = hex.DecodeString(id); err != nil { // The virtual log stores the id as hexadecimal text.
			return nil, fmt.Errorf("read the log's id: %w", err)
		}
	}
	fulcio := &root.FulcioCertificateAuthority{
		URI: "https://fulcio.example", Root: rootCert, Intermediates: []*x509.Certificate{s.issuer},
		ValidityPeriodStart: start, ValidityPeriodEnd: end,
	}
	s.trusted, err = root.NewTrustedRoot(root.TrustedRootMediaType01, []root.CertificateAuthority{fulcio},
		map[string]*root.TransparencyLog{hex.EncodeToString(ctID[:]): ctLog}, logs.TimestampingAuthorities(), rekorLogs)
	return s, err
}

// TrustedRoot returns a trusted root that trusts this signer alone.
func (s *Signer) TrustedRoot() root.TrustedMaterial { return s.trusted }

// TrustedRootJSON returns the content of a trusted root file that trusts this signer alone.
func (s *Signer) TrustedRootJSON() ([]byte, error) { return s.trusted.MarshalJSON() }

// Attestation says what to sign, and as whom. GitHub fills it in.
type Attestation struct {
	// Digest is the digest of the statement's subject, sha256:HEX.
	Digest string
	// PredicateType and Predicate go into the statement.
	PredicateType string
	Predicate     any
	// Change changes the statement before it is signed. Default: nothing.
	Change func(statement map[string]any)
	// SAN is the certificate's subject, and Claims its extensions.
	SAN    string
	Claims certificate.Extensions
	// NoSCT, NoLog and NoTimestamp leave out the certificate log's promise, the log entry and the signed timestamp.
	NoSCT, NoLog, NoTimestamp bool
}

// Build is a workflow run as GitHub describes it.
type Build struct {
	// Repository is OWNER/NAME, RepositoryID its number as text, Workflow the path of the workflow file, Ref the full git
	// ref and Commit the git commit.
	Repository, RepositoryID, Workflow, Ref, Commit string
	// Builder is the reusable workflow that signs, as OWNER/NAME/PATH@REF. Default: the workflow itself.
	Builder string
}

// GitHub returns the build provenance that actions/attest writes on a GitHub-hosted runner.
func GitHub(digest string, b Build) Attestation {
	repository := "https://github.com/" + b.Repository
	workflow := repository + "/" + b.Workflow + "@" + b.Ref
	builder, builderCommit := workflow, b.Commit
	if b.Builder != "" {
		builder = "https://github.com/" + b.Builder
		_, builderCommit, _ = strings.Cut(b.Builder, "@")
	}
	run := repository + "/actions/runs/1/attempts/1"
	return Attestation{
		Digest: digest, PredicateType: "https://slsa.dev/provenance/v1", SAN: builder,
		Predicate: map[string]any{
			"buildDefinition": map[string]any{
				"buildType": "https://actions.github.io/buildtypes/workflow/v1",
				"externalParameters": map[string]any{
					"workflow": map[string]any{"ref": b.Ref, "repository": repository, "path": b.Workflow},
				},
				"internalParameters": map[string]any{
					"github": map[string]any{"event_name": "push", "repository_id": b.RepositoryID, "runner_environment": "github-hosted"},
				},
				"resolvedDependencies": []any{
					map[string]any{"uri": "git+" + repository + "@" + b.Ref, "digest": map[string]any{"gitCommit": b.Commit}},
				},
			},
			"runDetails": map[string]any{
				"builder": map[string]any{"id": builder}, "metadata": map[string]any{"invocationId": run},
			},
		},
		Claims: certificate.Extensions{
			Issuer: "https://token.actions.githubusercontent.com", BuildSignerURI: builder, BuildSignerDigest: builderCommit,
			RunnerEnvironment: "github-hosted", SourceRepositoryURI: repository, SourceRepositoryDigest: b.Commit,
			SourceRepositoryRef: b.Ref, SourceRepositoryIdentifier: b.RepositoryID, BuildConfigURI: workflow,
			BuildConfigDigest: b.Commit, BuildTrigger: "push", RunInvocationURI: run,
		},
	}
}

// Attest signs a statement and returns the Sigstore bundle as JSON.
func (s *Signer) Attest(a Attestation) ([]byte, error) {
	content := map[string]any{
		"_type":         "https://in-toto.io/Statement/v1",
		"subject":       []any{map[string]any{"name": "image", "digest": map[string]any{"sha256": a.Digest[len("sha256:"):]}}},
		"predicateType": a.PredicateType, "predicate": a.Predicate,
	}
	if a.Change != nil {
		a.Change(content)
	}
	statement, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("write the statement: %w", err)
	}
	leaf, key, err := s.leaf(a)
	if err != nil {
		return nil, fmt.Errorf("issue the certificate: %w", err)
	}
	signer, err := signature.LoadECDSASigner(key, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("use the key: %w", err)
	}
	sealer, err := dsse.NewEnvelopeSigner(&sigdsse.SignerAdapter{SignatureSigner: signer, Pub: leaf.PublicKey})
	if err != nil {
		return nil, fmt.Errorf("use the key: %w", err)
	}
	envelope, err := sealer.SignPayload(context.Background(), "application/vnd.in-toto+json", statement)
	if err != nil {
		return nil, fmt.Errorf("sign the statement: %w", err)
	}
	sig, err := base64.StdEncoding.DecodeString(envelope.Signatures[0].Sig)
	if err != nil {
		return nil, fmt.Errorf("read the signature: %w", err)
	}
	material, err := s.witness(a, leaf, envelope, sig)
	if err != nil {
		return nil, err
	}
	packed, err := bundle.NewBundle(&protobundle.Bundle{
		MediaType: BundleMediaType, VerificationMaterial: material,
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload: statement, PayloadType: envelope.PayloadType, Signatures: []*protodsse.Signature{{Sig: sig}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("pack the bundle: %w", err)
	}
	return packed.MarshalJSON()
}

// witness has the transparency log and the timestamp authority confirm the signature.
func (s *Signer) witness(a Attestation, leaf *x509.Certificate, envelope *dsse.Envelope, sig []byte) (*protobundle.VerificationMaterial,
	error) {
	material := &protobundle.VerificationMaterial{
		Content: &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: leaf.Raw}},
	}
	if !a.NoLog {
		entry, err := s.logs.GenerateTlogEntry(leaf, envelope, sig, time.Now().Unix(), true)
		if err != nil {
			return nil, fmt.Errorf("log the signature: %w", err)
		}
		logged := entry.TransparencyLogEntry()
		promise, err := s.logs.RekorSignPayload(tlog.RekorPayload{
			Body:           base64.StdEncoding.EncodeToString(logged.CanonicalizedBody),
			IntegratedTime: logged.IntegratedTime, LogIndex: logged.LogIndex, LogID: hex.EncodeToString(logged.LogId.KeyId),
		})
		if err != nil {
			return nil, fmt.Errorf("promise to log the signature: %w", err)
		}
		logged.KindVersion = &rekor.KindVersion{Kind: "dsse", Version: "0.0.1"}
		logged.InclusionPromise = &rekor.InclusionPromise{SignedEntryTimestamp: promise}
		material.TlogEntries = []*rekor.TransparencyLogEntry{logged}
	}
	if !a.NoTimestamp {
		stamp, err := s.logs.TimestampResponse(sig)
		if err != nil {
			return nil, fmt.Errorf("timestamp the signature: %w", err)
		}
		material.TimestampVerificationData = &protobundle.TimestampVerificationData{
			Rfc3161Timestamps: []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: stamp}},
		}
	}
	return material, nil
}

// ctID returns the certificate log's id: the hash of its public key.
func (s *Signer) ctID() [sha256.Size]byte {
	public, err := x509.MarshalPKIXPublicKey(s.ctKey.Public())
	if err != nil {
		panic(err) // A key made here can always be encoded.
	}
	return sha256.Sum256(public)
}
