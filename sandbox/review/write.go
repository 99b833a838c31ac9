package review

import (
	"fmt"
	"slices"
	"strings"

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

// document is the report in reading order: a table that answers five questions for each stack, and below it the details.
func (r Report) document(l limits) document {
	d := document{heading{1, say("What this pull request would do")}}
	if r.quiet() {
		text := say("Nothing: no stack changes, costs stay, nobody gains anything, and no policy says anything new.")
		return append(d, paragraph(append(text, r.old()...)))
	}
	d = append(d, r.summary())
	if r.Widens() && r.WideningLabel != "" {
		d = append(d, paragraph(say(bold("Somebody can do more than before."), " The settings ask for the label ", val(r.WideningLabel),
			" then.")))
	}
	for _, stack := range r.Stacks {
		if body := stack.details(l); len(body) > 0 {
			d = append(d, heading{2, say(val(stack.Name))})
			d = append(d, body...)
		}
	}
	note := say("Compared: ", val(short(r.Base)), " with ", val(short(r.Head)), ", on an emulated cloud and without a credential.")
	if l.page != "" {
		note = append(note, span{text: " Everything is on [the page](" + l.page + ")."})
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
		noticed := s.Rehearsal != nil && (s.Rehearsal.Failed != "" || s.Rehearsal.failures() > 0 || len(s.Rehearsal.Persons) > 0)
		costs := s.Cost != nil && s.Cost.Delta != cost.Amounts{}
		return s.Failed != "" || len(s.Plan) > 0 || len(s.Findings.New) > 0 || len(s.Findings.Gone) > 0 || len(s.Authority) > 0 || costs ||
			noticed
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
		{"what changes", Stack.changes}, {"policies", Stack.policies}, {"what it costs a month, USD", Stack.costs}, {"who gains what",
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

func (s Stack) changes() line {
	if s.Failed != "" {
		return say(bold("it cannot be applied"))
	}
	var parts []string
	risky := false
	for _, group := range groups {
		if n := len(s.of(group.op)); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, group.short))
			risky = risky || group.op == Delete || group.op == Replace
		}
	}
	switch {
	case parts == nil:
		return say("nothing")
	case risky:
		return say(bold(strings.Join(parts, ", ")))
	}
	return say(strings.Join(parts, ", "))
}

func (s Stack) policies() line {
	stops, warns := 0, 0
	for _, finding := range s.Findings.New {
		if finding.Stops() {
			stops++
		} else {
			warns++
		}
	}
	switch {
	case stops > 0:
		return say(bold(fmt.Sprintf("refused, %d", stops)))
	case warns > 0:
		return say(bold(some(warns, "new warning", "new warnings")))
	case len(s.Findings.Gone) > 0:
		return say(fmt.Sprintf("pass, and %s gone", some(len(s.Findings.Gone), "finding is", "findings are")))
	}
	return say("pass")
}

func (s Stack) costs() line {
	switch {
	case s.Cost == nil:
		return say("not known")
	case s.Cost.Delta == cost.Amounts{}:
		return say(fmt.Sprintf("%.2f as before", s.Cost.After.Total.Expected))
	}
	text := fmt.Sprintf("%+.2f to %.2f", s.Cost.Delta.Expected, s.Cost.After.Total.Expected)
	worst := fmt.Sprintf(" (at worst %+.2f to %.2f)", s.Cost.Delta.Worst, s.Cost.After.Total.Worst)
	if s.Cost.Delta.Expected > 0 || s.Cost.Delta.Worst > 0 {
		return say(bold(text), worst)
	}
	return say(text + worst)
}

func (s Stack) gains() line {
	widening := 0
	for _, change := range s.Authority {
		if change.Widens {
			widening += change.More + 1
		}
	}
	switch {
	case widening > 0:
		return say(bold(some(widening, "thing becomes possible", "things become possible")))
	case len(s.Authority) > 0:
		return say("nobody; some lose")
	}
	return say("nobody")
}

func (r Rehearsal) failures() (failures int) {
	for _, visitors := range r.Visitors {
		failures += visitors.Failures
	}
	return failures
}

func (s Stack) noticed() line {
	if s.Rehearsal == nil {
		return say("not rehearsed")
	}
	requests, seconds, still := 0, 0.0, false
	for _, visitors := range s.Rehearsal.Visitors {
		requests += visitors.Requests
		seconds, still = max(seconds, visitors.Seconds), still || visitors.Still
	}
	switch failures := s.Rehearsal.failures(); {
	case still:
		return say(bold(fmt.Sprintf("%d of %d requests fail, and it does not end", failures, requests)))
	case failures > 0:
		return say(bold(fmt.Sprintf("%d of %d requests fail, %.0f s", failures, requests, seconds)))
	case requests == 0:
		return say("nobody asks: nothing is public")
	}
	return say(fmt.Sprintf("no, in %d requests", requests))
}

// lost returns the steps that destroy data.
func (s Stack) lost() (lost []Step) {
	for _, step := range s.Plan {
		if step.Data && (step.Op == Delete || step.Op == Replace) {
			lost = append(lost, step)
		}
	}
	return lost
}

func (s Stack) back() line {
	lost := s.lost()
	switch {
	case s.Failed != "":
		return say("nothing is applied")
	case len(lost) > 0:
		return say(bold(fmt.Sprintf("no: %s lost", some(len(lost), "resource's content is", "resources' contents are"))))
	case len(s.Plan) == 0:
		return say("nothing to take back")
	case len(s.of(Delete))+len(s.of(Replace)) > 0:
		return say(fmt.Sprintf("by an update, and %s new then", some(len(s.of(Delete))+len(s.of(Replace)), "resource is", "resources are")))
	case s.Rehearsal != nil && len(s.Rehearsal.NotRestored) > 0:
		return say("yes, by an update too: a rollback alone leaves a part")
	case s.Rehearsal != nil && s.Rehearsal.Failed != "":
		return say(bold("not shown"))
	}
	return say("yes")
}

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
	if s.Failed != "" {
		d = append(d, paragraph(say(bold("It cannot be applied:"), " ", val(s.Failed))))
	}
	d = append(d, s.findings(l)...)
	for _, group := range groups {
		d = append(d, s.steps(l, group.op, group.title)...)
	}
	d = append(d, s.unknown(l)...)
	d = append(d, s.authority(l)...)
	d = append(d, s.persons()...)
	d = append(d, s.money(l)...)
	return append(d, s.rehearsed(l)...)
}

