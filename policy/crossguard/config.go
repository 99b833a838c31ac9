package crossguard

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Config is a policy's configuration, or an object in it, with defaults filled in. Reading an option that the policy does not
// declare is a mistake in the rule. The read then panics, and the rule fails closed.
type Config struct {
	policy string // for messages: the policy's name, and the path of the object
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

// Ints reads an option whose default is an []int. Do not change the result.
func (c Config) Ints(name string) []int { return configured[[]int](c, name) }

// Numbers reads an option whose default is a []float64. Do not change the result.
func (c Config) Numbers(name string) []float64 { return configured[[]float64](c, name) }

// Map reads an option whose default is a map[string]string. Do not change the result.
func (c Config) Map(name string) map[string]string { return configured[map[string]string](c, name) }

// Object reads an option whose default is a map[string]any. The result's methods read the object's fields.
func (c Config) Object(name string) Config { return configured[Config](c, name) }

// Objects reads an option whose default is a []map[string]any.
func (c Config) Objects(name string) []Config { return configured[[]Config](c, name) }

// Any reads an option that declares AnyOf. The value has the type that the matching method of Config returns; a whole number is
// an int rather than an int64.
func (c Config) Any(name string) any {
	v, ok := c.values[name]
	if !ok {
		panic(fmt.Sprintf("policy %s has no option %s", c.policy, name))
	}
	return v
}

func configured[T any](c Config, name string) T {
	v, ok := c.values[name].(T)
	if !ok {
		panic(fmt.Sprintf("policy %s has no option %s of type %T", c.policy, name, v))
	}
	return v
}

// defaultValue returns Default in the form in which a configured value is read.
func (o Option) defaultValue() (any, error) {
	v, err := plain(o.Default)
	if err != nil {
		return nil, err
	}
	return o.parse(v)
}

// parse checks a configured value and converts it to the Go type of Default.
func (o Option) parse(v any) (any, error) {
	if len(o.AnyOf) > 0 {
		return o.parseAny(v)
	}
	switch o.Default.(type) {
	case bool:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, fmt.Errorf("must be true or false, not %v", v)
	case string:
		return o.parseString(v)
	case float64:
		return o.parseNumber(v)
	case int:
		return o.parseInt(v)
	case map[string]any:
		return o.parseObject(v)
	case map[string]string:
		return o.parseMap(v)
	case []string:
		return parseList(o, v, "strings", o.parseString)
	case []int:
		return parseList(o, v, "whole numbers", o.parseInt)
	case []float64:
		return parseList(o, v, "numbers", o.parseNumber)
	}
	return parseList(o, v, "objects", o.parseObject)
}

func (o Option) parseAny(v any) (any, error) {
	var problems []string
	for _, alternative := range o.AnyOf {
		parsed, err := alternative.parse(v)
		if err == nil {
			return parsed, nil
		}
		problems = append(problems, strings.TrimSpace(withSeparator(err).Error()))
	}
	return nil, fmt.Errorf("fits no alternative: %s", strings.Join(problems, ", or "))
}

func (o Option) parseString(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("must be a string, not %v", v)
	}
	n := utf8.RuneCountInString(s)
	switch {
	case len(o.Enum) > 0 && !slices.Contains(o.Enum, s):
		return "", fmt.Errorf("is %q, must be one of %s", s, strings.Join(o.Enum, ", "))
	case n < o.MinLength || o.MaxLength > 0 && n > o.MaxLength:
		return "", fmt.Errorf("is %q, must have %s characters", s, span(o.MinLength, o.MaxLength))
	}
	if pattern, err := regexp.Compile(o.Pattern); err != nil || !pattern.MatchString(s) {
		return "", fmt.Errorf("is %q, must match %s", s, o.Pattern)
	}
	return s, nil
}

func (o Option) parseNumber(v any) (float64, error) {
	f, ok := v.(float64)
	switch {
	case !ok:
		return 0, fmt.Errorf("must be a number, not %v", v)
	case o.bounded() && (f < o.Min || f > o.Max):
		return 0, fmt.Errorf("is %v, must be from %v to %v", f, o.Min, o.Max)
	}
	return f, nil
}

func (o Option) parseInt(v any) (int, error) {
	f, err := o.parseNumber(v)
	if err == nil && f != math.Trunc(f) {
		err = fmt.Errorf("is %v, must be a whole number", f)
	}
	return int(f), err
}

// parseObject adds the defaults of missing fields to an object.
func (o Option) parseObject(v any) (Config, error) {
	given, ok := v.(map[string]any)
	if !ok {
		return Config{}, fmt.Errorf("must be an object, not %v", v)
	}
	object := Config{policy: o.Name, values: map[string]any{}}
	var problems []error
	for _, field := range o.Fields {
		v, has := given[field.Name]
		var parsed any
		var err error
		switch {
		case has:
			parsed, err = field.parse(v)
		case field.Required:
			err = fmt.Errorf("is absent: %s", field.Description)
		default:
			parsed, err = field.defaultValue()
		}
		if err != nil {
			problems = append(problems, fmt.Errorf(".%s%w", field.Name, withSeparator(err)))
		}
		object.values[field.Name] = parsed
	}
	for _, name := range sortedKeys(given) {
		if _, known := object.values[name]; !known {
			problems = append(problems, fmt.Errorf("has no %q: it has %s", name, o.fieldNames()))
		}
	}
	return object, errors.Join(problems...)
}

func (o Option) parseMap(v any) (map[string]string, error) {
	given, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("must be an object of strings, not %v", v)
	}
	if err := o.holds(len(given)); err != nil {
		return nil, err
	}
	all := make(map[string]string, len(given))
	for _, key := range sortedKeys(given) {
		s, err := o.parseString(given[key])
		if err != nil {
			return nil, fmt.Errorf(".%s %w", key, err)
		}
		all[key] = s
	}
	return all, nil
}

func parseList[T any](o Option, v any, of string, parse func(any) (T, error)) (any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("must be a list of %s, not %v", of, v)
	}
	if err := o.holds(len(list)); err != nil {
		return nil, err
	}
	all := make([]T, 0, len(list))
	for i, element := range list {
		parsed, err := parse(element)
		if err != nil {
			return nil, fmt.Errorf("[%d]%w", i, withSeparator(err))
		}
		all = append(all, parsed)
	}
	return all, nil
}

// holds reports whether a list or map may have n elements.
func (o Option) holds(n int) error {
	if n < o.MinItems || o.MaxItems > 0 && n > o.MaxItems {
		noun := "elements"
		if n == 1 {
			noun = "element"
		}
		return fmt.Errorf("has %d %s, must have %s", n, noun, span(o.MinItems, o.MaxItems))
	}
	return nil
}

func span(lowest, highest int) string {
	if highest == 0 {
		return fmt.Sprintf("%d or more", lowest)
	}
	return fmt.Sprintf("from %d to %d", lowest, highest)
}

// withSeparator puts a space between an option's name and the error about it, unless the error begins with a path inside the
// option.
func withSeparator(err error) error {
	if text := err.Error(); strings.HasPrefix(text, "[") || strings.HasPrefix(text, ".") {
		return err
	}
	return fmt.Errorf(" %w", err)
}
