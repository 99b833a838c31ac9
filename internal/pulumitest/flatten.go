package pulumitest

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// These marks stand for values that cannot be shown as plain values.
const (
	// Unknown stands for a value that a preview does not know.
	Unknown = "[unknown]"
	// Secret stands for a secret value in [Inventory.String].
	Secret = "[secret]"
)

// flattener turns property values into plain values. It remembers the paths of secret and unknown ones.
type flattener struct {
	secrets  []string
	unknowns []string
}

func (f *flattener) object(path string, properties resource.PropertyMap) map[string]any {
	plain := make(map[string]any, len(properties))
	for key, value := range properties {
		child := string(key)
		if path != "" {
			child = path + "." + child
		}
		plain[string(key)] = f.value(child, value)
	}
	return plain
}

func (f *flattener) value(path string, value resource.PropertyValue) any {
	switch {
	case value.IsSecret():
		f.secrets = append(f.secrets, path)
		return f.value(path, value.SecretValue().Element)
	case value.IsComputed():
		f.unknowns = append(f.unknowns, path)
		return Unknown
	case value.IsOutput():
		output := value.OutputValue()
		if output.Secret {
			f.secrets = append(f.secrets, path)
		}
		if !output.Known {
			f.unknowns = append(f.unknowns, path)
			return Unknown
		}
		return f.value(path, output.Element)
	case value.IsArray():
		plain := make([]any, 0, len(value.ArrayValue()))
		for i, element := range value.ArrayValue() {
			plain = append(plain, f.value(fmt.Sprintf("%s[%d]", path, i), element))
		}
		return plain
	case value.IsObject():
		return f.object(path, value.ObjectValue())
	case value.IsResourceReference():
		return string(value.ResourceReferenceValue().URN)
	default:
		return value.V
	}
}

// masked returns a copy of a plain value in which secret paths show [Secret].
func masked(path string, value any, secrets map[string]bool) any {
	if secrets[path] {
		return Secret
	}
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for key, element := range value {
			child := key
			if path != "" {
				child = path + "." + key
			}
			copied[key] = masked(child, element, secrets)
		}
		return copied
	case []any:
		copied := make([]any, 0, len(value))
		for i, element := range value {
			copied = append(copied, masked(fmt.Sprintf("%s[%d]", path, i), element, secrets))
		}
		return copied
	default:
		return value
	}
}
