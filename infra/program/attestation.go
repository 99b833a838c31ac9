package program

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/attestation"
	"github.com/guiofsaints/procureflow-platform/components/identity"
)

// The custom roles that attestation takes. No predefined role reads all of it and changes nothing, and the one that makes
// occurrences changes and deletes them as well.
const (
	attestationReaderRole = "AttestationReader"
	attesterRole          = "Attester"
)

// writeAttestation has Cloud Run refuse images that nobody signed, where the settings ask for it. What a service starts
// before anything was promoted is exempt, by digest: Google's sample is nobody's to sign.
func (p *platform) writeAttestation(ctx *pulumi.Context) error {
	s := p.settings.BinaryAuthorization
	if s == nil {
		return nil
	}
	exemptions := append([]string{}, s.Exemptions...)
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
		Exemptions:      unique(exemptions),
		Labels:          p.labels(),
	}, p.inProject()...)
	return err
}

// signingGrants are what `release sign` takes, for the account that promotes.
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
			Reason: "Writes signatures down, without changing or deleting one.",
		},
	}
}

// attestationReads let an account run the program, which reads the attestor's key. Nobody in the pipeline changes what is
// refused, who signs, or the key: that is left to a person.
func (p *platform) attestationReads() []identity.Grant {
	if p.attestation == nil {
		return nil
	}
	return []identity.Grant{{
		Role: "attestation-reader", CustomRole: p.role(attestationReaderRole), Scope: identity.ProjectScope{},
		Reason: "Reads what Binary Authorization asks for; the program reads the public key in every run.",
	}}
}

// unique is the list in order, each entry once.
func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
