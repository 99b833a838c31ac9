package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/attest"
)

func (a *app) sign() *cobra.Command {
	var request attest.Request
	var endpoints attest.Endpoints
	var trust trustFlags
	command := &cobra.Command{
		Use: "sign", Short: "Sign an image for Binary Authorization, once its provenance is verified", Args: cobra.NoArgs,
		Long: "Verifies the image's provenance as promote does, then attests it with a key of Cloud KMS in Container Analysis. An image that has a\n" +
			"valid attestation by the key is left as it is.",
		RunE: func(command *cobra.Command, _ []string) error {
			if err := request.Check(); err != nil {
				return usage("sign: %v", err)
			}
			signer, err := attest.New(command.Context(), endpoints)
			if err != nil {
				return usage("%v", err)
			}
			if _, err := a.verified(command, request.Image, trust); err != nil {
				return err
			}
			result, err := signer.Sign(command.Context(), request)
			if err != nil {
				return err
			}
			if a.flags.json {
				return a.print(result)
			}
			what := "was attested before"
			if result.Created {
				what = "is attested"
			}
			fmt.Fprintf(a.streams.Out, "%s %s: %s\n", result.Image, what, result.Attestation)
			return nil
		},
	}
	command.Flags().StringVar(&request.Image, "image", "", "the image, REGISTRY/REPO@sha256:…")
	command.Flags().StringVar(&request.Attestor, "attestor", "", "for whom: projects/P/attestors/A")
	command.Flags().StringVar(&request.Key, "key", "", "with which key: projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N")
	trust.register(command)
	command.Flags().StringVar(&endpoints.KMS, "kms-endpoint", "", "Cloud KMS API on this machine; called without credentials")
	command.Flags().StringVar(&endpoints.Analysis, "analysis-endpoint", "", "Container Analysis API on this machine")
	command.Flags().StringVar(&endpoints.BinaryAuthorization, "binauthz-endpoint", "", "Binary Authorization API on this machine")
	return command
}
