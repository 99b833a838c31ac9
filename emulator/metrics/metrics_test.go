package metrics_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/metrics"
)

func TestQuery(t *testing.T) {
	t.Parallel()
	var r metrics.Recorder
	minute := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	good := metrics.Key{Service: "s", Revision: "a", Class: "2xx"}
	r.Record(good, minute.Add(5*time.Second), 10*time.Millisecond)
	r.Record(good, minute.Add(59*time.Second), 10*time.Millisecond)
	r.Record(good, minute.Add(time.Minute), time.Second)
	r.Record(metrics.Key{Service: "s", Revision: "a", Class: "5xx"}, minute, 0)
	r.Record(metrics.Key{Service: "other", Revision: "a", Class: "2xx"}, minute, 0)
	assert.Equal(t, []metrics.Series{
		{Key: good, Points: []metrics.Point{{Start: minute, Count: 2, Latencies: map[int]int64{metrics.BucketOf(10 * time.Millisecond): 2}}}},
		{Key: metrics.Key{Service: "s", Revision: "a", Class: "5xx"}, Points: []metrics.Point{{Start: minute, Count: 1,
			Latencies: map[int]int64{0: 1}}}},
	}, r.Query("s", minute, minute.Add(time.Minute)))
	assert.Empty(t, r.Query("s", minute.Add(time.Hour), minute.Add(2*time.Hour)))

	r.Record(good, minute.Add(25*time.Hour), 0)
	assert.Len(t, r.Query("s", minute, minute.Add(26*time.Hour))[0].Points, 1, "points past the retention are dropped")
}

func TestLatencyBuckets(t *testing.T) {
	t.Parallel()
	for _, latency := range []time.Duration{0, time.Millisecond, 2 * time.Millisecond, 137 * time.Millisecond, time.Second, time.Hour} {
		bound := metrics.UpperBound(metrics.BucketOf(latency))
		assert.GreaterOrEqual(t, bound+time.Microsecond, latency)
		if latency > time.Millisecond {
			assert.LessOrEqual(t, float64(bound), float64(latency)*1.1+1)
		}
	}
	assert.Equal(t, "5xx", metrics.Class(503))
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	_, found := metrics.Percentile(nil, 0.95)
	assert.False(t, found)
	// Bucket 0 is 0 to 1 ms, bucket 10 is 1.1^9 to 1.1^10 ms.
	for name, test := range map[string]struct {
		latencies map[int]int64
		p         float64
		want      time.Duration
	}{
		"within a bucket":   {map[int]int64{0: 100}, 0.95, 950 * time.Microsecond},
		"up to its edge":    {map[int]int64{0: 95, 10: 5}, 0.95, time.Millisecond},
		"past it":           {map[int]int64{0: 90, 10: 10}, 0.95, metrics.UpperBound(9) + (metrics.UpperBound(10)-metrics.UpperBound(9))/2},
		"the largest":       {map[int]int64{0: 1, 10: 1}, 1, metrics.UpperBound(10)},
		"one slow in a 100": {map[int]int64{0: 99, 50: 1}, 0.5, 505051 * time.Nanosecond},
	} {
		got, found := metrics.Percentile(test.latencies, test.p)
		assert.True(t, found, name)
		assert.InDelta(t, test.want, got, 1000, name)
	}
}
