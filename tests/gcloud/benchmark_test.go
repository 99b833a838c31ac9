package gcloud_test

import (
	"errors"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/command"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

const (
	// delay is the time that the emulated API takes to make a shift effective. It is part of every figure, and the same for both
	// sides.
	delay = 2 * time.Second
	site  = "web-123456789012.us-central1.run.app"
	// rounds is the number of rollbacks; the median is reported.
	rounds = 5
)

// bench is an office with the built release command. It counts the API calls of both sides.
type bench struct {
	*office
	binary        string
	calls, writes atomic.Int64
}

func newBench(b *testing.B) *bench {
	b.Helper()
	w := &bench{office: newOffice(b, delay), binary: filepath.Join(b.TempDir(), "release")}
	out, err := exec.Command("go", "build", "-o", w.binary, "../../cmd/release").CombinedOutput()
	require.NoError(b, err, string(out))
	w.before = func(r *http.Request) {
		w.calls.Add(1)
		if r.Method == http.MethodPatch || r.Method == http.MethodPut {
			w.writes.Add(1)
		}
	}
	return w
}

// ours returns the release command as a process, with its built-in policy for prod.
func (w *bench) ours(arguments ...string) *exec.Cmd {
	return exec.Command(w.binary, append([]string{"--project", project, "--endpoint", w.api.URL + "/run/", "--probe-via", w.web.URL,
		"--env", "prod",
		"--audit", filepath.Join(w.folder, "audit.jsonl"), "--actor", "benchmark"}, arguments...)...)
}

// design returns a script of the replaced pipeline, run by bash with the real gcloud.
func (w *bench) design(script string) *exec.Cmd {
	command := exec.Command("bash", "testdata/"+script)
	command.Env = append(w.environ, "WEB="+w.web.URL, "SITE="+site)
	return command
}

// serve gives a revision everything, as a finished release leaves it.
func (w *bench) serve(stable, previous string) {
	w.call("PATCH", service+"?updateMask=traffic", `{"traffic":[`+to(stable, "100", "stable")+`,`+to(previous, "0", "previous")+`]}`)
	time.Sleep(delay + delay/10)
}

// share returns the percent that web-green serves now.
func (w *bench) share() int {
	live, err := w.cloud.Run.Service(strings.TrimPrefix(service, "/run/v2/"))
	require.NoError(w.t, err)
	percent := 0
	for _, target := range live.Traffic {
		if target.Revision == "web-green" {
			percent += target.Percent
		}
	}
	return percent
}

// restored returns a channel with the time at which web-green, after it has served, serves nothing any more.
func (w *bench) restored() <-chan time.Time {
	found := make(chan time.Time, 1)
	go func() {
		served := false
		for w.t.Context().Err() == nil {
			if percent := w.share(); percent == 0 && served {
				found <- time.Now()
				return
			} else if percent > 0 {
				served = true
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return found
}

// visit sends a visitor every 20 ms until the end, each with two seconds of patience. The first visitor whom web-green answers turns
// it bad. The returned function says when the first visitor came whose answer was bad or missing.
func (w *bench) visit(bad run.Behaviour) (first func() time.Time) {
	var turn sync.Once
	var mutex sync.Mutex
	var earliest time.Time
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 200}}
	ctx := w.t.Context()
	ask := func() {
		came := time.Now()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.web.URL+"/api/items?limit=1", nil)
		if err != nil {
			return
		}
		request.Host = site
		response, err := client.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.Header.Get("X-Sandbox-Revision") == "web-green" {
				turn.Do(func() { _ = w.cloud.Run.SetBehaviour(green, bad) })
			}
		}
		if ctx.Err() == nil && (err != nil || response.StatusCode >= 500) {
			mutex.Lock()
			if earliest.IsZero() || came.Before(earliest) {
				earliest = came
			}
			mutex.Unlock()
		}
	}
	go func() {
		for ctx.Err() == nil {
			go ask()
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return func() time.Time { mutex.Lock(); defer mutex.Unlock(); return earliest }
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

func median(values []float64) float64 { slices.Sort(values); return values[len(values)/2] }

// BenchmarkRollback takes a finished release back as a process, by `release rollback` and by the calls of the replaced pipeline.
func BenchmarkRollback(b *testing.B) {
	for name, line := range map[string]func(*bench) *exec.Cmd{
		"release": func(w *bench) *exec.Cmd { return w.ours("rollback", "web") },
		"design":  func(w *bench) *exec.Cmd { return w.design("design-rollback.sh") },
	} {
		b.Run(name, func(b *testing.B) {
			w := newBench(b)
			var traffic, process []float64
			for range rounds {
				w.serve("web-green", "web-blue")
				w.calls.Store(0)
				w.writes.Store(0)
				restored, began := w.restored(), time.Now()
				time.Sleep(20 * time.Millisecond) // so that it is seen to serve
				out, err := line(w).CombinedOutput()
				process = append(process, (time.Since(began) - delay).Seconds())
				require.NoError(b, err, string(out))
				select {
				case at := <-restored:
					traffic = append(traffic, (at.Sub(began) - delay).Seconds())
				case <-time.After(3 * delay):
					b.Fatalf("the traffic is not back: %s\n%s", w.split("trafficStatuses"), out)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(w.calls.Load()), "calls")
			b.ReportMetric(float64(w.writes.Load()), "writes")
			b.ReportMetric(median(traffic), "s-above-API-to-restored")
			b.ReportMetric(median(process), "s-above-API-to-exit")
		})
	}
}

// BenchmarkBadRelease measures a release that turns bad with its first visitor, after all checks before traffic. The time is from
// the arrival of the first visitor with a bad answer until the traffic is back. This platform's side uses the built-in settings for
// prod.
func BenchmarkBadRelease(b *testing.B) {
	bads := map[string]run.Behaviour{"errors": {ErrorRate: 1}, "hanging": {Latency: 4 * time.Minute}}
	for kind, bad := range bads {
		b.Run("release/"+kind, func(b *testing.B) {
			w := newBench(b)
			restored, first := w.restored(), w.visit(bad)
			out, err := w.ours("rollout", "web").CombinedOutput()
			require.Equal(b, command.ExitRolledBack, exitCode(err), string(out))
			b.ReportMetric(0, "ns/op")
			b.ReportMetric((<-restored).Sub(first()).Seconds(), "s-to-restored")
		})
	}
	// The replaced pipeline checks only before its shifts, so it does not notice what happens after them.
	b.Run("design/errors after the health check", func(b *testing.B) {
		w := newBench(b)
		w.serve("web-blue", "web-green")
		first := w.visit(bads["errors"])
		out, err := w.design("design-deploy.sh").CombinedOutput()
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(time.Since(first()).Seconds(), "s-bad-at-its-end")
		b.ReportMetric(float64(w.share()), "%-bad-at-its-end")
		b.ReportMetric(float64(exitCode(err)), "exit-code")
		b.Logf("%s", out)
	})
	// This is the replaced pipeline's best case: the new revision has everything and fails from the start.
	b.Run("design/errors before the health check", func(b *testing.B) {
		w := newBench(b)
		require.NoError(b, w.cloud.Run.SetBehaviour(green, bads["errors"]))
		w.serve("web-green", "web-blue")
		restored, first := w.restored(), w.visit(bads["errors"])
		out, err := w.design("design-deploy.sh").CombinedOutput()
		require.Equal(b, 1, exitCode(err), string(out))
		b.ReportMetric(0, "ns/op")
		select {
		case at := <-restored:
			b.ReportMetric(at.Sub(first()).Seconds(), "s-to-restored")
		case <-time.After(3 * delay):
			b.Fatalf("the traffic is not back: %s\n%s", w.split("trafficStatuses"), out)
		}
	})
}
