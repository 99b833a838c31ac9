package provider

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/logging"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/monitoring"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

const monitoringAPI = "/mon/v3/"

// monitoringTypes are the resource types that watch services. The API assigns most of their ids.
var monitoringTypes = []*resourceType{
	{
		token: "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig", args: monitoring.UptimeCheckConfigArgs{},
		state: monitoring.UptimeCheckConfigState{},
		api:   monitoringAPI, collection: "projects/{project}/uptimeCheckConfigs", locateBy: "displayName",
		local:      words("project"),
		outputOnly: words("httpCheck.authInfo.passwordWoVersion"), // only the provider counts its versions
		writeOnly:  words("httpCheck.authInfo.password"),          // the API shows asterisks instead
		rules: map[string]rule{
			"uptimeCheckId": {api: "name", decode: func(name any) any { return doc.Last(fmt.Sprint(name)) }},
		},
	},
	{
		token: "gcp:monitoring/alertPolicy:AlertPolicy", args: monitoring.AlertPolicyArgs{}, state: monitoring.AlertPolicyState{},
		api: monitoringAPI, collection: "projects/{project}/alertPolicies", locateBy: "displayName",
		local: words("project"),
		rules: map[string]rule{
			"creationRecords": {api: "creationRecord"},
			"alertStrategy.notificationChannelStrategies": {api: "notificationChannelStrategy"},
		},
	},
	{
		token: "gcp:monitoring/notificationChannel:NotificationChannel", args: monitoring.NotificationChannelArgs{},
		state: monitoring.NotificationChannelState{},
		api:   monitoringAPI, collection: "projects/{project}/notificationChannels", update: updateWhole, locateBy: "displayName",
		local:     words("project forceDelete"),
		writeOnly: words("sensitiveLabels"),
		request:   mergeSensitiveLabels, document: dropSensitiveLabels,
	},
	{
		token: "gcp:monitoring/dashboard:Dashboard", args: monitoring.DashboardArgs{}, state: monitoring.DashboardState{},
		api: "/mon/v1/", collection: "projects/{project}/dashboards", update: updateWhole, locateBy: "dashboardJson",
		local:    words("project"),
		request:  func(document map[string]any) map[string]any { return parseJSON(document["dashboardJson"]) },
		document: dashboardText,
	},
	{
		token: "gcp:logging/metric:Metric", args: logging.MetricArgs{}, state: logging.MetricState{},
		api: "/log/v2/", collection: "projects/{project}/metrics", self: "projects/{project}/metrics/{name}", id: "{name}",
		update: updatePut, autoName: "name",
		local: words("project"),
	},
}

// sensitiveLabels maps the secret properties of a channel to the API's labels.
var sensitiveLabels = map[string]string{"authToken": "auth_token", "password": "password", "serviceKey": "service_key"}

func mergeSensitiveLabels(document map[string]any) map[string]any {
	secrets, _ := document["sensitiveLabels"].(map[string]any)
	delete(document, "sensitiveLabels")
	labels, _ := document["labels"].(map[string]any)
	if labels == nil && len(secrets) > 0 {
		labels = map[string]any{}
		document["labels"] = labels
	}
	for property, label := range sensitiveLabels {
		if secrets[property] != nil {
			labels[label] = secrets[property]
		}
	}
	return document
}

// dropSensitiveLabels removes the asterisks that the API answers instead of secret labels.
func dropSensitiveLabels(document map[string]any) map[string]any {
	document = copyObject(document)
	labels, _ := document["labels"].(map[string]any)
	for _, label := range sensitiveLabels {
		delete(labels, label)
	}
	return document
}

// dashboardText returns a dashboard as the program would write it, without the fields that the API assigns.
func dashboardText(document map[string]any) map[string]any {
	content := copyObject(document)
	delete(content, "name")
	delete(content, "etag")
	data, err := json.Marshal(content) // sorts the keys, so that equal dashboards have equal texts
	if err != nil {
		return map[string]any{}
	}
	return map[string]any{"dashboardJson": string(data)}
}
