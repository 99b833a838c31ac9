package run_test

import (
	"testing"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// TestRefusals checks what Cloud Run refuses, with the exact status and message.
func TestRefusals(t *testing.T) {
	t.Parallel()
	cloudtest.Refusals(t, []cloudtest.Refusal{
		{"service id", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=Web",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}]}}`,
			"Bad Request INVALID_ARGUMENT: service_id: 'Web' must have at most 49 lower-case letters, digits and hyphens, begin with a " +
				"letter and not end with a hyphen"},
		{"service id length", "POST",
			"/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}]}}`,
			"Bad Request INVALID_ARGUMENT: service_id: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' must have at most 49 " +
				"lower-case letters, digits and hyphens, begin with a letter and not end with a hyphen"},
		{"service twice", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=web",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}]}}`,
			"Conflict ALREADY_EXISTS: Resource 'web' already exists."},
		{"service missing", "GET", "/run/v2/projects/procureflow-dev/locations/us-central1/services/none", "",
			"Not Found NOT_FOUND: Resource 'none' of kind 'SERVICE' in region 'us-central1' in project 'procureflow-dev' does not exist."},
		{"revision missing", "GET", "/run/v2/projects/procureflow-dev/locations/us-central1/services/web/revisions/none", "",
			"Not Found NOT_FOUND: Resource 'none' of kind 'REVISION' in region 'us-central1' in project 'procureflow-dev' does not exist."},
		{"no template", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api", `{}`,
			"Bad Request INVALID_ARGUMENT: service.template: Required"},
		{"no container", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api", `{"template":{}}`,
			"Bad Request INVALID_ARGUMENT: template.containers: at least one container is required"},
		{"account missing at the service", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}],"serviceAccount":"none@procureflow-dev.iam.gserviceaccount.com"}}`,
			"Forbidden PERMISSION_DENIED: Permission 'iam.serviceaccounts.actAs' denied on service account " +
				"none@procureflow-dev.iam.gserviceaccount.com (or it may not exist)."},
		{"revision prefix", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}],"revision":"web-1"}}`,
			"Bad Request INVALID_ARGUMENT: template.revision: The revision name must be prefixed by the name of the enclosing Service " +
				"with a trailing -: 'web-1' does not begin with 'api-'"},
		{"revision length", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}],"revision":"api-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}`,
			"Bad Request INVALID_ARGUMENT: template.revision: 'api-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' must " +
				"have at most 63 lower-case letters, digits and hyphens and not end with a hyphen"},
		{"revision reuse", "PATCH", "/run/v2/projects/procureflow-dev/locations/us-central1/services/web",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}],"revision":"web-blue","timeout":"60s"}}`,
			"Conflict ALREADY_EXISTS: Revision named 'web-blue' with different configuration already exists."},
		{"service etag", "PATCH", "/run/v2/projects/procureflow-dev/locations/us-central1/services/web?updateMask=traffic",
			`{"etag":"stale","traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":100}]}`,
			"Conflict ABORTED: The etag provided in the request (stale) does not match the resource's current etag (+UBCIOfFAQ/kmKEj). " +
				"Read the resource again and decide anew."},
		{"service mask", "PATCH", "/run/v2/projects/procureflow-dev/locations/us-central1/services/web?updateMask=traffics", `{}`,
			"Bad Request INVALID_ARGUMENT: Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), \"traffics\""},
		{"traffic sum", "PATCH", "/run/v2/projects/procureflow-dev/locations/us-central1/services/web?updateMask=traffic",
			`{"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":90}]}`,
			"Bad Request INVALID_ARGUMENT: service.traffic: the percentages must sum to 100, got 90"},
		{"traffic type", "PATCH", "/run/v2/projects/procureflow-dev/locations/us-central1/services/web?updateMask=traffic",
			`{"traffic":[{"percent":100}]}`,
			"Bad Request INVALID_ARGUMENT: service.traffic[0].type: must be specified"},
		{"traffic revision", "PATCH", "/run/v2/projects/procureflow-dev/locations/us-central1/services/web?updateMask=traffic",
			`{"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-none","percent":100}]}`,
			"Bad Request INVALID_ARGUMENT: service.traffic[0].revision: Revision 'web-none' does not exist or is deleted"},
		{"tag too short", "PATCH", "/run/v2/projects/procureflow-dev/locations/us-central1/services/web?updateMask=traffic",
			`{"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":100,"tag":"ab"}]}`,
			"Bad Request INVALID_ARGUMENT: service.traffic[0].tag: 'ab' must have at least 3 lower-case letters, digits and hyphens, " +
				"begin with a letter and not end with a hyphen"},
		{"tag too long", "PATCH", "/run/v2/projects/procureflow-dev/locations/us-central1/services/web?updateMask=traffic",
			`{"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":100,"tag":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]}`,
			"Bad Request INVALID_ARGUMENT: service.traffic[0].tag: the tag 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' and the " +
				"service name 'web' are longer than 46 characters together"},
		{"tag twice", "PATCH", "/run/v2/projects/procureflow-dev/locations/us-central1/services/web?updateMask=traffic",
			`{"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":100,"tag":"abc"},{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-blue","tag":"abc"}]}`,
			"Bad Request INVALID_ARGUMENT: service.traffic[1].tag: the tag 'abc' is used more than once"},
		{"memory for CPU", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello","resources":{"limits":{"cpu":"1","memory":"8Gi"}}}]}}`,
			"Bad Request INVALID_ARGUMENT: template.containers[0].resources.limits.memory: Invalid value specified for memory. For 1.0 " +
				"CPU, memory must be between 128Mi and 4Gi inclusive."},
		{"memory for gen2", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello","resources":{"limits":{"cpu":"1","memory":"256Mi"}}}],"executionEnvironment":"EXECUTION_ENVIRONMENT_GEN2"}}`,
			"Bad Request INVALID_ARGUMENT: template.containers[0].resources.limits.memory: Invalid value specified for memory with gen2 " +
				"execution environment. For 1.0 CPU, memory must be between 512Mi and 4Gi inclusive."},
		{"memory for 4 CPU", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello","resources":{"limits":{"cpu":"4","memory":"1Gi"}}}]}}`,
			"Bad Request INVALID_ARGUMENT: template.containers[0].resources.limits.memory: Invalid value specified for memory. For 4.0 " +
				"CPU, memory must be between 2Gi and 16Gi inclusive."},
		{"CPU", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello","resources":{"limits":{"cpu":"3"}}}]}}`,
			"Bad Request INVALID_ARGUMENT: template.containers[0].resources.limits.cpu: Invalid value specified for cpu. Supported " +
				"values are 0.08 to 1, 1, 2, 4, 6 and 8; got 3."},
		{"less than a CPU", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello","resources":{"limits":{"cpu":"500m"},"cpuIdle":true}}],"maxInstanceRequestConcurrency":80}}`,
			"Bad Request INVALID_ARGUMENT: template.containers[0].resources.limits.cpu: Invalid value specified for cpu. Total cpu < 1 " +
				"is not supported with concurrency > 1."},
		{"timeout", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}],"timeout":"3601s"}}`,
			"Bad Request INVALID_ARGUMENT: template.timeout: 3601s must be between 1s and 3600s"},
		{"concurrency", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}],"maxInstanceRequestConcurrency":1001}}`,
			"Bad Request INVALID_ARGUMENT: template.max_instance_request_concurrency: 1001 must be between 1 and 1000"},
		{"instances", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}],"scaling":{"minInstanceCount":3,"maxInstanceCount":2}}}`,
			"Bad Request INVALID_ARGUMENT: template.scaling: min_instance_count 3 must be between 0 and max_instance_count 2"},
		{"reserved variable", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello","env":[{"name":"PORT","value":"1"}]}]}}`,
			"Bad Request INVALID_ARGUMENT: template.containers[0].env: The following reserved env names were provided: PORT. These " +
				"values are automatically set by the system."},
		{"variable twice", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello","env":[{"name":"A","value":"1"},{"name":"A","value":"2"}]}]}}`,
			"Bad Request INVALID_ARGUMENT: template.containers[0].env: the variable 'A' is set more than once"},
		{"probe timeout", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello","livenessProbe":{"timeoutSeconds":20,"httpGet":{}}}]}}`,
			"Bad Request INVALID_ARGUMENT: template.containers[0].liveness_probe.timeout_seconds: 20 must be between 1 and period_seconds (10)"},
		{"two ports", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello","ports":[{"containerPort":1},{"containerPort":2}]}]}}`,
			"Bad Request INVALID_ARGUMENT: template.containers: exactly one container must have exactly one port, got 2 ports"},
		{"reserved annotation", "POST", "/run/v2/projects/procureflow-dev/locations/us-central1/services?serviceId=api",
			`{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}],"annotations":{"run.googleapis.com/x":"y"}}}`,
			"Bad Request INVALID_ARGUMENT: annotations: the annotation 'run.googleapis.com/x' is not supported: run.googleapis.com/ is reserved"},
		{"revision in use", "DELETE", "/run/v2/projects/procureflow-dev/locations/us-central1/services/web/revisions/web-blue", "",
			"Bad Request FAILED_PRECONDITION: Revision 'web-blue' is the latest created revision of its service and cannot be deleted."},
	})
}
