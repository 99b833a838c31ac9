package rules

import (
	"fmt"
	"math"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var jobBounds = crossguard.Policy{
	Name:             "job-bounds",
	Description:      "A Cloud Run job has bounds on its tasks, retries and time, so that a failing job cannot run up a bill.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Medium,
	Framework:        own("Cost caps"),
	Tags:             []string{"cost", "cloud-run"},
	RemediationSteps: "Lower template.taskCount, template.template.maxRetries and template.template.timeout.",
	Options: []crossguard.Option{
		{Name: "tasks", Description: "Most tasks of an execution.", Default: 10, Min: 1, Max: 10000},
		{Name: "retries", Description: "Most retries of a task.", Default: 3, Min: 0, Max: 10},
		{Name: "timeoutSeconds", Description: "Longest run of a task, in seconds.", Default: 3600, Min: 1, Max: 604800},
	},
	Types: []string{job},
	Check: func(r *crossguard.Resource) {
		// Cloud Run's defaults are within this rule's default bounds: 1 task, 3 retries, 600 s. The number of tasks bounds how many run
		// at once.
		exceeds(r, "template.taskCount", r.IntOr("template.taskCount", 1), r.Config.Int("tasks"))
		exceeds(r, "template.template.maxRetries", r.IntOr("template.template.maxRetries", 3), r.Config.Int("retries"))
		text := r.StringOr("template.template.timeout", "600s")
		if n, err := seconds(text); err != nil || n > float64(r.Config.Int("timeoutSeconds")) {
			r.Violation("template.template.timeout is %s: set it to %d seconds or less", text, r.Config.Int("timeoutSeconds"))
		}
	},
	CheckStack: func(s *crossguard.Stack) {
		every := schedulesOf(s)
		s.Each([]string{job}, func(r *crossguard.Resource) {
			between, scheduled := every[serviceName(r)]
			if !scheduled {
				return
			}
			longest, err := seconds(r.StringOr("template.template.timeout", "600s"))
			if runs := longest * float64(r.IntOr("template.template.maxRetries", 3)+1) * rounds(r); err == nil && runs > between {
				r.Violation("is started every %v s and may run for %v s with its retries, so that %v executions run side by side: start "+
					"it less often, lower template.template.timeout, or raise template.parallelism", between, runs, math.Ceil(runs/between))
			}
		})
	},
	Remediate: func(r *crossguard.Remedy) {
		if r.IntOr("template.taskCount", 1) > r.Config.Int("tasks") {
			r.Set("template.taskCount", int(r.Config.Int("tasks")))
		}
		if r.IntOr("template.template.maxRetries", 3) > r.Config.Int("retries") {
			r.Set("template.template.maxRetries", int(r.Config.Int("retries")))
		}
		if n, err := seconds(r.StringOr("template.template.timeout", "600s")); err != nil || n > float64(r.Config.Int("timeoutSeconds")) {
			r.Set("template.template.timeout", fmt.Sprintf("%ds", r.Config.Int("timeoutSeconds")))
		}
	},
}

// rounds returns how many batches of tasks an execution runs one after another, because only so many tasks run at once. Without a
// bound on that, all tasks run at once.
func rounds(r *crossguard.Resource) float64 {
	tasks, atOnce := r.IntOr("template.taskCount", 1), r.IntOr("template.parallelism", 0)
	if atOnce <= 0 {
		return 1
	}
	return max(1, math.Ceil(float64(tasks)/float64(atOnce)))
}
