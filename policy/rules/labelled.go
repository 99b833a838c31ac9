package rules

import (
	"slices"
	"strings"
)

// labelled lists the types of pulumi-gcp 8.41 that accept labels, by module. It leaves out short-lived types (jobs, backups).
var labelled = map[string]string{
	"alloydb": "cluster instance", "apigateway": "api apiConfig gateway", "artifactregistry": "repository", "bigquery": "dataset table",
	"bigtable":             "instance",
	"certificateauthority": "authority caPool", "certificatemanager": "certificate dnsAuthorization trustConfig",
	"clouddeploy":    "deliveryPipeline target",
	"cloudfunctions": "function", "cloudfunctionsv2": "function", "cloudrunv2": "job service workerPool", "composer": "environment",
	"compute":  "address disk forwardingRule globalAddress globalForwardingRule haVpnGateway image instance regionDisk snapshot vPNTunnel",
	"dataflow": "flexTemplateJob job", "datafusion": "instance", "dataplex": "lake zone", "dataproc": "cluster", "datastream": "stream",
	"dns":      "managedZone",
	"eventarc": "messageBus pipeline trigger", "filestore": "instance", "gkebackup": "backupPlan", "gkehub": "membership",
	"healthcare": "fhirStore dicomStore hl7Store",
	"kms":        "cryptoKey", "lustre": "instance", "managedkafka": "cluster", "memcache": "instance", "memorystore": "instance",
	"netapp":              "storagePool volume",
	"networkconnectivity": "hub spoke", "notebooks": "instance runtime", "organizations": "project", "parallelstore": "instance",
	"pubsub": "subscription topic",
	"redis":  "instance", "secretmanager": "regionalSecret secret", "securesourcemanager": "instance", "spanner": "instance",
	"storage": "bucket", "tpu": "node v2Vm",
	"vertex": "aiDataset aiEndpoint aiFeatureOnlineStore aiFeatureStore aiIndex aiIndexEndpoint aiTensorboard", "workbench": "instance",
	"workflows":    "workflow",
	"workstations": "workstationCluster workstationConfig",
}

// userLabelled lists the types that have their labels in userLabels.
var userLabelled = map[string]string{"monitoring": "alertPolicy customService genericService notificationChannel slo uptimeCheckConfig"}

// among reports whether a table by module contains a type token of pulumi-gcp.
func among(table map[string]string, token string) bool {
	module, name, is := moduleAndName(token)
	return is && slices.Contains(strings.Fields(table[module]), name)
}

// moduleAndName splits gcp:MODULE/NAME:Name.
func moduleAndName(token string) (module, name string, is bool) {
	rest, is := strings.CutPrefix(token, "gcp:")
	module, name, _ = strings.Cut(rest, "/")
	name, _, _ = strings.Cut(name, ":")
	return module, name, is
}

// takesLabels reports whether resources of a type accept labels.
func takesLabels(token string) bool {
	return token == serviceV1 || token == database || token == "gcp:container/cluster:Cluster" || among(labelled, token) ||
		among(userLabelled, token)
}
