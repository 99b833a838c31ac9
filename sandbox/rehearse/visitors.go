package rehearse

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// visitor requests one page of one service again and again, and notices when the answer turns bad.
type visitor struct {
	service, host, path string

	requests, failures int
	failing            time.Duration
	badSince           time.Time // zero while answers are good
	during             string
}

// crowd holds the visitors of all services that answered at the start.
type crowd struct {
	plane  string
	client *http.Client
	clock  *clock

	mu       sync.Mutex
	visitors []*visitor
	stage    string
}

// come adds a visitor of a service. It returns false if the service does not answer without credentials.
func (c *crowd) come(ctx context.Context, service, address, path string) bool {
	parsed, err := url.Parse(address)
	if err != nil {
		return false
	}
	v := &visitor{service: service, host: parsed.Host, path: path}
	if !c.ask(ctx, v) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.visitors = append(c.visitors, v)
	return true
}

// ask makes one request, and returns true for a good answer.
func (c *crowd) ask(ctx context.Context, v *visitor) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.plane+v.path, nil)
	if err != nil {
		return false
	}
	request.Host = v.host
	response, err := c.client.Do(request)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode >= 200 && response.StatusCode < 400
}

// everybody has each visitor make one request.
func (c *crowd) everybody(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.visitors {
		good := c.ask(ctx, v)
		if ctx.Err() != nil {
			return
		}
		now := c.clock.Now()
		v.requests++
		if !v.badSince.IsZero() {
			v.failing += now.Sub(v.badSince)
			v.badSince = time.Time{}
		}
		if !good {
			if v.failures == 0 {
				v.during = c.stage
			}
			v.failures++
			v.badSince = now
		}
	}
}

func (c *crowd) begin(stage string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stage = stage
}

// noticed returns what the visitors noticed, by service.
func (c *crowd) noticed() []review.Visitors {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := []review.Visitors{}
	for _, v := range c.visitors {
		all = append(all, review.Visitors{Service: v.service, Requests: v.requests, Failures: v.failures, Seconds: v.failing.Seconds(),
			StillFailing: !v.badSince.IsZero(), During: v.during})
	}
	return all
}
