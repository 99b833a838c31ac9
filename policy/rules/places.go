package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// nestedPlaces lists, by module and type, the properties in which data or workloads get a place of their own, besides the place of the
// resource. [] stands for the elements of a list. It leaves out time zones, conditions of access, and places that a resource only
// refers to, such as the region of a function that a trigger calls: that function is judged itself.
var nestedPlaces = map[string]map[string]string{
	"activedirectory":      {"domain": "locations[]"},
	"alloydb":              {"cluster": "automatedBackupPolicy.location", "instance": "gceZone"},
	"apigee":               {"organization": "analyticsRegion apiConsumerDataLocation"},
	"bigquery":             {"reservation": "secondaryLocation"},
	"bigqueryanalyticshub": {"dataExchangeSubscription": "destinationDataset.location", "listingSubscription": "destinationDataset.location"},
	"bigtable":             {"instance": "clusters[].zone"},
	"clouddeploy":          {"target": "run.location"},
	"composer":             {"environment": "config.nodeConfig.zone config.databaseConfig.zone"},
	"compute": {"image": "storageLocations[]", "snapshot": "storageLocations[]", "snapshotSettings": "storageLocation.locations[].location",
		"resourcePolicy": "snapshotSchedulePolicy.snapshotProperties.storageLocations", "regionDisk": "replicaZones[]",
		"regionInstanceGroupManager": "distributionPolicyZones[]"},
	"container": {"nodePool": "nodeLocations[]",
		"cluster": "nodeLocations[] nodePools[].nodeLocations[] clusterAutoscaling.autoProvisioningLocations[]"},
	"databasemigrationservice": {"connectionProfile": "cloudsql.settings.zone"},
	"dataflow": {"pipeline": flexTemplate + ".location " + flexTemplate + ".launchParameter.environment.workerRegion " +
		flexTemplate + ".launchParameter.environment.workerZone " + flexTemplate + ".launchParameter.environment.zone " +
		launchTemplate + ".location " + launchTemplate + ".launchParameters.environment.workerRegion " +
		launchTemplate + ".launchParameters.environment.workerZone " + launchTemplate + ".launchParameters.environment.zone"},
	"dataplex": {"datascan": "dataDiscoverySpec.bigqueryPublishingConfig.location"},
	"dataproc": {"cluster": "clusterConfig.gceClusterConfig.zone",
		"workflowTemplate": "placement.managedCluster.config.gceClusterConfig.zone"},
	"datastream":    {"stream": "destinationConfig.bigqueryDestinationConfig.sourceHierarchyDatasets.datasetTemplate.location"},
	"logging":       {"folderSettings": "storageLocation", "organizationSettings": "storageLocation"},
	"memcache":      {"instance": "zones[]"},
	"memorystore":   {"instance": "zoneDistributionConfig.zone"},
	"ml":            {"engineModel": "regions"},
	"netapp":        {"backupVault": "backupRegion", "storagePool": "replicaZone"},
	"notebooks":     {"runtime": "virtualMachine.virtualMachineConfig.zone"},
	"pubsub":        {"topic": "messageStoragePolicy.allowedPersistenceRegions[]"},
	"redis":         {"cluster": "zoneDistributionConfig.zone"},
	"secretmanager": {"secret": "replication.userManaged.replicas[].location"},
	"spanner":       {"instanceConfig": "replicas[].location"},
	"sql": {"databaseInstance": "settings.locationPreference.zone settings.locationPreference.secondaryZone " +
		"settings.backupConfiguration.location clone.preferredZone"},
	"storage": {"bucket": "customPlacementConfig.dataLocations[]"},
	"vmwareengine": {"privateCloud": "managementCluster.stretchedClusterConfig.preferredLocation " +
		"managementCluster.stretchedClusterConfig.secondaryLocation"},
	"workstations": {"workstationConfig": "replicaZones[]"},
}

const (
	flexTemplate   = "workload.dataflowFlexTemplateRequest"
	launchTemplate = "workload.dataflowLaunchTemplateRequest"
)

// furtherPlaces returns the paths of nestedPlaces for a type.
func furtherPlaces(token string) []string {
	module, name, _ := moduleAndName(token)
	return strings.Fields(nestedPlaces[module][name])
}

// eachPlace calls found for each string at a path of nestedPlaces, with the path of the string.
func eachPlace(o crossguard.Object, path string, found func(at, place string)) {
	list, rest, nested := strings.Cut(path, "[]")
	switch {
	case !nested:
		if place, set := o.String(path); set {
			found(o.Path(path), place)
		}
	case rest == "":
		o.EachString(list, func(place string) { found(o.Path(list), place) })
	default:
		o.Each(list, func(element crossguard.Object) { eachPlace(element, strings.TrimPrefix(rest, "."), found) })
	}
}
