package rest

import (
	"hash/crc32"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Timestamp returns t in the form that the APIs write.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum returns the checksum with which the APIs protect bytes in transit: CRC32C as a decimal number.
func Checksum(data []byte) string {
	return strconv.FormatUint(uint64(crc32.Checksum(data, castagnoli)), 10)
}

var (
	emailForm      = regexp.MustCompile(`^[^@\s:]+@[^@\s:]+\.[^@\s:]+$`)
	labelKeyForm   = regexp.MustCompile(`^\p{Ll}[\p{Ll}\p{Lo}\p{N}_-]*$`)
	labelValueForm = regexp.MustCompile(`^[\p{Ll}\p{Lo}\p{N}_-]*$`)
)

// isLabel reports whether a label's key or value has a form. It counts itself: expressions that count compile for 8 ms in each process.
func isLabel(form *regexp.Regexp, text string) bool {
	return utf8.RuneCountInString(text) <= 63 && form.MatchString(text)
}

// IsEmail reports whether the text has the form of an email address.
func IsEmail(text string) bool { return emailForm.MatchString(text) }

// CheckLabels refuses labels that every Google API refuses.
func CheckLabels(labels map[string]any) error {
	if len(labels) > 64 {
		return Invalid("There are more than 64 labels.")
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if v, _ := labels[key].(string); !isLabel(labelKeyForm, key) || !isLabel(labelValueForm, v) {
			return Invalid("Invalid label %q: keys begin with a lower-case letter, and keys and values have up to 63 lower-case letters, digits, "+
				"underscores and hyphens.", key)
		}
	}
	return nil
}
