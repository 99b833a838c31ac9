package provider

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
)

// valueCheck returns what is wrong with a value, or "".
type valueCheck func(value any) string

// valueChecks holds the rules that a pattern or a list of values cannot express.
var valueChecks = map[string]valueCheck{
	"json": textCheck(func(s string) string {
		if s != "" && !json.Valid([]byte(s)) {
			return "it contains an invalid JSON document"
		}
		return ""
	}),
	"base64": textCheck(func(s string) string {
		if _, err := base64.StdEncoding.DecodeString(s); err != nil {
			return "expected to be a base64-encoded string"
		}
		return ""
	}),
	"headers": func(value any) string {
		headers, _ := value.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			if name == "Content-Length" || strings.Contains(name, "X-Google-") || strings.Contains(name, "X-AppEngine-") {
				return fmt.Sprintf("Cannot set the %s header: Google Cloud sets it", name)
			}
		}
		return ""
	},
	"member":        textCheck(checkMember),
	"pool-id":       textCheck(checkPoolID),
	"rotation":      textCheck(checkRotation),
	"service":       textCheck(checkServiceName),
	"account-id":    textCheck(checkAccountID),
	"variable-name": textCheck(checkVariableName),
	"reviewers": func(value any) string {
		list, _ := value.([]any)
		set, _ := at(list, 0).(map[string]any)
		users, _ := set["users"].([]any)
		teams, _ := set["teams"].([]any)
		if n := len(users) + len(teams); n > 6 {
			return fmt.Sprintf("an environment has at most 6 reviewers, users and teams together, and these are %d", n)
		}
		return ""
	},
	"true": func(value any) string {
		if value != true {
			return "it must be true: leave the block out instead"
		}
		return ""
	},
	"goal": func(value any) string {
		if goal, ok := value.(float64); ok && (goal <= 0 || goal > 0.9999) {
			return "a goal is greater than 0 and at most 0.9999"
		}
		return ""
	},
}

func textCheck(check func(string) string) valueCheck {
	return func(value any) string {
		if s, ok := value.(string); ok {
			return check(s)
		}
		return ""
	}
}

func oneOf(values []string) valueCheck {
	return textCheck(func(s string) string {
		if slices.Contains(values, s) {
			return ""
		}
		named := slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
		return fmt.Sprintf("%q is not one of %s", s, strings.Join(named, ", "))
	})
}

// each returns a check that applies another check to every element of a list.
func each(check valueCheck) valueCheck {
	return func(value any) string {
		list, _ := value.([]any)
		for _, element := range list {
			if wrong := check(element); wrong != "" {
				return wrong
			}
		}
		return ""
	}
}

func matches(expression *regexp.Regexp) valueCheck {
	return textCheck(func(s string) string {
		if expression.MatchString(s) {
			return ""
		}
		return fmt.Sprintf("%q does not match %s", s, expression)
	})
}

// bounds reads a range such as "1..30". A missing end is unbounded.
func bounds(text string) (low, high float64, shown string) {
	from, to, _ := strings.Cut(text, "..")
	low, high = 0, 1<<53
	if n, err := strconv.ParseFloat(from, 64); err == nil {
		low = n
	}
	if n, err := strconv.ParseFloat(to, 64); err == nil {
		high = n
		return low, high, fmt.Sprintf("between %s and %s", from, to)
	}
	return low, high, "at least " + from
}

func between(text string) valueCheck {
	low, high, shown := bounds(text)
	return func(value any) string {
		if n, ok := value.(float64); ok && (n < low || n > high) {
			return fmt.Sprintf("%v is not %s", n, shown)
		}
		return ""
	}
}

func longAs(text string) valueCheck {
	low, high, shown := bounds(text)
	return textCheck(func(s string) string {
		if n := float64(utf8.RuneCountInString(s)); n < low || n > high {
			return fmt.Sprintf("its length, %v, is not %s", n, shown)
		}
		return ""
	})
}

func elements(name string, n int) valueCheck {
	return func(value any) string {
		list, ok := value.([]any)
		switch {
		case ok && name == "at-least" && len(list) < n:
			return fmt.Sprintf("it has to have at least %s", plural.Of(n, "element", "elements"))
		case ok && name == "at-most" && len(list) > n:
			return fmt.Sprintf("it may have at most %s, and has %d", plural.Of(n, "element", "elements"), len(list))
		}
		return ""
	}
}

var memberForm = regexp.MustCompile(`.+:.+|projectOwners|projectReaders|projectWriters|allUsers|allAuthenticatedUsers`)

func checkMember(s string) string {
	switch {
	case strings.HasPrefix(s, "deleted"):
		return "a deleted principal cannot be granted anything"
	case !memberForm.MatchString(s):
		return fmt.Sprintf("%q is not a member: write its kind before it, as in user:%s or serviceAccount:%s", s, s, s)
	}
	return ""
}

func checkPoolID(s string) string {
	switch {
	case strings.HasPrefix(s, "gcp-"):
		return `it must not begin with "gcp-", which Google keeps for itself`
	case strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return "it has lower-case letters, digits and dashes only"
	case len(s) < 4 || len(s) > 32:
		return fmt.Sprintf("its length, %d, is not between 4 and 32", len(s))
	}
	return ""
}

// checkRotation accepts a number of seconds that is at least a day.
func checkRotation(s string) string {
	if s == "" {
		return ""
	}
	seconds, err := strconv.ParseFloat(strings.TrimSuffix(s, "s"), 64)
	if err != nil || !strings.HasSuffix(s, "s") {
		return fmt.Sprintf("%q is not a number of seconds, such as 7776000s", s)
	}
	if day := (24 * time.Hour).Seconds(); seconds < day {
		return fmt.Sprintf("a key rotates at most once a day: %s is less than %.0fs", s, day)
	}
	return ""
}

func checkServiceName(s string) string {
	switch {
	case s == "bigquery-json.googleapis.com":
		return "it was renamed: use bigquery.googleapis.com"
	case !strings.Contains(s, "."):
		return fmt.Sprintf("%q is not a domain such as run.googleapis.com", s)
	}
	return ""
}

var accountForm = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)

func checkAccountID(s string) string {
	switch {
	case len(s) < 6 || len(s) > 30:
		return fmt.Sprintf("its length, %d, is not between 6 and 30", len(s))
	case !accountForm.MatchString(s):
		return fmt.Sprintf("%q does not match %s", s, accountForm)
	}
	return ""
}

var variableForm = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func checkVariableName(s string) string {
	switch {
	case !variableForm.MatchString(s):
		return fmt.Sprintf("%q has something else than letters, digits and underscores, or begins with a digit", s)
	case strings.HasPrefix(strings.ToUpper(s), "GITHUB_"):
		return "it must not begin with GITHUB_, which GitHub keeps for itself"
	}
	return ""
}
