package bucket

import (
	"errors"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

func (args *BucketArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *BucketArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(args.Location == nil, "args.Location is missing: set the region of the objects")
	found.If(args.Name == "", "args.Name is missing: name the bucket")
	found.If(!args.Existing && args.KeepDays < 1, "args.KeepDays is %d: keep overwritten objects for at least a day", args.KeepDays)
	found.If(args.DeleteAfterDays < 0, "args.DeleteAfterDays is %d: use 0 for never, or a number of days", args.DeleteAfterDays)
	membersProblems("Readers", args.Readers, found)
	membersProblems("Writers", args.Writers, found)
	return found.Err()
}

func membersProblems(field string, members map[string]pulumi.StringInput, found *problems.List) {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		found.If(!naming.IsKey(name), "args.%s key %q names a resource: use lower-case letters, digits and hyphens", field, name)
		found.If(members[name] == nil, "args.%s[%q] is missing: set an IAM member such as serviceAccount:EMAIL", field, name)
	}
}
