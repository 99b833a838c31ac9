package cloud

import (
	"regexp"
	"strings"
)

// metricKinds are log-based metrics (Cloud Logging).
func metricKinds() []*kind {
	return []*kind{{
		prefix: "log/v2", host: "logging.googleapis.com", pattern: "projects/*/metrics", message: "log:LogMetric", body: "metric",
		listField: "metrics",
		idParam:   "name", put: true, created: "createTime", updated: "updateTime", mask: maskReplaces,
		id:      regexp.MustCompile(`^[A-Za-z0-9_\-.,+!*'()%/]{1,100}$`),
		idFix:   "Metric name %q is invalid: it must have 1 to 100 letters, digits and characters of _-.,+!*'()%%/.",
		missing: func(n name) *Error { return notFound("Metric %s does not exist.", metricID(n)) },
		taken:   func(n name, _ map[string]any) *Error { return exists("Metric %s already exists.", metricID(n)) },
		prepare: func(c *change) error {
			if text(c.new, "filter") == "" {
				return invalid("Log metric filter is empty. Log metric creation requires a filter.")
			}
			id := metricID(c.name)
			c.new["name"], c.new["resourceName"] = id, "projects/"+c.name.project.id+"/metrics/"+c.name.id()
			descriptor := ensure(c.new, "metricDescriptor")
			setDefault(descriptor, "metricKind", "DELTA")
			setDefault(descriptor, "valueType", "INT64")
			if text(descriptor, "valueType") == "INT64" {
				setDefault(descriptor, "unit", "1")
			}
			if text(descriptor, "valueType") == "DISTRIBUTION" && text(c.new, "valueExtractor") == "" {
				return invalid("A distribution metric requires a value_extractor.")
			}
			return checkExtractors(c.new, descriptor, id, c.name.project.id)
		},
	}}
}

func metricID(n name) string { return strings.ReplaceAll(n.id(), "%2F", "/") }

func checkExtractors(metric, descriptor map[string]any, id, project string) error {
	declared := map[string]bool{}
	for _, label := range list(descriptor, "labels") {
		declared[text(label.(map[string]any), "key")] = true
	}
	extractors := object(metric, "labelExtractors")
	for key := range extractors {
		if !declared[key] {
			return invalid("The label %s has an extractor and is not in metric_descriptor.labels.", key)
		}
	}
	if len(declared) != len(extractors) {
		return invalid("Each label of metric_descriptor.labels needs an extractor in label_extractors, and the other way round.")
	}
	if len(extractors) == 0 {
		delete(metric, "labelExtractors")
	}
	kind := "logging.googleapis.com/user/" + id
	descriptor["type"], descriptor["name"] = kind, "projects/"+project+"/metricDescriptors/"+kind
	return nil
}
