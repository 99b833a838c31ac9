package attestation

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/binaryauthorization"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/containeranalysis"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// TypeToken identifies the component in state. It never changes.
const TypeToken = "procureflow:attestation:Attestation"

const (
	// DefaultName is the name of the key, the note and the attestor.
	DefaultName = "release"
	// DefaultProtectionLevel keeps the key in software, at a small part of an HSM key's price.
	DefaultProtectionLevel = "SOFTWARE"

	// algorithm is the kind of signature that release sign makes, by its name in Cloud KMS.
	algorithm = "EC_SIGN_P256_SHA256"
	// signature is the same algorithm by its name in Binary Authorization.
	signature = "ECDSA_P256_SHA256"
	// keyHost precedes a version's name in the id of its public key, as Google's tools write it.
	keyHost = "//cloudkms.googleapis.com/v1/"

	// readerRole is the role that Binary Authorization's own account needs on the note (binaryauthorization/v1,
	// UserOwnedGrafeasNote).
	readerRole = "roles/containeranalysis.notes.occurrences.viewer"
)

// AttestationArgs describes the signing key, and the images that need no signature.
type AttestationArgs struct {
	// Project is the id of the project whose images have to be signed. Required.
	Project pulumi.StringInput
	// Location is where the key is kept, for example us-central1. Required.
	Location pulumi.StringInput
	// KeyRing is the key ring's id: 1-63 letters, digits, hyphens and underscores. Required. A used id is never free again.
	KeyRing string
	// Name is the name of the key, the note and the attestor: 2-63 lower-case letters, digits and hyphens, beginning
	// with a letter. Default: [DefaultName].
	Name string
	// ProtectionLevel is SOFTWARE or HSM. Changing it replaces the key, and signatures by the old key no longer count.
	// Default: [DefaultProtectionLevel].
	ProtectionLevel string
	// KeyVersions are the versions of the key whose signatures count; the last one signs. A person makes a new version. Keep an old
	// version here as long as an image that only it signed may run. Default: the first version.
	KeyVersions []int
	// Exemptions are images that need no signature: REGISTRY/PATH, exactly, or with * (within a folder) or ** (below it) at
	// the end. Default: none.
	Exemptions []string
	// Labels are put on the key. Default: none.
	Labels pulumi.StringMapInput
}

// Attestation is a key, a note, an attestor and the project's policy.
type Attestation struct {
	pulumi.ResourceState

	// Attestor is the attestor's resource name, projects/P/attestors/A.
	Attestor pulumi.StringOutput
	// AttestorName is the attestor's id, for grants.
	AttestorName pulumi.StringOutput
	// NoteName is the note's id, for grants.
	NoteName pulumi.StringOutput
	// Key is the key's resource name, projects/P/locations/L/keyRings/R/cryptoKeys/K, for grants.
	Key pulumi.StringOutput
	// KeyVersion is the version that signs, KEY/cryptoKeyVersions/N.
	KeyVersion pulumi.StringOutput
	// Policy is the project's policy. Services that must not start unsigned depend on it.
	Policy pulumi.Resource
}

// NewAttestation makes the key, the note, the attestor and the policy. It fails before registering anything when an
// argument is missing or impossible, and then names every such argument.
func NewAttestation(ctx *pulumi.Context, name string, args *AttestationArgs, opts ...pulumi.ResourceOption) (*Attestation, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("attestation %q: %w", name, err)
	}
	attestation := &Attestation{}
	if err := ctx.RegisterComponentResourceV2(TypeToken, name, args.inputs(), attestation, opts...); err != nil {
		return nil, fmt.Errorf("register attestation %q: %w", name, err)
	}
	ring, err := kms.NewKeyRing(ctx, name+"-key-ring", &kms.KeyRingArgs{
		Project: args.Project, Location: args.Location, Name: pulumi.String(args.KeyRing),
	}, pulumiopt.Child(attestation)...)
	if err != nil {
		return nil, fmt.Errorf("attestation %q: key ring: %w", name, err)
	}
	key, err := kms.NewCryptoKey(ctx, name+"-key", &kms.CryptoKeyArgs{
		KeyRing: ring.ID(),
		Name:    pulumi.String(args.name()),
		Purpose: pulumi.String("ASYMMETRIC_SIGN"),
		Labels:  args.Labels,
		VersionTemplate: &kms.CryptoKeyVersionTemplateArgs{
			Algorithm: pulumi.String(algorithm), ProtectionLevel: pulumi.String(args.protectionLevel()),
		},
	}, pulumiopt.Child(attestation)...)
	if err != nil {
		return nil, fmt.Errorf("attestation %q: key: %w", name, err)
	}
	note, err := containeranalysis.NewNote(ctx, name+"-note", &containeranalysis.NoteArgs{
		Project:          args.Project,
		Name:             pulumi.String(args.name()),
		ShortDescription: pulumi.String("Images whose provenance was verified."),
		AttestationAuthority: &containeranalysis.NoteAttestationAuthorityArgs{
			Hint: &containeranalysis.NoteAttestationAuthorityHintArgs{HumanReadableName: pulumi.String(args.name())},
		},
	}, pulumiopt.Child(attestation)...)
	if err != nil {
		return nil, fmt.Errorf("attestation %q: note: %w", name, err)
	}
	keys := attestation.publicKeys(ctx, key, args.keyVersions())
	attestor, err := binaryauthorization.NewAttestor(ctx, name+"-attestor", &binaryauthorization.AttestorArgs{
		Project:     args.Project,
		Name:        pulumi.String(args.name()),
		Description: pulumi.String("Signs images whose provenance was verified."),
		AttestationAuthorityNote: &binaryauthorization.AttestorAttestationAuthorityNoteArgs{
			NoteReference: note.ID(), PublicKeys: keys,
		},
	}, pulumiopt.Child(attestation)...)
	if err != nil {
		return nil, fmt.Errorf("attestation %q: attestor: %w", name, err)
	}
	// Binary Authorization reads attestations as the attestor's own account, which needs the right to read the note.
	reader, err := containeranalysis.NewNoteIamMember(ctx, name+"-note-reader", &containeranalysis.NoteIamMemberArgs{
		Project: args.Project,
		Note:    note.Name,
		Role:    pulumi.String(readerRole),
		Member:  pulumi.Sprintf("serviceAccount:%s", attestor.AttestationAuthorityNote.DelegationServiceAccountEmail().Elem()),
	}, pulumiopt.Child(attestation)...)
	if err != nil {
		return nil, fmt.Errorf("attestation %q: reader of the note: %w", name, err)
	}
	attestation.Attestor = pulumi.Sprintf("projects/%s/attestors/%s", args.Project, attestor.Name)
	attestation.Policy, err = binaryauthorization.NewPolicy(ctx, name+"-policy", args.policy(attestation.Attestor),
		pulumiopt.Child(attestation, pulumi.DependsOn([]pulumi.Resource{reader}))...)
	if err != nil {
		return nil, fmt.Errorf("attestation %q: policy: %w", name, err)
	}
	attestation.AttestorName, attestation.NoteName, attestation.Key = attestor.Name, note.Name, key.ID().ToStringOutput()
	outputs := pulumi.Map{"attestor": attestation.Attestor, "keyVersion": attestation.KeyVersion}
	if err := ctx.RegisterResourceOutputs(attestation, outputs); err != nil {
		return nil, fmt.Errorf("attestation %q: register outputs: %w", name, err)
	}
	return attestation, nil
}

