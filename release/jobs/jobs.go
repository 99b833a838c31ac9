// Package jobs runs one Cloud Run job to its end because a person or a script asked for it, apart from any release.
//
// An execution that it starts carries its own mark, in the variable in which a release's hooks have theirs. By that mark it finds an
// execution whose start was not answered, and does not start a second one.
package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/hooks"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// Outcome says how a run of a job ended.
type Outcome string

const (
	// Succeeded: the execution is over, and every task succeeded.
	Succeeded Outcome = "succeeded"
	// Started: the execution runs, and nobody asked to wait for its end.
	Started Outcome = "started"
	// Failed: the execution is over, because a task failed or somebody cancelled it.
	Failed Outcome = "failed"
	// Missing: there is no such job, or no such execution of it. Nothing was started.
	Missing Outcome = "missing"
	// Refused: the job cannot run now, or the caller may not run it. Nothing was started.
	Refused Outcome = "refused"
	// Unknown: nobody waits any longer, and an execution goes on or may have been started.
	Unknown Outcome = "unknown"
)

// Request says what to run.
type Request struct {
	// Job is the job's short name.
	Job string
	// Mark is the mark of the execution. Nobody else's execution may have it.
	Mark string
	// Args replace the arguments of the job's container. Default: the job's own.
	Args []string
	// Follow is the short name of a running execution to wait for. No execution is started.
	Follow string
	// Concurrent starts an execution even though another one of the job is running.
	Concurrent bool
	// NoWait ends as soon as the execution runs.
	NoWait bool
	// Timeout is how long to wait for the execution's end. It goes on afterwards. Default: as long as it takes.
	Timeout time.Duration
}

// Result says how a run of a job ended, and why.
type Result struct {
	// Outcome is how the run of the job ended.
	Outcome Outcome
	// Image is what the job's executions run, by digest; empty if nobody read the job.
	Image string
	// Execution is the execution as it was last seen. Its name is empty if there is none, or if none was seen.
	Execution hooks.Execution
	// Other is another execution of the job that is running, for which nothing was started.
	Other string
	// Why gives the reasons in words.
	Why []string
}

// Runner runs jobs.
type Runner struct {
	// Jobs reads and starts executions, and Clock is the time. Required, like Tell and Progress.
	Jobs  rollout.Jobs
	Clock rollout.Clock
	// Tell is called with what happened. Progress is called after each look at the execution.
	Tell     func(what string)
	Progress func(execution hooks.Execution)
}

const (
	// soon is the first pause between two looks. Each pause is twice the one before, up to every.
	soon, every = 250 * time.Millisecond, 2 * time.Second
	// blind is how long the API may not answer.
	blind = 2 * time.Minute
)

// running is the state of one run.
type running struct {
	*Runner
	request Request
	result  Result
	// tried says that the API was asked for an execution, and started that it confirmed it.
	tried, started bool
}

// Run starts an execution of the job, or finds the one to follow, and waits until it is over.
func (r *Runner) Run(ctx context.Context, request Request) Result {
	run := &running{Runner: r, request: request}
	outcome, err := run.run(ctx)
	run.result.Outcome = outcome
	if err != nil {
		run.result.Outcome = run.sort(err)
		run.result.Why = append(run.result.Why, err.Error())
	}
	return run.result
}

// sort returns the outcome for an error. Before the first request for an execution, nothing can have been started.
func (r *running) sort(err error) Outcome {
	switch {
	case errors.Is(err, rollout.ErrNotFound) && !r.tried:
		return Missing
	case r.tried || r.request.Follow != "":
		return Unknown
	}
	return Refused
}

func (r *running) run(ctx context.Context) (Outcome, error) {
	begun := r.Clock.Now()
	for pause := soon; ; pause = min(2*pause, every) {
		executions, err := r.executions(ctx)
		if err != nil {
			return "", err
		}
		decision, found := r.decide(executions)
		r.cancelExtra(ctx, decision.Extra)
		switch {
		case !found:
			r.result.Why = []string{fmt.Sprintf("the job %s has no execution %s%s", r.request.Job, r.request.Follow, latest(executions))}
			return Missing, nil
		case !decision.Start:
			if outcome, over := r.judge(decision.Execution); over {
				return outcome, nil
			}
		case !r.started:
			if outcome, err := r.start(ctx, executions); outcome != "" || err != nil {
				return outcome, err
			}
		}
		if waited := r.Clock.Now().Sub(begun); r.request.Timeout > 0 && waited >= r.request.Timeout {
			r.result.Why = []string{fmt.Sprintf("it did not end within %s", r.request.Timeout)}
			return Unknown, nil
		}
		if err := r.Clock.Sleep(ctx, pause); err != nil {
			return "", err
		}
	}
}

