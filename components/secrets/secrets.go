package secrets

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/secretmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// TypeToken identifies the component in state. It never changes.
const TypeToken = "procureflow:secrets:Secrets"

const accessorRole = "roles/secretmanager.secretAccessor"

// SecretsArgs describes the secrets of a project.
type SecretsArgs struct {
	// Project is the id of the project that holds the secrets. Required. Changing it replaces them.
	Project pulumi.StringInput
	// Labels are put on every secret. Default: none.
	Labels pulumi.StringMapInput
	// DeletionProtection refuses to delete the containers until an earlier update has switched it off. Default: false.
	DeletionProtection bool
	// Secrets are the secrets by id: 1-255 letters, digits, hyphens and underscores. Default: none.
	Secrets map[string]Secret
}

// Secret is one secret. At most one of Value and Version is given; without both there is only the container.
type Secret struct {
	// Value becomes a new version whenever it changes. It is treated as a secret whether it is marked as one or not, at
	// most 64 KiB. Default: none.
	Value pulumi.StringInput
	// Version is the number of an existing version, as text. latest is refused. Default: the version made from Value, if any.
	Version string
	// Accessors may read the secret's values: a short key, which names the grant, to an IAM member such as
	// serviceAccount:EMAIL. Default: nobody.
	Accessors map[string]pulumi.StringInput
}

// Secrets is a set of secrets with their accessors.
type Secrets struct {
	pulumi.ResourceState

	// SecretIDs maps each id to itself; the value is known once the secret exists.
	SecretIDs map[string]pulumi.StringOutput
	// Versions are the version numbers in use by secret id: the pinned one, or the one made from the value. A secret with
	// neither has no entry.
	Versions map[string]pulumi.StringOutput
	// Accessors are the grants, by the key of the accessor. A service depends on its own grants, each by itself. To depend on the
	// component is not enough, because the SDK adds children to it concurrently and misses late ones. To depend on the grants of all
	// services would make a stack's state grow with the square of its services.
	Accessors map[string][]pulumi.Resource
}

// NewSecrets makes the containers, their accessors and the versions of given values. It fails before registering
// anything when an argument is missing or impossible, and then names every such argument, never a value.
func NewSecrets(ctx *pulumi.Context, name string, args *SecretsArgs, opts ...pulumi.ResourceOption) (*Secrets, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("secrets %q: %w", name, err)
	}
	secrets := &Secrets{SecretIDs: map[string]pulumi.StringOutput{}, Versions: map[string]pulumi.StringOutput{},
		Accessors: map[string][]pulumi.Resource{}}
	if err := ctx.RegisterComponentResourceV2(TypeToken, name, args.inputs(), secrets, opts...); err != nil {
		return nil, fmt.Errorf("register secrets %q: %w", name, err)
	}
	for _, id := range slices.Sorted(maps.Keys(args.Secrets)) {
		if err := secrets.add(ctx, name, args, id); err != nil {
			return nil, fmt.Errorf("secrets %q: secret %q: %w", name, id, err)
		}
	}
	outputs := pulumi.Map{"secretIds": stringMap(secrets.SecretIDs), "versions": stringMap(secrets.Versions)}
	if err := ctx.RegisterResourceOutputs(secrets, outputs); err != nil {
		return nil, fmt.Errorf("secrets %q: register outputs: %w", name, err)
	}
	return secrets, nil
}

