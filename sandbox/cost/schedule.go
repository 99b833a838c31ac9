package cost

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/cron"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
)

// starts returns how often schedules start a job in their busiest month. It returns false for a job without a schedule, and for one whose
// schedule has a form that this function cannot read. Before the job is made, its schedule's address is not known; the job's component
// then has the schedule.
func (e *estimator) starts(job inventory.Resource) (number float64, known bool) {
	for _, r := range e.resources {
		uri := r.Text("httpTarget", "uri")
		planned := !strings.Contains(uri, "/jobs/") && job.Parent != "" && r.Parent == job.Parent
		if r.Type != "gcp:cloudscheduler/job:Job" || !planned && !strings.HasSuffix(uri, "/jobs/"+job.Text("name")+":run") {
			continue
		}
		schedule, wrong := cron.Parse(r.Text("schedule"))
		if wrong != "" {
			return 0, false
		}
		number, known = number+float64(schedule.MostInAMonth()), true
	}
	return number, known
}
