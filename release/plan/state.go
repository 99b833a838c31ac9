package plan

import "slices"

// Phase says how far a rollout has come. It is read from the live service alone.
type Phase string

const (
	// Idle: one revision serves everything, and no rollout is active.
	Idle Phase = "idle"
	// Prepared: the candidate is tagged and has had no percent yet.
	Prepared Phase = "prepared"
	// Shifting: the candidate has some of the requests, but not all.
	Shifting Phase = "shifting"
	// Full: the candidate has all requests but is not stable yet.
	Full Phase = "full"
	// Withdrawn: the candidate had a percent, and a person took it back without ending the rollout.
	Withdrawn Phase = "withdrawn"
	// Unknown: no rollout of this program leaves requests or tags like this.
	Unknown Phase = "unknown"
)

// State is the meaning of a service's traffic.
type State struct {
	// Phase says where a rollout is, or that none is active.
	Phase Phase `json:"phase"`
	// Stable is the revision that served before the rollout; in Idle, the revision that serves. Empty if that is unclear.
	Stable string `json:"stable,omitempty"`
	// Candidate is empty when no rollout is active.
	Candidate string `json:"candidate,omitempty"`
	// Percent is the candidate's desired share.
	Percent int `json:"percent"`
	// Previous is what a rollback of a finished rollout goes back to. Earlier is what Previous was before the last rollback.
	Previous string `json:"previous,omitempty"`
	Earlier  string `json:"earlier,omitempty"`
	// Rejected are the revisions that were rolled back, the latest first.
	Rejected []string `json:"rejected,omitempty"`
	// Displaced is tagged stable and serves nothing: a person went back from it with another tool.
	Displaced string `json:"displaced,omitempty"`
	// Diverged says that desired and effective traffic differ.
	Diverged bool `json:"diverged,omitempty"`
}

// Active says whether a rollout owns the traffic.
func (s State) Active() bool {
	return s.Phase == Prepared || s.Phase == Shifting || s.Phase == Full || s.Phase == Withdrawn
}

// Barred says whether a revision was rolled back, by this program or by hand. A rollout then takes it only on request.
func (s State) Barred(revision string) bool {
	return revision != "" && (slices.Contains(s.Rejected, revision) || revision == s.Displaced || s.Phase == Withdrawn &&
		revision == s.Candidate)
}

// Read works out what a service's traffic means.
func Read(s Service) State {
	state := State{Previous: s.tagged(TagPrevious), Earlier: s.tagged(TagEarlier), Rejected: s.rejected(), Diverged: s.Diverged()}
	candidate, stable := s.desiredTag(TagCandidate), s.desiredTag(TagStable)
	percents := s.Percents(s.Desired)
	if candidate == "" {
		return idle(s, state, percents)
	}
	state.Candidate, state.Stable, state.Percent = candidate, stable, percents[candidate]
	if stable == "" || stable == candidate || percents[stable]+percents[candidate] != 100 {
		state.Phase = Unknown
		return state
	}
	switch shifted := s.desiredTag(TagShifted) == candidate; {
	case state.Percent == 0 && shifted:
		state.Phase = Withdrawn
	case state.Percent == 0:
		state.Phase = Prepared
	case !shifted:
		// No gate of this program let this percent through, so a person wrote it.
		state.Phase = Unknown
	case state.Percent == 100:
		state.Phase = Full
	default:
		state.Phase = Shifting
	}
	return state
}

func idle(s Service, state State, percents map[string]int) State {
	state.Stable, _ = s.Largest(s.Effective)
	state.Phase = Unknown
	if len(percents) == 1 && len(s.Percents(s.Effective)) <= 1 {
		state.Phase = Idle
		if wanted, _ := s.Largest(s.Desired); state.Stable == "" {
			state.Stable = wanted
		}
		if tagged := s.desiredTag(TagStable); tagged != state.Stable && s.moved(tagged, state.Stable) != ahead {
			state.Displaced = tagged
		}
	}
	return state
}

func (s Service) desiredTag(tag string) string { return desired(s).tagged(tag) }

// desired returns the service with nothing but its desired traffic.
func desired(s Service) Service { return Service{LatestReady: s.LatestReady, Desired: s.Desired} }
