package crossguard

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Option is one setting of a policy. Users set it in the configuration they pass to the engine, which checks it against
// the JSON schema made from it; the pack checks it again and refuses names it does not know. Settings do not nest: what
// would be an object is several options.
type Option struct {
	// Name as written in configuration. Required.
	Name string
	// Description says what it means and its unit. Required.
	Description string
	// Default is the value where nothing is configured, and its Go type is the option's type: bool, int, float64, string
	// or []string. Required.
	Default any
	// Required makes configuration without the option an error; Default then gives the type only. Default: false.
	Required bool
	// Min and Max bound a number, both included: give both or neither. Default: unbounded, which is both being 0.
	Min, Max float64
	// Enum lists the allowed values of a string or of a list's elements. Default: any.
	Enum []string
}

func (o Option) validate() error {
	if o.Name == "" || o.Description == "" {
		return fmt.Errorf("needs a name and a description")
	}
	if o.schema() == nil {
		return fmt.Errorf("its default is a %T: use bool, int, float64, string or []string", o.Default)
	}
	if o.Min > o.Max {
		return fmt.Errorf("its Min is %v and its Max %v: give it both, or neither", o.Min, o.Max)
	}
	if o.Required {
		return nil
	}
	_, err := o.parse(plain(o.Default))
	return err
}

// schema is the option's JSON schema, nil if its Default is of a type that options do not have.
func (o Option) schema() map[string]any {
	s := map[string]any{"description": o.Description}
	values := s
	switch o.Default.(type) {
	case bool:
		s["type"] = "boolean"
	case int:
		s["type"] = "integer"
	case float64:
		s["type"] = "number"
	case string:
		s["type"] = "string"
	case []string:
		values = map[string]any{"type": "string"}
		s["type"], s["items"] = "array", values
	default:
		return nil
	}
	if o.Min != 0 || o.Max != 0 {
		s["minimum"], s["maximum"] = o.Min, o.Max
	}
	if len(o.Enum) > 0 {
		values["enum"] = plain(o.Enum)
	}
	if !o.Required {
		s["default"] = plain(o.Default)
	}
	return s
}

// plain turns a Go value into what JSON and structpb have: they take neither int nor []string.
func plain(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case []string:
		all := make([]any, len(v))
		for i := range v {
			all[i] = v[i]
		}
		return all
	}
	return v
}

// parse checks a configured value and gives it the Go type of Default.
func (o Option) parse(v any) (any, error) {
	switch o.Default.(type) {
	case bool:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, fmt.Errorf("must be true or false, not %v", v)
	case string:
		s, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("must be a string, not %v", v)
		}
		return s, o.allowed(s)
	case []string:
		return o.parseList(v)
	}
	f, ok := v.(float64)
	switch {
	case !ok:
		return nil, fmt.Errorf("must be a number, not %v", v)
	case (o.Min != 0 || o.Max != 0) && (f < o.Min || f > o.Max):
		return nil, fmt.Errorf("is %v, must be from %v to %v", f, o.Min, o.Max)
	}
	if _, whole := o.Default.(int); !whole {
		return f, nil
	}
	if f != math.Trunc(f) {
		return nil, fmt.Errorf("is %v, must be a whole number", f)
	}
	return int(f), nil
}

func (o Option) parseList(v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("must be a list of strings, not %v", v)
	}
	all := make([]string, 0, len(list))
	for i, element := range list {
		s, ok := element.(string)
		if !ok {
			return nil, fmt.Errorf("must be a list of strings, but [%d] is %v", i, element)
		}
		if err := o.allowed(s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func (o Option) allowed(s string) error {
	if len(o.Enum) > 0 && !slices.Contains(o.Enum, s) {
		return fmt.Errorf("is %q, must be one of %s", s, strings.Join(o.Enum, ", "))
	}
	return nil
}

// Config is a policy's configuration, complete with defaults. Reading an option the policy does not have is a mistake in
// the rule: it panics, and the rule fails closed.
type Config struct {
	policy string
	values map[string]any
}

// Bool reads an option whose default is a bool.
func (c Config) Bool(name string) bool { return configured[bool](c, name) }

// Int reads an option whose default is an int.
func (c Config) Int(name string) int64 { return int64(configured[int](c, name)) }

// Number reads an option whose default is a float64.
func (c Config) Number(name string) float64 { return configured[float64](c, name) }

// String reads an option whose default is a string.
func (c Config) String(name string) string { return configured[string](c, name) }

// Strings reads an option whose default is a []string. Do not change the result.
func (c Config) Strings(name string) []string { return configured[[]string](c, name) }

func configured[T any](c Config, name string) T {
	v, ok := c.values[name].(T)
	if !ok {
		panic(fmt.Sprintf("policy %s has no option %s of type %T", c.policy, name, v))
	}
	return v
}
