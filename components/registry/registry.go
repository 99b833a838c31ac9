package registry

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/artifactregistry"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// TypeToken identifies the component in state. It never changes.
const TypeToken = "procureflow:registry:Registry"

const (
	// DefaultUntaggedRetentionDays is the age, in days, at which an untagged image may go.
	DefaultUntaggedRetentionDays = 30
	// DefaultKeepMostRecent is how many versions of each image always stay.
	DefaultKeepMostRecent = 20

	readerRole = "roles/artifactregistry.reader"
	writerRole = "roles/artifactregistry.writer"

	secondsPerDay = 24 * 60 * 60
)

// RegistryArgs describes a repository.
type RegistryArgs struct {
	// Project is the id of the project that holds the repository. Required.
	Project pulumi.StringInput
	// Location is the region of the images, for example us-central1. Required. Changing it replaces the repository.
	Location pulumi.StringInput
	// RepositoryID is the repository's name within project and location: 1-63 lower-case letters, digits and hyphens,
	// beginning with a letter. Required. Changing it replaces the repository.
	RepositoryID string
	// Description is shown in the console. Default: none.
	Description pulumi.StringPtrInput
	// Labels are put on the repository. Default: none.
	Labels pulumi.StringMapInput
	// UntaggedRetentionDays is the age in days, at least 1, at which an untagged version may be deleted.
	// Default: [DefaultUntaggedRetentionDays].
	UntaggedRetentionDays int
	// KeepMostRecent is how many of the newest versions of each image are never deleted, at least 1. An image with
	// provenance and an SBOM is three versions. Default: [DefaultKeepMostRecent].
	KeepMostRecent int
	// CleanupDryRun logs what clean-up would delete and deletes nothing. Default: false.
	CleanupDryRun bool
	// Readers may pull: a short key, which names the grant, to an IAM member such as serviceAccount:EMAIL. Default: none.
	Readers map[string]pulumi.StringInput
	// Writers may push and pull, by key like Readers. Default: none.
	Writers map[string]pulumi.StringInput
}

// Registry is a Docker repository with its readers and writers.
type Registry struct {
	pulumi.ResourceState

	// ID is the resource id, projects/P/locations/L/repositories/R.
	ID pulumi.StringOutput
	// Name is the repository id, once the repository exists.
	Name pulumi.StringOutput
	// Host is the registry's host, LOCATION-docker.pkg.dev.
	Host pulumi.StringOutput
	// ImagePrefix precedes /IMAGE@DIGEST: HOST/PROJECT/REPOSITORY. It is known before the repository exists.
	ImagePrefix pulumi.StringOutput
}

// NewRegistry makes the repository and its grants. It fails before registering anything when an argument is missing or
// impossible, and then names every such argument.
func NewRegistry(ctx *pulumi.Context, name string, args *RegistryArgs, opts ...pulumi.ResourceOption) (*Registry, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("registry %q: %w", name, err)
	}
	registry := &Registry{}
	if err := ctx.RegisterComponentResourceV2(TypeToken, name, args.inputs(), registry, opts...); err != nil {
		return nil, fmt.Errorf("register registry %q: %w", name, err)
	}
	repository, err := artifactregistry.NewRepository(ctx, name+"-repository", &artifactregistry.RepositoryArgs{
		Project:      args.Project,
		Location:     args.Location,
		RepositoryId: pulumi.String(args.RepositoryID),
		Description:  args.Description,
		Labels:       args.Labels,
		Format:       pulumi.String("DOCKER"),
		Mode:         pulumi.String("STANDARD_REPOSITORY"),
		// If tags could move, a name could stand for an image that nobody checked.
		DockerConfig: &artifactregistry.RepositoryDockerConfigArgs{ImmutableTags: pulumi.Bool(true)},
		// Scanning follows the project's API; the opposite, DISABLED, would switch it off here.
		VulnerabilityScanningConfig: &artifactregistry.RepositoryVulnerabilityScanningConfigArgs{
			EnablementConfig: pulumi.String("INHERITED"),
		},
		CleanupPolicies:     args.cleanupPolicies(),
		CleanupPolicyDryRun: pulumi.Bool(args.CleanupDryRun),
	}, pulumiopt.Child(registry)...)
	if err != nil {
		return nil, fmt.Errorf("registry %q: repository: %w", name, err)
	}
	for _, access := range []struct {
		kind, role string
		members    map[string]pulumi.StringInput
	}{{"reader", readerRole, args.Readers}, {"writer", writerRole, args.Writers}} {
		for _, key := range slices.Sorted(maps.Keys(access.members)) {
			_, err := artifactregistry.NewRepositoryIamMember(ctx, name+"-"+access.kind+"-"+key, &artifactregistry.RepositoryIamMemberArgs{
				Project:    args.Project,
				Location:   args.Location,
				Repository: repository.Name,
				Role:       pulumi.String(access.role),
				Member:     access.members[key],
			}, pulumiopt.Child(registry)...)
			if err != nil {
				return nil, fmt.Errorf("registry %q: %s %q: %w", name, access.kind, key, err)
			}
		}
	}
	registry.ID = repository.ID().ToStringOutput()
	registry.Name = repository.Name
	registry.Host = args.Location.ToStringOutput().ApplyT(naming.RegistryHost).(pulumi.StringOutput)
	registry.ImagePrefix = pulumi.All(args.Location, args.Project).ApplyT(func(values []any) string {
		return naming.ImagePrefix(values[0].(string), values[1].(string), args.RepositoryID)
	}).(pulumi.StringOutput)
	outputs := pulumi.Map{"id": registry.ID, "name": registry.Name, "host": registry.Host, "imagePrefix": registry.ImagePrefix}
	if err := ctx.RegisterResourceOutputs(registry, outputs); err != nil {
		return nil, fmt.Errorf("registry %q: register outputs: %w", name, err)
	}
	return registry, nil
}

