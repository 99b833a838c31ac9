package monitoring_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	monitoring "google.golang.org/api/monitoring/v3"
	"google.golang.org/api/option"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/disturb"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/metrics"
)

const revisionFilter = `resource.type="cloud_run_revision" AND resource.labels.service_name="web" AND resource.labels.location="us-central1" AND resource.labels.revision_name="web-green" AND metric.type="run.googleapis.com/`

const web = "projects/" + project + "/locations/us-central1/services/web"

// record counts requests of a revision of the service web at so many seconds after the world's beginning.
func (w *world) record(revision, class string, after, latency time.Duration, times int) {
	for range times {
		w.Cloud.Metrics().Record(metrics.Key{Service: web, Revision: revision, Class: class}, w.Clock.Now().Add(after), latency)
	}
}

// TestOfficialClientReadsMetrics sends the two queries of a release with Google's own client.
func TestOfficialClientReadsMetrics(t *testing.T) {
	t.Parallel()
	w := start(t)
	server := httptest.NewServer(w.Cloud)
	t.Cleanup(server.Close)
	client, err := monitoring.NewService(context.Background(), option.WithEndpoint(server.URL+"/mon/"), option.WithoutAuthentication())
	require.NoError(t, err)
	w.record("web-green", "2xx", 0, 500*time.Microsecond, 18)
	w.record("web-green", "5xx", 30*time.Second, 500*time.Microsecond, 2)
	w.record("web-green", "2xx", 70*time.Second, 500*time.Microsecond, 5)
	w.record("web-green", "2xx", 3*time.Minute, time.Second, 7) // after the interval
	w.record("web-blue", "2xx", 0, time.Second, 100)            // another revision
	begin := w.Clock.Now()
	w.Clock.Advance(10 * time.Minute)

	list := func(metric, reducer string, groupBy ...string) map[string]string {
		answer, err := client.Projects.TimeSeries.List("projects/" + project).Filter(revisionFilter + metric + `"`).
			IntervalStartTime(begin.Format(time.RFC3339)).IntervalEndTime(begin.Add(2 * time.Minute).Format(time.RFC3339)).
			AggregationAlignmentPeriod("120s").AggregationPerSeriesAligner("ALIGN_DELTA").
			AggregationCrossSeriesReducer(reducer).AggregationGroupByFields(groupBy...).Do()
		require.NoError(t, err)
		got := map[string]string{}
		for _, series := range answer.TimeSeries {
			require.Len(t, series.Points, 1)
			assert.Equal(t, "cloud_run_revision", series.Resource.Type)
			assert.Equal(t, "2026-11-23T12:00:00.000000Z", series.Points[0].Interval.StartTime)
			assert.Equal(t, "2026-11-23T12:02:00.000000Z", series.Points[0].Interval.EndTime)
			value := series.Points[0].Value
			if value.Int64Value != nil {
				got[series.Metric.Labels["response_code_class"]] = fmt.Sprint(*value.Int64Value)
			} else {
				got[series.Metric.Labels["response_code_class"]] = fmt.Sprintf("%s %.3f %s", series.ValueType, *value.DoubleValue, series.Unit)
			}
		}
		return got
	}
	assert.Equal(t, map[string]string{"2xx": "23", "5xx": "2"}, list("request_count", "REDUCE_SUM", "metric.labels.response_code_class"))
	assert.Equal(t, map[string]string{"": "25"}, list("request_count", "REDUCE_SUM"))
	assert.Equal(t, map[string]string{"2xx": "23", "5xx": "2"}, list("request_count", "REDUCE_NONE"))
	assert.Equal(t, map[string]string{"": "DOUBLE 0.950 ms"}, list("request_latencies", "REDUCE_PERCENTILE_95"))
	assert.Equal(t, map[string]string{"2xx": "DOUBLE 0.500 ms", "5xx": "DOUBLE 0.500 ms"},
		list("request_latencies", "REDUCE_PERCENTILE_50", "metric.labels.response_code_class"))
}

// timeSeries is the path of a query with the given changes to one that is right.
func timeSeries(changes map[string]string) string {
	query := url.Values{"filter": {revisionFilter + `request_count"`}, "interval.startTime": {"2026-11-23T12:00:00Z"},
		"interval.endTime":            {"2026-11-23T12:05:00Z"},
		"aggregation.alignmentPeriod": {"60s"}, "aggregation.perSeriesAligner": {"ALIGN_DELTA"}, "aggregation.crossSeriesReducer": {"REDUCE_SUM"}}
	for parameter, value := range changes {
		query.Set(parameter, value)
	}
	return "/mon/v3/projects/" + project + "/timeSeries?" + query.Encode()
}

