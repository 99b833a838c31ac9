package engine

import (
	"bytes"
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/sandbox/engine/enginetest"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

func open(t *testing.T) *Engine {
	t.Helper()
	dir, err := statedir.Open(filepath.Join(t.TempDir(), statedir.Name))
	require.NoError(t, err)
	enginetest.Keys(t, dir)
	root := filepath.Join("..", "..")
	e, err := Open(Options{Root: filepath.Join(root, "tests", "application"), Module: root, Dir: dir, Out: &bytes.Buffer{}})
	require.NoError(t, err)
	return e
}

func TestStackFileCopyHasValuesInsteadOfStandIns(t *testing.T) {
	t.Parallel()
	e := open(t)
	settings, err := e.writeStackFile(t.Context(), "prod")
	require.NoError(t, err)
	assert.Equal(t, "procureflow-prod", settings.Project.ID)

	path := filepath.Join(e.workDir(), "Pulumi.prod.yaml")
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.NotContains(t, string(first), stacks.StandInPrefix)

	var file stackFile
	require.NoError(t, yaml.Unmarshal(first, &file))
	secret := child(secretsOf(file.Config[stacks.ConfigKey("procureflow")]), "nextauth-secret")
	assert.NotContains(t, secret, "version")
	encrypted := child(secret, "value")["secure"].(string)

	// The passphrase opens both the proof in the salt and the value, as Pulumi's own secrets provider derives its key.
	passphrase, err := e.options.Dir.Key("passphrase")
	require.NoError(t, err)
	parts := strings.SplitN(file.EncryptionSalt, ":", 3)
	salt, err := base64.StdEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	crypter := config.NewSymmetricCrypterFromPassphrase(passphrase, salt)
	assert.Equal(t, "pulumi", decrypt(t, crypter, parts[2]))
	assert.Len(t, decrypt(t, crypter, encrypted), 32)

	// A second call changes nothing, because values are made once.
	_, err = e.writeStackFile(t.Context(), "prod")
	require.NoError(t, err)
	second, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(first), string(second))
}

// TestSettingsReachTheCLIAtOnce checks that a changed setting reaches the CLI's copy at once. What exists only in the copy
// stays there until the stack's file changes.
func TestSettingsReachTheCLIAtOnce(t *testing.T) {
	t.Parallel()
	e := open(t)
	e.options.Root = t.TempDir()
	repository := filepath.Join(e.options.Root, "Pulumi.dev.yaml")
	settings, err := os.ReadFile(filepath.Join("..", "..", "tests", "application", "Pulumi.dev.yaml"))
	require.NoError(t, err)
	write := func(path string, data []byte) {
		t.Helper()
		require.NoError(t, os.WriteFile(path, data, 0o600))
	}
	memory := func() any {
		t.Helper()
		file, err := readStackFile(filepath.Join(e.workDir(), "Pulumi.dev.yaml"))
		require.NoError(t, err)
		return child(child(file.Config[stacks.ConfigKey("procureflow")], "services"), "web")["memory"]
	}
	write(repository, settings)
	require.NoError(t, e.renewStackFiles(t.Context()))
	assert.NoFileExists(t, filepath.Join(e.workDir(), "Pulumi.dev.yaml"), "a stack that does not exist gets no file")

	_, err = e.writeStackFile(t.Context(), "dev")
	require.NoError(t, err)
	copied := filepath.Join(e.workDir(), "Pulumi.dev.yaml")
	data, err := os.ReadFile(copied)
	require.NoError(t, err)
	write(copied, bytes.ReplaceAll(data, []byte("memory: 512Mi"), []byte("memory: 768Mi")))
	require.NoError(t, e.renewStackFiles(t.Context()))
	assert.Equal(t, "768Mi", memory(), "the file has not changed")

	write(repository, bytes.ReplaceAll(settings, []byte("memory: 512Mi"), []byte("memory: 1Gi")))
	require.NoError(t, e.renewStackFiles(t.Context()))
	assert.Equal(t, "1Gi", memory(), "the file has changed")

	write(repository, bytes.ReplaceAll(settings, []byte("memory: 512Mi"), []byte("memory: 1Tb")))
	assert.ErrorContains(t, e.renewStackFiles(t.Context()), "services.web.memory")
	assert.Equal(t, "1Gi", memory(), "invalid settings change nothing")
}

