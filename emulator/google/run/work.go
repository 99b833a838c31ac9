package run

import (
	"fmt"
	"time"
)

// Work describes what the tasks of one execution of a job do. It is decided when the execution starts. The execution's state at
// any time follows from Work and the time.
type Work struct {
	// Name is the execution's id. The names of its tasks begin with it.
	Name string
	// Tasks is the number of tasks. At most Parallelism of them run at once. A failed task is tried again up to Retries times.
	Tasks, Parallelism, Retries int
	// Timeout is the time limit of an attempt. Takes is how long an attempt takes without the limit.
	Timeout, Takes time.Duration
	// Fails says that each attempt ends with exit code 1. Hangs says that no attempt ends by itself.
	Fails, Hangs bool
	// Refused is the reason why no container can start, "" if containers can start.
	Refused string
	// Started is when the first task begins. Cancelled is when the execution was cancelled, zero if it was not.
	Started, Cancelled time.Time
}

// Phase is the state of a task.
type Phase string

// These are the states of a task.
const (
	Pending   Phase = "pending"
	Running   Phase = "running"
	Succeeded Phase = "succeeded"
	Failed    Phase = "failed"
	Cancelled Phase = "cancelled"
)

// Task is the state of one task in detail. Began and Ended are zero before their time.
type Task struct {
	// Phase is where the task is. Began is when its first attempt began, and Ended when its last one ended.
	Phase        Phase
	Began, Ended time.Time
	// Retried counts the attempts after the first one.
	Retried int
	// Message is the reason of a failure.
	Message string
}

// Progress is the state of an execution.
type Progress struct {
	// These are numbers of tasks, by their phase. Retried is how many tasks needed more than one attempt.
	Running, Succeeded, Failed, Cancelled, Retried int
	// Ended is zero while the execution runs.
	Ended time.Time
	// Reason and Message say why the execution did not succeed. Reason has the API's words: NON_ZERO_EXIT_CODE, CANCELLED.
	Reason, Message string
}

// attempt returns how long an attempt takes, and whether the time limit ends it.
func (w Work) attempt() (takes time.Duration, cut bool) {
	if w.Hangs || w.Takes > w.Timeout {
		return w.Timeout, true
	}
	return w.Takes, false
}

// Task returns the state of a task at a time. Tasks are counted from 0.
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

// At returns the state of the execution at a time.
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

// End returns when the execution ends: by itself, or earlier if it was cancelled.
func (w Work) End() time.Time { return w.At(w.Started.Add(1 << 62)).Ended }
