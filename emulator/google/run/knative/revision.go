package knative

import (
	"cmp"
	"maps"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// Revision translates a v2 revision to v1. service is the revision's v2 service. Its traffic split decides whether the revision
// is active.
func Revision(v2, service object, place Place) object {
	id, owner := doc.Last(doc.Text(v2, "name")), doc.Text(v2, "service")
	meta := metadata(id, "revisions", v2, place)
	maps.Copy(doc.Object(meta, "labels"), object{serviceLabel: owner, "serving.knative.dev/configuration": owner,
		"serving.knative.dev/route":      owner,
		"serving.knative.dev/serviceUid": service["uid"]})
	annotations, spec := template(v2)
	set(annotations, creatorAnnotation, v2["creator"])
	meta["annotations"] = annotations
	meta["ownerReferences"] = []any{object{"apiVersion": apiVersion, "kind": "Configuration", "name": owner, "uid": service["uid"],
		"controller": true, "blockOwnerDeletion": true}}

	status := object{"observedGeneration": 1.0}
	set(status, "logUrl", v2["logUri"])
	conditions := []any{}
	for _, kind := range []string{"Ready", "ContainerReady", "ResourcesAvailable"} {
		from := object{"lastTransitionTime": v2["createTime"]}
		for _, item := range doc.Objects(v2, "conditions") {
			if doc.Text(item, "type") == kind {
				from = item
			}
		}
		conditions = append(conditions, condition(from, kind, camel(cmp.Or(doc.Text(from, "revisionReason"), doc.Text(from, "reason")))))
	}
	status["conditions"] = append(conditions, active(id, v2, service))
	for i, container := range doc.Objects(v2, "containers") { // the one with a port takes the requests, the others are its sidecars
		if (i == 0 || len(doc.List(container, "ports")) > 0) && strings.Contains(doc.Text(container, "image"), "@") {
			status["imageDigest"] = container["image"]
		}
	}
	return object{"apiVersion": apiVersion, "kind": "Revision", "metadata": meta, "spec": spec, "status": status}
}

// active is a condition that says whether requests can reach the revision, by its share of the traffic or by a tag.
func active(id string, v2, service object) object {
	c := object{"type": "Active", "severity": "Info", "lastTransitionTime": v2["createTime"], "status": "False", "reason": "Retired",
		"message": "Revision retired."}
	for _, target := range doc.Objects(service, "trafficStatuses") {
		revision := doc.Text(target, "revision")
		if revision == "" {
			revision = doc.Last(doc.Text(service, "latestReadyRevision"))
		}
		if revision == id && (doc.Number(target, "percent") > 0 || doc.Text(target, "tag") != "") {
			c["status"] = "True"
			delete(c, "reason")
			delete(c, "message")
		}
	}
	return c
}

// camel writes v2's HEALTH_CHECK_CONTAINER_ERROR as v1 does: HealthCheckContainerError.
func camel(reason string) string {
	var b strings.Builder
	for _, word := range strings.Split(reason, "_") {
		if word != "" {
			b.WriteString(word[:1] + strings.ToLower(word[1:]))
		}
	}
	return b.String()
}
