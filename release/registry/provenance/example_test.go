package provenance_test

import (
	"fmt"

	"github.com/guiofsaints/procureflow-platform/release/registry/provenance"
)

// A policy needs four keys. Every other key has the strictest default.
func ExampleParsePolicy() {
	policy, err := provenance.ParsePolicy([]byte(`
repository: guiofsaints/procureflow
repositoryId: "100000001"
workflow: .github/workflows/ci.yml
ref: refs/heads/main
`))
	fmt.Println(policy.Builder, err)
	fmt.Println(policy.Runner, policy.PredicateTypes)
	_, err = provenance.ParsePolicy([]byte("repo: guiofsaints/procureflow\nref: main"))
	fmt.Println(err)
	// Output:
	// https://github.com/guiofsaints/procureflow/.github/workflows/ci.yml@refs/heads/main <nil>
	// github-hosted [https://slsa.dev/provenance/v1]
	// line 1: repo is not a key; the keys are sigstore, issuer, repository, repositoryId, workflow, ref, runner, builder, predicateTypes, allowRootBecause
	// repository is ""; give OWNER/NAME
	// repositoryId is ""; give the number that `gh api repos/OWNER/NAME --jq .id` prints
	// workflow is ""; give its path, such as .github/workflows/ci.yml
	// ref is "main"; give the full ref without wildcards, such as refs/heads/main
}
