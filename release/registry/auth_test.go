package registry_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/registry"
)

// keys is a keychain that returns one password for each repository that it knows.
type keys map[string]string

func (k keys) Resolve(target authn.Resource) (authn.Authenticator, error) {
	if password, ok := k[target.String()]; ok {
		return &authn.Basic{Username: "oauth2accesstoken", Password: password}, nil
	}
	return nil, errors.New("helper failed: " + secret)
}

// guarded asks for a password or, if there is a realm, for a token that was obtained with it.
func guarded(s *server, password string) fault {
	return func(w http.ResponseWriter, r *http.Request, _ int) bool {
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("oauth2accesstoken:"+password))
		authorization := r.Header.Get("Authorization")
		switch {
		case r.URL.Path == "/token" && authorization == basic:
			_, _ = fmt.Fprintf(w, `{"token":"token-for-%s","scope":%q}`, password, r.URL.Query()["scope"])
			return true
		case r.URL.Path != "/token" && authorization == "Bearer token-for-"+password:
			return false
		}
		answer(w, http.StatusUnauthorized, "WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="test"`, s.URL))
		return true
	}
}

func TestPromoteAuthenticates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	root := w.image.everything()
	w.from.fault, w.to.fault = guarded(w.from, "reader"), guarded(w.to, "writer")
	p := w.promotion(root)
	p.Keychain = keys{p.From: "reader", p.To: "writer"}
	_, err := registry.Promote(t.Context(), p)
	require.NoError(t, err)
	w.complete(root)

	p.Keychain = keys{p.From: "reader", p.To: secret}
	_, err = registry.Promote(t.Context(), p)
	assert.ErrorContains(t, err, p.To+": read manifest "+tag+": 401 Unauthorized (UNAVAILABLE); log in to the registry")
	assert.NotContains(t, err.Error(), secret)

	p.Keychain = keys{}
	_, err = registry.Promote(t.Context(), p)
	assert.ErrorContains(t, err, "no credentials for "+w.to.host+": the keychain failed (its text is withheld: it may hold "+
		"credentials); log in with")
	assert.NotContains(t, err.Error(), secret)
}

// TestPromoteHidesTokenAnswers checks that a token service's answer is not repeated in an error, because it may contain the token.
func TestPromoteHidesTokenAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	root := w.image.image("amd64", "1000", "app")
	w.to.fault = func(rw http.ResponseWriter, r *http.Request, _ int) bool {
		if r.URL.Path == "/token" {
			_, _ = io.WriteString(rw, `{"tokn":"`+secret+`"}`)
			return true
		}
		answer(rw, http.StatusUnauthorized, "WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token?key=%s"`, w.to.URL, secret))
		return true
	}
	p := w.promotion(root)
	p.Keychain = keys{p.From: "reader", p.To: secret}
	_, err := registry.Promote(t.Context(), p)
	assert.ErrorContains(t, err, "the connection or the token exchange failed (its text is withheld: it may hold credentials)")
	assert.NotContains(t, err.Error(), secret)
}

// TestPromoteFollowsDownloads checks downloads that a registry redirects to its storage by signed URLs. The storage gets no
// credentials, and no error contains the URL.
func TestPromoteFollowsDownloads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	root := w.image.everything()
	var mu sync.Mutex
	var leaked []string
	broken := false
	storage := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if a := r.Header.Get("Authorization"); a != "" {
			leaked = append(leaked, a)
		}
		if broken {
			hangUp(rw)
			return
		}
		r.URL.Path = "/v2/" + fromRepo + "/blobs/" + strings.TrimPrefix(r.URL.Path, "/")
		w.from.inner.ServeHTTP(rw, r)
	}))
	t.Cleanup(storage.Close)
	guard := guarded(w.from, "reader")
	w.from.fault = func(rw http.ResponseWriter, r *http.Request, count int) bool {
		if guard(rw, r, count) {
			return true
		}
		_, kind, digest := split(r.URL.Path)
		if r.Method != http.MethodGet || kind != "blobs" {
			return false
		}
		http.Redirect(rw, r, storage.URL+"/"+digest+"?signature="+secret, http.StatusTemporaryRedirect)
		return true
	}
	p := w.promotion(root)
	p.Keychain = keys{p.From: "reader", p.To: "writer"}
	_, err := registry.Promote(t.Context(), p)
	require.NoError(t, err)
	w.complete(root)
	mu.Lock()
	assert.Empty(t, leaked)
	broken = true
	mu.Unlock()
	_, err = registry.Promote(t.Context(), p)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), secret)
	assert.NotContains(t, err.Error(), storage.URL)
}

// plainOnly is a network without https. It records the hosts that were sent plain http.
type plainOnly struct {
	mu  sync.Mutex
	got []string
}

func (p *plainOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.got = append(p.got, r.URL.Host)
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Request: r}, nil
	}
	return nil, errors.New("http: server gave HTTP response to HTTPS client")
}

// TestPlainHTTPIsForLoopback includes names that look local and belong to other machines.
func TestPlainHTTPIsForLoopback(t *testing.T) {
	t.Parallel()
	for host, allowed := range map[string]bool{
		"127.0.0.1:5000": true, "localhost:5000": true,
		"10.0.0.1:5000": false, "192.168.1.1:5000": false, "registry.local": false, "registry.example": false,
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, nil)
			p := w.promotion(w.image.image("amd64", "1000", "app"))
			network := &plainOnly{}
			p.To, p.Transport = host+"/prod/web", network
			_, err := registry.Promote(t.Context(), p)
			require.Error(t, err)
			assert.Equal(t, allowed, len(network.got) > 0)
		})
	}
}
