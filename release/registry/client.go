package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/guiofsaints/procureflow-platform/internal/loopback"
)

// These limit how requests are repeated. Unless the registry asks for more, the waits of one request are 1, 2, 4 and 8
// s.
const (
	maxAttempts = 5
	firstWait   = time.Second
	longestWait = 60 * time.Second // A longer Retry-After is cut to this.
)

// These bound one attempt before it counts as hung: a base, and the time that a transfer takes at the slowest
// acceptable rate.
const (
	attemptBase    = 60 * time.Second
	slowestPerSec  = 256 << 10 // bytes
	userAgent      = "procureflow-release"
	maxErrorAnswer = 64 << 10 // bytes read of an error's body to find the registry's error codes
)

// repository is one repository of a registry, with the client and the credentials to reach it.
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

// attempt runs one action against the registry until it succeeds, fails for good, or has been tried maxAttempts times.
// size is the number of bytes that it moves, from which the time limit of an attempt follows.
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

// login asks the registry how to authenticate, and does so, once.
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

// checkRedirect follows downloads to the registry's storage without the registry's credentials. It refuses every other
// redirect.
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

// observedScheme refuses plain http except to loopback addresses, whether a name, a redirect or a token service asks
// for it. It remembers the scheme that each host answered to.
type observedScheme struct {
	inner http.RoundTripper

	mu       sync.Mutex
	answered map[string]string // scheme by host
}

func (o *observedScheme) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !loopback.Host(req.URL.Hostname()) {
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

// send sends a request and returns the answer if its status is expected, else a statusError. The caller closes the
// body.
func (r *repository) send(ctx context.Context, q request) (*http.Response, error) {
	target := q.url
	if target == "" {
		target = fmt.Sprintf("%s://%s/v2/%s/%s", r.scheme, r.name.RegistryStr(), r.name.RepositoryStr(), q.path)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, target, q.body)
	if err != nil {
		return nil, refuse("the registry gave a location that is not a URL")
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

// retryAfter reads the Retry-After header in seconds. Its other form, a date, is rare and counts as absent.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// follow resolves a location that the registry gave. The location has to be at the registry, because credentials and
// image bytes go there.
func (r *repository) follow(resp *http.Response, location string) (string, error) {
	at, err := url.Parse(location)
	if err != nil || strings.TrimSpace(location) == "" {
		return "", refuse("the registry gave a location that is not a URL")
	}
	next := resp.Request.URL.ResolveReference(at)
	if next.Host != resp.Request.URL.Host || next.Scheme != resp.Request.URL.Scheme {
		return "", refuse("the registry gave a location on another host, %s", next.Host)
	}
	return next.String(), nil
}
