// Package approvals decides whether enough people approved a workflow run. GitHub opens an environment when any one of its reviewers
// approves, so a second approver takes a second environment. This package counts that two different people approved, and that neither of
// them started the run. It refuses anything that it does not expect in GitHub's answers.
package approvals

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrRefused is wrapped by every error that says that a run lacks the approvals it needs.
var ErrRefused = errors.New("not approved")

func refuse(format string, arguments ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRefused}, arguments...)...)
}

// Account is a GitHub account. Accounts are compared by the numeric id alone: a login can change, and another person can take it.
type Account struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	// Type is "User" for a person; apps and organizations do not count.
	Type string `json:"type"`
}

// Run holds the fields that are needed of the answer of GET /repos/{owner}/{repository}/actions/runs/{id}.
type Run struct {
	ID int64 `json:"id"`
	// Attempt counts the run's starts: 1, and one more for each re-run.
	Attempt int `json:"run_attempt"`
	// Actor started the first attempt, and TriggeringActor this one.
	Actor           *Account `json:"actor"`
	TriggeringActor *Account `json:"triggering_actor"`
	Repository      struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
}

// Approval is one entry of GET /repos/{owner}/{repository}/actions/runs/{id}/approvals: a review of one or more environments.
type Approval struct {
	Environments []struct {
		Name string `json:"name"`
	} `json:"environments"`
	// State is "approved" or "rejected".
	State string `json:"state"`
	// User is the person who reviewed. An approval without one is malformed.
	User *Account `json:"user"`
}

// Question names a run and the approvals that it needs.
type Question struct {
	// Run is the run's id and Repository its OWNER/NAME. Required.
	Run        int64
	Repository string
	// Gates are the environments. Each needs the approval of a different person. Required, without repetition.
	Gates []string
	// Attempt is the attempt that asks. It has to be the run's present one. Zero means the run's present one.
	Attempt int
	// Actor is the login of one more person whose approval does not count. Default: only the run's own actors are left out.
	Actor string
}

// Verdict says whether a run is approved, and by whom.
type Verdict struct {
	Run      int64 `json:"run"`
	Approved bool  `json:"approved"`
	// Reason says why the run is not approved; empty when it is.
	Reason string `json:"reason,omitempty"`
	// By lists one person per gate, all different, in the order of the gates.
	By []Approver `json:"by,omitempty"`
}

// Approver is the person who counts for a gate.
type Approver struct {
	// Environment is the gate. Login and ID are the account of the person whose approval counts for it.
	Environment string `json:"environment"`
	Login       string `json:"login"`
	ID          int64  `json:"id"`
}

// Judge checks that a different person approved each gate. It refuses, with an ErrRefused:
//   - a run or a repository that was not asked about;
//   - any attempt but the first, because GitHub keeps the approvals of earlier attempts;
//   - an entry without state, environments or a person's id;
//   - a gate with any review that is not an approval;
//   - gates that cannot be given different people. The people who started or triggered the run do not count.
func Judge(question Question, run Run, approvals []Approval) ([]Approver, error) {
	if err := question.matches(run); err != nil {
		return nil, err
	}
	byGate := make([][]Account, len(question.Gates))
	for i, approval := range approvals {
		if err := approval.malformed(); err != nil {
			return nil, refuse("review %d of run %d %v; start a new run", i+1, run.ID, err)
		}
		for at, gate := range question.Gates {
			if !approval.isOf(gate) {
				continue
			}
			if approval.State != "approved" {
				return nil, refuse("%s is %q by %s, and one objection is enough; start a new run", gate, approval.State, approval.User.Login)
			}
			if !question.excludes(run, *approval.User) && approval.User.Type == "User" {
				byGate[at] = append(byGate[at], *approval.User)
			}
		}
	}
	for at, gate := range question.Gates {
		if len(byGate[at]) == 0 {
			return nil, refuse("only the people who started the run (%s) approved %s; another reviewer has to approve it", run.starters(), gate)
		}
	}
	people := assign(byGate, nil)
	if people == nil {
		return nil, refuse("%s need %d different people, and there are not that many; start a new run and let different reviewers approve",
			strings.Join(question.Gates, " and "), len(question.Gates))
	}
	var found []Approver
	for at, person := range people {
		found = append(found, Approver{Environment: question.Gates[at], Login: person.Login, ID: person.ID})
	}
	return found, nil
}

// matches checks that the run is the one asked about.
func (q Question) matches(run Run) error {
	attempt := q.Attempt
	if attempt == 0 {
		attempt = run.Attempt
	}
	switch {
	case len(q.Gates) == 0:
		return refuse("no environment was named: give --environments, one for each approval")
	case run.ID == 0 || run.ID != q.Run:
		return refuse("GitHub answered about run %d, not %d: check --run, and ask again", run.ID, q.Run)
	case !strings.EqualFold(run.Repository.FullName, q.Repository):
		return refuse("run %d is of repository %q, not %s: give the run's own as --repository", run.ID, run.Repository.FullName, q.Repository)
	case run.Attempt < 1 || attempt != run.Attempt:
		return refuse("run %d is at attempt %d, and attempt %d asks; start a new run", run.ID, run.Attempt, attempt)
	case run.Attempt > 1:
		return refuse("run %d is at attempt %d: the approvals are those of an earlier one; start a new run", run.ID, run.Attempt)
	case run.Actor == nil || run.Actor.ID <= 0 || run.TriggeringActor == nil || run.TriggeringActor.ID <= 0:
		return refuse("GitHub does not say who started run %d; start a new run", run.ID)
	}
	for i, gate := range q.Gates {
		if slices.ContainsFunc(q.Gates[:i], func(other string) bool { return strings.EqualFold(gate, other) }) {
			return refuse("environment %s is named twice: name a different one for each approval", gate)
		}
	}
	return nil
}

func (q Question) excludes(run Run, account Account) bool {
	return account.ID == run.Actor.ID || account.ID == run.TriggeringActor.ID || (q.Actor != "" && strings.EqualFold(account.Login, q.Actor))
}

func (r Run) starters() string {
	if r.Actor.ID == r.TriggeringActor.ID {
		return r.Actor.Login
	}
	return r.Actor.Login + ", " + r.TriggeringActor.Login
}

// malformed returns an error that names what is missing in an entry.
func (a Approval) malformed() error {
	switch {
	case a.User == nil || a.User.ID <= 0 || a.User.Login == "" || a.User.Type == "":
		return errors.New("does not say whose it is")
	case a.State != "approved" && a.State != "rejected":
		return fmt.Errorf("by %s has the unknown state %q", a.User.Login, a.State)
	case len(a.Environments) == 0:
		return fmt.Errorf("by %s names no environment", a.User.Login)
	}
	for _, environment := range a.Environments {
		if environment.Name == "" {
			return fmt.Errorf("by %s has an environment without a name", a.User.Login)
		}
	}
	return nil
}

// isOf compares names as GitHub does, without regard to case.
func (a Approval) isOf(gate string) bool {
	for _, environment := range a.Environments {
		if strings.EqualFold(environment.Name, gate) {
			return true
		}
	}
	return false
}

// assign gives each gate a different person, and returns nil when that is impossible. There are few gates, so it tries every choice.
func assign(byGate [][]Account, taken []Account) []Account {
	if len(taken) == len(byGate) {
		return taken
	}
	for _, person := range byGate[len(taken)] {
		if slices.ContainsFunc(taken, func(other Account) bool { return other.ID == person.ID }) {
			continue
		}
		if all := assign(byGate, append(slices.Clone(taken), person)); all != nil {
			return all
		}
	}
	return nil
}
