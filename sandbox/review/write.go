package review

import (
	"fmt"
	"slices"

	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
)

// limits bound how much of each list is shown. If properties or steps is zero, only their number is shown.
type limits struct {
	steps, properties int
	// page is the address of the complete report.
	page string
}

// all says where the complete report is.
func (l limits) all() line {
	if l.page == "" {
		return say("the report has all of them")
	}
	return say("[the page](" + l.page + ") has all of them")
}

// document is the report in reading order: a table that answers six questions for each stack, and below it the details.
func (r Report) document(l limits) document {
	d := document{heading{1, say("What this pull request would do")}}
	if r.quiet() {
		text := say("Nothing: no stack changes, costs stay the same, nobody gains rights, and no policy has new findings.")
		return append(d, paragraph(append(text, r.old()...)))
	}
	d = append(d, r.summary())
	if r.Widens() && r.WideningLabel != "" {
		d = append(d, paragraph(say(bold("Somebody can do more than before."), " The settings ask for the label ", val(r.WideningLabel),
			". It counts when it is set after the last push.")))
	}
	for _, stack := range r.Stacks {
		if body := stack.details(l); len(body) > 0 {
			d = append(d, heading{2, say(val(stack.Name))})
			d = append(d, body...)
		}
	}
	note := say("Compared: ", val(short(r.Base)), " with ", val(short(r.Head)), ", on an emulated cloud and without a credential.")
	if l.page != "" {
		note = append(note, span{text: " Everything is on [the page](" + l.page + "), which is in the run's artifact."})
	}
	return append(d, paragraph(note))
}

// short returns a commit's short form; other text is unchanged.
func short(commit string) string {
	if len(commit) == 40 {
		return commit[:12]
	}
	return commit
}

// quiet says that there is nothing to read.
func (r Report) quiet() bool {
	return !slices.ContainsFunc(r.Stacks, func(s Stack) bool {
		noticed := s.Rehearsal != nil && (s.Rehearsal.Failed != "" || s.Rehearsal.failures() > 0 || len(s.Rehearsal.ManualSteps) > 0)
		costs := s.Cost != nil && s.Cost.Delta != cost.Amounts{}
		found := len(s.Findings.New) > 0 || len(s.Findings.Gone) > 0
		return s.Failed != "" || s.Note != "" || len(s.Plan) > 0 || found || len(s.Authority) > 0 || costs || noticed
	})
}

// old returns the number of findings that existed before.
func (r Report) old() line {
	number := 0
	for _, stack := range r.Stacks {
		number += len(stack.Findings.Old)
	}
	if number == 0 {
		return nil
	}
	return say(fmt.Sprintf(" %s from before.", some(number, "finding stays", "findings stay")))
}

func some(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func (r Report) summary() table {
	t := table{header: []line{nil}}
	rows := []struct {
		title  string
		answer func(Stack) line
	}{
		{"what changes", Stack.changes}, {"policies", Stack.policies}, {"what it costs a month, in USD", Stack.costs}, {"who gains what",
			Stack.gains},
		{"do visitors notice", Stack.noticed}, {"can it be taken back", Stack.back},
	}
	for _, stack := range r.Stacks {
		t.header = append(t.header, say(val(stack.Name)))
	}
	for _, row := range rows {
		cells := []line{say(row.title)}
		for _, stack := range r.Stacks {
			cells = append(cells, row.answer(stack))
		}
		t.rows = append(t.rows, cells)
	}
	return t
}
