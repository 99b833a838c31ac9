package trust_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/stacks"
)

// application is the folder of the tests' own application.
var application = filepath.Join("..", "..", "tests", "application")

// document returns the settings of dev with values instead of stand-ins.
func document(t *testing.T) []byte {
	t.Helper()
	text, err := stacks.Filled(application, "dev")
	require.NoError(t, err)
	return text
}
