// Package logging emulates Cloud Logging: log-based metrics.
package logging

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Host is the API's name.
const Host = "logging.googleapis.com"

// API returns Cloud Logging v2.
func API() *rest.API {
	metric := &rest.Kind{
		Pattern: "projects/*/metrics", Message: "LogMetric", Body: "metric",
		Names: rest.Names{Missing: rest.NotFound("Metric {id} does not exist.")},
		Read:  rest.Read{Items: "metrics"},
		Create: &rest.Create{
			IDInBody: true, ID: regexp.MustCompile(`^[A-Za-z0-9_\-.,+!*'()%/]{1,100}$`),
			BadID: rest.Invalid("Metric name \"{given}\" is invalid: it must have 1 to 100 letters, digits and characters of _-.,+!*'()%%/."),
			Taken: rest.Exists("Metric {id} already exists."),
		},
		Update:  &rest.Update{PutCreates: true},
		Delete:  &rest.Delete{},
		Stamps:  rest.Stamps{Created: "createTime", Updated: "updateTime"},
		Prepare: prepareMetric,
	}
	return &rest.API{Prefix: "log/v2", Host: Host, Schema: "log", Kinds: []*rest.Kind{metric}}
}

func prepareMetric(c *rest.Change) error {
	if doc.Text(c.New, "filter") == "" {
		return rest.Invalid("Log metric filter is empty. Log metric creation requires a filter.")
	}
	id := strings.ReplaceAll(c.Name.ID(), "%2F", "/")
	c.New["name"], c.New["resourceName"] = id, c.Name.Path()
	descriptor := doc.Ensure(c.New, "metricDescriptor")
	kind := "logging.googleapis.com/user/" + id
	descriptor["type"], descriptor["name"] = kind, "projects/"+c.Name.Project.ID+"/metricDescriptors/"+kind
	doc.Default(descriptor, "metricKind", "DELTA")
	doc.Default(descriptor, "valueType", "INT64")
	if doc.Text(descriptor, "valueType") == "INT64" {
		doc.Default(descriptor, "unit", "1")
	}
	if doc.Text(descriptor, "valueType") == "DISTRIBUTION" && doc.Text(c.New, "valueExtractor") == "" {
		return rest.Invalid("A distribution metric requires a value_extractor.")
	}
	if len(doc.Object(c.New, "labelExtractors")) == 0 {
		delete(c.New, "labelExtractors")
	}
	return checkExtractors(descriptor, doc.Object(c.New, "labelExtractors"))
}

// checkExtractors refuses labels without an extractor, and extractors without a label.
func checkExtractors(descriptor, extractors map[string]any) error {
	declared := map[string]bool{}
	for _, label := range doc.Objects(descriptor, "labels") {
		declared[doc.Text(label, "key")] = true
	}
	for _, key := range slices.Sorted(maps.Keys(extractors)) {
		if !declared[key] {
			return rest.Invalid("The label %s has an extractor and is not in metric_descriptor.labels.", key)
		}
	}
	if len(declared) != len(extractors) {
		return rest.Invalid("Each label of metric_descriptor.labels needs an extractor in label_extractors, and the other way round.")
	}
	return nil
}
