package monitoring

import (
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// selection is a parsed filter of time series: the required value of each field.
type selection map[string]string

// seriesLabels are the labels of Cloud Run's metrics by which the emulator counts.
var seriesLabels = []string{"resource.labels.project_id", "resource.labels.service_name", "resource.labels.location",
	"resource.labels.revision_name", "resource.labels.configuration_name", "metric.labels.response_code_class"}

var filterTerm = regexp.MustCompile(`^\s*([a-z_.]+)\s*=\s*(?:"([^"\\]*)"|([A-Za-z0-9_./-]+))\s*`)

// parseFilter reads terms of the form FIELD="VALUE" joined by AND, which are all that a release needs. The real language has
// more. The emulator refuses the rest, so that it never answers a different question.
func parseFilter(filter string) (selection, error) {
	if strings.TrimSpace(filter) == "" {
		return nil, rest.Invalid("The request was missing field filter: The filter must be specified.")
	}
	chosen := selection{}
	for left := filter; ; {
		term := filterTerm.FindStringSubmatch(left)
		if term == nil {
			return nil, rest.Invalid("Field filter had an invalid value of %q: the emulator reads FIELD=\"VALUE\" terms joined by AND and could "+
				"not parse it from %q on.", filter, strings.TrimSpace(left))
		}
		field := strings.Replace(strings.Replace(term[1], "resource.label.", "resource.labels.", 1), "metric.label.", "metric.labels.", 1)
		if field != "metric.type" && field != "resource.type" && !slices.Contains(seriesLabels, field) {
			return nil, rest.Invalid("Field filter had an invalid value of %q: the emulator does not know the field %s; it reads metric.type, "+
				"resource.type, %s.", filter, term[1], strings.Join(seriesLabels, ", "))
		}
		value := term[2] + term[3]
		if before, found := chosen[field]; found && before != value {
			return nil, rest.Invalid("Field filter had an invalid value of %q: %s has two values.", filter, term[1])
		}
		chosen[field] = value
		if left = left[len(term[0]):]; left == "" {
			return chosen, chosen.check(filter)
		}
		after, joined := strings.CutPrefix(left, "AND ")
		if !joined {
			return nil, rest.Invalid("Field filter had an invalid value of %q: the emulator reads terms joined by AND and could not parse it from "+
				"%q on.", filter, left)
		}
		left = after
	}
}

func (s selection) check(filter string) error {
	if resource, found := s["resource.type"]; found && resource != "cloud_run_revision" {
		return rest.Invalid("Field filter had an invalid value of %q: the emulator has metrics of cloud_run_revision, not of %s.", filter,
			resource)
	}
	switch s["metric.type"] {
	case requestCount, requestLatencies:
		return nil
	case "":
		return rest.Invalid("Field filter had an invalid value of %q: must specify a single metric.type.", filter)
	}
	return rest.Invalid("Field filter had an invalid value of %q: the emulator has %s and %s, not %s.", filter, requestCount,
		requestLatencies, s["metric.type"])
}

// takes reports whether the filter selects a series with these labels.
func (s selection) takes(labels map[string]string) bool {
	for field, value := range s {
		if label, found := labels[field]; found && label != value {
			return false
		}
	}
	return true
}
