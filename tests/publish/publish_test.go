// Package publish_test publishes the policy pack with the real CLI to a stand-in of Pulumi Cloud, and then does what a
// machine does that downloads it.
package publish_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/guiofsaints/procureflow-platform/sandbox/golang"
	"github.com/guiofsaints/procureflow-platform/sandbox/pulumicli"
	"github.com/guiofsaints/procureflow-platform/tests/linkonce"
)

// token is the token that the stand-in accepts. The CLI takes it from its environment.
const token = "pul-not-a-real-token"

// lease is the token of an update that the stand-in has started.
const lease = "not-a-real-lease"

var (
	root = filepath.Join("..", "..")
	cli  pulumicli.CLI
	// hosts is the folder with pulumi-language-go.
	hosts string
)

func TestMain(m *testing.M) { os.Exit(prepare(m)) }

func prepare(m *testing.M) int {
	ctx := context.Background()
	end, err := linkonce.Begin()
	if err == nil {
		defer end()
		hosts, err = os.MkdirTemp("", "publish")
		defer os.RemoveAll(hosts)
	}
	if err == nil {
		cli, err = pulumicli.Ensure(ctx, pulumicli.Options{Out: os.Stderr})
	}
	if err == nil {
		err = golang.BuildHost(ctx, root, hosts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// service is the part of Pulumi Cloud's API that `pulumi policy publish` and `pulumi preview` use.
type service struct {
	*httptest.Server
	t        *testing.T
	refuse   map[string]int // the status to answer with, by "METHOD path"
	mutex    sync.Mutex
	calls    []string
	pack     apitype.CreatePolicyPackRequest
	tarball  []byte
	complete bool
	config   map[string]*json.RawMessage // the required pack's configuration, by policy
}

func newService(t *testing.T, refuse map[string]int) *service {
	t.Helper()
	s := &service{t: t, refuse: refuse}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	call := r.Method + " " + r.URL.Path
	s.calls = append(s.calls, call)
	credentials := []string{"token " + token, "update-token " + lease}
	if call != "PUT /upload" && call != "GET /download" && !slices.Contains(credentials, r.Header.Get("Authorization")) {
		answer(w, http.StatusUnauthorized, apitype.ErrorResponse{Code: 401, Message: "unauthorized"})
		return
	}
	if code := s.refuse[call]; code != 0 {
		answer(w, code, apitype.ErrorResponse{Code: code, Message: "refused by the test"})
		return
	}
	switch call {
	case "GET /api/user":
		answer(w, http.StatusOK, map[string]any{"githubLogin": "someone", "organizations": []any{map[string]any{"githubLogin": "acme"}}})
	case "GET /api/capabilities":
		answer(w, http.StatusOK, map[string]any{"capabilities": []any{}})
	case "POST /api/orgs/acme/policypacks":
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			var err error
			if body, err = gzip.NewReader(body); err != nil {
				answer(w, http.StatusBadRequest, apitype.ErrorResponse{Code: 400, Message: err.Error()})
				return
			}
		}
		if err := json.NewDecoder(body).Decode(&s.pack); err != nil {
			answer(w, http.StatusBadRequest, apitype.ErrorResponse{Code: 400, Message: err.Error()})
			return
		}
		answer(w, http.StatusOK, apitype.CreatePolicyPackResponse{Version: 1, UploadURI: "http://" + r.Host + "/upload",
			RequiredHeaders: map[string]string{"X-Test-Signature": "signed"}})
	case "PUT /upload":
		// The object store knows the signature, and must not see the token.
		if r.Header.Get("X-Test-Signature") != "signed" || r.Header.Get("Authorization") != "" {
			answer(w, http.StatusForbidden, nil)
			return
		}
		s.tarball, _ = io.ReadAll(r.Body)
	case "POST /api/orgs/acme/policypacks/" + s.pack.Name + "/versions/" + s.pack.VersionTag + "/complete":
		s.complete = true
	default:
		if !s.serveStack(w, r) {
			answer(w, http.StatusNotFound, apitype.ErrorResponse{Code: 404, Message: "the test does not know " + call})
		}
	}
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

// publish runs the CLI in a pack's folder and returns its output and exit code.
func (s *service) publish(pack string, environment ...string) (string, int) {
	s.t.Helper()
	return s.pulumi(pack, s.t.TempDir(), environment, "policy", "publish", "acme")
}

// pulumi runs the CLI against the service, and returns its output and exit code.
func (s *service) pulumi(folder, home string, environment []string, args ...string) (string, int) {
	s.t.Helper()
	environment = append([]string{
		"PULUMI_BACKEND_URL=" + s.URL, "PULUMI_ACCESS_TOKEN=" + token, "PULUMI_HOME=" + home, "PULUMI_SKIP_UPDATE_CHECK=true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true", "PATH=" + os.Getenv("PATH") + string(os.PathListSeparator) + hosts,
	}, environment...)
	command := cli.Command(s.t.Context(), folder, environment, append(args, "--non-interactive")...)
	output, err := command.CombinedOutput()
	if command.ProcessState == nil {
		require.NoError(s.t, err)
	}
	s.mutex.Lock() // what the handlers wrote is read from here on
	defer s.mutex.Unlock()
	return string(output), command.ProcessState.ExitCode()
}

func policyFolder(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "policy"))
	require.NoError(t, err)
	return path
}

// published publishes the policy pack, and checks what the service was told about it.
func (s *service) published() {
	t := s.t
	t.Helper()
	output, exit := s.publish(policyFolder(t))
	require.Equal(t, 0, exit, "%s\n%s", output, strings.Join(s.calls, "\n"))
	assert.True(t, s.complete)
	assert.Contains(t, output, "acme/insights/policypacks/procureflow/"+s.pack.VersionTag)

	assert.Equal(t, "procureflow", s.pack.Name)
	assert.Equal(t, "go", s.pack.Runtime)
	assert.Regexp(t, `^\d+\.\d+\.\d+$`, s.pack.VersionTag)
	assert.Len(t, s.pack.Policies, 52)
	levels := map[apitype.EnforcementLevel]int{}
	for _, policy := range s.pack.Policies {
		levels[policy.EnforcementLevel]++
		assert.NotEmpty(t, policy.Description, policy.Name)
		assert.NotEmpty(t, policy.Severity, policy.Name)
		assert.NotEmpty(t, policy.RemediationSteps, policy.Name)
	}
	assert.Positive(t, levels[apitype.Mandatory], "%v", levels)
}

// TestPublishingFails checks that a failure names its cause, ends with an exit code other than 0, and completes nothing.
func TestPublishingFails(t *testing.T) {
	t.Parallel()
	broken := t.TempDir()
	for name, content := range map[string]string{
		"PulumiPolicy.yaml": "name: broken\nruntime: go\n", "go.mod": "module broken\n\ngo 1.26\n",
		"main.go": "package main\n\nfunc main() { undefinedName() }\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(broken, name), []byte(content), 0o600))
	}
	for name, want := range map[string]struct {
		pack        string
		refuse      map[string]int
		environment []string
		says        string
	}{
		"a wrong token": {pack: policyFolder(t), environment: []string{"PULUMI_ACCESS_TOKEN=pul-another"},
			says: "Unauthorized: No credentials provided or are invalid"},
		"a published version": {pack: policyFolder(t), refuse: map[string]int{"POST /api/orgs/acme/policypacks": 409},
			says: "[409] refused by the test"},
		"another organisation": {pack: policyFolder(t), refuse: map[string]int{"POST /api/orgs/acme/policypacks": 403},
			says: "[403] refused by the test"},
		"not completed": {pack: policyFolder(t),
			refuse: map[string]int{"POST /api/orgs/acme/policypacks/procureflow/versions/1.0.0/complete": 400}, says: "completion"},
		"code that is not code": {pack: broken, says: "undefined: undefinedName"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, want.refuse)
			output, exit := s.publish(want.pack, want.environment...)
			assert.NotEqual(t, 0, exit, output)
			assert.Contains(t, output, want.says)
			assert.NotContains(t, output, token)
			assert.False(t, s.complete)
		})
	}
}

// ask starts a pack as the engine does, and asks for its metadata.
func ask(t *testing.T, executable string) *pulumirpc.AnalyzerInfo {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	command := exec.CommandContext(ctx, executable)
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	defer func() {
		cancel()
		_ = command.Wait() // reports that it was killed
	}()
	port, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	connection, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer connection.Close()
	info, err := pulumirpc.NewAnalyzerClient(connection).GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
	return info
}
