package rules

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestIntervals has the shortest time between two starts for each form of schedule. A schedule that cannot be read counts as every
// minute.
func TestIntervals(t *testing.T) {
	t.Parallel()
	const minute, hour = 60.0, 3600.0
	for schedule, want := range map[string]float64{
		"every 5 minutes": 5 * minute, "every 1 mins": minute, "every 2 hours": 2 * hour, "Every 24 Hours": day,
		"every 0 minutes": minute, "every -5 minutes": minute, "every few minutes": minute, "every 3 fortnights": minute,
		"every 99999999999999999999 minutes": minute, "every monday": day, "1st,15 of month 09:00": day, "every": minute, "": minute,
		"* * * * *": minute, "*/15 * * * *": 15 * minute, "*/7 * * * *": 4 * minute, "5/20 * * * *": 20 * minute, "0-10/5 * * * *": 5 * minute,
		"30,0 * * * *": 30 * minute, "50,10 * * * *": 20 * minute, "59 23 * * *": day, "0 0 * * *": day, "0 3,4 * * *": hour,
		"0 9-17 * * *": hour, "0 0 1 * *": day, "0 22,1 * * *": 3 * hour,
		"60 3 * * *": minute, "0 24 * * *": minute, "-1 3 * * *": minute, "5-3 3 * * *": minute, "a-5 3 * * *": minute, "5-a 3 * * *": minute,
		"a 3 * * *": minute, "*/0 3 * * *": minute, "*/a 3 * * *": minute, "*/-1 3 * * *": minute, "0-60 3 * * *": minute, "0 3 * *": minute,
		"0 a * * *": minute, "0 3 * * * *": minute,
	} {
		assert.InDelta(t, want, interval(schedule), 0, schedule)
	}
}

func TestAmounts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"1": 1, "0.5": 0.5, "500m": 0.5, " 2 ": 2, "1Ki": 1024, "512Mi": 512 << 20, "2Gi": 2 << 30,
		"1Ti": 1 << 40, "1k": 1e3, "3M": 3e6, "2G": 2e9, "1T": 1e12, "1e18": 1e18} {
		got, err := quantity(text)
		assert.NoError(t, err, text)
		assert.InDelta(t, want, got, 0, text)
	}
	for _, text := range []string{"", "0", "-1", "NaN", "Inf", "2e18", "much", "1MiGi", "1 cpu"} {
		_, err := quantity(text)
		assert.EqualError(t, err, strconv.Quote(text)+" is not an amount such as 1, 500m or 512Mi")
	}
	for text, want := range map[string]float64{"0s": 0, "300s": 300, "3.5s": 3.5, " 1s ": 1, "60": 60} {
		got, err := seconds(text)
		assert.NoError(t, err, text)
		assert.InDelta(t, want, got, 0, text)
	}
	for _, text := range []string{"", "-1s", "NaN", "5m", "soon"} {
		_, err := seconds(text)
		assert.EqualError(t, err, strconv.Quote(text)+" is not a duration such as 300s")
	}
}