// add makes one secret with its accessors and, from a value, its version.
func (secrets *Secrets) add(ctx *pulumi.Context, name string, args *SecretsArgs, id string) error {
	settings := args.Secrets[id]
	container, err := secretmanager.NewSecret(ctx, name+"-"+id, &secretmanager.SecretArgs{
		Project:            args.Project,
		SecretId:           pulumi.String(id),
		Labels:             args.Labels,
		DeletionProtection: pulumi.Bool(args.DeletionProtection),
		// Google chooses where the copies are, because a list of regions cannot be changed later.
		Replication: &secretmanager.SecretReplicationArgs{Auto: &secretmanager.SecretReplicationAutoArgs{}},
	}, pulumiopt.Child(secrets)...)
	if err != nil {
		return err
	}
	secrets.SecretIDs[id] = container.SecretId
	for _, key := range slices.Sorted(maps.Keys(settings.Accessors)) {
		grant, err := secretmanager.NewSecretIamMember(ctx, name+"-"+id+"-accessor-"+key, &secretmanager.SecretIamMemberArgs{
			Project:  args.Project,
			SecretId: container.SecretId,
			Role:     pulumi.String(accessorRole),
			Member:   settings.Accessors[key],
		}, pulumiopt.Child(secrets)...)
		if err != nil {
			return fmt.Errorf("accessor %q: %w", key, err)
		}
		secrets.Accessors[key] = append(secrets.Accessors[key], grant)
	}
	if settings.Version != "" {
		secrets.Versions[id] = pulumi.String(settings.Version).ToStringOutput()
	}
	if settings.Value == nil {
		return nil
	}
	version, err := secretmanager.NewSecretVersion(ctx, name+"-"+id+"-version", &secretmanager.SecretVersionArgs{
		Secret:     container.ID().ToStringOutput(),
		SecretData: pulumi.ToSecret(settings.Value).(pulumi.StringOutput),
		// A new value replaces the resource. If the old version were destroyed, a rollback would lack its value.
		DeletionPolicy: pulumi.String("ABANDON"),
	}, pulumiopt.Child(secrets, pulumi.AdditionalSecretOutputs([]string{"secretData"}))...)
	if err != nil {
		return fmt.Errorf("version: %w", err)
	}
	secrets.Versions[id] = version.Version
	return nil
}

// inputs returns the component's inputs, which state keeps and policies read. They say of a value only that it exists.
func (args *SecretsArgs) inputs() pulumi.Map {
	described := pulumi.Map{}
	for id, secret := range args.Secrets {
		input := pulumi.Map{"accessors": pulumi.StringMap(secret.Accessors), "managed": pulumi.Bool(secret.Value != nil)}
		if secret.Version != "" {
			input["version"] = pulumi.String(secret.Version)
		}
		described[id] = input
	}
	inputs := pulumi.Map{"project": args.Project, "deletionProtection": pulumi.Bool(args.DeletionProtection), "secrets": described}
	if args.Labels != nil {
		inputs["labels"] = args.Labels
	}
	return inputs
}

func (args *SecretsArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *SecretsArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	for _, id := range slices.Sorted(maps.Keys(args.Secrets)) {
		secret, field := args.Secrets[id], fmt.Sprintf("args.Secrets[%q]", id)
		found.If(!limits.SecretID.MatchString(id), "%s is not a secret id: use 1-255 letters, digits, hyphens and underscores", field)
		switch {
		case secret.Value != nil && secret.Version != "":
			found.Add("%s has a Value and a Version: remove the Version, because the value makes its own", field)
		case secret.Version != "" && !limits.SecretVersion.MatchString(secret.Version):
			// The message does not repeat the text, because it may be a value that was put in the wrong field.
			found.Add("%s.Version is not a version number: pin one, because a rollback cannot restore what latest was", field)
		}
		if value, plain := secret.Value.(pulumi.String); plain && value == "" {
			found.Add("%s.Value is empty, and Secret Manager takes no empty version: leave it out to make "+
				"only the container", field)
		}
		for _, accessor := range slices.Sorted(maps.Keys(secret.Accessors)) {
			found.If(!naming.IsKey(accessor), "%s.Accessors key %q names a resource: "+
				"use lower-case letters, digits and hyphens, beginning with a letter", field, accessor)
			found.If(secret.Accessors[accessor] == nil,
				"%s.Accessors[%q] is missing: set an IAM member such as serviceAccount:EMAIL", field, accessor)
		}
	}
	return found.Err()
}

func stringMap(outputs map[string]pulumi.StringOutput) pulumi.StringMap {
	inputs := make(pulumi.StringMap, len(outputs))
	for key, output := range outputs {
		inputs[key] = output
	}
	return inputs
}
