package provider

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// change is one difference in a property.
type change struct {
	// path has list indices ("template.containers[0].image"). kind is added, deleted or updated.
	path string
	kind rpc.PropertyDiff_Kind
	// replaces says that the change requires a new resource.
	replaces bool
}

// plan returns the resource as it will be with the inputs. Properties that the program leaves to the API keep the API's last
// values; see computed in [factLines].
func (t *resourceType) plan(inputs, state map[string]any) map[string]any {
	return t.planObject(shapeOf(t.args), inputs, state, "")
}

func (t *resourceType) planObject(s *shape, new, old map[string]any, path string) map[string]any {
	out := maps.Clone(new)
	if out == nil {
		out = map[string]any{}
	}
	for name, f := range s.fields {
		p := join(path, name)
		switch {
		case emptyList(new[name]) || new[name] == "":
			if t.facts.at(p).computed && old[name] != nil {
				out[name] = copyValue(old[name])
			}
		case old[name] != nil:
			out[name] = t.planValue(f.shape, new[name], old[name], p)
		}
	}
	return out
}

func (t *resourceType) planValue(s *shape, new, old any, path string) any {
	switch v := new.(type) {
	case map[string]any:
		if o, ok := old.(map[string]any); ok && s.kind == reflect.Struct {
			return t.planObject(s, v, o, path)
		}
	case []any:
		o, ok := old.([]any)
		if !ok || s.elem == nil || t.facts.at(path).set {
			return new
		}
		out := slices.Clone(v)
		for i := range min(len(v), len(o)) {
			out[i] = t.planValue(s.elem, v[i], o[i], path)
		}
		return out
	}
	return new
}

// diff compares the last known state of the resource with its planned state.
func (t *resourceType) diff(state, inputs map[string]any) []change {
	d := differ{t: t}
	inputs = plainInputs(inputs)
	d.object(shapeOf(t.args), state, t.plan(inputs, state), "", "")
	if slices.ContainsFunc(d.changes, func(c change) bool { return c.replaces }) {
		// Once the resource is replaced, every change inside a replacing object is listed as a reason too.
		for i := range d.changes {
			c := &d.changes[i]
			if !c.replaces && t.insideReplacing(c.path) {
				c.replaces, c.kind = true, c.kind+1
			}
		}
	}
	return d.changes
}

var indices = regexp.MustCompile(`\[[^]]*\]`)

// insideReplacing reports whether the property lies in an object whose appearance or disappearance requires a new resource.
func (t *resourceType) insideReplacing(shown string) bool {
	path := indices.ReplaceAllString(shown, "")
	for end := strings.LastIndex(path, "."); end >= 0; end = strings.LastIndex(path, ".") {
		if path = path[:end]; t.facts.at(path).replaces {
			return true
		}
	}
	return false
}

type differ struct {
	t       *resourceType
	changes []change
}

func (d *differ) add(path, shown string, kind rpc.PropertyDiff_Kind, values ...any) {
	c := change{path: shown, kind: kind, replaces: d.t.forces(path, values...)}
	if c.replaces {
		c.kind++ // the constant after each kind is the same kind with a replacement
	}
	d.changes = append(d.changes, c)
}

func (d *differ) object(s *shape, old, new map[string]any, path, shown string) {
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		p := join(path, name)
		if !slices.Contains(d.t.outputOnly, p) {
			d.value(s.fields[name].shape, old[name], new[name], p, shownKey(shown, name))
		}
	}
}

// value compares one property. Google's answers leave out zero values, so a zero scalar equals an absent one. An object differs
// from an absent one even if it is empty.
func (d *differ) value(s *shape, old, new any, path, shown string) {
	if d.t.equivalent(path, old, new) {
		return
	}
	switch s.kind {
	case reflect.Struct:
		oldObject, ok1 := old.(map[string]any)
		newObject, ok2 := new.(map[string]any)
		if ok1 && ok2 {
			d.object(s, oldObject, newObject, path, shown)
			return
		}
	case reflect.Map:
		oldMap, _ := old.(map[string]any)
		newMap, ok := new.(map[string]any)
		if len(oldMap) > 0 && (ok || new == nil) || len(newMap) == 0 {
			d.entries(oldMap, newMap, path, shown)
			return
		}
	case reflect.Slice:
		oldList, ok1 := old.([]any)
		newList, ok2 := new.([]any)
		if ok1 && ok2 {
			d.list(s, oldList, newList, path, shown)
			return
		}
	}
	switch {
	case isAbsent(old):
		d.add(path, shown, rpc.PropertyDiff_ADD, new)
	case new == nil:
		d.add(path, shown, rpc.PropertyDiff_DELETE, d.t.withoutFilled(old, path))
	default:
		d.add(path, shown, rpc.PropertyDiff_UPDATE, old, new)
	}
}

