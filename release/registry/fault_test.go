package registry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/registry"
)

// faulty returns a promotion of an image between two registries with faults; from or to may be nil. The promotion writes to log.
func faulty(t *testing.T, from, to func(*world) fault) (w *world, root v1.Descriptor, p registry.Promotion, log *bytes.Buffer) {
	t.Helper()
	w = newWorld(t, nil, []func(*server){immutable})
	root = w.image.everything()
	if from != nil {
		w.from.fault = from(w)
	}
	if to != nil {
		w.to.fault = to(w)
	}
	p, log = w.promotion(root), &bytes.Buffer{}
	p.Log = slog.New(slog.NewTextHandler(log, nil))
	return w, root, p, log
}

// TestPromoteSurvives has the faults that pass: the promotion tries again, waits as long as it should, and completes.
func TestPromoteSurvives(t *testing.T) {
	t.Parallel()
	layer := digestOf([]byte("base"))
	seconds := func(list ...int) (waits []time.Duration) {
		for _, s := range list {
			waits = append(waits, time.Duration(s)*time.Second)
		}
		return waits
	}
	tests := map[string]struct {
		from, to func(*world) fault
		waits    []time.Duration
		resent   bool
	}{
		"busy registry": {to: func(*world) fault { return first(3, "POST", "/blobs/uploads/", status(503)) }, waits: nil},
		"throttled":     {to: func(*world) fault { return first(1, "HEAD", layer, status(429, "Retry-After", "7")) }, waits: seconds(7)},
		"throttled for too long": {to: func(*world) fault { return first(1, "HEAD", layer, status(429, "Retry-After", "86400")) },
			waits: seconds(60)},
		"throttled until a date": {to: func(*world) fault {
			return first(1, "HEAD", layer, status(429, "Retry-After", "Tue, 24 Nov 2026 00:00:00 GMT"))
		}, waits: seconds(1)},
		"four failures":    {from: func(*world) fault { return first(4, "GET", layer, status(500)) }, waits: seconds(1, 2, 4, 8)},
		"lost connection":  {to: func(*world) fault { return first(1, "PUT", "/manifests/sha256:", disconnect) }, waits: seconds(1)},
		"truncated upload": {to: func(*world) fault { return first(1, "PUT", "/blobs/uploads/", half) }, waits: seconds(1), resent: true},
		"upload refused late": {to: func(*world) fault { return first(1, "PUT", "/blobs/uploads/", status(500)) }, waits: seconds(1),
			resent: true},
		"lost answer, blob": {to: func(w *world) fault { return first(1, "PUT", "/blobs/uploads/", after(w.to)) }, waits: seconds(1),
			resent: true},
		"lost answer, tag": {to: func(w *world) fault { return first(1, "PUT", "/manifests/"+tag, after(w.to)) }},
		"truncated at source": {from: func(w *world) fault { return first(1, "GET", layer, changed(w.from, short)) }, waits: seconds(1),
			resent: true},
		"wrong at source": {from: func(w *world) fault { return first(1, "GET", layer, changed(w.from, flip)) }, waits: seconds(1),
			resent: true},
		"wrong when read back": {to: func(w *world) fault { return first(1, "GET", layer, changed(w.to, flip)) }, waits: seconds(1)},
		"wrong manifest": {from: func(w *world) fault { return first(1, "GET", "/manifests/sha256:", changed(w.from, flip)) },
			waits: seconds(1)},
		"handshake fails": {to: func(*world) fault { return first(1, "GET", "/v2/", status(503)) }, waits: seconds(1)},
	}
	for name, tt := range sampled(tests) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, root, p, log := faulty(t, tt.from, tt.to)
			result, err := registry.Promote(t.Context(), p)
			require.NoError(t, err)
			w.complete(root)
			if name != "busy registry" {
				assert.Equal(t, tt.waits, w.slept)
			} else {
				assert.Len(t, w.slept, 3)
			}
			assert.Equal(t, w.image.bytes(), result.Transfer.Moved)
			assert.Equal(t, tt.resent, result.Transfer.Resent > 0, "%d bytes resent", result.Transfer.Resent)
			assert.Contains(t, log.String(), "tagWritten=true")
			if name == "lost answer, blob" {
				assert.Equal(t, len(w.to.blobs), w.to.uploads(), "a blob that arrived is not sent again")
			}
			assert.NotContains(t, log.String(), secret)
		})
	}
}

