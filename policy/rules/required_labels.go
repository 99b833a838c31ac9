package rules

import (
	"encoding/json"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var requiredLabels = crossguard.Policy{
	Name:             "required-labels",
	Description:      "Every resource that can have labels says which environment and application it belongs to and what manages it.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Low,
	Framework:        crossguard.Framework{Name: "Checkov", Reference: "CKV_GCP_*_labels", Specification: "Resources are labelled"},
	Tags:             []string{"operations"},
	RemediationSteps: "Set the labels on the resource, or as defaultLabels of the provider.",
	Options: []crossguard.Option{{
		Name: "labels", Description: "Labels that must be there with a value.", Default: []string{"environment", "app", "managed-by"},
	}},
	Kind: crossguard.Kind{Name: "resources of Google Cloud that take labels", Has: takesLabels},
	Check: func(r *crossguard.Resource) {
		path := labelsPath(r)
		for _, label := range r.Config.Strings("labels") {
			if _, set := r.String(path + `["` + label + `"]`); set {
				continue
			}
			if !hasDefaultLabel(r, label) {
				r.Violation("%s has no %s: set it", path, label)
			}
		}
	},
	Remediate: func(r *crossguard.Remedy) {
		// Pulumi is about to create the resource, so it is certain that Pulumi manages it. The other labels are not certain.
		path := labelsPath(r.Resource) + `["managed-by"]`
		if _, set := r.String(path); !set {
			r.Set(path, "pulumi")
		}
	},
}

func labelsPath(r *crossguard.Resource) string {
	switch {
	case r.Type == serviceV1:
		return "metadata.labels"
	case r.Type == database:
		return "settings.userLabels"
	case r.Type == "gcp:container/cluster:Cluster":
		return "resourceLabels"
	case among(userLabelled, r.Type):
		return "userLabels"
	}
	return "labels"
}

// hasDefaultLabel reports whether the provider adds a label to a resource. SDKs encode a provider's nested options as JSON text.
// The provider adds no labels to types with userLabels.
func hasDefaultLabel(r *crossguard.Resource, label string) bool {
	provider, has := r.Provider()
	if path := labelsPath(r); !has || path != "labels" {
		return false
	}
	if path := `defaultLabels["` + label + `"]`; !provider.IsKnown(path) {
		provider.String(path) // ends the rule, naming the unknown path
	}
	given := false
	provider.EachText(func(text crossguard.Text) {
		switch {
		case text.In == "defaultLabels" && text.Key == label:
			given = given || text.Value != ""
		case text.In == "" && text.Key == "defaultLabels":
			var labels map[string]string
			given = given || json.Unmarshal([]byte(text.Value), &labels) == nil && labels[label] != ""
		}
	})
	return given
}