// entries compares two maps key by key.
func (d *differ) entries(old, new map[string]any, path, shown string) {
	keys := maps.Clone(old)
	maps.Copy(keys, new)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		was, is := old[key], new[key]
		switch at := shownKey(shown, key); {
		case equal(was, is), is == nil && len(new) > 0 && d.t.facts.at(path).keeps == key:
		case was == nil:
			d.add(path, at, rpc.PropertyDiff_ADD, is)
		case is == nil:
			d.add(path, at, rpc.PropertyDiff_DELETE, was)
		default:
			d.add(path, at, rpc.PropertyDiff_UPDATE, was, is)
		}
	}
}

// list compares lists by index. It compares sets by their elements' content, so a changed element counts as a new one.
func (d *differ) list(s *shape, old, new []any, path, shown string) {
	if d.t.facts.at(path).set {
		old, new = d.t.unmatched(s.elem, old, new, path)
		for i, element := range new {
			d.add(path, fmt.Sprintf("%s[%d]", shown, i), rpc.PropertyDiff_ADD, element)
		}
		for i, element := range old {
			if i >= len(new) {
				d.add(path, fmt.Sprintf("%s[%d]", shown, i), rpc.PropertyDiff_DELETE, element)
			} else if d.t.forces(path, element) {
				d.changes[len(d.changes)-len(new)+i].replaces = true
			}
		}
		return
	}
	for i := range max(len(old), len(new)) {
		at := fmt.Sprintf("%s[%d]", shown, i)
		switch {
		case i >= len(old):
			d.add(path, at, rpc.PropertyDiff_ADD, new[i])
		case i >= len(new):
			d.add(path, at, rpc.PropertyDiff_DELETE, old[i])
		default:
			d.value(s.elem, old[i], new[i], path, at)
		}
	}
}

// unmatched returns the elements of each of two sets that the other set does not have.
func (t *resourceType) unmatched(elem *shape, old, new []any, path string) (left, added []any) {
	left = slices.Clone(old)
	for _, element := range new {
		i := slices.IndexFunc(left, func(other any) bool {
			d := differ{t: t}
			d.value(elem, other, element, path, "")
			return len(d.changes) == 0
		})
		if i < 0 {
			added = append(added, element)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	return left, added
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// shownKey appends a key in the engine's syntax of property paths. The syntax quotes keys with dots.
func shownKey(path, key string) string {
	if strings.ContainsAny(key, `.[]"`) {
		return path + fmt.Sprintf("[%q]", key)
	}
	return join(path, key)
}

// topLevel returns the top-level property of a path.
func topLevel(path string) string {
	if end := strings.IndexAny(path, ".["); end >= 0 {
		return path[:end]
	}
	return path
}

// equivalent reports whether two values of a property mean the same. An unknown value equals no other.
func (t *resourceType) equivalent(path string, old, new any) bool {
	if hasUnknown(old) || hasUnknown(new) {
		return false
	}
	if equal(old, new) || zeroScalar(old) && zeroScalar(new) || emptyList(old) && emptyList(new) {
		return true
	}
	f := t.facts.at(path)
	if f.same != nil && f.same(old, new) {
		return true
	}
	oldList, ok1 := old.([]any)
	newList, ok2 := new.([]any)
	if ok1 && ok2 && f.set {
		left, added := t.unmatched(shapeOf(t.args).at(path).elem, oldList, newList, path)
		return len(left)+len(added) == 0
	}
	return false
}

// zeroScalar reports whether the value is nil or the zero of a scalar type.
func zeroScalar(value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return false
	}
	return isZero(value)
}

// emptyList reports whether the value is an empty list or nil.
func emptyList(value any) bool {
	list, ok := value.([]any)
	return value == nil || ok && len(list) == 0
}

// withoutFilled leaves out of a removed value the defaults that the provider would fill in anyway, because they do not change.
func (t *resourceType) withoutFilled(value any, path string) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	out := map[string]any{}
	for name, inner := range object {
		if p := join(path, name); t.facts.at(p).fallback == nil || !equal(t.facts.at(p).fallback, inner) {
			out[name] = t.withoutFilled(inner, p)
		}
	}
	return out
}

// forces reports whether a change at path requires a new resource: either the property itself does, or a property inside the
// added or removed value.
func (t *resourceType) forces(path string, values ...any) bool {
	if t.facts.at(path).replaces {
		return true
	}
	for _, value := range values {
		switch v := value.(type) {
		case map[string]any:
			for name, inner := range v {
				if !isZero(inner) && t.forces(join(path, name), inner) {
					return true
				}
			}
		case []any:
			for _, element := range v {
				if t.forces(path, element) {
					return true
				}
			}
		}
	}
	return false
}
