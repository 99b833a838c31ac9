package registry_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/guiofsaints/procureflow-platform/release/registry"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance"
)

// This promotes an image from the development project's repository to production's.
func ExamplePromote() {
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
		Policy: policy, TrustedRoot: trusted,
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
