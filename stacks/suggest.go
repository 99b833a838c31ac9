package stacks

import (
	"fmt"
	"strings"
)

// suggest returns the known key that is nearest to an unknown one, or all known keys if no key is near.
func suggest(key string, known []string) string {
	nearest, best := "", 3 // Two slips of the finger still mean the same word; three mean another.
	for _, candidate := range known {
		distance := editDistance(strings.ToLower(key), strings.ToLower(candidate))
		// A short key is near every other short key: at least half of it has to match.
		if distance < best && distance*2 <= len(candidate) {
			nearest, best = candidate, distance
		}
	}
	if nearest != "" {
		return fmt.Sprintf("did you mean %s?", nearest)
	}
	return "known here: " + strings.Join(known, ", ")
}

// editDistance returns how many bytes have to be inserted, removed or replaced to turn a into b (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
