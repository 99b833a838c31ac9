package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// These are the paths in Cloud Run resources. Version 1 of the API stores in annotations, as strings, what version 2 has as
// fields.

func v1Template(key string) string { return fmt.Sprintf("template.metadata.annotations[%q]", key) }

func v1Service(key string) string { return fmt.Sprintf("metadata.annotations[%q]", key) }

// templateOf returns the path of the template of a revision or task.
func templateOf(r *crossguard.Resource) string {
	switch r.Type {
	case serviceV1:
		return "template.spec"
	case job:
		return "template.template"
	}
	return "template"
}

// templateAnnotation returns the path of an annotation of a revision or execution.
func templateAnnotation(r *crossguard.Resource, key string) string {
	if r.Type == serviceV1 {
		return v1Template(key)
	}
	return fmt.Sprintf("template.annotations[%q]", key)
}

// eachContainer visits the containers of any Cloud Run resource. A resource without containers cannot be judged, so it is a
// violation.
func eachContainer(r *crossguard.Resource, do func(crossguard.Object)) {
	if path := templateOf(r) + ".containers"; r.Each(path, do) == 0 {
		r.Violation("%s is absent: name the container that runs", path)
	}
}

// serviceName returns the service's name in Google Cloud. If the program sets none, it returns the name of the Pulumi resource,
// from which Pulumi makes one.
func serviceName(r *crossguard.Resource) string { return r.StringOr("name", r.Name) }

// quantity reads an amount such as 1, 1000m, 512Mi or 2G, as a number of units or bytes.
func quantity(s string) (float64, error) {
	number, factor := strings.TrimSpace(s), 1.0
	for _, unit := range []struct {
		suffix string
		factor float64
	}{
		{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40},
		{"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"m", 1e-3},
	} {
		if before, found := strings.CutSuffix(number, unit.suffix); found {
			number, factor = before, unit.factor
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n > 0 && n <= 1e18) { // in this form NaN is refused as well
		return 0, fmt.Errorf("%q is not an amount such as 1, 500m or 512Mi", s)
	}
	return n * factor, nil
}

// seconds reads a duration in Google's form: 300s, 3.5s.
func seconds(s string) (float64, error) {
	n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "s"), 64)
	if err != nil || !(n >= 0) { // in this form NaN is refused as well
		return 0, fmt.Errorf("%q is not a duration such as 300s", s)
	}
	return n, nil
}

const gib = 1 << 30
