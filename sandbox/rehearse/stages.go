package rehearse

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/sandbox/engine"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// visit sends visitors to every service of the base that answers without credentials.
func (r *rehearsal) visit(ctx context.Context, settings stacks.Settings) {
	for _, key := range slices.Sorted(maps.Keys(settings.Services)) {
		service := settings.Services[key]
		address := naming.ServiceURL(service.Name, settings.Project.Number, settings.Project.Region)
		path := "/"
		if len(service.SmokePaths) > 0 {
			path = service.SmokePaths[0]
		}
		if !r.crowd.come(ctx, service.Name, address, path) {
			r.stage("visitors of "+service.Name, false, "it answers only requests with an identity, and visitors have none")
		}
	}
}

// apply applies the change, with the engine killed once, and continues with releases, drift and the rollback.
func (r *rehearsal) apply(ctx context.Context, head *engine.Engine, stack *engine.Stack, before stacks.Settings, result *Result) error {
	after, err := stacks.Read(r.Head.Root, r.Stack, true)
	if err != nil {
		return err
	}
	if err := r.unprovenPaths(ctx, before, after); err != nil {
		return err
	}
	const applying = "the change is applied"
	r.crowd.begin(applying)
	r.mu.Lock()
	r.writes = 1 + r.random.IntN(len(result.Steps))
	r.mu.Unlock()
	_, err = stack.Update(ctx) // The plan has shown what a preview would.
	r.mu.Lock()
	killed := r.killed
	r.writes = 0
	r.mu.Unlock()
	if killed {
		r.stage(applying, false, "the engine is killed in the middle of it, on purpose")
		r.crowd.begin("the update goes on")
		r.said.Reset()
		if _, err = stack.Update(ctx); err == nil {
			r.stage("the update goes on", false, "the interrupted step is repaired, and the rest is done")
		}
	} else if err == nil {
		r.stage(applying, false, "it is applied, and ended before the engine could be killed")
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		why := cmp.Or(engine.Errors(r.said.String()), firstLine(err))
		r.report.Failed = "the update fails: " + why
		r.stage(applying, true, "%s", why)
		r.report.ManualSteps = append(r.report.ManualSteps,
			"a person mends it: a part of the change may be there, and the next update would go on")
		return nil
	}
	if result.Head, err = resourcesOf(head, r.Stack); err != nil {
		return err
	}
	released, err := r.releases(ctx, after)
	if err != nil {
		return err
	}
	if err := r.settled(ctx, stack); err != nil {
		return err
	}
	return r.back(ctx, released, result)
}

// unprovenPaths makes new revisions fail their probes if a probe requests a path that may not exist. Only the application knows which
// paths it answers, and the rehearsal runs no application. So only the paths that the base's probes request count as known.
func (r *rehearsal) unprovenPaths(ctx context.Context, before, after stacks.Settings) error {
	for _, key := range slices.Sorted(maps.Keys(after.Services)) {
		was, had := before.Services[key]
		if !had {
			continue
		}
		known := append([]string{was.Startup.Path, was.Liveness.Path, was.Uptime.Path}, was.SmokePaths...)
		for _, path := range []string{after.Services[key].Startup.Path, after.Services[key].Liveness.Path} {
			if slices.Contains(known, path) {
				continue
			}
			image := after.Services[key].Digest
			if image == "" {
				image = run.Digest(after.Services[key].BootstrapImage)
			}
			if err := r.client.SetBehaviour(ctx, image, run.Behaviour{NeverReady: true}); err != nil {
				return err
			}
			r.stage("a probe of "+after.Services[key].Name, false, "nothing is known to answer %s: it is rehearsed as if nothing did", path)
			break
		}
	}
	return nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// settled checks for drift, and whether another update would change anything.
func (r *rehearsal) settled(ctx context.Context, stack *engine.Stack) error {
	r.crowd.begin("drift")
	drifted, err := stack.Drift(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, one := range drifted {
		names = append(names, one.Name)
	}
	r.stage("drift", len(names) > 0, "%s", listOr(names, "none"))
	again, err := stack.Plan(ctx)
	if err != nil {
		return err
	}
	names = nil
	for _, step := range again.Steps {
		names = append(names, step.Name)
	}
	r.stage("a second update", len(names) > 0, "%s", listOr(names, "changes nothing"))
	return nil
}

func listOr(names []string, none string) string {
	if len(names) == 0 {
		return none
	}
	return strings.Join(names, ", ")
}
