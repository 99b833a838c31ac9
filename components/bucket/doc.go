// Package bucket makes a Cloud Storage bucket for files of services. Nobody outside can read it, overwritten objects can be brought
// back for a while, and named accounts read or write its objects.
//
//	files, err := bucket.NewBucket(ctx, "bucket-files", &bucket.BucketArgs{
//		Project: pulumi.String("shop-dev"), Location: pulumi.String("us-central1"), Name: "shop-dev-files",
//		KeepDays: 30, Protected: true, Writers: map[string]pulumi.StringInput{"web": runtime.Member},
//	})
//
// A bucket that has objects is never deleted: forceDestroy is off, and there is no argument for it. Protected makes a destroy leave
// the bucket and fail. The component registers resources by their type token. The comment of package database says why.
package bucket
