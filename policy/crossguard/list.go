package crossguard

import (
	"iter"
	"slices"
	"strconv"
)

// Each calls do for every object of a list and returns how many there are; an absent list has none. What is unknown or of
// a wrong type in one object ends do for that object only, so that the other ones are checked all the same.
func (o Object) Each(path string, do func(Object)) (count int) {
	elements := o.elements(path)
	for i := range elements {
		o.run.isolate(func() {
			v, at := &elements[i].value, &place{o.at, path, i}
			if v.kind != kindObject {
				o.run.unreadable(v, at.String(), kindNames[kindObject])
			}
			do(Object{value: v, at: at, run: o.run})
		})
	}
	return len(elements)
}

// EachString calls do for every string of a list; an absent list has none. What is unknown or of a wrong type ends nothing
// but that element.
func (o Object) EachString(path string, do func(string)) {
	elements := o.elements(path)
	for i := range elements {
		o.run.isolate(func() { do(o.text(&elements[i].value, &place{o.at, path, i})) })
	}
}

// Strings reads a list of strings; an absent list has none.
func (o Object) Strings(path string) []string {
	elements := o.elements(path)
	all := make([]string, len(elements))
	for i := range elements {
		all[i] = o.text(&elements[i].value, &place{o.at, path, i})
	}
	return all
}

// text is an element of a list or map as a string; another value ends the policy.
func (o Object) text(v *value, at *place) (s string) {
	switch v.kind {
	case kindString:
		s = v.text
	case kindNumber:
		s = strconv.FormatFloat(v.number, 'f', -1, 64)
	case kindBool:
		s = strconv.FormatBool(v.truth)
	default:
		o.run.unreadable(v, at.String(), kindNames[kindString])
	}
	if v.secret {
		o.run.keepSecret(s)
	}
	return s
}

// EachEntry calls do for every object of a map, with its key, in the keys' order, and returns how many there are; an absent
// map has none. What is unknown or of a wrong type in one ends do for that one only.
func (o Object) EachEntry(path string, do func(key string, value Object)) (count int) {
	return o.entries(path, func(key string, v *value, at *place) {
		if v.kind != kindObject {
			o.run.unreadable(v, at.String(), kindNames[kindObject])
		}
		do(key, Object{value: v, at: at, run: o.run})
	})
}

// EachStringEntry calls do for every string of a map such as labels, with its key, in the keys' order, and returns how many
// there are; an absent map has none. What is unknown or of a wrong type ends do for that one only.
func (o Object) EachStringEntry(path string, do func(key, value string)) (count int) {
	return o.entries(path, func(key string, v *value, at *place) { do(key, o.text(v, at)) })
}

// LenMap is the number of entries of a map; an absent map has none. (Len takes an object for a list of one.)
func (o Object) LenMap(path string) int {
	count := 0
	for range o.Keys(path) {
		count++
	}
	return count
}

// entries visits a map's entries, each for itself.
func (o Object) entries(path string, visit func(key string, v *value, at *place)) (count int) {
	keys := slices.Sorted(o.Keys(path))
	for _, key := range keys {
		v, _, _ := o.lookup(joinPath(path, Key(key)))
		o.run.isolate(func() { visit(key, v, &place{o.at, joinPath(path, appendStep("", step{key: key})), -1}) })
	}
	return len(keys)
}

// Keys iterates over the keys of an object such as labels, in the order they were sent; an absent object has none. Read
// a value by "labels" + [Key](key): a key may have any characters.
func (o Object) Keys(path string) iter.Seq[string] {
	nested := o
	if path != "" {
		nested, _ = o.Block(path)
	}
	return func(yield func(string) bool) {
		for _, m := range nested.value.members() {
			if !hidden(m.key) && m.value.kind != kindNull && !yield(m.key) {
				return
			}
		}
	}
}

// Len is the length of a list; an absent list has none. LenMap is a map's.
func (o Object) Len(path string) int { return len(o.elements(path)) }

// elements are a list's. A lone object is read as a list of one: that is how another version of a provider may send a
// block that occurs once.
func (o Object) elements(path string) []member {
	v, set := o.find(path)
	switch {
	case set && v.kind == kindObject:
		return []member{{value: *v}}
	case set && v.kind != kindList:
		o.run.wrongType(o.pathOf(path), "is "+kindNames[v.kind], kindNames[kindList])
	}
	return v.members()
}
