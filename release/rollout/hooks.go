package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/hooks"
	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// Jobs runs the Cloud Run jobs that hooks name.
type Jobs interface {
	// Job reads a job by its short name. The error wraps ErrNotFound if it does not exist.
	Job(ctx context.Context, name string) (hooks.Job, error)
	// Run starts the job if its etag is unchanged, and returns the execution's name.
	Run(ctx context.Context, job hooks.Job, start hooks.Start) (execution string, err error)
	// Executions lists the job's executions, in any order.
	Executions(ctx context.Context, job string) ([]hooks.Execution, error)
	// Cancel asks the API to end an execution. It may run on for a while.
	Cancel(ctx context.Context, job, execution string) error
}

// hookEvery is the pause between two looks at a running hook.
const hookEvery = 2 * time.Second

// unrunnable returns why hooks cannot run, one line for each. It is called before anything is tagged, because a job that was not
// deployed is no reason to reject the candidate.
func (r *run) unrunnable(ctx context.Context, candidate string) (problems []string, err error) {
	for _, phase := range []hooks.Phase{hooks.Before, hooks.After} {
		for _, hook := range r.Policy.Hooks.Of(phase) {
			_, problem, err := r.runnable(ctx, hook, candidate)
			if err != nil {
				return nil, err
			}
			if problem != "" {
				problems = append(problems, fmt.Sprintf("the %s hook cannot run: %s", phase, problem))
			}
		}
	}
	return problems, nil
}