// TestPromoteGivesUp has the faults that end a promotion. The error says what failed, where and how often it was tried, and no tag
// is set.
func TestPromoteGivesUp(t *testing.T) {
	t.Parallel()
	const always = 1000
	layer := digestOf([]byte("base"))
	tests := map[string]struct {
		from, to func(*world) fault
		fault    string // {from} and {to} are the repositories
		tries    int
	}{
		"registry down": {to: func(*world) fault { return first(always, "HEAD", layer, status(503)) },
			fault: "{to}: look for blob " + layer + ": 503 Service Unavailable (tried 5 times)", tries: 5},
		"throttled for ever": {to: func(*world) fault { return first(always, "HEAD", layer, status(429)) },
			fault: "{to}: look for blob " + layer +
				": 429 Too Many Requests (tried 5 times); run the promotion again later: it goes on where it stopped", tries: 5},
		"no access to target": {to: func(*world) fault { return first(always, "POST", "/blobs/uploads/", status(403)) },
			fault: ": 403 Forbidden (UNAVAILABLE); log in to the registry, or give this identity access to the repository", tries: 0},
		"no access to source": {from: func(*world) fault { return first(always, "GET", "/manifests/", status(401)) },
			fault: "401 Unauthorized", tries: 1},
		"wrong at source": {from: func(w *world) fault { return first(always, "GET", layer, changed(w.from, flip)) },
			fault: "{to}: upload blob " + layer + ": read it from {from}: the bytes hash to " + digestOf([]byte("case")) + ", not to " +
				layer + " (tried 5 times)", tries: 5},
		"short at source": {from: func(w *world) fault { return first(always, "GET", layer, changed(w.from, short)) },
			fault: "{to}: upload blob " + layer + ": read it from {from}: ", tries: 5},
		"fewer bytes than the manifest says": {
			from:  func(w *world) fault { return first(always, "GET", layer, changed(w.from, short, "Content-Length")) },
			fault: "{to}: upload blob " + layer + ": read it from {from}: 2 bytes, not the 4 announced (tried 5 times)", tries: 5},
		"more bytes when read back": {to: func(w *world) fault { return first(always, "GET", layer, changed(w.to, long, "Content-Length")) },
			fault: "{to}: read back blob " + layer + ": more bytes than the 4 announced (tried 5 times)", tries: 5},
		"an empty blob at the target": {to: func(*world) fault { return first(always, "HEAD", layer, status(200, "Content-Length", "0")) },
			fault: "{to} has blob " + layer + " with 0 bytes and its manifest says 4: delete it there and promote again"},
		"upload redirected": {to: func(*world) fault {
			return first(always, "POST", "/blobs/uploads/", status(307, "Location", "/v2/elsewhere/blobs/uploads/"))
		}, fault: ": 307 Temporary Redirect", tries: 0},
		"wrong when read back": {to: func(w *world) fault { return first(always, "GET", layer, changed(w.to, flip)) },
			fault: "{to}: read back blob " + layer + ": the bytes hash to " + digestOf([]byte("case")) + ", not to " + layer +
				" (tried 5 times)", tries: 5},
		"upload never whole": {to: func(*world) fault { return first(always, "PUT", "/blobs/uploads/", half) },
			fault: "{to}: upload blob ", tries: 0},
		"wrong digest stored": {to: func(*world) fault {
			return first(always, "PUT", "/manifests/sha256:", status(201, "Docker-Content-Digest", layer))
		}, fault: ": the bytes hash to " + layer + ", not to ", tries: 5},
		"manifest refused": {to: func(*world) fault { return first(always, "PUT", "/manifests/sha256:", status(400)) },
			fault: ": 400 Bad Request (UNAVAILABLE)", tries: 1},
		"tag refused": {to: func(*world) fault { return first(always, "PUT", "/manifests/"+tag, status(403)) },
			fault: "{to}: set tag " + tag + ": 403 Forbidden (UNAVAILABLE); log in", tries: 1},
		"listing on another host": {from: func(*world) fault {
			return first(always, "GET", "/referrers/", func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Content-Type", ociIndex)
				w.Header().Set("Link", `<https://evil.example/?token=`+secret+`>; rel="next"`)
				_, _ = io.WriteString(w, `{"schemaVersion":2,"manifests":[]}`)
				return true
			})
		}, fault: "the registry gave a location on another host, evil.example", tries: 1},
		"upload to another host": {to: func(*world) fault {
			return first(always, "POST", "/blobs/uploads/", status(202, "Location", "https://evil.example/?token="+secret))
		}, fault: "the registry gave a location on another host, evil.example", tries: 0},
		"list without what was pushed": {to: func(*world) fault {
			return first(always, "GET", "/referrers/", func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Content-Type", ociIndex)
				_, _ = io.WriteString(w, `{"schemaVersion":2,"manifests":[]}`)
				return true
			})
		}, fault: "the registry has the manifests and does not list sha256:", tries: 5},
		"endless manifest": {from: func(*world) fault {
			return first(always, "GET", "/manifests/", func(w http.ResponseWriter, _ *http.Request) bool {
				_, _ = w.Write(make([]byte, 5<<20))
				return true
			})
		}, fault: "a manifest or list has more than 4194304 bytes", tries: 1},
	}
	for name, tt := range sampled(tests) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _, p, log := faulty(t, tt.from, tt.to)
			_, err := registry.Promote(t.Context(), p)
			require.Error(t, err)
			assert.Contains(t, err.Error(), strings.NewReplacer("{from}", p.From, "{to}", p.To).Replace(tt.fault))
			assert.NotContains(t, err.Error(), secret)
			assert.NotContains(t, log.String(), secret)
			if tt.tries > 0 {
				var failed *registry.RequestError
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, tt.tries, failed.Attempts)
			}
			assert.Empty(t, tagsOf(w.to.state(toRepo)))
			assert.Empty(t, w.to.broken)
		})
	}
}

