package crossguard

import (
	"iter"
	"math"
	"strconv"
	"strings"
)

// Object reads properties. Every method takes a path such as template.containers[0].image and settles the cases that a
// rule must not forget:
//
//   - a value that is not known yet, at the path or above it, ends the policy with an advisory that names it;
//   - a value of another type ends the policy with a violation that names it;
//   - an absent value (no such key, null, or "" where a string is read) is the second result, or the default that the
//     caller had to write down;
//   - secrets and output values are read through, and what was secret is kept out of messages;
//   - numbers and booleans written as strings ("5", "true") are read as what they say.
type Object struct {
	text string
	at   *place
	run  *run
	// secret is set within an object that is secret as a whole.
	secret bool
}

// Int reads a whole number.
func (o Object) Int(path string) (n int64, set bool) {
	f, set := o.readNumber(path, "a whole number")
	if f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		o.run.wrongType(o.pathOf(path), "is "+strconv.FormatFloat(f, 'g', -1, 64), "a whole number")
	}
	return int64(f), set
}

// IntOr reads a whole number that is otherwise when it is absent.
func (o Object) IntOr(path string, otherwise int64) int64 { return or(otherwise)(o.Int(path)) }

// Number reads a number.
func (o Object) Number(path string) (n float64, set bool) { return o.readNumber(path, "a number") }

// NumberOr reads a number that is otherwise when it is absent.
func (o Object) NumberOr(path string, otherwise float64) float64 {
	return or(otherwise)(o.Number(path))
}

// String reads a string. The empty string counts as absent, as it does for providers. A number or a boolean is read as
// it would be written.
func (o Object) String(path string) (s string, set bool) {
	v, set := o.find(path)
	if !set {
		return "", false
	}
	switch v.kind {
	case kindString:
		s = v.text
	case kindNumber:
		s = strconv.FormatFloat(v.number, 'f', -1, 64)
	case kindBool:
		s = strconv.FormatBool(v.truth)
	default:
		o.run.wrongType(o.pathOf(path), "is "+kindNames[v.kind], kindNames[kindString])
	}
	if v.secret {
		o.run.keepSecret(s)
	}
	return s, s != ""
}

// StringOr reads a string that is otherwise when it is absent or empty.
func (o Object) StringOr(path, otherwise string) string { return or(otherwise)(o.String(path)) }

// Bool reads true or false.
func (o Object) Bool(path string) (b, set bool) {
	v, set := o.find(path)
	if !set {
		return false, false
	}
	switch {
	case v.kind == kindBool:
		return v.truth, true
	case v.kind == kindString && v.text == "":
		return false, false
	case v.kind == kindString:
		b, err := strconv.ParseBool(strings.TrimSpace(v.text))
		if err == nil {
			return b, true
		}
	}
	o.run.wrongType(o.pathOf(path), "is "+kindNames[v.kind], kindNames[kindBool])
	return false, false
}

// BoolOr reads true or false, or otherwise when it is absent.
func (o Object) BoolOr(path string, otherwise bool) bool { return or(otherwise)(o.Bool(path)) }

// Has reports whether there is a value at all: {} and "" are values, null is none.
func (o Object) Has(path string) bool {
	_, set := o.find(path)
	return set
}

// IsSecret reports whether the value, or something it lies in, is marked as a secret. It does not end the policy: a
// secret that is unknown is a secret all the same.
func (o Object) IsSecret(path string) bool {
	v, _, _ := o.lookup(path)
	return v.secret
}

// Block reads a nested object. An absent one reads as an object without properties, of which everything is absent.
func (o Object) Block(path string) (nested Object, set bool) {
	v, set := o.find(path)
	if set && v.kind != kindObject {
		o.run.wrongType(o.pathOf(path), "is "+kindNames[v.kind], kindNames[kindObject])
	}
	return Object{text: v.text, at: &place{o.at, path, -1}, run: o.run, secret: v.secret}, set
}

// Each calls do for every object of a list; an absent list has none. What is unknown or of a wrong type in one object
// ends do for that object only, so that the other ones are checked all the same.
func (o Object) Each(path string, do func(Object)) {
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

// Path is the full path of a property of this object, for messages.
func (o Object) Path(path string) string { return o.pathOf(path) }

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

func (o Object) readNumber(path, want string) (float64, bool) {
	v, set := o.find(path)
	switch {
	case !set:
		return 0, false
	case v.kind == kindNumber:
		return v.number, true
	case v.kind == kindString && v.text == "":
		return 0, false
	case v.kind == kindString:
		f, err := strconv.ParseFloat(strings.TrimSpace(v.text), 64)
		if err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f, true
		}
	}
	o.run.wrongType(o.pathOf(path), "is "+kindNames[v.kind], want)
	return 0, false
}

// find is lookup that ends the policy where the answer is not known or cannot be read.
func (o Object) find(path string) (value, bool) {
	v, end, misfit := o.lookup(path)
	switch {
	case misfit != "":
		o.run.wrongType(o.pathOf(end), "is "+kindNames[v.kind], misfit)
	case v.kind == kindUnknown:
		o.run.endUnknown(o.pathOf(end))
	}
	return v, v.kind != kindNull
}

// lookup walks a path. It stops at end, at a value that is absent or unknown, or at one whose kind should be misfit.
func (o Object) lookup(path string) (v value, end, misfit string) {
	v = value{kind: kindObject, text: o.text, secret: o.secret}
	for rest := path; rest != ""; {
		if v.kind == kindNull || v.kind == kindUnknown {
			return v, end, ""
		}
		var s step
		s, rest = nextStep(rest)
		want := kindObject
		if s.inList {
			want = kindList
		}
		if v.kind != want {
			return v, end, kindNames[want]
		}
		secret := v.secret
		v = child(v, s)
		v.secret = v.secret || secret
		end = path[:len(path)-len(rest)]
	}
	return v, strings.TrimSuffix(end, "."), ""
}

func child(v value, s step) value {
	if !s.inList {
		message, found := member(v.text, s.key)
		if !found {
			return value{}
		}
		return parseValue(message)
	}
	i := 0
	for f := range fields(v.text) {
		if f.number != listValues {
			continue
		}
		if i == s.index {
			return parseValue(f.bytes)
		}
		i++
	}
	return value{}
}

func (o Object) pathOf(path string) string {
	return joinPath(o.at.String(), strings.TrimSuffix(path, "."))
}

// or turns the results of a read into its value or a default.
func or[T any](otherwise T) func(T, bool) T {
	return func(v T, set bool) T {
		if set {
			return v
		}
		return otherwise
	}
}
