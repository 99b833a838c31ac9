package run

import (
	"fmt"
	"time"
)

// Work is what the tasks of one execution of a job do. It is decided when the execution starts, so that how it stands at any time
// follows from the time alone.
type Work struct {
	// Name is the execution's id, and begins the names of its tasks.
	Name string
	// Tasks are run, at most Parallelism of them at once; each is tried again Retries times after it failed.
	Tasks, Parallelism, Retries int
	// Timeout bounds an attempt, which takes Takes.
	Timeout, Takes time.Duration
	// Fails says that each attempt ends with exit code 1, Hangs that it never ends by itself.
	Fails, Hangs bool
	// Refused is why no container can be started; empty when they can.
	Refused string
	// Started is when the first task begins, Cancelled when somebody cancelled the execution; zero if nobody did.
	Started, Cancelled time.Time
}

// Phase is how a task stands.
type Phase string

// The phases of a task.
const (
	Pending   Phase = "pending"
	Running   Phase = "running"
	Succeeded Phase = "succeeded"
	Failed    Phase = "failed"
	Cancelled Phase = "cancelled"
)

// Task is how one task stands. Began and Ended are zero before their time.
type Task struct {
	Phase        Phase
	Began, Ended time.Time
	// Retried counts the attempts after the first one.
	Retried int
	// Message says why it failed.
	Message string
}

// Progress is how an execution stands.
type Progress struct {
	Running, Succeeded, Failed, Cancelled, Retried int
	// Ended is zero while it runs.
	Ended time.Time
	// Reason and Message say why it did not succeed, as the API does: NON_ZERO_EXIT_CODE, CANCELLED.
	Reason, Message string
}

// attempt is how long one takes, and whether it is cut off then.
func (w Work) attempt() (takes time.Duration, cut bool) {
	if w.Hangs || w.Takes > w.Timeout {
		return w.Timeout, true
	}
	return w.Takes, false
}

// Task is how one of the tasks stands, counted from 0.
func (w Work) Task(index int, now time.Time) Task {
	takes, cut := w.attempt()
	attempts := 1
	if w.Fails || cut {
		attempts += w.Retries
	}
	side := w.Parallelism
	if side <= 0 || side > w.Tasks {
		side = w.Tasks
	}
	began := w.Started.Add(time.Duration(index/side*attempts) * takes)
	ends := began.Add(time.Duration(attempts) * takes)
	at := now
	cancelled := !w.Cancelled.IsZero() && !now.Before(w.Cancelled) && w.Cancelled.Before(ends)
	if cancelled {
		at = w.Cancelled
	}
	task := Task{Phase: Pending}
	if at.Before(began) {
		if cancelled {
			task.Phase, task.Ended = Cancelled, w.Cancelled
		}
		return task
	}
	task.Phase, task.Began = Running, began
	if takes > 0 {
		task.Retried = min(attempts-1, int(at.Sub(began)/takes))
	} else {
		task.Retried = attempts - 1
	}
	switch {
	case cancelled:
		task.Phase, task.Ended = Cancelled, w.Cancelled
	case now.Before(ends):
	case cut:
		task.Phase, task.Ended, task.Message = Failed, ends, "The configured timeout was reached."
	case w.Fails:
		task.Phase, task.Ended, task.Message = Failed, ends, "The container exited with an error."
	default:
		task.Phase, task.Ended = Succeeded, ends
	}
	return task
}

// At is how the execution stands.
func (w Work) At(now time.Time) Progress {
	if w.Refused != "" {
		return Progress{Ended: w.Started, Message: w.Refused}
	}
	var p Progress
	over := true
	for i := range w.Tasks {
		task := w.Task(i, now)
		switch task.Phase {
		case Running:
			p.Running++
		case Succeeded:
			p.Succeeded++
		case Failed:
			p.Failed++
			if p.Message == "" {
				p.Reason = "NON_ZERO_EXIT_CODE"
				p.Message = fmt.Sprintf("Task %s-task%d failed with message: %s", w.Name, i, task.Message)
			}
		case Cancelled:
			p.Cancelled++
		}
		if task.Retried > 0 {
			p.Retried++
		}
		over = over && !task.Ended.IsZero()
		if task.Ended.After(p.Ended) {
			p.Ended = task.Ended
		}
	}
	if !over {
		p.Ended = time.Time{}
		p.Reason, p.Message = "", ""
	}
	if p.Cancelled > 0 {
		p.Reason, p.Message = "CANCELLED", "The execution was cancelled."
	}
	return p
}

// End is when the execution ends by itself, and when somebody cancelled it before that.
func (w Work) End() time.Time { return w.At(w.Started.Add(1 << 62)).Ended }