// points are the values of the only series in an answer by the time they end, newest first.
func points(answer map[string]any) []string {
	var got []string
	for i := range len(cloudtest.Dig(answer, "timeSeries", 0, "points").([]any)) {
		point := cloudtest.Dig(answer, "timeSeries", 0, "points", i)
		got = append(got, fmt.Sprint(cloudtest.Dig(point, "interval", "endTime").(string)[11:19], " ", cloudtest.Dig(point, "value",
			"int64Value")))
	}
	return got
}

func TestMinutesAppearWhenTheyHavePassed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir(), cloud.Options{MetricsLag: 2 * time.Minute})
	w.record("web-green", "2xx", 0, 0, 3)
	w.record("web-green", "2xx", time.Minute, 0, 4)
	w.Clock.Advance(3*time.Minute - time.Second)
	assert.Empty(t, w.OK("GET", timeSeries(nil), ""))
	w.Clock.Advance(time.Second)
	assert.Equal(t, []string{"12:01:00 3"}, points(w.OK("GET", timeSeries(nil), "")))
	w.Clock.Advance(time.Minute)
	assert.Equal(t, []string{"12:02:00 4", "12:01:00 3"}, points(w.OK("GET", timeSeries(nil), "")))

	// Periods end at the interval's end, and a minute belongs to the one in which it ends.
	shifted := map[string]string{"interval.startTime": "2026-11-23T12:00:30Z", "interval.endTime": "2026-11-23T12:02:30Z"}
	assert.Equal(t, []string{"12:02:30 4", "12:01:30 3"}, points(w.OK("GET", timeSeries(shifted), "")))
}

func TestLaggingMetrics(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.record("web-green", "2xx", 0, 0, 3)
	w.Clock.Advance(2 * time.Minute)
	request := httptest.NewRequest("GET", timeSeries(nil), nil)
	answer := httptest.NewRecorder()
	w.Cloud.ServeHTTP(answer, request.WithContext(disturb.With(request.Context(), disturb.Disturbance{MetricsLag: 150 * time.Second})))
	assert.JSONEq(t, `{}`, answer.Body.String())
	assert.Equal(t, []string{"12:01:00 3"}, points(w.OK("GET", timeSeries(nil), "")))
}

func TestTimeSeriesRefusals(t *testing.T) {
	t.Parallel()
	w := start(t)
	const bad = "Bad Request INVALID_ARGUMENT: "
	for name, test := range map[string]struct {
		changes map[string]string
		want    string
	}{
		"no filter": {map[string]string{"filter": ""}, "The request was missing field filter: The filter must be specified."},
		"a comparison": {map[string]string{"filter": `metric.type!="x"`},
			`Field filter had an invalid value of "metric.type!=\"x\"": the emulator reads FIELD="VALUE" terms joined by AND and could not parse it from "metric.type!=\"x\"" on.`},
		"an OR": {map[string]string{"filter": `metric.type="a" OR metric.type="b"`},
			`Field filter had an invalid value of "metric.type=\"a\" OR metric.type=\"b\"": the emulator reads terms joined by AND and could not parse it from "OR metric.type=\"b\"" on.`},
		"another field": {map[string]string{"filter": `user_labels.a="b"`},
			`Field filter had an invalid value of "user_labels.a=\"b\"": the emulator does not know the field user_labels.a; it reads metric.type, resource.type, resource.labels.project_id, resource.labels.service_name, resource.labels.location, resource.labels.revision_name, resource.labels.configuration_name, resource.labels.job_name, metric.labels.response_code_class, metric.labels.result.`},
		"another metric": {map[string]string{"filter": `metric.type="run.googleapis.com/container/cpu/utilizations"`},
			`Field filter had an invalid value of "metric.type=\"run.googleapis.com/container/cpu/utilizations\"": the emulator has run.googleapis.com/job/completed_execution_count and run.googleapis.com/request_count and run.googleapis.com/request_latencies, not run.googleapis.com/container/cpu/utilizations.`},
		"no metric": {map[string]string{"filter": `resource.type="cloud_run_revision"`},
			`Field filter had an invalid value of "resource.type=\"cloud_run_revision\"": must specify a single metric.type.`},
		"a resource": {map[string]string{"filter": `resource.type="gce_instance" AND metric.type="run.googleapis.com/request_count"`},
			`Field filter had an invalid value of "resource.type=\"gce_instance\" AND metric.type=\"run.googleapis.com/request_count\"": the metric run.googleapis.com/request_count is about a cloud_run_revision, not about a gce_instance.`},
		"two values": {map[string]string{"filter": `metric.type="a" AND metric.type="b"`},
			`Field filter had an invalid value of "metric.type=\"a\" AND metric.type=\"b\"": metric.type has two values.`},
		"no end": {map[string]string{"interval.endTime": ""},
			`Field interval.endTime had an invalid value of "": want a time such as 2026-11-23T12:00:00Z.`},
		"backwards": {map[string]string{"interval.startTime": "2026-11-24T00:00:00Z"},
			`Field interval.start_time had an invalid value of "2026-11-24T00:00:00Z": The start time must be before the end time (2026-11-23T12:05:00Z).`},
		"an aligner": {map[string]string{"aggregation.perSeriesAligner": "ALIGN_RATE"},
			`Field aggregation.perSeriesAligner had an invalid value of "ALIGN_RATE": the emulator aligns by ALIGN_DELTA.`},
		"a short period": {map[string]string{"aggregation.alignmentPeriod": "30s"},
			`Field aggregation.alignmentPeriod had an invalid value of "30s": The alignment period must be at least 60 seconds.`},
		"a percentile of counts": {map[string]string{"aggregation.crossSeriesReducer": "REDUCE_PERCENTILE_95"},
			`Field aggregation.crossSeriesReducer had an invalid value of "REDUCE_PERCENTILE_95": the emulator reduces run.googleapis.com/request_count by REDUCE_SUM and run.googleapis.com/request_latencies by REDUCE_PERCENTILE_05, _50, _95 and _99.`},
		"a grouping": {map[string]string{"aggregation.groupByFields": "metric.labels.response_code"},
			`Field aggregation.groupByFields had an invalid value of "metric.labels.response_code": the emulator groups by resource.labels.project_id, resource.labels.service_name, resource.labels.location, resource.labels.revision_name, resource.labels.configuration_name, resource.labels.job_name, metric.labels.response_code_class, metric.labels.result.`},
		"a view": {map[string]string{"view": "HEADERS"}, `Field view had an invalid value of "HEADERS": the emulator answers FULL.`},
	} {
		assert.Equal(t, bad+test.want, w.Refused("GET", timeSeries(test.changes), ""), name)
	}
	assert.Equal(t, "Not Implemented UNIMPLEMENTED: The emulator does not serve monitoring.projects.timeSeries.create.",
		w.Refused("POST", "/mon/v3/projects/"+project+"/timeSeries", "{}"))
	assert.Equal(t, "Bad Request INVALID_ARGUMENT: Invalid JSON payload received. Unknown name \"interval.start\": Cannot bind query "+
		"parameter. Field 'interval.start' could not be found in request message.",
		w.Refused("GET", timeSeries(map[string]string{"interval.start": "x"}), ""))
}