// sampled are all cases, or every fourth with -short, which the check uses where the race detector looks: what the registry answers
// differs between the cases, and what goroutines share does not.
func sampled[T any](cases map[string]T) iter.Seq2[string, T] {
	stride := 1
	if testing.Short() {
		stride = 4
	}
	return func(yield func(string, T) bool) {
		for i, name := range slices.Sorted(maps.Keys(cases)) {
			if i%stride == 0 && !yield(name, cases[name]) {
				return
			}
		}
	}
}

// TestPromoteStoppedAnywhere ends the promotion after each request in turn. Nothing incomplete has a tag, and the next promotion
// moves only what is missing. Every tenth request is tried, or every fortieth with -short; `check --full` tries each.
func TestPromoteStoppedAnywhere(t *testing.T) {
	t.Parallel()
	stride := 10
	switch {
	case os.Getenv("CHECK_FULL") != "":
		stride = 1
	case testing.Short():
		stride = 40
	}
	for name, with := range map[string][]func(*server){"API": {immutable}, "no API": {apiOff}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for stop := 1; ; stop += stride {
				w := newWorld(t, nil, with)
				root := w.image.everything()
				ctx, cancel := context.WithCancelCause(t.Context())
				var asked atomic.Int32
				killed := errors.New("killed")
				w.to.fault = func(rw http.ResponseWriter, _ *http.Request, _ int) bool {
					if asked.Add(1) < int32(stop) {
						return false
					}
					cancel(killed)
					hangUp(rw)
					return true
				}
				_, err := registry.Promote(ctx, w.promotion(root))
				w.to.settle()
				if err == nil {
					require.Greater(t, stop, 50, "the number of requests after which the promotion was stopped")
					cancel(nil)
					return
				}
				require.ErrorIs(t, err, killed)
				tagged(t, w, root)
				w.to.only("resumed")
				missing := w.missing()
				again := w.promotion(root)
				again.Transport = runAs("resumed")
				result, err := registry.Promote(t.Context(), again)
				require.NoError(t, err)
				w.complete(root)
				require.Equal(t, missing, result.Transfer.Moved, "stopped at request %d", stop)
			}
		})
	}
}

// runHeader tells the requests of two runs apart.
const runHeader = "X-Run"

// runAs adds the run's header to each request.
type runAs string

func (run runAs) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set(runHeader, string(run))
	return http.DefaultTransport.RoundTrip(request)
}

// only refuses the requests of every other run. A late request of a dead client may still arrive, and the blob that it stored would
// not be missing any more.
func (s *server) only(run string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = func(rw http.ResponseWriter, request *http.Request, _ int) bool {
		if request.Header.Get(runHeader) == run {
			return false
		}
		hangUp(rw)
		return true
	}
}

// tagged checks that no tag at the target names anything incomplete.
func tagged(t *testing.T, w *world, root v1.Descriptor) {
	t.Helper()
	require.Empty(t, w.to.broken)
	state := w.to.state(toRepo)
	if state[tag] != "" {
		require.Equal(t, root.Digest.String(), state[tag])
		w.complete(root)
	}
}

// missing returns the number of bytes that the target lacks, by the test's own account.
func (w *world) missing() (sum int64) {
	state := w.to.state(toRepo)
	for digest, size := range w.image.sizes {
		if state[digest] == "" {
			sum += size
		}
	}
	return sum
}
