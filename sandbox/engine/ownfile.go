package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/yamlutil"
	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// copies reads the sandbox's copies of stack files, by stack.
func (e *Engine) copies() (map[string]stackFile, error) {
	copies := map[string]stackFile{}
	for _, stack := range e.stackNames() {
		path := filepath.Join(e.workDir(), "Pulumi."+stack+".yaml")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		file, err := readStackFile(path)
		if err != nil {
			return nil, err
		}
		copies[stack] = file
	}
	return copies, nil
}

// keepSettings writes the CLI's changes to the copies (`pulumi config set`, `up --config`) into the stack files themselves, as the CLI
// would do without copies. Encrypted values stay in the copy, because they are encrypted for this sandbox and no real stack could read
// them.
func (e *Engine) keepSettings(before map[string]stackFile) error {
	after, err := e.copies()
	if err != nil {
		return err
	}
	for _, stack := range slices.Sorted(maps.Keys(after)) {
		if was, now := before[stack], after[stack]; !reflect.DeepEqual(was.Config, now.Config) {
			if err := e.keepStackSettings(stack, was, now); err != nil {
				return fmt.Errorf("write the changed settings into Pulumi.%s.yaml: %w", stack, err)
			}
		}
	}
	return nil
}

func (e *Engine) keepStackSettings(stack string, was, now stackFile) error {
	path := filepath.Join(e.options.Root, "Pulumi."+stack+".yaml")
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var own map[string]any
	if err := yaml.Unmarshal(data, &own); err != nil {
		return err
	}
	before := own["config"]
	own["config"] = merged(was.Config, now.Config, before)
	if !reflect.DeepEqual(before, own["config"]) {
		// This is the CLI's own way of editing, which keeps comments and order.
		if data, err = yamlutil.Edit(data, own); err != nil {
			return err
		}
		if err := statedir.WriteFile(path, data, info.Mode().Perm()); err != nil {
			return err
		}
	}
	if encryptedIn(was.Config, now.Config) {
		fmt.Fprintln(e.options.Out, "The encrypted value is the sandbox's own and stays in it. For the real stack, type the same with "+
			"`pulumi` itself.")
	}
	return nil
}

// merged applies the differences between was and now to own. Unchanged values stay as own has them, for example a stand-in or a pinned
// version.
func merged(was, now, own any) any {
	if isEncrypted(now) || reflect.DeepEqual(was, now) {
		return own
	}
	switch now := now.(type) {
	case map[string]any:
		before, _ := was.(map[string]any)
		mine, _ := own.(map[string]any)
		result := map[string]any{}
		maps.Copy(result, mine)
		for key := range before {
			if _, still := now[key]; !still {
				delete(result, key)
			}
		}
		for key, value := range now {
			if kept := merged(before[key], value, mine[key]); kept != nil {
				result[key] = kept
			}
		}
		return result
	case []any:
		before, _ := was.([]any)
		mine, _ := own.([]any)
		result := make([]any, len(now))
		for i, value := range now {
			result[i] = merged(at(before, i), value, at(mine, i))
		}
		return result
	}
	return now
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// isEncrypted says whether a stack file's value was encrypted by Pulumi.
func isEncrypted(value any) bool {
	object, _ := value.(map[string]any)
	_, encrypted := object["secure"].(string)
	return encrypted && len(object) == 1
}

// encryptedIn says whether now has an encrypted value that was lacks.
func encryptedIn(was, now any) bool {
	if reflect.DeepEqual(was, now) {
		return false
	}
	if isEncrypted(now) {
		return true
	}
	object, _ := now.(map[string]any)
	before, _ := was.(map[string]any)
	for key, value := range object {
		if encryptedIn(before[key], value) {
			return true
		}
	}
	return false
}
