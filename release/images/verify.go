package images

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/release/registry"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance"
)

func (a app) verify() *cobra.Command {
	var image, outputs string
	var trust trustFlags
	verb := &cobra.Command{
		Example: "  release verify --image REGISTRY/web@sha256:…",
		Use:     "verify", Short: "Verify an image's provenance and that it does not run as root", Args: cobra.NoArgs,
		Long: "Makes the checks that promote makes before it copies, and writes nothing to the registry. It prints the user that the image\n" +
			"runs as, for the setting imageUser of the service that runs it.",
		RunE: func(verb *cobra.Command, _ []string) error {
			if !strings.Contains(image, "@") {
				return command.WrongUsage("verify needs --image REGISTRY/REPO@sha256:…, not %q: a tag can name another image tomorrow", image)
			}
			result, err := a.verified(verb, image, trust)
			if err != nil {
				return err
			}
			if err := output(outputs, result); err != nil {
				return err
			}
			if a.JSON() {
				return a.Print(result)
			}
			fmt.Fprintf(a.Streams.Out, "verified %s: it runs as %s\n", result.Image, result.ImageUser())
			return nil
		},
	}
	verb.Flags().StringVar(&image, "image", "", "the image, REGISTRY/REPO@sha256:… (required)")
	trust.register(verb)
	registerOutputs(verb, &outputs)
	return verb
}

// verified reads an image at its registry and refuses it if the policy does not admit it.
func (a app) verified(verb *cobra.Command, image string, trust trustFlags) (registry.Result, error) {
	repository, digest, _ := strings.Cut(image, "@")
	promotion := registry.Promotion{From: repository, Digest: digest}
	if err := a.trust(&promotion, trust); err != nil {
		return registry.Result{}, err
	}
	result, err := registry.Verify(verb.Context(), promotion)
	return result, a.refusal(err)
}

// trustFlags name the files that say which images are admitted.
type trustFlags struct{ policy, root string }

func (f *trustFlags) register(verb *cobra.Command) {
	verb.Flags().StringVar(&f.policy, "provenance", "provenance.yaml", "file with the policy of the provenance that an image needs")
	verb.Flags().StringVar(&f.root, "trusted-root", "trusted-root.jsonl",
		"`file` with the roots of the signatures that count, as gh attestation trusted-root prints it")
}

// trust reads the files into a promotion, and lets the promotion log to standard error.
func (a app) trust(promotion *registry.Promotion, files trustFlags) error {
	policy, err := provenance.LoadPolicy(files.policy)
	if err != nil {
		return command.WrongUsage("%v", err)
	}
	root, err := provenance.LoadTrustedRoot(files.root)
	if err != nil {
		return command.WrongUsage("%v", err)
	}
	promotion.AllowRootBecause = policy.AllowRootBecause
	promotion.Verify = func(digest string, bundles []registry.Bundle) ([]registry.Evidence, error) {
		return policy.Verify(digest, bundles, root)
	}
	promotion.Log = slog.New(slog.NewTextHandler(a.Streams.Err, nil))
	return nil
}

// refusal sets the exit code for an error: ExitRefused if the image was refused, ExitUsage if the command line is wrong. Any other error
// means that the image could not be checked.
func (a app) refusal(err error) error {
	var taken *registry.TagTakenError
	var rooted *registry.RootUserError
	var arguments *registry.ArgumentsError
	if errors.As(err, &arguments) {
		a.Exit(command.ExitUsage)
	}
	if errors.Is(err, provenance.ErrUnproven) || errors.As(err, &taken) || errors.As(err, &rooted) {
		a.Exit(command.ExitRefused)
	}
	return err
}

var commit = regexp.MustCompile(`^[0-9a-f]{40}$`)

func registerOutputs(verb *cobra.Command, file *string) {
	verb.Flags().StringVar(file, "github-output", "", "file that image, digest, image-user and commit are appended to: \"$GITHUB_OUTPUT\"")
}

// output writes the result for later steps of a workflow; file may be empty.
func output(file string, result registry.Result) error {
	if file == "" {
		return nil
	}
	// The image itself names its user. A line break in the name would add another output, and a space or an at sign another user.
	user := result.ImageUser()
	if strings.Count(user, "@") != 1 || strings.ContainsFunc(user, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return fmt.Errorf("the image's user %q has a space, an at sign or a control character: name another USER in the Dockerfile", user)
	}
	lines := []string{"image=" + result.Image, "digest=" + result.Digest, "image-user=" + user}
	for _, build := range result.Provenance {
		if build.PredicateType == provenance.SLSAProvenance && commit.MatchString(build.Commit) {
			lines = append(lines, "commit="+build.Commit)
		}
	}
	return command.AppendOutputs(file, lines...)
}
