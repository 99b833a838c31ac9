package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/hooks"
	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// Request says what a rollout should do.
type Request struct {
	// Revision names the candidate. Empty means the candidate of the active rollout, or else the revision that the service asks for.
	Revision string
	// Retry allows a revision that was rolled back before.
	Retry bool
	// Proceed accepts that there is too little data, for the step at which the rollout is found and for no other. A person who looked at
	// a held rollout uses it to let it go on.
	Proceed bool
	// OutsideWindow is a person's reason to start while the policy's windows are closed. Empty means that the rollout is refused then.
	OutsideWindow string
}

// Rollout makes the candidate the stable revision in the policy's steps, or resumes a rollout at the point that the live service shows. A
// failed gate or step rolls back to the revision that served before.
func (c *Controller) Rollout(ctx context.Context, request Request) Result {
	r := c.begin()
	if err := c.Policy.Validate(); err != nil {
		return r.end(Failed, fmt.Sprintf("the policy: %v", err))
	}
	rules := c.Policy.Rules()
	r.rules = &rules
	service, err := r.calm(ctx)
	if err != nil {
		return r.stopped(ctx, err)
	}
	r.last = service.Desired
	state := plan.Read(service)
	r.stable = state.Stable
	if state.Candidate == "" {
		var done *Result
		if service, done, err = r.prepare(ctx, service, request); err != nil {
			return r.stopped(ctx, err)
		} else if done != nil {
			return *done
		}
		state = plan.Read(service)
	} else {
		r.candidate, r.begun = state.Candidate, true
		if reason := unresumable(service, state, request); reason != "" {
			return r.end(Refused, reason)
		}
		r.identify(ctx, r.candidate)
		if err := r.record(Event{Kind: "resume", Percent: state.Percent, Before: service.Desired, After: service.Desired,
			Why: []string{fmt.Sprintf("a rollout stopped at %d %%", state.Percent)}}); err != nil {
			return r.end(Interrupted, fmt.Sprintf("%v: %s keeps %d %%, %s", err, state.Candidate, state.Percent, r.goOn()))
		}
		if state.Phase == plan.Withdrawn {
			if done := r.outside(request); done != nil {
				return *done
			}
			err := r.write(ctx, service, transition{kind: "begin", why: []string{"a person took it back, and someone asked to try it again"},
				move: func(s plan.Service) ([]plan.Target, error) { return plan.Begin(s, state.Candidate) }})
			if err != nil {
				return r.stopped(ctx, err)
			}
		}
	}
	return r.climb(ctx, state, request)
}

func unresumable(service plan.Service, state plan.State, request Request) string {
	switch {
	case request.Revision != "" && request.Revision != state.Candidate:
		return fmt.Sprintf("a rollout of %s is active: finish it with %s or end it with %s", state.Candidate,
			service.Command("rollout", "--revision", state.Candidate), service.Command("rollback"))
	case state.Phase == plan.Withdrawn && !request.Retry:
		return plan.TakenBackByHand(service, state.Candidate)
	case state.Phase == plan.Unknown:
		return fmt.Sprintf("the traffic (%s) is not what a rollout of %s leaves: end it with %s", plan.Describe(service.Desired), state.Candidate,
			service.Command("rollback"))
	}
	return ""
}

// calm reads the service, and waits while an earlier change is still taking effect.
func (r *run) calm(ctx context.Context) (plan.Service, error) {
	deadline := r.Clock.Now().Add(r.Policy.Settle)
	for {
		service, err := r.read(ctx)
		if err != nil || !service.Reconciling || !service.Diverged() || r.Clock.Now().After(deadline) {
			return service, err
		}
		if err := r.Clock.Sleep(ctx, r.Policy.Interval); err != nil {
			return service, err
		}
	}
}

// prepare pins the serving revision, finds the candidate, waits until it is ready and tags it. A non-nil result ends the run.
func (r *run) prepare(ctx context.Context, service plan.Service, request Request) (plan.Service, *Result, error) {
	ended := func(outcome Outcome, why string) (plan.Service, *Result, error) {
		result := r.end(outcome, why)
		return service, &result, nil
	}
	state := plan.Read(service)
	switch {
	case state.Phase != plan.Idle:
		return ended(Refused, plan.SplitByHand(service))
	case state.Stable == "":
		return ended(Failed, "no revision serves yet, so there is nothing to go back to: make the first one ready")
	case misdirected(service):
		return ended(Refused, misdirection(service))
	case cmp.Or(request.Revision, service.Asked) == state.Stable && !plan.Follows(service):
		return ended(Nothing, fmt.Sprintf("%s already serves everything", state.Stable))
	}
	if done := r.outside(request); done != nil {
		return service, done, nil
	}
	if problem, err := r.unknown(ctx, service, request.Revision); err != nil {
		return service, nil, err
	} else if problem != "" {
		return ended(Failed, problem)
	}
	// The pin removes the tag of a revision that a person moved away from, so this has to be read before.
	barred := state.Barred
	if !plan.Pinned(service) {
		err := r.write(ctx, service, transition{kind: "pin", why: []string{"a new revision must change nothing by itself"},
			move: func(s plan.Service) ([]plan.Target, error) { return plan.Pin(s, state.Stable), nil }})
		if err != nil {
			return service, nil, err
		}
	}
	candidate, done, err := r.ready(ctx, request, barred)
	if err != nil || done != nil {
		return service, done, err
	}
	if problems, err := r.unrunnable(ctx, candidate); err != nil {
		return service, nil, err
	} else if len(problems) > 0 {
		r.candidate = candidate
		result := r.end(Failed, append(problems, candidate+" serves nobody")...)
		return service, &result, nil
	}
	if service, err = r.look(ctx); err != nil {
		return service, nil, err
	}
	r.candidate = candidate
	err = r.write(ctx, service, transition{kind: "begin", why: []string{"ready, to be probed before it serves anyone"},
		move: func(s plan.Service) ([]plan.Target, error) { return plan.Begin(s, candidate) }})
	if err != nil {
		return service, nil, err
	}
	r.begun = true
	service, err = r.look(ctx)
	return service, nil, err
}

