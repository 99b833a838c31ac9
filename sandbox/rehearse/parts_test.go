package rehearse

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// TestClock checks that a sleep passes in slices, that a visitor comes in each slice, and that a visit starts no second
// round.
func TestClock(t *testing.T) {
	t.Parallel()
	c := newClock()
	begin := c.Now()
	var rounds []time.Duration
	c.during(func() {
		rounds = append(rounds, c.Now().Sub(begin))
		c.pass(100 * time.Millisecond) // A visitor's own request lets time pass, and nobody comes because of it.
	})
	require.NoError(t, c.Sleep(t.Context(), 1200*time.Millisecond))
	assert.Equal(t, []time.Duration{500 * time.Millisecond, 1100 * time.Millisecond, 1400 * time.Millisecond}, rounds)
	assert.Equal(t, begin.Add(1500*time.Millisecond), c.Now())
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.Sleep(interrupted, time.Hour), context.Canceled)
	require.NoError(t, c.Sleep(t.Context(), 0))
	assert.Len(t, rounds, 3)
}

// TestVisitors counts what visitors notice: how many answers are bad, for how long, since which stage, and whether it goes on.
func TestVisitors(t *testing.T) {
	t.Parallel()
	status := map[string]int{"web.example": 200, "old.example": 307}
	var asked []string
	plane := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Host+r.URL.Path)
		if status[r.Host] == 307 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status[r.Host])
	}))
	defer plane.Close()
	client := plane.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c := &crowd{plane: plane.URL, client: client, clock: newClock()}
	ctx := t.Context()
	assert.True(t, c.come(ctx, "web", "https://web.example", "/api"))
	assert.True(t, c.come(ctx, "old", "https://old.example", "/"), "a redirect is an answer")
	status["private.example"] = 403
	assert.False(t, c.come(ctx, "private", "https://private.example", "/"))
	assert.False(t, c.come(ctx, "odd", "https://%", "/"))
	assert.False(t, c.come(ctx, "odd", "https://web.example", "/\n"))
	assert.Equal(t, []string{"web.example/api", "old.example/", "private.example/"}, asked)

	round := func(code int) {
		status["web.example"] = code
		c.everybody(ctx)
		c.clock.pass(time.Second)
	}
	c.begin("first")
	round(200)
	c.begin("second")
	round(500)
	c.begin("third")
	round(404)
	round(204)
	round(503)
	assert.Equal(t, []review.Visitors{{Service: "web", Requests: 5, Failures: 3, Seconds: 2, StillFailing: true, During: "second"},
		{Service: "old", Requests: 5}}, c.noticed())
	interrupted, cancel := context.WithCancel(ctx)
	cancel()
	c.everybody(interrupted)
	assert.Equal(t, 5, c.noticed()[0].Requests, "a rehearsal that ends is no bad answer")
	plane.Close()
	assert.False(t, c.come(ctx, "web", "https://web.example", "/"))
}

