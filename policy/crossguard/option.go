package crossguard

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Option is one setting of a policy. Users set it in the configuration that they pass to the engine. The engine checks the
// configuration against the JSON schema of the pack's options. The pack checks it again, and refuses unknown names.
type Option struct {
	// Name as written in configuration. Required.
	Name string
	// Description says what it means and its unit. Required.
	Description string
	// Default is the value if nothing is configured. Its Go type is the type of the option. Required.
	//
	//	bool, int, float64, string        one value
	//	[]string, []int, []float64        a list
	//	map[string]string                 a map with keys of the user's choice
	//	map[string]any, []map[string]any  an object that has Fields, a list of such objects
	//
	// With AnyOf, Default has the type of one of the alternatives.
	Default any
	// Required makes it an error to configure the policy without the option. Default then states only the type. Default: false.
	Required bool
	// Min and Max bound a number, or the numbers of a list, both included. Give both or neither. Default: 0 and 0, which means no
	// bounds.
	Min, Max float64
	// MinLength and MaxLength bound the length in characters of a string, or of the strings of a list or map. Default: 0, which
	// means no bound.
	MinLength, MaxLength int
	// Pattern is a regular expression that a string, or each string of a list or map, must match. It may match anywhere in the
	// string: begin it with ^ and end it with $ to match all of it. Default: none.
	Pattern string
	// MinItems and MaxItems bound the number of elements of a list, or of entries of a map. Default: 0, which means no bound.
	MinItems, MaxItems int
	// Enum lists the allowed values of a string or of the strings of a list or map. Default: any.
	Enum []string
	// Fields are the names that an object may have. Any other name in the object is refused. Default: none.
	Fields []Option
	// AnyOf lists the types that the option may have. In each Option of the list, only Default, the bounds and Fields matter.
	// [Config.Any] returns the value as the first type in the list that it fits. Default: the type of Default.
	AnyOf []Option
}

func (o Option) validate() error {
	if o.Name == "" || o.Description == "" {
		return fmt.Errorf("needs a name and a description: users read both")
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

// validateType reports the mistakes in the option, except those in its name and default.
func (o Option) validateType() error {
	if o.shape() == nil {
		return fmt.Errorf("its default is a %T: use one of the types that Option.Default names", o.Default)
	}
	if o.Min > o.Max {
		return fmt.Errorf("its Min is %v and its Max %v: give it both, or neither", o.Min, o.Max)
	}
	for _, bounds := range [][2]int{{o.MinLength, o.MaxLength}, {o.MinItems, o.MaxItems}} {
		if bounds[0] < 0 || bounds[1] < 0 || bounds[1] > 0 && bounds[0] > bounds[1] {
			return fmt.Errorf("its bounds are %d and %d, and nothing is within them: make the first the smaller one", bounds[0], bounds[1])
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

// schema returns the option's JSON schema. The engine checks configuration against it.
func (o Option) schema() map[string]any {
	s := o.shape()
	s["description"] = o.Description
	if !o.Required {
		s["default"], _ = plain(o.Default) // cannot fail: validate has encoded it before
	}
	return s
}

// shape returns the part of the schema that describes the values. It returns nil if an option cannot have Default's type.
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
		s["enum"], _ = plain(o.Enum) // cannot fail: they are strings
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
	if len(required) > 0 { // JSON schema does not allow an empty list
		s["required"] = required
	}
	return s
}

func (o Option) bounded() bool { return o.Min != 0 || o.Max != 0 }

// bound writes the bounds, such as minItems and maxItems, that are not 0.
func bound(schema map[string]any, of string, lowest, highest int) {
	if lowest != 0 {
		schema["min"+of] = float64(lowest)
	}
	if highest != 0 {
		schema["max"+of] = float64(highest)
	}
}

// fieldNames lists the names that an object may have, for messages.
func (o Option) fieldNames() string {
	var names []string
	for _, field := range o.Fields {
		names = append(names, field.Name)
	}
	return strings.Join(names, ", ")
}
