package rollout

import (
	"context"
	"slices"

	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// warnOfAffinity warns the person who watches, and the journal, that session affinity overrides the split of the coming steps. It
// does not refuse the rollout, for two reasons: the release that switches affinity off has to get through, and a rollback still
// works, because a revision at 0 % keeps no visitor. If the API does not say whether the revisions have affinity, the rollout goes
// on without the warning.
func (r *run) warnOfAffinity(ctx context.Context, percent int) error {
	if !slices.ContainsFunc(r.remaining(percent), func(step Step) bool { return step.Percent < full }) {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, identifyFor)
	defer cancel()
	var revisions [2]plan.Revision
	for i, name := range []string{r.stable, r.candidate} {
		if revision, err := r.Service.Revision(bounded, name); err == nil {
			revisions[i] = revision
		}
		revisions[i].Name = name
	}
	warning := plan.Sticky(revisions[0], revisions[1])
	if warning == "" {
		return nil
	}
	r.tell(warning)
	r.notes = append(r.notes, warning)
	return r.record(Event{Kind: "affinity", Percent: percent, Why: []string{warning}})
}