func decrypt(t *testing.T, crypter config.Crypter, text string) string {
	t.Helper()
	plain, err := crypter.DecryptValue(context.Background(), text)
	require.NoError(t, err)
	return plain
}

// TestDerivedKeyIsRemembered opens a salt again. A key that was cut off is derived again, and another passphrase has another key.
func TestDerivedKeyIsRemembered(t *testing.T) {
	t.Parallel()
	dir, err := statedir.Open(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, statedir.WriteFile(dir.Path("keys", "passphrase"), []byte("first"), 0o600))
	first, salt, err := openCrypter(t.Context(), dir, "")
	require.NoError(t, err)
	text, err := first.EncryptValue(t.Context(), "a value")
	require.NoError(t, err)
	kept, err := filepath.Glob(filepath.Join(derivedKeys(dir), "*"))
	require.NoError(t, err)
	require.Len(t, kept, 1)
	key, err := os.ReadFile(kept[0])
	require.NoError(t, err)
	again := func() config.Crypter {
		t.Helper()
		crypter, same, err := openCrypter(t.Context(), dir, salt)
		require.NoError(t, err)
		assert.Equal(t, salt, same)
		return crypter
	}
	require.NoError(t, os.WriteFile(kept[0], key[:31], 0o600))
	assert.Equal(t, "a value", decrypt(t, again(), text))
	// Another key there, which opens nothing, shows that the key is read.
	require.NoError(t, os.WriteFile(kept[0], make([]byte, 32), 0o600))
	_, err = again().DecryptValue(t.Context(), text)
	require.Error(t, err)
	require.NoError(t, os.WriteFile(kept[0], key, 0o600))
	assert.Equal(t, "a value", decrypt(t, again(), text))

	require.NoError(t, statedir.WriteFile(dir.Path("keys", "passphrase"), []byte("second"), 0o600))
	_, err = again().DecryptValue(t.Context(), text)
	assert.Error(t, err)
}

func TestOpenCrypterRefusesAnUnknownSalt(t *testing.T) {
	t.Parallel()
	dir, err := statedir.Open(t.TempDir())
	require.NoError(t, err)
	for _, salt := range []string{"v2:AAAA:x", "v1", "v1:%%%:x"} {
		_, _, err := openCrypter(t.Context(), dir, salt)
		assert.ErrorContains(t, err, "encryptionsalt", salt)
	}
}

func TestUnknownStackNamesTheKnownOnes(t *testing.T) {
	t.Parallel()
	_, err := open(t).writeStackFile(t.Context(), "../dev")
	var usage *UsageError
	require.ErrorAs(t, err, &usage)
	assert.Equal(t, `there is no stack "../dev": Pulumi.../dev.yaml does not exist; stacks are dev, staging, prod`, usage.Message)
}

