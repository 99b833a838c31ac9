package images

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/release/registry"
)

func (a app) promote() *cobra.Command {
	var promotion registry.Promotion
	var record, outputs string
	var trust trustFlags
	verb := &cobra.Command{
		Example: "  release promote --digest sha256:… --from REGISTRY/dev/web --to REGISTRY/prod/web --tag v1.4.0",
		Use:     "promote", Short: "Copy an image by digest, with all that refers to it, once its provenance is verified", Args: cobra.NoArgs,
		RunE: func(verb *cobra.Command, _ []string) error {
			if missing := lacks(promotion); len(missing) > 0 {
				return command.WrongUsage("promote needs --digest, --from, --to and --tag: %s missing", strings.Join(missing, ", "))
			}
			if err := a.trust(&promotion, trust); err != nil {
				return err
			}
			result, err := registry.Promote(verb.Context(), promotion)
			if err != nil {
				return a.refusal(err)
			}
			if err := keep(result, record, outputs); err != nil {
				return fmt.Errorf("%s is promoted, but not recorded; promote it again: %w", result.Image, err)
			}
			if a.JSON() {
				return a.Print(result)
			}
			fmt.Fprintf(a.Streams.Out, "promoted %s as %s: %s, %d bytes moved, %d there before\n", result.Image, result.Tag,
				plural.Of(result.Manifests, "manifest", "manifests"), result.Transfer.Moved, result.Transfer.Present)
			return nil
		},
	}
	verb.Flags().StringVar(&promotion.Digest, "digest", "", "the digest to promote, sha256:… (required)")
	verb.Flags().StringVar(&promotion.From, "from", "", "repository of the image, REGISTRY/REPO (required)")
	verb.Flags().StringVar(&promotion.To, "to", "", "repository to copy to, REGISTRY/REPO (required)")
	verb.Flags().StringVar(&promotion.Tag, "tag", "", "tag at the target; an existing tag never moves (required)")
	verb.Flags().BoolVar(&promotion.RehashAll, "rehash-all", false, "read everything back from the target, not only what was moved")
	trust.register(verb)
	verb.Flags().StringVar(&record, "record", "", "file to which the image, its users and its provenance are written as JSON")
	registerOutputs(verb, &outputs)
	return verb
}

// lacks lists the flags without which there is nothing to promote, where they are missing.
func lacks(p registry.Promotion) (flags []string) {
	for _, flag := range []struct{ name, value string }{{"--digest", p.Digest}, {"--from", p.From}, {"--to", p.To}, {"--tag", p.Tag}} {
		if flag.value == "" {
			flags = append(flags, flag.name)
		}
	}
	return flags
}

// keep writes the result of a promotion to the files that the deploying job reads.
func keep(result registry.Result, record, outputs string) error {
	if record != "" {
		raw, err := json.MarshalIndent(result, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(record, append(raw, '\n'), 0o644); err != nil {
			return err
		}
	}
	return output(outputs, result)
}
