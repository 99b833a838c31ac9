package cost

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/cron"
)

// starts returns how often schedules start a job in their busiest month. It returns false for a job without a schedule, and for one whose
// schedule has a form that this function cannot read.
func (e *estimator) starts(job string) (number float64, known bool) {
	for _, r := range e.resources {
		uri := r.Text("httpTarget", "uri")
		if r.Type != "gcp:cloudscheduler/job:Job" || !strings.HasSuffix(uri, "/jobs/"+job+":run") {
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
