package rules

import (
	"strconv"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runMaxInstances = crossguard.Policy{
	Name:        "run-max-instances",
	Description: "Every Cloud Run service, worker pool and function has a cap on its instances, so that load cannot cost without limit.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.High,
	Framework:   own("Cost caps: max instances must not exceed 5"),
	Tags:        []string{"cost", "cloud-run"},
	RemediationSteps: "Set template.scaling.maxInstanceCount (version 2), the annotation autoscaling.knative.dev/maxScale of the template " +
		"(version 1) or scaling.maxInstanceCount (worker pool) to the cap or less. A manual instance count needs the cap as well and " +
		"must not exceed it.",
	Options: []crossguard.Option{{Name: "max", Description: "Most instances a service may have.", Default: 5, Min: 1, Max: 1000}},
	Types:   append([]string{serviceV1, serviceV2, workerPool}, functions...),
	Check: func(r *crossguard.Resource) {
		limit := r.Config.Int("max")
		capped := false
		for _, path := range instanceCaps(r) {
			n, set := r.Int(path)
			// Providers and the API treat 0 as absent. Without a cap, the API's own cap of 100 holds.
			if set && n != 0 {
				capped = true
				exceeds(r, path, n, limit)
			}
		}
		for _, path := range manualCounts(r) {
			exceeds(r, path, r.IntOr(path, 0), limit)
		}
		if !capped {
			r.Violation("%s is absent: set it to %d or less", instanceCaps(r)[0], limit)
		}
	},
	Remediate: func(r *crossguard.Remedy) {
		limit := r.Config.Int("max")
		capped := false
		for _, path := range instanceCaps(r.Resource) {
			n, set := r.Int(path)
			capped = capped || set && n != 0
			if n > limit || n < 0 {
				setCount(r, path, limit)
			}
		}
		if !capped {
			setCount(r, instanceCaps(r.Resource)[0], limit)
		}
		for _, path := range manualCounts(r.Resource) {
			if r.IntOr(path, 0) > limit {
				setCount(r, path, limit)
			}
		}
	},
}

// instanceCaps returns the paths that cap instances. The first is the one to set; the others cap all revisions of a service
// together.
func instanceCaps(r *crossguard.Resource) []string {
	switch r.Type {
	case serviceV1:
		return []string{v1Template("autoscaling.knative.dev/maxScale"), v1Service("run.googleapis.com/maxScale")}
	case workerPool:
		return []string{"scaling.maxInstanceCount"}
	case functionV1, functionV2:
		return []string{functionPath(r, "maxInstances", "maxInstanceCount")}
	}
	return []string{"template.scaling.maxInstanceCount", "scaling.maxInstanceCount"}
}

// manualCounts returns the paths that fix the number of instances, whatever the cap.
func manualCounts(r *crossguard.Resource) []string {
	if r.Type == serviceV1 {
		return []string{v1Service("run.googleapis.com/manualInstanceCount")}
	}
	if isFunction(r) {
		return nil
	}
	return []string{"scaling.manualInstanceCount"}
}

func exceeds(r *crossguard.Resource, path string, n, limit int64) {
	if n > limit || n < 0 {
		r.Violation("%s is %d: set it to %d or less", path, n, limit)
	}
}

// setCount writes a number in the form of the resource's API version.
func setCount(r *crossguard.Remedy, path string, n int64) {
	if r.Type == serviceV1 {
		r.Set(path, strconv.FormatInt(n, 10))
		return
	}
	r.Set(path, int(n))
}
