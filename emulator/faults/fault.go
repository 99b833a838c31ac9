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

// The effects of faults.
const (
	Delay         Effect = "delay"          // The request waits, for Fault.Duration, before it is carried out.
	Answer        Effect = "answer"         // The request gets an error, Fault.Status, and is not carried out.
	Drop          Effect = "drop"           // The connection closes, and the request is not carried out.
	DropAnswer    Effect = "drop-answer"    // The request is carried out, and the connection closes without an answer.
	SlowOperation Effect = "slow-operation" // The operation of the request runs for Fault.Duration.
	Conflict      Effect = "conflict"       // Another client's write changes the service just before the request.
	HoldTraffic   Effect = "hold-traffic"   // The traffic split is stored and does not take effect.
	LoseRevision  Effect = "lose-revision"  // The revision Fault.Revision is deleted just before the request.
	LagMetrics    Effect = "lag-metrics"    // The newest metrics in the answer are Fault.Duration old.
)

// effects lists all effects.
var effects = []Effect{Delay, Answer, Drop, DropAnswer, SlowOperation, Conflict, HoldTraffic, LoseRevision, LagMetrics}

// Fault is one way in which the cloud goes wrong. Every field but Effect may keep its zero value, unless its comment says
// otherwise.
type Fault struct {
	// Effect is what happens. Required.
	Effect Effect `json:"effect"`
	// Method is the HTTP method of the requests that the fault concerns. Default: any method; for slow-operation, conflict and
	// hold-traffic, any method that writes.
	Method string `json:"method,omitempty"`
	// Path is a pattern of the requests' path: * stands for any part of one segment, ** for any number of segments. Example:
	// /run/v2/**/services/web. Default: any path. conflict, hold-traffic and lose-revision concern only requests that name a
	// Cloud Run service. lag-metrics concerns only reads of time series.
	Path string `json:"path,omitempty"`
	// Skip is how many of those requests pass before the fault strikes. Default: 0.
	Skip int `json:"skip,omitempty"`
	// Rate is the share of the remaining requests that the fault strikes, 0-1. Default: 1, all of them.
	Rate float64 `json:"rate,omitempty"`
	// Next is how many requests the fault strikes before it ends. Default: 0; it then never ends.
	Next int `json:"next,omitempty"`
	// Seed decides which requests a rate strikes. Default: 0, which is a seed like any other.
	Seed uint64 `json:"seed,omitempty"`
	// Status is the HTTP status that the effect answer gives: 429, 500 or 503. Default: 503.
	Status int `json:"status,omitempty"`
	// Duration is how long delay, slow-operation and lag-metrics take. Required for them.
	Duration Duration `json:"duration,omitempty"`
	// Revision is the short name of the revision that lose-revision deletes. Required for it.
	Revision string `json:"revision,omitempty"`
}

// Duration is a time.Duration that JSON writes as "1m30s".
type Duration time.Duration

// MarshalText writes the duration in Go's form.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads a duration such as "1m30s".
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// statuses are the errors that the effect answer gives, in the words of the APIs.
var statuses = map[int]struct{ status, message string }{
	http.StatusTooManyRequests: {"RESOURCE_EXHAUSTED",
		"Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per region'."},
	http.StatusInternalServerError: {"INTERNAL", "Internal error encountered."},
	http.StatusServiceUnavailable:  {"UNAVAILABLE", "The service is currently unavailable."},
}

// EffectNames returns the names of all effects, with commas.
func EffectNames() string {
	names := make([]string, len(effects))
	for i, effect := range effects {
		names[i] = string(effect)
	}
	return strings.Join(names, ", ")
}

// withDefaults fills in the defaults.
func (f Fault) withDefaults() Fault {
	if f.Rate == 0 {
		f.Rate = 1
	}
	if f.Effect == Answer && f.Status == 0 {
		f.Status = http.StatusServiceUnavailable
	}
	f.Method = strings.ToUpper(f.Method)
	return f
}

// check reports all mistakes in a fault at once.
func (f Fault) check() error {
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !slices.Contains(effects, f.Effect) {
		wrong("effect %q: use one of %s", f.Effect, EffectNames())
	}
	if f.Rate < 0 || f.Rate > 1 {
		wrong("rate %g: use a share between 0 and 1", f.Rate)
	}
	if f.Next < 0 || f.Skip < 0 {
		wrong("next %d, skip %d: use counts that are not negative", f.Next, f.Skip)
	}
	timed := slices.Contains([]Effect{Delay, SlowOperation, LagMetrics}, f.Effect)
	if timed && f.Duration <= 0 {
		wrong("duration: %s needs a positive duration, such as 5s", f.Effect)
	}
	if !timed && f.Duration != 0 {
		wrong("duration: %s has no duration: leave it out", f.Effect)
	}
	if _, known := statuses[f.Status]; f.Effect == Answer && !known {
		wrong("status %d: use 429, 500 or 503", f.Status)
	}
	if f.Effect != Answer && f.Status != 0 {
		wrong("status: %s has no status: leave it out", f.Effect)
	}
	if (f.Effect == LoseRevision) != (f.Revision != "") {
		wrong("revision: lose-revision needs a revision's short name, and every other effect has no revision")
	}
	return errors.Join(problems...)
}

// pattern converts a path pattern to a regular expression.
func pattern(path string) *regexp.Regexp {
	if path == "" {
		return regexp.MustCompile("")
	}
	quoted := regexp.QuoteMeta(path)
	quoted = strings.ReplaceAll(quoted, `\*\*`, `.*`)
	return regexp.MustCompile("^" + strings.ReplaceAll(quoted, `\*`, `[^/]*`) + "$")
}

// about reports whether the fault concerns the request.
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

// disturb adds the fault's effect to d, if the cloud itself carries it out.
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
