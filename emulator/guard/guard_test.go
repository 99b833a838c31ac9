package guard_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"
	"google.golang.org/api/secretmanager/v1"

	"github.com/guiofsaints/procureflow-platform/emulator/guard"
)

const token = "the-owners-token"

// api answers every request with a secret and counts those that reach it.
func api(reached *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"name": "the-secret"}`))
	})
}

// anonymous takes the token away before a change.
func anonymous(change func(*http.Request)) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Del("Authorization")
		change(r)
	}
}

func TestAnsweredRequests(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"the owner's token":          {func(*http.Request) {}, 200},
		"GitHub's spelling":          {func(r *http.Request) { r.Header.Set("Authorization", "token "+token) }, 200},
		"the scheme in another case": {func(r *http.Request) { r.Header.Set("Authorization", "bearer "+token) }, 200},
		"no token":                   {func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		"another token":              {func(r *http.Request) { r.Header.Set("Authorization", "Bearer the-owners-tokem") }, 401},
		"a part of the token":        {func(r *http.Request) { r.Header.Set("Authorization", "Bearer the-owners") }, 401},
		"an empty token":             {func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") }, 401},
		"the token alone":            {func(r *http.Request) { r.Header.Set("Authorization", token) }, 401},
		"the token as a password":    {func(r *http.Request) { r.SetBasicAuth("owner", token) }, 401},
		"the token in the address": {func(r *http.Request) {
			r.Header.Del("Authorization")
			r.URL.RawQuery = "access_token=" + token
		}, 401},
		"the host localhost":                    {func(r *http.Request) { r.Host = "localhost:8080" }, 200},
		"the host ::1":                          {func(r *http.Request) { r.Host = "[::1]:8080" }, 200},
		"the host ::1, without a port":          {func(r *http.Request) { r.Host = "[::1]" }, 200},
		"a host of the proxy":                   {func(r *http.Request) { r.Host = "run.sandbox" }, 200},
		"a region's host of the proxy":          {func(r *http.Request) { r.Host = "us-central1-run.googleapis.com" }, 200},
		"a rebound name":                        {func(r *http.Request) { r.Host = "rebind.example:8080" }, 403},
		"a name that begins like an address":    {func(r *http.Request) { r.Host = "127.0.0.1.rebind.example" }, 403},
		"a name that ends like localhost":       {func(r *http.Request) { r.Host = "evil-localhost" }, 403},
		"a name below localhost":                {func(r *http.Request) { r.Host = "evil.localhost" }, 403},
		"a name that contains .sandbox":         {func(r *http.Request) { r.Host = "run.sandbox.example" }, 403},
		"a host of Google that the proxy lacks": {func(r *http.Request) { r.Host = "storage.googleapis.com" }, 403},
		"an address of the network":             {func(r *http.Request) { r.Host = "192.168.0.7:8080" }, 403},
		"no host":                               {func(r *http.Request) { r.Host = "" }, 403},
		"a page of the API's own":               {func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:8080") }, 200},
		"a page of another site":                {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
		"a page of the same address over TLS":   {func(r *http.Request) { r.Header.Set("Origin", "https://127.0.0.1:8080") }, 403},
		"a page of a file of this host":         {func(r *http.Request) { r.Header.Set("Origin", "file://127.0.0.1:8080") }, 403},
		"an extension's page":                   {func(r *http.Request) { r.Header.Set("Origin", "chrome-extension://abc") }, 403},
		"an origin with a user":                 {func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:8080@evil.example") }, 403},
		"an origin that is no URL":              {func(r *http.Request) { r.Header.Set("Origin", "%zz") }, 403},
		"any address":                           {func(r *http.Request) { r.Host = "0.0.0.0:8080" }, 403},
		"a zone":                                {func(r *http.Request) { r.Host = "[::1%25lo]:8080" }, 403},
		"a number as the address":               {func(r *http.Request) { r.Host = "2130706433:8080" }, 403},
		"a user before the host":                {func(r *http.Request) { r.Host = "127.0.0.1@evil.example" }, 403},
		"a cookie with the token":               {anonymous(func(r *http.Request) { r.Header.Set("Cookie", "token="+token) }), 401},
		"the token in another header":           {anonymous(func(r *http.Request) { r.Header.Set("X-Goog-Api-Key", token) }), 401},
		"two tokens, the first of them another": {func(r *http.Request) {
			r.Header["Authorization"] = []string{"Bearer x", "Bearer " + token}
		}, 401},
		"a blank after the token":        {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token+" ") }, 401},
		"the exchange by another method": {anonymous(func(r *http.Request) { r.Method, r.URL.Path = "PUT", "/token" }), 401},
		"the exchange by another path":   {anonymous(func(r *http.Request) { r.URL.Path = "//token" }), 401},
		"the exchange with the token in the query": {func(r *http.Request) {
			r.Header.Del("Authorization")
			r.URL.Path, r.URL.RawQuery = "/token", "subject_token="+token
		}, 401},
		"a page of another port":                     {func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:9090") }, 403},
		"a page from a file":                         {func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		"a page of another site, without an origin":  {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"a page of another port, without an origin":  {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, 403},
		"an address that a person typed":             {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") }, 200},
		"a page of the API's own, without an origin": {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var reached atomic.Int64
			request := httptest.NewRequest(http.MethodPost, "/sm/v1/projects/p/secrets", strings.NewReader("{}"))
			request.Host = "127.0.0.1:8080"
			request.Header.Set("Authorization", "Bearer "+token)
			test.change(request)
			recorder := httptest.NewRecorder()
			guard.Require(token, api(&reached)).ServeHTTP(recorder, request)
			assert.Equal(t, test.want, recorder.Code, recorder.Body)
			assert.Equal(t, test.want == 200, reached.Load() == 1)
			if test.want != 200 {
				assert.NotContains(t, recorder.Body.String(), token)
				assert.NotContains(t, recorder.Body.String(), "the-secret")
				assert.Contains(t, recorder.Body.String(), `"message": "`, "clients of Google and of GitHub show it")
				assert.Equal(t, "application/json; charset=UTF-8", recorder.Header().Get("Content-Type"))
			}
		})
	}
}

