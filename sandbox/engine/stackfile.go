package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/stacks"
	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

// writeProject writes the work folder's Pulumi.yaml: the repository's, without the parts that only a compiled program needs. The engine's
// options, such as refresh, stay. A compiled program looks for platform.yaml next to it.
func (e *Engine) writeProject() error {
	data, err := os.ReadFile(filepath.Join(e.options.Root, "Pulumi.yaml"))
	if err != nil {
		return &UsageError{Message: fmt.Sprintf("read the project: %v: --folder names the folder that has it", err)}
	}
	var project map[string]any
	if err := stacks.ReadYAML(filepath.Join(e.options.Root, "Pulumi.yaml"), data, &project); err != nil {
		return &UsageError{Message: err.Error()}
	}
	if e.project, _ = project["name"].(string); e.project == "" {
		return &UsageError{Message: filepath.Join(e.options.Root, "Pulumi.yaml") + " names no project: write name: and the application's name"}
	}
	e.main, _ = project["main"].(string)
	project["runtime"] = "go"
	delete(project, "main")
	if data, err = yaml.Marshal(project); err != nil {
		return err
	}
	if err := statedir.WriteFile(filepath.Join(e.workDir(), "Pulumi.yaml"), data, 0o600); err != nil {
		return err
	}
	if data, err = os.ReadFile(filepath.Join(e.options.Root, adopter.File)); err != nil {
		return &UsageError{Message: fmt.Sprintf("read who uses the platform: %v: `go run ./cmd/init` writes it", err)}
	}
	return statedir.WriteFile(filepath.Join(e.workDir(), adopter.File), data, 0o600)
}

// stackNames returns the stacks that have a file in the repository, sorted.
func (e *Engine) stackNames() []string { return stacks.Names(e.options.Root) }

// knows returns an error that names the stacks there are, if stack is not one of them.
func (e *Engine) knows(stack string) error {
	names := e.stackNames()
	if slices.Contains(names, stack) {
		return nil
	}
	return &UsageError{Message: fmt.Sprintf("there is no stack %q: Pulumi.%s.yaml does not exist; stacks are %s",
		stack, stack, strings.Join(names, ", "))}
}

// configKey returns the key of the settings in a stack's file.
func (e *Engine) configKey() string { return stacks.ConfigKey(e.project) }

// writeStackFile writes the sandbox's copy of the stack's file and returns its settings. The copy differs in two things that a real owner
// would do by hand. Each stand-in is replaced by its value. Each secret has its own value, encrypted under the sandbox's passphrase,
// where a real stack pins a version that somebody added. The first copy decides salt and values. Later copies keep them, except for a
// secret whose version was raised.
func (e *Engine) writeStackFile(ctx context.Context, stack string) (stacks.Settings, error) {
	var none stacks.Settings
	if err := e.knows(stack); err != nil {
		return none, err
	}
	data, err := os.ReadFile(filepath.Join(e.options.Root, "Pulumi."+stack+".yaml"))
	if err != nil {
		return none, fmt.Errorf("read the stack's settings: %w", err)
	}
	var file stackFile
	if err := stacks.ReadYAML("Pulumi."+stack+".yaml", data, &file); err != nil {
		return none, &UsageError{Message: err.Error()}
	}
	section, err := stacks.Section(file.Config, e.project, "Pulumi."+stack+".yaml")
	if err != nil {
		return none, &UsageError{Message: err.Error()}
	}
	filled, _ := stacks.FillStandIns(section)
	copyPath := filepath.Join(e.workDir(), "Pulumi."+stack+".yaml")
	previous, err := readStackFile(copyPath)
	if err != nil {
		return none, err
	}
	settings, err := e.parseSettings(filled, stack)
	if err != nil {
		return none, err
	}
	from, err := readStackFile(copyPath + copiedFrom)
	if err != nil {
		return none, err
	}
	forgetRotated(secretsOf(previous.Config[e.configKey()]), secretsOf(from.Config[e.configKey()]),
		secretsOf(file.Config[e.configKey()]))
	file.EncryptionSalt = previous.EncryptionSalt
	// Without a salt, the CLI would leave the encryption of an update's state to its backend.
	if missing := secretsWithoutValue(filled, previous.Config[e.configKey()]); len(missing) > 0 || file.EncryptionSalt == "" {
		if file.EncryptionSalt, err = e.makeValues(ctx, missing, previous.EncryptionSalt); err != nil {
			return none, err
		}
	}
	file.Config[e.configKey()] = filled
	written, err := yaml.Marshal(file)
	if err != nil {
		return none, err
	}
	if err := statedir.WriteFile(copyPath, written, 0o600); err != nil {
		return none, err
	}
	return settings, statedir.WriteFile(copyPath+copiedFrom, data, 0o600)
}

