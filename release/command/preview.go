package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/gcp"
	"github.com/guiofsaints/procureflow-platform/release/preview"
	"github.com/guiofsaints/procureflow-platform/release/probe"
)

// previewFlags holds the flags of release preview.
type previewFlags struct {
	pullRequest    int
	image, outputs string
	timeToLive     time.Duration
}

func (a *app) preview() *cobra.Command {
	var f previewFlags
	command := &cobra.Command{
		Use:   "preview up|down|expire|list SLOT...",
		Short: "Let a pull request's image run in a slot of dev for a while, or take it out",
		Long: "A slot is a service of dev for pull requests' images. The key `previews` of dev's settings makes the slots, and\n" +
			"`release settings` prints their names.\n\n" +
			"  up      puts the image into the slot that the pull request has, or into a free one, and waits until it answers\n" +
			"  down    frees the pull request's slot\n" +
			"  expire  frees the slots whose time has passed\n" +
			"  list    shows which pull request has which slot\n\n" +
			"After an interruption, each command can be run again.",
		Example: "  release preview up procureflow-web-preview-1 procureflow-web-preview-2 --pull-request 12 --commit COMMIT \\\n" +
			"    --image us-central1-docker.pkg.dev/PROJECT/procureflow-previews/web@sha256:DIGEST\n" +
			"  release preview down procureflow-web-preview-1 procureflow-web-preview-2 --pull-request 12",
		Args: cobra.MinimumNArgs(2),
		RunE: func(command *cobra.Command, arguments []string) error {
			verb := arguments[0]
			keeper, err := a.keeper(command.Context(), arguments[1:])
			if err == nil {
				err = f.check(verb, a.flags.commit)
			}
			if err != nil {
				return err
			}
			slots, err := f.act(command.Context(), keeper, verb, a.flags.commit)
			if err != nil {
				a.exit = previewExit(command.Context(), err)
			}
			// Even after a failure, the slots that were changed are printed.
			return errors.Join(err, a.showSlots(verb, slots, f.outputs))
		},
	}
	command.Flags().IntVar(&f.pullRequest, "pull-request", 0, "the pull request's number")
	command.Flags().StringVar(&f.image, "image", "", "the image by digest, HOST/PATH@sha256:DIGEST")
	command.Flags().DurationVar(&f.timeToLive, "time-to-live", 72*time.Hour, "how long the pull request keeps the slot from now on")
	command.Flags().StringVar(&f.outputs, "github-output", "",
		"file that slot and url of up, or the list of freed slots, are appended to: \"$GITHUB_OUTPUT\"")
	return command
}

func (a *app) keeper(ctx context.Context, names []string) (*preview.Keeper, error) {
	for _, name := range names {
		if !serviceName.MatchString(name) {
			return nil, usage("%q is not the name of a slot: give the short name of its service, such as procureflow-web-preview-1", name)
		}
	}
	project, err := a.project(ctx)
	if err == nil {
		err = a.checkVia()
	}
	if err != nil {
		return nil, err
	}
	slots, err := gcp.NewSlots(ctx, a.endpoints(), project, a.flags.region)
	if err != nil {
		return nil, usage("%v", err)
	}
	return &preview.Keeper{Slots: slots, Clock: gcp.Clock{}, Names: names,
		Look: func(ctx context.Context, url string) error { return probe.NoIndex(ctx, a.flags.via, url) }}, nil
}

// check refuses flags that do not fit together, before any request.
func (f previewFlags) check(verb, commit string) error {
	var problems []string
	needs := func(missing bool, what string) {
		if missing {
			problems = append(problems, what)
		}
	}
	switch verb {
	case "up":
		needs(f.pullRequest < 1, "--pull-request is not the number of a pull request")
		needs(commit == "", "--commit is missing: name the pull request's commit, 40 hex digits")
		needs(!imageByDigest.MatchString(f.image), "--image is not an image by digest: use HOST/PATH@sha256:DIGEST")
		needs(f.timeToLive <= 0, "--time-to-live is not a duration: use one such as 72h")
	case "down":
		needs(f.pullRequest < 1, "--pull-request is not the number of a pull request")
	case "expire", "list":
	default:
		return usage("%q is not a command of preview: use up, down, expire or list", verb)
	}
	if len(problems) > 0 {
		return usage("%s", strings.Join(problems, "; "))
	}
	return nil
}

func (f previewFlags) act(ctx context.Context, keeper *preview.Keeper, verb, commit string) ([]preview.Slot, error) {
	switch verb {
	case "up":
		slot, err := keeper.Up(ctx, preview.Request{PullRequest: f.pullRequest, Commit: commit, Image: f.image, TimeToLive: f.timeToLive})
		if err != nil {
			return nil, err
		}
		return []preview.Slot{slot}, nil
	case "down":
		return keeper.Down(ctx, f.pullRequest)
	case "expire":
		return keeper.Expire(ctx)
	}
	return keeper.List(ctx)
}

func previewExit(ctx context.Context, err error) int {
	var held *preview.HeldError
	switch {
	case errors.As(err, &held):
		return ExitRefused
	case ctx.Err() != nil:
		return ExitInterrupted
	}
	return ExitFailed
}

// showSlots prints the slots, and tells a workflow their names.
func (a *app) showSlots(verb string, slots []preview.Slot, outputs string) error {
	var lines []string
	switch {
	case verb == "up" && len(slots) == 1:
		lines = []string{"slot=" + slots[0].Name, "url=" + slots[0].URL}
	case verb == "down", verb == "expire":
		names := []string{}
		for _, slot := range slots {
			names = append(names, slot.Name)
		}
		list, err := json.Marshal(names)
		if err != nil {
			return err
		}
		lines = []string{"freed=" + string(list)}
	}
	if len(lines) > 0 {
		if err := AppendOutputs(outputs, lines...); err != nil {
			return err
		}
	}
	if a.flags.json {
		return a.print(struct {
			Slots []preview.Slot `json:"slots"`
		}{append([]preview.Slot{}, slots...)})
	}
	var text strings.Builder
	for _, slot := range slots {
		switch {
		case verb == "down", verb == "expire":
			fmt.Fprintf(&text, "%s was #%d's and is free\n", slot.Name, slot.PullRequest)
		case slot.PullRequest == 0:
			fmt.Fprintf(&text, "%s is free\n", slot.Name)
		default:
			fmt.Fprintf(&text, "%s is #%d's until %s: %s\n", slot.Name, slot.PullRequest, slot.Expires.UTC().Format(time.RFC3339), slot.URL)
		}
	}
	if text.Len() == 0 && (verb == "down" || verb == "expire") {
		text.WriteString("Nothing to free.\n")
	}
	return a.write(text.String())
}
