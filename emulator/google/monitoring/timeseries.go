package monitoring

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/metrics"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

const (
	requestCount        = "run.googleapis.com/request_count"
	requestLatencies    = "run.googleapis.com/request_latencies"
	completedExecutions = "run.googleapis.com/job/completed_execution_count"
)

// aggregation is how a query combines points.
type aggregation struct {
	from, to   time.Time
	period     time.Duration
	percentile float64 // 0 for sums
	reduce     bool
	groupBy    []string
}

// percentiles maps each reducer of a distribution to its percentile.
var percentiles = map[string]float64{"REDUCE_PERCENTILE_99": 0.99, "REDUCE_PERCENTILE_95": 0.95, "REDUCE_PERCENTILE_50": 0.5,
	"REDUCE_PERCENTILE_05": 0.05}

func readAggregation(q *rest.Request, metric string) (aggregation, error) {
	a := aggregation{groupBy: q.Query["aggregation.groupByFields"]}
	var err error
	if a.to, err = moment(q, "interval.endTime", time.Time{}); err != nil {
		return a, err
	}
	if a.from, err = moment(q, "interval.startTime", a.to); err != nil {
		return a, err
	}
	if a.from.After(a.to) {
		return a, rest.Invalid("Field interval.start_time had an invalid value of %q: The start time must be before the end time (%s).",
			q.Query.Get("interval.startTime"), q.Query.Get("interval.endTime"))
	}
	if aligner := q.Query.Get("aggregation.perSeriesAligner"); aligner != "ALIGN_DELTA" {
		return a, rest.Invalid("Field aggregation.perSeriesAligner had an invalid value of %q: the emulator aligns by ALIGN_DELTA.", aligner)
	}
	period := doc.Seconds(q.Query.Get("aggregation.alignmentPeriod"))
	if a.period = time.Duration(period * float64(time.Second)); a.period < metrics.Interval {
		return a, rest.Invalid("Field aggregation.alignmentPeriod had an invalid value of %q: The alignment period must be at least 60 "+
			"seconds.", q.Query.Get("aggregation.alignmentPeriod"))
	}
	reducer := q.Query.Get("aggregation.crossSeriesReducer")
	p, isPercentile := percentiles[reducer]
	switch {
	case metric != requestLatencies && reducer == "REDUCE_SUM":
		a.reduce = true
	case metric != requestLatencies && (reducer == "" || reducer == "REDUCE_NONE"):
	case metric == requestLatencies && isPercentile:
		a.reduce, a.percentile = true, p
	default:
		return a, rest.Invalid("Field aggregation.crossSeriesReducer had an invalid value of %q: the emulator reduces %s by REDUCE_SUM and %s "+
			"by REDUCE_PERCENTILE_05, _50, _95 and _99.", reducer, requestCount, requestLatencies)
	}
	for _, field := range a.groupBy {
		if !slices.Contains(seriesLabels, field) {
			return a, rest.Invalid("Field aggregation.groupByFields had an invalid value of %q: the emulator groups by %s.", field,
				strings.Join(seriesLabels, ", "))
		}
	}
	if view := q.Query.Get("view"); view != "" && view != "FULL" {
		return a, rest.Invalid("Field view had an invalid value of %q: the emulator answers FULL.", view)
	}
	return a, nil
}

func moment(q *rest.Request, parameter string, otherwise time.Time) (time.Time, error) {
	value := q.Query.Get(parameter)
	if value == "" && !otherwise.IsZero() {
		return otherwise, nil
	}
	at, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return at, rest.Invalid("Field %s had an invalid value of %q: want a time such as 2026-11-23T12:00:00Z.", parameter, value)
	}
	return at.UTC(), nil
}

// group is the result of reducing several series to one. Its maps hold the counts of each alignment period. A period's key is how
// many periods it lies before the interval's end.
type group struct {
	labels map[string]string
	counts map[int]int64
	spread map[int]map[int]int64
}

// Completed calls each with every execution of a job that has ended: the job, projects/P/locations/L/jobs/J, the result, succeeded or
// failed, and when it ended.
type Completed func(q *rest.Request, each func(job, result string, at time.Time))

// measured is one time series before it is aligned.
type measured struct {
	labels map[string]string
	points []metrics.Point
}

// sources are where the data of time series comes from: the requests to services, and the executions of jobs. The data of a minute appears
// when the minute is over and lag has passed.
type sources struct {
	recorder  *metrics.Recorder
	completed Completed
	lag       time.Duration
}

