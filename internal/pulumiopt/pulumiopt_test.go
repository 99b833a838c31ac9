package pulumiopt

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The SDK's constructors ask for the version of go.mod, and so has whatever is registered by its token.
func TestGoogleVersionIsThatOfGoMod(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	found := regexp.MustCompile(`pulumi-gcp/sdk/v8 v(\S+)`).FindSubmatch(file)
	require.NotNil(t, found)
	assert.Equal(t, string(found[1]), GoogleVersion)
}
