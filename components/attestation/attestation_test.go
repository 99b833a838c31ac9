package attestation_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/attestation"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	ringType     = "gcp:kms/keyRing:KeyRing"
	keyType      = "gcp:kms/cryptoKey:CryptoKey"
	noteType     = "gcp:containeranalysis/note:Note"
	attestorType = "gcp:binaryauthorization/attestor:Attestor"
	memberType   = "gcp:containeranalysis/noteIamMember:NoteIamMember"
	policyType   = "gcp:binaryauthorization/policy:Policy"
	versionCall  = "gcp:kms/getKMSCryptoKeyVersion:getKMSCryptoKeyVersion"

	key = "projects/procureflow-prod/locations/us-central1/keyRings/attestation/cryptoKeys/release"
)

func args(change func(*attestation.AttestationArgs)) *attestation.AttestationArgs {
	args := &attestation.AttestationArgs{
		Project: pulumi.String("procureflow-prod"), Location: pulumi.String("us-central1"), KeyRing: "attestation",
		Exemptions: []string{"us-docker.pkg.dev/cloudrun/container/hello@sha256:" + strings.Repeat("a", 64)},
	}
	if change != nil {
		change(args)
	}
	return args
}

func run(t *testing.T, args *attestation.AttestationArgs, opts ...pulumitest.Option) (*pulumitest.Inventory, *attestation.Attestation) {
	t.Helper()
	var made *attestation.Attestation
	// The PEM text names the version whose key was read.
	read := func(args map[string]any) (map[string]any, error) {
		return map[string]any{"publicKeys": []any{map[string]any{"pem": fmt.Sprintf("PEM of %v/%v", args["cryptoKey"], args["version"])}}}, nil
	}
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) (err error) {
		made, err = attestation.NewAttestation(ctx, "attestation", args)
		return err
	}, append(opts, pulumitest.WithCall(versionCall, read))...)
	pulumitest.CheckParents(t, inventory)
	return inventory, made
}

func TestAttestationResources(t *testing.T) {
	t.Parallel()
	inventory, made := run(t, args(nil))
	for _, want := range []struct {
		typ, name string
		inputs    map[string]any
	}{
		{ringType, "attestation-key-ring", map[string]any{"project": "procureflow-prod", "location": "us-central1", "name": "attestation"}},
		{keyType, "attestation-key", map[string]any{
			"keyRing": "projects/procureflow-prod/locations/us-central1/keyRings/attestation", "name": "release", "purpose": "ASYMMETRIC_SIGN",
			"versionTemplate": map[string]any{"algorithm": "EC_SIGN_P256_SHA256", "protectionLevel": "SOFTWARE"},
		}},
		{noteType, "attestation-note", map[string]any{
			"project": "procureflow-prod", "name": "release", "shortDescription": "Images whose provenance was verified.",
			"attestationAuthority": map[string]any{"hint": map[string]any{"humanReadableName": "release"}},
		}},
		{attestorType, "attestation-attestor", map[string]any{
			"project": "procureflow-prod", "name": "release", "description": "Signs images whose provenance was verified.",
			"attestationAuthorityNote": map[string]any{"noteReference": "projects/procureflow-prod/notes/release",
				"publicKeys": []any{publicKey(1)}},
		}},
		{memberType, "attestation-note-reader", map[string]any{
			"project": "procureflow-prod", "note": "release", "role": "roles/containeranalysis.notes.occurrences.viewer",
			"member": "serviceAccount:service-" + pulumitest.DefaultProjectNumber + "@gcp-sa-binaryauthorization.iam.gserviceaccount.com",
		}},
		{policyType, "attestation-policy", map[string]any{
			"project": "procureflow-prod", "description": "Images start when the attestor signed them.", "globalPolicyEvaluationMode": "ENABLE",
			"admissionWhitelistPatterns": []any{map[string]any{"namePattern": "us-docker.pkg.dev/cloudrun/container/hello@sha256:" +
				strings.Repeat("a", 64)}},
			"defaultAdmissionRule": map[string]any{
				"evaluationMode": "REQUIRE_ATTESTATION", "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG",
				"requireAttestationsBies": []any{"projects/procureflow-prod/attestors/release"},
			},
		}},
	} {
		assert.Equal(t, want.inputs, inventory.One(t, want.typ, want.name).Inputs, want.typ)
	}
	assert.Equal(t, "projects/procureflow-prod/attestors/release", pulumitest.Value[string](t, made.Attestor))
	assert.Equal(t, "release", pulumitest.Value[string](t, made.AttestorName))
	assert.Equal(t, "release", pulumitest.Value[string](t, made.NoteName))
	assert.Equal(t, key, pulumitest.Value[string](t, made.Key))
	assert.Equal(t, key+"/cryptoKeyVersions/1", pulumitest.Value[string](t, made.KeyVersion))
	assert.Equal(t, []any{1.0}, inventory.One(t, attestation.TypeToken, "attestation").Inputs["keyVersions"],
		"policies see the value in force")
}

