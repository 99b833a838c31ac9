package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// change is one property that differs.
type change struct {
	// path has list indices ("template.containers[0].image"), kind says added, deleted or updated.
	path string
	kind rpc.PropertyDiff_Kind
	// replaces says that the change makes a new resource.
	replaces bool
}

// diff compares the inputs of the last update with the new ones. It finds what the program asks to change; what changed
// in the cloud behind its back is found because a refresh first makes the old inputs those of the cloud.
func (t *resourceType) diff(old, new map[string]any) []change {
	d := differ{t: t}
	d.object(plainInputs(old), plainInputs(new), "", "")
	return d.changes
}

type differ struct {
	t       *resourceType
	changes []change
}

func (d *differ) add(path, shown string, kind rpc.PropertyDiff_Kind, values ...any) {
	c := change{path: shown, kind: kind, replaces: d.t.forces(path, values...)}
	if c.replaces {
		c.kind++ // every kind is followed by the same kind with a replacement
	}
	d.changes = append(d.changes, c)
}

func (d *differ) object(old, new map[string]any, path, shown string) {
	keys := maps.Clone(old)
	maps.Copy(keys, new)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		d.value(old[key], new[key], join(path, key), shownKey(shown, key))
	}
}

func (d *differ) value(old, new any, path, shown string) {
	switch {
	case d.t.equivalent(path, old, new):
		return
	case old == nil:
		d.add(path, shown, rpc.PropertyDiff_ADD, new)
		return
	case new == nil:
		d.add(path, shown, rpc.PropertyDiff_DELETE, old)
		return
	}
	oldObject, ok1 := old.(map[string]any)
	newObject, ok2 := new.(map[string]any)
	if ok1 && ok2 {
		d.object(oldObject, newObject, path, shown)
		return
	}
	oldList, ok1 := old.([]any)
	newList, ok2 := new.([]any)
	if ok1 && ok2 {
		for i := range max(len(oldList), len(newList)) {
			d.value(at(oldList, i), at(newList, i), path, fmt.Sprintf("%s[%d]", shown, i))
		}
		return
	}
	d.add(path, shown, rpc.PropertyDiff_UPDATE, old, new)
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// shownKey appends a key in the engine's syntax of property paths, in which keys with dots are quoted.
func shownKey(path, key string) string {
	if strings.ContainsAny(key, `.[]"`) {
		return path + fmt.Sprintf("[%q]", key)
	}
	return join(path, key)
}

// topLevel is the property at the root of a path.
func topLevel(path string) string {
	if end := strings.IndexAny(path, ".["); end >= 0 {
		return path[:end]
	}
	return path
}

// equivalent says whether two values of a property mean the same. An unknown value equals nothing, and an absent one
// equals an empty list, which no API tells apart; an empty object may say something by its presence, as automatic
// replication does.
func (t *resourceType) equivalent(path string, a, b any) bool {
	if hasUnknown(a) || hasUnknown(b) {
		return false
	}
	if equal(a, b) || emptyList(a) && emptyList(b) {
		return true
	}
	if same := t.same[path]; same != nil && a != nil && b != nil {
		return same(a, b)
	}
	if slices.Contains(t.sets, path) {
		return sameSet(a, b)
	}
	return false
}

// emptyList is true for nil as well.
func emptyList(value any) bool {
	list, ok := value.([]any)
	return value == nil || ok && len(list) == 0
}

// forces says whether a change of the values at path makes a new resource: because the property does, one around it
// does, or one inside of what was added or removed does.
func (t *resourceType) forces(path string, values ...any) bool {
	for _, forcing := range t.replace {
		if path == forcing || strings.HasPrefix(path, forcing+".") {
			return true
		}
		if inner, ok := strings.CutPrefix(forcing, path+"."); ok {
			for _, value := range values {
				if holds(value, inner) {
					return true
				}
			}
		}
	}
	return false
}

// holds says whether the value has something at path, in any element of the lists on the way.
func holds(value any, path string) bool {
	switch v := value.(type) {
	case []any:
		return slices.ContainsFunc(v, func(element any) bool { return holds(element, path) })
	case map[string]any:
		name, rest, deeper := strings.Cut(path, ".")
		if !deeper {
			return v[name] != nil
		}
		return holds(v[name], rest)
	}
	return false
}

func sameSet(a, b any) bool {
	return slices.Equal(canonicalElements(a), canonicalElements(b))
}

func canonicalElements(value any) []string {
	list, ok := value.([]any)
	if !ok && value != nil {
		list = []any{value}
	}
	elements := make([]string, len(list))
	for i, element := range list {
		data, err := json.Marshal(element) // object keys are sorted
		if err != nil {
			data = []byte(fmt.Sprint(element))
		}
		elements[i] = string(data)
	}
	slices.Sort(elements)
	return elements
}
