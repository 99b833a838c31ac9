package pulumitest

import (
	"fmt"
	"os"

	"gopkg.in/yaml.v3"
)

// Lay puts one document over another. It merges maps, and replaces every other value.
func Lay(under, over map[string]any) {
	for key, value := range over {
		below, both := under[key].(map[string]any)
		if above, isMap := value.(map[string]any); both && isMap {
			Lay(below, above)
			continue
		}
		under[key] = value
	}
}

// Overlay reads a document to lay over another.
func Overlay(file string) (map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	document := map[string]any{}
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return document, nil
}
