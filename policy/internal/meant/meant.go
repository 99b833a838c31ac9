// Package meant guesses which known name a misspelt one stands for.
package meant

import (
	"slices"
	"strings"
)

// Name returns the name that is most like a missing one, or "" if no name is similar.
func Name(name string, names []string) string {
	best, least := "", len(name)/2+1
	for _, candidate := range slices.Sorted(slices.Values(names)) {
		if d := Distance(strings.ToLower(name), strings.ToLower(candidate), least); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// Distance counts how many letters have to be inserted, removed or replaced. It returns limit if they are that many or more.
func Distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}
