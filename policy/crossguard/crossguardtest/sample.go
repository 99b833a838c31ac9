package crossguardtest

import "fmt"

// Sample makes n resources in the usual proportions of a Cloud Run platform: services, grants, secrets, accounts and GitHub
// variables. With [SampleOptions] they violate no rule of the platform. Benchmarks use it.
func Sample(n int) []Resource {
	made := make([]Resource, n)
	for i := range made {
		name := fmt.Sprintf("sample-%d", i)
		switch i % 5 {
		case 0:
			made[i] = sampleService(name)
		case 1:
			made[i] = Resource{Type: "gcp:secretmanager/secretIamMember:SecretIamMember", Properties: Properties{
				"secretId": name, "project": "procureflow-dev", "role": "roles/secretmanager.secretAccessor",
				"member": "serviceAccount:" + name + "@procureflow-dev.iam.gserviceaccount.com"}}
		case 2:
			made[i] = Resource{Type: "gcp:secretmanager/secret:Secret", Properties: Properties{
				"secretId": name, "project": "procureflow-dev", "labels": sampleLabels(), "replication": map[string]any{"auto": map[string]any{}}}}
		case 3:
			made[i] = Resource{Type: "gcp:serviceaccount/account:Account", Properties: Properties{
				"accountId": name, "project": "procureflow-dev", "displayName": "Runs " + name}}
		case 4:
			made[i] = Resource{Type: "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable", Properties: Properties{
				"repository": "procureflow", "environment": "dev", "variableName": "REGION", "value": "us-central1"}}
		}
		made[i].Name = name
		made[i].Options.IgnoreChanges = []string{"traffics", "client", "clientVersion"}
	}
	return made
}

// SampleOptions returns options of the platform's rules, by rule and option: the places of the images of [Sample].
func SampleOptions() map[string]map[string][]string {
	images := []string{"us-central1-docker.pkg.dev/procureflow-dev"}
	return map[string]map[string][]string{"run-image-registry": {"registries": images}, "run-nonroot": {"verifiedRepositories": images}}
}

func sampleLabels() map[string]any {
	return map[string]any{"environment": "dev", "app": "procureflow", "managed-by": "pulumi"}
}

func sampleService(name string) Resource {
	type object = map[string]any
	probe := object{"httpGet": object{"path": "/", "port": 3000}, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 3}
	fromSecret := func(name, id string) object {
		return object{"name": name, "valueSource": object{"secretKeyRef": object{"secret": id, "version": "1"}}}
	}
	return Resource{Type: "gcp:cloudrunv2/service:Service", Properties: Properties{
		"name": name, "location": "us-central1", "project": "procureflow-dev", "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
		"labels": sampleLabels(), "deletionProtection": true, "binaryAuthorization": object{"useDefault": true},
		"template": object{
			"revision": name + "-0123456789ab", "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2", "timeout": "300s",
			"maxInstanceRequestConcurrency": 80, "scaling": object{"minInstanceCount": 0, "maxInstanceCount": 2},
			"serviceAccount": name + "@procureflow-dev.iam.gserviceaccount.com",
			"containers": []any{object{
				"image": "us-central1-docker.pkg.dev/procureflow-dev/procureflow/web" +
					"@sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a",
				"ports":     object{"containerPort": 3000},
				"resources": object{"cpuIdle": true, "startupCpuBoost": false, "limits": object{"cpu": "1", "memory": "512Mi"}},
				"envs": []any{
					object{"name": "NODE_ENV", "value": "production"}, object{"name": "NEXT_TELEMETRY_DISABLED", "value": "1"},
					object{"name": "NEXTAUTH_URL", "value": "https://" + name + "-100000000001.us-central1.run.app"},
					fromSecret("NEXTAUTH_SECRET", "nextauth-secret"), fromSecret("OPENAI_API_KEY",
						"openai-api-key"), fromSecret("MONGODB_URI", "mongodb-uri"),
				},
				"startupProbe": probe, "livenessProbe": probe,
			}},
		},
		"traffics": []any{object{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": name + "-0123456789ab", "percent": 100}},
	}}
}
