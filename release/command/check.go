package command

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// retryAfter is the pause between two rounds of a check.
const retryAfter = 2 * time.Second

func (a *app) check() *cobra.Command {
	attempts, timeout := 0, time.Duration(0)
	command := &cobra.Command{
		Use: "check SERVICE PATH...", Short: "Ask the service for each path until it answers 2xx or 3xx, with an ID token if it is private",
		Args:    cobra.MinimumNArgs(2),
		Example: "  release check procureflow-web / '/api/items?limit=1'",
		RunE: func(command *cobra.Command, arguments []string) error {
			paths := arguments[1:]
			for _, path := range paths {
				if !strings.HasPrefix(path, "/") {
					return usage("path %q does not begin with /: leave out the scheme and the host", path)
				}
			}
			if attempts < 1 || timeout <= 0 {
				return usage("--attempts is %d and --timeout %s: use at least 1 and more than 0", attempts, timeout)
			}
			ctx := command.Context()
			s, err := a.connect(ctx, "", arguments[0])
			if err != nil {
				return err
			}
			defer s.close()
			live, err := s.Service.Read(ctx)
			if err != nil {
				return err
			}
			prober, err := a.prober(ctx, s, "auto")
			if err != nil {
				return err
			}
			prober.Timeout = timeout
			ask := func(path string) health.Sample {
				prober.Paths = []string{path}
				return prober.Probe(ctx, []rollout.Probe{{URL: live.URL}})[0]
			}
			failed, err := a.askAll(paths, attempts, ask, func() error { return s.Clock.Sleep(ctx, retryAfter) })
			if err == nil && len(failed) > 0 {
				err = fmt.Errorf("%s failed on: %s", live.URL, strings.Join(failed, ", "))
			}
			return err
		},
	}
	command.Flags().IntVar(&attempts, "attempts", 5, "how often a path is asked before it counts as failed")
	command.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "how long one answer may take")
	return command
}

// askAll asks for each path until it answers, and returns those that never did, each with why.
func (a *app) askAll(paths []string, attempts int, ask func(string) health.Sample, pause func() error) ([]string, error) {
	faults := map[string]string{}
	for attempt := range attempts {
		if attempt > 0 {
			if err := pause(); err != nil {
				return nil, err
			}
		}
		remaining := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return attempt > 0 && faults[path] == "" })
		for _, path := range remaining {
			sample := ask(path)
			delete(faults, path)
			if sample.Status < http.StatusOK || sample.Status >= http.StatusBadRequest {
				faults[path] = sample.Fault
				continue
			}
			if err := a.write(fmt.Sprintf("%s answered %d\n", path, sample.Status)); err != nil {
				return nil, err
			}
		}
		if len(faults) == 0 {
			break
		}
	}
	var failed []string
	for _, path := range paths {
		if fault := faults[path]; fault != "" {
			failed = append(failed, fault)
		}
	}
	return failed, nil
}
