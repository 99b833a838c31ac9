// Package passphrase is Pulumi's own, and remembers derived keys.
package passphrase

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"golang.org/x/crypto/pbkdf2"
)

// remembered returns a passphrase's crypter as config.NewSymmetricCrypterFromPassphrase does. That takes a million rounds of PBKDF2, so
// the folder in PULUMI_PASSPHRASE_KEYS, if there is one, keeps the key for the next command. sandbox/engine reads and writes the same
// files.
func remembered(phrase string, salt []byte) config.Crypter {
	folder := os.Getenv("PULUMI_PASSPHRASE_KEYS")
	if folder == "" {
		return config.NewSymmetricCrypterFromPassphrase(phrase, salt)
	}
	name := sha256.Sum256([]byte(phrase + "\x00" + string(salt)))
	path := filepath.Join(folder, hex.EncodeToString(name[:]))
	key, err := os.ReadFile(path)
	if err != nil || len(key) != config.SymmetricCrypterKeyBytes {
		key = pbkdf2.Key([]byte(phrase), salt, 1_000_000, config.SymmetricCrypterKeyBytes, sha256.New)
		_ = keep(path, key) // The next command derives it again.
	}
	return config.NewSymmetricCrypter(key)
}

// keep writes a key for its owner alone, in one step.
func keep(path string, key []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(key)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