func (s Stack) findings(l limits) (d []block) {
	texts := func(findings []Finding) (lines list) {
		for _, f := range findings[:min(len(findings), max(1, l.steps))] {
			text := say(val(f.Policy), " ("+f.Level+") ")
			if f.Stops() {
				text = say(bold("stops it:"), " ", val(f.Policy), " ")
			}
			if f.Resource != "" {
				text = append(text, say(val(f.Resource), ": ")...)
			}
			lines = append(lines, append(text, val(f.Message)))
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

// kinds are the words for a difference of each kind: for a fact that is new, and for one that no longer holds.
var kinds = map[string][2]string{
	Internet: {"to everybody: ", "to everybody no more: "}, Becomes: {"can become ", "can no more become "}, Reaches: {"reaches: ",
		"reaches no more: "},
	Holds: {"holds: ", "holds no more: "}, Reads: {"reads: ", "reads no more: "}, Guard: {"asked from now on: ", "no more asked: "},
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
		if change.Kind == Becomes {
			text = say(val(change.Text), " ", verb, val(change.Subject))
		} else {
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

// persons lists the steps that no job may take, and those at which the rehearsal needed a person.
func (s Stack) persons() []block {
	var people list
	for _, text := range s.Persons {
		people = append(people, say(val(text)))
	}
	if s.Rehearsal != nil {
		for _, text := range s.Rehearsal.Persons {
			people = append(people, say(val(text)))
		}
	}
	if people == nil {
		return nil
	}
	return []block{paragraph(say(bold("Takes a person"))), people}
}

func (s Stack) money(l limits) []block {
	if s.Cost == nil || s.Cost.Delta == (cost.Amounts{}) && len(s.Cost.Lines) == 0 {
		return nil
	}
	t := table{header: []line{say("USD a month"), say("idle"), say("expected"), say("at worst")}}
	row := func(name line, format string, a cost.Amounts) {
		t.rows = append(t.rows, []line{name, say(fmt.Sprintf(format, a.Idle)), say(fmt.Sprintf(format, a.Expected)), say(fmt.Sprintf(format,
			a.Worst))})
	}
	for _, change := range s.Cost.Lines[:min(len(s.Cost.Lines), max(1, l.steps))] {
		row(say(val(change.Resource)), "%+.2f", change.Delta())
	}
	row(say("difference"), "%+.2f", s.Cost.Delta)
	row(say("before"), "%.2f", s.Cost.Before.Total)
	row(say("after"), "%.2f", s.Cost.After.Total)
	var notes list
	for _, text := range s.Cost.After.Assumptions {
		notes = append(notes, say("assumed: ", val(text)))
	}
	for _, text := range s.Cost.After.NotPriced {
		notes = append(notes, say("not priced: ", val(text)))
	}
	return []block{fold{say(fmt.Sprintf("What it costs: %+.2f expected, by prices of %s", s.Cost.Delta.Expected, s.Cost.After.PricesOf)),
		[]block{t, notes}}}
}

func (s Stack) rehearsed(l limits) []block {
	r := s.Rehearsal
	if r == nil || len(s.Plan) == 0 && r.Failed == "" && r.failures() == 0 {
		return nil
	}
	var d []block
	if r.Failed != "" {
		d = append(d, paragraph(say(bold("The rehearsal ended early:"), " ", val(r.Failed))))
	}
	t := table{header: []line{say("act"), say("how it went")}}
	for _, act := range r.Acts {
		result := say(val(act.Result))
		if act.Bad {
			result = say(bold("not as it must:"), " ", val(act.Result))
		}
		t.rows = append(t.rows, []line{say(val(act.Name)), result})
	}
	var notes list
	for _, v := range r.Visitors {
		text := say(val(v.Service), fmt.Sprintf(": %d requests, %d failed", v.Requests, v.Failures))
		if v.Failures > 0 {
			text = append(text, say(fmt.Sprintf(" over %.0f s, first during ", v.Seconds), val(v.During))...)
			if v.Still {
				text = append(text, span{text: ", and still at the end"})
			}
		}
		notes = append(notes, text)
	}
	for _, group := range []struct {
		title string
		texts []string
	}{{"gone with it: ", r.Lost}, {"a rollback restores: ", r.Restored}, {"a rollback does not restore: ", r.NotRestored}} {
		for _, text := range group.texts[:min(len(group.texts), max(3, l.steps))] {
			notes = append(notes, say(group.title, val(text)))
		}
		if out := len(group.texts) - max(3, l.steps); out > 0 {
			notes = append(notes, say(group.title, fmt.Sprintf("and %d more, ", out), l.all()))
		}
	}
	return append(d, fold{say(fmt.Sprintf("How the rehearsal went (seed %d)", r.Seed)), []block{t, notes}})
}
