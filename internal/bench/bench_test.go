package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

// TestMain runs this executable in place of the command, which stands in for go, and between go test and a package's
// tests.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "go":
		os.Exit(asGo(os.Args[1:]))
	case testRunner:
		os.Exit(asTestRunner(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// TestTestsAreMeasured checks that the processor time of a package's tests is recorded by the package's folder, and that the tests'
// exit code is passed on.
func TestTestsAreMeasured(t *testing.T) {
	t.Parallel()
	b := &bench{folder: t.TempDir()}
	b.clone = filepath.Join(b.folder, "clone")
	ran, runner := filepath.Join(b.folder, "ran"), filepath.Join(b.folder, testRunner)
	require.NoError(t, os.Mkdir(ran, 0o700))
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, runner))
	for folder, exit := range map[string]int{"clone/release/plan": 3, "clone/tests/sandbox": 0, "elsewhere": 1} {
		require.NoError(t, os.MkdirAll(filepath.Join(b.folder, folder), 0o700))
		command := exec.CommandContext(t.Context(), runner, "sh", "-c", fmt.Sprintf("(sh -c 'exec sleep 0' &) ; exit %d", exit))
		command.Dir, command.Env = filepath.Join(b.folder, folder), append(os.Environ(), ranFolder+"="+ran)
		_ = command.Run()
		assert.Equal(t, exit, command.ProcessState.ExitCode(), folder)
	}
	tests, err := b.tests()
	require.NoError(t, err)
	var folders []string
	for _, test := range tests {
		folders = append(folders, test.Package)
		assert.Positive(t, test.CPU)
	}
	assert.ElementsMatch(t, []string{"release/plan", "tests/sandbox"}, folders)
}

func TestTables(t *testing.T) {
	t.Parallel()
	var tests []tested
	for i := range shownTests + 2 {
		tests = append(tests, tested{Package: fmt.Sprintf("p%d", i), CPU: time.Duration(shownTests+2-i) * time.Second})
	}
	var out strings.Builder
	took := parts{"vet": 2 * time.Second}
	took.add(tests)
	took.print(&out, 300*time.Second)
	printTests(&out, tests)
	assert.Contains(t, out.String(), "| tests, with what they start | 253 s |\n| vet | 2 s |\n| everything else that ran | 45 s |\n"+
		"| **all** | 300 s |\n")
	assert.Contains(t, out.String(), "| tests of | processor time |\n|---|---|\n| p0 | 22.0 s |\n")
	assert.Contains(t, out.String(), "| p19 | 3.0 s |\n| 2 others | 3.0 s |\n")
}

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
	content, err := os.ReadFile(filepath.Join("..", "..", "tests", "application", "Pulumi.dev.yaml"))
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

// TestCalls checks that a wrong command line is refused before the repository is cloned.
func TestCalls(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		exit int
		says string
	}{
		{nil, ExitUsage, "bench: name what to measure: up, check or scale"},
		{[]string{"scale"}, ExitUsage, "bench: name how many services the stacks have, for example: bench scale 1 10 100"},
		{[]string{"scale", "1", "many"}, ExitUsage, `bench: "many" is not a number of services`},
		{[]string{"chekc"}, ExitUsage, `bench: there is no measurement "chekc": up, check or scale; did you mean check?`},
		{[]string{"--help"}, ExitDone, ""},
	} {
		var out, errs bytes.Buffer
		assert.Equal(t, test.exit, Run(t.Context(), test.args, cli.Streams{Out: &out, Err: &errs}))
		assert.Contains(t, errs.String(), test.says)
		assert.Equal(t, test.exit == ExitDone, strings.HasPrefix(out.String(), "Measure what"), out.String())
	}
}
