package provenance

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// LoadTrustedRoot reads a file of Sigstore trusted roots: one as JSON, or several, one a line, as `gh attestation
// trusted-root` prints them.
func LoadTrustedRoot(path string) (root.TrustedMaterial, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the trusted root: %w (make one with `gh attestation trusted-root > FILE`)", err)
	}
	trusted, err := ParseTrustedRoot(raw)
	if err != nil {
		return nil, fmt.Errorf("trusted root %s: %w (make one with `gh attestation trusted-root > FILE`)", path, err)
	}
	return trusted, nil
}

// ParseTrustedRoot reads what LoadTrustedRoot reads, from memory.
func ParseTrustedRoot(raw []byte) (root.TrustedMaterial, error) {
	whole, err := root.NewTrustedRootFromJSON(raw)
	if err == nil {
		return whole, nil
	}
	var all root.TrustedMaterialCollection
	for _, line := range bytes.Split(raw, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		one, lineErr := root.NewTrustedRootFromJSON(line)
		if lineErr != nil {
			// The text may be one document over many lines. Then the error about the whole is the right one.
			return nil, fmt.Errorf("is not a Sigstore trusted root: %w", err)
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, errors.New("is empty")
	}
	return all, nil
}
