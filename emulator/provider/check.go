package provider

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// check compares inputs with the type's shape. It returns the failures in a stable order.
func (t *resourceType) check(inputs map[string]any) []*rpc.CheckFailure {
	c := checker{facts: t.facts, inputs: inputs, outputs: t.outputOnly}
	c.object(shapeOf(t.args), inputs, "", "")
	c.groups()
	if t.refuse != nil {
		t.refuse(inputs, c.fail)
	}
	return c.failures
}

type checker struct {
	facts    *facts
	inputs   map[string]any
	outputs  []string
	failures []*rpc.CheckFailure
}

func (c *checker) fail(path, format string, args ...any) {
	c.failures = append(c.failures, &rpc.CheckFailure{Property: path, Reason: fmt.Sprintf(format, args...)})
}

func (c *checker) missing(path string) {
	c.fail(path, "Missing required argument: %q is required, but no value was given.", path)
}

// object checks one object. shown is the object's path with list indices, for messages.
func (c *checker) object(s *shape, value map[string]any, path, shown string) {
	for _, name := range slices.Sorted(maps.Keys(value)) {
		if name == defaultsKey {
			continue
		}
		f, ok := s.fields[name]
		if !ok {
			c.fail(join(shown, name), "Invalid or unknown key %q: the property does not exist here. Check its spelling against the "+
				"provider's documentation.", join(shown, name))
			continue
		}
		if slices.Contains(c.outputs, join(path, name)) {
			c.fail(join(shown, name), "Value for unconfigurable attribute: the API alone decides %q.", join(shown, name))
			continue
		}
		c.value(f.shape, value[name], join(path, name), join(shown, name))
	}
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		// The SDK's types show required lists and maps as optional. The type's facts say which of them are required.
		required := s.fields[name].required || c.facts.at(join(path, name)).required
		if _, ok := value[name]; !ok && required {
			c.missing(join(shown, name))
		}
	}
}

func (c *checker) value(s *shape, value any, path, shown string) {
	fits := true
	switch v := value.(type) {
	case unknown, nil:
	case map[string]any:
		switch s.kind {
		case reflect.Struct:
			c.object(s, v, path, shown)
		case reflect.Map:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				c.value(s.elem, v[key], path, join(shown, key))
			}
		default:
			fits = s.kind == reflect.Interface
		}
	case []any:
		if fits = s.kind == reflect.Slice || s.kind == reflect.Interface; fits && s.elem != nil {
			for i, element := range v {
				c.value(s.elem, element, path, fmt.Sprintf("%s[%d]", shown, i))
			}
		}
	case string:
		fits = s.kind == reflect.String || s.kind == reflect.Interface
	case bool:
		fits = s.kind == reflect.Bool || s.kind == reflect.Interface
	case float64:
		fits = s.kind == reflect.Float64 || s.kind == reflect.Interface || s.kind == reflect.Int && v == math.Trunc(v)
	}
	if !fits {
		c.fail(shown, "Invalid value for %q: expected %s.", shown, s.name())
		return
	}
	if !hasUnknown(value) {
		c.rules(value, path, shown)
	}
}

// rules checks a value against the facts about its property. The elements of a list have the list's path, but a rule about the
// list applies to the list alone.
func (c *checker) rules(value any, path, shown string) {
	if strings.HasSuffix(shown, "]") {
		return
	}
	f := c.facts.at(path)
	for _, check := range f.checks {
		if wrong := check(value); wrong != "" {
			c.fail(shown, "Invalid value for %q: %s.", shown, wrong)
			return
		}
	}
	for _, other := range f.without {
		if given(c.inputs, other) {
			c.fail(shown, "Conflicting configuration arguments: %q conflicts with %s.", shown, other)
		}
	}
	if !given(c.inputs, path) {
		return // the provider has filled it in
	}
	for _, other := range f.with {
		if other != path && !given(c.inputs, other) {
			c.fail(shown, "Missing required argument: %q requires %s.", shown, other)
		}
	}
}

