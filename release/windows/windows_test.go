package windows

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func office(t *testing.T, zone string, closed ...string) Windows {
	t.Helper()
	location, err := ParseZone(zone)
	require.NoError(t, err)
	early, err := ParseSpan([]string{"mon", "tue", "wed", "thu"}, "09:00", "16:00")
	require.NoError(t, err)
	friday, err := ParseSpan([]string{"Fri"}, "09:00", "12:00")
	require.NoError(t, err)
	w := Windows{Zone: location, Open: []Span{early, friday}}
	for _, text := range closed {
		days, err := ParseDays(text)
		require.NoError(t, err)
		w.Closed = append(w.Closed, days)
	}
	return w
}

func TestAt(t *testing.T) {
	t.Parallel()
	const outside = "outside of the windows Mon, Tue, Wed, Thu 09:00-16:00, Fri 09:00-12:00 (Europe/Berlin)"
	for name, test := range map[string]struct {
		closed []string
		at     string
		open   bool
		why    string
	}{
		"in a window": {at: "2026-11-26T10:00:00Z", open: true,
			why: "it is Thu 2026-11-26 11:00 CET, in the window Mon, Tue, Wed, Thu 09:00-16:00, until Thu 2026-11-26 16:00 CET"},
		"its first minute": {at: "2026-11-26T08:00:00Z", open: true,
			why: "it is Thu 2026-11-26 09:00 CET, in the window Mon, Tue, Wed, Thu 09:00-16:00, until Thu 2026-11-26 16:00 CET"},
		"the second before it": {at: "2026-11-26T07:59:59Z",
			why: "it is Thu 2026-11-26 08:59 CET, " + outside + "; the next window opens Thu 2026-11-26 09:00 CET"},
		"its last second": {at: "2026-11-26T14:59:59Z", open: true,
			why: "it is Thu 2026-11-26 15:59 CET, in the window Mon, Tue, Wed, Thu 09:00-16:00, until Thu 2026-11-26 16:00 CET"},
		"its end": {at: "2026-11-26T15:00:00Z",
			why: "it is Thu 2026-11-26 16:00 CET, " + outside + "; the next window opens Fri 2026-11-27 09:00 CET"},
		"the weekend": {at: "2026-11-27T11:00:00Z",
			why: "it is Fri 2026-11-27 12:00 CET, " + outside + "; the next window opens Mon 2026-11-30 09:00 CET"},
		"the same hour in summer is an hour earlier elsewhere": {at: "2026-07-02T07:00:00Z", open: true,
			why: "it is Thu 2026-07-02 09:00 CEST, in the window Mon, Tue, Wed, Thu 09:00-16:00, until Thu 2026-07-02 16:00 CEST"},
		"over the night in which clocks go back": {at: "2026-10-24T12:00:00Z",
			why: "it is Sat 2026-10-24 14:00 CEST, " + outside + "; the next window opens Mon 2026-10-26 09:00 CET"},
		"a holiday": {closed: []string{"2026-11-26"}, at: "2026-11-26T10:00:00Z",
			why: "it is Thu 2026-11-26 11:00 CET, and releases are closed on 2026-11-26; the next window opens Fri 2026-11-27 09:00 CET"},
		"a holiday is over at midnight there, not here": {closed: []string{"2026-11-26"}, at: "2026-11-25T23:30:00Z",
			why: "it is Thu 2026-11-26 00:30 CET, and releases are closed on 2026-11-26; the next window opens Fri 2026-11-27 09:00 CET"},
		"the end of the year": {closed: []string{"2026-12-21..2027-01-03"}, at: "2026-12-24T10:00:00Z",
			why: "it is Thu 2026-12-24 11:00 CET, and releases are closed on 2026-12-21..2027-01-03; the next window opens Mon 2027-01-04 09:00 " +
				"CET"},
		"until a holiday begins": {closed: []string{"2026-11-27..2027-12-31"}, at: "2026-11-26T16:00:00Z",
			why: "it is Thu 2026-11-26 17:00 CET, " + outside + "; no window opens within a year"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, err := time.Parse(time.RFC3339, test.at)
			require.NoError(t, err)
			verdict := office(t, "Europe/Berlin", test.closed...).At(at)
			assert.Equal(t, test.open, verdict.Open)
			assert.Equal(t, test.why, verdict.Why)
		})
	}
	assert.Equal(t, Verdict{Open: true}, Windows{}.At(time.Time{}), "without windows a release may always start")
}