// TestSmallDecisions has the decisions of a rehearsal that take no cloud.
func TestSmallDecisions(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "none", listOr(nil, "none"))
	assert.Equal(t, "a, b", listOr([]string{"a", "b"}, "none"))
	for want, paths := range map[bool][][]string{true: {nil, {"template.a"}, {"template.a", "template"}},
		false: {{"labels"}, {"template.a", "b"}}} {
		for _, changed := range paths {
			var step review.Step
			for _, path := range changed {
				step.Changes = append(step.Changes, review.Property{Path: path})
			}
			assert.Equal(t, want, onlyTemplate(step), changed)
		}
	}
	head := []inventory.Resource{{Type: serviceType, Name: "web", Inputs: map[string]any{"name": "shop-web"}},
		{Type: serviceType, Name: "api", Inputs: map[string]any{"name": "shop-api"}}, {Type: "gcp:other", Name: "web"}}
	template := []review.Property{{Path: "template.a"}}
	assert.Equal(t, []string{"api (update)", "web (delete)", "web (update)", "web (update)", "gone (update)"}, notRestored([]review.Step{
		{Op: review.Update, Type: serviceType, Name: "web", Changes: template},
		{Op: review.Update, Type: serviceType, Name: "api", Changes: template}, // Its release, or its rollback, went wrong.
		{Op: review.Delete, Type: serviceType, Name: "web", Changes: template},
		{Op: review.Update, Type: serviceType, Name: "web", Changes: []review.Property{{Path: "labels"}}},
		{Op: review.Update, Type: "gcp:other", Name: "web", Changes: template},
		{Op: review.Update, Type: serviceType, Name: "gone", Changes: template},
	}, head, map[string]bool{"shop-web": true}))
	there := []inventory.Resource{{URN: "a", CloudName: "cloud-a"}, {URN: "b", CloudName: "cloud-b"}}
	const provider = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
	made := inventory.Resource{URN: "new", Type: provider, Inputs: map[string]any{"workloadIdentityPoolId": "github",
		"workloadIdentityPoolProviderId": "infra"}}
	planned := []inventory.Resource{{URN: "a"}, {URN: "b", CloudName: "new-b"}, {URN: "c"}, made}
	made.CloudName = "projects/7/locations/global/workloadIdentityPools/github/providers/infra"
	assert.Equal(t, []inventory.Resource{{URN: "a", CloudName: "cloud-a"}, {URN: "b", CloudName: "new-b"}, {URN: "c"}, made},
		asDeployed(planned, there, "7"))
	assert.Empty(t, planned[0].CloudName, "the plan itself stays as it was")
	tree := Tree{Root: t.TempDir()}
	assert.Empty(t, tree.releasePolicy())
	path := filepath.Join(tree.Root, "release.yaml")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	assert.Equal(t, path, tree.releasePolicy())
}

// TestUnprovenPaths checks for which images nothing is known to answer a probe.
func TestUnprovenPaths(t *testing.T) {
	t.Parallel()
	digest := func(of string) string { return "sha256:" + strings.Repeat(of, 64) }
	service := func(change func(*stacks.Service)) stacks.Service {
		s := stacks.Service{Name: "web", SmokePaths: []string{"/smoke"}, Startup: stacks.Probe{Path: "/start"},
			Liveness: stacks.Probe{Path: "/live"}, BootstrapImage: "registry.example/hello@" + digest("b")}
		s.Uptime.Path = "/up"
		if change != nil {
			change(&s)
		}
		return s
	}
	for name, test := range map[string]struct {
		before, after map[string]stacks.Service
		unproven      string // the digest; empty for none
		path          string
	}{
		"the same":      {map[string]stacks.Service{"web": service(nil)}, map[string]stacks.Service{"web": service(nil)}, "", ""},
		"a new service": {nil, map[string]stacks.Service{"web": service(nil)}, "", ""},
		"a path that another service's probe has": {map[string]stacks.Service{"web": service(nil)}, map[string]stacks.Service{"web": service(
			func(s *stacks.Service) { s.Startup.Path, s.Liveness.Path = "/up", "/smoke" })}, "", ""},
		"an unknown path": {map[string]stacks.Service{"web": service(nil)}, map[string]stacks.Service{"web": service(
			func(s *stacks.Service) { s.Liveness.Path, s.Digest = "/new", digest("d") })}, digest("d"), "/new"},
		"two unknown paths of a first image": {map[string]stacks.Service{"web": service(nil)}, map[string]stacks.Service{"web": service(
			func(s *stacks.Service) { s.Startup.Path, s.Liveness.Path = "/one", "/two" })}, digest("b"), "/one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := prepared(t, nil)
			r := &rehearsal{Options: options, clock: newClock()}
			ctx, cancel := context.WithCancel(t.Context())
			ended, err := r.serve(ctx)
			require.NoError(t, err)
			defer func() {
				cancel()
				assert.NoError(t, <-ended)
			}()
			require.NoError(t, r.unprovenPaths(ctx, stacks.Settings{Services: test.before}, stacks.Settings{Services: test.after}))
			var want []review.Stage
			for _, of := range []string{digest("b"), digest("d")} {
				behaviour, err := r.client.Behaviour(ctx, of)
				require.NoError(t, err)
				assert.Equal(t, run.Behaviour{NeverReady: of == test.unproven}, behaviour)
			}
			if test.path != "" {
				want = []review.Stage{{Name: "a probe of web", Result: "nothing is known to answer " + test.path +
					": it is rehearsed as if nothing did"}}
			}
			assert.Equal(t, want, r.report.Stages)
		})
	}
}