// publicKeys returns the keys by which the attestor's signatures are verified. The newest version, the last one, signs.
func (a *Attestation) publicKeys(ctx *pulumi.Context, key *kms.CryptoKey,
	versions []int) (keys binaryauthorization.AttestorAttestationAuthorityNotePublicKeyArray) {
	for _, version := range versions {
		// The lookup uses the component's provider, and its answer is unknown until the key exists.
		found := kms.GetKMSCryptoKeyVersionOutput(ctx, kms.GetKMSCryptoKeyVersionOutputArgs{
			CryptoKey: key.ID(), Version: pulumi.Int(version),
		}, pulumi.Parent(a))
		a.KeyVersion = pulumi.Sprintf("%s/cryptoKeyVersions/%d", key.ID(), version)
		keys = append(keys, &binaryauthorization.AttestorAttestationAuthorityNotePublicKeyArgs{
			Id: pulumi.Sprintf("%s%s", keyHost, a.KeyVersion),
			PkixPublicKey: &binaryauthorization.AttestorAttestationAuthorityNotePublicKeyPkixPublicKeyArgs{
				PublicKeyPem:       found.PublicKeys().Index(pulumi.Int(0)).Pem(),
				SignatureAlgorithm: pulumi.String(signature),
			},
		})
	}
	return keys
}

// policy returns the project's policy: an image starts if the attestor signed it, or if an exemption names it.
func (args *AttestationArgs) policy(attestor pulumi.StringOutput) *binaryauthorization.PolicyArgs {
	return &binaryauthorization.PolicyArgs{
		Project:     args.Project,
		Description: pulumi.String("Images start when the attestor signed them."),
		// Google's policy judges the images that Google's own services start.
		GlobalPolicyEvaluationMode: pulumi.String("ENABLE"),
		AdmissionWhitelistPatterns: args.exemptions(),
		DefaultAdmissionRule: &binaryauthorization.PolicyDefaultAdmissionRuleArgs{
			EvaluationMode:          pulumi.String("REQUIRE_ATTESTATION"),
			EnforcementMode:         pulumi.String("ENFORCED_BLOCK_AND_AUDIT_LOG"),
			RequireAttestationsBies: pulumi.StringArray{attestor},
		},
	}
}

func (args *AttestationArgs) exemptions() binaryauthorization.PolicyAdmissionWhitelistPatternArray {
	var patterns binaryauthorization.PolicyAdmissionWhitelistPatternArray
	for _, pattern := range args.Exemptions {
		patterns = append(patterns, &binaryauthorization.PolicyAdmissionWhitelistPatternArgs{NamePattern: pulumi.String(pattern)})
	}
	return patterns
}

func (args *AttestationArgs) name() string { return cmp.Or(args.Name, DefaultName) }

func (args *AttestationArgs) protectionLevel() string {
	return cmp.Or(args.ProtectionLevel, DefaultProtectionLevel)
}

func (args *AttestationArgs) keyVersions() []int {
	if len(args.KeyVersions) == 0 {
		return []int{1}
	}
	return slices.Clone(args.KeyVersions)
}

// inputs returns the component's inputs, which state keeps and policies read.
func (args *AttestationArgs) inputs() pulumi.Map {
	inputs := pulumi.Map{
		"project": args.Project, "location": args.Location, "keyRing": pulumi.String(args.KeyRing), "name": pulumi.String(args.name()),
		"protectionLevel": pulumi.String(args.protectionLevel()), "keyVersions": pulumi.ToIntArray(args.keyVersions()),
		"exemptions": pulumi.ToStringArray(args.Exemptions),
	}
	if args.Labels != nil {
		inputs["labels"] = args.Labels
	}
	return inputs
}
