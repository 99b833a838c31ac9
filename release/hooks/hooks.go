// Package hooks decides about the Cloud Run jobs that run around a release: a database migration before any traffic, a smoke test after
// the last step. It is pure: its input is what the API said of a job and its executions.
//
// A release marks each execution that it starts with the phase and the candidate, in a variable that the job can read. A run that resumes
// the release finds an earlier run's execution by that mark, and does not start a second one.
package hooks

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

// Phase is when a hook runs.
type Phase string

const (
	// Before any traffic, when the candidate is ready and its probes have not begun.
	Before Phase = "before"
	// After the last step is healthy, and before the candidate becomes stable.
	After Phase = "after"
)

// These are the consequences when an after hook does not succeed. A before hook always rolls back, because nobody has seen the candidate
// yet.
const (
	Rollback = "rollback" // Everything goes back to the revision that served before.
	Hold     = "hold"     // The candidate keeps its requests, and a person decides.
)

// Hook is one job to run.
type Hook struct {
	// Job is the Cloud Run job's short name.
	Job string
	// Timeout bounds the execution with all its attempts. After it the execution is cancelled and counts as failed.
	Timeout time.Duration
	// Args replace the arguments of the job's container. Default: the job's own.
	Args []string
	// OwnImage says that the job runs another image than the candidate. That image, too, has to be named by digest.
	OwnImage bool
	// OnFailure says what follows when an after hook fails: Rollback or Hold.
	OnFailure string
}

// Hooks are an environment's hooks, in the order in which they run.
type Hooks struct{ Before, After []Hook }

// Of returns the hooks of a phase.
func (h Hooks) Of(phase Phase) []Hook {
	if phase == Before {
		return h.Before
	}
	return h.After
}

// Empty says whether there are no hooks.
func (h Hooks) Empty() bool { return len(h.Before)+len(h.After) == 0 }

var jobName = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Validate collects all mistakes, with the names that people write in release.yaml.
func (h Hooks) Validate() error {
	var found problems.List
	for _, phase := range []Phase{Before, After} {
		seen := map[string]bool{}
		for i, hook := range h.Of(phase) {
			problem := func(wrong bool, format string, arguments ...any) {
				found.If(wrong, "%s[%d]: "+format, append([]any{phase, i}, arguments...)...)
			}
			problem(!jobName.MatchString(hook.Job), "job is %q: use the short name of a Cloud Run job", hook.Job)
			problem(seen[hook.Job], "job %s is listed twice: one execution would count for both", hook.Job)
			problem(hook.Timeout <= 0, "timeout has to be longer than 0")
			problem(phase == Before && hook.OnFailure != "", "onFailure is for after hooks: a release never goes on after a failed before hook")
			problem(phase == After && hook.OnFailure != Rollback && hook.OnFailure != Hold, "onFailure is %q: use rollback or hold", hook.OnFailure)
			seen[hook.Job] = true
		}
	}
	return found.Err()
}

// Job is the result of one read of a job.
type Job struct {
	// Name is the short name. Image is the image that its executions run. Etag lets a start fail if the job changed since this read.
	Name, Image, Etag string
	// Message says why the job cannot run; empty when it can.
	Message string
}

// Problem says why a hook must not run the job; empty when it may. image is the candidate's.
func Problem(hook Hook, job Job, image string) string {
	_, digest, pinned := strings.Cut(job.Image, "@")
	_, wanted, _ := strings.Cut(image, "@")
	switch {
	case job.Message != "":
		return fmt.Sprintf("the job %s cannot run: %s", job.Name, job.Message)
	case !pinned:
		return fmt.Sprintf("the job %s runs %s, which is not by digest and may be another image tomorrow: deploy it by digest", job.Name,
			job.Image)
	case hook.OwnImage:
		return ""
	case wanted == "":
		return fmt.Sprintf("the candidate's image is not known, and the job %s has to run the same image: try again", job.Name)
	case digest != wanted:
		return fmt.Sprintf("the job %s runs %s and the candidate %s: deploy both of the same digest, or say ownImage: true", job.Name, digest,
			wanted)
	}
	return ""
}

// State is the state of an execution.
type State string

const (
	Running   State = "running"   // Running, or not started yet.
	Succeeded State = "succeeded" // Over, and every task succeeded.
	Failed    State = "failed"    // Over, and a task failed after all its retries.
	Cancelled State = "cancelled" // Over, because somebody cancelled it.
)

// Execution is the result of one read of an execution.
type Execution struct {
	// Name is the short name. Mark is the mark that a release gave it; empty if no release started it.
	Name, Mark string
	// Created is when it was started.
	Created time.Time
	// State is where the execution is, such as running or succeeded.
	State State
	// Message is the API's reason why it failed. Log is the page with its output.
	Message, Log string
	// Completed is when it ended; the zero time while it runs.
	Completed time.Time
	// Tasks are how many it has, Done how many of them succeeded, Failed how many did not, and Retries how often one was tried again.
	Tasks, Done, Failed, Retries int
}

// Start holds what an execution is started with.
type Start struct {
	// Mark is the value of the variable RELEASE_HOOK, by which the execution is found again.
	Mark string
	// Args replace the arguments of the job's container. Default: the job's own.
	Args []string
	// Variables are set in the job's container in addition to the mark, by name.
	Variables map[string]string
}

// Variable is the name of the variable that holds the mark.
const Variable = "RELEASE_HOOK"

// Mark returns the mark by which a rollout finds a hook's execution among those of the job.
func Mark(phase Phase, candidate string) string { return string(phase) + "/" + candidate }

// Decision says what to do about a hook.
type Decision struct {
	// Start says that the hook has no execution yet. Otherwise Execution is the one that counts.
	Start     bool
	Execution Execution
	// Extra are further running executions, which two releases at once started. They have to be cancelled.
	Extra []Execution
}

// Decide finds the execution of a hook among those of its job. A running one counts whenever it was started. A finished one counts only
// if it was started after the service was last written, which is when this hook's turn came: an older one belongs to an earlier rollout
// of the same revision. If several count, every run chooses the first.
func Decide(executions []Execution, mark string, since time.Time) Decision {
	var counting []Execution
	for _, execution := range executions {
		if execution.Mark == mark && (execution.State == Running || !execution.Created.Before(since)) {
			counting = append(counting, execution)
		}
	}
	if len(counting) == 0 {
		return Decision{Start: true}
	}
	slices.SortFunc(counting, func(a, b Execution) int { return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.Name, b.Name)) })
	decision := Decision{Execution: counting[0]}
	for _, execution := range counting[1:] {
		if execution.State == Running {
			decision.Extra = append(decision.Extra, execution)
		}
	}
	return decision
}

// Reason says in words that a hook did not succeed, and where a person can see why.
func Reason(phase Phase, job, state string, execution Execution) string {
	text := fmt.Sprintf("the %s hook %s: %s", phase, job, state)
	if execution.Name != "" {
		text += " (execution " + execution.Name + ")"
	}
	if execution.Message != "" {
		text += ", " + strings.TrimRight(execution.Message, ".")
	}
	if execution.Log != "" {
		text += "; its log: " + execution.Log
	}
	return text
}
