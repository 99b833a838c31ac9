package provider

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// liveInputs are the inputs that would make the resource as it is in the cloud. Compared with the program's inputs they
// show what changed behind Pulumi's back, and nothing else:
//
//   - a value that the API wrote where the program gave none is no input, as long as it stays what the API wrote;
//   - a value that means the same is kept as the program wrote it;
//   - an absent zero value is kept, because APIs leave zero values out.
//
// Without old inputs (an import) every value the API has is an input.
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

// value is the input for one property: old is the last input, was and is are the last and the live state.
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

// isInput decides about a live value for which there was no input.
func (l live) isInput(was, is any, path string) bool {
	if l.imported {
		return !isAbsent(is) // what the API chose is taken over too
	}
	return !isZero(is) && !l.t.facts.at(path).computed && !equal(was, is)
}

// orderLike puts the elements of a set in the order of the old inputs, matching them by what the inputs say.
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

// sameKey matches elements of a set that are the same thing with other values.
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

// inputsOf is the part of a live value that inputs can have.
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

// isAbsent is what an import does not turn into an input.
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

// listDefaults puts back the lists of what the provider filled in, as the official providers do when they read.
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