// TestEngineIsKilledAtItsMoment checks that the engine is killed at the given write, once, and never at a read.
func TestEngineIsKilledAtItsMoment(t *testing.T) {
	t.Parallel()
	sleep := exec.Command("sleep", "60")
	require.NoError(t, sleep.Start())
	r := &rehearsal{clock: newClock(), writes: 2}
	request := func(method string) {
		t.Helper()
		made, err := http.NewRequestWithContext(t.Context(), method, "http://cloud", nil)
		require.NoError(t, err)
		r.observe(made)
	}
	begin := r.clock.Now()
	request("PUT")
	assert.Equal(t, 2, r.writes, "no engine runs yet")
	r.process = sleep.Process
	request("GET")
	request("POST")
	assert.False(t, r.killed)
	request("PATCH")
	assert.True(t, r.killed)
	require.Error(t, sleep.Wait())
	request("DELETE")
	assert.Equal(t, 2050*time.Millisecond, r.clock.Now().Sub(begin))
}

// registered are the registrations of a replayed program.
type registered struct {
	mutex sync.Mutex
	made  map[string]pulumi.MockResourceArgs
}

func (r *registered) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.made[args.Name] = args
	return args.Name + "-id", args.Inputs, nil
}

func (r *registered) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) { return nil, nil }

// TestReplay registers the resources of a state again. The program registers each with the inputs in the state, with
// its secrets known, and without the additions of the engine and the provider.
func TestReplay(t *testing.T) {
	t.Parallel()
	const urn = "urn:pulumi:dev::p::"
	secret := func(plaintext any) map[string]any {
		value := map[string]any{resource.SigKey: resource.SecretSig}
		if plaintext != nil {
			value["plaintext"] = plaintext
		}
		return value
	}
	component := resource.URN(urn + "shop:index:Shop::shop")
	first := resource.URN(urn + "shop:index:Shop$gcp:pubsub/topic:Topic::shop-first")
	state := []apitype.ResourceV3{
		{URN: urn + "pulumi:pulumi:Stack::p-dev", Type: "pulumi:pulumi:Stack"},
		{URN: urn + "pulumi:providers:gcp::gcp", Type: "pulumi:providers:gcp", Custom: true, ID: "1",
			Inputs: map[string]any{"version": "8.1.0", "project": "p"}},
		{URN: component, Type: "shop:index:Shop"},
		{URN: first, Type: "gcp:pubsub/topic:Topic", Custom: true, Parent: component, Provider: urn + "pulumi:providers:gcp::gcp::1",
			Protect: true, RetainOnDelete: true, IgnoreChanges: []string{"labels"}, Inputs: map[string]any{
				"text": "a", "number": 1.5, "truth": true, "list": []any{"x", map[string]any{"y": "z"}}, "filled": "by the provider",
				"__defaults": []any{"filled"}, "known": secret(`{"a":"b"}`), "unknown": secret(nil), "odd": secret("{"), "none": nil}},
		{URN: urn + "gcp:pubsub/topic:Topic::second", Type: "gcp:pubsub/topic:Topic", Custom: true, Parent: urn + "x::gone", Provider: "gone",
			Dependencies: []resource.URN{first, "gone"}, Inputs: map[string]any{}},
	}
	got := &registered{made: map[string]pulumi.MockResourceArgs{}}
	require.NoError(t, pulumi.RunErr(replay(state), pulumi.WithMocks("p", "dev", got)))
	require.Len(t, got.made, 4)
	assert.Equal(t, "8.1.0", got.made["gcp"].RegisterRPC.GetVersion())
	assert.Equal(t, resource.PropertyMap{"project": resource.NewProperty("p")}, got.made["gcp"].Inputs)
	assert.False(t, got.made["shop"].Custom)
	topic := got.made["shop-first"]
	assert.Equal(t, map[string]any{"text": "a", "number": 1.5, "truth": true, "list": []any{"x", map[string]any{"y": "z"}},
		"known": map[string]any{"a": "b"}}, withoutSecrets(topic.Inputs))
	assert.True(t, topic.Inputs["known"].IsSecret())
	assert.Equal(t, string(component), topic.RegisterRPC.GetParent())
	assert.Equal(t, urn+"pulumi:providers:gcp::gcp::gcp-id", topic.Provider)
	assert.Equal(t, []any{true, true, []string{"labels"}}, []any{topic.RegisterRPC.GetProtect(), topic.RegisterRPC.GetRetainOnDelete(),
		topic.RegisterRPC.GetIgnoreChanges()})
	second := got.made["second"].RegisterRPC
	assert.Equal(t, []any{false, false, []string{string(first)}}, []any{second.GetProtect(), second.GetRetainOnDelete(),
		second.GetDependencies()})
}

