package rollout

import (
	"context"
	"slices"

	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// warnOfAffinity says, to whoever watches and in the journal, that session affinity overrides the split of the steps to come. It does not
// refuse: the release that switches it off has to get through, and a revision at 0 % keeps nobody, so that a rollback works all the same.
// An API that does not say how the revisions are set costs the warning and nothing else.
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
	if r.Waiting != nil {
		r.Waiting(warning)
	}
	r.notes = append(r.notes, warning)
	return r.record(Event{Kind: "affinity", Percent: percent, Why: []string{warning}})
}
