package review

import (
	"fmt"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
)

// kinds are the words for a difference of each kind: for a fact that is new, and for one that no longer holds.
var kinds = map[string][2]string{
	Internet: {"to everybody: ", "no longer to everybody: "}, Becomes: {"can become ", "can no longer become "}, Reaches: {"reaches: ",
		"no longer reaches: "},
	Holds: {"holds: ", "no longer holds: "}, Reads: {"reads: ", "no longer reads: "}, Guard: {"now requires: ", "no longer requires: "},
}

func (s Stack) authority(l limits) []block {
	if len(s.Authority) == 0 {
		return nil
	}
	var wider, narrower list
	for _, change := range s.Authority {
		words := kinds[change.Kind]
		verb := words[0]
		if !change.Added {
			verb = words[1]
		}
		var text line
		switch {
		case change.Was != "":
			text = say(val(change.Subject), ": ", val(change.Text), ", and before ", val(change.Was))
		case change.Kind == Becomes:
			text = say(val(change.Text), " ", verb, val(change.Subject))
		default:
			text = say(val(change.Subject), " ", verb, val(change.Text))
		}
		if change.More > 0 {
			text = append(text, span{text: fmt.Sprintf(", and %s", some(change.More, "other kind of job can, too", "other kinds of jobs can, too"))})
		}
		if change.Widens {
			wider = append(wider, append(say(bold("wider:"), " "), text...))
		} else {
			narrower = append(narrower, text)
		}
	}
	cut := func(lines list) list {
		if most := max(3, l.steps); len(lines) > most {
			return append(lines[:most:most], say(fmt.Sprintf("and %d more: ", len(lines)-most), l.all()))
		}
		return lines
	}
	var d []block
	if len(wider) > 0 {
		d = append(d, paragraph(say(bold("Who can do more"))), cut(wider))
	}
	if len(narrower) > 0 {
		d = append(d, fold{say(fmt.Sprintf("Who can do less, or something else: %d", len(narrower))), []block{cut(narrower)}})
	}
	return d
}

// manualSteps lists the steps that no job may take, and those at which the rehearsal needed a person.
func (s Stack) manualSteps() []block {
	var people list
	for _, text := range s.ManualSteps {
		people = append(people, say(msg(text)))
	}
	if s.Rehearsal != nil {
		for _, text := range s.Rehearsal.ManualSteps {
			people = append(people, say(msg(text)))
		}
	}
	if people == nil {
		return nil
	}
	return []block{paragraph(say(bold("Needs a person"))), people}
}

func (s Stack) money(l limits) []block {
	if s.Cost == nil || s.Cost.Delta == (cost.Amounts{}) && len(s.Cost.Lines) == 0 {
		return nil
	}
	t := table{header: []line{say("USD a month"), say("idle"), say("expected"), say("at worst")}}
	row := func(name line, was, is cost.Amounts) {
		t.rows = append(t.rows, []line{name, say(change(was.Idle, is.Idle)), say(change(was.Expected, is.Expected)),
			say(change(was.Worst, is.Worst))})
	}
	for _, of := range s.Cost.Lines[:min(len(s.Cost.Lines), max(1, l.steps))] {
		row(say(val(of.Resource)), of.Before, of.After)
	}
	if out := len(s.Cost.Lines) - len(t.rows); out > 0 {
		t.rows = append(t.rows, []line{say(fmt.Sprintf("and %d more: ", out), l.all()), nil, nil, nil})
	}
	row(say("the whole stack"), s.Cost.Before.Total, s.Cost.After.Total)
	var notes list
	for _, text := range s.Cost.After.Assumptions {
		notes = append(notes, say("assumed: ", val(text)))
	}
	for _, text := range s.Cost.After.NotPriced {
		notes = append(notes, say("not priced: ", val(text)))
	}
	expected := change(s.Cost.Before.Total.Expected, s.Cost.After.Total.Expected)
	return []block{fold{say("What it costs: "+expected+", by prices of ", val(s.Cost.After.PricesOf)),
		[]block{t, notes}}}
}

func (s Stack) rehearsed(l limits) []block {
	r := s.Rehearsal
	if r == nil || len(s.Plan) == 0 && r.Failed == "" && r.failures() == 0 {
		return nil
	}
	var d []block
	if r.Failed != "" {
		d = append(d, paragraph(say(bold("The rehearsal ended early:"), " ", msg(r.Failed))))
	}
	t := table{header: []line{say("stage"), say("result")}}
	for _, stage := range r.Stages {
		result := say(val(stage.Result))
		if stage.Bad {
			result = say(bold("went wrong:"), " ", val(stage.Result))
		}
		t.rows = append(t.rows, []line{say(val(stage.Name)), result})
	}
	var notes list
	for _, v := range r.Visitors {
		text := say(val(v.Service), fmt.Sprintf(": %s, %d failed", plural.Of(v.Requests, "request", "requests"), v.Failures))
		if v.Failures > 0 {
			text = append(text, say(fmt.Sprintf(" over %.0f s, first during ", v.Seconds), val(v.During))...)
			if v.StillFailing {
				text = append(text, span{text: ", and still at the end"})
			}
		}
		notes = append(notes, text)
	}
	for _, group := range []struct {
		title string
		texts []string
	}{{"lost for good: ", r.Lost}, {"a rollback restores: ", r.Restored}, {"a rollback does not restore: ", r.NotRestored}} {
		for _, text := range group.texts[:min(len(group.texts), max(3, l.steps))] {
			notes = append(notes, say(group.title, msg(text)))
		}
		if out := len(group.texts) - max(3, l.steps); out > 0 {
			notes = append(notes, say(group.title, fmt.Sprintf("and %d more, ", out), l.all()))
		}
	}
	return append(d, fold{say(fmt.Sprintf("How the rehearsal went (seed %d)", r.Seed)), []block{t, notes}})
}
