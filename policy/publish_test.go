package main

import (
	"bufio"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// TestPublishedPackBuildsAlone does what a machine does that downloads the published pack. It unpacks this folder alone, runs go
// mod tidy and go build, starts the pack, and asks for its metadata without any configuration.
func TestPublishedPackBuildsAlone(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	copyPack(t, folder)
	command(t, folder, "go", "mod", "tidy")
	before, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	after, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after), "go.mod is not tidy")
	assert.NotContains(t, string(after), "../", "go.mod refers to a folder outside the pack, which is not published")
	command(t, folder, "go", "build", "-o", "pack", ".")

	client := start(t, filepath.Join(folder, "pack"))
	info, err := client.GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
	assert.Equal(t, "procureflow", info.Name)
	assert.Len(t, info.Policies, 52)
	_, err = client.GetPluginInfo(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
}

// TestThePackNeedsFewModules limits the number of modules, because every machine that uses the pack compiles them.
func TestThePackNeedsFewModules(t *testing.T) {
	t.Parallel()
	out := command(t, ".", "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
	modules := strings.Fields(out)
	slices.Sort(modules)
	assert.Equal(t, []string{
		"cel.dev/cel-go", "cel.dev/expr", "github.com/antlr4-go/antlr/v4", "github.com/guiofsaints/procureflow-platform/policy",
		"github.com/pulumi/pulumi/sdk/v3", "golang.org/x/exp", "golang.org/x/net", "golang.org/x/sys", "golang.org/x/text",
		"google.golang.org/genproto/googleapis/api", "google.golang.org/genproto/googleapis/rpc", "google.golang.org/grpc",
		"google.golang.org/protobuf",
	}, slices.Compact(modules))
}

// copyPack copies the files that publish packs: this folder without the files that .gitignore names.
func copyPack(t *testing.T, to string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || path == filepath.Join("bench", "typescript", "bin")) {
			return fs.SkipDir
		}
		target := filepath.Join(to, path)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
	require.NoError(t, err)
}

func command(t *testing.T, folder, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s %v: %s", name, args, stderr.String())
	return string(out)
}

// start runs a pack as the engine does, and connects to it.
func start(t *testing.T, pack string) pulumirpc.AnalyzerClient {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, pack)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // reports that it was killed
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	conn, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, conn.Close()) })
	return pulumirpc.NewAnalyzerClient(conn)
}
