package review

import (
	"fmt"
	"slices"
)

// groups are the operations, the riskiest first.
var groups = []struct {
	op           Op
	title, short string
}{{Delete, "Deleted", "deleted"}, {Replace, "Replaced", "replaced"}, {Update, "Changed in place", "in place"}, {Create, "New", "new"}}

// of returns the steps of one operation, those with data first.
func (s Stack) of(op Op) []Step {
	var steps []Step
	for _, step := range s.Plan {
		if step.Op == op {
			steps = append(steps, step)
		}
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return -compareBool(a.Data, b.Data) })
	return steps
}

// details returns the details behind a stack's answers; nothing if there is nothing to say.
func (s Stack) details(l limits) []block {
	var d []block
	if s.Note != "" {
		d = append(d, paragraph(say(msg(s.Note))))
	}
	if s.Failed != "" {
		d = append(d, paragraph(say(bold("It cannot be applied:"), " ", msg(s.Failed))))
	}
	d = append(d, s.findings(l)...)
	for _, group := range groups {
		d = append(d, s.steps(l, group.op, group.title)...)
	}
	d = append(d, s.unknown(l)...)
	d = append(d, s.authority(l)...)
	d = append(d, s.manualSteps()...)
	d = append(d, s.money(l)...)
	return append(d, s.rehearsed(l)...)
}

func (s Stack) findings(l limits) (d []block) {
	texts := func(findings []Finding) (lines list) {
		for _, f := range findings[:min(len(findings), max(1, l.steps))] {
			text := say(val(f.Policy), " (", val(f.Level), ") ")
			if f.Stops() {
				text = say(bold("stops it:"), " ", val(f.Policy), " ")
			}
			if f.Resource != "" {
				text = append(text, say(val(f.Resource), ": ")...)
			}
			lines = append(lines, append(text, msg(f.Message)))
		}
		if out := len(findings) - len(lines); out > 0 {
			lines = append(lines, say(fmt.Sprintf("and %d more: ", out), l.all()))
		}
		return lines
	}
	if len(s.Findings.New) > 0 {
		d = append(d, paragraph(say(bold("New findings"))), texts(s.Findings.New))
	}
	if len(s.Findings.Gone) > 0 {
		d = append(d, fold{say(some(len(s.Findings.Gone), "finding is gone", "findings are gone")), []block{texts(s.Findings.Gone)}})
	}
	if len(s.Findings.Old) > 0 && len(s.Findings.New) > 0 {
		d = append(d, fold{say(some(len(s.Findings.Old), "finding was there before", "findings were there before")),
			[]block{texts(s.Findings.Old)}})
	}
	return d
}

func (s Stack) steps(l limits, op Op, title string) []block {
	steps := s.of(op)
	if len(steps) == 0 {
		return nil
	}
	var lines list
	for _, step := range steps[:min(len(steps), l.steps)] {
		text := say(val(step.Name), " (", val(step.Type), ")")
		if step.Data && op != Update && op != Create {
			text = append(text, say(", ", bold("with what it holds"))...)
		}
		lines = append(lines, append(text, step.properties(l)...))
	}
	if out := len(steps) - len(lines); out > 0 {
		lines = append(lines, say(fmt.Sprintf("and %d more: ", out), l.all()))
	}
	body := []block{lines}
	if op == Create || op == Update && len(steps) > 12 {
		return []block{fold{say(fmt.Sprintf("%s: %d", title, len(steps))), body}}
	}
	return append([]block{paragraph(say(bold(fmt.Sprintf("%s: %d", title, len(steps)))))}, body...)
}

// properties lists a resource's changed properties, those that replace it first. Values that are not known yet are listed once by the
// function unknown.
func (s Step) properties(l limits) (text line) {
	if s.Op == Create || s.Op == Delete {
		return nil
	}
	var known []Property
	for _, property := range s.Changes {
		if !property.Unknown {
			known = append(known, property)
		}
	}
	slices.SortStableFunc(known, func(a, b Property) int { return -compareBool(a.Replaces, b.Replaces) })
	for i, p := range known[:min(len(known), l.properties)] {
		text = append(text, span{text: [2]string{": ", ", "}[min(i, 1)]}, val(p.Path))
		switch {
		case p.Before == "":
			text = append(text, span{text: " becomes "}, val(p.After))
		case p.After == "":
			text = append(text, span{text: " was "}, val(p.Before), span{text: " and goes"})
		default:
			before, after := apart(p.Before, p.After)
			if len(before) > longText && len(after) > longText {
				text = append(text, span{text: fmt.Sprintf(" changes within its %d characters", len([]rune(p.After)))})
				break
			}
			text = append(text, span{text: " from "}, val(before), span{text: " to "}, val(after))
		}
		if p.Replaces {
			text = append(text, span{text: ", which replaces it"})
		}
	}
	if out := len(known) - min(len(known), l.properties); out > 0 {
		text = append(text, span{text: fmt.Sprintf(", and %s", some(out, "more property", "more properties"))})
	}
	return text
}

// longText is how long two values are whose differences are too many to be shown in a line, for example a dashboard's.
const longText = 600

// apart cuts the common beginning and end of two long values, so that the difference can be seen.
func apart(before, after string) (string, string) {
	const long, around = 80, 24
	a, b := []rune(before), []rune(after)
	if len(a) < long && len(b) < long {
		return before, after
	}
	start, end := 0, 0
	for start < min(len(a), len(b)) && a[start] == b[start] {
		start++
	}
	for end < min(len(a), len(b))-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	from, to := max(0, start-around), max(0, end-around)
	cut := func(whole []rune) string {
		text := string(whole[from : len(whole)-to])
		if from > 0 {
			text = "…" + text
		}
		if to > 0 {
			text += "…"
		}
		return text
	}
	return cut(a), cut(b)
}

// unknown lists once the values that are known only after the resource is made.
func (s Stack) unknown(l limits) []block {
	text, number := say("Known only once it is made: "), 0
	for _, step := range s.Plan {
		for _, property := range step.Changes {
			if !property.Unknown || step.Op == Create {
				continue
			}
			if number++; number <= max(1, l.properties) {
				if number > 1 {
					text = append(text, span{text: ", "})
				}
				text = append(text, val(step.Name+"."+property.Path))
			}
		}
	}
	if number == 0 {
		return nil
	}
	if out := number - max(1, l.properties); out > 0 {
		text = append(text, span{text: fmt.Sprintf(", and %d more", out)})
	}
	return []block{paragraph(append(text, span{text: "."}))}
}
