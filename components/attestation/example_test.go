package attestation_test

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/attestation"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewAttestation() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		_, err := attestation.NewAttestation(ctx, "attestation", &attestation.AttestationArgs{
			Project: pulumi.String("shop-prod"), Location: pulumi.String("us-central1"), KeyRing: "attestation",
			Exemptions: []string{"us-docker.pkg.dev/cloudrun/container/hello@sha256:" + strings.Repeat("0", 64)},
		})
		return err
	}, pulumitest.WithKey())
	// Output:
	// procureflow:attestation:Attestation attestation
	// gcp:binaryauthorization/attestor:Attestor attestation-attestor
	// gcp:kms/cryptoKey:CryptoKey attestation-key
	// gcp:kms/keyRing:KeyRing attestation-key-ring
	// gcp:containeranalysis/note:Note attestation-note
	// gcp:containeranalysis/noteIamMember:NoteIamMember attestation-note-reader
	// gcp:binaryauthorization/policy:Policy attestation-policy
}
