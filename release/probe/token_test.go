package probe

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// TestLazily checks that a source is made once, when the first token is needed, and that a failure to make it is not the last word.
func TestLazily(t *testing.T) {
	t.Parallel()
	made, asked := 0, 0
	failing := errors.New("the service cannot be read")
	source := Lazily(func(context.Context) (TokenSource, error) {
		if made++; made == 1 {
			return nil, failing
		}
		return func(context.Context) (string, error) { asked++; return "token " + strconv.Itoa(asked), nil }, nil
	})
	assert.Zero(t, made, "nobody has asked for a token")
	_, err := source(t.Context())
	require.ErrorIs(t, err, failing)
	for _, want := range []string{"token 1", "token 2"} {
		token, err := source(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, token)
	}
	assert.Equal(t, 2, made)
}

// TestCached checks how long a token is used, and that a failure is kept no longer than it lasts.
func TestCached(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	now, asked := begin, 0
	source := Cached(func() time.Time { return now }, 50*time.Minute, func(context.Context) (string, error) {
		asked++
		if asked == 2 {
			return "", errors.New("no answer")
		}
		now = now.Add(time.Second) // The answer takes a second, in which the token's life has begun.
		return "token " + strconv.Itoa(asked), nil
	})
	for _, step := range []struct {
		after time.Duration
		want  string
	}{
		{0, "token 1"}, {2 * time.Second, "token 1"}, {50*time.Minute - 1, "token 1"}, {50 * time.Minute, "no answer"},
		{51 * time.Minute, "token 3"}, {101*time.Minute - 1, "token 3"}, {101 * time.Minute, "token 4"},
	} {
		now = begin.Add(step.after)
		token, err := source(t.Context())
		if err != nil {
			token = err.Error()
		}
		assert.Equal(t, step.want, token, step.after)
	}
}

// TestRequestsShareAToken checks that the requests of a round, which are made side by side, wait for one token and all send it.
func TestRequestsShareAToken(t *testing.T) {
	t.Parallel()
	var without, with atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token" {
			without.Add(1)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		with.Add(1)
	}))
	t.Cleanup(server.Close)
	sources, tokens := 0, 0
	token := Lazily(func(context.Context) (TokenSource, error) {
		sources++
		return Cached(time.Now, time.Hour, func(context.Context) (string, error) { tokens++; return "token", nil }), nil
	})
	prober := &Prober{Paths: []string{"/a", "/b", "/c", "/d"}, Timeout: 30 * time.Second, Via: server.URL, Token: token, Now: time.Now}
	probes := []rollout.Probe{{Endpoint: health.Candidate, URL: "https://candidate.example.com"}, {URL: "https://web.example.com"}}
	for round := range 3 {
		for _, sample := range prober.Probe(t.Context(), probes) {
			assert.True(t, sample.Good(), "round %d: %s", round, sample.Fault)
		}
		if round == 0 {
			assert.LessOrEqual(t, without.Load(), int64(8))
			without.Store(0)
		}
	}
	assert.Equal(t, int64(3*8), with.Load())
	assert.Zero(t, without.Load(), "a service that has refused is sent a token at once")
	assert.Equal(t, []int{1, 1}, []int{sources, tokens})
}

// TestTokensSideBySide checks that a caller who asks while a token is being made gets the same token.
func TestTokensSideBySide(t *testing.T) {
	t.Parallel()
	made := 0
	source := Cached(time.Now, time.Hour, func(context.Context) (string, error) { made++; return "token " + strconv.Itoa(made), nil })
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			token, err := source(t.Context())
			assert.NoError(t, err)
			assert.Equal(t, "token 1", token)
		})
	}
	group.Wait()
}
