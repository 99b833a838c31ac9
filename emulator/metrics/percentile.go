package metrics

import (
	"maps"
	"slices"
	"time"
)

// Percentile returns the latency below which the share p (0-1) of the counted requests lies, and false if no request was counted.
// Like Cloud Monitoring, it assumes that latencies are spread evenly within a bucket.
func Percentile(latencies map[int]int64, p float64) (time.Duration, bool) {
	total := int64(0)
	for _, count := range latencies {
		total += count
	}
	if total == 0 {
		return 0, false
	}
	rank, below := p*float64(total), 0.0
	buckets := slices.Sorted(maps.Keys(latencies))
	for _, bucket := range buckets {
		count := float64(latencies[bucket])
		if below+count < rank {
			below += count
			continue
		}
		low, high := lowerBound(bucket), UpperBound(bucket)
		return low + time.Duration((rank-below)/count*float64(high-low)), true
	}
	return UpperBound(buckets[len(buckets)-1]), true // rounding put the rank past the end
}

func lowerBound(bucket int) time.Duration {
	if bucket == 0 {
		return 0
	}
	return UpperBound(bucket - 1)
}
