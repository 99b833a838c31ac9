package crossguard

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Option is one setting of a policy. Users set it in the configuration they pass to the engine, which checks it against
// the JSON schema made from it; the pack checks it again and refuses names it does not know.
type Option struct {
	// Name as written in configuration. Required.
	Name string
	// Description says what it means and its unit. Required.
	Description string
	// Default is the value where nothing is configured, and its Go type is the option's type. Required.
	//
	//	bool, int, float64, string        one value
	//	[]string, []int, []float64        a list
	//	map[string]string                 a map with keys of the user's choice
	//	map[string]any, []map[string]any  an object that has Fields, a list of such objects
	//
	// With AnyOf, a default is of the type of one of the alternatives.
	Default any
	// Required makes configuration without the option an error; Default then gives the type only. Default: false.
	Required bool
	// Min and Max bound a number or the numbers of a list, both included: give both or neither. Default: unbounded, which is
	// both being 0.
	Min, Max float64
	// MinLength and MaxLength bound a string or the strings of a list or map, in characters. Default: unbounded, which is 0.
	MinLength, MaxLength int
	// Pattern is a regular expression that a string or the strings of a list or map must match, at any place in them unless it
	// begins with ^ and ends with $. Default: none.
	Pattern string
	// MinItems and MaxItems bound how many elements a list, or entries a map, has. Default: unbounded, which is 0.
	MinItems, MaxItems int
	// Enum lists the allowed values of a string or of the strings of a list or map. Default: any.
	Enum []string
	// Fields are what an object has; other names in it are refused. Default: none.
	Fields []Option
	// AnyOf are the types that the option may have, each an Option of which Default, the bounds and Fields count. The first one
	// that a value fits decides what [Config.Any] returns. Default: the type is Default's.
	AnyOf []Option
}

func (o Option) validate() error {
	if o.Name == "" || o.Description == "" {
		return fmt.Errorf("needs a name and a description")
	}
	if err := o.validateType(); err != nil {
		return err
	}
	if o.Required {
		return nil
	}
	_, err := o.defaultValue()
	return err
}

// validateType reports what is wrong with the option apart from its name and default.
func (o Option) validateType() error {
	if o.shape() == nil {
		return fmt.Errorf("its default is a %T: use one of the types that Option.Default names", o.Default)
	}
	if o.Min > o.Max {
		return fmt.Errorf("its Min is %v and its Max %v: give it both, or neither", o.Min, o.Max)
	}
	for _, bounds := range [][2]int{{o.MinLength, o.MaxLength}, {o.MinItems, o.MaxItems}} {
		if bounds[0] < 0 || bounds[1] < 0 || bounds[1] > 0 && bounds[0] > bounds[1] {
			return fmt.Errorf("its bounds are %d and %d: nothing is within them", bounds[0], bounds[1])
		}
	}
	if _, err := regexp.Compile(o.Pattern); err != nil {
		return fmt.Errorf("its pattern: %w", err)
	}
	var problems []error
	for i, alternative := range o.AnyOf {
		if err := alternative.validateType(); err != nil {
			problems = append(problems, fmt.Errorf("alternative %d: %w", i, err))
		}
	}
	seen := map[string]bool{}
	for _, field := range o.Fields {
		if seen[field.Name] {
			problems = append(problems, fmt.Errorf("field %s is there twice: rename or remove one", field.Name))
		}
		seen[field.Name] = true
		if err := field.validate(); err != nil {
			problems = append(problems, fmt.Errorf("field %s: %w", field.Name, err))
		}
	}
	return errors.Join(problems...)
}

// schema is the option's JSON schema, as the engine checks configuration against it.
func (o Option) schema() map[string]any {
	s := o.shape()
	s["description"] = o.Description
	if !o.Required {
		s["default"], _ = plain(o.Default) // validate has seen that it can be encoded
	}
	return s
}

// shape is the part of the schema that is about the values; nil if Default is of a type that options do not have.
func (o Option) shape() map[string]any {
	if len(o.AnyOf) > 0 {
		var alternatives []any
		for _, alternative := range o.AnyOf {
			alternatives = append(alternatives, alternative.shape())
		}
		return map[string]any{"anyOf": alternatives}
	}
	switch o.Default.(type) {
	case bool:
		return map[string]any{"type": "boolean"}
	case int:
		return o.numberShape("integer")
	case float64:
		return o.numberShape("number")
	case string:
		return o.stringShape()
	case map[string]any:
		return o.objectShape()
	case map[string]string:
		s := map[string]any{"type": "object", "additionalProperties": o.stringShape()}
		bound(s, "Properties", o.MinItems, o.MaxItems)
		return s
	}
	var items map[string]any
	switch o.Default.(type) {
	case []string:
		items = o.stringShape()
	case []int:
		items = o.numberShape("integer")
	case []float64:
		items = o.numberShape("number")
	case []map[string]any:
		items = o.objectShape()
	default:
		return nil
	}
	s := map[string]any{"type": "array", "items": items}
	bound(s, "Items", o.MinItems, o.MaxItems)
	return s
}

func (o Option) numberShape(kind string) map[string]any {
	s := map[string]any{"type": kind}
	if o.bounded() {
		s["minimum"], s["maximum"] = o.Min, o.Max
	}
	return s
}

func (o Option) stringShape() map[string]any {
	s := map[string]any{"type": "string"}
	bound(s, "Length", o.MinLength, o.MaxLength)
	if o.Pattern != "" {
		s["pattern"] = o.Pattern
	}
	if len(o.Enum) > 0 {
		s["enum"], _ = plain(o.Enum) // strings can be encoded
	}
	return s
}

func (o Option) objectShape() map[string]any {
	properties, required := map[string]any{}, []any{}
	for _, field := range o.Fields {
		properties[field.Name] = field.schema()
		if field.Required {
			required = append(required, field.Name)
		}
	}
	s := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 { // which JSON schema wants
		s["required"] = required
	}
	return s
}

func (o Option) bounded() bool { return o.Min != 0 || o.Max != 0 }

// bound writes the bounds that are not 0, such as minItems and maxItems.
func bound(schema map[string]any, of string, lowest, highest int) {
	if lowest != 0 {
		schema["min"+of] = float64(lowest)
	}
	if highest != 0 {
		schema["max"+of] = float64(highest)
	}
}

// fieldNames are what an object may have, for messages.
func (o Option) fieldNames() string {
	var names []string
	for _, field := range o.Fields {
		names = append(names, field.Name)
	}
	return strings.Join(names, ", ")
}