func TestEmptyTokenAdmitsNobody(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "Bearer ", "Bearer"} {
		var reached atomic.Int64
		request := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
		request.Header.Set("Authorization", header)
		recorder := httptest.NewRecorder()
		guard.Require("", api(&reached)).ServeHTTP(recorder, request)
		assert.Equal(t, http.StatusUnauthorized, recorder.Code)
		assert.Zero(t, reached.Load())
	}
}

// TestOfficialClientUsesTheCredentials has Google's own client exchange the token's file for an access token.
func TestOfficialClientUsesTheCredentials(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	server := httptest.NewServer(guard.Require(token, api(&reached)))
	t.Cleanup(server.Close)
	read := func(fileToken string) (string, error) {
		folder := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(folder, "token"), []byte(fileToken), 0o600))
		credentials, err := guard.Credentials(server.URL, filepath.Join(folder, "token"))
		require.NoError(t, err)
		client, err := secretmanager.NewService(context.Background(), option.WithEndpoint(server.URL+"/sm/"),
			option.WithAuthCredentialsJSON(option.ExternalAccount, credentials))
		require.NoError(t, err)
		secret, err := client.Projects.Secrets.Get("projects/p/secrets/s").Do()
		if err != nil {
			return "", err
		}
		return secret.Name, nil
	}
	name, err := read(token)
	require.NoError(t, err)
	assert.Equal(t, "the-secret", name)
	_, err = read("another")
	require.ErrorContains(t, err, "401")
	assert.EqualValues(t, 1, reached.Load())
}

// TestExchangeReadsNoMoreThanAToken checks that a body longer than a token is not read to its end.
func TestExchangeReadsNoMoreThanAToken(t *testing.T) {
	t.Parallel()
	for padding, want := range map[int]int{0: 200, 1 << 15: 200, 1 << 16: 401} {
		body := "x=" + strings.Repeat("x", padding) + "&subject_token=" + token
		request := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080"+guard.TokenPath, strings.NewReader(body))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		recorder := httptest.NewRecorder()
		guard.Require(token, http.NotFoundHandler()).ServeHTTP(recorder, request)
		assert.Equal(t, want, recorder.Code, padding)
	}
}

// TestTransportLeavesTheRequestAlone checks that the transport does not add the token to the caller's own request, which the caller
// may send on to another host.
func TestTransportLeavesTheRequestAlone(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/", nil)
	_, err := guard.Transport{Host: "127.0.0.1:8080", Token: token, Next: sent(func(r *http.Request) (*http.Response, error) {
		assert.Equal(t, "Bearer "+token, r.Header.Get("Authorization"))
		return httptest.NewRecorder().Result(), nil
	})}.RoundTrip(request)
	require.NoError(t, err)
	assert.Empty(t, request.Header)
}

type sent func(*http.Request) (*http.Response, error)

func (s sent) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

func TestClientSendsTheTokenToOneHost(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	server := httptest.NewServer(guard.Require(token, api(&reached)))
	t.Cleanup(server.Close)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	client := guard.Client(server.URL, token)
	response, err := client.Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
	response, err = client.Get(other.URL)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
}

func port(t *testing.T, address string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	require.NoError(t, err)
	return parsed.Port()
}
