package faults

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/disturb"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

// Effect is what a fault does to a request.
type Effect string

// The effects; the package's comment describes them.
const (
	Delay         Effect = "delay"
	Answer        Effect = "answer"
	Drop          Effect = "drop"
	DropAnswer    Effect = "drop-answer"
	SlowOperation Effect = "slow-operation"
	Conflict      Effect = "conflict"
	HoldTraffic   Effect = "hold-traffic"
	LoseRevision  Effect = "lose-revision"
	LagMetrics    Effect = "lag-metrics"
)

// Effects are all effects.
var Effects = []Effect{Delay, Answer, Drop, DropAnswer, SlowOperation, Conflict, HoldTraffic, LoseRevision, LagMetrics}

// Fault is one way in which the cloud goes wrong. The zero value of every field but Effect is a usable default.
type Fault struct {
	// Effect is what happens. Required.
	Effect Effect `json:"effect"`
	// Method is the HTTP method of the requests the fault is about. Default: any; with slow-operation, conflict and
	// hold-traffic, any that writes.
	Method string `json:"method,omitempty"`
	// Path is a pattern of their path: * is any part of one segment, ** any number of segments. Example:
	// /run/v2/**/services/web. Default: any. conflict, hold-traffic and lose-revision are about requests that name a
	// Cloud Run service only; lag-metrics about reads of time series only.
	Path string `json:"path,omitempty"`
	// Skip lets the first so many of those requests pass. Default: 0.
	Skip int `json:"skip,omitempty"`
	// Rate is the share of the others that is struck, 0-1. Default: 1, all.
	Rate float64 `json:"rate,omitempty"`
	// Next ends the fault when it has struck so often. Default: 0, which never ends it.
	Next int `json:"next,omitempty"`
	// Seed decides which requests a rate strikes. Default: 0, a seed like any other.
	Seed uint64 `json:"seed,omitempty"`
	// Status is the HTTP status of answer: 429, 500 or 503. Default: 503.
	Status int `json:"status,omitempty"`
	// Duration is how long delay, slow-operation and lag-metrics take. Required there.
	Duration Duration `json:"duration,omitempty"`
	// Revision is the short name of the revision that lose-revision loses. Required there.
	Revision string `json:"revision,omitempty"`
}

// Duration is a time.Duration that JSON writes as "1m30s".
type Duration time.Duration

// MarshalText writes the duration as Go does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads "1m30s".
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// statuses are the errors that answer gives, as the APIs word them.
var statuses = map[int]struct{ status, message string }{
	http.StatusTooManyRequests: {"RESOURCE_EXHAUSTED",
		"Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per region'."},
	http.StatusInternalServerError: {"INTERNAL", "Internal error encountered."},
	http.StatusServiceUnavailable:  {"UNAVAILABLE", "The service is currently unavailable."},
}

// check fills in the defaults and refuses what makes no sense, all of it at once.
func (f *Fault) check() error {
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if f.Rate == 0 {
		f.Rate = 1
	}
	if f.Effect == Answer && f.Status == 0 {
		f.Status = http.StatusServiceUnavailable
	}
	f.Method = strings.ToUpper(f.Method)
	if !slices.Contains(Effects, f.Effect) {
		wrong("effect %q: use one of %v", f.Effect, Effects)
	}
	if f.Rate < 0 || f.Rate > 1 {
		wrong("rate %g: use a share between 0 and 1", f.Rate)
	}
	if f.Next < 0 || f.Skip < 0 {
		wrong("next %d, skip %d: use counts that are not negative", f.Next, f.Skip)
	}
	timed := slices.Contains([]Effect{Delay, SlowOperation, LagMetrics}, f.Effect)
	if timed && f.Duration <= 0 {
		wrong("duration: %s needs one that is positive, such as 5s", f.Effect)
	}
	if !timed && f.Duration != 0 {
		wrong("duration: %s takes none", f.Effect)
	}
	if _, known := statuses[f.Status]; f.Effect == Answer && !known {
		wrong("status %d: use 429, 500 or 503", f.Status)
	}
	if f.Effect != Answer && f.Status != 0 {
		wrong("status: %s takes none", f.Effect)
	}
	if (f.Effect == LoseRevision) != (f.Revision != "") {
		wrong("revision: lose-revision needs the short name of one, and nothing else takes one")
	}
	return errors.Join(problems...)
}

// pattern is the path pattern as an expression.
func pattern(path string) *regexp.Regexp {
	if path == "" {
		return regexp.MustCompile("")
	}
	quoted := regexp.QuoteMeta(path)
	quoted = strings.ReplaceAll(quoted, `\*\*`, `.*`)
	return regexp.MustCompile("^" + strings.ReplaceAll(quoted, `\*`, `[^/]*`) + "$")
}

// about says whether the fault is about the request.
func (f *Fault) about(r *http.Request, path *regexp.Regexp) bool {
	writes := r.Method != http.MethodGet && r.Method != http.MethodHead
	switch f.Effect {
	case LagMetrics:
		if writes || !strings.HasSuffix(r.URL.Path, "/timeSeries") {
			return false
		}
	case LoseRevision:
		if run.ServiceOf(r) == "" {
			return false
		}
	case Conflict, HoldTraffic:
		if !writes || run.ServiceOf(r) == "" {
			return false
		}
	case SlowOperation:
		if !writes {
			return false
		}
	}
	return (f.Method == "" || f.Method == r.Method) && path.MatchString(r.URL.Path)
}

// disturb adds the effect that the cloud itself carries out.
func (f *Fault) disturb(d *disturb.Disturbance) {
	switch f.Effect {
	case SlowOperation:
		d.OperationDelay = max(d.OperationDelay, time.Duration(f.Duration))
	case LagMetrics:
		d.MetricsLag = max(d.MetricsLag, time.Duration(f.Duration))
	case Conflict:
		d.Conflict = true
	case HoldTraffic:
		d.HoldTraffic = true
	case LoseRevision:
		d.LoseRevision = f.Revision
	}
}
