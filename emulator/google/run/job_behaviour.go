package run

import (
	"errors"
	"fmt"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// JobBehaviour says how the emulated tasks of one job behave. With the zero value they succeed at once.
type JobBehaviour struct {
	// Takes is how long each attempt of a task takes.
	Takes time.Duration `json:"takes,omitempty"`
	// Hang is how many of the next executions hang. Fail is how many executions fail after those.
	Hang int `json:"hang,omitempty"`
	Fail int `json:"fail,omitempty"`
}

// Check refuses a behaviour that makes no sense.
func (b JobBehaviour) Check() error {
	if b.Takes < 0 || b.Hang < 0 || b.Fail < 0 {
		return errors.New("behaviour of a job: want a duration and counts that are not negative")
	}
	return nil
}

const jobBehaviourPrefix = "behaviour-job:"

// SetJobBehaviour sets how the next executions of a job, projects/P/locations/L/jobs/J, behave, also after a restart. Executions
// that already run do not change. The job need not exist yet.
func (a *API) SetJobBehaviour(job string, b JobBehaviour) error {
	if err := b.Check(); err != nil {
		return err
	}
	return a.server.Update(func(q *rest.Request) error { return keepJobBehaviour(q, job, b) })
}

// JobBehaviour returns the behaviour of the job's next executions.
func (a *API) JobBehaviour(job string) (b JobBehaviour) {
	_ = a.server.View(func(q *rest.Request) error { // fails only if the store is closed
		b = jobBehaviour(q, job)
		return nil
	})
	return b
}

func keepJobBehaviour(q *rest.Request, job string, b JobBehaviour) error {
	return q.Tx.Put(jobBehaviourPrefix+job, store.Document{"takes": b.Takes.String(), "hang": float64(b.Hang), "fail": float64(b.Fail)})
}

func jobBehaviour(q *rest.Request, job string) JobBehaviour {
	document := q.Tx.Get(jobBehaviourPrefix + job)
	takes, _ := time.ParseDuration(doc.Text(document, "takes"))
	return JobBehaviour{Takes: takes, Hang: int(doc.Number(document, "hang")), Fail: int(doc.Number(document, "fail"))}
}

// nextRun returns how the execution that starts now behaves. It counts it, so the following execution may behave differently.
func nextRun(q *rest.Request, job rest.Name) (takes time.Duration, fails, hangs bool, err error) {
	b := jobBehaviour(q, job.Path())
	switch {
	case b.Hang > 0:
		b.Hang, hangs = b.Hang-1, true
	case b.Fail > 0:
		b.Fail, fails = b.Fail-1, true
	default:
		return b.Takes, false, false, nil
	}
	if err := keepJobBehaviour(q, job.Path(), b); err != nil {
		return 0, false, false, fmt.Errorf("keep how %s behaves: %w", job.ID(), err)
	}
	return b.Takes, fails, hangs, nil
}
