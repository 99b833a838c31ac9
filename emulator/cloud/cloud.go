package cloud

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud/metrics"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Options configure a [Cloud]. The zero value is what a program wants.
type Options struct {
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Rand is where server-assigned ids come from; a seeded reader makes them repeat. Default: crypto/rand.
	Rand io.Reader
	// OperationDelay is how long a long-running operation runs. Default: 0, which answers it as done at once.
	OperationDelay time.Duration
	// Metrics is what Cloud Monitoring's time series are read from; the data plane counts into it. Default: a new
	// recorder.
	Metrics *metrics.Recorder
	// MetricsLag is how long a minute's metrics take to appear once the minute has passed. The real ones take 2 to 3
	// minutes. Default: 0.
	MetricsLag time.Duration
	// Log receives what Google writes into audit logs: what Binary Authorization denied, and whether a dry run or breakglass
	// let it in all the same. Default: discarded.
	Log *slog.Logger
	// Intercept wraps the handler of all APIs: what it returns sees every request first and may answer, delay or break
	// it. Default: nothing.
	Intercept func(http.Handler) http.Handler
}

// Cloud is the simulated cloud. It is an http.Handler; its methods may be called from several goroutines.
type Cloud struct {
	store   *store.Store
	options Options
	handler http.Handler

	randMu sync.Mutex
}

// New serves the cloud that documents hold. The caller keeps the store and closes it after the last request.
func New(documents *store.Store, options Options) (*Cloud, error) {
	if documents == nil {
		return nil, errors.New("cloud: a store is required")
	}
	if options.OperationDelay < 0 {
		return nil, fmt.Errorf("cloud: the operation delay is negative: %v", options.OperationDelay)
	}
	if options.MetricsLag < 0 {
		return nil, fmt.Errorf("cloud: the metrics' lag is negative: %v", options.MetricsLag)
	}
	if options.Metrics == nil {
		options.Metrics = &metrics.Recorder{}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Rand == nil {
		options.Rand = rand.Reader
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cloud{store: documents, options: options}
	c.handler = http.HandlerFunc(c.serve)
	if options.Intercept != nil {
		c.handler = options.Intercept(c.handler)
	}
	return c, nil
}

// ServeHTTP answers one API request.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

// Metrics is where the requests to the cloud's services are counted.
func (c *Cloud) Metrics() *metrics.Recorder { return c.options.Metrics }

// maxBody is a request body's limit. The largest body the APIs take is a secret's 64 KiB or a dashboard.
const maxBody = 4 << 20

func (c *Cloud) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		respond(w, http.StatusRequestEntityTooLarge, invalid("Request payload size exceeds the limit: %d bytes.", maxBody).body())
		return
	}
	if rest, found := strings.CutPrefix(r.URL.EscapedPath(), "/gh/api/v3/"); found {
		c.serveGitHub(w, r, rest, body)
		return
	}
	q := &request{cloud: c, method: r.Method, query: r.URL.Query(), quotaProject: r.Header.Get("X-Goog-User-Project"), now: c.now(),
		disturbance: disturbanceOf(r.Context())}
	if err := q.disturb(r); err != nil {
		respond(w, http.StatusInternalServerError, asError(err).body())
		return
	}
	handle := q.handle
	if strings.HasPrefix(r.URL.Path, knativePrefix) || strings.HasPrefix(r.URL.Path, locationsPrefix) {
		handle = func(path string, body []byte) (any, error) { return q.handleKnative(r.Host, path, body) }
	}
	answer, err := handle(r.URL.EscapedPath(), body)
	if err != nil {
		refusal := asError(err)
		respond(w, refusal.Code, refusal.body())
		return
	}
	respond(w, http.StatusOK, answer)
}

func respond(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(body) // the client is gone when this fails
}

func (c *Cloud) now() time.Time { return c.options.Now().UTC() }

// timestamp is t as the APIs write it.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// random returns n random bytes from the cloud's source.
func (c *Cloud) random(n int) []byte {
	raw := make([]byte, n)
	c.randMu.Lock()
	defer c.randMu.Unlock()
	if _, err := io.ReadFull(c.options.Rand, raw); err != nil {
		panic("cloud: the source of random ids is exhausted: " + err.Error())
	}
	return raw
}

func (c *Cloud) pick(alphabet string, n int) string {
	raw := c.random(n)
	for i, b := range raw {
		raw[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(raw)
}

func (c *Cloud) digits(n int) string { return c.pick("123456789", 1) + c.pick("0123456789", n-1) }

func (c *Cloud) letters(n int) string { return c.pick("abcdefghijklmnopqrstuvwxyz", n) }

func (c *Cloud) uuid() string {
	raw := c.random(16)
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	h := hex.EncodeToString(raw)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
