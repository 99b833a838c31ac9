package dataplane

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/metrics"
	"github.com/guiofsaints/procureflow-platform/internal/wait"
)

// RevisionHeader is the header that names the revision which gave an answer.
const RevisionHeader = "X-Sandbox-Revision"

// Options configure a [DataPlane]. The zero value suits a program that is not a test.
type Options struct {
	// Float64 draws a number in [0,1). The number decides which revision serves a request, and which requests fail if a behaviour
	// has an error rate. Calls do not overlap. Default: math/rand/v2.
	Float64 func() float64
	// Now is the clock of the metrics. Default: time.Now.
	Now func() time.Time
	// Sleep waits, or returns early with the context's error. Default: a timer.
	Sleep func(context.Context, time.Duration) error
	// Metrics counts the requests. Default: the cloud's recorder, which its Cloud Monitoring reports.
	Metrics *metrics.Recorder
}

// DataPlane answers requests to all services of a cloud. It is an http.Handler that routes by the Host header.
type DataPlane struct {
	cloud   *cloud.Cloud
	options Options
	mu      sync.Mutex // guards options.Float64
}

// New serves the cloud's services.
func New(c *cloud.Cloud, options Options) *DataPlane {
	if options.Float64 == nil {
		options.Float64 = rand.Float64
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Sleep == nil {
		options.Sleep = wait.For
	}
	if options.Metrics == nil {
		options.Metrics = c.Metrics()
	}
	return &DataPlane{cloud: c, options: options}
}

// Metrics returns the recorder that counts the requests.
func (d *DataPlane) Metrics() *metrics.Recorder { return d.options.Metrics }

func (d *DataPlane) draw() float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.options.Float64()
}

// ServeHTTP routes by host. SERVICE-NUMBER.REGION.run.app is a service, and TAG---SERVICE-NUMBER.REGION.run.app is the revision
// with a tag.
func (d *DataPlane) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := strings.ToLower(r.Host)
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	tag, canonical, tagged := strings.Cut(host, "---")
	if !tagged {
		tag, canonical = "", host
	}
	for _, service := range d.cloud.Run.Services() {
		if service.URI == "https://"+canonical {
			d.serve(w, r, service, tag)
			return
		}
	}
	frontEnd(w, http.StatusNotFound, "Page not found", "No service has the host "+host+".")
}

// ForService answers requests to one service, whatever the host, so that the service can have its own listener. A host that
// begins with TAG--- reaches the revision with that tag.
func (d *DataPlane) ForService(project, location, service string) http.Handler {
	name := fmt.Sprintf("projects/%s/locations/%s/services/%s", project, location, service)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := d.cloud.Run.Service(name)
		if err != nil {
			frontEnd(w, http.StatusNotFound, "Page not found", err.Error())
			return
		}
		tag, _, tagged := strings.Cut(strings.ToLower(r.Host), "---")
		if !tagged {
			tag = ""
		}
		d.serve(w, r, s, tag)
	})
}

func (d *DataPlane) serve(w http.ResponseWriter, r *http.Request, service run.Service, tag string) {
	if service.Internal {
		frontEnd(w, http.StatusNotFound, "Page not found", "The service takes requests from its network only.")
		return
	}
	revision := ""
	if tag != "" {
		for _, target := range service.Traffic {
			if target.Tag == tag {
				revision = target.Revision
			}
		}
		if revision == "" {
			frontEnd(w, http.StatusNotFound, "Page not found", "The service has no traffic tag "+tag+".")
			return
		}
	}
	switch d.cloud.Run.Authorize(service, r.Header) {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token" error_description="The access token could not be verified"`)
		frontEnd(w, http.StatusUnauthorized, "Unauthorized", "Your client does not have permission to the requested URL "+r.URL.Path+".")
		return
	case http.StatusForbidden:
		frontEnd(w, http.StatusForbidden, "Forbidden", "Your client does not have permission to get URL "+r.URL.Path+" from this server.")
		return
	}
	if revision == "" {
		revision = d.choose(r, service)
	}
	serving, ready := service.Revisions[revision]
	if !ready {
		frontEnd(w, http.StatusServiceUnavailable, "Service Unavailable", "The service you requested is not available yet.")
		return
	}
	if tag == "" && serving.Sticky {
		http.SetCookie(w, &http.Cookie{Name: affinityCookie, Value: revision, Path: "/", MaxAge: affinityDays * 24 * 60 * 60,
			HttpOnly: true, Secure: true})
	}
	d.answer(w, r, service, serving)
}

// A revision with session affinity sends visitors this cookie, which is valid for this many days.
const (
	affinityCookie = "GAESA"
	affinityDays   = 30
)

// choose returns the revision that serves a request to the service's own address. Session affinity takes precedence over the split:
// visitors whom a revision has answered reach the same revision again, as long as it has a share of the traffic.
// Source: https://cloud.google.com/run/docs/configuring/session-affinity.
func (d *DataPlane) choose(r *http.Request, service run.Service) string {
	if cookie, err := r.Cookie(affinityCookie); err == nil && service.Revisions[cookie.Value].Sticky {
		for _, target := range service.Traffic {
			if target.Revision == cookie.Value && target.Percent > 0 {
				return cookie.Value
			}
		}
	}
	return run.Pick(service.Traffic, d.draw()*100)
}

// frontEnd answers as Google's front end does when no container answers: in HTML, and without the header that names a revision.
func frontEnd(w http.ResponseWriter, code int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(code)
	_ = errorPage.Execute(w, map[string]any{"Code": code, "Title": title, "Text": text}) // the client is gone when this fails
}
