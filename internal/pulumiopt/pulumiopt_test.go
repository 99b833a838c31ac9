package pulumiopt

import (
	"os"
	"regexp"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
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

// Two children that are built from the same options do not write into each other's.
func TestOptionsAreNotShared(t *testing.T) {
	t.Parallel()
	shared := make([]pulumi.ResourceOption, 0, 4)
	first := Child(nil, shared...)
	second := Child(nil, append(shared, pulumi.Protect(true))...)
	assert.Len(t, first, 1)
	assert.Len(t, second, 2)
	assert.Len(t, GoogleChild(nil, pulumi.Protect(true)), 3, "parent, version and what was given")
}
