package bucket

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// TypeToken identifies the component in state. It never changes.
const TypeToken = "procureflow:bucket:Bucket"

const (
	bucketToken = "gcp:storage/bucket:Bucket"
	memberToken = "gcp:storage/bucketIAMMember:BucketIAMMember"
)

// The roles on objects. Neither can grant access to others.
const (
	readerRole = "roles/storage.objectViewer"
	writerRole = "roles/storage.objectUser"
)

// BucketArgs describes a bucket.
type BucketArgs struct {
	// Project is the id of the bucket's project. Required.
	Project pulumi.StringInput
	// Location is where the objects are, for example us-central1. Required.
	Location pulumi.StringInput
	// Name is the bucket's name, which is unique in all of Google Cloud. Required.
	Name string
	// Existing says that somebody else manages the bucket. The component then makes only the grants. Default: false.
	Existing bool
	// KeepDays is how many days overwritten and deleted objects are kept, at least 1. Required unless Existing.
	KeepDays int
	// DeleteAfterDays is the age in days at which objects are deleted. Default: 0, never.
	DeleteAfterDays int
	// Protected makes a destroy leave the bucket and fail. Default: false.
	Protected bool
	// Readers and Writers are IAM members that may read, or read and write, the objects, by a key that names the grant.
	// Default: none.
	Readers, Writers map[string]pulumi.StringInput
	// Labels are put on the bucket. Default: none.
	Labels pulumi.StringMapInput
}

// Bucket is a bucket.
type Bucket struct {
	pulumi.ResourceState

	// Name is the bucket's name. It is known before the bucket exists.
	Name pulumi.StringOutput
	// Ready are the resources that readers and writers have to wait for: the bucket and the grants.
	Ready []pulumi.Resource
}

type resource struct{ pulumi.CustomResourceState }

// NewBucket makes the bucket and its grants. It fails before registering anything when an argument is missing or impossible, and then
// names every such argument.
func NewBucket(ctx *pulumi.Context, name string, args *BucketArgs, opts ...pulumi.ResourceOption) (*Bucket, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("bucket %q: %w", name, err)
	}
	b := &Bucket{Name: pulumi.String(args.Name).ToStringOutput()}
	if err := ctx.RegisterComponentResourceV2(TypeToken, name, args.inputs(), b, opts...); err != nil {
		return nil, fmt.Errorf("register bucket %q: %w", name, err)
	}
	if !args.Existing {
		made := &resource{}
		if err := ctx.RegisterResource(bucketToken, name+"-bucket", args.bucket(), made,
			pulumiopt.GoogleChild(b, pulumi.Protect(args.Protected))...); err != nil {
			return nil, fmt.Errorf("bucket %q: %w", name, err)
		}
		b.Ready = append(b.Ready, made)
	}
	for _, of := range []struct {
		kind, role string
		members    map[string]pulumi.StringInput
	}{{"reader", readerRole, args.Readers}, {"writer", writerRole, args.Writers}} {
		for _, key := range slices.Sorted(maps.Keys(of.members)) {
			grant := &resource{}
			err := ctx.RegisterResource(memberToken, name+"-"+of.kind+"-"+key, pulumi.Map{
				"bucket": pulumi.String(args.Name), "role": pulumi.String(of.role), "member": of.members[key],
			}, grant, pulumiopt.GoogleChild(b, pulumi.DependsOn(slices.Clone(b.Ready)))...)
			if err != nil {
				return nil, fmt.Errorf("bucket %q: %s %q: %w", name, of.kind, key, err)
			}
			b.Ready = append(b.Ready, grant)
		}
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"name": b.Name})
}

func (args *BucketArgs) bucket() pulumi.Map {
	removes := func(condition pulumi.Map) pulumi.Map {
		return pulumi.Map{"action": pulumi.Map{"type": pulumi.String("Delete")}, "condition": condition}
	}
	rules := pulumi.Array{removes(pulumi.Map{"daysSinceNoncurrentTime": pulumi.Int(args.KeepDays)})}
	if args.DeleteAfterDays > 0 {
		rules = append(rules, removes(pulumi.Map{"age": pulumi.Int(args.DeleteAfterDays), "withState": pulumi.String("LIVE")}))
	}
	inputs := pulumi.Map{
		"project": args.Project, "location": args.Location, "name": pulumi.String(args.Name), "storageClass": pulumi.String("STANDARD"),
		"uniformBucketLevelAccess": pulumi.Bool(true), "publicAccessPrevention": pulumi.String("enforced"),
		"versioning": pulumi.Map{"enabled": pulumi.Bool(true)}, "lifecycleRules": rules, "forceDestroy": pulumi.Bool(false),
	}
	if args.Labels != nil {
		inputs["labels"] = args.Labels
	}
	return inputs
}

// inputs returns the component's inputs, which state keeps and policies read.
func (args *BucketArgs) inputs() pulumi.Map {
	return pulumi.Map{
		"project": args.Project, "location": args.Location, "name": pulumi.String(args.Name), "existing": pulumi.Bool(args.Existing),
		"keepDays": pulumi.Int(args.KeepDays), "protected": pulumi.Bool(args.Protected),
		"readers": pulumi.ToStringArray(slices.Sorted(maps.Keys(args.Readers))),
		"writers": pulumi.ToStringArray(slices.Sorted(maps.Keys(args.Writers))),
	}
}
