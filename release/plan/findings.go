package plan

import (
	"fmt"
	"time"
)

// forgotten is how long a rollout may stand without a write before it counts as abandoned. A day is longer than any bake in this
// repository's policies, and it is how often the drift check runs.
const forgotten = 24 * time.Hour

// Findings lists what a person should look at: traffic that differs from what was asked for, traffic that no rollout of this program
// leaves behind, and a rollout that stands still. Each finding says what to do. An empty list does not mean that the revisions are
// healthy.
func Findings(s Service, now time.Time) []string {
	var found []string
	add := func(format string, arguments ...any) { found = append(found, fmt.Sprintf(format, arguments...)) }
	state := Read(s)
	if state.Diverged {
		if len(s.Effective) == 0 {
			add("it was told %s and serves nothing%s: read the logs of that revision", Describe(s.Desired), s.reason())
		} else {
			what, command := Misdirected(s)
			add("it %s: wait if that was just now, else %s", what, command)
		}
	}
	switch {
	case state.Phase == Unknown:
		add("%s", SplitByHand(s))
	case state.Phase == Withdrawn:
		add("%s", TakenBackByHand(s, state.Candidate))
	case state.Active() && now.Sub(s.Updated) > forgotten:
		add("a rollout of %s stands at %d %% since %s: go on with %s, or end it with %s", state.Candidate, state.Percent,
			s.Updated.UTC().Format(time.RFC3339), s.Command("rollout"), s.Command("rollback"))
	}
	return found
}

// Misdirected describes a service whose desired and effective traffic differ: both lists, and the command that repairs it. Where only
// tags differ, the command is a rollback to the serving revision, which writes the tags again and moves no requests.
func Misdirected(s Service) (what, command string) {
	told, serves := Apart(s.Desired, s.Effective)
	what, command = fmt.Sprintf("was told %s and serves %s%s", told, serves, s.reason()), s.Command("rollback")
	if revision, percent := s.Largest(s.Desired); percent == 100 && s.SamePercents(s.Desired, s.Effective) {
		command = s.Command("rollback", "--to", revision)
	}
	return what, command
}

// TakenBackByHand says in words that a person took away the candidate's share. A rollout does not undo that decision.
func TakenBackByHand(s Service, candidate string) string {
	return fmt.Sprintf("the traffic of %s was taken back by hand: end its rollout with %s, or start it again with %s", candidate,
		s.Command("rollback"), s.Command("rollout", "--retry"))
}

// reason returns the API's message in brackets, if there is one.
func (s Service) reason() string {
	if s.Failure == "" {
		return ""
	}
	return " (" + s.Failure + ")"
}
