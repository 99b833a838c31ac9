package architecture_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var apiName = regexp.MustCompile(`[a-z]+\.googleapis\.com`)

// TestEmulatorCoreNamesNoAPI checks that emulator/rest does not branch on the name of an API. Such code belongs in the API's folder.
func TestEmulatorCoreNamesNoAPI(t *testing.T) {
	t.Parallel()
	read := 0
	for _, name := range files(t) {
		if !strings.HasSuffix(name, ".go") || filepath.Dir(name) != "emulator/rest" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		read++
		for _, found := range apiName.FindAllString(string(content), -1) {
			assert.Equal(t, "type.googleapis.com", found, "%s names an API: give the kind a hook instead", name)
		}
	}
	assert.Positive(t, read, "no file of emulator/rest was read")
}
