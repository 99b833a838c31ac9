package rollout

import "fmt"

// outside refuses a rollout that would start while the policy's windows are closed, unless a person gave a reason.
func (r *run) outside(request Request) *Result {
	verdict := r.Policy.Windows.At(r.Clock.Now())
	if verdict.Open {
		return nil
	}
	if request.OutsideWindow == "" {
		result := r.end(Refused, verdict.Why, fmt.Sprintf("release then, or now with %s, which is journaled", r.command("rollout",
			"--outside-window", "WHY")))
		return &result
	}
	note := "started outside of the release windows: " + request.OutsideWindow
	r.notes = append(r.notes, note)
	if err := r.record(Event{Kind: "window", Why: []string{verdict.Why, note}}); err != nil {
		result := r.end(Failed, err.Error())
		return &result
	}
	return nil
}
