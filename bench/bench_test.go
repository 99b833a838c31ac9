package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

func TestPartOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode, pkg string
		race      bool
		want      string
	}{
		{"build", "net/http", false, "compile the standard library"},
		{"build", "vendor/golang.org/x/net/idna", false, "compile the standard library"},
		{"build", "github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2", true, "compile pulumi-gcp, with the race detector"},
		{"build", "github.com/pulumi/pulumi/sdk/v3/go/auto", false, "compile the Pulumi SDK"},
		{"build", "github.com/pulumi/pulumi/pkg/v3/engine", false, "compile the Pulumi CLI"},
		{"build", "google.golang.org/grpc", false, "compile other modules"},
		{"build", "github.com/guiofsaints/procureflow-platform/stacks [github.com/guiofsaints/procureflow-platform/stacks.test]", true,
			"compile the repository's own, with the race detector"},
		{"vet", "net/http", false, "vet"},
		{"link", "main", false, "link"},
		{"link-install", "main", true, "link, with the race detector"},
	} {
		assert.Equal(t, test.want, partOf(test.mode, test.pkg, test.race), test.pkg)
	}
}

func TestServicesOfAStack(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join("..", "tests", "application", "Pulumi.dev.yaml"))
	require.NoError(t, err)
	one, err := withServices(string(content), 1)
	require.NoError(t, err)
	assert.Equal(t, string(content), one)
	three, err := withServices(string(content), 3)
	require.NoError(t, err)
	for text, times := range map[string]int{"name: procureflow-web\n": 1, "name: procureflow-w2\n": 1, "public: true": 1, "public: false": 2,
		"runtimeAccount: procureflow-r1\n": 1, "monitoring:": 1} {
		assert.Equal(t, times, strings.Count(three, text), text)
	}
	_, err = withServices("config:\n", 1)
	assert.ErrorContains(t, err, "no service web")
}

func TestRowOfAScale(t *testing.T) {
	t.Parallel()
	second := func(n float64) cost {
		return cost{wall: time.Second, cpu: time.Duration(n * float64(time.Second)), memory: 3 << 20}
	}
	small := scaled{resources: 10, preview: second(1), up: second(1), policies: second(2)}
	large := scaled{resources: 100, preview: second(10), up: second(100), policies: second(2)}
	assert.Equal(t, "| 1 | 10 | 1.0 s, 1.0 s | 1.0 s, 1.0 s | 1.0 s, 2.0 s |  | 3 MB |", small.row(1, scaled{}))
	assert.Equal(t, "| 9 | 100 | 1.0 s, 10.0 s | 1.0 s, 100.0 s | 1.0 s, 2.0 s | 1.00, 2.00, 0.00 | 3 MB |", large.row(9, small))
}

// A call that is wrong is refused before anything is cloned.
func TestCalls(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		exit int
		says string
	}{
		{nil, exitUsage, "bench: name what to measure: up, check or scale"},
		{[]string{"scale", "1", "many"}, exitUsage, `bench: "many" is not a number of services`},
		{[]string{"chekc"}, exitUsage, `bench: there is no measurement "chekc"; did you mean check?`},
		{[]string{"--help"}, exitDone, ""},
	} {
		var out, errs bytes.Buffer
		assert.Equal(t, test.exit, run(t.Context(), test.args, cli.Streams{Out: &out, Err: &errs}))
		assert.Contains(t, errs.String(), test.says)
		assert.Equal(t, test.exit == exitDone, strings.HasPrefix(out.String(), "Measure what"), out.String())
	}
}
