package cloudscheduler

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNext(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	after := time.Date(2026, 11, 27, 12, 0, 30, 0, time.UTC) // a Friday
	for schedule, want := range map[string]string{
		"* * * * *": "2026-11-27T12:01:00Z", "*/7 * * * *": "2026-11-27T12:07:00Z", "0 * * * *": "2026-11-27T13:00:00Z",
		"0 3 * * *": "2026-11-28T03:00:00Z", "30 8-18/5 * * *": "2026-11-27T13:30:00Z", "0 3 * * MON": "2026-11-30T03:00:00Z",
		"0 3 1 * *": "2026-12-01T03:00:00Z", "0 3 1 * sun": "2026-11-29T03:00:00Z", "0 0 29 FEB *": "2028-02-29T00:00:00Z",
		"0 0 31 2 *": "0001-01-01T00:00:00Z",
	} {
		c, ok := parse(schedule)
		require.True(t, ok, schedule)
		assert.Equal(t, want, c.next(after).UTC().Format(time.RFC3339), schedule)
	}
	c, _ := parse("30 2 * * *")
	// There is no half past two in the night in which clocks go forward.
	assert.Equal(t, "2027-03-29T00:30:00Z", c.next(time.Date(2027, 3, 27, 12, 0, 0, 0, berlin).AddDate(0, 0, 1)).UTC().Format(time.RFC3339))
	for _, schedule := range []string{"", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "5/5 * * * *",
		"9-3 * * * *", "*/0 * * * *", "-1 * * * *", "a * * * *", "1,,2 * * * *"} {
		_, ok := parse(schedule)
		assert.False(t, ok, schedule)
	}
}
