package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

const keyFile = "key"

// sealer encrypts with AES-256-GCM. It authenticates the payload's name as well, so that a sealed payload does not open under
// another name.
type sealer struct{ aead cipher.AEAD }

// openSealer reads the key. It makes a new key if there is no key file and mayCreate is true.
func openSealer(path string, mayCreate bool) (*sealer, error) {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && mayCreate:
		raw, err := newKey()
		if err != nil {
			return nil, err
		}
		text = []byte(hex.EncodeToString(raw) + "\n")
		if err := writeKey(path, text); err != nil {
			return nil, fmt.Errorf("write the key of the cloud's store: %w", err)
		}
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the key %s of the cloud's store is gone and secrets were sealed with it; %s", path, restore)
	case err != nil:
		return nil, fmt.Errorf("read the key of the cloud's store: %w", err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != 32 {
		// The decoder's error is dropped because it would quote the key.
		return nil, fmt.Errorf("the key %s of the cloud's store is damaged: want 64 hexadecimal digits; %s", path, restore)
	}
	return newSealer(raw)
}

// writeKey writes the key file in one step, so that a killed process leaves no half of a key.
func writeKey(path string, text []byte) error {
	temporary, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = temporary.Write(text)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func newKey() ([]byte, error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return nil, fmt.Errorf("make the key of the cloud's store: %w", err)
	}
	return raw, nil
}

func newSealer(key []byte) (*sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &sealer{aead: aead}, nil
}

func (s *sealer) seal(name string, payload []byte) []byte {
	return s.aead.Seal(nil, nil, payload, []byte(name))
}

func (s *sealer) open(name string, sealed []byte) ([]byte, error) {
	payload, err := s.aead.Open(nil, nil, sealed, []byte(name))
	if err != nil {
		return nil, fmt.Errorf("secret %s does not open with this store's key; restore the key file that belongs to the store", name)
	}
	return payload, nil
}
