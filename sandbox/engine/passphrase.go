package engine

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// derivedKeys returns the folder of the keys that were derived from the passphrase, one for each salt.
func derivedKeys(dir statedir.Dir) string { return dir.Path("keys", "derived") }

// openCrypter returns the crypter of a stack file's encryptionsalt, or the salt of a new stack with its crypter. The salt's form is
// the passphrase secrets provider's: v1:<salt, base64>:<the word pulumi, encrypted>.
func openCrypter(ctx context.Context, dir statedir.Dir, encryptionSalt string) (config.Crypter, string, error) {
	passphrase, err := dir.Key("passphrase")
	if err != nil {
		return nil, "", err
	}
	if encryptionSalt != "" {
		parts := strings.SplitN(encryptionSalt, ":", 3)
		if len(parts) != 3 || parts[0] != "v1" {
			return nil, "", errors.New("the sandbox's copy of the settings has an unknown encryptionsalt; delete " + statedir.Name)
		}
		salt, err := base64.StdEncoding.DecodeString(parts[1])
		if err != nil {
			return nil, "", fmt.Errorf("encryptionsalt: %w; delete %s", err, statedir.Name)
		}
		crypter, err := remembered(dir, passphrase, salt)
		return crypter, encryptionSalt, err
	}
	salt, err := newSalt(dir)
	if err != nil {
		return nil, "", err
	}
	crypter, err := remembered(dir, passphrase, salt)
	if err != nil {
		return nil, "", err
	}
	proof, err := crypter.EncryptValue(ctx, "pulumi")
	if err != nil {
		return nil, "", err
	}
	return crypter, fmt.Sprintf("v1:%s:%s", base64.StdEncoding.EncodeToString(salt), proof), nil
}

// newSalt returns the salt of the folder's stacks. They have one passphrase, so with one salt they have one key.
func newSalt(dir statedir.Dir) ([]byte, error) {
	key, err := dir.Key("salt")
	if err != nil {
		return nil, err
	}
	salt, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil || len(salt) < 8 {
		return nil, fmt.Errorf("%s is not a key of the sandbox: delete %s", dir.Path("keys", "salt"), statedir.Name)
	}
	return salt[:8], nil
}

// remembered returns a passphrase's crypter as the passphrase secrets provider makes it. The key takes a million rounds of PBKDF2, so it
// is kept next to the passphrase. The CLI that the sandbox builds reads and writes the same files (secrets/passphrase/added.go below
// sandbox/pulumicli). A pulumi on PATH derives the key each time.
func remembered(dir statedir.Dir, passphrase string, salt []byte) (config.Crypter, error) {
	name := sha256.Sum256([]byte(passphrase + "\x00" + string(salt)))
	path := filepath.Join(derivedKeys(dir), hex.EncodeToString(name[:]))
	key, err := os.ReadFile(path)
	if err == nil && len(key) == config.SymmetricCrypterKeyBytes {
		return config.NewSymmetricCrypter(key), nil
	}
	key, err = pbkdf2.Key(sha256.New, passphrase, salt, 1_000_000, config.SymmetricCrypterKeyBytes)
	if err != nil {
		return nil, fmt.Errorf("derive the key of the sandbox's passphrase: %w", err)
	}
	return config.NewSymmetricCrypter(key), statedir.WriteFile(path, key, 0o600)
}