// decide finds the execution to look at: the one to follow, or the one with the mark.
func (r *running) decide(executions []hooks.Execution) (decision hooks.Decision, found bool) {
	if r.request.Follow == "" {
		return hooks.Decide(executions, r.request.Mark, time.Time{}), true
	}
	i := slices.IndexFunc(executions, func(one hooks.Execution) bool { return one.Name == r.request.Follow })
	if i < 0 {
		return decision, false
	}
	return hooks.Decision{Execution: executions[i]}, true
}

// start runs the job as it is now. An answer that is lost counts as no start until the next look finds the execution.
func (r *running) start(ctx context.Context, executions []hooks.Execution) (Outcome, error) {
	job, err := r.job(ctx)
	if err != nil {
		return "", err
	}
	r.result.Image = job.Image
	if problem := hooks.Problem(hooks.Hook{OwnImage: true}, job, ""); problem != "" {
		r.result.Why = []string{problem}
		return Refused, nil
	}
	if others := runningNow(executions); len(others) > 0 && !r.tried {
		for _, other := range others {
			r.result.Why = append(r.result.Why, fmt.Sprintf("the execution %s has been running since %s", other.Name,
				other.Created.UTC().Format(time.RFC3339)))
		}
		if !r.request.Concurrent {
			r.result.Other = others[0].Name
			return Refused, nil
		}
	}
	r.tried = true
	name, err := r.Jobs.Run(ctx, job, hooks.Start{Mark: r.request.Mark, Args: r.request.Args})
	switch {
	case errors.Is(err, rollout.ErrConflict): // The job changed since it was read, so the next round reads it again.
		r.tried = false
		return "", nil
	case errors.Is(err, rollout.ErrUnavailable):
		r.Tell("the answer to the start was lost: looking whether the execution runs")
		return "", nil
	case err != nil && ctx.Err() == nil:
		r.tried = false
		return "", err
	case err != nil:
		return "", err
	}
	r.started, r.result.Execution.Name = true, name
	if name != "" {
		r.Tell(fmt.Sprintf("the execution %s runs %s", name, job.Image))
	}
	if r.request.NoWait {
		return Started, nil
	}
	return "", nil
}

// judge says whether the execution is over, and how it ended.
func (r *running) judge(execution hooks.Execution) (outcome Outcome, over bool) {
	first := r.result.Execution.Name != execution.Name
	r.started, r.result.Execution = true, execution
	if first {
		r.Tell(fmt.Sprintf("the execution %s is %s", execution.Name, execution.State))
	}
	r.Progress(execution)
	switch execution.State {
	case hooks.Running:
		return Started, r.request.NoWait
	case hooks.Succeeded:
		return Succeeded, true
	}
	why := string(execution.State)
	if execution.Message != "" {
		why += ": " + strings.TrimRight(execution.Message, ".")
	}
	r.result.Why = []string{why}
	return Failed, true
}

// cancelExtra cancels the executions that a lost answer started a second time. The next look shows whether that worked.
func (r *running) cancelExtra(ctx context.Context, extra []hooks.Execution) {
	for _, execution := range extra {
		if err := r.Jobs.Cancel(ctx, r.request.Job, execution.Name); err == nil {
			r.Tell(fmt.Sprintf("the execution %s was started twice by lost answers, and is cancelled", execution.Name))
		}
	}
}

func (r *running) executions(ctx context.Context) (executions []hooks.Execution, err error) {
	err = r.patiently(ctx, func() error {
		executions, err = r.Jobs.Executions(ctx, r.request.Job)
		return err
	})
	return executions, err
}

func (r *running) job(ctx context.Context) (job hooks.Job, err error) {
	err = r.patiently(ctx, func() error {
		job, err = r.Jobs.Job(ctx, r.request.Job)
		return err
	})
	return job, err
}

// patiently repeats a question while the API does not answer.
func (r *running) patiently(ctx context.Context, ask func() error) error {
	deadline := r.Clock.Now().Add(blind)
	for {
		err := ask()
		if !errors.Is(err, rollout.ErrUnavailable) || !r.Clock.Now().Add(every).Before(deadline) {
			return err
		}
		if err := r.Clock.Sleep(ctx, every); err != nil {
			return err
		}
	}
}

// runningNow returns the executions that are running, oldest first.
func runningNow(executions []hooks.Execution) []hooks.Execution {
	return slices.DeleteFunc(sorted(executions), func(one hooks.Execution) bool { return one.State != hooks.Running })
}

// latest names the newest executions, for somebody who mistyped one.
func latest(executions []hooks.Execution) string {
	const few = 3
	var names []string
	for _, execution := range slices.Backward(sorted(executions)) {
		names = append(names, fmt.Sprintf("%s (%s)", execution.Name, execution.State))
	}
	if len(names) == 0 {
		return ": it never ran"
	}
	return "; its newest are " + strings.Join(names[:min(few, len(names))], ", ")
}

func sorted(executions []hooks.Execution) []hooks.Execution {
	return slices.SortedFunc(slices.Values(executions), func(a, b hooks.Execution) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.Name, b.Name))
	})
}
