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
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// contestant is a pack and how to start it: in a folder, a command, the engine's address, and what comes after it.
type contestant struct {
	name, folder   string
	command, after []string
}

// contestants are the platform's pack, built into a folder, and its peer.
func contestants(ctx context.Context, folder string) ([]contestant, error) {
	pack := filepath.Join(folder, "pack")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", pack, ".").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the pack: %w\n%s", err, out)
	}
	peer, err := filepath.Abs(filepath.Join("bench", "typescript"))
	if err != nil {
		return nil, err
	}
	runner := filepath.Join(peer, "node_modules", "@pulumi", "pulumi", "cmd", "run-policy-pack", "index.js")
	if _, err := os.Stat(runner); err != nil {
		return nil, fmt.Errorf("the peer is not installed (run npm ci && npx tsc in bench/typescript): %w", err)
	}
	return []contestant{
		{name: "Go", command: []string{pack}},
		{name: "TypeScript", folder: peer, command: []string{"node", runner}, after: []string{"."}},
	}, nil
}

// process is a running pack.
type process struct {
	cmd     *exec.Cmd
	conn    *grpc.ClientConn
	client  pulumirpc.AnalyzerClient
	started time.Duration // until GetAnalyzerInfo answered
	rules   int
}

// start runs a pack until it answers GetAnalyzerInfo. engine is an address that takes connections.
func (c contestant) start(ctx context.Context, engine string) (*process, error) {
	args := slices.Concat(c.command[1:], []string{engine}, c.after)
	p := &process{cmd: exec.CommandContext(ctx, c.command[0], args...)}
	p.cmd.Dir = c.folder
	p.cmd.Stderr = os.Stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.name, err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s did not write its port: %w", c.name, err)
	}
	p.conn, err = grpc.NewClient("127.0.0.1:"+strings.TrimSpace(line), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(400<<20), grpc.MaxCallSendMsgSize(400<<20)))
	if err != nil {
		return nil, err
	}
	p.client = pulumirpc.NewAnalyzerClient(p.conn)
	info, err := p.client.GetAnalyzerInfo(ctx, &emptypb.Empty{})
	if err != nil {
		return nil, fmt.Errorf("%s: GetAnalyzerInfo: %w", c.name, err)
	}
	p.started, p.rules = time.Since(begin), len(info.Policies)
	config := map[string]*pulumirpc.PolicyConfig{}
	for _, policy := range info.Policies {
		config[policy.Name] = &pulumirpc.PolicyConfig{EnforcementLevel: policy.EnforcementLevel, Properties: defaults(policy)}
	}
	if _, err := p.client.Configure(ctx, &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: config}); err != nil {
		return nil, fmt.Errorf("%s: Configure: %w", c.name, err)
	}
	return p, nil
}

func (p *process) stop() {
	_ = p.conn.Close()       // the process is about to be killed: nothing is lost
	_ = p.cmd.Process.Kill() // it may have ended by itself
	_ = p.cmd.Wait()         // reports the kill
}

// peak is the most memory the process ever had, in MB.
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