// unknown says that a named revision does not exist, and lists those that do. A revision that the service asks for may not have appeared
// yet.
func (r *run) unknown(ctx context.Context, service plan.Service, name string) (string, error) {
	if name == "" || name == service.Wanted() {
		return "", nil
	}
	if _, err := r.Service.Revision(ctx, name); !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrInvalid) {
		return "", nil // The wait for the candidate handles any other error.
	}
	names, err := r.revisions(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("there is no revision %s, and nothing was changed: the service has %s", name, names), nil
}

// revisions lists the newest revisions by name.
func (r *run) revisions(ctx context.Context) (string, error) {
	const most = 10
	list, err := r.Service.Revisions(ctx)
	var names []string
	for _, revision := range list[:min(len(list), most)] {
		names = append(names, revision.Name)
	}
	if more := len(list) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d older", more))
	}
	return strings.Join(names, ", "), err
}

// misdirected says that requests still do not go where they were sent after the time that this may take. A person then has to say which
// revision counts as stable.
func misdirected(service plan.Service) bool {
	told, _ := service.Largest(service.Desired)
	serves, _ := service.Largest(service.Effective)
	return told != serves && len(service.Effective) > 0
}

func misdirection(service plan.Service) string {
	what, command := plan.Misdirected(service)
	return fmt.Sprintf("the service %s: put that right with %s first", what, command)
}

// ready finds the candidate and waits until it can serve. It gets no requests yet, so a failure needs no rollback.
func (r *run) ready(ctx context.Context, request Request, barred func(string) bool) (string, *Result, error) {
	deadline := r.Clock.Now().Add(r.Policy.CandidateWait)
	ended := func(outcome Outcome, format string, arguments ...any) (string, *Result, error) {
		result := r.end(outcome, fmt.Sprintf(format, arguments...))
		return "", &result, nil
	}
	told := ""
	for {
		service, err := r.look(ctx)
		if err != nil {
			return "", nil, err
		}
		name := request.Revision
		if name == "" {
			name = service.Wanted()
		}
		reason := "it has not appeared"
		switch {
		case name == r.stable && (request.Revision != "" || service.Asked != "" || !service.Reconciling):
			return ended(Nothing, "%s already serves everything", name)
		case name != r.stable && barred(name) && !request.Retry:
			r.candidate = name
			return ended(Refused, "%s was rolled back before: release another revision, or this one with %s", name,
				service.Command("rollout", "--retry", "--revision", name))
		case name != r.stable:
			revision, err := r.Service.Revision(ctx, name)
			switch {
			case err == nil && revision.Ready:
				r.made(name, revision.Image)
				return name, nil, nil
			case err == nil && revision.Failed:
				r.candidate = name
				return ended(Failed, "%s never became ready, and serves nobody: %s", name, revision.Message)
			case err == nil:
				reason = revision.Message
			case !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrUnavailable):
				return "", nil, err
			}
		}
		if r.Clock.Now().After(deadline) {
			r.candidate = name
			return ended(Failed, "%s is not ready after %s, and serves nobody: %s", name, r.Policy.CandidateWait, reason)
		}
		if why := fmt.Sprintf("waiting up to %s for %s: %s", r.Policy.CandidateWait, name, reason); why != told {
			told = why
			r.tell(why)
		}
		if err := r.Clock.Sleep(ctx, r.Policy.Interval); err != nil {
			return "", nil, err
		}
	}
}

