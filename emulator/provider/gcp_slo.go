package provider

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/monitoring"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

const secondsPerDay = 24 * 60 * 60

// availability translates a basic indicator without parameters. It is an empty object in the API, and {enabled: true} in the
// provider.
var availability = rule{
	encode: func(any) any { return map[string]any{} },
	decode: func(any) any { return map[string]any{"enabled": true} },
}

// sloTypes are Cloud Monitoring's services and objectives. Their names contain the project's number.
var sloTypes = []*resourceType{
	{
		token: "gcp:monitoring/customService:CustomService", args: monitoring.CustomServiceArgs{}, state: monitoring.CustomServiceState{},
		api: monitoringAPI, collection: "projects/{project}/services", query: "serviceId={serviceId}",
		locate:  "projects/{project}/services/{serviceId}",
		local:   words("project serviceId"),
		rules:   map[string]rule{"serviceId": idFromName},
		request: func(document map[string]any) map[string]any { document["custom"] = map[string]any{}; return document },
	},
	{
		token: "gcp:monitoring/genericService:GenericService", args: monitoring.GenericServiceArgs{}, state: monitoring.GenericServiceState{},
		api: monitoringAPI, collection: "projects/{project}/services", query: "serviceId={serviceId}",
		self:  "projects/{project}/services/{serviceId}",
		local: words("project serviceId"),
		rules: map[string]rule{"serviceId": idFromName, "telemetries": {api: "telemetry"}},
	},
	{
		token: "gcp:monitoring/slo:Slo", args: monitoring.SloArgs{}, state: monitoring.SloState{},
		api: monitoringAPI, collection: "projects/{project}/services/{service:short}/serviceLevelObjectives",
		// An import does not know the service, so an imported objective would be replaced. The command adopt says what to do
		// instead.
		forgets: words("service"),
		query:   "serviceLevelObjectiveId={sloId}",
		locate:  "projects/{project}/services/{service:short}/serviceLevelObjectives/{sloId}",
		local:   words("project service sloId"),
		rules: map[string]rule{
			"sloId":                 idFromName,
			"basicSli":              {api: "serviceLevelIndicator.basicSli"},
			"requestBasedSli":       {api: "serviceLevelIndicator.requestBased"},
			"windowsBasedSli":       {api: "serviceLevelIndicator.windowsBased"},
			"rollingPeriodDays":     {api: "rollingPeriod", encode: daysToPeriod, decode: periodToDays},
			"basicSli.availability": availability,
			"basicSli.locations":    {api: "location"},
			"basicSli.methods":      {api: "method"},
			"basicSli.versions":     {api: "version"},
			"windowsBasedSli.goodTotalRatioThreshold.basicSliPerformance.availability": availability,
			"windowsBasedSli.goodTotalRatioThreshold.basicSliPerformance.locations":    {api: "location"},
			"windowsBasedSli.goodTotalRatioThreshold.basicSliPerformance.methods":      {api: "method"},
			"windowsBasedSli.goodTotalRatioThreshold.basicSliPerformance.versions":     {api: "version"},
		},
	},
}

// idFromName reads an id from the resource's name. The id is a parameter of the creation and not a field.
var idFromName = rule{api: "name", decode: func(name any) any { return doc.Last(fmt.Sprint(name)) }}

func daysToPeriod(days any) any {
	n, _ := days.(float64)
	return fmt.Sprintf("%ds", int(n)*secondsPerDay)
}

func periodToDays(period any) any {
	seconds, err := strconv.ParseFloat(strings.TrimSuffix(fmt.Sprint(period), "s"), 64)
	if err != nil {
		return nil
	}
	return seconds / secondsPerDay
}
