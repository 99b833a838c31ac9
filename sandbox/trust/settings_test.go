package trust_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/stacks"
)

// document are dev's committed settings, stand-ins filled.
func document(t *testing.T) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "Pulumi.dev.yaml"))
	require.NoError(t, err)
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	require.NoError(t, yaml.Unmarshal(content, &file))
	filled, _ := stacks.FillStandIns(file.Config[stacks.ConfigKey])
	text, err := json.Marshal(filled)
	require.NoError(t, err)
	return text
}
