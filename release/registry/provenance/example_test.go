package provenance_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/guiofsaints/procureflow-platform/release/registry"
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

// This promotes an image that the policy admits from the development project's repository to production's.
func ExamplePolicy_Verify() {
	policy, err := provenance.LoadPolicy("provenance.yaml")
	if err != nil {
		log.Fatal(err)
	}
	trusted, err := provenance.LoadTrustedRoot("trusted-root.jsonl") // gh attestation trusted-root > trusted-root.jsonl
	if err != nil {
		log.Fatal(err)
	}
	result, err := registry.Promote(context.Background(), registry.Promotion{
		From: "us-central1-docker.pkg.dev/procureflow-dev/images/web", To: "us-central1-docker.pkg.dev/procureflow-prod/images/web",
		Digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", Tag: "v1.2.3",
		AllowRootBecause: policy.AllowRootBecause,
		Verify: func(digest string, bundles []registry.Bundle) ([]registry.Evidence, error) {
			return policy.Verify(digest, bundles, trusted)
		},
	})
	var taken *registry.TagTakenError
	switch {
	case errors.As(err, &taken):
		log.Fatalf("v1.2.3 is %s already", taken.Existing)
	case errors.Is(err, provenance.ErrUnproven):
		log.Fatal("not built where it should have been: ", err)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println("deploy", result.Image)
}
