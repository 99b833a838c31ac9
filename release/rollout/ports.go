package rollout

import (
	"context"
	"errors"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// These are the meanings of a port's errors; adapters wrap them.
var (
	// ErrConflict: somebody else wrote after the read (HTTP 409, 412). Nothing was written.
	ErrConflict = errors.New("someone else wrote in the meantime")
	// ErrUnavailable: no answer, or one that says to try again (429, 5xx). The write may have happened.
	ErrUnavailable = errors.New("the API did not answer")
	// ErrNotFound: the service or revision does not exist.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: the API refuses the list (HTTP 400), for example because it names a deleted revision. Nothing was written.
	ErrInvalid = errors.New("the API refuses it")
)

// Service reads and writes one service.
type Service interface {
	// Read returns the service as it is now. The error wraps ErrNotFound if it does not exist.
	Read(ctx context.Context) (plan.Service, error)
	// Shift writes the traffic list and nothing else, if the service's etag is unchanged. It returns once the write is accepted.
	Shift(ctx context.Context, etag string, traffic []plan.Target) error
	// Revision reads one revision by its name. The error wraps ErrNotFound if it does not exist.
	Revision(ctx context.Context, name string) (plan.Revision, error)
	// Revisions lists all revisions, newest first.
	Revisions(ctx context.Context) ([]plan.Revision, error)
}

// Probe is one request to make.
type Probe struct {
	// Endpoint says which of the two places URL is: the candidate's own or the service's.
	Endpoint health.Endpoint
	URL      string
	// Revision is the revision that has to answer, if the policy names a marker; empty if any may.
	Revision string
}

// Prober makes HTTP requests as a visitor would.
type Prober interface {
	// Probe makes one round of probes at once, and returns a sample for each, in the same order. A failed probe is a sample, not an error.
	Probe(ctx context.Context, probes []Probe) []health.Sample
}

// Metrics reads what Cloud Monitoring counted.
type Metrics interface {
	// Since returns the numbers of a revision from a time until now. Without any point yet, Requests is 0 and Through is the zero time.
	Since(ctx context.Context, revision string, since time.Time) (health.Metrics, error)
}

// Clock tells the time, and sleeps until a context ends.
type Clock interface {
	Now() time.Time
	// Sleep waits for d. It returns the cause of the context if that ends first.
	Sleep(ctx context.Context, d time.Duration) error
}

// Journal records events. If it cannot be written, a rollout does not shift, and a rollback goes on and says so.
type Journal interface {
	Record(event Event) error
}

// Event is one line of the journal.
type Event struct {
	// At is when it happened, in UTC.
	At time.Time `json:"at"`
	// Kind is the kind of the line. begin, resume, pin, shift, finish, rollback and restore are writes of the traffic list; the others
	// are probes, decide, hook, window, affinity and end.
	Kind string `json:"kind"`
	// Answer belongs to a write of the traffic list: sent before the write, then accepted, conflict, unavailable or refused. If no answer
	// follows sent, the run was cut off, and the write may have happened.
	Answer string `json:"answer,omitempty"`
	// Candidate and Stable are the names of the two revisions; empty where a line is about neither.
	Candidate string `json:"candidate,omitempty"`
	Stable    string `json:"stable,omitempty"`
	// Percent is the candidate's share of the requests in the present step.
	Percent int `json:"percent"`
	// Before and After are the desired traffic. Etag is the one that guarded the write.
	Before []plan.Target `json:"before,omitempty"`
	After  []plan.Target `json:"after,omitempty"`
	Etag   string        `json:"etag,omitempty"`
	// Why gives the reasons in words.
	Why []string `json:"why,omitempty"`
	// Samples are the probes since the last line of kind probes. Metrics are the candidate's newest numbers from Cloud Monitoring.
	Samples []health.Sample `json:"samples,omitempty"`
	Metrics *health.Metrics `json:"metrics,omitempty"`
	// StableMetrics are the numbers of the stable revision over the same time.
	StableMetrics *health.Metrics `json:"stableMetrics,omitempty"`
	// Rules are in a rollout's first line. Until is in lines of kind probes: the time at which the step has baked, or stops waiting for
	// more data.
	Rules *Rules     `json:"rules,omitempty"`
	Until *time.Time `json:"until,omitempty"`
	// Images are the known images of candidate and stable by digest, under the revisions' names; in lines of kind begin, resume and end.
	Images map[string]string `json:"images,omitempty"`
	// Hook belongs to a line of kind hook.
	Hook *HookLine `json:"hook,omitempty"`
	// Outcome is in the last line, of kind end: how the command ended.
	Outcome Outcome `json:"outcome,omitempty"`
}

// HookLine is one event of a hook.
type HookLine struct {
	// Phase is before or after. Job is the Cloud Run job's short name.
	Phase string `json:"phase"`
	Job   string `json:"job"`
	// State is starting before the call, then started, conflict or unavailable. It is found for an execution of an earlier run. It ends
	// with succeeded, failed, cancelled, timed out, not run, or accepted if a person proceeds in spite of it. If nothing follows
	// starting, the run was cut off, and the job may have been started.
	State string `json:"state"`
	// Execution is the execution's short name. Log is where a person reads its output.
	Execution string `json:"execution,omitempty"`
	Log       string `json:"log,omitempty"`
}

// Outcome says how a command ended.
type Outcome string

const (
	// Released: the candidate serves everything and is stable.
	Released Outcome = "released"
	// Nothing: there was nothing to do.
	Nothing Outcome = "nothing"
	// RolledBack: the revision that served before serves again.
	RolledBack Outcome = "rolled back"
	// Held: the metrics say too little, and the policy leaves the decision to a person. The split stays.
	Held Outcome = "held"
	// Superseded: someone else changed the traffic. The rollout stopped without writing.
	Superseded Outcome = "superseded"
	// Refused: the service's present state forbids it. Nothing was written.
	Refused Outcome = "refused"
	// Failed: nothing was shifted, or the program itself failed.
	Failed Outcome = "failed"
	// Interrupted: a signal came, or the API was out of reach. The live service says how far the rollout came.
	Interrupted Outcome = "interrupted"
	// Unconfirmed: a rollback was asked for and is not in effect, or not known to be. This is the worst outcome.
	Unconfirmed Outcome = "unconfirmed"
)

// Result says how a command ended and why.
type Result struct {
	// Outcome is how the command ended. The exit code follows from it.
	Outcome Outcome `json:"outcome"`
	// Stable and Candidate are the names of the two revisions; empty if the command did not get far enough to know them.
	Stable    string `json:"stable,omitempty"`
	Candidate string `json:"candidate,omitempty"`
	// Images are the known images of Stable and Candidate by digest, under the revisions' names.
	Images map[string]string `json:"images,omitempty"`
	// Why gives the reasons in words. Traffic is the effective split at the end, and Elapsed the time that the command took.
	Why     []string      `json:"why,omitempty"`
	Traffic []plan.Target `json:"traffic,omitempty"`
	Elapsed time.Duration `json:"-"`
	// Journal says why the journal is incomplete; empty if it is complete.
	Journal string `json:"journal,omitempty"`
}

// Controller acts on one service. Fields are required unless they say that they may be nil.
type Controller struct {
	// Service reads and writes the service. Prober makes requests to it.
	Service Service
	Prober  Prober
	// Metrics may be nil; gate C is then inconclusive.
	Metrics Metrics
	// Jobs may be nil if the policy has no hooks.
	Jobs Jobs
	// Clock is the time. Journal records what happens. Policy says how careful the rollout is.
	Clock   Clock
	Journal Journal
	Policy  Policy
	// Name is the service's short name. Program and Where are for commands in messages: the command that starts this program, and the
	// flags that reach the service.
	Name, Program, Where string
	// Progress is called after each round of probes; it may be nil.
	Progress func(Progress)
	// Waiting is called with what the rollout waits for: the API does not answer, a candidate is not ready, a rollback takes effect. It
	// may be nil.
	Waiting func(why string)
}

// Progress says where a rollout stands after one round.
type Progress struct {
	// Candidate is the candidate's name, and Percent its share of the requests.
	Candidate string
	Percent   int
	// Step is the number of the present step out of Steps, from 1; 0 before any traffic.
	Step, Steps int
	// Waiting says what the rollout waits for while the traffic is not effective yet; empty while the step bakes.
	Waiting string
	// Elapsed and Bake are this step's. Left is the time until the step has baked, or stops waiting for more data.
	Elapsed, Bake, Left time.Duration
	// Good and Bad count the probes of this step, and P95 is the 95th percentile of their latency.
	Good, Bad int
	P95       time.Duration
}
