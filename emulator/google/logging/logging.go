// Package logging emulates Cloud Logging: log-based metrics.
package logging

import (
	"regexp"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Host is the API's name.
const Host = "logging.googleapis.com"

// API returns Cloud Logging v2.
func API() *rest.API {
	return &rest.API{Prefix: "log/v2", Host: Host, Schema: "log", Kinds: []*rest.Kind{{
		Pattern: "projects/*/metrics", Message: "LogMetric", Body: "metric", ListField: "metrics",
		IDParam: "name", Put: true, PutCreates: true, Created: "createTime", Updated: "updateTime", Mask: rest.MaskReplaces,
		ID:      regexp.MustCompile(`^[A-Za-z0-9_\-.,+!*'()%/]{1,100}$`),
		IDFix:   "Metric name %q is invalid: it must have 1 to 100 letters, digits and characters of _-.,+!*'()%%/.",
		Missing: func(n rest.Name) *rest.Error { return rest.NotFound("Metric %s does not exist.", metricID(n)) },
		Taken: func(n rest.Name, _ map[string]any) *rest.Error {
			return rest.Exists("Metric %s already exists.", metricID(n))
		},
		Prepare: func(c *rest.Change) error {
			if doc.Text(c.New, "filter") == "" {
				return rest.Invalid("Log metric filter is empty. Log metric creation requires a filter.")
			}
			id := metricID(c.Name)
			c.New["name"], c.New["resourceName"] = id, "projects/"+c.Name.Project.ID+"/metrics/"+c.Name.ID()
			descriptor := doc.Ensure(c.New, "metricDescriptor")
			doc.Default(descriptor, "metricKind", "DELTA")
			doc.Default(descriptor, "valueType", "INT64")
			if doc.Text(descriptor, "valueType") == "INT64" {
				doc.Default(descriptor, "unit", "1")
			}
			if doc.Text(descriptor, "valueType") == "DISTRIBUTION" && doc.Text(c.New, "valueExtractor") == "" {
				return rest.Invalid("A distribution metric requires a value_extractor.")
			}
			return checkExtractors(c.New, descriptor, id, c.Name.Project.ID)
		},
	}}}
}

func metricID(n rest.Name) string { return strings.ReplaceAll(n.ID(), "%2F", "/") }

func checkExtractors(metric, descriptor map[string]any, id, project string) error {
	declared := map[string]bool{}
	for _, label := range doc.Objects(descriptor, "labels") {
		declared[doc.Text(label, "key")] = true
	}
	extractors := doc.Object(metric, "labelExtractors")
	for key := range extractors {
		if !declared[key] {
			return rest.Invalid("The label %s has an extractor and is not in metric_descriptor.labels.", key)
		}
	}
	if len(declared) != len(extractors) {
		return rest.Invalid("Each label of metric_descriptor.labels needs an extractor in label_extractors, and the other way round.")
	}
	if len(extractors) == 0 {
		delete(metric, "labelExtractors")
	}
	kind := "logging.googleapis.com/user/" + id
	descriptor["type"], descriptor["name"] = kind, "projects/"+project+"/metricDescriptors/"+kind
	return nil
}
