package rehearse

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/release/gcp"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/probe"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
	"github.com/guiofsaints/procureflow-platform/release/settings"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// releaseOf is the release of one service's new revision.
type releaseOf struct {
	service, before string
	controller      *rollout.Controller
}

// noJournal is a journal that keeps nothing, because the rehearsal's stages say what happened.
type noJournal struct{}

// Record implements rollout.Journal.
func (noJournal) Record(rollout.Event) error { return nil }

// releases lets the controller release each new revision that the change made, by the stack's own policy. The decisions are real; only
// the time is the rehearsal's.
func (r *rehearsal) releases(ctx context.Context, of stacks.Settings) ([]releaseOf, error) {
	var released []releaseOf
	for _, key := range slices.Sorted(maps.Keys(of.Services)) {
		name := of.Services[key].Name
		controller, err := r.controller(ctx, of, name)
		if err != nil {
			return nil, err
		}
		live, err := controller.Service.Read(ctx)
		if err != nil {
			return nil, fmt.Errorf("read %s after the update: %w", name, err)
		}
		stable := plan.Read(live).Stable
		if asked := live.Wanted(); asked == stable || asked == "" {
			continue
		}
		stage := "the release of " + name
		r.crowd.begin(stage)
		begun := r.clock.Now()
		result := controller.Rollout(ctx, rollout.Request{OutsideWindow: "a rehearsal has no time of day"})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		why := strings.Join(result.Why, "; ")
		switch result.Outcome {
		case rollout.Released:
			r.stage(stage, false, "released in %s of simulated time", r.clock.Now().Sub(begun).Round(slice))
			released = append(released, releaseOf{name, stable, controller})
		case rollout.Nothing:
			r.stage(stage, false, "nothing to release: %s", why)
		case rollout.Held:
			r.stage(stage, true, "held: %s", why)
			r.report.ManualSteps = append(r.report.ManualSteps,
				"a person decides whether the release of "+name+" goes on: it holds, because too little is known")
			released = append(released, releaseOf{name, stable, controller})
		default:
			r.stage(stage, true, "%s: %s", result.Outcome, why)
			r.report.ManualSteps = append(r.report.ManualSteps, "a person looks at the release of "+name+", which ends as "+string(result.Outcome))
		}
	}
	return released, nil
}

// controller returns the release controller of one service in the emulated cloud.
func (r *rehearsal) controller(ctx context.Context, of stacks.Settings, service string) (*rollout.Controller, error) {
	environment, err := settings.Load(r.Head.releasePolicy(), of.Environment)
	if err != nil {
		return nil, err
	}
	endpoints := gcp.Endpoints{Run: r.status.API + "/run/", TokenFile: server.TokenFile(r.Dir)}
	client, err := gcp.NewService(ctx, endpoints, of.Project.ID, of.Project.Region, service)
	if err != nil {
		return nil, err
	}
	metrics, err := gcp.NewMetrics(ctx, endpoints, of.Project.ID, of.Project.Region, service)
	if err != nil {
		return nil, err
	}
	metrics.Now = r.clock.Now
	jobs, err := gcp.NewJobs(ctx, endpoints, of.Project.ID, of.Project.Region)
	if err != nil {
		return nil, err
	}
	asked := environment.Probe
	// The emulated application answers with its revision's name, in place of the real application's marker.
	prober := &probe.Prober{Paths: asked.Paths, Timeout: asked.Timeout, Via: r.status.DataPlane, Now: r.clock.Now}
	prober.Token = probe.Lazily(func(ctx context.Context) (probe.TokenSource, error) {
		audience := naming.ServiceURL(service, of.Project.Number, of.Project.Region)
		return gcp.IDTokens(context.WithoutCancel(ctx), endpoints, of.AccountEmail(stacks.AccountDeploy), audience)
	})
	return &rollout.Controller{Service: client, Prober: prober, Metrics: metrics, Jobs: jobs, Clock: r.clock, Journal: noJournal{},
		Policy: environment.Policy(), Name: service, Program: "release"}, nil
}

// back rolls the releases back, and records what that restores. A rollback moves only requests; the change's other effects stay.
func (r *rehearsal) back(ctx context.Context, released []releaseOf, result *Result) error {
	restored := map[string]bool{}
	for _, release := range released {
		stage := "the rollback of " + release.service
		r.crowd.begin(stage)
		begun := r.clock.Now()
		ended := release.controller.Rollback(ctx, rollout.Back{Why: "rehearsal"})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		live, err := release.controller.Service.Read(ctx)
		if err != nil {
			return err
		}
		serves, _ := live.Largest(live.Effective)
		if ended.Outcome != rollout.RolledBack || serves != release.before {
			r.stage(stage, true, "%s: %s serves: %s", ended.Outcome, serves, strings.Join(ended.Why, "; "))
			continue
		}
		restored[release.service] = true
		r.stage(stage, false, "%s serves again after %s of simulated time", serves, r.clock.Now().Sub(begun).Round(slice))
		r.report.Restored = append(r.report.Restored, release.service+": the image, its variables and its secrets' versions, CPU and memory, of "+
			"revision "+serves)
	}
	r.report.NotRestored = append(r.report.NotRestored, notRestored(result.Steps, result.Head, restored)...)
	return nil
}

// notRestored lists the steps that rollbacks of the services in restored leave in place. head are the stack's resources.
func notRestored(steps []review.Step, head []inventory.Resource, restored map[string]bool) (left []string) {
	for _, step := range steps {
		gone := step.Op == review.Update && onlyTemplate(step) && slices.ContainsFunc(head, func(of inventory.Resource) bool {
			return of.Type == serviceType && of.Type == step.Type && of.Name == step.Name && restored[of.Text("name")]
		})
		if !gone {
			left = append(left, fmt.Sprintf("%s (%s)", step.Name, step.Op))
		}
	}
	return left
}

const serviceType = "gcp:cloudrunv2/service:Service"

// onlyTemplate says that a step changes nothing of a service but its revisions' template.
func onlyTemplate(step review.Step) bool {
	return !slices.ContainsFunc(step.Changes, func(p review.Property) bool { return !strings.HasPrefix(p.Path, "template") })
}