// climb takes the candidate through the gates, from the step at which the service stands.
func (r *run) climb(ctx context.Context, state plan.State, request Request) Result {
	w := &watch{run: r, evidence: health.NewEvidence(r.Policy.Metrics.ErrorRatio)}
	if request.Proceed {
		w.proceedAt = state.Percent
	}
	if err := r.warnOfAffinity(ctx, state.Percent); err != nil {
		return r.stopped(ctx, err)
	}
	if state.Percent == 0 {
		if verdict, err := w.around(ctx, hooks.Before); err != nil {
			return r.stopped(ctx, err)
		} else if verdict.Outcome != health.Pass {
			return r.retreat(ctx, Step{}, verdict)
		}
		if verdict, err := w.step(ctx, Step{}); err != nil {
			return r.stopped(ctx, err)
		} else if verdict.Outcome != health.Pass {
			return r.retreat(ctx, Step{}, verdict)
		}
	}
	for _, step := range r.remaining(state.Percent) {
		if step.Percent != state.Percent {
			if err := r.shift(ctx, "shift", step.Percent, w.passed, func(s plan.Service) ([]plan.Target, error) {
				return plan.Shift(s, step.Percent)
			}); err != nil {
				return r.stopped(ctx, err)
			}
		}
		verdict, err := w.step(ctx, step)
		if err != nil {
			return r.stopped(ctx, err)
		}
		if verdict.Outcome != health.Pass {
			return r.retreat(ctx, step, verdict)
		}
	}
	if verdict, err := w.around(ctx, hooks.After); err != nil {
		return r.stopped(ctx, err)
	} else if verdict.Outcome != health.Pass {
		return r.retreat(ctx, w.current, verdict)
	}
	if err := r.shift(ctx, "finish", 100, w.passed, plan.Finish); err != nil {
		return r.stopped(ctx, err)
	}
	released := r.candidate
	if err := w.settle(ctx); err != nil {
		return r.stopped(ctx, err)
	}
	result := r.end(Released, fmt.Sprintf("%s serves everything", released))
	result.Stable = released
	return result
}

// remaining returns the step at which the service stands, if any, and the steps above it.
func (r *run) remaining(percent int) []Step {
	var steps []Step
	for _, step := range r.Policy.Steps {
		if step.Percent >= percent {
			steps = append(steps, step)
		}
	}
	if percent > 0 && steps[0].Percent != percent { // The last step is 100 %, so that there is one.
		// The percent comes from another policy or from a person. It is no step here, but the candidate has to stay healthy at it, too.
		steps = append([]Step{{Percent: percent, Bake: r.Policy.Steps[0].Bake}}, steps...)
	}
	return steps
}

func (r *run) shift(ctx context.Context, kind string, percent int, why []string, m move) error {
	service, err := r.look(ctx)
	if err != nil {
		return err
	}
	return r.write(ctx, service, transition{kind: kind, percent: percent, why: why, move: m})
}

// retreat ends a rollout whose gate did not pass.
func (r *run) retreat(ctx context.Context, step Step, verdict health.Verdict) Result {
	if verdict.Outcome == health.Inconclusive {
		return r.end(Held, append(verdict.Reasons, fmt.Sprintf("%s keeps %d %%: go on with %s, or end it with %s", r.candidate, step.Percent,
			r.command("rollout", "--proceed"), r.command("rollback")))...)
	}
	return r.back(ctx, verdict.Reasons)
}

// back gives all requests back to the revision that served before the rollout, and waits until that is effective.
func (r *run) back(ctx context.Context, why []string) Result {
	ctx = context.WithoutCancel(ctx) // A signal ends a rollout, but not the way back from it. A second signal ends the process.
	err := r.restore(ctx, transition{kind: "rollback", why: why, urgent: true, move: r.home})
	switch {
	case err == nil:
		return r.end(RolledBack, why...)
	case errors.Is(err, errSuperseded):
		return r.end(Superseded, append(why, err.Error())...)
	}
	return r.end(Unconfirmed, append(why, fmt.Sprintf("the rollback is not confirmed, do it now with %s: %v",
		r.command("rollback", "--to", r.stable), err))...)
}

// stopped ends a run after an error. If the run was interrupted, or somebody else changed the traffic, it leaves everything as it is. Any
// other failure rolls back, once the rollout has begun.
func (r *run) stopped(ctx context.Context, err error) Result {
	switch {
	case errors.Is(err, errSuperseded):
		return r.end(Superseded, err.Error())
	case ctx.Err() != nil:
		return r.end(Interrupted, "stopped by a signal: "+r.goOn())
	case errors.Is(err, errBlind), errors.Is(err, errUnreachable):
		return r.end(Interrupted, err.Error()+": "+r.goOn())
	case errors.Is(err, plan.ErrRefused):
		return r.end(Refused, err.Error())
	case !r.begun:
		return r.end(Failed, err.Error())
	}
	return r.back(ctx, []string{err.Error()})
}

// goOn words the commands that a person can use after a rollout stopped.
func (r *run) goOn() string {
	return fmt.Sprintf("resume with %s, or end the rollout with %s", r.command("rollout"), r.command("rollback"))
}

func (r *run) command(verb string, flags ...string) string {
	return plan.Service{Name: r.name, Program: r.Program, Where: r.Where}.Command(verb, flags...)
}
