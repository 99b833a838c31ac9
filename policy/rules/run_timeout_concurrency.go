package rules

import (
	"fmt"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runTimeoutConcurrency = crossguard.Policy{
	Name:             "run-timeout-concurrency",
	Description:      "A Cloud Run request ends in time, and an instance does not take more requests at once than it can serve.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Low,
	Framework:        own("Cloud Run: concurrency 80, timeout 300 s"),
	Tags:             []string{"reliability", "cloud-run"},
	RemediationSteps: "Lower the timeout and the concurrency, or remove them: Cloud Run's defaults are 300 s and 80.",
	Options: []crossguard.Option{
		{Name: "timeoutSeconds", Description: "Longest timeout of a request, in seconds.", Default: 900, Min: 1, Max: 3600},
		{Name: "concurrency", Description: "Most requests an instance takes at once.", Default: 250, Min: 1, Max: 1000},
	},
	Types: append(services[:2:2], functions...),
	Check: func(r *crossguard.Resource) {
		timeout, concurrency := "template.timeout", "template.maxInstanceRequestConcurrency"
		switch r.Type {
		case serviceV1:
			timeout, concurrency = "template.spec.timeoutSeconds", "template.spec.containerConcurrency"
		case functionV1, functionV2: // version 1 takes one request at a time
			timeout, concurrency = functionPath(r, "timeout", "timeoutSeconds"), "serviceConfig.maxInstanceRequestConcurrency"
		}
		if text, set := r.String(timeout); set {
			n, err := seconds(text)
			if limit := r.Config.Int("timeoutSeconds"); err != nil || n > float64(limit) {
				r.Violation("%s is %s: set it to %d seconds or less", timeout, text, limit)
			}
		}
		exceeds(r, concurrency, r.IntOr(concurrency, 0), r.Config.Int("concurrency"))
	},
	Remediate: func(r *crossguard.Remedy) {
		limit := r.Config.Int("concurrency")
		if isFunction(r.Resource) {
			return
		}
		if r.Type == serviceV1 {
			if n, err := seconds(r.StringOr("template.spec.timeoutSeconds", "0")); err != nil || n > float64(r.Config.Int("timeoutSeconds")) {
				r.Set("template.spec.timeoutSeconds", int(r.Config.Int("timeoutSeconds")))
			}
			if r.IntOr("template.spec.containerConcurrency", 0) > limit {
				r.Set("template.spec.containerConcurrency", int(limit))
			}
			return
		}
		if n, err := seconds(r.StringOr("template.timeout", "0s")); err != nil || n > float64(r.Config.Int("timeoutSeconds")) {
			r.Set("template.timeout", fmt.Sprintf("%ds", r.Config.Int("timeoutSeconds")))
		}
		if r.IntOr("template.maxInstanceRequestConcurrency", 0) > limit {
			r.Set("template.maxInstanceRequestConcurrency", int(limit))
		}
	},
}
