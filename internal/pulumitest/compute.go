package pulumitest

import (
	"fmt"
	"hash/fnv"
	"maps"
)

// These regions have a short form in a service's older URL. Any other region appears as xx.
var regionCodes = map[string]string{"us-central1": "uc", "us-east1": "ue", "europe-west1": "ew", "southamerica-east1": "rj"}

// compute returns the id and outputs that the cloud would give a resource, in the cloud's formats. Numbers are derived from the
// resource's name, so that every run has the same. An unlisted type gets the id NAME-id and no outputs.
func compute(resource Resource, projectNumber string) (id string, outputs map[string]any) {
	in := func(key string) string {
		text, _ := resource.Inputs[key].(string)
		return text
	}
	project := "projects/" + in("project")
	byNumber := "projects/" + projectNumber
	switch resource.Type {
	case "gcp:serviceaccount/account:Account":
		email := in("accountId") + "@" + in("project") + ".iam.gserviceaccount.com"
		id = project + "/serviceAccounts/" + email
		return id, map[string]any{"email": email, "member": "serviceAccount:" + email, "name": id, "uniqueId": number(resource.Name)}
	case "gcp:artifactregistry/repository:Repository":
		return project + "/locations/" + in("location") + "/repositories/" + in("repositoryId"), map[string]any{"name": in("repositoryId")}
	case "gcp:secretmanager/secret:Secret":
		return project + "/secrets/" + in("secretId"), map[string]any{"name": byNumber + "/secrets/" + in("secretId")}
	case "gcp:secretmanager/secretVersion:SecretVersion":
		id = in("secret") + "/versions/1"
		return id, map[string]any{"name": id, "version": "1", "enabled": true}
	case "gcp:iam/workloadIdentityPool:WorkloadIdentityPool":
		path := "/locations/global/workloadIdentityPools/" + in("workloadIdentityPoolId")
		return project + path, map[string]any{"name": byNumber + path, "state": "ACTIVE"}
	case "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider":
		path := "/locations/global/workloadIdentityPools/" + in("workloadIdentityPoolId") + "/providers/" + in("workloadIdentityPoolProviderId")
		return project + path, map[string]any{"name": byNumber + path, "state": "ACTIVE"}
	case "gcp:kms/keyRing:KeyRing":
		return project + "/locations/" + in("location") + "/keyRings/" + in("name"), nil
	case "gcp:kms/cryptoKey:CryptoKey":
		return in("keyRing") + "/cryptoKeys/" + in("name"), nil
	case "gcp:containeranalysis/note:Note":
		return project + "/notes/" + in("name"), nil
	case "gcp:binaryauthorization/attestor:Attestor":
		note := map[string]any{"delegationServiceAccountEmail": "service-" + projectNumber +
			"@gcp-sa-binaryauthorization.iam.gserviceaccount.com"}
		if given, ok := resource.Inputs["attestationAuthorityNote"].(map[string]any); ok {
			maps.Copy(note, given)
		}
		return project + "/attestors/" + in("name"), map[string]any{"attestationAuthorityNote": note}
	case "gcp:binaryauthorization/policy:Policy":
		return project, nil
	case "gcp:projects/iAMCustomRole:IAMCustomRole":
		id = project + "/roles/" + in("roleId")
		return id, map[string]any{"name": id}
	case "gcp:cloudrunv2/job:Job":
		return project + "/locations/" + in("location") + "/jobs/" + in("name"), nil
	case "gcp:cloudrunv2/service:Service":
		return computeService(resource, project+"/locations/"+in("location")+"/services/"+in("name"), projectNumber)
	case "gcp:billing/budget:Budget":
		name := "billingAccounts/" + in("billingAccount") + "/budgets/" + number(resource.Name)
		return name, map[string]any{"name": name}
	case "gcp:logging/metric:Metric":
		return in("name"), nil
	}
	if collection, ok := monitoringCollections[resource.Type]; ok {
		key := number(resource.Name)
		name := project + "/" + collection + "/" + key
		outputs = map[string]any{"name": name}
		if collection == "uptimeCheckConfigs" {
			outputs["uptimeCheckId"] = key
		}
		return name, outputs
	}
	if id, ok := githubID(resource.Type, in); ok {
		return id, nil
	}
	return resource.Name + "-id", nil
}

var monitoringCollections = map[string]string{
	"gcp:monitoring/alertPolicy:AlertPolicy":                 "alertPolicies",
	"gcp:monitoring/notificationChannel:NotificationChannel": "notificationChannels",
	"gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig":     "uptimeCheckConfigs",
	"gcp:monitoring/dashboard:Dashboard":                     "dashboards",
	"gcp:monitoring/customService:CustomService":             "services",
	"gcp:monitoring/genericService:GenericService":           "services",
	"gcp:monitoring/slo:Slo":                                 "serviceLevelObjectives",
}

func githubID(typ string, in func(string) string) (string, bool) {
	switch typ {
	case "github:index/repositoryEnvironment:RepositoryEnvironment":
		return in("repository") + ":" + in("environment"), true
	case "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy":
		return in("repository") + ":" + in("environment") + ":" + number(in("environment")), true
	case "github:index/actionsVariable:ActionsVariable":
		return in("repository") + ":" + in("variableName"), true
	case "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable":
		return in("repository") + ":" + in("environment") + ":" + in("variableName"), true
	}
	return "", false
}

// computeService gives a service both of its URLs. uri is Google's own URL with a hash. urls also has the deterministic one.
func computeService(resource Resource, id, projectNumber string) (string, map[string]any) {
	name, _ := resource.Inputs["name"].(string)
	location, _ := resource.Inputs["location"].(string)
	code, ok := regionCodes[location]
	if !ok {
		code = "xx"
	}
	hashed := fmt.Sprintf("https://%s-%s-%s.a.run.app", name, letters(name), code)
	outputs := map[string]any{
		"uri": hashed, "urls": []any{fmt.Sprintf("https://%s-%s.%s.run.app", name, projectNumber, location), hashed},
		"generation": "1", "observedGeneration": "1", "uid": number(resource.Name), "etag": "etag-1",
	}
	revision := name + "-00001-abc"
	if template, ok := resource.Inputs["template"].(map[string]any); ok {
		if given, ok := template["revision"].(string); ok {
			revision = given
		}
	}
	maps.Copy(outputs, map[string]any{
		"latestCreatedRevision": id + "/revisions/" + revision, "latestReadyRevision": id + "/revisions/" + revision,
	})
	return id, outputs
}

// number returns a made-up numeric id of 18 digits, always the same for the same text.
func number(text string) string {
	hash := fnv.New64a()
	hash.Write([]byte(text))
	return fmt.Sprintf("1%017d", hash.Sum64()%100_000_000_000_000_000)
}

// letters returns a made-up id of ten lower-case letters, always the same for the same text.
func letters(text string) string {
	hash := fnv.New64a()
	hash.Write([]byte(text))
	sum := hash.Sum64()
	id := make([]byte, 10)
	for i := range id {
		id[i] = 'a' + byte(sum%26)
		sum /= 26
	}
	return string(id)
}
