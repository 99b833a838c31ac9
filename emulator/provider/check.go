package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"sort"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// check compares inputs with the type's shape and returns what does not fit, in a stable order.
func (t *resourceType) check(inputs map[string]any) []*rpc.CheckFailure {
	c := checker{required: t.required}
	c.object(shapeOf(t.args), inputs, "", "")
	for _, name := range t.json {
		if value := text(inputs, name); value != "" && !json.Valid([]byte(value)) {
			c.fail(name, "Invalid value for %q: it contains an invalid JSON document.", name)
		}
	}
	return c.failures
}

type checker struct {
	required []string
	failures []*rpc.CheckFailure
}

func (c *checker) fail(path, format string, args ...any) {
	c.failures = append(c.failures, &rpc.CheckFailure{Property: path, Reason: fmt.Sprintf(format, args...)})
}

func (c *checker) missing(path string) {
	c.fail(path, "Missing required argument: %q is required, but no value was given.", path)
}

// object checks one object. shown is its path with list indices, for people.
func (c *checker) object(s *shape, value map[string]any, path, shown string) {
	for _, name := range slices.Sorted(maps.Keys(value)) {
		if name == defaultsKey {
			continue
		}
		f, ok := s.fields[name]
		if !ok {
			c.fail(join(shown, name), "Invalid or unknown key %q: the property does not exist here. Check its spelling against the provider's documentation.", join(shown, name))
			continue
		}
		c.value(f.shape, value[name], join(path, name), join(shown, name))
	}
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		// Required lists and maps look optional in the SDK's types; the row names those.
		required := s.fields[name].required || slices.Contains(c.required, join(path, name))
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
	}
}

// fill returns inputs with the provider's defaults and the list of them in every object, as the official providers
// send them on. The project and the region of the provider's configuration are no such defaults: they are read when
// the resource is made, and are outputs.
func (t *resourceType) fill(inputs map[string]any) map[string]any {
	return t.fillObject(shapeOf(t.args), copyObject(inputs), "")
}

func (t *resourceType) fillObject(s *shape, value map[string]any, path string) map[string]any {
	filled := []any{}
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		p := join(path, name)
		if fallback, ok := t.defaults[p]; ok && value[name] == nil {
			value[name] = fallback
			filled = append(filled, name)
		}
		if value[name] != nil {
			value[name] = t.fillValue(s.fields[name].shape, value[name], p)
		}
	}
	value[defaultsKey] = filled
	return value
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

// nameIfAbsent gives a resource without a name one made of its Pulumi name and random letters, keeping the one it has.
func (t *resourceType) nameIfAbsent(inputs, old map[string]any, urnName string, seed []byte) error {
	if t.autoName == "" || inputs[t.autoName] != nil {
		return nil
	}
	if previous := text(old, t.autoName); previous != "" && isDefaulted(old, t.autoName) {
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

// withoutDefaults returns the value without the lists that [resourceType.fill] adds.
func withoutDefaults(value any) any {
	switch v := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, element := range v {
			if key != defaultsKey {
				object[key] = withoutDefaults(element)
			}
		}
		return object
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = withoutDefaults(element)
		}
		return list
	}
	return value
}

// plainInputs are inputs as the API and the comparison want them.
func plainInputs(inputs map[string]any) map[string]any {
	return withoutDefaults(inputs).(map[string]any)
}
