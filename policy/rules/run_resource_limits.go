package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runResourceLimits = crossguard.Policy{
	Name:             "run-resource-limits",
	Description:      "Every Cloud Run container says how much CPU and memory it may use, within what the platform pays for.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Medium,
	Framework:        own("Cost caps"),
	Tags:             []string{"cost", "cloud-run"},
	RemediationSteps: "Set resources.limits.cpu and resources.limits.memory of every container.",
	Options: []crossguard.Option{
		{Name: "cpu", Description: "Most vCPUs of a container.", Default: 2.0, Min: 0.08, Max: 8},
		{Name: "memoryGiB", Description: "Most memory of a container, in GiB.", Default: 2.0, Min: 0.125, Max: 32},
	},
	Types: append(runAny[:4:4], functions...),
	Check: func(r *crossguard.Resource) {
		if isFunction(r) {
			checkFunctionLimits(r)
			return
		}
		eachContainer(r, func(c crossguard.Object) {
			checkLimit(r, c, "resources.limits.cpu", r.Config.Number("cpu"), unit{1, "vCPU"})
			checkLimit(r, c, "resources.limits.memory", r.Config.Number("memoryGiB"), unit{gib, "GiB"})
		})
	},
}

// checkFunctionLimits checks a function's size if it sets one. The API's own is small: 256 MB.
func checkFunctionLimits(r *crossguard.Resource) {
	if r.Type == functionV1 {
		if mb, limit := r.NumberOr("availableMemoryMb", 0), r.Config.Number("memoryGiB")*1024; mb > limit {
			r.Violation("availableMemoryMb is %v: set it to %v or less", mb, limit)
		}
		return
	}
	for _, one := range []struct {
		path, limit string
		of          unit
	}{{"serviceConfig.availableCpu", "cpu", unit{1, "vCPU"}}, {"serviceConfig.availableMemory", "memoryGiB", unit{gib, "GiB"}}} {
		if _, set := r.String(one.path); set {
			checkLimit(r, r.Object, one.path, r.Config.Number(one.limit), one.of)
		}
	}
}

// unit is what a setting counts an amount in, by the amount's own size.
type unit struct {
	size float64
	name string
}

func checkLimit(r *crossguard.Resource, c crossguard.Object, path string, limit float64, of unit) {
	text, set := c.String(path)
	if !set {
		r.Violation("%s is absent: set it to %v %s or less", c.Path(path), limit, of.name)
		return
	}
	switch amount, err := quantity(text); {
	case err != nil:
		r.Violation("%s: %v", c.Path(path), err)
	case amount > limit*of.size:
		r.Violation("%s is %s: set it to %v %s or less", c.Path(path), text, limit, of.name)
	}
}
