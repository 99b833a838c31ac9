package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/registry"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance"
)

func (a *app) promote() *cobra.Command {
	var promotion registry.Promotion
	var policy, root, record, outputs string
	command := &cobra.Command{
		Use: "promote", Short: "Copy an image by digest, with all that refers to it, once its provenance is verified", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			for flag, value := range map[string]string{"digest": promotion.Digest, "from": promotion.From, "to": promotion.To, "tag": promotion.Tag} {
				if value == "" {
					return usage("promote needs --%s", flag)
				}
			}
			var err error
			if promotion.Policy, err = provenance.LoadPolicy(policy); err != nil {
				return usage("%v", err)
			}
			if promotion.TrustedRoot, err = provenance.LoadTrustedRoot(root); err != nil {
				return usage("%v", err)
			}
			promotion.Log = slog.New(slog.NewTextHandler(a.streams.Err, nil))
			result, err := registry.Promote(command.Context(), promotion)
			var taken *registry.TagTakenError
			var rooted *registry.RootUserError
			if errors.Is(err, provenance.ErrUnproven) || errors.As(err, &taken) || errors.As(err, &rooted) {
				a.exit = ExitRefused
			}
			if err != nil {
				return err
			}
			if err := keep(result, record, outputs); err != nil {
				return fmt.Errorf("%s is promoted, but not recorded; promote it again: %w", result.Image, err)
			}
			if a.flags.json {
				return a.print(result)
			}
			fmt.Fprintf(a.streams.Out, "promoted %s as %s: %d manifests, %d bytes moved, %d there before\n", result.Image, result.Tag, result.Manifests,
				result.Transfer.Moved, result.Transfer.Present)
			return nil
		},
	}
	command.Flags().StringVar(&promotion.Digest, "digest", "", "the digest to promote, sha256:…")
	command.Flags().StringVar(&promotion.From, "from", "", "the repository it is in, REGISTRY/REPO")
	command.Flags().StringVar(&promotion.To, "to", "", "the repository it goes to, REGISTRY/REPO")
	command.Flags().StringVar(&promotion.Tag, "tag", "", "the tag it gets there; an existing one never moves")
	command.Flags().BoolVar(&promotion.RehashAll, "rehash-all", false, "read everything back from the target, not only what was moved")
	command.Flags().StringVar(&policy, "provenance", "provenance.yaml", "policy: which provenance it has to have")
	command.Flags().StringVar(&root, "trusted-root", "trusted-root.jsonl", "whose signatures count: `gh attestation trusted-root`")
	command.Flags().StringVar(&record, "record", "", "file to write what was found to, as JSON: the image, its users, its provenance")
	command.Flags().StringVar(&outputs, "github-output", "", "file that image, digest and user are appended to: \"$GITHUB_OUTPUT\"")
	return command
}

// keep writes down what a promotion found, for those who deploy it.
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
	if outputs == "" {
		return nil
	}
	var users []string
	for _, platform := range result.Platforms {
		users = append(users, platform.User)
	}
	slices.Sort(users)
	user := strings.Join(slices.Compact(users), ",")
	// The user is the image's word. A line break in it would be another output.
	if strings.ContainsFunc(user, unicode.IsControl) {
		return fmt.Errorf("the image's user %q has a control character", user)
	}
	file, err := os.OpenFile(outputs, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "image=%s\ndigest=%s\nuser=%s\n", result.Image, result.Digest, user)
	return errors.Join(err, file.Close())
}
