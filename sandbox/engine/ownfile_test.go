package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// editable returns an engine for a copy of the tests' application, and the path of dev's stack file.
func editable(t *testing.T) (*Engine, string) {
	t.Helper()
	e := open(t)
	e.options.Root = t.TempDir()
	settings, err := os.ReadFile(filepath.Join("..", "..", "tests", "application", "Pulumi.dev.yaml"))
	require.NoError(t, err)
	own := filepath.Join(e.options.Root, "Pulumi.dev.yaml")
	require.NoError(t, os.WriteFile(own, settings, 0o644))
	return e, own
}

func edit(t *testing.T, path, old, now string) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 1, bytes.Count(data, []byte(old)), "%s in %s", old, path)
	require.NoError(t, os.WriteFile(path, bytes.Replace(data, []byte(old), []byte(now), 1), 0o600))
}

// TestCLIChangesReachTheStackFile checks that a change by the CLI reaches the stack's own file, and that the file keeps
// its stand-ins, pins and comments.
func TestCLIChangesReachTheStackFile(t *testing.T) {
	t.Parallel()
	e, own := editable(t)
	_, err := e.writeStackFile(t.Context(), "dev")
	require.NoError(t, err)
	before, err := e.copies()
	require.NoError(t, err)
	require.Len(t, before, 1, "staging and prod have no copy yet")
	copied := filepath.Join(e.workDir(), "Pulumi.dev.yaml")
	edit(t, copied, "memory: 512Mi", "memory: 768Mi")
	require.NoError(t, e.keepSettings(before))

	data, err := os.ReadFile(own)
	require.NoError(t, err)
	assert.Contains(t, string(data), "memory: 768Mi")
	assert.Contains(t, string(data), `nextauth-secret: {version: "1"}`)
	assert.Contains(t, string(data), `number: "`+stacks.StandInPrefix+`100000000001"`)
	assert.Contains(t, string(data), "# Probes are called by every instance all day")
	assert.NotContains(t, string(data), "secure:")
	assert.NotContains(t, string(data), "encryptionsalt")
	settings, err := e.writeStackFile(t.Context(), "dev")
	require.NoError(t, err)
	assert.Equal(t, "768Mi", settings.Services["web"].Memory)
	info, err := os.Stat(own)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o644), info.Mode().Perm())
}

// TestCLIChangesBeforeTheFirstUp covers `pulumi stack init` and `config set` before the first `up`. The copy then has only
// what was set.
func TestCLIChangesBeforeTheFirstUp(t *testing.T) {
	t.Parallel()
	e, own := editable(t)
	require.NoError(t, statedir.WriteFile(filepath.Join(e.workDir(), "Pulumi.dev.yaml"),
		[]byte("config:\n  procureflow:platform:\n    budget:\n      amount: 25\n"), 0o600))
	require.NoError(t, e.keepSettings(map[string]stackFile{}))
	data, err := os.ReadFile(own)
	require.NoError(t, err)
	assert.Contains(t, string(data), "amount: 25")
	settings, err := e.writeStackFile(t.Context(), "dev")
	require.NoError(t, err)
	assert.Equal(t, "procureflow-dev", settings.Project.ID)
}

// TestStackWithoutACopy checks that a stack without a copy has none, and no empty one whose settings all seem to be taken out.
func TestStackWithoutACopy(t *testing.T) {
	t.Parallel()
	e := open(t)
	copies, err := e.copies()
	require.NoError(t, err)
	assert.Empty(t, copies)
	require.NoError(t, statedir.WriteFile(filepath.Join(e.workDir(), "Pulumi.prod.yaml"), []byte("{"), 0o600))
	_, err = e.copies()
	require.ErrorContains(t, err, "read the sandbox's copy of the settings: ")
}