// copiedFrom is the suffix of the file next to a copy that holds the repository's file as it was copied.
const copiedFrom = ".from"

// renewStackFiles rewrites each copy whose file in the repository has changed since, so that the caller's CLI sees the present settings.
// Other copies stay, because they hold encrypted values that the repository's file does not get.
func (e *Engine) renewStackFiles(ctx context.Context) error {
	for _, stack := range e.stackNames() {
		name := "Pulumi." + stack + ".yaml"
		from, err := os.ReadFile(filepath.Join(e.workDir(), name+copiedFrom))
		if errors.Is(err, fs.ErrNotExist) {
			continue // There is no stack yet, so the CLI has nothing to ask of it.
		}
		if err != nil {
			return fmt.Errorf("read what the sandbox's copy of %s was made of: %w", name, err)
		}
		now, err := os.ReadFile(filepath.Join(e.options.Root, name))
		if err != nil {
			return fmt.Errorf("read the stack's settings: %w", err)
		}
		if bytes.Equal(from, now) {
			continue
		}
		if _, err := e.writeStackFile(ctx, stack); err != nil {
			return err
		}
	}
	return nil
}

// stackFile is the part of a Pulumi.<stack>.yaml that the sandbox understands.
type stackFile struct {
	EncryptionSalt string         `yaml:"encryptionsalt,omitempty"`
	Config         map[string]any `yaml:"config"`
}

func readStackFile(path string) (stackFile, error) {
	var file stackFile
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file, nil
	}
	if err == nil {
		err = yaml.Unmarshal(data, &file)
	}
	if err != nil {
		return file, fmt.Errorf("read the sandbox's copy of the settings: %w; delete %s", err, path)
	}
	return file, nil
}

// parseSettings checks the settings before anything is started, with the same code as the program.
func (e *Engine) parseSettings(document any, stack string) (stacks.Settings, error) {
	data, err := stacks.FromYAML(document)
	if err != nil {
		return stacks.Settings{}, &UsageError{Message: fmt.Sprintf("Pulumi.%s.yaml: %s: %v", stack, e.configKey(), err)}
	}
	return stacks.Parse(data, stack)
}

// forgetRotated removes the value of each secret that has changed since the copy was made: another version, or another encrypted value.
// In the real cloud a person would have added a new value by then, so the sandbox makes one.
func forgetRotated(values, from, now map[string]any) {
	for id, entry := range from {
		if secret, there := values[id].(map[string]any); there && !reflect.DeepEqual(entry, now[id]) {
			delete(secret, "value")
		}
	}
}

// secretsWithoutValue removes the pinned version from each secret that has no value, or one that only the real stack's owner can decrypt.
// It gives such a secret the previous copy's value, and returns the secrets that have none there, by id.
func secretsWithoutValue(document, previous any) map[string]map[string]any {
	secrets, before := secretsOf(document), secretsOf(previous)
	missing := map[string]map[string]any{}
	for id := range secrets {
		secret, ok := secrets[id].(map[string]any)
		if _, clear := secret["value"].(string); !ok || clear {
			continue
		}
		delete(secret, "version")
		delete(secret, "value")
		if old, _ := before[id].(map[string]any); old["value"] != nil {
			secret["value"] = old["value"]
		} else {
			missing[id] = secret
		}
	}
	return missing
}

// makeValues gives each secret an encrypted random value and returns the salt they are encrypted under.
func (e *Engine) makeValues(ctx context.Context, secrets map[string]map[string]any, salt string) (string, error) {
	crypter, salt, err := openCrypter(ctx, e.options.Dir, salt)
	if err != nil {
		return "", err
	}
	for id, secret := range secrets {
		var raw [24]byte
		if _, err := rand.Read(raw[:]); err != nil {
			return "", err
		}
		encrypted, err := crypter.EncryptValue(ctx, base64.RawURLEncoding.EncodeToString(raw[:]))
		if err != nil {
			return "", fmt.Errorf("encrypt the sandbox's value of secret %s: %w", id, err)
		}
		secret["value"] = map[string]any{"secure": encrypted}
	}
	return salt, nil
}

func secretsOf(settings any) map[string]any {
	document, _ := settings.(map[string]any)
	secrets, _ := document["secrets"].(map[string]any)
	return secrets
}
