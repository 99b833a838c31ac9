package rollout

import (
	"context"
	"errors"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// What a port's error means; adapters wrap these.
var (
	// ErrConflict: the write lost against another one since the read (HTTP 409, 412). Nothing was written.
	ErrConflict = errors.New("someone else wrote in between")
	// ErrUnavailable: no answer, or one that says to try again (429, 5xx). A write may or may not have been done.
	ErrUnavailable = errors.New("the API did not answer")
	// ErrNotFound: the service or revision does not exist.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: the list is none that the API takes (HTTP 400), as when it names a revision that is gone. Nothing was written.
	ErrInvalid = errors.New("the API does not take it")
)

// Service reads and writes one service.
type Service interface {
	Read(ctx context.Context) (plan.Service, error)
	// Shift writes the traffic list and nothing else, if the service still has this etag. It returns once the write is accepted.
	Shift(ctx context.Context, etag string, traffic []plan.Target) error
	Revision(ctx context.Context, name string) (plan.Revision, error)
	// Revisions lists all, newest first.
	Revisions(ctx context.Context) ([]plan.Revision, error)
}

// Probe is one request to make.
type Probe struct {
	Endpoint health.Endpoint
	URL      string
	// Revision has to answer, where the policy names a marker; empty when any may.
	Revision string
}

// Prober makes one round of probes at once, and answers in their order. A probe that fails is a sample, not an error.
type Prober interface {
	Probe(ctx context.Context, probes []Probe) []health.Sample
}

// Metrics reads what Cloud Monitoring counted for a revision since a time.
type Metrics interface {
	Since(ctx context.Context, revision string, since time.Time) (health.Metrics, error)
}

// Clock is time.Now and an interruptible sleep.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
}

// Journal keeps what happened. A rollout that cannot write it does not shift; a rollback goes on and says so.
type Journal interface {
	Record(event Event) error
}

// Event is one line of the journal.
type Event struct {
	At time.Time `json:"at"`
	// Kind: begin, resume, pin, shift, finish, rollback, restore (transitions of the traffic list); probes; decide; hook; window; end.
	Kind string `json:"kind"`
	// Answer of a transition: sent before the write, then accepted, conflict, unavailable or refused. A sent without an answer was
	// cut off, and may have been done.
	Answer    string `json:"answer,omitempty"`
	Candidate string `json:"candidate,omitempty"`
	Stable    string `json:"stable,omitempty"`
	// Percent is the candidate's step.
	Percent int `json:"percent"`
	// Before and After are the desired traffic; Etag is the one the write was guarded by.
	Before []plan.Target `json:"before,omitempty"`
	After  []plan.Target `json:"after,omitempty"`
	Etag   string        `json:"etag,omitempty"`
	// Why, in words.
	Why []string `json:"why,omitempty"`
	// Samples since the last line of kind probes; Metrics the newest numbers of the candidate from Cloud Monitoring.
	Samples []health.Sample `json:"samples,omitempty"`
	Metrics *health.Metrics `json:"metrics,omitempty"`
	// Beside are those of stable over the same time.
	Beside *health.Metrics `json:"beside,omitempty"`
	// Rules are in a rollout's first line. Until, in lines of kind probes, is when the step has baked or stops waiting for more data.
	Rules *Rules     `json:"rules,omitempty"`
	Until *time.Time `json:"until,omitempty"`
	// Images are those of candidate and stable by digest, as far as they are known, by revision; in lines of kind begin, resume and end.
	Images map[string]string `json:"images,omitempty"`
	// Hook is what a line of kind hook is about.
	Hook    *HookLine `json:"hook,omitempty"`
	Outcome Outcome   `json:"outcome,omitempty"`
}

// HookLine is one thing that happened to a hook.
type HookLine struct {
	// Phase is before or after, Job the Cloud Run job's short name.
	Phase string `json:"phase"`
	Job   string `json:"job"`
	// State: starting before the call, then started, conflict or unavailable; found for an execution of an earlier run; at last succeeded,
	// failed, cancelled, timed out, not run, or accepted where a person proceeds in spite of it. A starting without any other was cut off,
	// and may have been started.
	State string `json:"state"`
	// Execution is the execution's short name, and Log where a person reads what it wrote.
	Execution string `json:"execution,omitempty"`
	Log       string `json:"log,omitempty"`
}

// Outcome is how a command ended.
type Outcome string

const (
	// Released: the candidate serves everything and is stable.
	Released Outcome = "released"
	// Nothing was to be done.
	Nothing Outcome = "nothing"
	// RolledBack: what served before serves again.
	RolledBack Outcome = "rolled back"
	// Held: the metrics say nothing, and the policy wants a person to decide. The split stays.
	Held Outcome = "held"
	// Superseded: someone else changed the traffic. The rollout stopped without writing.
	Superseded Outcome = "superseded"
	// Refused: the present state forbids it. Nothing was written.
	Refused Outcome = "refused"
	// Failed: nothing was shifted, or a step of the program itself failed.
	Failed Outcome = "failed"
	// Interrupted: a signal, or the API out of reach. The live service says how far it came.
	Interrupted Outcome = "interrupted"
	// Unconfirmed: a rollback was asked for and is not effective, or not known to be. The worst of all.
	Unconfirmed Outcome = "unconfirmed"
)

// Result is how a command ended and why.
type Result struct {
	Outcome   Outcome `json:"outcome"`
	Stable    string  `json:"stable,omitempty"`
	Candidate string  `json:"candidate,omitempty"`
	// Images are those of Stable and Candidate by digest, as far as they are known, by revision.
	Images  map[string]string `json:"images,omitempty"`
	Why     []string          `json:"why,omitempty"`
	Traffic []plan.Target     `json:"traffic,omitempty"`
	Elapsed time.Duration     `json:"-"`
	// Journal says why the journal is incomplete; empty when it is whole.
	Journal string `json:"journal,omitempty"`
}

// Controller acts on one service.
type Controller struct {
	Service Service
	Prober  Prober
	// Metrics may be nil: then gate C is inconclusive.
	Metrics Metrics
	// Jobs may be nil where the policy has no hooks.
	Jobs    Jobs
	Clock   Clock
	Journal Journal
	Policy  Policy
	// Name is the service's short name, Program how release was started and Where the flags with which it reaches the service: for
	// the commands in messages.
	Name, Program, Where string
	// Progress is told about each round of probes; may be nil.
	Progress func(Progress)
	// Waiting is told what for: the API does not answer, a candidate is not ready yet, a rollback takes effect. It may be nil.
	Waiting func(why string)
}

// Progress is where a rollout stands after one round.
type Progress struct {
	Candidate string
	Percent   int
	// Step of Steps is the one that it stands at, from 1; 0 before any traffic.
	Step, Steps int
	// Waiting says what for while the traffic is not effective yet; empty while it bakes.
	Waiting string
	// Elapsed and Bake of this step, and Left until it has baked or stops waiting for more data.
	Elapsed, Bake, Left time.Duration
	Good, Bad           int
	P95                 time.Duration
	Verdict             health.Verdict
}