// groups checks the choices between properties of one object. An absent object makes no choice. An unknown value may be the
// choice.
func (c *checker) groups() {
	for _, g := range c.facts.groups {
		parent := ""
		if end := strings.LastIndex(g.paths[0], "."); end >= 0 {
			parent = g.paths[0][:end]
		}
		if parent != "" && !given(c.inputs, parent) {
			continue
		}
		var chosen []string
		for _, path := range g.paths {
			if given(c.inputs, path) {
				chosen = append(chosen, path)
			}
		}
		all := strings.Join(g.paths, ", ")
		switch {
		case len(chosen) == 0 && g.exactly:
			c.fail(g.paths[0], "Missing required argument: one of %s is required.", all)
		case len(chosen) == 0:
			c.fail(g.paths[0], "Missing required argument: at least one of %s is required.", all)
		case len(chosen) > 1 && g.exactly:
			c.fail(chosen[0], "Conflicting configuration arguments: only one of %s can be given, and %s were.", all, strings.Join(chosen, ", "))
		}
	}
}

// given reports whether the program gives a value at path. Of a list on the way, it looks at the first element.
func given(inputs map[string]any, path string) bool {
	var value any = inputs
	for name := range strings.SplitSeq(path, ".") {
		if list, ok := value.([]any); ok {
			value = at(list, 0)
		}
		object, ok := value.(map[string]any)
		if !ok {
			return value == unknown{}
		}
		if isDefaulted(object, name) {
			return false
		}
		value = object[name]
	}
	return value != nil
}

// fill returns inputs with the provider's defaults added. Like the official providers, it also lists the filled-in properties in
// every object. The project and the region of the provider's configuration are not filled in: they are read when the resource is
// created, and are outputs.
func (t *resourceType) fill(inputs map[string]any) map[string]any {
	return t.fillObject(shapeOf(t.args), copyObject(inputs), "")
}

func (t *resourceType) fillObject(s *shape, value map[string]any, path string) map[string]any {
	filled := []any{}
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		p := join(path, name)
		if f := t.facts.at(p); f.fallback != nil && value[name] == nil && !t.excluded(f, value) {
			value[name] = f.fallback
			filled = append(filled, name)
		}
		if value[name] != nil {
			value[name] = t.fillValue(s.fields[name].shape, value[name], p)
		}
	}
	value[defaultsKey] = filled
	return value
}

// excluded reports whether a default would be refused together with its sibling properties.
func (t *resourceType) excluded(f fact, siblings map[string]any) bool {
	return slices.ContainsFunc(f.without, func(other string) bool { return siblings[other[strings.LastIndex(other, ".")+1:]] != nil })
}

func (t *resourceType) fillValue(s *shape, value any, path string) any {
	switch v := value.(type) {
	case map[string]any:
		if s.kind == reflect.Struct {
			return t.fillObject(s, v, path)
		}
	case []any:
		for i, element := range v {
			v[i] = t.fillValue(s.elem, element, path)
		}
	}
	return value
}

// nameIfAbsent names a resource without a name after its Pulumi name and random letters. If the resource has a name already, it
// keeps it, whether the program or the provider chose it.
func (t *resourceType) nameIfAbsent(inputs, old map[string]any, urnName string, seed []byte) error {
	if t.autoName == "" || inputs[t.autoName] != nil {
		return nil
	}
	if previous := doc.Text(old, t.autoName); previous != "" {
		inputs[t.autoName] = previous
	} else {
		name, err := resource.NewUniqueName(seed, urnName+"-", 7, 0, []rune("0123456789abcdef"))
		if err != nil {
			return fmt.Errorf("make a name for %s: %w", urnName, err)
		}
		inputs[t.autoName] = name
	}
	listed, _ := inputs[defaultsKey].([]any)
	listed = append(listed, t.autoName)
	sort.Slice(listed, func(i, j int) bool { return fmt.Sprint(listed[i]) < fmt.Sprint(listed[j]) })
	inputs[defaultsKey] = listed
	return nil
}

func isDefaulted(inputs map[string]any, name string) bool {
	listed, _ := inputs[defaultsKey].([]any)
	return slices.Contains(listed, any(name))
}

// withoutFilledIn returns the value as the program gave it, without the defaults that [resourceType.fill] added.
func withoutFilledIn(value any) any {
	return without(value, func(object map[string]any, key string) bool { return key == defaultsKey || isDefaulted(object, key) })
}

// plainInputs returns inputs in the form that the API and the comparison need, without the lists of filled-in properties.
func plainInputs(inputs map[string]any) map[string]any {
	return without(inputs, func(_ map[string]any, key string) bool { return key == defaultsKey }).(map[string]any)
}
