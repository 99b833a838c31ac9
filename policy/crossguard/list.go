package crossguard

import (
	"iter"
	"strconv"
)

// Each calls do for every object of a list and returns how many there are; an absent list has none. What is unknown or of
// a wrong type in one object ends do for that object only, so that the other ones are checked all the same.
func (o Object) Each(path string, do func(Object)) (count int) {
	i := 0
	for v := range o.elements(path) {
		at := &place{o.at, path, i}
		i++
		o.run.isolate(func() {
			nested := Object{text: v.text, at: at, run: o.run, secret: v.secret}
			switch v.kind {
			case kindObject:
				do(nested)
			case kindUnknown:
				o.run.endUnknown(at.String())
			default:
				o.run.wrongType(at.String(), "is "+kindNames[v.kind], kindNames[kindObject])
			}
		})
	}
	return i
}

// EachString calls do for every string of a list; an absent list has none. What is unknown or of a wrong type ends nothing
// but that element.
func (o Object) EachString(path string, do func(string)) {
	i := 0
	for v := range o.elements(path) {
		at := place{o.at, path, i}
		i++
		o.run.isolate(func() {
			switch v.kind {
			case kindString:
				if v.secret {
					o.run.keepSecret(v.text)
				}
				do(v.text)
			case kindNumber:
				do(strconv.FormatFloat(v.number, 'f', -1, 64))
			case kindUnknown:
				o.run.endUnknown(at.String())
			default:
				o.run.wrongType(at.String(), "is "+kindNames[v.kind], kindNames[kindString])
			}
		})
	}
}

// Strings reads a list of strings; an absent list has none.
func (o Object) Strings(path string) []string {
	var all []string
	i := 0
	for v := range o.elements(path) {
		at := place{o.at, path, i}
		i++
		switch v.kind {
		case kindString:
			all = append(all, v.text)
		case kindNumber:
			all = append(all, strconv.FormatFloat(v.number, 'f', -1, 64))
		case kindUnknown:
			o.run.endUnknown(at.String())
		default:
			o.run.wrongType(at.String(), "is "+kindNames[v.kind], kindNames[kindString])
		}
		if v.secret {
			o.run.keepSecret(v.text)
		}
	}
	return all
}

// Keys iterates over the keys of an object such as labels, in the order they were sent; an absent object has none. Read
// a value with its key quoted: labels["team"].
func (o Object) Keys(path string) iter.Seq[string] {
	nested := o
	if path != "" {
		nested, _ = o.Block(path)
	}
	return func(yield func(string) bool) {
		for f := range fields(nested.text) {
			key, val := entry(f.bytes)
			if f.number == structFields && !hidden(key) && parseValue(val).kind != kindNull && !yield(key) {
				return
			}
		}
	}
}

// Len is the length of a list; an absent list has none.
func (o Object) Len(path string) int {
	n := 0
	for range o.elements(path) {
		n++
	}
	return n
}

// elements iterates over a list. A lone object is read as a list of one: that is how another version of a provider may
// send a block that occurs once.
func (o Object) elements(path string) iter.Seq[value] {
	v, set := o.find(path)
	if set && v.kind != kindList && v.kind != kindObject {
		o.run.wrongType(o.pathOf(path), "is "+kindNames[v.kind], kindNames[kindList])
	}
	return func(yield func(value) bool) {
		if v.kind == kindObject {
			yield(v)
			return
		}
		for f := range fields(v.text) {
			if f.number != listValues {
				continue
			}
			element := parseValue(f.bytes)
			element.secret = element.secret || v.secret
			if !yield(element) {
				return
			}
		}
	}
}
