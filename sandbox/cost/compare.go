package cost

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// Change has a stack's costs before and after a change.
type Change struct {
	// Before and After are the whole estimates. Delta is After less Before: negative where the change saves.
	Before Estimate `json:"before"`
	After  Estimate `json:"after"`
	Delta  Amounts  `json:"delta"`
	// Lines are the resources whose cost changes.
	Lines []LineChange `json:"lines"`
}

// LineChange is what one resource costs before and after. A new resource costs nothing before.
type LineChange struct {
	// Resource is the resource's name in the program.
	Resource string  `json:"resource"`
	Before   Amounts `json:"before"`
	After    Amounts `json:"after"`
}

// Compare returns what changes from one estimate to another.
func Compare(before, after Estimate) Change {
	change := Change{Before: before, After: after, Delta: after.Total.minus(before.Total), Lines: []LineChange{}}
	byName := func(e Estimate) map[string]Amounts {
		amounts := map[string]Amounts{}
		for _, line := range e.Lines {
			amounts[line.Resource] = line.Amounts
		}
		return amounts
	}
	was, is := byName(before), byName(after)
	both := maps.Clone(was)
	maps.Copy(both, is)
	for _, name := range slices.Sorted(maps.Keys(both)) {
		if was[name] != is[name] {
			change.Lines = append(change.Lines, LineChange{name, was[name], is[name]})
		}
	}
	return change
}

// Write prints an estimate for people.
func (e Estimate) Write(out io.Writer) error {
	fmt.Fprintf(out, "Stack %s, USD a month, by prices of %s:\n\n", e.Stack, e.PricesOf)
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "idle\texpected\tworst\t  \t")
	row := func(name string, a Amounts) {
		fmt.Fprintf(table, "%.2f\t%.2f\t%.2f\t  %s\t\n", a.Idle, a.Expected, a.Worst, name)
	}
	for _, line := range e.Lines {
		row(line.Resource, line.Amounts)
	}
	row("in all", e.Total)
	if err := table.Flush(); err != nil {
		return err
	}
	return e.writeNotes(out)
}

func (e Estimate) writeNotes(out io.Writer) (err error) {
	for _, notes := range []struct {
		title string
		lines []string
	}{{"Assumed", e.Assumptions}, {"Not priced", e.NotPriced}} {
		fmt.Fprintf(out, "\n%s:\n", notes.title)
		for _, line := range notes.lines {
			_, err = fmt.Fprintf(out, "  - %s\n", line)
		}
	}
	return err
}

// Write prints a change for people: the sums before and after, their difference, and the resources that cause it.
func (c Change) Write(out io.Writer) error {
	fmt.Fprintf(out, "Stack %s, USD a month, by prices of %s:\n\n", c.After.Stack, c.After.PricesOf)
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "\tidle\texpected\tworst")
	row := func(name string, a Amounts) {
		fmt.Fprintf(table, "%s\t%.2f\t%.2f\t%.2f\n", name, a.Idle, a.Expected, a.Worst)
	}
	row("before", c.Before.Total)
	row("after", c.After.Total)
	fmt.Fprintf(table, "difference\t%+.2f\t%+.2f\t%+.2f\n", c.Delta.Idle, c.Delta.Expected, c.Delta.Worst)
	for _, line := range c.Lines {
		d := line.Delta()
		fmt.Fprintf(table, "  %s\t%+.2f\t%+.2f\t%+.2f\n", line.Resource, d.Idle, d.Expected, d.Worst)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return c.After.writeNotes(out)
}

// Delta returns how much more one resource costs.
func (l LineChange) Delta() Amounts { return l.After.minus(l.Before) }
