package rest

import "regexp"

var (
	emailForm      = regexp.MustCompile(`^[^@\s:]+@[^@\s:]+\.[^@\s:]+$`)
	labelKeyForm   = regexp.MustCompile(`^\p{Ll}[\p{Ll}\p{Lo}\p{N}_-]{0,62}$`)
	labelValueForm = regexp.MustCompile(`^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$`)
)

// IsEmail reports whether the text has the form of an email address.
func IsEmail(text string) bool { return emailForm.MatchString(text) }

// CheckLabels refuses labels that every Google API refuses.
func CheckLabels(labels map[string]any) error {
	if len(labels) > 64 {
		return Invalid("There are more than 64 labels.")
	}
	for key, value := range labels {
		if v, _ := value.(string); !labelKeyForm.MatchString(key) || !labelValueForm.MatchString(v) {
			return Invalid("Invalid label %q: keys begin with a lower-case letter, and keys and values have up to 63 lower-case letters, digits, "+
				"underscores and hyphens.", key)
		}
	}
	return nil
}
