package program

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/attestation"
	"github.com/guiofsaints/procureflow-platform/components/identity"
)

// The custom roles for attestation. No predefined role reads everything and changes nothing, and the predefined role that
// makes occurrences also changes and deletes them.
const (
	attestationReaderRole = "AttestationReader"
	attesterRole          = "Attester"
)

// writeAttestation makes Cloud Run refuse images that nobody signed, if the settings ask for it. The bootstrap images
// that services start with are exempt, by digest, because nobody here signs Google's sample.
func (p *platform) writeAttestation(ctx *pulumi.Context) error {
	s := p.settings.BinaryAuthorization
	if s == nil {
		return nil
	}
	exemptions := slices.Clone(s.Exemptions)
	for _, key := range p.serviceKeys() {
		exemptions = append(exemptions, p.settings.Services[key].BootstrapImage)
	}
	var err error
	p.attestation, err = attestation.NewAttestation(ctx, "attestation", &attestation.AttestationArgs{
		Project:         p.projectID(),
		Location:        p.region(),
		KeyRing:         s.KeyRing,
		ProtectionLevel: s.ProtectionLevel,
		KeyVersions:     s.KeyVersions,
		Exemptions:      slices.Compact(slices.Sorted(slices.Values(exemptions))),
		Labels:          p.labels(),
	}, p.inProject()...)
	return err
}

// signingGrants returns the grants that `release sign` needs, for the account that promotes.
func (p *platform) signingGrants() []identity.Grant {
	if p.attestation == nil {
		return nil
	}
	return []identity.Grant{
		{
			Role: "roles/cloudkms.signer", Reason: "Signs what it promoted, once the provenance is verified.",
			Scope: identity.KeyScope{Key: "attestation", CryptoKey: p.attestation.Key},
		},
		{
			Role: "roles/containeranalysis.notes.attacher", Reason: "Attaches the signature to the attestor's note.",
			Scope: identity.NoteScope{Key: "attestation", Note: p.attestation.NoteName},
		},
		{
			Role: "roles/containeranalysis.notes.occurrences.viewer", Reason: "Finds out whether the image is signed already.",
			Scope: identity.NoteScope{Key: "attestation", Note: p.attestation.NoteName},
		},
		{
			Role: "roles/binaryauthorization.attestorsViewer", Reason: "Checks its signature with the attestor's public key.",
			Scope: identity.AttestorScope{Key: "attestation", Attestor: p.attestation.AttestorName},
		},
		{
			Role: "attester", CustomRole: p.role(attesterRole), Scope: identity.ProjectScope{},
			Reason: "Records signatures. It may neither change nor delete one.",
		},
	}
}

// attestationReads returns the grants that let an account run the program, which reads the attestor's key. No account of
// the pipeline may change the policy, the attestor or the key. Only a person does.
func (p *platform) attestationReads() []identity.Grant {
	if p.attestation == nil {
		return nil
	}
	return []identity.Grant{{
		Role: "attestation-reader", CustomRole: p.role(attestationReaderRole), Scope: identity.ProjectScope{},
		Reason: "Reads the policy, attestor and key of Binary Authorization; the program reads the public key in every run.",
	}}
}
