package stacks

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// ProjectName reads the name of the Pulumi project in a folder. It is the application's name, and the namespace of its
// settings.
func ProjectName(folder string) (string, error) {
	content, err := os.ReadFile(filepath.Join(folder, "Pulumi.yaml"))
	if err != nil {
		return "", fmt.Errorf("read the project: %w", err)
	}
	var project struct {
		Name string `yaml:"name"`
	}
	if err := ReadYAML(filepath.Join(folder, "Pulumi.yaml"), content, &project); err != nil {
		return "", err
	}
	if project.Name == "" {
		return "", fmt.Errorf("%s has no name: write name: and the name of the application", filepath.Join(folder, "Pulumi.yaml"))
	}
	return project.Name, nil
}

// Names returns the stacks that have a file in one of the folders, in the order in which a change reaches them: dev, staging, prod, and
// then the others by name.
func Names(folders ...string) []string {
	var names []string
	for _, folder := range folders {
		files, _ := filepath.Glob(filepath.Join(folder, "Pulumi.*.yaml")) // The only error is that of a wrong pattern.
		for _, file := range files {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml"))
		}
	}
	order := []string{"dev", "staging", "prod"}
	rank := func(name string) int {
		if at := slices.Index(order, name); at >= 0 {
			return at
		}
		return len(order)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return slices.Compact(names)
}

// Document returns the settings in a stack's file as a YAML decoder reads them, with stand-ins and encrypted values
// unchanged.
func Document(folder, stack string) (any, error) {
	project, err := ProjectName(folder)
	if err != nil {
		return nil, err
	}
	name := "Pulumi." + stack + ".yaml"
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return nil, fmt.Errorf("read the settings of stack %s: %w; stacks here are %s", stack, err, strings.Join(Names(folder), ", "))
	}
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	if err := ReadYAML(name, content, &file); err != nil {
		return nil, fmt.Errorf("settings of stack %s: %w", stack, err)
	}
	return Section(file.Config, project, name)
}

// ReadYAML decodes the content of a file. Pulumi reads a file's first document and ignores the others, so a second one is an error.
func ReadYAML(name string, content []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	err := decoder.Decode(into)
	if errors.Is(err, io.EOF) {
		return nil
	}
	var typed *yaml.TypeError
	if err != nil && !errors.As(err, &typed) {
		return fmt.Errorf("%s is not YAML: %w: look at the indentation and the colons there and in the line before", name, err)
	}
	if err != nil {
		return fmt.Errorf("%s is not YAML: %w", name, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s goes on after a line ---, where Pulumi stops reading: remove the line", name)
	}
	return nil
}

// Section returns the settings of a project among the values of a stack's file. The error says where they are instead, as after a change
// of the project's name.
func Section(config map[string]any, project, file string) (any, error) {
	key := ConfigKey(project)
	if settings, has := config[key]; has {
		return settings, nil
	}
	for _, other := range slices.Sorted(maps.Keys(config)) {
		if strings.HasSuffix(other, ":"+settingsKey) {
			return nil, fmt.Errorf("%s has the settings under %s, and the project in Pulumi.yaml is called %s: write %s, or call the project as "+
				"before", file, other, project, key)
		}
	}
	return nil, fmt.Errorf("%s has no settings: write them below config, under the key %s", file, key)
}

// Filled returns a stack's settings as JSON. Each stand-in is replaced by the value it stands for, and each encrypted value
// by a word.
func Filled(folder, stack string) ([]byte, error) {
	document, err := Document(folder, stack)
	if err != nil {
		return nil, err
	}
	filled, _ := FillStandIns(document)
	return encode(filled, stack)
}

// Read reads and checks the settings of a stack in the folder. It does not decrypt values. It refuses stand-ins, unless
// standIns is true: then each counts as the value it stands for.
func Read(folder, stack string, standIns bool) (Settings, error) {
	document, err := Document(folder, stack)
	if err != nil {
		return Settings{}, err
	}
	if standIns {
		document, _ = FillStandIns(document)
	}
	text, err := encode(document, stack)
	if err != nil {
		return Settings{}, err
	}
	return Parse(text, stack)
}

func encode(document any, stack string) ([]byte, error) {
	text, err := FromYAML(document)
	if err != nil {
		return nil, fmt.Errorf("settings of stack %s: %w", stack, err)
	}
	return text, nil
}
