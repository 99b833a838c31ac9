package rollout_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// TestProgressOfARollout has the first and the last message that a watching person gets in each part of a rollout.
func TestProgressOfARollout(t *testing.T) {
	t.Parallel()
	const settling = ", the shift is taking effect"
	before := []string{"0 %, step 0 of 3: 0s of 0s, 0s left, 0 good, 0 bad, p95 0s" + settling,
		"0 %, step 0 of 3: 0s of 0s, 0s left, 0 good, 0 bad, p95 0s" + settling,
		"0 %, step 0 of 3: 0s of 0s, 0s left, 2 good, 0 bad, p95 50ms", "0 %, step 0 of 3: 15s of 0s, 0s left, 60 good, 0 bad, p95 50ms"}
	const waits = "0 %, step 0 of 3: 0s of 0s, 0s left, 0 good, 0 bad, p95 0s, waiting up to 10s for a first good answer, " +
		"the last one: status 500"
	cold := []string{waits, waits}
	begins := func(step string) []string {
		return []string{step + ": 0s of 20s, 0s left, 2 good, 0 bad, p95 50ms" + settling,
			step + ": 0s of 20s, 20s left, 4 good, 0 bad, p95 50ms"}
	}
	bakes := func(step string) []string {
		return append(begins(step), step+": 20s of 20s, 0s left, 44 good, 0 bad, p95 50ms")
	}
	afterwards := slices.Concat(bakes("50 %, step 2 of 3"), bakes("100 %, step 3 of 3"))
	for name, test := range map[string]struct {
		revision revision
		hold     bool
		want     []string
	}{
		"a healthy candidate": {revision{}, false, slices.Concat(before, bakes("10 %, step 1 of 3"), afterwards)},
		"its first answers are bad": {revision{badFrom: 1, badUntil: 5 * time.Second}, false, slices.Concat(before[:2], cold, []string{
			"0 %, step 0 of 3: 3s of 0s, 0s left, 2 good, 0 bad, p95 50ms", "0 %, step 0 of 3: 18s of 0s, 0s left, 60 good, 0 bad, p95 50ms",
		}, bakes("10 %, step 1 of 3"), afterwards)},
		"all its answers are bad": {revision{badFrom: 1}, false, slices.Concat(before[:2], cold, []string{
			"0 %, step 0 of 3: 11s of 0s, 0s left, 1 good, 1 bad, p95 50ms", "0 %, step 0 of 3: 11s of 0s, 0s left, 2 good, 2 bad, p95 50ms"})},
		"one answer is bad": {revision{badFrom: 22 * time.Second, badUntil: 23 * time.Second}, false, slices.Concat(before,
			begins("10 %, step 1 of 3"), []string{"10 %, step 1 of 3: 20s of 20s, 0s left, 43 good, 1 bad, p95 50ms"}, afterwards)},
		"held for more data": {revision{}, true, slices.Concat(before, begins("10 %, step 1 of 3"),
			[]string{"10 %, step 1 of 3: 50s of 20s, 0s left, 104 good, 0 bad, p95 50ms"})},
		"too slow": {revision{slow: true}, false, append(before[:2:2], "0 %, step 0 of 3: 0s of 0s, 0s left, 2 good, 0 bad, p95 1.5s",
			"0 %, step 0 of 3: 15s of 0s, 0s left, 60 good, 0 bad, p95 1.5s")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := deployed(test.revision)
			controller := s.controller()
			if test.hold {
				controller.Policy.Inconclusive = rollout.Hold
			}
			var told []string
			part, times := "", 0
			controller.Progress = func(p rollout.Progress) {
				line := fmt.Sprintf("%d %%, step %d of %d: %s of %s, %s left, %d good, %d bad, p95 %s", p.Percent, p.Step, p.Steps,
					p.Elapsed.Round(time.Second), p.Bake, p.Left.Round(time.Second), p.Good, p.Bad, p.P95)
				assert.Equal(t, "web-b", p.Candidate)
				if p.Waiting != "" {
					line += ", " + p.Waiting
				}
				if now := fmt.Sprint(p.Percent, p.Waiting); now != part {
					part, times = now, 0
				}
				if times++; times > 2 {
					told = told[:len(told)-1]
				}
				told = append(told, line)
			}
			controller.Rollout(context.Background(), rollout.Request{})
			assert.Equal(t, test.want, told)
		})
	}
}
