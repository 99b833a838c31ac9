package pulumiopt

import (
	"os"
	"regexp"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestVersionsAreThoseOfGoMod checks that a resource registered by its token asks for the provider version in go.mod, as the SDKs'
// constructors do.
func TestVersionsAreThoseOfGoMod(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	for module, version := range map[string]string{"pulumi-gcp/sdk/v8": googleVersion, "pulumi-github/sdk/v6": GitHubVersion} {
		found := regexp.MustCompile(regexp.QuoteMeta(module) + ` v(\S+)`).FindSubmatch(file)
		require.NotNil(t, found, module)
		assert.Equal(t, string(found[1]), version)
	}
}

// TestOptionsAreNotShared checks that two children built from the same options do not write into each other's slice.
func TestOptionsAreNotShared(t *testing.T) {
	t.Parallel()
	shared := make([]pulumi.ResourceOption, 0, 4)
	first := Child(nil, shared...)
	second := Child(nil, append(shared, pulumi.Protect(true))...)
	assert.Len(t, first, 1)
	assert.Len(t, second, 2)
	for _, options := range [][]pulumi.ResourceOption{GoogleChild(nil, pulumi.Protect(true)), GitHubChild(nil, pulumi.Protect(true))} {
		assert.Len(t, options, 3, "parent, version and the given option")
	}
}
