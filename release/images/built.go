package images

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/release/registry"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance"
)

func (a app) built() *cobra.Command {
	var digest, bundles string
	var trust trustFlags
	verb := &cobra.Command{
		Example: "  release built --digest sha256:… --bundles attestations.jsonl",
		Use:     "built", Short: "Say from which commit a digest was built, by attestations in a file", Args: cobra.NoArgs,
		Long: "Verifies Sigstore bundles, one JSON document a line, against the provenance policy, and prints the build's evidence as " +
			"JSON: the commit, the\n" +
			"run and the time of the signature. It asks no registry, so that a job can run it before it gets an identity.\n\n" +
			"Exit codes: 0 proven; 2 the call is wrong; 4 a file cannot be read; 5 not proven.",
		RunE: func(*cobra.Command, []string) error {
			if digest == "" || bundles == "" {
				return command.WrongUsage("built needs --digest sha256:… and --bundles FILE")
			}
			policy, err := provenance.LoadPolicy(trust.policy)
			if err != nil {
				return command.WrongUsage("%v", err)
			}
			root, err := provenance.LoadTrustedRoot(trust.root)
			if err != nil {
				return command.WrongUsage("%v", err)
			}
			content, err := os.ReadFile(bundles)
			if err != nil {
				return fmt.Errorf("read the attestations: %w", err)
			}
			evidence, err := policy.Verify(digest, linesOf(content), root)
			if err != nil {
				return a.refusal(err)
			}
			for _, build := range evidence {
				if build.PredicateType == provenance.SLSAProvenance {
					return a.Print(build)
				}
			}
			return errors.New("the policy asks for no build provenance") // which LoadPolicy refuses
		},
	}
	verb.Flags().StringVar(&digest, "digest", "", "the digest, sha256:…")
	verb.Flags().StringVar(&bundles, "bundles", "", "file with the attestations' bundles, one a line")
	trust.register(verb)
	return verb
}

// linesOf reads the bundles of a file, one a line, and names each by its line number.
func linesOf(content []byte) (bundles []registry.Bundle) {
	for number, line := range bytes.Split(content, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			bundles = append(bundles, registry.Bundle{Name: fmt.Sprintf("line %d", number+1), JSON: line})
		}
	}
	return bundles
}
