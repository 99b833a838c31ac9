package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// contestant is an SDK with the two packs that are written on it.
type contestant struct {
	name string
	// rules starts a pack with as many rules as the platform's pack. reporting starts a pack of 40 rules, each of which reports.
	rules, reporting launch
}

// launch says how to start a pack: the folder, the command, and the arguments after the engine's address.
type launch struct {
	name, folder   string
	command, after []string
}

// contestants builds the platform's packs into a folder. It returns them together with the packs they are compared with.
func contestants(ctx context.Context, folder string) ([]contestant, error) {
	onPolicyx := filepath.Join(folder, "onpolicyx")
	for _, build := range []struct {
		in, to   string
		packages []string
	}{
		{".", folder, []string{".", "./bench/reporting"}},
		{filepath.Join("bench", "policyx"), onPolicyx, []string{".", "./reporting"}},
	} {
		cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-o", build.to + string(filepath.Separator)}, build.packages...)...)
		cmd.Dir, cmd.Env = build.in, append(os.Environ(), "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building the packs in %s: %w\n%s", build.in, err, out)
		}
	}
	peer, err := filepath.Abs(filepath.Join("bench", "typescript"))
	if err != nil {
		return nil, err
	}
	runner := filepath.Join(peer, "node_modules", "@pulumi", "pulumi", "cmd", "run-policy-pack", "index.js")
	for _, needed := range []string{runner, filepath.Join(peer, "bin", "reporting", "index.js")} {
		if _, err := os.Stat(needed); err != nil {
			return nil, fmt.Errorf("the peer is not installed (run npm ci && npx tsc in bench/typescript): %w", err)
		}
	}
	ours := func(name string) launch {
		return launch{name: "Go " + name, command: []string{filepath.Join(folder, name)}}
	}
	experimental := func(name string) launch {
		return launch{name: "policyx " + name, command: []string{filepath.Join(onPolicyx, name)}}
	}
	theirs := func(folder string) launch {
		return launch{name: "TypeScript " + folder, folder: folder, command: []string{"node", runner}, after: []string{"."}}
	}
	return []contestant{
		{name: "Go", rules: ours("policy"), reporting: ours("reporting")},
		{name: "policyx", rules: experimental("policyx"), reporting: experimental("reporting")},
		{name: "TypeScript", rules: theirs(peer), reporting: theirs(filepath.Join(peer, "reporting"))},
	}, nil
}

// process is a running pack.
type process struct {
	name    string
	cmd     *exec.Cmd
	conn    *grpc.ClientConn
	started time.Duration // until GetAnalyzerInfo answered
	rules   int
}

// start starts a pack and waits until it answers GetAnalyzerInfo. engine is an address that accepts connections.
func (l launch) start(ctx context.Context, engine string) (*process, error) {
	args := slices.Concat(l.command[1:], []string{engine}, l.after)
	p := &process{name: l.name, cmd: exec.CommandContext(ctx, l.command[0], args...)}
	p.cmd.Dir = l.folder
	p.cmd.Stderr = os.Stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", l.name, err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s did not write its port: %w", l.name, err)
	}
	p.conn, err = grpc.NewClient("127.0.0.1:"+strings.TrimSpace(line), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(400<<20), grpc.MaxCallSendMsgSize(400<<20)))
	if err != nil {
		return nil, err
	}
	client := pulumirpc.NewAnalyzerClient(p.conn)
	if err := introduce(ctx, client, engine); err != nil {
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}
	info, err := client.GetAnalyzerInfo(ctx, &emptypb.Empty{})
	if err != nil {
		return nil, fmt.Errorf("%s: GetAnalyzerInfo: %w", l.name, err)
	}
	p.started, p.rules = time.Since(begin), len(info.Policies)
	config := map[string]*pulumirpc.PolicyConfig{}
	for _, policy := range info.Policies {
		config[policy.Name] = &pulumirpc.PolicyConfig{EnforcementLevel: policy.EnforcementLevel, Properties: optionsOf(policy)}
	}
	if _, err := client.Configure(ctx, &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: config}); err != nil {
		return nil, fmt.Errorf("%s: Configure: %w", l.name, err)
	}
	return p, nil
}

// introduce makes the calls that the engine makes at the beginning of a preview. Some SDKs do not have the first call, Handshake.
// policyx answers nothing before the second call.
func introduce(ctx context.Context, client pulumirpc.AnalyzerClient, engine string) error {
	_, err := client.Handshake(ctx, &pulumirpc.AnalyzerHandshakeRequest{EngineAddress: engine})
	if err != nil && status.Code(err) != codes.Unimplemented {
		return fmt.Errorf("call Handshake: %w", err)
	}
	_, err = client.ConfigureStack(ctx, &pulumirpc.AnalyzerStackConfigureRequest{
		Organization: "o", Project: "bench", Stack: "dev", DryRun: true,
	})
	if err != nil {
		return fmt.Errorf("ConfigureStack: %w", err)
	}
	return nil
}

func (p *process) stop() {
	_ = p.conn.Close()       // the process is about to be killed: nothing is lost
	_ = p.cmd.Process.Kill() // it may have ended by itself
	_ = p.cmd.Wait()         // reports the kill
}

// peak returns the largest amount of memory that the process has ever had, in MB.
func (p *process) peak() (float64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) {
		if rest, found := strings.CutPrefix(line, "VmHWM:"); found {
			kilobytes, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kilobytes / 1024, err
		}
	}
	return 0, fmt.Errorf("no VmHWM in the status of process %d", p.cmd.Process.Pid)
}

// processorTime adds up the processor time of all threads of the process.
func (p *process) processorTime() (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	var total time.Duration
	for _, thread := range threads {
		content, err := os.ReadFile(thread)
		if err != nil {
			continue // a thread that has ended since
		}
		nanoseconds, _, _ := strings.Cut(string(content), " ")
		n, err := strconv.ParseInt(nanoseconds, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", thread, err)
		}
		total += time.Duration(n)
	}
	return total, nil
}
