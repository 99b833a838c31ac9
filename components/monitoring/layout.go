package monitoring

import (
	"encoding/json"
	"fmt"
)

// The layout's grid has 48 columns, the most that the API takes. Each service has a block of two rows of charts and a
// narrow row of changes.
const (
	columns      = 48
	chartWidth   = 24
	chartHeight  = 16
	updateHeight = 8
	blockHeight  = 2*chartHeight + updateHeight
)

// object is a part of the document. It is a map, so that the encoder sorts the keys. It has no zero values: the API
// drops those, and its answer would differ from the text that was sent.
type object map[string]any

// dashboardJSON returns the document in the form in which the API keeps it: with sorted keys, without spaces, and without
// values that the API would drop.
func dashboardJSON(title, updatesMetric string, services []string) (string, error) {
	var tiles []object
	for i, service := range services {
		top := i * blockHeight
		tiles = append(tiles,
			tile(0, top, chartWidth, chartHeight, trafficChart(service)),
			tile(chartWidth, top, chartWidth, chartHeight, errorChart(service)),
			tile(0, top+chartHeight, chartWidth, chartHeight, latencyChart(service)),
			tile(chartWidth, top+chartHeight, chartWidth, chartHeight, instanceChart(service)),
			tile(0, top+2*chartHeight, columns, updateHeight, updateChart(service, updatesMetric)),
		)
	}
	document, err := json.Marshal(object{"displayName": title, "mosaicLayout": object{"columns": columns, "tiles": tiles}})
	if err != nil {
		return "", fmt.Errorf("write the dashboard: %w", err)
	}
	return string(document), nil
}

func tile(x, y, width, height int, widget object) object {
	placed := object{"width": width, "height": height, "widget": widget}
	if x > 0 {
		placed["xPos"] = x
	}
	if y > 0 {
		placed["yPos"] = y
	}
	return placed
}

func trafficChart(service string) object {
	return chart(service+": requests per second by revision", series("STACKED_AREA", "${resource.labels.revision_name}", object{
		"timeSeriesFilter": object{
			"filter":      of(service, "run.googleapis.com/request_count"),
			"aggregation": aggregation("ALIGN_RATE", "REDUCE_SUM", "resource.label.revision_name"),
		},
	}))
}

func errorChart(service string) object {
	requests := of(service, "run.googleapis.com/request_count")
	return chart(service+": share of requests answered with 5xx", series("LINE", "5xx", object{
		"timeSeriesFilterRatio": object{
			"numerator": object{"filter": requests + ` AND metric.labels.response_code_class="5xx"`,
				"aggregation": aggregation("ALIGN_DELTA", "REDUCE_SUM")},
			"denominator": object{"filter": requests, "aggregation": aggregation("ALIGN_DELTA", "REDUCE_SUM")},
		},
	}))
}

func latencyChart(service string) object {
	var percentiles []object
	for _, percentile := range []string{"50", "95", "99"} {
		percentiles = append(percentiles, series("LINE", "p"+percentile, object{
			"timeSeriesFilter": object{
				"filter":      of(service, "run.googleapis.com/request_latencies"),
				"aggregation": aggregation("ALIGN_DELTA", "REDUCE_PERCENTILE_"+percentile),
			},
		}))
	}
	return chart(service+": latency in ms", percentiles...)
}

func instanceChart(service string) object {
	return chart(service+": instances by revision", series("STACKED_AREA", "${resource.labels.revision_name}", object{
		"timeSeriesFilter": object{
			"filter":      of(service, "run.googleapis.com/container/instance_count"),
			"aggregation": aggregation("ALIGN_MAX", "REDUCE_SUM", "resource.label.revision_name"),
		},
	}))
}

func updateChart(service, metric string) object {
	return chart(service+": deployments and traffic shifts", series("STACKED_BAR", "changes", object{
		"timeSeriesFilter": object{
			"filter":      of(service, "logging.googleapis.com/user/"+metric),
			"aggregation": aggregation("ALIGN_DELTA", "REDUCE_SUM"),
		},
	}))
}

func chart(title string, dataSets ...object) object {
	return object{"title": title, "xyChart": object{"dataSets": dataSets}}
}

func series(plot, legend string, query object) object {
	return object{"plotType": plot, "targetAxis": "Y1", "legendTemplate": legend, "timeSeriesQuery": query}
}

// of returns a filter for a metric of one service.
func of(service, metric string) string {
	return fmt.Sprintf(`metric.type="%s" AND resource.type="cloud_run_revision" AND resource.labels.service_name="%s"`, metric, service)
}

// aggregation aggregates over a minute, the interval at which Cloud Run reports.
func aggregation(aligner, reducer string, by ...string) object {
	reduced := object{"alignmentPeriod": "60s", "perSeriesAligner": aligner, "crossSeriesReducer": reducer}
	if len(by) > 0 {
		reduced["groupByFields"] = by
	}
	return reduced
}
