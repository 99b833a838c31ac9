package provider

import (
	"context"
	"errors"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// Settings are the parts of the provider's configuration that the emulated cloud needs.
type Settings struct {
	// Project and Region are Google Cloud's defaults for resources that do not set them. Default: none.
	Project, Region string
	// Owner is the GitHub account that the repositories belong to. Default: none.
	Owner string
}

func (s Settings) values() map[string]any {
	values := map[string]any{}
	for name, value := range map[string]string{"project": s.Project, "location": s.Region, "region": s.Region, "owner": s.Owner} {
		if value != "" {
			values[name] = value
		}
	}
	return values
}

// metaProperty is the property that the official providers name as the reason of a replacement that no changed input explains.
const metaProperty = "__meta"

// server implements the engine's protocol for one provider.
type server struct {
	rpc.UnimplementedResourceProviderServer
	name   string
	client *client

	mu       sync.Mutex
	settings Settings
	// cancelled is closed to end every running request. A new channel then serves later requests, because several engines may use
	// the provider one after another, and an engine also cancels when it is done.
	cancelled chan struct{}
}

func newServer(name string, client *client) *server {
	return &server{name: name, client: client, cancelled: make(chan struct{})}
}

func (s *server) configured() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings
}

// bound returns a context that also ends with [server.Cancel], and a function that releases it.
func (s *server) bound(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	s.mu.Lock()
	cancelled := s.cancelled
	s.mu.Unlock()
	go func() {
		select {
		case <-cancelled:
			cancel(errors.New("the operation was cancelled"))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// Attach is called because the engine does not start the provider. The provider needs nothing from the engine.
func (s *server) Attach(context.Context, *rpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Handshake tells the engine which features of the protocol it may use.
func (s *server) Handshake(context.Context, *rpc.ProviderHandshakeRequest) (*rpc.ProviderHandshakeResponse, error) {
	return &rpc.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true}, nil
}

// GetPluginInfo returns the version whose behaviour the provider follows.
func (s *server) GetPluginInfo(context.Context, *emptypb.Empty) (*rpc.PluginInfo, error) {
	return &rpc.PluginInfo{Version: versions[s.name]}, nil
}

// CheckConfig accepts the configuration unchanged.
func (s *server) CheckConfig(_ context.Context, request *rpc.CheckRequest) (*rpc.CheckResponse, error) {
	return &rpc.CheckResponse{Inputs: request.GetNews()}, nil
}

// DiffConfig never requires new resources, because another default project does not move existing resources.
func (s *server) DiffConfig(context.Context, *rpc.DiffRequest) (*rpc.DiffResponse, error) {
	return &rpc.DiffResponse{}, nil
}

// Configure reads the provider's settings.
func (s *server) Configure(_ context.Context, request *rpc.ConfigureRequest) (*rpc.ConfigureResponse, error) {
	args, err := properties(request.GetArgs(), "configuration")
	if err != nil {
		return nil, err
	}
	values := plainObject(args)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings = Settings{Project: doc.Text(values, "project"), Region: doc.Text(values, "region"), Owner: doc.Text(values, "owner")}
	return &rpc.ConfigureResponse{AcceptSecrets: true, SupportsPreview: true, AcceptResources: true}, nil
}

// Cancel ends the running requests. Later requests are served.
func (s *server) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.cancelled)
	s.cancelled = make(chan struct{})
	return &emptypb.Empty{}, nil
}

// Check refuses inputs that are unknown properties, have the wrong type or are missing. It fills in the defaults.
func (s *server) Check(_ context.Context, request *rpc.CheckRequest) (*rpc.CheckResponse, error) {
	urn := resource.URN(request.GetUrn())
	t, err := lookup(string(urn.Type()))
	if err != nil {
		return nil, status.Error(codes.Unimplemented, err.Error())
	}
	news, err := properties(request.GetNews(), "inputs")
	if err != nil {
		return nil, err
	}
	olds, err := properties(request.GetOlds(), "old inputs")
	if err != nil {
		return nil, err
	}
	filled := t.fill(withoutFilledIn(plainObject(news)).(map[string]any))
	if err := t.nameIfAbsent(filled, plainObject(olds), urn.Name(), request.GetRandomSeed()); err != nil {
		return nil, err
	}
	checked, err := message(withSecretsOf(propertyMap(filled), news), "inputs")
	if err != nil {
		return nil, err
	}
	return &rpc.CheckResponse{Inputs: checked, Failures: t.check(filled)}, nil
}

// Diff says what an update would change, and whether it has to replace the resource.
func (s *server) Diff(ctx context.Context, request *rpc.DiffRequest) (*rpc.DiffResponse, error) {
	t, err := lookup(string(resource.URN(request.GetUrn()).Type()))
	if err != nil {
		return nil, status.Error(codes.Unimplemented, err.Error())
	}
	olds, err := properties(request.GetOlds(), "state")
	if err != nil {
		return nil, err
	}
	news, err := properties(request.GetNews(), "inputs")
	if err != nil {
		return nil, err
	}
	state, inputs := plainObject(olds), plainObject(news)
	response := &rpc.DiffResponse{Changes: rpc.DiffResponse_DIFF_NONE, HasDetailedDiff: true, DetailedDiff: map[string]*rpc.PropertyDiff{}}
	listed := map[string]bool{}
	for _, c := range t.diff(state, inputs) {
		response.Changes = rpc.DiffResponse_DIFF_SOME
		response.DetailedDiff[c.path] = &rpc.PropertyDiff{Kind: c.kind}
		name := topLevel(c.path)
		if !listed[name] {
			listed[name] = true
			response.Diffs = append(response.Diffs, name)
		}
		if c.replaces {
			response.Replaces = append(response.Replaces, name)
		}
	}
	if t.moved != nil && len(response.Diffs) > 0 && len(response.Replaces) == 0 {
		ctx, release := s.bound(ctx)
		defer release()
		moved, err := t.moved(ctx, &call{client: s.client, settings: s.configured(), kind: t, id: request.GetId(),
			inputs: plainInputs(inputs), state: state})
		if err != nil {
			return nil, failure(err)
		}
		if moved {
			response.Replaces = []string{metaProperty}
		}
	}
	if len(response.Replaces) > 0 {
		response.DeleteBeforeReplace = t.deleteFirst || t.autoName != "" && inputs[t.autoName] != nil && !isDefaulted(inputs, t.autoName)
	}
	return response, nil
}
