package command

import (
	"context"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

// BenchmarkRollback takes a finished release back through the whole command line, against an API that takes half a second to apply a
// write. The number of writes matters, and the time beyond the API's own.
func BenchmarkRollback(b *testing.B) {
	const delay = 500 * time.Millisecond
	var calls, writes int64
	var above time.Duration
	for b.Loop() {
		b.StopTimer()
		l := newLaptop(b, delay)
		if exit, out, errors := l.release(context.Background(), "rollout", "web"); exit != ExitDone {
			b.Fatal(out, errors)
		}
		l.reads.Store(0)
		l.writes.Store(0)
		b.StartTimer()
		began := time.Now()
		if exit, out, errors := l.release(context.Background(), "rollback", "web"); exit != ExitDone {
			b.Fatal(out, errors)
		}
		above += time.Since(began) - delay
		calls, writes = calls+l.reads.Load()+l.writes.Load(), writes+l.writes.Load()
	}
	b.ReportMetric(float64(writes)/float64(b.N), "writes/op")
	b.ReportMetric(float64(calls)/float64(b.N), "calls/op")
	b.ReportMetric(float64(above.Milliseconds())/float64(b.N), "ms-above-API/op")
}

// BenchmarkFirstBadResponseToRestored measures the time from the first bad response until the traffic is back. It uses the default
// pace, limits and timeout (a probe a second, three failures in a row, two seconds), against an API that takes half a second to
// apply a write. The design's target is one minute.
func BenchmarkFirstBadResponseToRestored(b *testing.B) {
	const policy = `environments:
  dev:
    steps: [{percent: 10, bake: 1m}, {percent: 100, bake: 1m}]
    inconclusive: proceed
    probe: {paths: [/], count: 5, pace: 10ms}
`
	for name, bad := range map[string]run.Behaviour{"errors": {ErrorRate: 1}, "slow": {Latency: 10 * time.Second}} {
		b.Run(name, func(b *testing.B) {
			var total time.Duration
			for b.Loop() {
				l := newLaptop(b, 500*time.Millisecond)
				if err := os.WriteFile(l.file("policy.yaml"), []byte(policy), 0o600); err != nil {
					b.Fatal(err)
				}
				var first atomic.Int64
				l.requests = func(int64) {
					if l.writes.Load() == 3 && first.CompareAndSwap(0, time.Now().UnixNano()) {
						_ = l.cloud.Run.SetBehaviour(green, bad)
					}
				}
				if exit, out, errors := l.release(context.Background(), "rollout", "web"); exit != ExitRolledBack {
					b.Fatal(exit, out, errors)
				}
				total += time.Since(time.Unix(0, first.Load()))
			}
			b.ReportMetric(total.Seconds()/float64(b.N), "s-to-restored/op")
		})
	}
}
