package settings

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// decimal matches a whole number as everybody reads it. YAML also knows 010, which is eight, 0x10 and 1_0.
var decimal = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)$`)

// unclear refuses what the decoder would take for something else than the file seems to say: a key without a value, which would
// be left out; a fraction where a whole number belongs, which would be cut; and a number in another base.
func unclear(node *yaml.Node, into reflect.Type, path string) error {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	for into.Kind() == reflect.Pointer {
		into = into.Elem()
	}
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag == "!!null" && path != "": // an environment alone has the defaults
		return fmt.Errorf("%s has no value: give it one, or remove the key", path)
	case node.Kind == yaml.ScalarNode && whole(into) && (node.Tag == "!!int" || node.Tag == "!!float") && !decimal.MatchString(node.Value):
		return fmt.Errorf("%s is %s: write a whole number such as 10", path, node.Value)
	case node.Kind == yaml.SequenceNode && into.Kind() == reflect.Slice:
		var problems []error
		for i, element := range node.Content {
			problems = append(problems, unclear(element, into.Elem(), fmt.Sprintf("%s[%d]", path, i)))
		}
		return errors.Join(problems...)
	case node.Kind == yaml.MappingNode && into.Kind() == reflect.Struct:
		var problems []error
		for i := 0; i+1 < len(node.Content); i += 2 {
			if field, known := fieldOf(into, node.Content[i].Value); known {
				problems = append(problems, unclear(node.Content[i+1], field, strings.TrimPrefix(path+"."+node.Content[i].Value, ".")))
			}
		}
		return errors.Join(problems...)
	}
	return nil
}

func whole(t reflect.Type) bool {
	return t.Kind() == reflect.Int && t != reflect.TypeFor[time.Duration]()
}

func fieldOf(in reflect.Type, key string) (reflect.Type, bool) {
	for field := range in.NumField() {
		if in.Field(field).Tag.Get("yaml") == key {
			return in.Field(field).Type, true
		}
	}
	return nil, false
}