func TestMerged(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ was, now, own, want string }{
		"nothing changed":            {"{a: 1}", "{a: 1}", "{a: stand-in:1}", "{a: stand-in:1}"},
		"a value":                    {"{a: 1, b: 2}", "{a: 3, b: 2}", "{a: 1, b: stand-in:2}", "{a: 3, b: stand-in:2}"},
		"a new key":                  {"{a: 1}", "{a: 1, b: {c: d}}", "{a: 1}", "{a: 1, b: {c: d}}"},
		"a key in a map that is new": {"{}", "{a: {b: c}}", "{}", "{a: {b: c}}"},
		"a key taken out":            {"{a: 1, b: 2}", "{a: 1}", "{a: stand-in:1, b: 2}", "{a: stand-in:1}"},
		"an item added":              {"{a: [1]}", "{a: [1, 2]}", "{a: [stand-in:1]}", "{a: [stand-in:1, 2]}"},
		"an item changed":            {"{a: [1, 2]}", "{a: [1, 3]}", "{a: [stand-in:1, stand-in:2]}", "{a: [stand-in:1, 3]}"},
		"an item taken out":          {"{a: [1, 2]}", "{a: [1]}", "{a: [stand-in:1, 2]}", "{a: [stand-in:1]}"},
		"a new key at the top": {"{p:platform: {a: 1}}", "{p:platform: {a: 1}, p:mine: x}", "{p:platform: {a: stand-in:1}}",
			"{p:platform: {a: stand-in:1}, p:mine: x}"},
		"a version where the copy has a value": {"{s: {value: {secure: A}}}", `{s: {value: {secure: A}, version: "2"}}`,
			`{s: {version: "1"}}`, `{s: {version: "2"}}`},
		"an encrypted value": {"{s: {value: {secure: A}}}", "{s: {value: {secure: B}}}", `{s: {version: "1"}}`,
			`{s: {version: "1"}}`},
		"a new secret": {"{}", "{s: {value: {secure: A}}}", "{}", "{s: {}}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, document(t, test.want), merged(document(t, test.was), document(t, test.now), document(t, test.own)))
		})
	}
}

func document(t *testing.T, text string) any {
	t.Helper()
	var value any
	require.NoError(t, yaml.Unmarshal([]byte(text), &value))
	return value
}

// TestRaisedSecretHasAnotherValue raises the version of a secret, as a person does after adding a value. The sandbox makes another
// value, so that `up` has a change.
func TestRaisedSecretHasAnotherValue(t *testing.T) {
	t.Parallel()
	e, own := editable(t)
	values := func() map[string]string {
		t.Helper()
		_, err := e.writeStackFile(t.Context(), "dev")
		require.NoError(t, err)
		file, err := readStackFile(filepath.Join(e.workDir(), "Pulumi.dev.yaml"))
		require.NoError(t, err)
		values := map[string]string{}
		for id, secret := range secretsOf(file.Config[stacks.ConfigKey("procureflow")]) {
			assert.NotContains(t, secret, "version")
			values[id] = child(secret, "value")["secure"].(string)
		}
		return values
	}
	first := values()
	require.Len(t, first, 3)
	assert.Equal(t, first, values())
	edit(t, own, `mongodb-uri: {version: "1"}`, `mongodb-uri: {version: "2"}`)
	second := values()
	assert.NotEqual(t, first["mongodb-uri"], second["mongodb-uri"])
	assert.Equal(t, first["openai-api-key"], second["openai-api-key"])
	assert.Equal(t, second, values(), "the second value is made once")
	edit(t, own, `openai-api-key: {version: "1"}`, `openai-api-key: {value: {secure: "v1:of:another"}}`)
	third := values()
	assert.NotEqual(t, second["openai-api-key"], third["openai-api-key"], "an encrypted value gets another one, too")
	assert.False(t, strings.Contains(third["openai-api-key"], "another"))
	edit(t, own, `      mongodb-uri: {version: "2"}`, `      mongodb-uri: {version: "2"}`+"\n"+`      smtp-password: {version: "1"}`)
	fourth := values()
	assert.Len(t, fourth, 4)
	delete(fourth, "smtp-password")
	assert.Equal(t, third, fourth, "a new secret changes none of the others")
}
