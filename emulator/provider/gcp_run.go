package provider

import (
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
)

const runAPI = "/run/v2/"

// runTypes are Cloud Run's. A service is always written whole, without a mask and an etag, traffic included, as the
// official provider does.
var runTypes = []*resourceType{
	{
		token: "gcp:cloudrunv2/service:Service", args: cloudrunv2.ServiceArgs{}, state: cloudrunv2.ServiceState{},
		api: runAPI, collection: "projects/{project}/locations/{location}/services", query: "serviceId={name}",
		self:   "projects/{project}/locations/{location}/services/{name}",
		update: updateWhole, autoName: "name", protection: "deletionProtection",
		local:      words("project location name deletionProtection"),
		replace:    words("project location name"),
		computed:   words("ingress launchStage traffics"),
		outputOnly: words("template.containers.buildInfos"),
		sets:       words("template.containers.envs"),
		secrets:    words("effectiveLabels pulumiLabels"),
		same:       map[string]func(a, b any) bool{"template.containers.envs.valueSource.secretKeyRef.secret": sameShortName, "template.timeout": sameDuration},
		defaults: map[string]any{
			"deletionProtection": true,
			"template.containers.livenessProbe.failureThreshold":    3.0,
			"template.containers.livenessProbe.initialDelaySeconds": 0.0,
			"template.containers.livenessProbe.periodSeconds":       10.0,
			"template.containers.livenessProbe.timeoutSeconds":      1.0,
			"template.containers.livenessProbe.httpGet.path":        "/",
			"template.containers.startupProbe.failureThreshold":     3.0,
			"template.containers.startupProbe.initialDelaySeconds":  0.0,
			"template.containers.startupProbe.periodSeconds":        10.0,
			"template.containers.startupProbe.timeoutSeconds":       1.0,
			"template.containers.startupProbe.httpGet.path":         "/",
			"template.volumes.emptyDir.medium":                      "MEMORY",
		},
		rules: map[string]rule{
			"traffics":                       {api: "traffic"},
			"terminalConditions":             {api: "terminalCondition"},
			"template.containers.envs":       {api: "env"},
			"template.containers.commands":   {api: "command"},
			"template.containers.dependsOns": {api: "dependsOn"},
			"template.containers.buildInfos": {api: "buildInfo"},
			"template.containers.ports":      {list: true},
		},
	},
	memberType("gcp:cloudrunv2/serviceIamMember:ServiceIamMember", cloudrunv2.ServiceIamMemberArgs{}, cloudrunv2.ServiceIamMemberState{},
		runAPI, "projects/{project}/locations/{location}/services/{name:short}",
		"projects/{project}/locations/{location}/services/{name:short}", iamMember{}, "project location name"),
}
