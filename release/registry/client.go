package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// How requests are repeated. With a registry that asks for no longer, the waits of one request are 1, 2, 4 and 8 s.
const (
	maxAttempts = 5
	firstWait   = time.Second
	longestWait = 60 * time.Second // also the most that a registry's Retry-After is obeyed
)

// How long one attempt may take before it counts as hung: a base, and what a transfer needs at the slowest rate that is
// still worth waiting for.
const (
	attemptBase    = 60 * time.Second
	slowestPerSec  = 256 << 10 // bytes
	userAgent      = "procureflow-release"
	maxErrorAnswer = 64 << 10 // bytes read of an error's body to find the registry's error codes
)

// repository is one repository of a registry and the way to talk to it.
type repository struct {
	name  name.Repository
	log   *slog.Logger
	sleep func(context.Context, time.Duration) error

	keychain authn.Keychain
	base     http.RoundTripper
	scopes   []string

	mu     sync.Mutex
	client *http.Client // nil until the first successful handshake
	scheme string
}

func (r *repository) String() string { return r.name.Name() }

// attempt runs one action against the registry until it succeeds, cannot succeed, or was tried maxAttempts times. size is
// the number of bytes it moves, which decides when an attempt counts as hung.
func (r *repository) attempt(ctx context.Context, action string, size int64, try func(context.Context) error) error {
	for n, wait := 1, firstWait; ; n, wait = n+1, wait*2 {
		err := r.once(ctx, size, try)
		if err == nil {
			return nil
		}
		err = clean(err)
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %s: %w", r, action, context.Cause(ctx))
		}
		if _, ok := errors.AsType[*TagTakenError](err); ok {
			return err
		}
		if n == maxAttempts || !retryable(err) {
			return &RequestError{Repository: r.String(), Action: action, Attempts: n, Err: err}
		}
		pause := wait
		if status, ok := errors.AsType[*statusError](err); ok {
			pause = max(pause, status.retryAfter)
		}
		pause = min(pause, longestWait)
		r.log.Warn("trying again", "repository", r.String(), "action", action, "attempt", n, "wait", pause, "cause", err.Error())
		if err := r.sleep(ctx, pause); err != nil {
			return fmt.Errorf("%s: %s: %w", r, action, err)
		}
	}
}

func (r *repository) once(ctx context.Context, size int64, try func(context.Context) error) error {
	limit := attemptBase + time.Duration(size/slowestPerSec)*time.Second
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := r.login(ctx); err != nil {
		return err
	}
	return try(ctx)
}

// login asks the registry how it wants to be authenticated to and gets what it wants, once.
func (r *repository) login(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client != nil {
		return nil
	}
	auth, err := authn.Resolve(ctx, r.keychain, r.name)
	if err != nil {
		return refuse("no credentials for %s: the keychain failed (its text is withheld: it may hold credentials); "+
			"log in with `gcloud auth login` or `docker login %s`", r.name.RegistryStr(), r.name.RegistryStr())
	}
	seen := &observedScheme{inner: r.base}
	authenticated, err := transport.NewWithContext(ctx, r.name.Registry, auth, transport.NewUserAgent(seen, userAgent), r.scopes)
	if err != nil {
		return err
	}
	r.scheme = seen.of(r.name.RegistryStr())
	r.client = &http.Client{Transport: authenticated, CheckRedirect: checkRedirect}
	return nil
}

// checkRedirect follows downloads to the registry's storage without the registry's credentials, and nothing else.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if via[0].Method != http.MethodGet && via[0].Method != http.MethodHead {
		return http.ErrUseLastResponse
	}
	if len(via) >= 5 {
		return refuse("more than 5 redirects")
	}
	if req.URL.Host != via[0].URL.Host {
		req.Header.Del("Authorization")
	}
	return nil
}

// observedScheme keeps plain http to loopback addresses, whoever asks for it (a name, a redirect, a token service), and
// remembers which scheme a host answered to.
type observedScheme struct {
	inner http.RoundTripper

	mu       sync.Mutex
	answered map[string]string // scheme by host
}

func (o *observedScheme) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !isLoopback(req.URL.Hostname()) {
		return nil, refuse("%s answers plain http only, which is for loopback addresses; use https", req.URL.Hostname())
	}
	resp, err := o.inner.RoundTrip(req)
	if err == nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.answered == nil {
			o.answered = map[string]string{}
		}
		o.answered[req.URL.Host] = req.URL.Scheme
	}
	return resp, err
}

func (o *observedScheme) of(host string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if scheme := o.answered[host]; scheme != "" {
		return scheme
	}
	return "https"
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// request is one HTTP request to the repository.
type request struct {
	method string
	path   string // below /v2/REPO/
	url    string // absolute, instead of path
	header map[string]string
	body   io.Reader
	size   int64 // of the body
	expect []int
}

// send sends a request and returns the answer when its status is expected, and a statusError otherwise. The caller closes
// the body.
func (r *repository) send(ctx context.Context, q request) (*http.Response, error) {
	target := q.url
	if target == "" {
		target = fmt.Sprintf("%s://%s/v2/%s/%s", r.scheme, r.name.RegistryStr(), r.name.RepositoryStr(), q.path)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, target, q.body)
	if err != nil {
		return nil, refuse("the registry gave a location that is no URL")
	}
	req.ContentLength = q.size
	if q.size == 0 {
		req.Body = http.NoBody
	}
	for key, value := range q.header {
		req.Header.Set(key, value)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	for _, status := range q.expect {
		if resp.StatusCode == status {
			return resp, nil
		}
	}
	defer resp.Body.Close()
	failed := &statusError{status: resp.StatusCode, retryAfter: retryAfter(resp.Header)}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxErrorAnswer), resp.Body}
	if answer, ok := errors.AsType[*transport.Error](transport.CheckError(resp)); ok {
		failed.codes = codesOf(answer)
	}
	return nil, failed
}

// retryAfter reads the header of that name, in seconds; its other form, a date, is rare and counts as absent.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// follow resolves a location the registry gave. It has to stay at the registry: credentials and image bytes go there.
func (r *repository) follow(resp *http.Response, location string) (string, error) {
	at, err := url.Parse(location)
	if err != nil || strings.TrimSpace(location) == "" {
		return "", refuse("the registry gave a location that is no URL")
	}
	next := resp.Request.URL.ResolveReference(at)
	if next.Host != resp.Request.URL.Host || next.Scheme != resp.Request.URL.Scheme {
		return "", refuse("the registry gave a location on another host, %s", next.Host)
	}
	return next.String(), nil
}
