package rules

import (
	"slices"
	"strings"
)

// labelled lists the types of pulumi-gcp 8.41 that accept labels, by module. It leaves out what lasts for hours: jobs,
// builds and backups.
var labelled = map[string]string{
	"activedirectory":        "domain peering",
	"alloydb":                "cluster instance",
	"apigateway":             "api apiConfig gateway",
	"apihub":                 "apiHubInstance",
	"artifactregistry":       "repository",
	"assuredworkloads":       "workload",
	"backupdisasterrecovery": "backupVault",
	"beyondcorp":             "appConnection appConnector appGateway",
	"bigquery":               "dataset table",
	"bigtable":               "instance",
	"blockchainnodeengine":   "blockchainNodes",
	"certificateauthority":   "authority caPool certificate certificateTemplate",
	"certificatemanager":     "certificate certificateIssuanceConfig certificateMap certificateMapEntry dnsAuthorization trustConfig",
	"clouddeploy":            "automation customTargetType deliveryPipeline deployPolicy target",
	"clouddomains":           "registration",
	"cloudfunctions":         "function",
	"cloudfunctionsv2":       "function",
	"cloudrunv2":             "job service workerPool",
	"colab":                  "runtimeTemplate",
	"composer":               "environment",
	"compute": "address disk externalVpnGateway forwardingRule globalAddress globalForwardingRule haVpnGateway image " +
		"instance instanceFromMachineImage instanceFromTemplate instanceTemplate interconnect " +
		"interconnectAttachment regionDisk regionInstanceTemplate snapshot storagePool vPNTunnel",
	"databasemigrationservice": "connectionProfile privateConnection",
	"dataflow":                 "flexTemplateJob job",
	"dataform":                 "repository",
	"datafusion":               "instance",
	"dataplex":                 "aspectType asset datascan entryGroup entryType glossary glossaryCategory glossaryTerm lake task zone",
	"dataproc": "cluster gdcApplicationEnvironment gdcServiceInstance metastoreFederation metastoreService sessionTemplate " +
		"workflowTemplate",
	"datastream":       "connectionProfile privateConnection stream",
	"developerconnect": "accountConnector connection gitRepositoryLink insightsConfig",
	"diagflow":         "cxIntent",
	"dns":              "managedZone",
	"edgecontainer":    "cluster nodePool vpnConnection",
	"edgenetwork":      "interconnectAttachment network subnet",
	"eventarc":         "enrollment googleApiSource messageBus pipeline trigger",
	"filestore":        "instance",
	"firebase":         "appHostingBackend dataConnectService hostingChannel",
	"gemini": "codeRepositoryIndex codeToolsSetting codeToolsSettingBinding dataSharingWithGoogleSetting " +
		"dataSharingWithGoogleSettingBinding geminiGcpEnablementSetting geminiGcpEnablementSettingBinding " +
		"loggingSetting loggingSettingBinding releaseChannelSetting releaseChannelSettingBinding repositoryGroup",
	"gkebackup":             "backupChannel backupPlan restoreChannel restorePlan",
	"gkehub":                "feature membership membershipBinding namespace scope scopeRbacRoleBinding",
	"healthcare":            "consentStore dicomStore fhirStore hl7Store workspace",
	"integrationconnectors": "connection endpointAttachment managedZone",
	"kms":                   "cryptoKey",
	"lustre":                "instance",
	"managedkafka":          "cluster connectCluster",
	"memcache":              "instance",
	"memorystore":           "instance",
	"migrationcenter":       "group",
	"ml":                    "engineModel",
	"modelarmor":            "template",
	"netapp":                "activeDirectory backupPolicy backupVault kmsconfig storagePool volume volumeQuotaRule volumeReplication",
	"networkconnectivity":   "group hub internalRange policyBasedRoute regionalEndpoint serviceConnectionPolicy spoke",
	"networkmanagement":     "connectivityTest vpcFlowLogsConfig",
	"networksecurity": "addressGroup authorizationPolicy authzPolicy backendAuthenticationConfig clientTlsPolicy firewallEndpoint " +
		"firewallEndpointAssociation interceptDeployment interceptDeploymentGroup interceptEndpointGroup " +
		"interceptEndpointGroupAssociation mirroringDeployment mirroringDeploymentGroup mirroringEndpointGroup " +
		"mirroringEndpointGroupAssociation securityProfile securityProfileGroup serverTlsPolicy",
	"networkservices": "authzExtension edgeCacheKeyset edgeCacheOrigin edgeCacheService endpointPolicy gateway grpcRoute " +
		"httpRoute lbRouteExtension lbTrafficExtension mesh serviceBinding serviceLbPolicies tcpRoute",
	"notebooks":           "instance runtime",
	"oracledatabase":      "autonomousDatabase cloudExadataInfrastructure cloudVmCluster odbNetwork odbSubnet",
	"organizations":       "project",
	"osconfig":            "v2PolicyOrchestrator v2PolicyOrchestratorForFolder v2PolicyOrchestratorForOrganization",
	"parallelstore":       "instance",
	"parametermanager":    "parameter regionalParameter",
	"pubsub":              "subscription topic",
	"recaptcha":           "enterpriseKey",
	"redis":               "instance",
	"secretmanager":       "regionalSecret secret",
	"securesourcemanager": "instance",
	"servicedirectory":    "namespace",
	"spanner":             "instance instanceConfig",
	"storage":             "bucket",
	"tpu":                 "node v2Vm",
	"transcoder":          "jobTemplate",
	"vertex": "aiDataset aiEndpoint aiFeatureGroup aiFeatureGroupFeature aiFeatureOnlineStore " +
		"aiFeatureOnlineStoreFeatureview aiFeatureStore aiFeatureStoreEntityType aiFeatureStoreEntityTypeFeature " +
		"aiIndex aiIndexEndpoint aiTensorboard",
	"workbench":    "instance",
	"workflows":    "workflow",
	"workstations": "workstation workstationCluster workstationConfig",
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
