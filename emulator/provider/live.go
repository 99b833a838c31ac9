package provider

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// liveInputs returns the inputs that would produce the resource as it is in the cloud. A comparison with the program's inputs
// shows the changes made outside Pulumi, and nothing else:
//
//   - a value that the program left to the API is not an input, as long as it stays as the API wrote it;
//   - a value that still means the same is kept as the program wrote it;
//   - an absent zero value is kept, because APIs leave out zero values.
//
// Without old inputs, as in an import, every value that the API has is an input.
func (t *resourceType) liveInputs(old, oldState, state map[string]any) map[string]any {
	l := live{t: t, imported: len(old) == 0}
	inputs := l.object(shapeOf(t.args), plainInputs(old), oldState, state, "")
	return t.listDefaults(shapeOf(t.args), inputs, old)
}

type live struct {
	t        *resourceType
	imported bool
}

func (l live) object(s *shape, old, was, is map[string]any, path string) map[string]any {
	out := map[string]any{}
	for name, f := range s.fields {
		if value := l.value(f.shape, old[name], was[name], is[name], join(path, name)); value != nil {
			out[name] = value
		}
	}
	return out
}

// value returns the input for one property. old is the last input, was the last state, and is the live state.
func (l live) value(s *shape, old, was, is any, path string) any {
	t := l.t
	if slices.Contains(t.outputOnly, path) || slices.Contains(t.writeOnly, path) && !(l.imported && is != nil) {
		return old
	}
	if old == nil {
		if !l.isInput(was, is, path) {
			return nil
		}
		return l.inputsOf(s, is, path)
	}
	if is == nil {
		if isZero(old) || !strings.Contains(path, ".") && slices.Contains(t.local, path) {
			return old
		}
		return nil
	}
	if t.equivalent(path, old, is) {
		return old
	}
	switch s.kind {
	case reflect.Struct:
		oldObject, _ := old.(map[string]any)
		wasObject, _ := was.(map[string]any)
		isObject, _ := is.(map[string]any)
		return l.object(s, oldObject, wasObject, isObject, path)
	case reflect.Slice:
		oldList, _ := old.([]any)
		wasList, _ := was.([]any)
		isList, _ := is.([]any)
		if s.elem.kind != reflect.Struct {
			return copyValue(is)
		}
		if t.facts.at(path).set {
			isList = orderLike(l, s, isList, oldList, path)
			wasList = orderLike(l, s, wasList, oldList, path)
		}
		out := make([]any, 0, len(isList))
		for i := range isList {
			if at(oldList, i) == nil {
				out = append(out, l.inputsOf(s.elem, isList[i], path))
				continue
			}
			out = append(out, l.value(s.elem, at(oldList, i), at(wasList, i), isList[i], path))
		}
		return out
	}
	return copyValue(is)
}

// isInput decides whether a live value becomes an input if there was no input for it.
func (l live) isInput(was, is any, path string) bool {
	if l.imported {
		return !isAbsent(is) // an import also takes over the values that the API chose
	}
	return !isZero(is) && !l.t.facts.at(path).computed && !equal(was, is)
}

// orderLike puts the elements of a set in the order of the old inputs. It matches elements by the content of their inputs.
func orderLike(l live, s *shape, list, like []any, path string) []any {
	left := slices.Clone(list)
	ordered := make([]any, 0, len(list))
	for _, wanted := range like {
		i := slices.IndexFunc(left, func(element any) bool { return equal(l.value(s.elem, wanted, element, element, path), wanted) })
		if i < 0 {
			i = slices.IndexFunc(left, func(element any) bool { return sameKey(element, wanted) })
		}
		if i >= 0 {
			ordered = append(ordered, left[i])
			left = slices.Delete(left, i, i+1)
		}
	}
	return append(ordered, left...)
}

// sameKey reports whether two elements of a set are the same thing, possibly with different values.
func sameKey(a, b any) bool {
	x, _ := a.(map[string]any)
	y, _ := b.(map[string]any)
	for _, key := range []string{"id", "name", "key"} {
		if x[key] != nil && equal(x[key], y[key]) {
			return true
		}
	}
	return false
}

// inputsOf returns the part of a live value that inputs can contain.
func (l live) inputsOf(s *shape, is any, path string) any {
	switch v := is.(type) {
	case map[string]any:
		if s.kind == reflect.Struct {
			return live{t: l.t, imported: true}.object(s, nil, nil, v, path)
		}
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = l.inputsOf(s.elem, element, path)
		}
		return out
	}
	return copyValue(is)
}

// isAbsent reports whether an import leaves a value out of the inputs.
func isAbsent(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	}
	return false
}

// listDefaults restores the lists of filled-in properties, as the official providers do when they read.
func (t *resourceType) listDefaults(s *shape, inputs, old map[string]any) map[string]any {
	out := maps.Clone(inputs)
	listed, _ := old[defaultsKey].([]any)
	out[defaultsKey] = append([]any{}, listed...)
	for name, f := range s.fields {
		if out[name] != nil {
			out[name] = t.listDefaultsIn(f.shape, out[name], old[name])
		}
	}
	return out
}

func (t *resourceType) listDefaultsIn(s *shape, value, old any) any {
	switch v := value.(type) {
	case map[string]any:
		if s.kind == reflect.Struct {
			oldObject, _ := old.(map[string]any)
			return t.listDefaults(s, v, oldObject)
		}
	case []any:
		oldList, _ := old.([]any)
		for i, element := range v {
			v[i] = t.listDefaultsIn(s.elem, element, at(oldList, i))
		}
	}
	return value
}
