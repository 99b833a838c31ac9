package crossguard

import (
	"iter"
	"slices"
)

// Each calls do for every object of a list and returns the length of the list. An absent list has length 0. An unknown value, or
// one of a wrong type, ends do for that object only. The other objects are still checked.
func (o Object) Each(path string, do func(Object)) (count int) {
	elements := o.elements(path)
	for i := range elements {
		o.run.isolate(func() {
			v, at := &elements[i].value, &place{parent: o.at, path: path, index: i}
			if v.kind != kindObject {
				o.run.unreadable(v, at.String(), kindNames[kindObject])
			}
			do(Object{value: v, at: at, run: o.run})
		})
	}
	return len(elements)
}

// EachString calls do for every string of a list. It skips an absent list. An unknown element, or one of a wrong type, is
// reported and does not stop the others.
func (o Object) EachString(path string, do func(string)) {
	elements := o.elements(path)
	for i := range elements {
		o.run.isolate(func() { do(o.text(&elements[i].value, &place{parent: o.at, path: path, index: i})) })
	}
}

// Strings reads a list of strings. An absent list reads as an empty one.
func (o Object) Strings(path string) []string {
	elements := o.elements(path)
	all := make([]string, len(elements))
	for i := range elements {
		all[i] = o.text(&elements[i].value, &place{parent: o.at, path: path, index: i})
	}
	return all
}

// text reads an element of a list or map as a string. Any other value ends the policy.
func (o Object) text(v *value, at *place) string {
	s, is := v.asText()
	if !is {
		o.run.unreadable(v, at.String(), kindNames[kindString])
	}
	if v.secret {
		o.run.keepSecret(s)
	}
	return s
}

// EachEntry calls do for every object of a map, with its key, sorted by key. It returns the number of entries; an absent map has
// 0. An unknown value, or one of a wrong type, ends do for that entry only.
func (o Object) EachEntry(path string, do func(key string, value Object)) (count int) {
	return o.entries(path, func(key string, v *value, at *place) {
		if v.kind != kindObject {
			o.run.unreadable(v, at.String(), kindNames[kindObject])
		}
		do(key, Object{value: v, at: at, run: o.run})
	})
}

// EachStringEntry calls do for every string of a map such as labels, with its key, sorted by key. It returns the number of
// entries; an absent map has 0. An unknown value, or one of a wrong type, ends do for that entry only.
func (o Object) EachStringEntry(path string, do func(key, value string)) (count int) {
	return o.entries(path, func(key string, v *value, at *place) { do(key, o.text(v, at)) })
}

// LenMap returns the number of entries of a map; an absent map has 0. Use it rather than Len, which reads a map as a list of one
// object.
func (o Object) LenMap(path string) int {
	count := 0
	for range o.Keys(path) {
		count++
	}
	return count
}

// entries calls visit for each of a map's entries. A failure in one entry does not stop the others.
func (o Object) entries(path string, visit func(key string, v *value, at *place)) (count int) {
	keys := slices.Sorted(o.Keys(path))
	for _, key := range keys {
		v, _, _ := o.lookup(joinPath(path, Key(key)))
		o.run.isolate(func() {
			visit(key, v, &place{parent: o.at, path: joinPath(path, appendStep("", step{key: key})), index: -1})
		})
	}
	return len(keys)
}

// Keys iterates over the keys of an object such as labels, in the order in which they were sent. It skips an absent object. A key
// may contain any characters, so read its value by the path "labels" + [Key](key).
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

// Len returns the length of a list; an absent list has 0. For a map, use LenMap.
func (o Object) Len(path string) int { return len(o.elements(path)) }

// elements returns a list's elements. It reads a single object as a list of one, because another version of a provider may send a
// block that occurs once in that form.
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
