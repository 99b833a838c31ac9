package review

import (
	"cmp"
	"slices"
	"strings"
)

// CompareFindings separates the findings that a change causes from those that existed before.
func CompareFindings(before, after []Finding) Findings {
	found := Findings{New: []Finding{}, Old: []Finding{}, Gone: []Finding{}}
	for _, finding := range after {
		if slices.Contains(before, finding) {
			found.Old = append(found.Old, finding)
		} else {
			found.New = append(found.New, finding)
		}
	}
	for _, finding := range before {
		if !slices.Contains(after, finding) {
			found.Gone = append(found.Gone, finding)
		}
	}
	for _, list := range [][]Finding{found.New, found.Old, found.Gone} {
		slices.SortFunc(list, func(a, b Finding) int {
			return cmp.Or(-compareBool(a.Stops(), b.Stops()), strings.Compare(a.Policy, b.Policy), strings.Compare(a.Resource, b.Resource),
				strings.Compare(a.Message, b.Message))
		})
	}
	return found
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// CompareAuthority returns the changes in who can do what, widening ones first. Facts of one kind about one subject that change in the
// same way become one difference, with the first fact as its example and the number of the others.
func CompareAuthority(before, after []Fact) []AuthorityChange {
	changes := []AuthorityChange{}
	add := func(fact Fact, added, widens bool) {
		i := slices.IndexFunc(changes, func(c AuthorityChange) bool {
			return fact.Kind == Becomes && c.Kind == Becomes && c.Subject == fact.Subject && c.Added == added
		})
		if i >= 0 {
			changes[i].More++
			return
		}
		change := AuthorityChange{Widens: widens, Added: added, Kind: fact.Kind, Subject: fact.Subject, Text: fact.Text}
		if !slices.Contains(changes, change) { // Facts whose unknown parts are in the same place are alike.
			changes = append(changes, change)
		}
	}
	// A guard that changes is one difference, which its counterpart before is a part of.
	counterpart := func(fact Fact, others []Fact) (Fact, bool) {
		i := slices.IndexFunc(others, func(o Fact) bool { return fact.Kind == Guard && o.Kind == Guard && o.Subject == fact.Subject })
		if i < 0 {
			return Fact{}, false
		}
		return others[i], true
	}
	for _, fact := range after {
		if slices.Contains(before, fact) {
			continue
		}
		if was, had := counterpart(fact, before); had {
			// The same guard has changed. A lower number is wider. With equal levels its content changed, for example to other people,
			// which counts as wider, too.
			changes = append(changes, AuthorityChange{Widens: fact.Level <= was.Level, Added: true, Kind: Guard, Subject: fact.Subject,
				Text: fact.Text, Was: was.Text})
			continue
		}
		add(fact, true, fact.Kind != Guard)
	}
	for _, fact := range before {
		if slices.Contains(after, fact) {
			continue
		}
		if _, has := counterpart(fact, after); has {
			continue
		}
		add(fact, false, fact.Kind == Guard)
	}
	slices.SortStableFunc(changes, func(a, b AuthorityChange) int {
		return cmp.Or(-compareBool(a.Widens, b.Widens), cmp.Compare(kindOrder(a.Kind), kindOrder(b.Kind)), strings.Compare(a.Subject, b.Subject),
			-compareBool(a.Added, b.Added), strings.Compare(a.Text, b.Text))
	})
	return changes
}

// The kinds of facts that allow somebody something, in the order in which they are shown.
const (
	Internet = "internet"
	Becomes  = "becomes"
	Reaches  = "reaches"
	Holds    = "holds"
	Reads    = "reads"
)

func kindOrder(kind string) int {
	return slices.Index([]string{Internet, Becomes, Reaches, Guard, Reads, Holds}, kind)
}
