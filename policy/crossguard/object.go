package crossguard

import (
	"math"
	"strconv"
	"strings"
)

// Object reads properties. Every method takes a path such as template.containers[0].image and handles the cases that a rule must
// not forget:
//
//   - a value that is not known yet, at the path or above it, ends the policy with an advisory that names it;
//   - a value of another type ends the policy with a violation that names it;
//   - an absent value (no such key, null, or "" where a string is read) is the second result, or the default that the
//     caller had to write down;
//   - secrets and output values are read through, and what was secret is kept out of messages;
//   - numbers and booleans written as strings ("5", "true") are read as what they say.
type Object struct {
	value *value
	at    *place
	run   *run
}

// Int reads a whole number.
func (o Object) Int(path string) (n int64, set bool) {
	f, set := o.readNumber(path, "a whole number")
	if f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		o.run.wrongType(o.pathOf(path), "is "+strconv.FormatFloat(f, 'g', -1, 64), "a whole number")
	}
	return int64(f), set
}

// IntOr reads a whole number. It returns otherwise if the number is absent.
func (o Object) IntOr(path string, otherwise int64) int64 { return or(otherwise)(o.Int(path)) }

// Number reads a number.
func (o Object) Number(path string) (n float64, set bool) { return o.readNumber(path, "a number") }

// NumberOr reads a number. It returns otherwise if the number is absent.
func (o Object) NumberOr(path string, otherwise float64) float64 {
	return or(otherwise)(o.Number(path))
}

// String reads a string. The empty string counts as absent, as it does for providers. A number or a boolean is read as its text.
func (o Object) String(path string) (s string, set bool) {
	v, set := o.find(path)
	if !set {
		return "", false
	}
	s, is := v.asText()
	if !is {
		o.run.wrongType(o.pathOf(path), "is "+kindNames[v.kind], kindNames[kindString])
	}
	if v.secret {
		o.run.keepSecret(s)
	}
	return s, s != ""
}

// StringOr reads a string. It returns otherwise if the string is absent or empty.
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

// BoolOr reads true or false. It returns otherwise if the value is absent.
func (o Object) BoolOr(path string, otherwise bool) bool { return or(otherwise)(o.Bool(path)) }

// Has reports whether there is a value. {} and "" count as values; null does not.
func (o Object) Has(path string) bool {
	_, set := o.find(path)
	return set
}

// IsKnown reports whether the value is known, so that reading it would not end the policy. Use it only in a rule that has an
// answer for both cases, for example one that counts an unknown value as the worst.
func (o Object) IsKnown(path string) bool {
	v, _, _ := o.lookup(path)
	return v.kind != kindUnknown
}

// IsSecret reports whether the value, or an object or list around it, is marked as a secret. It does not end the policy for an
// unknown value, because an unknown secret is a secret too.
func (o Object) IsSecret(path string) bool {
	v, _, _ := o.lookup(path)
	return v.secret
}

// Block reads a nested object. An absent object reads as one in which every property is absent.
func (o Object) Block(path string) (nested Object, set bool) {
	v, set := o.find(path)
	if set && v.kind != kindObject {
		o.run.wrongType(o.pathOf(path), "is "+kindNames[v.kind], kindNames[kindObject])
	}
	return Object{value: v, at: &place{parent: o.at, path: path, index: -1}, run: o.run}, set
}

// Path returns the full path of a property of this object, for messages.
func (o Object) Path(path string) string { return o.pathOf(path) }

func (o Object) readNumber(path, want string) (float64, bool) {
	v, set := o.find(path)
	switch {
	case !set:
		return 0, false
	case v.kind == kindNumber:
		return o.numeral(v, v.number), true
	case v.kind == kindString && v.text == "":
		return 0, false
	case v.kind == kindString:
		f, err := strconv.ParseFloat(strings.TrimSpace(v.text), 64)
		if err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return o.numeral(v, f), true
		}
	}
	o.run.wrongType(o.pathOf(path), "is "+kindNames[v.kind], want)
	return 0, false
}

// numeral returns a number that was read. If it is secret, both of its spellings are kept out of messages.
func (o Object) numeral(v *value, f float64) float64 {
	if v.secret {
		o.run.keepSecret(strconv.FormatFloat(f, 'f', -1, 64))
		o.run.keepSecret(strconv.FormatFloat(f, 'g', -1, 64))
	}
	return f
}

// find calls lookup, and ends the policy if the value is unknown or cannot be read.
func (o Object) find(path string) (v *value, set bool) {
	v, end, misfit := o.lookup(path)
	switch {
	case misfit != "":
		o.run.wrongType(o.pathOf(end), "is "+kindNames[v.kind], misfit)
	case v.kind == kindUnknown:
		o.run.endUnknown(o.pathOf(end))
	}
	return v, v.kind != kindNull
}

// lookup walks a path. If it has to stop on the way, end is the path so far: the value there is absent or unknown, or is not of
// the kind misfit that the next step needs.
func (o Object) lookup(path string) (v *value, end, misfit string) {
	if o.run.watch != nil {
		o.run.watch(o.run.typ, o.pathOf(path))
	}
	v = o.value
	for rest := path; rest != ""; {
		if v.kind == kindNull || v.kind == kindUnknown {
			return v, end, ""
		}
		var s step
		s, rest = nextStep(rest)
		switch {
		case !s.inList && v.kind != kindObject:
			return v, end, kindNames[kindObject]
		case s.inList && v.kind != kindList:
			return v, end, kindNames[kindList]
		case s.inList:
			v = v.element(s.index)
		default:
			v = v.property(s.key)
		}
		end = path[:len(path)-len(rest)]
	}
	return v, strings.TrimSuffix(end, "."), ""
}

func (o Object) pathOf(path string) string {
	return joinPath(o.at.String(), strings.TrimSuffix(path, "."))
}

// or returns a function that turns the two results of a read into the value, or into otherwise if there is no value.
func or[T any](otherwise T) func(T, bool) T {
	return func(v T, set bool) T {
		if set {
			return v
		}
		return otherwise
	}
}
