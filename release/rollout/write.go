package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/plan"
)

// errSuperseded ends a run without a write, because somebody else changed the desired traffic.
var errSuperseded = errors.New("someone else changed the traffic")

// errBlind ends a run: the API was out of reach for too long.
var errBlind = errors.New("the API is out of reach")

// errUnreachable ends a run: no probe reached anything for too long.
var errUnreachable = errors.New("neither the candidate nor the service can be reached from here")

// run is one command on one service.
type run struct {
	*Controller
	started time.Time
	// name is the service's name, known after the first read.
	name string
	// last is the desired traffic that this run read first or wrote last. Any other traffic was written by somebody else.
	last      []plan.Target
	candidate string
	stable    string
	// begun says that a rollout is active and belongs to this run, so that the run's failures roll back.
	begun bool
	// rules go into the next line of the journal, which is the rollout's first.
	rules *Rules
	// images holds the known images of candidate and stable, by revision.
	images map[string]string
	// goesOn names a hook's execution that would outlive this run. notes are for people, in addition to the reasons of the end.
	goesOn string
	notes  []string
	// journal is the first failure to write the journal.
	journal error
}

func (c *Controller) begin() *run {
	return &run{Controller: c, started: c.Clock.Now(), name: c.Name}
}

// record writes to the journal and remembers the first failure.
func (r *run) record(event Event) error {
	event.At = r.Clock.Now()
	if event.Candidate == "" {
		event.Candidate = r.candidate
	}
	if event.Stable == "" {
		event.Stable = r.stable
	}
	event.Rules, r.rules = r.rules, nil
	if event.Kind == "begin" || event.Kind == "resume" || event.Kind == "end" {
		event.Images = maps.Clone(r.images)
	}
	err := r.Journal.Record(event)
	if err != nil && r.journal == nil {
		r.journal = fmt.Errorf("write the journal: %w", err)
	}
	return r.journal
}

// end writes the journal's last line and returns the command's result.
func (r *run) end(outcome Outcome, why ...string) Result {
	if r.goesOn != "" {
		r.notes = append(r.notes, r.goesOn)
	}
	why = append(why, r.notes...)
	_ = r.record(Event{Kind: "end", Outcome: outcome, After: r.last, Why: why})
	result := Result{Outcome: outcome, Stable: r.stable, Candidate: r.candidate, Why: why, Traffic: r.last, Images: r.images,
		Elapsed: r.Clock.Now().Sub(r.started)}
	if r.journal != nil {
		result.Journal = r.journal.Error()
	}
	return result
}

// identifyFor bounds the question for a revision's image. Only people need the answer, and nothing waits for it.
const identifyFor = 2 * time.Second

// identify remembers the images of revisions, so that the journal says which digests a release was about. If the API does not
// answer, the journal lacks only the images.
func (r *run) identify(ctx context.Context, revisions ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), identifyFor)
	defer cancel()
	for _, name := range revisions {
		if name == "" || r.images[name] != "" {
			continue
		}
		if revision, err := r.Service.Revision(ctx, name); err == nil {
			r.made(name, revision.Image)
		}
	}
}

// made remembers a revision's image.
func (r *run) made(revision, image string) {
	if image == "" {
		return
	}
	if r.images == nil {
		r.images = map[string]string{}
	}
	r.images[revision] = image
}

// read reads the service.
func (r *run) read(ctx context.Context) (service plan.Service, err error) {
	err = r.patiently(ctx, func() error {
		service, err = r.Service.Read(ctx)
		return err
	})
	service.Program, service.Where, r.name = r.Program, r.Where, cmp.Or(service.Name, r.name)
	return service, err
}

