// Package crossguardtest calls a policy pack in tests as the Pulumi engine does: through the pack's gRPC server, with properties
// in the engine's encoding. A rule tested this way sees exactly the values that an engine would send.
//
//	c := crossguardtest.Start(t, rules.Pack())
//	got := c.Analyze(crossguardtest.Resource{Type: "gcp:cloudrunv2/service:Service", Properties: crossguardtest.Properties{
//		"template": map[string]any{"scaling": map[string]any{"maxInstanceCount": crossguardtest.Unknown}},
//	}})
//	require.Equal(t, []string{…}, got.Of("run-max-instances").Messages())
package crossguardtest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// TB lists the methods of *testing.T, *testing.B and *testing.F that a client needs.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// Client plays the engine: it calls a pack.
type Client struct {
	// RPC calls the protocol directly, for tests that the other methods do not serve.
	RPC    pulumirpc.AnalyzerClient
	t      TB
	logged *logged
}

// Setting is an option of [Start].
type Setting func(TB, crossguard.Pack, *crossguard.Server)

// Start serves a pack until the test ends. An invalid pack fails the test. Pass [Schema] to check the types and paths that the
// rules read against a provider's schema.
func Start(t TB, pack crossguard.Pack, settings ...Setting) *Client {
	t.Helper()
	server, err := crossguard.NewServer(pack)
	if err != nil {
		t.Fatal(err)
	}
	log := &logged{}
	server.LogTo(log.add)
	for _, set := range settings {
		set(t, pack, server)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer(crossguard.ServerOptions()...)
	server.Register(g)
	done := make(chan error, 1)
	go func() { done <- g.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(400<<20), grpc.MaxCallSendMsgSize(400<<20)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Errorf("closing the connection to the pack: %v", err)
		}
		g.Stop()
		if err := <-done; err != nil {
			t.Errorf("serving the pack: %v", err)
		}
	})
	return &Client{RPC: pulumirpc.NewAnalyzerClient(conn), t: t, logged: log}
}

// In returns the same client, reporting its failures to another test such as a subtest or a fuzz target.
func (c *Client) In(t TB) *Client { return &Client{RPC: c.RPC, t: t, logged: c.logged} }

// logged collects the lines that policies have logged.
type logged struct {
	mu    sync.Mutex
	lines []crossguard.Logged
}

func (l *logged) add(line crossguard.Logged) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

// Logged returns the lines that the policies have logged so far.
func (c *Client) Logged() []crossguard.Logged {
	c.logged.mu.Lock()
	defer c.logged.mu.Unlock()
	return slices.Clone(c.logged.lines)
}

// Info returns the pack's metadata.
func (c *Client) Info() *pulumirpc.AnalyzerInfo {
	c.t.Helper()
	info, err := c.RPC.GetAnalyzerInfo(c.t.Context(), &emptypb.Empty{})
	c.must(err)
	return info
}

// ConfigureStack tells the pack which stack it judges, and whether in a preview or an update.
func (c *Client) ConfigureStack(d crossguard.Deployment) {
	c.t.Helper()
	_, err := c.RPC.ConfigureStack(c.t.Context(), &pulumirpc.AnalyzerStackConfigureRequest{
		Organization: d.Organization, Project: d.Project, Stack: d.Stack, DryRun: d.DryRun,
		Config: d.Config, ConfigSecretKeys: d.SecretKeys, Tags: d.Tags,
	})
	c.must(err)
}

// Configure passes the content of a configuration file to the pack as the engine does. Every policy gets its options' defaults,
// overridden by the pack's initial configuration, overridden by the file. The error is the pack's refusal. The engine would also
// check the values against the options' JSON schema; Configure does not.
func (c *Client) Configure(file string) error {
	c.t.Helper()
	given := map[string]any{}
	if err := json.Unmarshal([]byte(file), &given); err != nil {
		c.t.Fatalf("configuration is not JSON: %v", err)
	}
	info := c.Info()
	all := map[string]*pulumirpc.PolicyConfig{}
	for _, p := range info.Policies {
		defaults := map[string]any{}
		for name, schema := range p.ConfigSchema.GetProperties().AsMap() {
			if v, has := schema.(map[string]any)["default"]; has {
				defaults[name] = v
			}
		}
		all[p.Name] = &pulumirpc.PolicyConfig{EnforcementLevel: p.EnforcementLevel, Properties: mustStruct(c.t, defaults)}
	}
	for name, initial := range info.InitialConfig {
		all[name].EnforcementLevel = initial.EnforcementLevel
		maps.Copy(all[name].Properties.Fields, initial.Properties.GetFields())
	}
	if level, has := given["all"].(string); has {
		for _, config := range all {
			config.EnforcementLevel = c.level(level)
		}
	}
	for name, v := range given {
		c.override(all, name, v)
	}
	_, err := c.RPC.Configure(c.t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: all})
	return err
}

