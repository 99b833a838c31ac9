package run

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestWork(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	one := Work{Name: "m-x", Tasks: 1, Timeout: time.Minute, Takes: 10 * time.Second, Started: noon}
	change := func(do func(*Work)) Work { w := one; do(&w); return w }
	const exit, late = "Task m-x-task0 failed with message: The container exited with an error.", "Task m-x-task0 failed with message: The " +
		"configured timeout " +
		"was reached."
	fails := change(func(w *Work) { w.Fails = true })
	retried := change(func(w *Work) { w.Fails, w.Retries = true, 2 })
	hangs := change(func(w *Work) { w.Hangs, w.Retries = true, 1 })
	waves := change(func(w *Work) { w.Tasks, w.Parallelism = 5, 2 })
	cancelled := change(func(w *Work) { w.Tasks, w.Parallelism, w.Cancelled = 3, 1, at(15) })
	for name, test := range map[string]struct {
		work  Work
		after int
		want  Progress
	}{
		"at its start":             {one, 0, Progress{Running: 1}},
		"shortly before its end":   {one, 9, Progress{Running: 1}},
		"over":                     {one, 10, Progress{Succeeded: 1, Ended: at(10)}},
		"long after its end":       {one, 999, Progress{Succeeded: 1, Ended: at(10)}},
		"failed":                   {fails, 10, Progress{Failed: 1, Ended: at(10), Reason: "NON_ZERO_EXIT_CODE", Message: exit}},
		"failed, tried again":      {retried, 10, Progress{Running: 1, Retried: 1}},
		"failed for the last time": {retried, 30, Progress{Failed: 1, Retried: 1, Ended: at(30), Reason: "NON_ZERO_EXIT_CODE", Message: exit}},
		"hangs":                    {hangs, 119, Progress{Running: 1, Retried: 1}},
		"hung":                     {hangs, 120, Progress{Failed: 1, Retried: 1, Ended: at(120), Reason: "NON_ZERO_EXIT_CODE", Message: late}},
		"too slow": {change(func(w *Work) { w.Takes = time.Hour }), 60, Progress{Failed: 1, Ended: at(60), Reason: "NON_ZERO_EXIT_CODE",
			Message: late}},
		"two at once":                     {waves, 0, Progress{Running: 2}},
		"the third and fourth":            {waves, 10, Progress{Running: 2, Succeeded: 2}},
		"the last one":                    {waves, 25, Progress{Running: 1, Succeeded: 4}},
		"five tasks in waves, at the end": {waves, 30, Progress{Succeeded: 5, Ended: at(30)}},
		"five tasks in parallel":          {change(func(w *Work) { w.Tasks = 5 }), 5, Progress{Running: 5}},
		"before it was cancelled":         {cancelled, 12, Progress{Running: 1, Succeeded: 1}},
		"cancelled": {cancelled, 15, Progress{Succeeded: 1, Cancelled: 2, Ended: at(15), Reason: "CANCELLED",
			Message: "The execution was cancelled."}},
		"cancelled too late": {change(func(w *Work) { w.Cancelled = at(10) }), 11, Progress{Succeeded: 1, Ended: at(10)}},
		"at once":            {change(func(w *Work) { w.Takes = 0 }), 0, Progress{Succeeded: 1, Ended: noon}},
		"at once, and fails": {change(func(w *Work) { w.Takes, w.Fails = 0, true }), 0, Progress{Failed: 1, Ended: noon,
			Reason: "NON_ZERO_EXIT_CODE", Message: exit}},
		"no container can start": {change(func(w *Work) { w.Refused = "Image not found." }), 0, Progress{Ended: noon,
			Message: "Image not found."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.work.At(at(test.after)))
		})
	}
	assert.Equal(t, at(30), waves.End())
	assert.Equal(t, at(120), hangs.End())
	assert.Equal(t, at(15), cancelled.End())
	assert.Equal(t, Task{Phase: Cancelled, Ended: at(15)}, cancelled.Task(2, at(20)), "it never began")
	assert.Equal(t, Task{Phase: Pending}, waves.Task(4, at(3)))
}
