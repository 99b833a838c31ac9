package gcp

import (
	"context"
	"fmt"
	"strconv"
	"time"

	monitoring "google.golang.org/api/monitoring/v3"

	"github.com/guiofsaints/procureflow-platform/release/health"
)

// Metrics reads Cloud Run's own metrics of a service's revisions.
type Metrics struct {
	client                   *monitoring.Service
	project, region, service string
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// NewMetrics connects to Cloud Monitoring; it makes no call yet.
func NewMetrics(ctx context.Context, endpoints Endpoints, project, region, service string) (*Metrics, error) {
	clientOptions, err := ClientOptions(endpoints.monitoring(), endpoints.TokenFile)
	if err != nil {
		return nil, err
	}
	client, err := monitoring.NewService(ctx, clientOptions...)
	if err != nil {
		return nil, fmt.Errorf("connect to Cloud Monitoring: %w (log in with `gcloud auth application-default login`)", err)
	}
	return &Metrics{client: client, project: project, region: region, service: service, Now: time.Now}, nil
}

// reader is the role that allows reading the metrics.
const reader = "roles/monitoring.viewer on the project"

// sampling is how often Cloud Run writes a point.
const sampling = time.Minute

// Since implements rollout.Metrics over the whole minutes since a time. If there is no point, Requests is 0 and Through
// is zero.
func (m *Metrics) Since(ctx context.Context, revision string, since time.Time) (health.Metrics, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	window := m.Now().Sub(since).Truncate(sampling)
	if window < sampling {
		return health.Metrics{}, nil
	}
	end := since.Add(window)
	var metrics health.Metrics
	counts, err := m.list(ctx, revision, "request_count", since,
		end).AggregationAlignmentPeriod(seconds(sampling)).AggregationPerSeriesAligner("ALIGN_DELTA").
		AggregationCrossSeriesReducer("REDUCE_SUM").AggregationGroupByFields("metric.labels.response_code_class").Do()
	if err != nil {
		return metrics, explain(ctx, "read the request count of "+revision, reader, err)
	}
	for _, series := range counts.TimeSeries {
		for _, point := range series.Points {
			count := int(number(point.Value))
			metrics.Requests += count
			if series.Metric != nil && series.Metric.Labels["response_code_class"] == "5xx" {
				metrics.Errors += count
			}
			if at, err := time.Parse(time.RFC3339Nano, point.Interval.EndTime); err == nil && at.After(metrics.Through) {
				metrics.Through = at
			}
		}
	}
	// This is one percentile over the whole window. A percentile of the minutes' percentiles would mean nothing.
	latencies, err := m.list(ctx, revision, "request_latencies", since,
		end).AggregationAlignmentPeriod(seconds(window)).AggregationPerSeriesAligner("ALIGN_DELTA").
		AggregationCrossSeriesReducer("REDUCE_PERCENTILE_95").Do()
	if err != nil {
		return metrics, explain(ctx, "read the latency of "+revision, reader, err)
	}
	for _, series := range latencies.TimeSeries {
		for _, point := range series.Points {
			metrics.P95 = max(metrics.P95, time.Duration(number(point.Value)*float64(time.Millisecond)))
		}
	}
	return metrics, nil
}

func (m *Metrics) list(ctx context.Context, revision, metric string, since, end time.Time) *monitoring.ProjectsTimeSeriesListCall {
	filter := fmt.Sprintf(`resource.type="cloud_run_revision" AND resource.labels.service_name=%s AND resource.labels.location=%s AND `+
		`resource.labels.revision_name=%s AND metric.type="run.googleapis.com/%s"`,
		strconv.Quote(m.service), strconv.Quote(m.region), strconv.Quote(revision), metric)
	return m.client.Projects.TimeSeries.List("projects/" + m.project).Context(ctx).Filter(filter).
		IntervalStartTime(since.UTC().Format(time.RFC3339Nano)).IntervalEndTime(end.UTC().Format(time.RFC3339Nano))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }

func number(value *monitoring.TypedValue) float64 {
	switch {
	case value == nil:
		return 0
	case value.Int64Value != nil:
		return float64(*value.Int64Value)
	case value.DoubleValue != nil:
		return *value.DoubleValue
	}
	return 0
}
