package registry

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

// memberProblems checks all keys, and the members that are known before anything runs. The policy pack checks the others.
func memberProblems(field string, members map[string]pulumi.StringInput, found *problems.List) {
	for _, key := range slices.Sorted(maps.Keys(members)) {
		found.If(!naming.IsKey(key), "%s key %q names a resource: use lower-case letters, digits and hyphens, beginning "+
			"with a letter", field, key)
		switch member := members[key].(type) {
		case nil:
			found.Add("%s[%q] is missing: set an IAM member such as serviceAccount:EMAIL", field, key)
		case pulumi.String:
			found.If(member == "allUsers" || member == "allAuthenticatedUsers",
				"%s[%q] is %s, which opens the images to anybody: name the accounts that need them", field, key, member)
		}
	}
}
