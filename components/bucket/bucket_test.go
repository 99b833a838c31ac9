package bucket_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/bucket"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	bucketType = "gcp:storage/bucket:Bucket"
	memberType = "gcp:storage/bucketIAMMember:BucketIAMMember"
)

func run(t *testing.T, change func(*bucket.BucketArgs)) (*pulumitest.Inventory, *bucket.Bucket) {
	t.Helper()
	args := &bucket.BucketArgs{
		Project: pulumi.String("shop-dev"), Location: pulumi.String("us-central1"), Name: "shop-dev-files", KeepDays: 30, Protected: true,
		Readers: map[string]pulumi.StringInput{"web": pulumi.String("serviceAccount:web@p")},
		Writers: map[string]pulumi.StringInput{"api": pulumi.String("serviceAccount:api@p")},
	}
	if change != nil {
		change(args)
	}
	var b *bucket.Bucket
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var err error
		b, err = bucket.NewBucket(ctx, "files", args)
		return err
	})
	pulumitest.CheckParents(t, inventory)
	return inventory, b
}

func TestBucketIsPrivateAndVersioned(t *testing.T) {
	t.Parallel()
	inventory, b := run(t, func(a *bucket.BucketArgs) { a.DeleteAfterDays = 365 })
	assert.Equal(t, map[string]any{
		"project": "shop-dev", "location": "us-central1", "name": "shop-dev-files", "storageClass": "STANDARD",
		"uniformBucketLevelAccess": true, "publicAccessPrevention": "enforced", "versioning": map[string]any{"enabled": true},
		"forceDestroy": false, "lifecycleRules": []any{
			map[string]any{"action": map[string]any{"type": "Delete"}, "condition": map[string]any{"daysSinceNoncurrentTime": 30.0}},
			map[string]any{"action": map[string]any{"type": "Delete"}, "condition": map[string]any{"age": 365.0, "withState": "LIVE"}},
		},
	}, inventory.One(t, bucketType, "files-bucket").Inputs)
	assert.Equal(t, map[string]any{"bucket": "shop-dev-files", "role": "roles/storage.objectViewer", "member": "serviceAccount:web@p"},
		inventory.One(t, memberType, "files-reader-web").Inputs)
	assert.Equal(t, map[string]any{"bucket": "shop-dev-files", "role": "roles/storage.objectUser", "member": "serviceAccount:api@p"},
		inventory.One(t, memberType, "files-writer-api").Inputs)
	assert.Equal(t, "shop-dev-files", pulumitest.Value[string](t, b.Name))
	assert.Len(t, b.Ready, 3)
}

func TestExistingBucketGetsOnlyGrants(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, func(a *bucket.BucketArgs) { a.Existing = true })
	assert.Empty(t, inventory.OfType(bucketType))
	assert.Len(t, inventory.OfType(memberType), 2)
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	for _, args := range []*bucket.BucketArgs{nil, {DeleteAfterDays: -1, Readers: map[string]pulumi.StringInput{"Web": nil}}} {
		inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
			_, err := bucket.NewBucket(ctx, "files", args)
			return err
		})
		require.Error(t, err)
		assert.Empty(t, inventory.Resources)
		if args == nil {
			continue
		}
		for _, want := range []string{"args.Project is missing", "args.Location is missing", "args.Name is missing", "args.KeepDays is 0",
			"args.DeleteAfterDays is -1", `args.Readers key "Web" names a resource`, `args.Readers["Web"] is missing`} {
			assert.ErrorContains(t, err, want)
		}
	}
}
