package cron

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]struct {
		gap   time.Duration
		wrong string
	}{
		"* * * * *":         {gap: time.Minute},
		"*/1 * * * *":       {gap: time.Minute},
		"*/59 * * * *":      {gap: 59 * time.Minute},
		"*/7 * * * *":       {gap: 7 * time.Minute},
		"0 3 * * *":         {gap: day},
		"0 3,15 * * *":      {gap: 12 * time.Hour},
		"15 8-17/3 * * *":   {gap: 15 * time.Hour},
		"10-10 3 * * *":     {gap: day},
		"0 3 * * MON":       {gap: 7 * day},
		"0 3 * * mon-fri":   {gap: 3 * day},
		"0 3 1 * *":         {gap: 31 * day},
		"0 3 31 * *":        {gap: 61 * day},
		"0 3 1 JAN,JUL *":   {gap: 184 * day},
		"0 3 29 2 *":        {gap: 8*365*day + day},
		"0 3 1 * MON":       {gap: 7 * day}, // the first of the month, and each Monday
		"0 3 31 2 *":        {wrong: "never starts anything, because there is no such day"},
		"0 3 * *":           {wrong: "does not have five fields"},
		"@daily":            {wrong: "does not have five fields"},
		"60 3 * * *":        {wrong: "has an impossible minute"},
		"0 24 * * *":        {wrong: "has an impossible hour"},
		"0 3 0 * *":         {wrong: "has an impossible day of the month"},
		"0 3 * 13 *":        {wrong: "has an impossible month"},
		"0 3 * FEBRUARY *":  {wrong: "has an impossible month"},
		"0 3 * * 7":         {wrong: "has an impossible day of the week"},
		"*/60 3 * * *":      {wrong: "has an impossible minute"},
		"*/0 3 * * *":       {wrong: "has an impossible minute"},
		"5/15 3 * * *":      {wrong: "has an impossible minute"},
		"5-99 3 * * *":      {wrong: "has an impossible minute"},
		"30-10 3 * * *":     {wrong: "has an impossible minute"},
		"+5 3 * * *":        {wrong: "has an impossible minute"},
		"1,,2 3 * * *":      {wrong: "has an impossible minute"},
		"0 3 * * MON#1":     {wrong: "has an impossible day of the week"},
		"every night at 3 ": {wrong: "does not have five fields"},
	} {
		parsed, wrong := Parse(text)
		assert.Equal(t, want.wrong, wrong, text)
		if wrong == "" {
			assert.Equal(t, want.gap, parsed.LongestGap(), text)
		}
	}
}

func TestMostInAMonth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"* * * * *": 31 * 24 * 60, "0 3 * * *": 31, "0,30 3,15 * * *": 124, "0 3 1 * *": 1, "0 3 29 2 *": 1, "0 3 * 2 *": 29,
		"0 3 * * MON": 5, "0 3 * * mon-fri": 23, "0 3 1 * MON": 6, "0 3 1 JAN,JUL *": 1, "0 3 31 * *": 1,
	} {
		parsed, wrong := Parse(text)
		assert.Empty(t, wrong, text)
		assert.Equal(t, want, parsed.MostInAMonth(), text)
	}
}
