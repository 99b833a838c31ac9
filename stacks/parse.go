package stacks

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
)

// settingsKey is the settings' key in the configuration; its namespace is the project, which is the application's name. Pulumi's own
// commands take the key without it.
const settingsKey = "platform"

// ConfigKey is the configuration key of Pulumi.<stack>.yaml that holds the settings of a project.
func ConfigKey(project string) string { return project + ":" + settingsKey }

// Program has the methods of *pulumi.Context that this package needs. The package does not import Pulumi, because `release` reads
// settings too and needs no Pulumi.
type Program interface {
	Stack() string
	Project() string
	GetConfig(key string) (string, bool)
	IsConfigSecret(key string) bool
}

// Load reads and checks the settings of the running stack, whose file is in the folder. In addition to [Parse], it refuses a missing
// key, secret values in plain text, and encrypted values in places other than secrets. The error is a [*Problems].
func Load(ctx Program, folder string) (Settings, error) {
	stack := ctx.Stack()
	full := ConfigKey(ctx.Project())
	document, ok := ctx.GetConfig(full)
	if !ok {
		found := &findings{}
		found.add(settingsKey, "is missing", "write the settings as "+full+" under config in Pulumi."+stack+".yaml")
		return Settings{}, found.err(stack)
	}
	settings, found := parse([]byte(document), stack)
	// One encrypted entry makes the whole key secret. So this finds only a file without any encrypted value.
	if !ctx.IsConfigSecret(full) {
		inClear := func(value, path string) {
			if value != "" {
				found.add(path, "is not encrypted in the file",
					"revoke it where it came from, then: pulumi config set --secret --path '"+settingsKey+"."+path+"'")
			}
		}
		for _, id := range sortedKeys(settings.Secrets) {
			inClear(settings.Secrets[id].Value, join(join("secrets", id), "value"))
		}
		for _, key := range sortedKeys(settings.Monitoring.Channels) {
			inClear(settings.Monitoring.Channels[key].Secret, join(join("monitoring.channels", key), "secret"))
		}
	} else if folder != "" { // a test's program has none
		checkEncrypted(folder, stack, found)
	}
	if err := found.err(stack); err != nil {
		return Settings{}, err
	}
	return settings, nil
}

// Parse reads the settings of a stack from the JSON text of the configuration's value, sets the defaults of absent keys, and checks
// everything. If anything is wrong it returns a [*Problems] and no settings.
func Parse(document []byte, stack string) (Settings, error) {
	settings, found := parse(document, stack)
	if err := found.err(stack); err != nil {
		return Settings{}, err
	}
	return settings, nil
}

// parse returns the settings as far as they could be read, and all problems.
func parse(document []byte, stack string) (Settings, *findings) {
	var settings Settings
	found := &findings{}
	decoder := json.NewDecoder(bytes.NewReader(document))
	// Numbers stay text: a float64 would round GitHub's larger ids and could not tell 80 from 80.5.
	decoder.UseNumber()
	var tree any
	if decoder.Decode(&tree) != nil || !errors.Is(decoder.Decode(new(any)), io.EOF) {
		// The JSON package's own message quotes the text, which may be a secret.
		found.cannotRead(settingsKey, "is not one JSON document", "write it as YAML keys in Pulumi."+stack+".yaml")
		return settings, found
	}
	decode(tree, reflect.ValueOf(&settings).Elem(), "", found)
	validate(settings, stack, found)
	return settings, found
}