func (r *run) runnable(ctx context.Context, hook hooks.Hook, candidate string) (job hooks.Job, problem string, err error) {
	if r.Jobs == nil {
		return job, fmt.Sprintf("nothing here runs the job %s", hook.Job), nil
	}
	err = r.patiently(ctx, func() (err error) {
		job, err = r.Jobs.Job(ctx, hook.Job)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return job, fmt.Sprintf("there is no job %s: deploy it, or take it out of the release policy", hook.Job), nil
	}
	return job, hooks.Problem(hook, job, r.images[candidate]), err
}

// around runs the hooks of a phase one after another. It returns Pass, Fail, or Inconclusive if a person has to decide.
func (w *watch) around(ctx context.Context, phase hooks.Phase) (health.Verdict, error) {
	for _, hook := range w.Policy.Hooks.Of(phase) {
		service, err := w.look(ctx)
		if err != nil {
			return health.Verdict{}, err
		}
		h := &hooking{watch: w, phase: phase, hook: hook, mark: hooks.Mark(phase, w.candidate), service: service, begun: w.Clock.Now()}
		verdict, err := h.run(ctx)
		if err != nil || verdict.Outcome != health.Pass {
			return verdict, err
		}
		w.passed = append(w.passed, verdict.Reasons...)
	}
	return health.Verdict{Outcome: health.Pass}, nil
}

// hooking is the state of the one hook that is running.
type hooking struct {
	*watch
	phase   hooks.Phase
	hook    hooks.Hook
	mark    string
	service plan.Service // The service as it was when the hook's turn came.
	begun   time.Time
	// tried says that this run asked for an execution, and started that the API confirmed it. following names the execution that counts.
	tried, started bool
	following      string
}

// run finds the execution of an earlier run or starts one, and waits until it is over. Meanwhile it watches the service.
func (h *hooking) run(ctx context.Context) (health.Verdict, error) {
	for {
		if verdict, err := h.checkWhileWaiting(ctx); err != nil || verdict.Outcome == health.Fail {
			return verdict, err
		}
		decision, err := h.decide(ctx)
		if err != nil {
			return h.broken(ctx, err)
		}
		h.cancelExtra(ctx, decision.Extra)
		switch {
		case !decision.Start:
			if verdict, over, err := h.judge(decision.Execution); over || err != nil {
				return verdict, err
			}
		case !h.started:
			if problem, err := h.start(ctx); err != nil {
				return h.broken(ctx, err)
			} else if problem != "" {
				return h.failed("not run", hooks.Execution{Message: problem}), nil
			}
		}
		if h.Clock.Now().Sub(h.begun) >= h.hook.Timeout {
			return h.hanging(ctx, decision.Execution), nil
		}
		if err := h.Clock.Sleep(ctx, hookEvery); err != nil {
			return health.Verdict{}, err
		}
	}
}

// checkWhileWaiting stops the run if somebody else changed the traffic. After the last step it also checks the candidate's health.
func (h *hooking) checkWhileWaiting(ctx context.Context) (health.Verdict, error) {
	if h.phase == hooks.After {
		verdict, err := h.round(ctx)
		return verdict, errors.Join(err, h.save(false))
	}
	_, err := h.look(ctx)
	return health.Verdict{}, err
}

func (h *hooking) decide(ctx context.Context) (decision hooks.Decision, err error) {
	err = h.patiently(ctx, func() error {
		executions, err := h.Jobs.Executions(ctx, h.hook.Job)
		decision = hooks.Decide(executions, h.mark, h.service.Updated)
		return err
	})
	return decision, err
}

// start runs the job as it is now. If the answer is lost, it counts as a start until another execution is seen: see run.
func (h *hooking) start(ctx context.Context) (problem string, err error) {
	job, problem, err := h.runnable(ctx, h.hook, h.candidate)
	if err != nil || problem != "" {
		return problem, err
	}
	if err := h.line("starting", hooks.Execution{}); err != nil {
		return "", err
	}
	h.tried = true
	url := h.service.TagURL(plan.TagCandidate, h.candidate)
	if h.phase == hooks.After {
		url = h.service.URL
	}
	name, err := h.Jobs.Run(ctx, job, hooks.Start{Mark: h.mark, Args: h.hook.Args,
		Variables: map[string]string{"RELEASE_REVISION": h.candidate, "RELEASE_STABLE": h.stable, "RELEASE_URL": url}})
	switch {
	case errors.Is(err, ErrConflict):
		return "", h.line("conflict", hooks.Execution{}) // The job changed since it was read, so the next round reads it again.
	case errors.Is(err, ErrUnavailable):
		return "", h.line("unavailable", hooks.Execution{}) // The next round checks whether the job was started nevertheless.
	case err != nil:
		return "", err
	}
	h.started, h.following = true, name
	h.tell(fmt.Sprintf("the %s hook %s runs, for up to %s (execution %s)", h.phase, h.hook.Job, h.hook.Timeout, name))
	return "", h.line("started", hooks.Execution{Name: name})
}

// judge says whether the execution that counts is over, and how it went.
func (h *hooking) judge(execution hooks.Execution) (verdict health.Verdict, over bool, err error) {
	found := h.following != execution.Name
	if found {
		h.following = execution.Name
		h.tell(fmt.Sprintf("the %s hook %s was started already (execution %s)", h.phase, h.hook.Job, execution.Name))
		if err := h.line("found", execution); err != nil {
			return verdict, false, err
		}
	}
	switch {
	case execution.State == hooks.Running:
		return verdict, false, nil
	case execution.State == hooks.Succeeded:
		why := fmt.Sprintf("the %s hook %s succeeded", h.phase, h.hook.Job)
		return health.Verdict{Outcome: health.Pass, Reasons: []string{why}}, true, h.line("succeeded", execution)
	case !h.tried && h.phase == hooks.After && h.proceedAt == full:
		why := hooks.Reason(h.phase, h.hook.Job, string(execution.State), execution)
		return health.Verdict{Outcome: health.Pass, Reasons: []string{why, "a person decided to proceed"}}, true, h.line("accepted", execution,
			why)
	}
	return h.failed(string(execution.State), execution), true, nil
}

// full is the percent of the last step.
const full = 100

// hanging cancels an execution that takes too long. If that fails, a person has to do it; the candidate goes back either way.
func (h *hooking) hanging(ctx context.Context, execution hooks.Execution) health.Verdict {
	execution.Name = cmp.Or(execution.Name, h.following)
	execution.Message = fmt.Sprintf("it did not end within %s", h.hook.Timeout)
	if execution.Name != "" {
		if err := h.Jobs.Cancel(context.WithoutCancel(ctx), h.hook.Job, execution.Name); err != nil {
			execution.Message += fmt.Sprintf(", and goes on, because it could not be cancelled: %v", err)
		} else {
			execution.Message += " and was cancelled"
		}
	}
	return h.failed("timed out", execution)
}

// cancelExtra cancels what another run of the same release started at the same moment. Both runs agree on which execution counts. The
// next round shows whether the cancellation worked.
func (h *hooking) cancelExtra(ctx context.Context, extra []hooks.Execution) {
	for _, execution := range extra {
		if err := h.Jobs.Cancel(ctx, h.hook.Job, execution.Name); err == nil {
			_ = h.line("cancelled", execution, "another one was started first")
		}
	}
}

// failed ends a hook that did not succeed. The candidate is taken back even if the journal cannot be written.
func (h *hooking) failed(state string, execution hooks.Execution) health.Verdict {
	verdict := health.Verdict{Outcome: health.Fail, Reasons: []string{hooks.Reason(h.phase, h.hook.Job, state, execution)}}
	if h.phase == hooks.After && h.hook.OnFailure == hooks.Hold {
		verdict.Outcome = health.Inconclusive
	}
	_ = h.line(state, execution, verdict.Reasons...)
	return verdict
}

// broken sorts an API's error: out of reach stops the run, and a refusal ends the hook.
func (h *hooking) broken(ctx context.Context, err error) (health.Verdict, error) {
	if errors.Is(err, errBlind) || ctx.Err() != nil || h.journal != nil {
		return health.Verdict{}, err
	}
	return h.failed("failed", hooks.Execution{Name: h.following, Message: err.Error()}), nil
}

// line writes an event into the journal. It also remembers an execution that would outlive this run.
func (h *hooking) line(state string, execution hooks.Execution, why ...string) error {
	h.goesOn = ""
	if state == "started" || state == "found" && execution.State == hooks.Running {
		h.goesOn = fmt.Sprintf("the %s hook %s goes on by itself (execution %s)", h.phase, h.hook.Job, execution.Name)
	}
	return h.record(Event{Kind: "hook", Percent: h.current.Percent, Why: why,
		Hook: &HookLine{Phase: string(h.phase), Job: h.hook.Job, State: state, Execution: execution.Name, Log: execution.Log}})
}
