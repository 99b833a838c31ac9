package cloudscheduler

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// clockPrefix and a job's key together are the key of a document that says when the job is due. There is no such document for a job that
// will never be due.
const clockPrefix = "clock:"

// runJobs is the beginning of the address of a Cloud Run job. The emulator calls no other addresses.
const runJobs = "https://run.googleapis.com/v2/"

// scheduleNext decides when a job is due next, and remembers it.
func scheduleNext(q *rest.Request, n rest.Name, job map[string]any) error {
	delete(job, "scheduleTime")
	err := q.Tx.Delete(clockPrefix + n.Key())
	schedule, readable := parse(doc.Text(job, "schedule"))
	zone, zoneErr := time.LoadLocation(doc.Text(job, "timeZone"))
	if err != nil || !readable || zoneErr != nil || doc.Text(job, "state") != "ENABLED" {
		return err
	}
	next := schedule.next(q.Now.In(zone))
	if next.IsZero() {
		return nil
	}
	job["scheduleTime"] = rest.Timestamp(next.UTC())
	return q.Tx.Put(clockPrefix+n.Key(), store.Document{"at": job["scheduleTime"], "job": n.Path()})
}

// due reports whether a job is due by now.
func due(q *rest.Request) bool { return len(q.Due(clockPrefix)) > 0 }

// settle runs the jobs that are due. A job that was due several times while nobody sent the cloud a request runs once.
func (deps Dependencies) settle(q *rest.Request) error {
	for _, key := range q.Due(clockPrefix) {
		n, job := q.Find(Host, jobs, doc.Text(q.Tx.Get(key), "job"))
		if err := errors.Join(deps.attempt(q, job), scheduleNext(q, n, job), q.Put(n, job)); err != nil {
			return err
		}
	}
	return nil
}

// codes maps the refusals that an attempt may meet to the numbers that a job's status carries.
var codes = map[string]float64{"INVALID_ARGUMENT": 3, "NOT_FOUND": 5, "PERMISSION_DENIED": 7, "FAILED_PRECONDITION": 9}

// attempt starts the Cloud Run job that the target names, as the target's account. The job's status says whether it worked.
func (deps Dependencies) attempt(q *rest.Request, job map[string]any) error {
	target := doc.Object(job, "httpTarget")
	run, ours := strings.CutPrefix(doc.Text(target, "uri"), runJobs)
	run, starts := strings.CutSuffix(run, ":run")
	if !ours || !starts || doc.Text(target, "httpMethod") != http.MethodPost {
		return nil
	}
	job["lastAttemptTime"] = rest.Timestamp(q.Now)
	job["status"] = map[string]any{}
	err := deps.Start(q, run, doc.Text(target, "oauthToken", "serviceAccountEmail"))
	if refusal, refused := errors.AsType[*rest.Error](err); refused {
		job["status"] = map[string]any{"code": codes[refusal.Status], "message": refusal.Message}
		return nil
	}
	return err
}
