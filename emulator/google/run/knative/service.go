package knative

import (
	"maps"
	"reflect"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// Service translates a v2 service to v1.
func Service(v2 object, place Place) object {
	id := doc.Last(doc.Text(v2, "name"))
	meta := metadata(id, "services", v2, place)
	annotations := toAnnotations(serviceAnnotations, v2)
	set(annotations, creatorAnnotation, v2["creator"])
	set(annotations, modifierAnnotation, v2["lastModifier"])
	set(annotations, ingressStatus, annotations["run.googleapis.com/ingress"])
	set(annotations, urlsAnnotation, asJSON.write(v2["urls"]))
	meta["annotations"] = annotations

	from := doc.Object(v2, "template")
	templateAnnotations, spec := template(from)
	templateMeta := object{}
	set(templateMeta, "name", from["revision"])
	set(templateMeta, "labels", doc.Object(from, "labels"))
	set(templateMeta, "annotations", templateAnnotations)
	status := object{"conditions": serviceConditions(v2), "url": v2["uri"], "address": object{"url": v2["uri"]}}
	if observed, err := strconv.ParseFloat(doc.Text(v2, "observedGeneration"), 64); err == nil {
		status["observedGeneration"] = observed
	}
	set(status, "latestCreatedRevisionName", doc.Last(doc.Text(v2, "latestCreatedRevision")))
	set(status, "latestReadyRevisionName", doc.Last(doc.Text(v2, "latestReadyRevision")))
	set(status, "traffic", traffic(doc.Objects(v2, "trafficStatuses"), doc.Last(doc.Text(v2, "latestReadyRevision"))))
	return object{"apiVersion": apiVersion, "kind": "Service", "metadata": meta, "status": status,
		"spec": object{"template": object{"metadata": templateMeta, "spec": spec}, "traffic": traffic(doc.Objects(v2, "traffic"), "")}}
}

// metadata returns the metadata that services and revisions begin with.
func metadata(id, collection string, v2 object, place Place) object {
	labels := object{locationLabel: place.Region}
	maps.Copy(labels, doc.Object(v2, "labels"))
	meta := object{"name": id, "namespace": place.Project, "labels": labels, "uid": v2["uid"], "creationTimestamp": v2["createTime"],
		"selfLink": "/apis/" + apiVersion + "/namespaces/" + place.Project + "/" + collection + "/" + id}
	set(meta, "resourceVersion", v2["etag"])
	if generation, err := strconv.ParseFloat(doc.Text(v2, "generation"), 64); err == nil {
		meta["generation"] = generation
	}
	return meta
}

// traffic translates a v2 traffic split to v1. In a status, it names the latest revision as well.
func traffic(v2 []object, latest string) []any {
	targets := []any{}
	for _, from := range v2 {
		to := pick(from, "percent", "tag")
		set(to, "url", from["uri"])
		set(to, "revisionName", from["revision"])
		if doc.Text(from, "revision") == "" {
			to["latestRevision"] = true
			set(to, "revisionName", latest)
		}
		targets = append(targets, to)
	}
	return targets
}

func fromTraffic(v1 []object) ([]any, error) {
	targets := []any{}
	for i, from := range v1 {
		to := pick(from, "percent", "tag")
		revision := doc.Text(from, "revisionName")
		switch {
		case from["latestRevision"] == true && revision != "":
			return nil, refuse("spec.traffic[%d].revisionName: must not be set with latestRevision", i)
		case revision != "":
			to["type"], to["revision"] = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision
		default:
			to["type"] = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
		}
		targets = append(targets, to)
	}
	return targets, nil
}

// serviceConditions returns the condition Ready and the conditions it depends on. They are unknown while the service is being
// reconciled.
func serviceConditions(v2 object) []any {
	conditions := []any{condition(doc.Object(v2, "terminalCondition"), "Ready", "RevisionFailed")}
	for _, kind := range []string{"ConfigurationsReady", "RoutesReady"} {
		from := object{"lastTransitionTime": doc.Object(v2, "terminalCondition")["lastTransitionTime"]}
		for _, item := range doc.Objects(v2, "conditions") {
			if v2["reconciling"] != true && doc.Text(item, "type") == kind {
				from = item
			}
		}
		conditions = append(conditions, condition(from, kind, "RevisionFailed"))
	}
	return conditions
}

// condition translates a v2 condition to v1. reason is the reason of a failure.
func condition(v2 object, kind, reason string) object {
	c := pick(v2, "lastTransitionTime", "message")
	c["type"] = kind
	switch doc.Text(v2, "state") {
	case "CONDITION_SUCCEEDED":
		c["status"] = "True"
	case "CONDITION_FAILED":
		c["status"], c["reason"] = "False", reason
	default:
		c["status"], c["reason"] = "Unknown", "Deploying"
	}
	return c
}

// Merge returns the v2 service that a v1 service asks for. stored is the stored v2 service, nil for a new one. The result has
// neither the name nor the etag.
func Merge(stored, v1 object, place Place) (object, error) {
	var before object
	if stored != nil {
		before = Service(stored, place)
	}
	meta, spec := doc.Object(v1, "metadata"), doc.Object(v1, "spec")
	v2 := object{}
	set(v2, "labels", ownLabels(doc.Object(meta, "labels")))
	annotations := maps.Clone(doc.Object(meta, "annotations"))
	for _, written := range []string{creatorAnnotation, modifierAnnotation, urlsAnnotation, ingressStatus} {
		delete(annotations, written)
	}
	if err := fromAnnotations(serviceAnnotations, "metadata", annotations, v2); err != nil {
		return nil, err
	}
	// A client of v1 cannot see these fields, so it cannot mean to remove them. They keep their stored values.
	for _, field := range []string{"buildConfig", "iapEnabled", "multiRegionSettings", "threatDetectionEnabled"} {
		set(v2, field, stored[field])
	}
	var err error
	if v2["traffic"], err = fromTraffic(doc.Objects(spec, "traffic")); err != nil {
		return nil, err
	}
	if before != nil && reflect.DeepEqual(bare(spec["template"]), bare(doc.Object(before, "spec")["template"])) {
		v2["template"] = stored["template"]
		return v2, nil
	}
	v2["template"], err = fromTemplate(doc.Object(spec, "template"))
	return v2, err
}

// Configuration returns one half of a v1 service, which Knative serves as a separate resource. [Route] returns the other half.
func Configuration(service object) object {
	status := pick(doc.Object(service, "status"), "observedGeneration", "latestCreatedRevisionName", "latestReadyRevisionName")
	status["conditions"] = readyBy(service, "ConfigurationsReady")
	return object{"apiVersion": apiVersion, "kind": "Configuration", "metadata": owned(service, "configurations"),
		"spec": pick(doc.Object(service, "spec"), "template"), "status": status}
}

// Route returns the half with the traffic split and its addresses.
func Route(service object) object {
	status := pick(doc.Object(service, "status"), "observedGeneration", "traffic", "url", "address")
	status["conditions"] = readyBy(service, "RoutesReady")
	return object{"apiVersion": apiVersion, "kind": "Route", "metadata": owned(service, "routes"),
		"spec": pick(doc.Object(service, "spec"), "traffic"), "status": status}
}

func readyBy(service object, kind string) []any {
	for _, item := range doc.Objects(doc.Object(service, "status"), "conditions") {
		if doc.Text(item, "type") == kind {
			ready := maps.Clone(item)
			ready["type"] = "Ready"
			return []any{ready}
		}
	}
	return []any{}
}

func owned(service object, collection string) object {
	meta := maps.Clone(doc.Object(service, "metadata"))
	labels := object{serviceLabel: meta["name"]}
	maps.Copy(labels, doc.Object(meta, "labels"))
	meta["labels"] = labels
	meta["selfLink"] = strings.Replace(doc.Text(meta, "selfLink"), "/services/", "/"+collection+"/", 1)
	return meta
}
