// Package attestation makes Cloud Run start only signed images. It makes a signing key in Cloud KMS, a note in Container Analysis to
// which signatures are attached, an attestor of Binary Authorization that knows the public key, and the project's policy, which
// refuses every image that the attestor did not sign.
//
//	signed, err := attestation.NewAttestation(ctx, "attestation", &attestation.AttestationArgs{
//		Project:    pulumi.String("procureflow-prod"),
//		Location:   pulumi.String("us-central1"),
//		KeyRing:    "attestation",
//		Exemptions: []string{"us-docker.pkg.dev/cloudrun/container/hello@sha256:…"},
//	})
//
// The component lets Binary Authorization's own account read the attachments of the note, and grants nothing else. The account that
// signs needs three grants: to sign with the key, to attach to the note, and to read the attestor's public key.
//
// # What outlives it
//
// Cloud KMS keeps key rings for ever, and the name of a deleted key can never be used again
// (https://docs.cloud.google.com/kms/docs/delete-kms-resources). Deleting the component destroys the key's versions: nobody can sign
// any more, and no signature counts. A later component of the same project needs another KeyRing.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one.
package attestation
