package images

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/attest"
	"github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/release/registry"
)

func (a app) sign() *cobra.Command {
	var request attest.Request
	var endpoints attest.Endpoints
	var trust trustFlags
	var from string
	verb := &cobra.Command{
		Example: "  release sign --image REGISTRY/web@sha256:… --attestor projects/P/attestors/release --key projects/P/…/cryptoKeyVersions/1",
		Use:     "sign", Short: "Sign an image for Binary Authorization, once its provenance is verified", Args: cobra.NoArgs,
		Long: "Verifies the image's provenance as promote does. Then it attests the image in Container Analysis with a key of Cloud KMS. For\n" +
			"an index it attests each platform's image too, because Cloud Run starts one of those and asks about it. An image with a valid\n" +
			"attestation by the key is left alone.\n\n" +
			"Exit codes: 0 all is attested; 1 something failed; 2 the call is wrong; 5 refused: not proven, or runs as root.",
		RunE: func(verb *cobra.Command, _ []string) error {
			if err := request.Check(); err != nil {
				return command.WrongUsage("sign: %v", err)
			}
			endpoints.TokenFile = a.TokenFile()
			signer, err := attest.New(verb.Context(), endpoints)
			if err != nil {
				return command.WrongUsage("%v", err)
			}
			repository, digest, _ := strings.Cut(request.Image, "@")
			proven, err := a.verified(verb, cmp.Or(from, repository)+"@"+digest, trust)
			if err != nil {
				return err
			}
			results := []attest.Result{}
			for _, image := range runnable(repository, digest, proven.Platforms) {
				request.Image = image
				result, err := signer.Sign(verb.Context(), request)
				if err != nil {
					return err
				}
				results = append(results, result)
				what := "was attested before"
				if result.Created {
					what = "is attested"
				}
				if !a.JSON() {
					fmt.Fprintf(a.Streams.Out, "%s %s: %s\n", result.Image, what, result.Attestation)
				}
			}
			if a.JSON() {
				return a.Print(results)
			}
			return nil
		},
	}
	verb.Flags().StringVar(&request.Image, "image", "", "the image, REGISTRY/REPO@sha256:… (required)")
	verb.Flags().StringVar(&from, "from", "",
		"repository to read the image's provenance in (default: the image's own); the digest is the same image everywhere")
	verb.Flags().StringVar(&request.Attestor, "attestor", "", "attestor that asks for the signature, projects/P/attestors/A (required)")
	verb.Flags().StringVar(&request.Key, "key", "",
		"version of the key that signs, projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N (required)")
	trust.register(verb)
	verb.Flags().StringVar(&endpoints.KMS, "kms-endpoint", "", "Cloud KMS API on this machine")
	verb.Flags().StringVar(&endpoints.Analysis, "analysis-endpoint", "", "Container Analysis API on this machine")
	verb.Flags().StringVar(&endpoints.BinaryAuthorization, "binauthz-endpoint", "", "Binary Authorization API on this machine")
	return verb
}

// runnable lists the images to attest: the digest itself and, if it is an index, the image of each platform. Cloud Run resolves an index
// to a platform's image and asks Binary Authorization about that.
func runnable(repository, digest string, platforms []registry.Platform) []string {
	images := []string{repository + "@" + digest}
	for _, platform := range platforms {
		if image := repository + "@" + platform.Digest; !slices.Contains(images, image) {
			images = append(images, image)
		}
	}
	return images
}
