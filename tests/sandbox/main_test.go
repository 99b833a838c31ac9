// Package sandbox_test runs the sandbox's commands end to end: the real engine, the program, the emulated cloud in its
// own process. Each test has its own state folder, so they run in parallel and leave nothing behind.
package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	firstrun "github.com/guiofsaints/procureflow-platform/firstrun/command"
	"github.com/guiofsaints/procureflow-platform/infra/program"
	release "github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/release/images"
	"github.com/guiofsaints/procureflow-platform/sandbox/command"
	"github.com/guiofsaints/procureflow-platform/sandbox/pulumicli"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/tests/linkonce"
)

// root is the repository's folder.
var root = func() string {
	path, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		panic(err)
	}
	return path
}()

// asCommand turns this test binary into the sandbox's executable, because the sandbox starts its cloud by calling itself.
const asCommand = "SANDBOX_TEST_AS_COMMAND"

// asRelease turns it into the release controller.
const asRelease = "SANDBOX_TEST_AS_RELEASE"

// asFirstrun turns it into the command firstrun.
const asFirstrun = "SANDBOX_TEST_AS_FIRSTRUN"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "cloud" || os.Getenv(asCommand) != "") {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		streams := command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
		os.Exit(command.Run(ctx, os.Args[1:], streams, program.In))
	}
	if os.Getenv(asRelease) != "" {
		os.Exit(release.Run(context.Background(), os.Args[1:], release.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr},
			images.Commands))
	}
	if os.Getenv(asFirstrun) != "" {
		os.Exit(firstrun.Run(context.Background(), os.Args[1:], firstrun.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}
	// The CLI is built once, before tests compete for it.
	if _, err := pulumicli.Ensure(context.Background(), pulumicli.Options{Out: os.Stderr}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	end, err := linkonce.Begin()
	if err == nil {
		defer end()
		states, err = os.MkdirTemp("", "states")
		defer os.RemoveAll(states)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// sandbox is the sandbox of one test.
type sandbox struct {
	t     *testing.T
	state string
	dir   string
}

// newSandbox makes a sandbox of the tests' own application, which is stopped when the test ends. edit gets the content of each of
// its files and returns the new one.
func newSandbox(t *testing.T, edit func(name, content string) string) *sandbox {
	t.Helper()
	s := &sandbox{t: t, state: filepath.Join(t.TempDir(), "state"), dir: t.TempDir()}
	s.writeProject(edit)
	t.Cleanup(func() { stopCloud(t, s.state) })
	return s
}

// writeProject writes the application's files after edit.
func (s *sandbox) writeProject(edit func(name, content string) string) {
	s.t.Helper()
	application := os.DirFS(filepath.Join(root, "tests", "application"))
	require.NoError(s.t, fs.WalkDir(application, ".", func(name string, entry fs.DirEntry, err error) error {
		path := filepath.Join(s.dir, name)
		if err != nil || entry.IsDir() {
			return errors.Join(err, os.MkdirAll(path, 0o700))
		}
		data, err := fs.ReadFile(application, name)
		if err != nil {
			return err
		}
		content := string(data)
		if edit != nil {
			content = edit(name, content)
		}
		return os.WriteFile(path, []byte(content), 0o600)
	}))
}

// result is a command's output and exit code.
type result struct {
	exit     int
	out, err string
}

func (r result) String() string {
	return fmt.Sprintf("exit %d\n--- standard output\n%s\n--- standard error\n%s", r.exit, r.out, r.err)
}

// run runs a command of the sandbox.
func (s *sandbox) run(args ...string) result {
	s.t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"--state", s.state, "--dir", s.dir}, args...)
	exit := command.Run(s.t.Context(), args, command.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, program.In)
	return result{exit: exit, out: out.String(), err: errs.String()}
}

// must runs a command that has to end with exit code 0.
func (s *sandbox) must(args ...string) result {
	s.t.Helper()
	result := s.run(args...)
	require.Equal(s.t, command.ExitDone, result.exit, "%v: %s", args, result)
	return result
}

// unchanged previews a stack that has to equal its settings.
func (s *sandbox) unchanged(stack string) {
	s.t.Helper()
	nothing(s.t, s.must("preview", stack))
}

// nothing checks that a preview has nothing to do.
func nothing(t *testing.T, preview result) {
	t.Helper()
	assert.Regexp(t, `(?m)^ +\d+ unchanged$`, preview.out)
	assert.NotRegexp(t, `\d+ to (create|update|replace|delete)`, preview.out)
}

// status returns where the cloud answers.
func (s *sandbox) status() server.Status {
	s.t.Helper()
	var status server.Status
	require.NoError(s.t, json.Unmarshal([]byte(s.must("status", "--json").out), &status))
	return status
}

// client returns a client that the cloud's APIs accept.
func (s *sandbox) client() *http.Client {
	s.t.Helper()
	dir, err := statedir.Open(s.state)
	require.NoError(s.t, err)
	client, err := server.Connect(s.t.Context(), dir)
	require.NoError(s.t, err)
	return client.HTTP()
}

// api calls the emulated cloud's API as its owner, and returns the answer's status and JSON.
func (s *sandbox) api(method, path string, body any) (int, map[string]any) {
	s.t.Helper()
	data, err := json.Marshal(body)
	require.NoError(s.t, err)
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.status().API+path, reader)
	require.NoError(s.t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client().Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	answer := map[string]any{}
	if data, err = io.ReadAll(response.Body); err == nil && len(data) > 0 {
		_ = json.Unmarshal(data, &answer)
	}
	return response.StatusCode, answer
}

// get fetches a URL and returns status and body.
func (s *sandbox) get(url string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, url, nil)
	require.NoError(s.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return response.StatusCode, string(data)
}
