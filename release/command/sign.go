package command

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/attest"
	"github.com/guiofsaints/procureflow-platform/release/registry"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance"
)

func (a *app) sign() *cobra.Command {
	var request attest.Request
	var endpoints attest.Endpoints
	var policy, root string
	command := &cobra.Command{
		Use: "sign", Short: "Sign an image for Binary Authorization, once its provenance is verified", Args: cobra.NoArgs,
		Long: "Verifies the image's provenance as promote does, then attests it with a key of Cloud KMS in Container Analysis. An image that has a\n" +
			"valid attestation by the key is left as it is.",
		RunE: func(command *cobra.Command, _ []string) error {
			if err := request.Check(); err != nil {
				return usage("sign: %v", err)
			}
			repository, digest, _ := strings.Cut(request.Image, "@")
			verified := registry.Promotion{From: repository, Digest: digest, Log: slog.New(slog.NewTextHandler(a.streams.Err, nil))}
			var err error
			if verified.Policy, err = provenance.LoadPolicy(policy); err != nil {
				return usage("%v", err)
			}
			if verified.TrustedRoot, err = provenance.LoadTrustedRoot(root); err != nil {
				return usage("%v", err)
			}
			signer, err := attest.New(command.Context(), endpoints)
			if err != nil {
				return usage("%v", err)
			}
			if _, err := registry.Verify(command.Context(), verified); err != nil {
				var rooted *registry.RootUserError
				if errors.Is(err, provenance.ErrUnproven) || errors.As(err, &rooted) {
					a.exit = ExitRefused
				}
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
	command.Flags().StringVar(&policy, "provenance", "provenance.yaml", "policy: which provenance it has to have")
	command.Flags().StringVar(&root, "trusted-root", "trusted-root.jsonl", "whose signatures count: `gh attestation trusted-root`")
	command.Flags().StringVar(&endpoints.KMS, "kms-endpoint", "", "Cloud KMS API on this machine; called without credentials")
	command.Flags().StringVar(&endpoints.Analysis, "analysis-endpoint", "", "Container Analysis API on this machine")
	command.Flags().StringVar(&endpoints.BinaryAuthorization, "binauthz-endpoint", "", "Binary Authorization API on this machine")
	return command
}
