// Package probe asks a service for its pages as a visitor does, and sends an ID token where the service is private. It
// uses no client of a cloud: the caller passes a [TokenSource] that makes the tokens.
package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/loopback"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// Marker is what an answer must contain to show that the right revision gave it. The zero value requires nothing.
type Marker struct {
	// Header has to hold Value. {revision} in Value is the candidate's name.
	Header, Value string
	// Body is a text that the answer's body has to contain. {revision} is replaced here, too.
	Body string
}

// Prober makes HTTP requests as a visitor does. It implements rollout.Prober.
type Prober struct {
	// Paths are requested together. A round is good if every path answers with 200 to 299. The paths should be cheap: see docs/runbooks.
	Paths []string
	// Timeout bounds one request. A slower answer is a failure.
	Timeout time.Duration
	// Marker shows that the right revision answered. Default: any answer counts.
	Marker Marker
	// Token returns an ID token for a private service. A service that answers without one is not sent one. Default: none is ever sent.
	Token TokenSource
	// Private says that the service is known to be private, so that no request goes without a token.
	Private bool
	// Via is a base URL that every request goes to instead, with the real Host header. The sandbox uses it to reach its data plane.
	Via string
	// Now tells the time. Required.
	Now func() time.Time

	client  *http.Client
	once    sync.Once
	refused atomic.Bool // The service refused a request without a token, so requests carry one from then on.
}

// CheckVia refuses an address that is not on this machine.
func CheckVia(via string) error {
	parsed, err := url.Parse(via)
	if err != nil || !Loopback(parsed) {
		return fmt.Errorf("probes cannot go via %q: use a loopback address such as http://127.0.0.1:8081", via)
	}
	return nil
}

// Loopback says whether an address is on this machine. It accepts literal addresses only, because a name may resolve to any address.
func Loopback(address *url.URL) bool {
	return loopback.Address(address.Hostname()) && address.User == nil
}

// errNoToken says that no ID token could be obtained for a private service.
var errNoToken = errors.New("no ID token could be obtained")

// maxMarkerBody is how much of an answer is searched for the marker.
const maxMarkerBody = 64 << 10

// Probe implements rollout.Prober. It requests every path of every endpoint at once, and makes one sample per endpoint: the first fault
// in the order of the paths, and the longest latency.
func (p *Prober) Probe(ctx context.Context, probes []rollout.Probe) []health.Sample {
	p.once.Do(func() {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 2 * len(p.Paths)
		p.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request,
			[]*http.Request) error {
			return http.ErrUseLastResponse
		}}
	})
	answers := make([][]health.Sample, len(probes))
	var group sync.WaitGroup
	for i, probe := range probes {
		answers[i] = make([]health.Sample, len(p.Paths))
		for j, path := range p.Paths {
			group.Go(func() { answers[i][j] = p.one(ctx, probe, path) })
		}
	}
	group.Wait()
	samples := make([]health.Sample, len(probes))
	for i := range probes {
		samples[i] = worst(answers[i])
	}
	if _, dark := health.Unreachable(samples); dark {
		// A kept connection cannot tell a silent network from a silent server, so the next round makes a new one.
		p.client.CloseIdleConnections()
	}
	return samples
}

func worst(answers []health.Sample) health.Sample {
	sample := answers[0]
	if len(answers) > 1 {
		sample.Requests = len(answers)
	}
	for _, answer := range answers {
		if answer.Status >= 500 {
			sample.Errors++
		}
		sample.Unreachable = sample.Unreachable && answer.Unreachable
		sample.Latency = max(sample.Latency, answer.Latency)
		if sample.Good() && !answer.Good() {
			sample.Fault, sample.Status = answer.Fault, answer.Status
		}
	}
	return sample
}

