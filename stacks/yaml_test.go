package stacks

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// fileWith returns dev's minimal file as text, with a YAML fragment that needs no quotes at a path.
func fileWith(t *testing.T, path, fragment string) (text string, document any) {
	t.Helper()
	settings := minimal(dev)
	var value any
	require.NoError(t, yaml.Unmarshal([]byte(fragment), &value), fragment)
	put(settings, path, value)
	encoded, err := yaml.Marshal(map[string]any{"config": map[string]any{ConfigKey("procureflow"): settings}})
	require.NoError(t, err)
	var file struct{ Config map[string]any }
	require.NoError(t, yaml.Unmarshal(encoded, &file))
	return string(encoded), file.Config[ConfigKey("procureflow")]
}

// TestYAMLTypes tries every type that YAML gives to a word without quotes, in every place where the settings have text. The text
// would otherwise differ from the file, or from what the program gets.
func TestYAMLTypes(t *testing.T) {
	t.Parallel()
	texts := []string{"services.web.environment.VERSION", "labels.release", "secrets.token.version", "services.web.name",
		"monitoring.alertEmails[0]", "services.web.smokePaths[0]"}
	for fragment, kind := range map[string]string{
		"2024-10-21": "a date", "2026-11-27T10:00:00+02:00": "a date", "2026-11-27 10:00:00.5": "a date",
		"2001-12-14t21:59:43.10-05:00": "a date",
		"1.10":                         "a number", "0755": "a number", "0o17": "a number", "0x1F": "a number", "1_000": "a number",
		"1e3": "a number", ".5": "a number",
		".inf": "a number", "-.INF": "a number", ".nan": "a number", "12345678901234567890123": "a number",
		"true": "true or false", "False": "true or false", "[a]": "a list", "{a: b}": "a map", "{1: b}": "a map", "{2024-10-21: b}": "a map",
	} {
		for _, path := range texts {
			_, document := fileWith(t, path, fragment)
			data, err := FromYAML(document)
			require.NoError(t, err, fragment)
			_, err = Parse(data, dev)
			fix := map[string]string{"a list": "write text", "a map": "write text"}[kind]
			if fix == "" {
				fix = "write it in quotes"
			}
			assert.Contains(t, lines(t, err), path+": must be text, not "+kind+"; "+fix, "%s at %s", fragment, path)
		}
	}
	for _, fragment := range []string{"~", "null", ""} {
		_, document := fileWith(t, texts[0], fragment)
		data, err := FromYAML(document)
		require.NoError(t, err)
		_, err = Parse(data, dev)
		assert.Equal(t, []string{texts[0] + ": has no value; give it one, or remove the key if it is optional"}, lines(t, err), fragment)
	}
	for _, fragment := range []string{`"2024-10-21"`, `"1.10"`, `"true"`, "on", "yes", "12:30:45", "1.2.3", "2024-10", "2024-1-1x",
		`"2024-10-21 00:00"`} {
		_, document := fileWith(t, texts[0], fragment)
		data, err := FromYAML(document)
		require.NoError(t, err)
		_, err = Parse(data, dev)
		assert.NoError(t, err, fragment)
	}
	// These are the forms in which Pulumi's command line passes a date without quotes to the program.
	for _, text := range []string{"2024-10-21 00:00:00 +0000 UTC", "2026-11-27 10:00:00 +0200 +0200", "2026-11-27 10:00:00.5 +0000 UTC"} {
		settings := minimal(dev)
		put(settings, texts[0], text)
		_, err := Parse(toJSON(t, settings), dev)
		assert.Equal(t, []string{texts[0] + ": must be text, not a date; write it in quotes"}, lines(t, err), text)
	}
}

const notHere = ": is encrypted, and would stand in the clear in the state and where it is used: only secrets.ID.value and " +
	"monitoring.channels.KEY.secret may be encrypted; " +
	"encrypt it as secrets.ID.value, name the ID under services.KEY.secrets, and remove it here"

// encryptable maps places in the settings to whether an encrypted value may be there.
var encryptable = map[string]bool{
	"services.web.environment.SMTP_RELAY": false, "labels.team": false, "services.web.image": false, "services.web.smokePaths[0]": false,
	"project.billingAccount": false, "budget.amount": false, "services.web.startup": false, "services.web.secrets.TOKEN": false,
	"secrets.token.version":     false,
	"monitoring.alertEmails[0]": false, "github.environments[0].name": false, "services": false, "secrets": false, "secrets.token": false,
	"secrets.token.value": true,
}

// TestEncryptedInAFile reads files whose values were not decrypted.
func TestEncryptedInAFile(t *testing.T) {
	t.Parallel()
	for path, allowed := range encryptable {
		_, document := fileWith(t, path, `{secure: "v1:abc:def"}`)
		data, err := FromYAML(document)
		require.NoError(t, err)
		_, err = Parse(data, dev)
		if allowed {
			assert.NoError(t, err, path)
			continue
		}
		assert.Contains(t, lines(t, err), path+notHere)
	}
	_, err := Parse([]byte(`{"secure":"v1:abc:def"}`), dev)
	assert.Equal(t, []string{settingsKey + notHere}, lines(t, err))
}

// TestEncryptedInARun runs a program that gets decrypted values, as Pulumi's programs do. Only the file shows which values were
// encrypted.
func TestEncryptedInARun(t *testing.T) {
	t.Parallel()
	settings := minimal(dev)
	put(settings, "services.web.environment.SMTP_RELAY", "user:not-a-real-one")
	put(settings, "secrets.token.value", "hunter2")
	load := func(root string) error {
		_, err := Load(running{dev, map[string]string{ConfigKey("procureflow"): string(toJSON(t, settings))},
			[]string{ConfigKey("procureflow")}}, root)
		return err
	}
	for path, allowed := range encryptable {
		root := t.TempDir()
		text, _ := fileWith(t, path, `{secure: "v1:abc:def"}`)
		require.NoError(t, os.WriteFile(filepath.Join(root, "Pulumi.yaml"), []byte("name: procureflow\n"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(root, "Pulumi.dev.yaml"), []byte(text), 0o600))
		err := load(root)
		if allowed {
			assert.NoError(t, err, path)
			continue
		}
		assert.Equal(t, []string{path + notHere}, lines(t, err))
	}
	assert.Equal(t, []string{settingsKey + ": has encrypted values, and which ones cannot be seen: Pulumi.dev.yaml next to Pulumi.yaml " +
		"cannot be read; keep the stack's settings in that file, without --config-file"}, lines(t, load(t.TempDir())))
}
