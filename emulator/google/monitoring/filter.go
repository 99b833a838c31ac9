package monitoring

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// selection is a parsed filter of time series: the required value of each field.
type selection map[string]string

// seriesLabels are the labels of Cloud Run's metrics by which the emulator counts.
var seriesLabels = []string{"resource.labels.project_id", "resource.labels.service_name", "resource.labels.location",
	"resource.labels.revision_name", "resource.labels.configuration_name", "resource.labels.job_name", "metric.labels.response_code_class",
	"metric.labels.result"}

// resourceTypes are the types of resource that each metric is about.
var resourceTypes = map[string]string{requestCount: "cloud_run_revision", requestLatencies: "cloud_run_revision",
	completedExecutions: "cloud_run_job"}

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
	metric := s["metric.type"]
	if metric == "" {
		return rest.Invalid("Field filter had an invalid value of %q: must specify a single metric.type.", filter)
	}
	of, known := resourceTypes[metric]
	if !known {
		return rest.Invalid("Field filter had an invalid value of %q: the emulator has %s, not %s.", filter,
			strings.Join(slices.Sorted(maps.Keys(resourceTypes)), " and "), metric)
	}
	if resource, found := s["resource.type"]; found && resource != of {
		return rest.Invalid("Field filter had an invalid value of %q: the metric %s is about a %s, not about a %s.", filter, metric, of, resource)
	}
	return nil
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
