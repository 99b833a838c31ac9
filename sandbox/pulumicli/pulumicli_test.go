package pulumicli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The CLI and the SDK have to be of one version: the engine and the program speak a protocol that changes.
func TestCLIModulePinsTheSDKsVersion(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("cli", "go.mod"))
	require.NoError(t, err)
	assert.Contains(t, string(data), "github.com/pulumi/pulumi/pkg/v3 v"+Version().String())
	assert.Contains(t, string(data), "tool "+modulePackage+"\n")
}

func TestReportShowsProgress(t *testing.T) {
	t.Parallel()
	lines := strings.Repeat("some/package\n", 25) + "# some/package\nfile.go:1:2: broken thing\n" + strings.Repeat("some/package\n", 5)

	var plain bytes.Buffer
	messages := report(strings.NewReader(lines), 100, Options{Out: &plain})
	assert.Equal(t, "# some/package\nfile.go:1:2: broken thing", messages)
	assert.Equal(t, "  compiled 10 of at most 100 packages\n  compiled 20 of at most 100 packages\n"+
		"  compiled 30 of at most 100 packages\n", plain.String())

	var terminal bytes.Buffer
	report(strings.NewReader("a\nb\n"), 4, Options{Out: &terminal, Terminal: true})
	assert.Equal(t, "\r  compiled 1 of at most 4 packages (25 %)\x1b[K\r  compiled 2 of at most 4 packages (50 %)\x1b[K\r\x1b[K", terminal.String())
}

// A command of the sandbox must not be able to reach a real account.
func TestCleanEnvironmentDropsCredentials(t *testing.T) {
	t.Parallel()
	got := cleanEnvironment([]string{
		"PATH=/bin", "HOME=/home/u", "PULUMI_ACCESS_TOKEN=t", "PULUMI_STACK=prod", "GOOGLE_APPLICATION_CREDENTIALS=f",
		"GOOGLE_OAUTH_ACCESS_TOKEN=t", "CLOUDSDK_CONFIG=d", "GITHUB_TOKEN=t", "GH_TOKEN=t", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=t", "GOPATH=/go",
	})
	assert.Equal(t, []string{"PATH=/bin", "HOME=/home/u", "GOPATH=/go"}, got)
}