func (c *Client) override(all map[string]*pulumirpc.PolicyConfig, name string, v any) {
	config, known := all[name]
	if !known {
		config = &pulumirpc.PolicyConfig{Properties: mustStruct(c.t, nil)}
		all[name] = config
	}
	if level, isLevel := v.(string); isLevel {
		config.EnforcementLevel = c.level(level)
		return
	}
	options, isObject := v.(map[string]any)
	if !isObject {
		c.t.Fatalf("configuration of %s: must be a level or an object, not %v", name, v)
	}
	if level, has := options["enforcementLevel"].(string); has {
		config.EnforcementLevel = c.level(level)
		delete(options, "enforcementLevel")
	}
	maps.Copy(config.Properties.Fields, mustStruct(c.t, options).Fields)
}

func (c *Client) level(name string) pulumirpc.EnforcementLevel {
	number, known := pulumirpc.EnforcementLevel_value[strings.ToUpper(name)]
	if !known {
		c.t.Fatalf("%q is not an enforcement level", name)
	}
	return pulumirpc.EnforcementLevel(number)
}

// Analyze checks one resource by itself.
func (c *Client) Analyze(r Resource) Result {
	c.t.Helper()
	request, err := r.Request()
	c.must(err)
	response, err := c.RPC.Analyze(c.t.Context(), request)
	c.must(err)
	return newResult(response.Diagnostics, response.NotApplicable)
}

// AnalyzeStack checks resources together, as a stack.
func (c *Client) AnalyzeStack(resources ...Resource) Result {
	c.t.Helper()
	request := &pulumirpc.AnalyzeStackRequest{}
	for _, r := range resources {
		one, err := r.StackResource()
		c.must(err)
		request.Resources = append(request.Resources, one)
	}
	response, err := c.RPC.AnalyzeStack(c.t.Context(), request)
	c.must(err)
	return newResult(response.Diagnostics, response.NotApplicable)
}

// Preview checks every resource by itself and then all of them together, as a preview does.
func (c *Client) Preview(resources ...Resource) Result {
	c.t.Helper()
	all := Result{NotApplicable: map[string]string{}}
	for _, r := range resources {
		all.add(c.Analyze(r))
	}
	all.add(c.AnalyzeStack(resources...))
	return all
}

// Remediate corrects one resource. It returns the properties that the engine would go on with, and the corrections and warnings.
// If no policy corrects anything, the properties are the resource's own.
func (c *Client) Remediate(r Resource) (Properties, Remediated) {
	c.t.Helper()
	request, err := r.Request()
	c.must(err)
	response, err := c.RPC.Remediate(c.t.Context(), request)
	c.must(err)
	result := Remediated{NotApplicable: map[string]string{}}
	properties := request.Properties
	for _, remediation := range response.Remediations {
		if remediation.Diagnostic != "" {
			result.Warnings = append(result.Warnings, Message{Policy: remediation.PolicyName, Text: remediation.Diagnostic})
			continue
		}
		properties = remediation.Properties
		result.Policies = append(result.Policies, remediation.PolicyName)
	}
	for _, n := range response.NotApplicable {
		result.NotApplicable[n.PolicyName] = n.Reason
	}
	return Unmarshal(properties), result
}

// Cancel tells the pack that the engine is done.
func (c *Client) Cancel() {
	c.t.Helper()
	_, err := c.RPC.Cancel(context.Background(), &emptypb.Empty{})
	c.must(err)
}

func (c *Client) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func mustStruct(t TB, m map[string]any) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(m)
	if err != nil {
		t.Fatal(fmt.Errorf("configuration: %w", err))
	}
	return s
}