func withoutSecrets(inputs resource.PropertyMap) map[string]any {
	plain, _ := resource.NewProperty(inputs).MapRepl(nil, func(value resource.PropertyValue) (any, bool) {
		if value.IsSecret() {
			return value.SecretValue().Element.Mappable(), true
		}
		return nil, false
	}).(map[string]any)
	return plain
}

// TestAssess says what a change costs, and who gains what by it.
func TestAssess(t *testing.T) {
	t.Parallel()
	settings := stacks.Settings{Services: map[string]stacks.Service{}}
	settings.Project.ID = "p"
	grant := inventory.Resource{URN: "urn:pulumi:dev::p::gcp:projects/iAMMember:IAMMember::grant", Type: "gcp:projects/iAMMember:IAMMember",
		Name: "grant", Inputs: map[string]any{"project": "p", "role": "roles/run.admin", "member": "user:a@example.com"}}
	key := inventory.Resource{URN: "urn:pulumi:dev::p::gcp:kms/cryptoKey:CryptoKey::key", Type: "gcp:kms/cryptoKey:CryptoKey", Name: "key",
		Inputs: map[string]any{"versionTemplate": map[string]any{"protectionLevel": "SOFTWARE"}}}
	stack := review.Stack{Name: "dev"}
	require.NoError(t, Assess(&stack, Side{settings, nil}, Side{settings, []inventory.Resource{grant, key}}, map[string]cost.Load{}))
	assert.Positive(t, stack.Cost.Delta.Idle)
	assert.Equal(t, stack.Cost.Delta, stack.Cost.After.Total)
	require.Len(t, stack.Authority, 1)
	assert.True(t, stack.Authority[0].Widens && stack.Authority[0].Added)
	assert.Contains(t, stack.Authority[0].Subject, "a@example.com")
	assert.Contains(t, stack.Authority[0].Text, "roles/run.admin")
	same := review.Stack{Name: "dev"}
	require.NoError(t, Assess(&same, Side{settings, []inventory.Resource{grant, key}}, Side{settings, []inventory.Resource{grant, key}}, nil))
	assert.Equal(t, cost.Amounts{}, same.Cost.Delta)
	assert.Empty(t, same.Authority)
}

// TestCodeOfACommit compares a working tree with a commit: only code counts, and a folder may be in no repository at all.
func TestCodeOfACommit(t *testing.T) {
	t.Parallel()
	repository := t.TempDir()
	git := func(arguments ...string) {
		t.Helper()
		command := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false",
			"-C", repository}, arguments...)...)
		out, err := command.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	write := func(name, content string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(repository, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(repository, name), []byte(content), 0o600))
	}
	git("init", "--quiet")
	write("sub/main.go", "package main\n")
	write("go.mod", "module a\n")
	git("add", "--all")
	git("commit", "--quiet", "-m", "one")
	top, err := Repository(t.Context(), filepath.Join(repository, "sub"))
	require.NoError(t, err)
	assert.Equal(t, filepath.Base(repository), filepath.Base(top))
	_, err = Repository(t.Context(), t.TempDir())
	require.ErrorContains(t, err, " is in no git repository: ")
	for _, test := range []struct {
		name, content string
		same          bool
	}{{"Pulumi.dev.yaml", "config: {}\n", true}, {"sub/main.go", "package other\n", false}, {"sub/main.go", "package main\n", true},
		{"go.mod", "module b\n", false}} {
		write(test.name, test.content)
		assert.Equal(t, test.same, SameCode(t.Context(), repository, "HEAD"), test)
	}
	require.ErrorContains(t, Unpack(t.Context(), repository, "nowhere", t.TempDir()), "unpack nowhere: ")
	require.Error(t, Unpack(t.Context(), repository, "HEAD", filepath.Join(t.TempDir(), "none")))
}
