package command

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestTroubleBeginsWithTheVisitorsArrival checks that the trouble begins when the first visitor who met it arrived, not when their answer
// came or was given up.
func TestTroubleBeginsWithTheVisitorsArrival(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	at := func(second int) time.Time { return begin.Add(time.Duration(second) * time.Second) }
	for name, test := range map[string]struct {
		count func(*visitors)
		bad   time.Time
		last  string
		shown string
	}{
		"only good answers": {func(v *visitors) {
			v.count(at(1), time.Millisecond, "web-a", 200)
			v.count(at(2), 2*time.Second, "web-a", 404)
		}, time.Time{}, "web-a", "web-a                                 2  100.0%     0      1ms      1ms\n"},
		"an error": {func(v *visitors) {
			v.count(at(1), time.Millisecond, "web-a", 200)
			v.count(at(2), time.Millisecond, "web-b", 500)
			v.count(at(3), time.Millisecond, "web-b", 503)
		}, at(2), "web-b", "web-a                                 1   33.3%     0      1ms      1ms\nweb-b                              " +
			"   2   66.7%     2      1ms      1ms\n"},
		"the visitor who waited longest came first": {func(v *visitors) {
			v.count(at(2), time.Millisecond, "web-b", 500)
			v.count(at(4), time.Millisecond, "web-a", 200)
			v.count(at(1), 3*time.Second, "web-b", 200)
		}, at(1), "web-a", "web-a                                 1   33.3%     0      1ms      1ms\nweb-b                              " +
			"   2   66.7%     2      1ms      1ms\n"},
		"a visitor who came before the counters were reset": {func(v *visitors) {
			v.count(at(1), time.Millisecond, "web-a", 200)
			v.restart(at(2), "web-a", func() { t.Error("another revision answers from now on") })
			v.count(at(1), 3*time.Second, "web-b", 200)
		}, time.Time{}, "web-a", ""},
		"no answer at all": {func(v *visitors) {
			v.count(at(1), 10*time.Second, "(no answer)", 0)
		}, at(1), "(no answer)", "(no answer)                           1  100.0%     1      10s      10s\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &visitors{answers: map[string]*tally{}}
			test.count(v)
			assert.Equal(t, test.bad, v.firstBad())
			assert.Equal(t, test.last, v.latest())
			assert.Equal(t, "REVISION                       REQUESTS   SHARE   BAD      P50      P95\n"+test.shown, v.table())
		})
	}
}
