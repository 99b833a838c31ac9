package provenancetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net/url"
	"time"

	ct "github.com/google/certificate-transparency-go"
	cttls "github.com/google/certificate-transparency-go/tls"
	ctx509 "github.com/google/certificate-transparency-go/x509"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
)

// sctList is the certificate extension that holds the promises of certificate logs (RFC 6962, section 3.3).
var sctList = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}

// leaf issues a signing certificate.
func (s *Signer) leaf(a Attestation) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	subject, err := url.Parse(a.SAN)
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), URIs: []*url.URL{subject},
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(9 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	if template.ExtraExtensions, err = extensions(a.Claims); err != nil {
		return nil, nil, err
	}
	cert, err := s.issue(template, key)
	if err != nil || a.NoSCT {
		return cert, key, err
	}
	// The log's promise is about the certificate without the promise, so the certificate is issued twice.
	promise, err := s.promise(cert)
	if err != nil {
		return nil, nil, err
	}
	template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: sctList, Value: promise})
	cert, err = s.issue(template, key)
	return cert, key, err
}

func (s *Signer) issue(template *x509.Certificate, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	raw, err := x509.CreateCertificate(rand.Reader, template, s.issuer, key.Public(), s.issuerKey)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(raw)
}

// extensions writes claims the way Fulcio does.
func extensions(claims certificate.Extensions) (list []pkix.Extension, err error) {
	for _, claim := range []struct {
		id    asn1.ObjectIdentifier
		value string
	}{
		{certificate.OIDIssuerV2, claims.Issuer},
		{certificate.OIDBuildSignerURI, claims.BuildSignerURI},
		{certificate.OIDBuildSignerDigest, claims.BuildSignerDigest},
		{certificate.OIDRunnerEnvironment, claims.RunnerEnvironment},
		{certificate.OIDSourceRepositoryURI, claims.SourceRepositoryURI},
		{certificate.OIDSourceRepositoryDigest, claims.SourceRepositoryDigest},
		{certificate.OIDSourceRepositoryRef, claims.SourceRepositoryRef},
		{certificate.OIDSourceRepositoryIdentifier, claims.SourceRepositoryIdentifier},
		{certificate.OIDBuildConfigURI, claims.BuildConfigURI},
		{certificate.OIDBuildConfigDigest, claims.BuildConfigDigest},
		{certificate.OIDBuildTrigger, claims.BuildTrigger},
		{certificate.OIDRunInvocationURI, claims.RunInvocationURI},
	} {
		if claim.value == "" {
			continue
		}
		value, err := asn1.MarshalWithParams(claim.value, "utf8")
		if err != nil {
			return nil, fmt.Errorf("write claim %s: %w", claim.id, err)
		}
		list = append(list, pkix.Extension{Id: claim.id, Value: value})
	}
	return list, nil
}

// promise returns the certificate log's signed promise to list a certificate, as the value of the extension.
func (s *Signer) promise(cert *x509.Certificate) ([]byte, error) {
	sct := ct.SignedCertificateTimestamp{
		SCTVersion: ct.V1, LogID: ct.LogID{KeyID: s.ctID()}, Timestamp: uint64(time.Now().UnixMilli()),
	}
	input, err := ct.SerializeSCTSignatureInput(sct, ct.LogEntry{Leaf: ct.MerkleTreeLeaf{
		Version: ct.V1, LeafType: ct.TimestampedEntryLeafType,
		TimestampedEntry: &ct.TimestampedEntry{
			Timestamp: sct.Timestamp, EntryType: ct.PrecertLogEntryType,
			PrecertEntry: &ct.PreCert{
				IssuerKeyHash: sha256.Sum256(s.issuer.RawSubjectPublicKeyInfo), TBSCertificate: cert.RawTBSCertificate,
			},
		},
	}})
	if err != nil {
		return nil, err
	}
	hashed := sha256.Sum256(input)
	sig, err := ecdsa.SignASN1(rand.Reader, s.ctKey, hashed[:])
	if err != nil {
		return nil, err
	}
	sct.Signature = ct.DigitallySigned{
		Algorithm: cttls.SignatureAndHashAlgorithm{Hash: cttls.SHA256, Signature: cttls.ECDSA}, Signature: sig,
	}
	raw, err := cttls.Marshal(sct)
	if err != nil {
		return nil, err
	}
	list, err := cttls.Marshal(ctx509.SignedCertificateTimestampList{SCTList: []ctx509.SerializedSCT{{Val: raw}}})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(list)
}
