package provider

import (
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudscheduler"
)

const runAPI = "/run/v2/"

// runTypes are Cloud Run's resource types. As in the official provider, an update writes the whole service, including traffic,
// without a mask and an etag.
var runTypes = []*resourceType{
	{
		token: "gcp:cloudrunv2/service:Service", args: cloudrunv2.ServiceArgs{}, state: cloudrunv2.ServiceState{},
		api: runAPI, collection: "projects/{project}/locations/{location}/services", query: "serviceId={name}",
		self:   "projects/{project}/locations/{location}/services/{name}",
		update: updateWhole, autoName: "name", protection: "deletionProtection",
		local:      words("project location name deletionProtection"),
		outputOnly: words("template.containers.buildInfos"),
		secrets:    words("effectiveLabels pulumiLabels"),
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
	memberRow(&resourceType{
		token: "gcp:cloudrunv2/serviceIamMember:ServiceIamMember", args: cloudrunv2.ServiceIamMemberArgs{},
		state: cloudrunv2.ServiceIamMemberState{},
		api:   runAPI, self: "projects/{project}/locations/{location}/services/{name:short}", autoName: "name", operations: iamMember{},
		local: words("project location name"),
	}),
	{
		token: "gcp:cloudrunv2/job:Job", args: cloudrunv2.JobArgs{}, state: cloudrunv2.JobState{},
		api: runAPI, collection: "projects/{project}/locations/{location}/jobs", query: "jobId={name}",
		self:   "projects/{project}/locations/{location}/jobs/{name}",
		update: updateWhole, autoName: "name", protection: "deletionProtection",
		local:   words("project location name deletionProtection"),
		secrets: words("effectiveLabels pulumiLabels"),
		rules: map[string]rule{
			"terminalConditions":                      {api: "terminalCondition"},
			"latestCreatedExecutions":                 {api: "latestCreatedExecution"},
			"template.template.containers.envs":       {api: "env"},
			"template.template.containers.commands":   {api: "command"},
			"template.template.containers.dependsOns": {api: "dependsOn"},
		},
	},
	memberRow(&resourceType{
		token: "gcp:cloudrunv2/jobIamMember:JobIamMember", args: cloudrunv2.JobIamMemberArgs{}, state: cloudrunv2.JobIamMemberState{},
		api: runAPI, self: "projects/{project}/locations/{location}/jobs/{name:short}", autoName: "name", operations: iamMember{},
		local: words("project location name"),
	}),
}

// schedulerTypes are Cloud Scheduler's resource types.
var schedulerTypes = []*resourceType{{
	token: "gcp:cloudscheduler/job:Job", args: cloudscheduler.JobArgs{}, state: cloudscheduler.JobState{},
	api: "/cs/v1/", collection: "projects/{project}/locations/{region}/jobs", nameInBody: true,
	self:   "projects/{project}/locations/{region}/jobs/{name}",
	update: updateWhole, autoName: "name",
	local: words("project region name paused"),
}}