func publicKey(version int) map[string]any {
	return map[string]any{
		"id": fmt.Sprintf("//cloudkms.googleapis.com/v1/%s/cryptoKeyVersions/%d", key, version),
		"pkixPublicKey": map[string]any{
			"publicKeyPem": fmt.Sprintf("PEM of %s/%d", key, version), "signatureAlgorithm": "ECDSA_P256_SHA256",
		},
	}
}

// TestPublicKeysOfSeveralVersions checks a change of keys: the attestor accepts signatures by each version, and the newest version
// signs.
func TestPublicKeysOfSeveralVersions(t *testing.T) {
	t.Parallel()
	inventory, made := run(t, args(func(a *attestation.AttestationArgs) { a.KeyVersions = []int{1, 3} }))
	authority := inventory.One(t, attestorType, "attestation-attestor").Inputs["attestationAuthorityNote"].(map[string]any)
	assert.Equal(t, []any{publicKey(1), publicKey(3)}, authority["publicKeys"])
	assert.Equal(t, key+"/cryptoKeyVersions/3", pulumitest.Value[string](t, made.KeyVersion))
}

func TestSettingsReplaceDefaults(t *testing.T) {
	t.Parallel()
	inventory, made := run(t, args(func(a *attestation.AttestationArgs) {
		a.Name, a.ProtectionLevel, a.Exemptions = "built", "HSM", nil
	}))
	template := inventory.One(t, keyType, "attestation-key").Inputs["versionTemplate"]
	assert.Equal(t, map[string]any{"algorithm": "EC_SIGN_P256_SHA256", "protectionLevel": "HSM"}, template)
	assert.Equal(t, "projects/procureflow-prod/attestors/built", pulumitest.Value[string](t, made.Attestor))
	assert.NotContains(t, inventory.One(t, policyType, "attestation-policy").Inputs, "admissionWhitelistPatterns")
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	_, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
		_, err := attestation.NewAttestation(ctx, "a", &attestation.AttestationArgs{
			KeyRing: "a ring", Name: "Release", ProtectionLevel: "EXTERNAL", KeyVersions: []int{0, 2, 2},
			Exemptions: []string{"*", "us-docker.pkg.dev/*/hello", "gcr.io"},
		})
		return err
	})
	require.Error(t, err)
	for _, want := range []string{
		"args.Project is missing", "args.Location is missing", `args.KeyRing "a ring" is not a key ring's id`, `args.Name "Release" names`,
		`args.ProtectionLevel is "EXTERNAL": set SOFTWARE or HSM`, "args.KeyVersions[0] is 0", "args.KeyVersions has 2 twice",
		`args.Exemptions[0] is "*"`, `args.Exemptions[1] is "us-docker.pkg.dev/*/hello"`, `args.Exemptions[2] is "gcr.io"`,
	} {
		assert.ErrorContains(t, err, want)
	}
	_, err = pulumitest.RunErr(func(ctx *pulumi.Context) error {
		_, err := attestation.NewAttestation(ctx, "a", nil)
		return err
	})
	assert.ErrorContains(t, err, "args is nil")
}

func TestExemptionPatterns(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"us-docker.pkg.dev/p/r/*", "us-docker.pkg.dev/p/**", "localhost:5000/a:tag",
		"gcr.io/p/i@sha256:" + strings.Repeat("0", 64)} {
		inventory, _ := run(t, args(func(a *attestation.AttestationArgs) { a.Exemptions = []string{pattern} }))
		assert.Equal(t, []any{map[string]any{"namePattern": pattern}},
			inventory.One(t, policyType, "attestation-policy").Inputs["admissionWhitelistPatterns"])
	}
}

func TestPublicKeyIsUnknownInPreview(t *testing.T) {
	t.Parallel()
	_, made := run(t, args(nil), pulumitest.WithPreview())
	assert.False(t, pulumitest.IsKnown(t, made.KeyVersion))
}
