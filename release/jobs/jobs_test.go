package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/release/hooks"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

const (
	image = "registry/web@sha256:" + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	mark  = "run/x"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// errLost is the error of a start whose answer was lost. The job was started.
var errLost = fmt.Errorf("%w: lost", rollout.ErrUnavailable)

// cloud is Cloud Run as the runner sees it, with its clock.
type cloud struct {
	job        hooks.Job
	jobErr     error
	takes      time.Duration
	ends       hooks.State
	executions []hooks.Execution
	answers    []error // The answers of Run, one after another; then nil.
	silent     int     // The number of lists of executions that are not answered.
	starts     []hooks.Start
	cancelled  []string
	now        time.Time
	cancel     func()
	interrupt  time.Duration // The time after which somebody interrupts; 0 for never.
}

func (c *cloud) Job(context.Context, string) (hooks.Job, error) { return c.job, c.jobErr }

func (c *cloud) Run(_ context.Context, job hooks.Job, start hooks.Start) (string, error) {
	var answer error
	if len(c.answers) > 0 {
		answer, c.answers = c.answers[0], c.answers[1:]
	}
	if answer != nil && answer != errLost {
		return "", answer
	}
	c.starts = append(c.starts, start)
	name := fmt.Sprintf("%s-%d", job.Name, len(c.executions))
	c.executions = append(c.executions, hooks.Execution{Name: name, Mark: start.Mark, Created: c.now, State: hooks.Running, Tasks: 1})
	if answer != nil {
		name = ""
	}
	return name, answer
}

func (c *cloud) Executions(context.Context, string) ([]hooks.Execution, error) {
	if c.silent > 0 {
		c.silent--
		return nil, fmt.Errorf("list: %w", rollout.ErrUnavailable)
	}
	shown := append([]hooks.Execution{}, c.executions...)
	for i := range shown {
		if shown[i].State == hooks.Running && !c.now.Before(shown[i].Created.Add(c.takes)) {
			shown[i].State = c.ends
			if c.ends != hooks.Succeeded {
				shown[i].Message = "Task 0 failed."
			}
		}
	}
	return shown, nil
}

func (c *cloud) Cancel(_ context.Context, _, execution string) error {
	c.cancelled = append(c.cancelled, execution)
	for i := range c.executions {
		if c.executions[i].Name == execution {
			c.executions[i].State = hooks.Cancelled
		}
	}
	return nil
}

func (c *cloud) Now() time.Time { return c.now }

func (c *cloud) Sleep(ctx context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	if c.interrupt > 0 && c.now.Sub(noon) >= c.interrupt {
		c.cancel()
	}
	return ctx.Err()
}

func TestRun(t *testing.T) {
	t.Parallel()
	other := hooks.Execution{Name: "m-other", Created: noon.Add(-time.Minute), State: hooks.Running}
	over := hooks.Execution{Name: "m-old", Created: noon.Add(-time.Hour), State: hooks.Failed}
	for name, test := range map[string]struct {
		cloud   cloud
		request Request
		outcome Outcome
		name    string // The execution's name.
		why     string
		starts  int
		waited  time.Duration // The least time that passes.
	}{
		"it succeeds":     {cloud: cloud{takes: time.Minute}, outcome: Succeeded, name: "m-0", starts: 1, waited: time.Minute},
		"it fails":        {cloud: cloud{ends: hooks.Failed}, outcome: Failed, name: "m-0", why: "failed: Task 0 failed", starts: 1},
		"it is cancelled": {cloud: cloud{ends: hooks.Cancelled}, outcome: Failed, name: "m-0", why: "cancelled: Task 0 failed", starts: 1},
		"without a wait":  {cloud: cloud{takes: time.Hour}, request: Request{NoWait: true}, outcome: Started, name: "m-0", starts: 1},
		"the wait times out": {cloud: cloud{takes: time.Hour}, request: Request{Timeout: time.Minute}, outcome: Unknown, name: "m-0",
			why: "it did not end within 1m0s", starts: 1, waited: time.Minute},
		"somebody interrupts": {cloud: cloud{takes: time.Hour, interrupt: time.Minute}, outcome: Unknown, name: "m-0",
			why: "context canceled", starts: 1, waited: time.Minute},
		"no such job": {cloud: cloud{jobErr: fmt.Errorf("read: %w", rollout.ErrNotFound)}, outcome: Missing, why: "read: not found"},
		"a tag": {cloud: cloud{job: hooks.Job{Name: "m", Image: "registry/web:1"}}, outcome: Refused,
			why: "the job m runs registry/web:1, which is not by digest and may be another image tomorrow: deploy it by digest"},
		"a job that cannot run": {cloud: cloud{job: hooks.Job{Name: "m", Image: image, Message: "Image not found."}}, outcome: Refused,
			why: "the job m cannot run: Image not found."},
		"not allowed": {cloud: cloud{answers: []error{errors.New("403 no")}}, outcome: Refused, why: "403 no"},
		"another execution is running": {cloud: cloud{executions: []hooks.Execution{over, other}, takes: time.Hour}, outcome: Refused,
			why: "the execution m-other has been running since 2026-11-27T11:59:00Z"},
		"started while another execution is running": {cloud: cloud{executions: []hooks.Execution{other}, takes: 2 * time.Minute},
			request: Request{Concurrent: true}, outcome: Succeeded, name: "m-1",
			why: "the execution m-other has been running since 2026-11-27T11:59:00Z", starts: 1},
		"an earlier execution has ended": {cloud: cloud{executions: []hooks.Execution{over}}, outcome: Succeeded, name: "m-1", starts: 1},
		"a running execution is followed": {cloud: cloud{executions: []hooks.Execution{over, other}, takes: 2 * time.Minute},
			request: Request{Follow: "m-other"}, outcome: Succeeded, name: "m-other", waited: time.Minute},
		"an ended execution is followed": {cloud: cloud{executions: []hooks.Execution{over}}, request: Request{Follow: "m-old"}, outcome: Failed,
			name: "m-old", why: "failed"},
		"an unknown execution is followed": {cloud: cloud{executions: []hooks.Execution{over, other}, takes: time.Hour},
			request: Request{Follow: "m-x"},
			outcome: Missing, why: "the job m has no execution m-x; its newest are m-other (running), m-old (failed)"},
		"it never ran": {request: Request{Follow: "m-x"}, outcome: Missing,
			why: "the job m has no execution m-x: it never ran"},
		"the answer to the start is lost": {cloud: cloud{answers: []error{errLost}}, outcome: Succeeded, name: "m-0", starts: 1},
		"the start is not taken": {cloud: cloud{answers: []error{fmt.Errorf("%w: 503", rollout.ErrUnavailable)}}, outcome: Succeeded,
			name: "m-0", starts: 1},
		"the job changes in between": {cloud: cloud{answers: []error{fmt.Errorf("%w: 409", rollout.ErrConflict)}}, outcome: Succeeded,
			name: "m-0", starts: 1},
		"no answer for a while": {cloud: cloud{silent: 10}, outcome: Succeeded, name: "m-0", starts: 1, waited: 10 * time.Second},
		"no answer at all":      {cloud: cloud{silent: 1000}, outcome: Refused, why: "list: the API did not answer", waited: blind - every},
		"no answer while following": {cloud: cloud{silent: 1000}, request: Request{Follow: "m-x"}, outcome: Unknown,
			why: "list: the API did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := test.cloud
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c.cancel, c.now = cancel, noon
			if c.job.Name == "" {
				c.job = hooks.Job{Name: "m", Image: image}
			}
			if c.ends == "" {
				c.ends = hooks.Succeeded
			}
			test.request.Job, test.request.Mark = "m", mark
			runner := &Runner{Jobs: &c, Clock: &c, Tell: func(string) {}, Progress: func(hooks.Execution) {}}
			result := runner.Run(ctx, test.request)
			assert.Equal(t, test.outcome, result.Outcome, result.Why)
			assert.Equal(t, test.name, result.Execution.Name)
			assert.Equal(t, test.why, strings.Join(result.Why, "; "))
			assert.Len(t, c.starts, test.starts)
			for _, start := range c.starts {
				assert.Equal(t, mark, start.Mark)
			}
			assert.GreaterOrEqual(t, c.now.Sub(noon), test.waited)
		})
	}
}

// TestJobStartedTwice loses the answers to two starts, both of which happened. The first execution counts, and the other one is
// cancelled.
func TestJobStartedTwice(t *testing.T) {
	t.Parallel()
	c := &cloud{job: hooks.Job{Name: "m", Image: image}, takes: time.Minute, ends: hooks.Succeeded, now: noon, executions: []hooks.Execution{
		{Name: "m-a", Mark: mark, Created: noon, State: hooks.Running},
		{Name: "m-b", Mark: mark, Created: noon.Add(time.Second), State: hooks.Running},
	}}
	var told []string
	runner := &Runner{Jobs: c, Clock: c, Tell: func(what string) { told = append(told, what) }, Progress: func(hooks.Execution) {}}
	result := runner.Run(t.Context(), Request{Job: "m", Mark: mark})
	assert.Equal(t, Succeeded, result.Outcome)
	assert.Equal(t, "m-a", result.Execution.Name)
	assert.Equal(t, []string{"m-b"}, c.cancelled)
	assert.Equal(t, []string{"the execution m-b was started twice by lost answers, and is cancelled", "the execution m-a is running"}, told)
}
