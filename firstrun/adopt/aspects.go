package adopt

import "regexp"

// aspect is one setting of a live or planned service.
type aspect struct {
	// what is the setting's name for people.
	what string
	// value is compared and shown is printed. They differ because a plain variable's value may be a secret that nobody
	// marked.
	value, shown string
	// setting is the key in the stack's settings; empty if there is none.
	setting string
	// given says that the document has the value, so that it is not the API's default.
	given bool
	// secret is the id of the secret that a variable's value comes from.
	secret string
	// inside says that the setting belongs to the container that takes requests. within names another container that it
	// belongs to.
	inside bool
	within string
	// kept says that the provider leaves the value alone if the program does not set it: its schema calls the value
	// computed, or the provider manages only the keys that a program names (docs/traps.md).
	kept bool
}

// scalar is a field with one value. Paths are the API's; "container" is the container that takes the requests.
type scalar struct {
	path, what, setting string
	// absent is the value that the API assumes for an absent field. Default: none; an absent field is then not reported.
	absent string
	kept   bool
	// words maps values to names for people. Default: the values themselves.
	words map[string]string
	// same writes different spellings of one value alike. Default: values stay as they are.
	same func(string) string
}

var (
	onOff = map[string]string{"true": "on", "false": "off"}
	offOn = map[string]string{"true": "off", "false": "on"}
)

// scalars lists a service's fields in the order in which they are reported.
var scalars = []scalar{
	{path: "container image", what: "image", setting: "digest"},
	{path: "template serviceAccount", what: "account", setting: "runtimeAccount", absent: "Compute Engine's default account", kept: true},
	{path: "container resources limits cpu", what: "CPU", setting: "cpu", kept: true, same: quantity},
	{path: "container resources limits memory", what: "memory", setting: "memory", kept: true, same: quantity},
	{path: "container resources cpuIdle", what: "CPU between requests", setting: "cpuIdle", absent: "on", words: offOn},
	{path: "container resources startupCpuBoost", what: "CPU boost at the start", setting: "startupCpuBoost", absent: "off", words: onOff},
	{path: "template scaling minInstanceCount", what: "minimum of instances", setting: "minInstances", absent: "0", kept: true},
	{path: "template scaling maxInstanceCount", what: "maximum of instances", setting: "maxInstances", kept: true},
	{path: "scaling minInstanceCount", what: "minimum of instances of the whole service", absent: "0"},
	{path: "scaling maxInstanceCount", what: "maximum of instances of the whole service"},
	{path: "scaling scalingMode", what: "scaling", absent: "AUTOMATIC", words: map[string]string{"SCALING_MODE_UNSPECIFIED": "AUTOMATIC"}},
	{path: "scaling manualInstanceCount", what: "number of instances set by hand"},
	{path: "template maxInstanceRequestConcurrency", what: "requests at once", setting: "concurrency", kept: true},
	{path: "template timeout", what: "timeout", setting: "timeoutSeconds", kept: true, same: seconds},
	{path: "container port", what: "port", setting: "port", absent: "8080", kept: true},
	{path: "container protocol", what: "protocol", setting: "http2", absent: "http1", kept: true},
	{path: "ingress", what: "ingress", setting: "ingress", absent: "INGRESS_TRAFFIC_ALL", kept: true},
	{path: "invokerIamDisabled", what: "check of who calls", setting: "public", absent: "on", words: offOn},
	{path: "defaultUriDisabled", what: "address at run.app", absent: "on", words: offOn},
	{path: "iapEnabled", what: "Identity-Aware Proxy", absent: "off", words: onOff},
	{path: "binaryAuthorization policy", what: "Binary Authorization policy"},
	{path: "template executionEnvironment", what: "execution environment", setting: "executionEnvironment", absent: "Cloud Run's choice",
		words: map[string]string{"EXECUTION_ENVIRONMENT_UNSPECIFIED": "Cloud Run's choice"}},
	{path: "template sessionAffinity", what: "session affinity", setting: "sessionAffinity", absent: "off", words: onOff},
	{path: "template healthCheckDisabled", what: "health check of new revisions", absent: "on", words: offOn},
	{path: "template encryptionKey", what: "encryption key"},
	{path: "template nodeSelector accelerator", what: "accelerator"},
	{path: "template vpcAccess connector", what: "VPC connector", setting: "vpc"},
	{path: "template vpcAccess egress", what: "requests through the VPC", setting: "vpc.egress", absent: "PRIVATE_RANGES_ONLY",
		kept: true},
	{path: "container workingDir", what: "working folder"},
}

// jobScalars lists a job's fields.
var jobScalars = []scalar{
	{path: "container image", what: "image", setting: "service"},
	{path: "template serviceAccount", what: "account", setting: "runtimeAccount", absent: "Compute Engine's default account", kept: true},
	{path: "container resources limits cpu", what: "CPU", setting: "cpu", kept: true, same: quantity},
	{path: "container resources limits memory", what: "memory", setting: "memory", kept: true, same: quantity},
	{path: "template taskCount", what: "number of tasks", setting: "tasks", absent: "1", kept: true},
	{path: "template parallelism", what: "number of tasks at once", setting: "parallelism"},
	{path: "template maxRetries", what: "number of retries", setting: "maxRetries", absent: "3"},
	{path: "template timeout", what: "timeout", setting: "timeoutSeconds", kept: true, same: seconds},
	{path: "binaryAuthorization policy", what: "Binary Authorization policy"},
	{path: "template executionEnvironment", what: "execution environment", kept: true},
	{path: "template encryptionKey", what: "encryption key"},
	{path: "template nodeSelector accelerator", what: "accelerator"},
	{path: "template vpcAccess connector", what: "VPC connector", setting: "vpc"},
	{path: "template vpcAccess egress", what: "requests through the VPC", setting: "vpc.egress", absent: "PRIVATE_RANGES_ONLY",
		kept: true},
	{path: "container workingDir", what: "working folder"},
}

// unreported lists fields that are not settings, that only the client sets, or that a release owns.
var unreported = []string{
	"name", "project", "location", "uid", "generation", "observedGeneration", "etag", "reconciling", "creator", "lastModifier",
	"createTime", "updateTime", "deleteTime", "expireTime", "client", "clientVersion", "conditions", "terminalCondition", "uri", "urls",
	"latestReadyRevision", "latestCreatedRevision", "traffic", "trafficStatuses", "satisfiesPzs", "threatDetectionEnabled",
	"deletionProtection", "launchStage", "template revision", "executionCount", "latestCreatedExecution",
	"startExecutionToken", "runExecutionToken", "binaryAuthorization useDefault", "binaryAuthorization breakglassJustification",
}

// ofTools matches annotations and labels that clients leave behind and that no setting has to keep.
var ofTools = regexp.MustCompile(`^([a-z]+\.knative\.dev|([a-z]+\.)*googleapis\.com)/|^goog-`)

// imageUser is the annotation that the program itself puts on revisions (cloudrun.ImageUserAnnotation).
const imageUser = "image-user"
