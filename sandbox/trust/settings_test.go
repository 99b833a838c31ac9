package trust_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/stacks"
)

// application is the folder of an application that the tests have for themselves.
var application = filepath.Join("..", "..", "tests", "application")

// document are the settings of dev, stand-ins filled.
func document(t *testing.T) []byte {
	t.Helper()
	text, err := stacks.Filled(application, "dev")
	require.NoError(t, err)
	return text
}
