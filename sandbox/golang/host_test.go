package golang

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

// told is a program that prints its folder, its arguments and the variables of its run. The argument fail ends it with
// exit code 3, and with the argument wait it sleeps until it is interrupted.
const told = `package main

import (
	"os"
	"strings"
	"time"
)

func main() {
	folder, _ := os.Getwd()
	os.Stdout.WriteString(folder + " " + strings.Join(os.Args[1:], " ") + "\n")
	for _, name := range []string{"ORGANIZATION", "PROJECT", "STACK", "ROOT_DIRECTORY", "CONFIG", "CONFIG_SECRET_KEYS", "DRY_RUN", "PARALLEL",
		"MONITOR", "ENGINE", "OF_THE_PLUGIN"} {
		os.Stdout.WriteString(name + "=" + os.Getenv("PULUMI_"+name) + "\n")
	}
	switch {
	case len(os.Args) > 1 && os.Args[1] == "fail":
		os.Stderr.WriteString("a complaint\n")
		os.Exit(3)
	case len(os.Args) > 1 && os.Args[1] == "wait":
		time.Sleep(time.Hour)
	}
}
`

// written returns a folder with the program in its folder main, and one that does not compile in broken.
func written(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range map[string]string{"go.mod": "module example.com/program\n\ngo 1.26\n", "main/main.go": told,
		"broken/main.go": "package main\n\nfunc main() { missing() }\n"} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return folder
}

// asEngine serves a host, and connects to it as the engine does.
func asEngine(t *testing.T, options Options) pulumirpc.LanguageRuntimeClient {
	t.Helper()
	host, err := Serve(options)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, host.Close()) })
	return connect(t, host.Port())
}

func connect(t *testing.T, port int) pulumirpc.LanguageRuntimeClient {
	t.Helper()
	connection, err := grpc.NewClient(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, connection.Close()) })
	return pulumirpc.NewLanguageRuntimeClient(connection)
}

// TestRun runs programs as the engine asks for it, and compares what they were told.
func TestRun(t *testing.T) {
	t.Parallel()
	folder, here := written(t), t.TempDir()
	var out bytes.Buffer
	engine := asEngine(t, Options{Bin: t.TempDir(), Out: &out, Engine: "127.0.0.1:1", Once: true})
	run := func(entry string, args ...string) (failed, said string) {
		t.Helper()
		out.Reset()
		answer, err := engine.Run(t.Context(), &pulumirpc.RunRequest{Organization: "org", Project: "shop", Stack: "dev", Pwd: here, Args: args,
			Config: map[string]string{"shop:a": `x"y`}, ConfigSecretKeys: []string{"shop:a"}, DryRun: true, Parallel: 16,
			MonitorAddress: "127.0.0.1:2", Info: &pulumirpc.ProgramInfo{RootDirectory: "/root", ProgramDirectory: folder, EntryPoint: entry}})
		require.NoError(t, err)
		return answer.GetError(), out.String()
	}
	lines := func(args, engine string) string {
		return here + " " + args + "\nORGANIZATION=org\nPROJECT=shop\nSTACK=dev\nROOT_DIRECTORY=/root\n" + `CONFIG={"shop:a":"x\"y"}` + "\n" +
			`CONFIG_SECRET_KEYS=["shop:a"]` + "\nDRY_RUN=true\nPARALLEL=16\nMONITOR=127.0.0.1:2\nENGINE=" + engine + "\nOF_THE_PLUGIN=\n"
	}
	failed, said := run("main", "one", "two")
	assert.Empty(t, failed)
	assert.Equal(t, lines("one two", "127.0.0.1:1"), said)
	// An engine that attaches says where it is.
	_, err := engine.Handshake(t.Context(), &pulumirpc.LanguageHandshakeRequest{EngineAddress: "127.0.0.1:3"})
	require.NoError(t, err)
	failed, said = run("main", "fail")
	assert.Equal(t, "program failed: exit status 3", failed)
	assert.Equal(t, lines("fail", "127.0.0.1:3")+"a complaint\n", said)
	failed, said = run("broken")
	assert.Contains(t, failed, "compile "+filepath.Join(folder, "broken")+": exit status 1\n")
	assert.Contains(t, failed, "undefined: missing")
	assert.Empty(t, said)
}

// TestProgramOfAnotherFolder checks that the option names the program, whatever the project file says.
func TestProgramOfAnotherFolder(t *testing.T) {
	t.Parallel()
	folder := written(t)
	engine := asEngine(t, Options{Program: filepath.Join(folder, "broken"), Bin: t.TempDir(), Out: io.Discard})
	answer, err := engine.Run(t.Context(), &pulumirpc.RunRequest{Info: &pulumirpc.ProgramInfo{ProgramDirectory: folder, EntryPoint: "main"}})
	require.NoError(t, err)
	assert.Contains(t, answer.GetError(), "compile "+filepath.Join(folder, "broken"))
}

