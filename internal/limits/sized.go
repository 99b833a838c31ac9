package limits

import (
	"regexp"
	"unicode/utf8"
)

// Sized is a form of a text that may be long. An expression that counts hundreds of characters itself would take up to a millisecond to
// compile whenever a command starts.
type Sized struct {
	// Form is what the text matches, of whatever length. Required.
	Form *regexp.Regexp
	// Most is how many characters the text may have. Required.
	Most int
}

// MatchString reports whether the text has the form and is short enough.
func (s Sized) MatchString(text string) bool {
	return utf8.RuneCountInString(text) <= s.Most && s.Form.MatchString(text)
}
