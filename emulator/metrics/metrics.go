// Package metrics counts the requests that the data plane has answered, as Cloud Run reports them to Cloud Monitoring. It counts
// by service, revision and response class, in buckets of a minute, and keeps the distribution of the latencies.
package metrics

import (
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// Interval is the width of a bucket. Cloud Run's own metrics are sampled every 60 seconds.
const Interval = time.Minute

// Retention is how long buckets are kept. It is longer than any period that a release looks at.
const Retention = 24 * time.Hour

// Key identifies a count of requests.
type Key struct {
	// Service is projects/P/locations/L/services/S. Revision is the short name.
	Service, Revision string
	// Class is the response code's class, "2xx" to "5xx".
	Class string
}

// Point is the count of one bucket.
type Point struct {
	// Start is when the bucket begins; it ends an [Interval] later.
	Start time.Time
	// Count holds numbers of requests.
	Count int64
	// Latencies counts requests by the bucket of their latency; see [BucketOf].
	Latencies map[int]int64
}

// Recorder counts requests in memory. The zero value is ready to use. Its methods may be called from several goroutines.
type Recorder struct {
	mu     sync.Mutex
	series map[Key]map[int64]*Point
}

// Class returns the class of a response code: "2xx" for 204.
func Class(code int) string { return string(rune('0'+code/100)) + "xx" }

// BucketOf returns the bucket of a latency. Bucket i holds latencies up to [UpperBound](i).
func BucketOf(latency time.Duration) int {
	ms := float64(latency) / float64(time.Millisecond)
	if ms <= 1 {
		return 0
	}
	return int(math.Ceil(math.Log(ms)/math.Log(growth) - 1e-9))
}

// UpperBound returns the largest latency in a bucket.
func UpperBound(bucket int) time.Duration {
	return time.Duration(math.Pow(growth, float64(bucket)) * float64(time.Millisecond))
}

// growth is the ratio between the bounds of neighbouring buckets. It limits the error of a percentile to 10 %.
const growth = 1.1

// Record counts one answered request.
func (r *Recorder) Record(key Key, at time.Time, latency time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.series == nil {
		r.series = map[Key]map[int64]*Point{}
	}
	points := r.series[key]
	if points == nil {
		points = map[int64]*Point{}
		r.series[key] = points
	}
	start := at.UTC().Truncate(Interval)
	point := points[start.Unix()]
	if point == nil {
		maps.DeleteFunc(points, func(unix int64, _ *Point) bool { return start.Sub(time.Unix(unix, 0)) > Retention })
		point = &Point{Start: start, Latencies: map[int]int64{}}
		points[start.Unix()] = point
	}
	point.Count++
	point.Latencies[BucketOf(latency)]++
}

// Series are the points of one key, oldest first.
type Series struct {
	Key    Key
	Points []Point
}

// Query returns the points whose bucket begins in [from, to), sorted by service, revision and class. It returns those of one
// service, or of all services if service is "".
func (r *Recorder) Query(service string, from, to time.Time) []Series {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Series
	for key, points := range r.series {
		if service != "" && key.Service != service {
			continue
		}
		s := Series{Key: key}
		for _, unix := range slices.Sorted(maps.Keys(points)) {
			if p := points[unix]; !p.Start.Before(from) && p.Start.Before(to) {
				s.Points = append(s.Points, Point{Start: p.Start, Count: p.Count, Latencies: maps.Clone(p.Latencies)})
			}
		}
		if len(s.Points) > 0 {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b Series) int {
		return strings.Compare(a.Key.Service+" "+a.Key.Revision+" "+a.Key.Class, b.Key.Service+" "+b.Key.Revision+" "+b.Key.Class)
	})
	return found
}