// TestRunPlugin runs a plugin as the engine runs a policy pack. Its output and exit code reach the engine, and a call that is canceled
// interrupts it.
func TestRunPlugin(t *testing.T) {
	t.Parallel()
	folder, here := written(t), t.TempDir()
	engine := asEngine(t, Options{Bin: t.TempDir(), Out: io.Discard, Once: true})
	start := func(ctx context.Context, entry string, args ...string) grpc.ServerStreamingClient[pulumirpc.RunPluginResponse] {
		t.Helper()
		stream, err := engine.RunPlugin(ctx, &pulumirpc.RunPluginRequest{Pwd: here, Args: args, Env: []string{"PULUMI_OF_THE_PLUGIN=x"},
			Info: &pulumirpc.ProgramInfo{ProgramDirectory: folder, EntryPoint: entry}})
		require.NoError(t, err)
		return stream
	}
	run := func(entry string, args ...string) (out, complained string, code int32, err error) {
		t.Helper()
		stream := start(t.Context(), entry, args...)
		for {
			message, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return out, complained, code, nil
			} else if err != nil {
				return out, complained, code, err
			}
			out, complained = out+string(message.GetStdout()), complained+string(message.GetStderr())
			code += message.GetExitcode()
		}
	}
	out, complained, code, err := run("main", "127.0.0.1:1")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(out, here+" 127.0.0.1:1\n") && strings.HasSuffix(out, "OF_THE_PLUGIN=x\n"), out)
	assert.Empty(t, complained)
	assert.Zero(t, code)
	_, complained, code, err = run("main", "fail")
	require.NoError(t, err)
	assert.Equal(t, "a complaint\n", complained)
	assert.Equal(t, int32(3), code)
	_, _, _, err = run("broken")
	assert.Equal(t, codes.FailedPrecondition, status.Code(err))
	require.ErrorContains(t, err, "undefined: missing")

	ctx, cancel := context.WithCancel(t.Context())
	stream := start(ctx, "main", "wait")
	_, err = stream.Recv()
	require.NoError(t, err, "it runs")
	cancel()
	for err == nil {
		_, err = stream.Recv()
	}
	assert.Equal(t, codes.Canceled, status.Code(err))

	debugged, err := engine.RunPlugin(t.Context(), &pulumirpc.RunPluginRequest{AttachDebugger: true})
	require.NoError(t, err)
	_, err = debugged.Recv()
	assert.Equal(t, codes.Unimplemented, status.Code(err))
}

// TestWhatTheEngineAsksBeforehand checks the answers about packages and dependencies: there is nothing to install.
func TestWhatTheEngineAsksBeforehand(t *testing.T) {
	t.Parallel()
	engine := asEngine(t, Options{Bin: t.TempDir(), Out: io.Discard})
	plugin, err := engine.GetPluginInfo(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
	assert.Equal(t, "1.0.0", plugin.GetVersion())
	packages, err := engine.GetRequiredPackages(t.Context(), &pulumirpc.GetRequiredPackagesRequest{})
	require.NoError(t, err)
	assert.Empty(t, packages.GetPackages())
	installing, err := engine.InstallDependencies(t.Context(), &pulumirpc.InstallDependenciesRequest{})
	require.NoError(t, err)
	_, err = installing.Recv()
	assert.ErrorIs(t, err, io.EOF)
	_, err = engine.Cancel(t.Context(), &emptypb.Empty{})
	assert.NoError(t, err)
}

// TestCommand runs the language host as the engine starts it: it prints its port and nothing else, and serves until a signal comes. Then
// its executables are gone.
func TestCommand(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	var complained bytes.Buffer
	assert.Equal(t, ExitUsage, Run(t.Context(), nil, cli.Streams{Err: &complained}))
	assert.Equal(t, "pulumi-language-go: no engine address: the Pulumi engine starts this program, people do not\n", complained.String())

	// The engine is only asked whether it still exists.
	another, err := Serve(Options{Bin: t.TempDir(), Out: io.Discard})
	require.NoError(t, err)
	defer another.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	complained.Reset()
	go func() {
		ended <- Run(ctx, []string{"-root=/", net.JoinHostPort("127.0.0.1", strconv.Itoa(another.Port()))},
			cli.Streams{Out: writer, Err: &complained})
		_ = writer.Close()
	}()
	printed := bufio.NewReader(reader)
	line, err := printed.ReadString('\n')
	require.NoError(t, err)
	port, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	answer, err := connect(t, port).Run(t.Context(), &pulumirpc.RunRequest{Info: &pulumirpc.ProgramInfo{ProgramDirectory: written(t),
		EntryPoint: "broken"}})
	require.NoError(t, err)
	assert.Contains(t, answer.GetError(), "undefined: missing")
	cancel()
	assert.Equal(t, ExitDone, <-ended)
	assert.Empty(t, complained.String())
	rest, err := io.ReadAll(printed)
	require.NoError(t, err)
	assert.Empty(t, rest)
	left, err := filepath.Glob(filepath.Join(temporary, Executable+"*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}