// cleanupPolicies returns the policies in the order of their ids, because the provider keeps them as a set.
func (args *RegistryArgs) cleanupPolicies() artifactregistry.RepositoryCleanupPolicyArray {
	return artifactregistry.RepositoryCleanupPolicyArray{
		&artifactregistry.RepositoryCleanupPolicyArgs{
			Id:     pulumi.String("delete-untagged"),
			Action: pulumi.String("DELETE"),
			Condition: &artifactregistry.RepositoryCleanupPolicyConditionArgs{
				TagState: pulumi.String("UNTAGGED"),
				// The age is in seconds, as in the API's answers. If it were in days, every refresh would show a difference.
				OlderThan: pulumi.String(fmt.Sprintf("%ds", args.untaggedRetentionDays()*secondsPerDay)),
			},
		},
		&artifactregistry.RepositoryCleanupPolicyArgs{
			Id:     pulumi.String("keep-recent"),
			Action: pulumi.String("KEEP"),
			MostRecentVersions: &artifactregistry.RepositoryCleanupPolicyMostRecentVersionsArgs{
				KeepCount: pulumi.Int(args.keepMostRecent()),
			},
		},
		&artifactregistry.RepositoryCleanupPolicyArgs{
			Id:        pulumi.String("keep-tagged"),
			Action:    pulumi.String("KEEP"),
			Condition: &artifactregistry.RepositoryCleanupPolicyConditionArgs{TagState: pulumi.String("TAGGED")},
		},
	}
}

func (args *RegistryArgs) untaggedRetentionDays() int {
	if args.UntaggedRetentionDays == 0 {
		return DefaultUntaggedRetentionDays
	}
	return args.UntaggedRetentionDays
}

func (args *RegistryArgs) keepMostRecent() int {
	if args.KeepMostRecent == 0 {
		return DefaultKeepMostRecent
	}
	return args.KeepMostRecent
}

// inputs returns the component's inputs, which state keeps and policies read.
func (args *RegistryArgs) inputs() pulumi.Map {
	inputs := pulumi.Map{
		"project": args.Project, "location": args.Location, "repositoryId": pulumi.String(args.RepositoryID),
		"untaggedRetentionDays": pulumi.Int(args.untaggedRetentionDays()), "keepMostRecent": pulumi.Int(args.keepMostRecent()),
		"cleanupDryRun": pulumi.Bool(args.CleanupDryRun),
		"readers":       pulumi.StringMap(args.Readers), "writers": pulumi.StringMap(args.Writers),
	}
	if args.Labels != nil {
		inputs["labels"] = args.Labels
	}
	return inputs
}

func (args *RegistryArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *RegistryArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(args.Location == nil, "args.Location is missing: set the region of the images, for example us-central1")
	found.If(!limits.RepositoryID.MatchString(args.RepositoryID),
		"args.RepositoryID %q is not a repository id: use 1-63 lower-case letters, digits and hyphens, "+
			"beginning with a letter and not ending with a hyphen", args.RepositoryID)
	found.If(args.UntaggedRetentionDays < 0, "args.UntaggedRetentionDays is %d: set at least 1, or leave it out for %d",
		args.UntaggedRetentionDays, DefaultUntaggedRetentionDays)
	found.If(args.KeepMostRecent < 0, "args.KeepMostRecent is %d: set at least 1, or leave it out for %d", args.KeepMostRecent,
		DefaultKeepMostRecent)
	memberProblems("args.Readers", args.Readers, found)
	memberProblems("args.Writers", args.Writers, found)
	return found.Err()
}
