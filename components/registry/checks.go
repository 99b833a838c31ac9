package registry

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

// memberProblems checks keys always and members as far as they are known before anything runs; the policy pack sees the rest.
func memberProblems(field string, members map[string]pulumi.StringInput) []error {
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if !naming.IsKey(key) {
			problems = append(problems, fmt.Errorf("%s key %q names a resource: use lower-case letters, digits and hyphens, beginning "+
				"with a letter", field, key))
		}
		switch member := members[key].(type) {
		case nil:
			problems = append(problems, fmt.Errorf("%s[%q] is missing: set an IAM member such as serviceAccount:EMAIL", field, key))
		case pulumi.String:
			if member == "allUsers" || member == "allAuthenticatedUsers" {
				problems = append(problems,
					fmt.Errorf("%s[%q] is %s, which opens the images to anybody: name the accounts that need them", field, key, member))
			}
		}
	}
	return problems
}