// TestChangingClocks uses Berlin, where clocks go from 02:00 to 03:00 on 2026-03-29, and from 03:00 back to 02:00 on 2026-10-25.
func TestChangingClocks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from, to, at string
		open         bool
		until        string
	}{
		"a window in the skipped hour does not open that day": {"02:15", "02:45", "2026-03-29T00:30:00Z", false,
			"2026-03-30T02:15:00+02:00"},
		"a window over it is an hour shorter": {"01:30", "03:30", "2026-03-29T00:45:00Z", true,
			"2026-03-29T03:30:00+02:00"},
		"a window that begins in it begins after it": {"02:30", "04:00", "2026-03-29T00:59:00Z", false,
			"2026-03-29T03:00:00+02:00"},
		"a window in the hour that is repeated opens once": {"02:15", "02:45", "2026-10-25T00:20:00Z", true,
			"2026-10-25T02:45:00+02:00"},
		"a window in the repeated hour is closed the second time until it ends": {"02:15", "02:45", "2026-10-25T00:50:00Z", false,
			"2026-10-25T02:15:00+01:00"},
		"a window in the repeated hour opens the second time": {"02:15", "02:45", "2026-10-25T01:20:00Z", true,
			"2026-10-25T02:45:00+01:00"},
		"a window that ends in it closes, and opens again": {"01:00", "02:30", "2026-10-25T00:40:00Z", false,
			"2026-10-25T02:00:00+01:00"},
		"a window over it is an hour longer": {"01:30", "03:30", "2026-10-24T23:45:00Z", true,
			"2026-10-25T03:30:00+01:00"},
		"a whole day ends at midnight, whatever its hours are": {"00:00", "24:00", "2026-10-25T22:59:00Z", true, ""},
		"a day's end is the end of that day, not of the evening": {"12:00", "24:00", "2026-10-25T22:59:59Z", true,
			"2026-10-26T00:00:00+01:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t, "Europe/Berlin")
			span, err := ParseSpan([]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, test.from, test.to)
			require.NoError(t, err)
			w.Open = []Span{span}
			at, err := time.Parse(time.RFC3339, test.at)
			require.NoError(t, err)
			verdict := w.At(at)
			assert.Equal(t, test.open, verdict.Open)
			until := ""
			if !verdict.Until.IsZero() {
				until = verdict.Until.Format(time.RFC3339)
			}
			assert.Equal(t, test.until, until)
		})
	}
}

func TestBadWindows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		days     []string
		from, to string
		want     string
	}{
		{nil, "09:00", "10:00", "days: name at least one, such as mon"},
		{[]string{"monday", "mo", "tue", "Tue"}, "9:00", "25:00", `days: "monday" is not a day: use mon, tue, wed, thu, fri, sat or sun
days: "mo" is not a day: use mon, tue, wed, thu, fri, sat or sun
days: Tue is there twice: keep one
from: "9:00" is not a time of day: use one from 00:00 to 24:00
to: "25:00" is not a time of day: use one from 00:00 to 24:00`},
		{[]string{"mon"}, "22:00", "06:00", "from 22:00 is not before to 06:00: a window over midnight is two, one until 24:00"},
		{[]string{"mon"}, "09:00", "09:00", "from 09:00 is not before to 09:00: a window over midnight is two, one until 24:00"},
		{[]string{"mon"}, "24:00", "24:00", "from 24:00 is not before to 24:00: a window over midnight is two, one until 24:00"},
		{[]string{"mon"}, "09:00:00", "10", `from: "09:00:00" is not a time of day: use one from 00:00 to 24:00
to: "10" is not a time of day: use one from 00:00 to 24:00`},
	} {
		_, err := ParseSpan(test.days, test.from, test.to)
		assert.EqualError(t, err, test.want)
	}
	for text, want := range map[string]string{
		"2026-02-30":             `"2026-02-30" is not a date: use one such as 2026-12-24, or 2026-12-24..2027-01-01`,
		"24.12.2026":             `"24.12.2026" is not a date: use one such as 2026-12-24, or 2026-12-24..2027-01-01`,
		"":                       `"" is not a date: use one such as 2026-12-24, or 2026-12-24..2027-01-01`,
		"2026-12-24..":           `"2026-12-24.." is not a date: use one such as 2026-12-24, or 2026-12-24..2027-01-01`,
		"2027-01-01..2026-12-24": `"2027-01-01..2026-12-24" ends before it begins: write the earlier date first`,
	} {
		_, err := ParseDays(text)
		assert.EqualError(t, err, want)
	}
	for _, name := range []string{"", "Local", "CET+1", "Europe/Bonn"} {
		_, err := ParseZone(name)
		assert.EqualError(t, err, `"`+name+`" is not a time zone: use a name such as Europe/Berlin or UTC`)
	}
}
