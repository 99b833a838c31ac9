// Package plural writes numbers with the words that they count, for people.
package plural

import "strconv"

// Of is a number with its noun: 1 image, 2 images.
func Of(n int, one, many string) string { return strconv.Itoa(n) + " " + Word(n, one, many) }

// Word is the word that fits a number: 1 fails, 2 fail.
func Word(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