// TestOfficialClientReadsExecutions sends the query of the alerts on jobs with Google's own client.
func TestOfficialClientReadsExecutions(t *testing.T) {
	t.Parallel()
	w := start(t)
	server := httptest.NewServer(w.Cloud)
	t.Cleanup(server.Close)
	client, err := monitoring.NewService(context.Background(), option.WithEndpoint(server.URL+"/mon/"), option.WithoutAuthentication())
	require.NoError(t, err)
	const jobs = "projects/" + project + "/locations/us-central1/jobs"
	for _, job := range []string{"tidy", "other"} {
		w.OK("POST", "/run/v2/"+jobs+"?jobId="+job, `{"template":{"template":{"maxRetries":0,"containers":[{"image":"`+image+`"}]}}}`)
	}
	require.NoError(t, w.Cloud.Run.SetJobBehaviour(jobs+"/tidy", run.JobBehaviour{Takes: 30 * time.Second, Fail: 1}))
	begin := w.Clock.Now()
	for _, job := range []string{"tidy", "tidy", "tidy", "other"} {
		w.OK("POST", "/run/v2/"+jobs+"/"+job+":run", `{}`)
	}
	counts := func() map[string]int64 {
		answer, err := client.Projects.TimeSeries.List("projects/" + project).
			Filter(`metric.type="run.googleapis.com/job/completed_execution_count" AND resource.type="cloud_run_job" AND ` +
				`resource.labels.job_name="tidy" AND resource.labels.location="us-central1"`).
			IntervalStartTime(begin.Format(time.RFC3339)).IntervalEndTime(begin.Add(10 * time.Minute).Format(time.RFC3339)).
			AggregationAlignmentPeriod("600s").AggregationPerSeriesAligner("ALIGN_DELTA").
			AggregationCrossSeriesReducer("REDUCE_SUM").AggregationGroupByFields("metric.labels.result").Do()
		require.NoError(t, err)
		got := map[string]int64{}
		for _, series := range answer.TimeSeries {
			assert.Equal(t, "cloud_run_job", series.Resource.Type)
			require.Len(t, series.Points, 1)
			got[series.Metric.Labels["result"]] = *series.Points[0].Value.Int64Value
		}
		return got
	}
	w.Clock.Advance(29 * time.Second)
	assert.Empty(t, counts(), "they run")
	w.Clock.Advance(2 * time.Minute)
	assert.Equal(t, map[string]int64{"failed": 1, "succeeded": 2}, counts())
}
