package rollout

import (
	"context"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// Status is what a person wants to know before they act.
type Status struct {
	// Service is the service's short name, URL its address, and State what its traffic and tags mean.
	Service string     `json:"service"`
	URL     string     `json:"url"`
	State   plan.State `json:"state"`
	// Changed is the time of the last write to the service, whatever it changed.
	Changed time.Time `json:"changed"`
	// Since is the time at which the active rollout's candidate was created. The rollout cannot have begun earlier.
	Since *time.Time `json:"since,omitempty"`
	// Reconciling says that Cloud Run is still carrying out the last write. Failure is its message if that failed.
	Reconciling bool   `json:"reconciling"`
	Failure     string `json:"failure,omitempty"`
	// Desired is the traffic list that was written last. Effective is how requests are split now.
	Desired   []plan.Target `json:"desired"`
	Effective []plan.Target `json:"effective"`
	// LatestReady is the revision that entries with "latest" follow.
	LatestReady string `json:"latestReady,omitempty"`
	// Tags are the effective entries that have a tag. Revisions are all revisions, the newest first.
	Tags      []plan.Target   `json:"tags"`
	Revisions []plan.Revision `json:"revisions"`
	// Findings are what a person should look at; see plan.Findings.
	Findings []string `json:"findings"`
	// RollbackTo is the target of a `rollback` without --to. If it is empty, NoRollback says why.
	RollbackTo string `json:"rollbackTo,omitempty"`
	NoRollback string `json:"noRollback,omitempty"`
}

// lookFor is how long a status waits for an API that does not answer. It is short, because a person waits and nothing
// depends on it.
const lookFor = 3 * time.Second

// Status reads the service and its revisions.
func (c *Controller) Status(ctx context.Context) (Status, error) {
	r := c.begin()
	brief := *c
	brief.Policy.Blind = min(lookFor, c.Policy.Blind)
	r.Controller = &brief
	service, err := r.read(ctx)
	if err != nil {
		return Status{}, err
	}
	revisions, err := c.Service.Revisions(ctx)
	if err != nil {
		return Status{}, err
	}
	status := Status{Service: service.Name, URL: service.URL, State: plan.Read(service), Changed: service.Updated,
		Reconciling: service.Reconciling,
		Failure:     service.Failure, Desired: service.Desired, Effective: service.Effective, LatestReady: service.LatestReady,
		Tags: []plan.Target{}, Revisions: revisions,
		Findings: append([]string{}, plan.Findings(service, c.Clock.Now())...)}
	for _, target := range service.Effective {
		if target.Tag != "" {
			status.Tags = append(status.Tags, target)
		}
	}
	var stable, candidate plan.Revision
	for _, revision := range revisions {
		switch revision.Name {
		case status.State.Candidate:
			status.Since, candidate = &revision.Created, revision
		case status.State.Stable:
			stable = revision
		}
	}
	if warning := plan.Sticky(stable, candidate); warning != "" && candidate.Name != "" && status.State.Percent < full {
		status.Findings = append(status.Findings, warning)
	}
	if list, target, err := plan.Rollback(service, ""); err != nil {
		status.NoRollback = err.Error()
	} else if service.Settled(list) {
		status.NoRollback = plan.Already(service, target, "")
	} else {
		status.RollbackTo = target
	}
	return status, nil
}