func (p *Prober) one(ctx context.Context, probe rollout.Probe, path string) health.Sample {
	sample := health.Sample{Endpoint: probe.Endpoint, At: p.Now()}
	shown, _, _ := strings.Cut(path, "?") // A query may hold something that does not belong in a report.
	fault := func(format string, arguments ...any) health.Sample {
		sample.Latency = p.Now().Sub(sample.At)
		sample.Fault = shown + ": " + fmt.Sprintf(format, arguments...)
		return sample
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	var connected atomic.Bool // It is set only by a new connection, because only that shows that the other side is there.
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { connected.Store(!info.Reused) }})
	withToken := p.Token != nil && (p.Private || p.refused.Load())
	request, err := p.request(ctx, probe.URL, path, withToken)
	if err != nil {
		sample.Unreachable = errors.Is(err, errNoToken)
		return fault("%v", err)
	}
	response, err := p.client.Do(request)
	if err == nil && response.StatusCode == http.StatusForbidden && p.Token != nil && !withToken {
		if request, missing := p.request(ctx, probe.URL, path, true); missing == nil {
			p.refused.Store(true)
			response.Body.Close()
			sample.At = p.Now()
			response, err = p.client.Do(request)
		}
	}
	sample.Unreachable = err != nil && !connected.Load()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fault("no answer in %s", p.Timeout)
	} else if err != nil {
		return fault("%s", cause(err))
	}
	defer response.Body.Close()
	sample.Status = response.StatusCode
	body, err := io.ReadAll(io.LimitReader(response.Body, maxMarkerBody))
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fault("no whole answer in %s", p.Timeout)
	} else if err != nil {
		return fault("the answer broke off: %s", cause(err))
	}
	sample.Latency = p.Now().Sub(sample.At)
	if sample.Status < 200 || sample.Status > 299 {
		return fault("status %d%s", sample.Status, hint(sample.Status, p.Private || p.refused.Load()))
	}
	if probe.Revision == "" {
		return sample
	}
	if want := expand(p.Marker.Value, probe.Revision); p.Marker.Header != "" && response.Header.Get(p.Marker.Header) != want {
		return fault("another version answered: header %s is not %q", p.Marker.Header, want)
	}
	if want := expand(p.Marker.Body, probe.Revision); want != "" && !bytes.Contains(body, []byte(want)) {
		return fault("another version answered: %q is not in the body", want)
	}
	return sample
}

func expand(value, revision string) string { return strings.ReplaceAll(value, "{revision}", revision) }

func hint(status int, authenticated bool) string {
	switch {
	case status == http.StatusForbidden && !authenticated:
		return " (a private service takes an ID token, and none could be obtained: log in as a service account, or give --probe-account)"
	case status == http.StatusForbidden:
		return " (the account needs roles/run.invoker)"
	case status == http.StatusNotFound:
		return " (internal ingress hides a service's URLs)"
	}
	return ""
}

func (p *Prober) request(ctx context.Context, base, path string, withToken bool) (*http.Request, error) {
	target, err := url.Parse(strings.TrimSuffix(base, "/") + path)
	if err != nil || target.Host == "" {
		return nil, fmt.Errorf("%q is not a URL to probe: use one such as https://SERVICE.run.app", base)
	}
	host := target.Host
	if p.Via != "" {
		via, err := url.Parse(p.Via)
		if err != nil {
			return nil, err
		}
		target.Scheme, target.Host = via.Scheme, via.Host
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Host = host
	request.Header.Set("User-Agent", "procureflow-release-probe")
	if !withToken {
		return request, nil
	}
	if target.Scheme != "https" && p.Via == "" {
		return nil, errors.New("a token is sent over https only: use the address that begins with https://")
	}
	token, err := p.Token(ctx)
	if err != nil {
		return nil, errNoToken // The library's error is dropped, because it may quote the token server's answer.
	}
	request.Header.Set("Authorization", "Bearer "+token)
	return request, nil
}

// cause returns a network error without its URL, which may hold a secret.
func cause(err error) string {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err.Error()
	}
	return err.Error()
}