func TestDriftOfAStep(t *testing.T) {
	t.Parallel()
	const urn = "urn:pulumi:dev::procureflow::gcp:cloudrunv2/service:Service::web-service"
	state := func(inputs map[string]any) *apitype.StepEventStateMetadata {
		return &apitype.StepEventStateMetadata{ID: "projects/p/services/s", Inputs: inputs, Outputs: inputs}
	}
	old := map[string]any{"template": map[string]any{"max": 2.0}, "secret": "[secret]"}
	now := map[string]any{"template": map[string]any{"max": 50.0}, "secret": "[secret]", "description": "x"}
	tests := []struct {
		name string
		step apitype.StepEventMetadata
		want []Drifted
	}{
		{"the same", apitype.StepEventMetadata{Op: apitype.OpSame, URN: urn, Old: state(old), New: state(old)}, nil},
		{"only read", apitype.StepEventMetadata{Op: apitype.OpRefresh, URN: urn, Old: state(old), New: state(old)}, nil},
		{"deleted", apitype.StepEventMetadata{Op: apitype.OpDelete, URN: urn, Type: "t", Old: state(old)},
			[]Drifted{{Name: "web-service", Type: "t", ID: "projects/p/services/s", Deleted: true, Properties: []PropertyDrift{}}}},
		{"only an ignored property", apitype.StepEventMetadata{Op: apitype.OpUpdate, URN: urn, Old: state(old), New: state(now),
			DetailedDiff: map[string]apitype.PropertyDiff{"traffics[0].tag": {}, "traffics": {}}}, nil},
		{"changed", apitype.StepEventMetadata{Op: apitype.OpUpdate, URN: urn, Type: "t", Old: state(old), New: state(now),
			DetailedDiff: map[string]apitype.PropertyDiff{
				"template.max": {Kind: apitype.DiffUpdate,
					InputDiff: true}, "description": {Kind: apitype.DiffAdd}, "secret": {Kind: apitype.DiffUpdate},
			}},
			[]Drifted{{Name: "web-service", Type: "t", ID: "projects/p/services/s", Properties: []PropertyDrift{
				{Path: "description", Before: "absent", Now: `"x"`},
				{Path: "secret", Before: `"[secret]"`, Now: `"[secret]"`},
				{Path: "template.max", Before: "2", Now: "50"},
			}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []Drifted
			if drifted, ok := driftOf(test.step, map[string][]string{urn: {"traffics"}}); ok {
				got = append(got, drifted)
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestWriteDrift(t *testing.T) {
	t.Parallel()
	var none, some bytes.Buffer
	WriteDrift(&none, "dev", nil)
	assert.Equal(t, "No drift: stack dev is as Pulumi left it.\n", none.String())
	WriteDrift(&some, "dev", []Drifted{
		{Name: "web", Type: "t:T", ID: "id-1", Properties: []PropertyDrift{{Path: "a.b", Before: "2", Now: "50"}}},
		{Name: "metric", Type: "m:M", ID: "id-2", Deleted: true},
	})
	assert.Equal(t, `Changed outside of Pulumi in stack dev:

  web (t:T)
    id-1
    a.b: 2 -> 50

  metric (m:M)
    id-2
    deleted

2 changed. `+"`go run ./cmd/sandbox up dev`"+` puts back what the program says.
`, some.String())
}

func TestChangesNothing(t *testing.T) {
	t.Parallel()
	assert.True(t, Changes{"same": 50, "refresh": 50, "read": 1}.None())
	assert.True(t, Changes{}.None())
	for _, kind := range []string{"create", "update", "replace", "delete"} {
		assert.False(t, Changes{"same": 50, kind: 1}.None(), kind)
	}
}

func TestHalfWrittenCheckpointGoesBackOneStep(t *testing.T) {
	t.Parallel()
	e := open(t)
	path := e.checkpoint("dev")
	require.NoError(t, e.restoreCheckpoint("dev"), "a missing state is not damaged")
	require.NoError(t, statedir.WriteFile(path, []byte(`{"version"`), 0o600))
	assert.ErrorContains(t, e.restoreCheckpoint("dev"), "damaged and so is its backup")
	require.NoError(t, statedir.WriteFile(path+".bak", []byte(`{"version":3}`), 0o600))
	require.NoError(t, e.restoreCheckpoint("dev"))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, `{"version":3}`, string(data))
	assert.Contains(t, e.options.Out.(*bytes.Buffer).String(), "going back one step")
	require.NoError(t, statedir.WriteFile(path, []byte(`{"version":4}`), 0o600))
	require.NoError(t, e.restoreCheckpoint("dev"))
	data, err = os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, `{"version":4}`, string(data), "a complete checkpoint is left alone")

	require.NoError(t, os.WriteFile(path+".attrs", nil, 0o600))
	require.NoError(t, os.WriteFile(path+".bak.attrs", []byte(`{}`), 0o600))
	require.NoError(t, e.restoreCheckpoint("dev"))
	assert.NoFileExists(t, path+".attrs")
	assert.FileExists(t, path+".bak.attrs")
}

func child(document any, key string) map[string]any {
	parent, _ := document.(map[string]any)
	value, _ := parent[key].(map[string]any)
	return value
}
