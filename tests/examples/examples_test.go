// Package examples_test runs each program of examples/ by the real engine against the emulated cloud: it makes the
// resources, finds nothing to change, and deletes them.
package examples_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	emulator "github.com/guiofsaints/procureflow-platform/emulator/command"
	"github.com/guiofsaints/procureflow-platform/emulator/provider"
	"github.com/guiofsaints/procureflow-platform/sandbox/golang"
	"github.com/guiofsaints/procureflow-platform/sandbox/pulumicli"
	"github.com/guiofsaints/procureflow-platform/tests/linkonce"
)

const token = "not-a-real-token"

func TestMain(m *testing.M) {
	end, err := linkonce.Begin()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	end()
	os.Exit(code)
}

// bed is the engine with a project's folder, the emulated cloud, and the environment in which it finds the program's language host.
type bed struct {
	t               *testing.T
	cli             pulumicli.CLI
	program, folder string
	apis            string
	environment     []string
}

// newBed makes the bed of an example. language returns the variable by which the engine finds the program's language host.
func newBed(t *testing.T, example string, language func(t *testing.T, program string) string) *bed {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("..", "..", "examples", example))
	require.NoError(t, err)
	folder := t.TempDir() // the CLI writes next to the project file
	project, err := os.ReadFile(filepath.Join(program, "Pulumi.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "Pulumi.yaml"), project, 0o600))
	cli, err := pulumicli.Ensure(t.Context(), pulumicli.Options{Out: os.Stderr})
	require.NoError(t, err)
	apis := serveEmulator(t)
	gcp, err := provider.Serve(t.Context(), provider.Options{API: apis, Token: token, Name: provider.GCP})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, gcp.Close()) })
	b := &bed{t: t, cli: cli, program: program, folder: folder, apis: apis, environment: []string{
		"PULUMI_BACKEND_URL=file://" + t.TempDir(), "PULUMI_HOME=" + t.TempDir(), "PULUMI_CONFIG_PASSPHRASE=test",
		"PULUMI_PASSPHRASE_KEYS=" + t.TempDir(),
		"PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		fmt.Sprintf("PULUMI_DEBUG_PROVIDERS=gcp:%d", gcp.Port()), language(t, program),
	}}
	b.must("stack", "init", "dev")
	return b
}

// goHost serves the language host of Go programs, to which the engine attaches.
func goHost(t *testing.T, program string) string {
	t.Helper()
	host, err := golang.Serve(golang.Options{Program: program, Bin: t.TempDir(), Out: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, host.Close()) })
	return fmt.Sprintf("PULUMI_DEBUG_LANGUAGES=go:%d", host.Port())
}

// serveEmulator runs the emulator's command until the test ends, and returns the address of its APIs.
func serveEmulator(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	read, write := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- emulator.Run(ctx, []string{"-listen", "127.0.0.1:0", "-data-plane", "127.0.0.1:0", "-token", token},
			emulator.Streams{Out: write, Err: io.Discard}, nil)
		_ = write.Close()
	}()
	t.Cleanup(func() { cancel(); assert.Equal(t, emulator.ExitDone, <-ended) })
	apis := ""
	lines := bufio.NewScanner(read)
	for apis == "" && lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "APIs" {
			apis = fields[1]
		}
	}
	require.NoError(t, lines.Err())
	require.NotEmpty(t, apis, "the emulator says where its APIs are")
	go func() { _, _ = io.Copy(io.Discard, read) }()
	return apis
}

func (b *bed) pulumi(args ...string) (string, error) {
	b.t.Helper()
	command := b.cli.Command(b.t.Context(), b.folder, b.environment, append(args, "--non-interactive")...)
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err := command.Run()
	return said.String(), err
}

func (b *bed) must(args ...string) string {
	b.t.Helper()
	said, err := b.pulumi(args...)
	require.NoError(b.t, err, "pulumi %v: %s", args, said)
	return said
}

// up runs an update and returns the engine's output.
func (b *bed) up(flags ...string) string {
	return b.must(append([]string{"up", "--yes", "--stack", "dev"}, flags...)...)
}

// ends checks that nothing is left to change, and deletes everything.
func (b *bed) ends(resources int, flags ...string) {
	b.t.Helper()
	b.must(append([]string{"preview", "--expect-no-changes", "--stack", "dev"}, flags...)...)
	assert.Contains(b.t, b.must("destroy", "--yes", "--stack", "dev"), fmt.Sprintf("%d deleted", resources))
}

// traffic sends a request about a service's traffic to Cloud Run. It returns the revisions with their percents and tags.
func (b *bed) traffic(method, body string) (split []string) {
	b.t.Helper()
	address := b.apis + "/run/v2/projects/demo-project/locations/us-central1/services/hello"
	if method == http.MethodPatch {
		address += "?updateMask=traffic"
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(body))
	require.NoError(b.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	require.Equal(b.t, http.StatusOK, response.StatusCode)
	var service struct {
		Traffic []struct {
			Revision, Tag string
			Percent       int
		}
	}
	require.NoError(b.t, json.NewDecoder(response.Body).Decode(&service))
	for _, target := range service.Traffic {
		split = append(split, fmt.Sprintf("%s %d %s", target.Revision, target.Percent, target.Tag))
	}
	return split
}

// TestService runs a program of components alone under the policy pack. A release moves the service's traffic, and an update of
// something else leaves the traffic alone.
func TestService(t *testing.T) {
	t.Parallel()
	b := newBed(t, "service", goHost)
	b.must("config", "set-all", "--stack", "dev", "--plaintext", "hello:project=demo-project", "--plaintext",
		"hello:projectNumber=123456789012", "--plaintext", "hello:region=us-central1")
	atMost := func(instances string) { b.must("config", "set", "hello:maxInstances", instances, "--stack", "dev") }
	atMost("9")
	pack := filepath.Join(t.TempDir(), "policy-pack")
	require.NoError(t, golang.Compile(t.Context(), filepath.Join("..", "..", "policy"), ".", pack, "the policy pack"))
	guarded := []string{"--policy-pack", pack, "--policy-pack-config", filepath.Join(b.program, "policy", "strict.json")}
	refused, err := b.pulumi(append([]string{"preview", "--stack", "dev"}, guarded...)...)
	require.Error(t, err, refused)
	assert.Contains(t, refused, "template.scaling.maxInstanceCount is 9: set it to 3 or less")
	atMost("2")
	assert.Contains(t, b.up(guarded...), "8 created")
	first, _, _ := strings.Cut(b.traffic(http.MethodGet, "")[0], " ")
	released := []string{first + " 100 stable"}
	b.traffic(http.MethodPatch, fmt.Sprintf(`{"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": %q, `+
		`"percent": 100, "tag": "stable"}]}`, first))
	atMost("3")
	assert.Contains(t, b.up(guarded...), "2 updated", "the component and its service")
	assert.Equal(t, released, b.traffic(http.MethodGet, ""))
	b.ends(8, guarded...)
}

// TestPlainYAMLProgramAgainstTheEmulator runs a YAML program that knows nothing of the platform. The engine asks the emulated
// provider for the schema of its types. The language host is a small one, or Pulumi's own with CHECK_FULL.
func TestPlainYAMLProgramAgainstTheEmulator(t *testing.T) {
	t.Parallel()
	b := newBed(t, "emulator", yamlHost)
	assert.Contains(t, b.up(), "5 created")
	b.ends(5)
}