// measure returns the series of a metric, in the order of their labels.
func (s sources) measure(q *rest.Request, metric string, from, to time.Time) (all []measured) {
	if metric != completedExecutions {
		for _, series := range s.recorder.Query("", from, to) {
			parts := strings.Split(series.Key.Service, "/")
			all = append(all, measured{points: series.Points, labels: map[string]string{"resource.labels.project_id": parts[1],
				"resource.labels.location": parts[3], "resource.labels.service_name": parts[5], "resource.labels.configuration_name": parts[5],
				"resource.labels.revision_name": series.Key.Revision, "metric.labels.response_code_class": series.Key.Class}})
		}
		return all
	}
	s.completed(q, func(job, result string, at time.Time) {
		parts := strings.Split(job, "/")
		all = append(all, measured{points: []metrics.Point{{Start: at.Truncate(metrics.Interval), Count: 1}},
			labels: map[string]string{"resource.labels.project_id": parts[1], "resource.labels.location": parts[3],
				"resource.labels.job_name": parts[5], "metric.labels.result": result}})
	})
	return all
}

// listTimeSeries answers timeSeries.list. The data of a minute counts in the alignment period in which the minute ends. Where two periods
// share a minute, the real service divides it between them.
func (s sources) listTimeSeries(q *rest.Request, n rest.Name) (any, error) {
	chosen, err := parseFilter(q.Query.Get("filter"))
	if err != nil {
		return nil, err
	}
	metric := chosen["metric.type"]
	a, err := readAggregation(q, metric)
	if err != nil {
		return nil, err
	}
	groups, order := map[string]*group{}, []string{}
	for _, series := range s.measure(q, metric, a.from.Add(-metrics.Interval), a.to) {
		if series.labels["resource.labels.project_id"] != n.Project.ID || !chosen.takes(series.labels) {
			continue
		}
		labels, id := a.kept(series.labels)
		for _, point := range series.points {
			end := point.Start.Add(metrics.Interval)
			if !end.After(a.from) || end.After(a.to) || end.Add(s.lag).After(q.Now) {
				continue
			}
			g := groups[id]
			if g == nil {
				g = &group{labels: labels, counts: map[int]int64{}, spread: map[int]map[int]int64{}}
				groups[id], order = g, append(order, id)
			}
			g.add(int(a.to.Sub(end)/a.period), point)
		}
	}
	slices.Sort(order)
	items := []any{}
	for _, id := range order {
		items = append(items, a.series(metric, groups[id]))
	}
	return q.Page("timeSeries", items)
}

// kept returns the labels that the reducer keeps, and the same labels as one string.
func (a aggregation) kept(labels map[string]string) (map[string]string, string) {
	left, id := map[string]string{}, ""
	for _, field := range seriesLabels {
		value, has := labels[field]
		// The project label is always kept, because a resource without a project has no owner.
		if !has {
			continue
		}
		if !a.reduce || field == "resource.labels.project_id" || slices.Contains(a.groupBy, field) {
			left[field] = value
			id += value + " "
		}
	}
	return left, id
}

func (g *group) add(period int, point metrics.Point) {
	g.counts[period] += point.Count
	if g.spread[period] == nil {
		g.spread[period] = map[int]int64{}
	}
	for bucket, count := range point.Latencies {
		g.spread[period][bucket] += count
	}
}

// series writes a group in the API's form, newest point first.
func (a aggregation) series(metric string, g *group) map[string]any {
	resource, labels := map[string]any{}, map[string]any{}
	for field, value := range g.labels {
		if label, found := strings.CutPrefix(field, "resource.labels."); found {
			resource[label] = value
		} else {
			labels[strings.TrimPrefix(field, "metric.labels.")] = value
		}
	}
	series := map[string]any{"metricKind": "DELTA", "valueType": "INT64", "resource": map[string]any{"type": resourceTypes[metric],
		"labels": resource}}
	described := map[string]any{"type": metric}
	if len(labels) > 0 {
		described["labels"] = labels
	}
	series["metric"] = described
	if metric == requestLatencies {
		series["valueType"], series["unit"] = "DOUBLE", "ms"
	}
	points := []any{}
	for period := 0; a.to.Add(-time.Duration(period) * a.period).After(a.from); period++ {
		count, found := g.counts[period]
		if !found {
			continue
		}
		value := map[string]any{"int64Value": strconv.FormatInt(count, 10)}
		if metric == requestLatencies {
			latency, _ := metrics.Percentile(g.spread[period], a.percentile)
			value = map[string]any{"doubleValue": float64(latency) / float64(time.Millisecond)}
		}
		end := a.to.Add(-time.Duration(period) * a.period)
		points = append(points, map[string]any{"interval": map[string]any{"startTime": rest.Timestamp(end.Add(-a.period)),
			"endTime": rest.Timestamp(end)}, "value": value})
	}
	series["points"] = points
	return series
}
