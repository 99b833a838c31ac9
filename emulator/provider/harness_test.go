package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/conditions"
	"github.com/guiofsaints/procureflow-platform/emulator/github"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

const (
	project   = "procureflow-dev"
	number    = "123456789012"
	billingID = "012345-6789AB-CDEF01"
	owner     = "octo"
	hub       = "procureflow"
)

// world is an emulated cloud and a provider on it that is called as the engine calls it.
type world struct {
	t      *testing.T
	api    string
	cloud  *cloud.Cloud
	client rpc.ResourceProviderClient
}

// newWorld starts the cloud and the provider. wrap sees every request to the cloud; it may be nil.
func newWorld(t *testing.T, name string, wrap func(http.Handler) http.Handler) *world {
	t.Helper()
	return newWorldWith(t, name, cloud.Options{Intercept: wrap})
}

func newWorldWith(t *testing.T, name string, options cloud.Options) *world {
	t.Helper()
	options.Rand, options.Conditions = rand.NewChaCha8([32]byte{1}), conditions.Hold
	documents, err := store.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, documents.Close()) })
	c, err := cloud.New(documents, options)
	require.NoError(t, err)
	require.NoError(t, c.EnsureProject(cloud.Project{ID: project, Number: number, BillingAccount: billingID}))
	require.NoError(t, c.GitHub.Ensure(github.Repository{Owner: owner, OwnerID: 7, Name: hub, ID: 42, UserIDs: []int64{1001, 1002}}))
	api := httptest.NewServer(c)
	t.Cleanup(api.Close)
	require.NoError(t, c.EnableAPIs(project))
	w := attach(t, api.URL, name)
	w.cloud = c
	return w
}

// attach serves a provider and connects to it.
func attach(t *testing.T, api, name string) *world {
	t.Helper()
	server, err := Serve(context.Background(), Options{API: api, Name: name})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	connection, err := grpc.NewClient("127.0.0.1:"+scalarText(float64(server.Port())),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, connection.Close()) })
	w := &world{t: t, api: api, client: rpc.NewResourceProviderClient(connection)}
	args := map[string]any{"project": project, "region": "us-central1"}
	if name == GitHub {
		args = map[string]any{"owner": owner}
	}
	response, err := w.client.Configure(w.ctx(), &rpc.ConfigureRequest{Args: w.props(args), AcceptSecrets: true, AcceptResources: true})
	require.NoError(t, err)
	require.True(t, response.GetAcceptSecrets() && response.GetSupportsPreview() && response.GetAcceptResources())
	return w
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	w.t.Cleanup(cancel)
	return ctx
}

// repository makes another GitHub repository.
func (w *world) repository(name string, id int64) {
	w.t.Helper()
	require.NoError(w.t, w.cloud.GitHub.Ensure(github.Repository{Owner: owner, OwnerID: 7, Name: name, ID: id}))
}

// secret marks a test's value as a secret.
type secret struct{ of any }

func toProperty(value any) resource.PropertyValue {
	switch v := value.(type) {
	case secret:
		return resource.MakeSecret(toProperty(v.of))
	case map[string]any:
		props := resource.PropertyMap{}
		for key, element := range v {
			props[resource.PropertyKey(key)] = toProperty(element)
		}
		return resource.NewObjectProperty(props)
	case []any:
		list := []resource.PropertyValue{}
		for _, element := range v {
			list = append(list, toProperty(element))
		}
		return resource.NewArrayProperty(list)
	case int:
		return resource.NewNumberProperty(float64(v))
	}
	return property(value)
}

func (w *world) props(object map[string]any) *structpb.Struct {
	w.t.Helper()
	out, err := message(toProperty(object).ObjectValue(), "test")
	require.NoError(w.t, err)
	return out
}

func (w *world) propertyMap(s *structpb.Struct) resource.PropertyMap {
	w.t.Helper()
	props, err := properties(s, "test")
	require.NoError(w.t, err)
	return props
}

func (w *world) plain(s *structpb.Struct) map[string]any {
	w.t.Helper()
	return plainObject(w.propertyMap(s))
}

// made is a resource as the engine has it in its state.
type made struct {
	token, id       string
	inputs, outputs *structpb.Struct
}

func (w *world) urn(token string) string { return "urn:pulumi:dev::procureflow::" + token + "::name" }

// check runs Check and requires that nothing is refused.
func (w *world) check(token string, inputs map[string]any) *structpb.Struct {
	w.t.Helper()
	response, err := w.client.Check(w.ctx(), &rpc.CheckRequest{Urn: w.urn(token), News: w.props(inputs), RandomSeed: make([]byte, 32)})
	require.NoError(w.t, err)
	require.Empty(w.t, response.GetFailures())
	return response.GetInputs()
}

func (w *world) create(token string, inputs map[string]any) made {
	w.t.Helper()
	m, err := w.tryCreate(token, inputs)
	require.NoError(w.t, err)
	require.NotEmpty(w.t, m.id)
	return m
}

func (w *world) tryCreate(token string, inputs map[string]any) (made, error) {
	w.t.Helper()
	checked := w.check(token, inputs)
	response, err := w.client.Create(w.ctx(), &rpc.CreateRequest{Urn: w.urn(token), Properties: checked})
	return made{token: token, id: response.GetId(), inputs: checked, outputs: response.GetProperties()}, err
}

func (w *world) diff(m made, news *structpb.Struct) *rpc.DiffResponse {
	w.t.Helper()
	response, err := w.client.Diff(w.ctx(), &rpc.DiffRequest{Urn: w.urn(m.token), Id: m.id, Olds: m.outputs, OldInputs: m.inputs, News: news})
	require.NoError(w.t, err)
	return response
}

func (w *world) update(m made, inputs map[string]any) made {
	w.t.Helper()
	checked := w.check(m.token, inputs)
	response, err := w.client.Update(w.ctx(), &rpc.UpdateRequest{Urn: w.urn(m.token), Id: m.id, Olds: m.outputs, OldInputs: m.inputs,
		News: checked})
	require.NoError(w.t, err)
	return made{token: m.token, id: m.id, inputs: checked, outputs: response.GetProperties()}
}

// read refreshes; the answer's id is empty when the resource is gone.
func (w *world) read(m made) made {
	w.t.Helper()
	response, err := w.client.Read(w.ctx(), &rpc.ReadRequest{Urn: w.urn(m.token), Id: m.id, Properties: m.outputs, Inputs: m.inputs})
	require.NoError(w.t, err)
	return made{token: m.token, id: response.GetId(), inputs: response.GetInputs(), outputs: response.GetProperties()}
}

func (w *world) delete(m made) error {
	w.t.Helper()
	_, err := w.client.Delete(w.ctx(), &rpc.DeleteRequest{Urn: w.urn(m.token), Id: m.id, Properties: m.outputs, OldInputs: m.inputs})
	return err
}

// behind changes the cloud without the provider.
func (w *world) behind(method, path string, body any) map[string]any {
	w.t.Helper()
	answer, err := newClient(w.api, "").do(w.ctx(), method, path, body)
	require.NoError(w.t, err)
	return answer
}

// other writes to the cloud with a mark, so that a wrapper can tell the write from the provider's.
func (w *world) other(path string, body any) {
	data, err := json.Marshal(body)
	require.NoError(w.t, err)
	request, err := http.NewRequestWithContext(w.ctx(), http.MethodPost, w.api+path, bytes.NewReader(data))
	require.NoError(w.t, err)
	request.Header.Set("X-Other", "true")
	response, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	require.NoError(w.t, response.Body.Close())
	require.Equal(w.t, http.StatusOK, response.StatusCode)
}