// patiently repeats a question while the API does not answer, for up to Policy.Blind.
func (r *run) patiently(ctx context.Context, ask func() error) error {
	deadline := r.Clock.Now().Add(r.Policy.Blind)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := ask()
		if !errors.Is(err, ErrUnavailable) {
			return err
		}
		if !r.Clock.Now().Add(pause).Before(deadline) {
			return fmt.Errorf("%w for %s: %w", errBlind, r.Policy.Blind, err)
		}
		if pause == firstPause {
			r.tell(fmt.Sprintf("%v: trying again for %s", err, r.Policy.Blind))
		}
		if err := r.Clock.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// tell says what the run waits for to a person who watches.
func (r *run) tell(what string) {
	if r.Waiting != nil {
		r.Waiting(what)
	}
}

// These are the pauses between attempts. They are short at first, because a rollback waits for them.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
)

// look reads the service, and returns errSuperseded if somebody else changed its traffic.
func (r *run) look(ctx context.Context) (plan.Service, error) {
	service, err := r.read(ctx)
	if err == nil && !service.Same(service.Desired, r.last) {
		err = r.superseded(service)
	}
	return service, err
}

// superseded ends the run. The traffic that somebody else wrote goes into the journal's last line.
func (r *run) superseded(service plan.Service) error {
	r.last = service.Desired
	return fmt.Errorf("%w to %s", errSuperseded, plan.Describe(service.Desired))
}

// move computes a traffic list from a fresh read.
type move func(plan.Service) ([]plan.Target, error)

// transition is one write of the traffic list.
type transition struct {
	kind    string
	percent int
	why     []string
	move    move
	// force overwrites what somebody else wrote meanwhile. Only a rollback that a person asked for uses it.
	force bool
	// urgent goes on without a journal. If the API refuses the list, urgent also drops the tags of revisions that serve nothing, because
	// a deleted revision cannot be tagged. Stopping would be worse.
	urgent bool
}

// write makes one transition, once. After a conflict it decides again from a fresh read. If an answer was lost, it reads whether the
// write happened.
func (r *run) write(ctx context.Context, service plan.Service, t transition) error {
	deadline := r.Clock.Now().Add(r.Policy.Blind)
	bare := false
	lost := false // After a lost answer the write may still arrive, even after a later attempt of it conflicts.
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		want, err := t.move(service)
		if err != nil {
			return err
		}
		if bare {
			want = serving(want)
		}
		event := Event{Kind: t.kind, Percent: t.percent, Why: t.why, Before: service.Desired, After: want, Etag: service.Etag, Answer: "sent"}
		if err := r.record(event); err != nil && !t.urgent {
			return err
		}
		err = r.Service.Shift(ctx, service.Etag, want)
		event.Answer = answer(err)
		event.Why = nil
		if recordErr := r.record(event); err == nil {
			r.last = want
			if t.urgent {
				return nil
			}
			return recordErr
		}
		if errors.Is(err, ErrInvalid) && t.urgent && len(serving(want)) < len(want) {
			bare = true
			continue
		}
		if !errors.Is(err, ErrConflict) && !errors.Is(err, ErrUnavailable) {
			return fmt.Errorf("write traffic %s: %w", plan.Describe(want), err)
		}
		unavailable := errors.Is(err, ErrUnavailable)
		lost = lost || unavailable
		if r.Clock.Now().After(deadline) {
			return fmt.Errorf("%w: write traffic %s: %w", errBlind, plan.Describe(want), err)
		}
		if unavailable || pause > firstPause { // The first conflict is retried at once, because a rollback waits for it.
			if err := r.Clock.Sleep(ctx, pause); err != nil {
				return err
			}
		}
		if service, err = r.read(ctx); err != nil {
			return err
		}
		switch {
		case lost && service.Same(service.Desired, want):
			event.Answer = "accepted"
			_ = r.record(event)
			r.last = want
			return nil
		case !t.force && !service.Same(service.Desired, r.last):
			return r.superseded(service)
		}
	}
}

// serving returns the entries of a list that get requests.
func serving(list []plan.Target) []plan.Target {
	return slices.DeleteFunc(slices.Clone(list), func(target plan.Target) bool { return target.Percent == 0 })
}

func answer(err error) string {
	switch {
	case err == nil:
		return "accepted"
	case errors.Is(err, ErrConflict):
		return "conflict"
	case errors.Is(err, ErrUnavailable):
		return "unavailable"
	}
	return "refused"
}
