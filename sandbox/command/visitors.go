package command

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// visitors ask the service for a page many times a second and count the answers by the revision that gave them.
type visitors struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	mutex   sync.Mutex
	answers map[string]*tally
	last    string
	asked   time.Time // When the visitor who got the latest answer asked.
	bad     time.Time // When the first visitor with a bad answer asked.
	since   time.Time // Earlier visitors are not counted.
	known   string
	onOther func()
}

var demoClient = &http.Client{Timeout: 10 * time.Second}

// tally counts the answers of one revision.
type tally struct {
	requests, bad int
	times         []time.Duration
}

// pace is the time between two visitors.
const pace = 50 * time.Millisecond

// visit sends a visitor to url once every pace until they are stopped. To the cloud, their requests are like any other.
func visit(ctx context.Context, url string, pace time.Duration) *visitors {
	ctx, cancel := context.WithCancel(ctx)
	v := &visitors{cancel: cancel, answers: map[string]*tally{}}
	v.done.Go(func() {
		ticker := time.NewTicker(pace)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				v.done.Go(func() { v.ask(ctx, url) })
			}
		}
	})
	return v
}

func (v *visitors) ask(ctx context.Context, url string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	start := time.Now()
	response, err := demoClient.Do(request)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		v.count(start, time.Since(start), "(no answer)", 0)
		return
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	v.count(start, time.Since(start), response.Header.Get("X-Sandbox-Revision"), response.StatusCode)
}

// count counts the answer to a visitor who came at start. Status 0 means no answer.
func (v *visitors) count(start time.Time, took time.Duration, revision string, status int) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if start.Before(v.since) {
		return
	}
	t := v.answers[revision]
	if t == nil {
		t = &tally{}
		v.answers[revision] = t
	}
	t.requests++
	t.times = append(t.times, took)
	// An answer that took long does not show which revision serves now, so only the visitor who asked last counts.
	if start.After(v.asked) {
		v.last, v.asked = revision, start
	}
	if v.onOther != nil && revision != v.known {
		v.done.Go(v.onOther)
		v.onOther = nil
	}
	if status == 0 || status >= 500 || took > slow {
		t.bad++
		if v.bad.IsZero() || start.Before(v.bad) {
			v.bad = start
		}
	}
}

func (v *visitors) stop() {
	v.cancel()
	v.done.Wait()
}

// restart resets the counts, so that earlier visitors do not count. It calls onOther once, when a revision other than known
// answers.
func (v *visitors) restart(now time.Time, known string, onOther func()) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.known, v.onOther = known, onOther
	v.answers, v.bad, v.since = map[string]*tally{}, time.Time{}, now
}

// latest returns the revision that answered the visitor who came last.
func (v *visitors) latest() string {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	return v.last
}

// others returns the revisions besides known that answered anybody.
func (v *visitors) others(known string) []string {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(v.answers)), func(revision string) bool { return revision == known })
}

// firstBad returns the time at which the first visitor came who got a bad answer or no answer. It is zero if every answer was good.
func (v *visitors) firstBad() time.Time {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	return v.bad
}

// table words the answers by revision.
func (v *visitors) table() string {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	total := 0
	for _, t := range v.answers {
		total += t.requests
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%-30s %8s %7s %5s %8s %8s\n", "REVISION", "REQUESTS", "SHARE", "BAD", "P50", "P95")
	for _, revision := range slices.Sorted(maps.Keys(v.answers)) {
		t := v.answers[revision]
		slices.Sort(t.times)
		at := func(share float64) time.Duration {
			return t.times[int(share*float64(len(t.times)-1))].Round(100 * time.Microsecond)
		}
		fmt.Fprintf(&text, "%-30s %8d %6.1f%% %5d %8s %8s\n", revision, t.requests, 100*float64(t.requests)/float64(total), t.bad,
			at(0.5), at(0.95))
	}
	return text.String()
}
