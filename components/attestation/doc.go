// Package attestation lets Cloud Run start only images that were signed: a signing key in Cloud KMS, a note in Container
// Analysis that signatures are attached to, an attestor of Binary Authorization that knows the public key, and the project's
// policy, which refuses every image that the attestor did not sign.
//
//	signed, err := attestation.NewAttestation(ctx, "attestation", &attestation.AttestationArgs{
//		Project:    pulumi.String("procureflow-prod"),
//		Location:   pulumi.String("us-central1"),
//		KeyRing:    "attestation",
//		Exemptions: []string{"us-docker.pkg.dev/cloudrun/container/hello@sha256:…"},
//	})
//
// The component lets Binary Authorization's own account read what is attached to the note, and grants nothing else. Whoever
// signs needs the key to sign with, the note to attach to and the attestor to read its
// public key, each by a grant on that resource.
//
// # What outlives it
//
// Cloud KMS keeps key rings for ever, and never gives the name of a deleted key out again
// (https://docs.cloud.google.com/kms/docs/delete-kms-resources). Deleting the component destroys the key's versions. Nothing signs
// any more and no signature counts. A later component of the same project needs another KeyRing.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one.
package attestation
