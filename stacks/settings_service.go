package stacks

// Service is one Cloud Run service.
type Service struct {
	// Name is the service id, at most 37 characters. Cloud Run allows 46 for a name together with a traffic tag, and the
	// release's tag "candidate" takes nine of them.
	Name string `json:"name"`
	// Image is the image's name in the registry.
	Image string `json:"image"`
	// Digest is the digest of the image to run, sha256:<64 hex>. Default: the image that runs now, or BootstrapImage if
	// nothing runs yet.
	Digest string `json:"digest,omitempty"`
	// ImageUser is the user the image of Digest runs as, USER@DIGEST. A release finds it in the image's configuration and
	// writes it next to Digest. For an image of several platforms, USER lists all their users, separated by commas. The
	// service carries it as evidence for policies. A value for another digest is refused. Default: the known user of the
	// image that runs now.
	ImageUser string `json:"imageUser,omitempty"`
	// BootstrapImage is the image that a new service runs until the first digest is deployed: a full reference by
	// digest.
	BootstrapImage string `json:"bootstrapImage"`
	// RuntimeAccount is the id of the service's own service account, 6-30 characters. No two services share an account, and
	// a service cannot use the pipeline's accounts, whose ids begin with [PipelineAccountPrefix].
	RuntimeAccount string `json:"runtimeAccount"`
	// Port is the container's port. Default: 8080.
	Port int `json:"port,omitempty" default:"8080"`
	// CPU is vCPUs: "1", "2", "4", "6" or "8". Default: "1".
	CPU string `json:"cpu,omitempty" default:"1"`
	// Memory is the limit, for example 512Mi or 2Gi; Cloud Run allows certain sizes for each CPU. The second generation
	// execution environment needs at least 512Mi. Default: 512Mi.
	Memory string `json:"memory,omitempty" default:"512Mi"`
	// CPUIdle throttles CPU outside of requests. Default: true.
	CPUIdle *bool `json:"cpuIdle,omitempty" default:"true"`
	// StartupCPUBoost gives the service's own container extra CPU while an instance starts. Default: false.
	StartupCPUBoost bool `json:"startupCpuBoost,omitempty"`
	// Command replaces the image's entrypoint. Default: the image's.
	Command []string `json:"command,omitempty"`
	// Arguments replace the arguments of the image's entrypoint. Default: the image's.
	Arguments []string `json:"arguments,omitempty"`
	// ExecutionEnvironment is gen1 or gen2. gen1 starts faster and runs with 128Mi. gen2 is a full Linux, and mounts buckets and
	// NFS. Default: gen2.
	ExecutionEnvironment string `json:"executionEnvironment,omitempty" default:"gen2"`
	// HTTP2 makes requests arrive as HTTP/2 without TLS (h2c), which gRPC needs. Default: false; they arrive as HTTP/1.
	HTTP2 bool `json:"http2,omitempty"`
	// SessionAffinity sends a client to the instance that answered it before. It overrides the split of traffic: visitors stay
	// with the revision that answered them first, so a canary gets new visitors only. Leave it off if releases go by steps.
	// Default: false.
	SessionAffinity bool `json:"sessionAffinity,omitempty"`
	// Audiences are further audiences of ID tokens that the service accepts besides its URL, for example
	// https://api.example.com. Default: none.
	Audiences []string `json:"audiences,omitempty"`
	// Sidecars are containers next to the service's own, by a short key. They share its network and take no requests from outside.
	// Default: none.
	Sidecars map[string]Sidecar `json:"sidecars,omitempty"`
	// After are sidecars that have to be healthy before the service's own container starts. Default: none.
	After []string `json:"after,omitempty"`
	// Volumes are folders that containers mount, by a short key. Default: none.
	Volumes map[string]Volume `json:"volumes,omitempty"`
	// Mounts maps keys of volumes to the paths at which the service's own container sees them. Default: none.
	Mounts map[string]string `json:"mounts,omitempty"`
	// Concurrency is how many requests an instance takes at once, 1-1000. Default: 80.
	Concurrency int `json:"concurrency,omitempty" default:"80"`
	// TimeoutSeconds is how long a request may take, 1-3600. Default: 300.
	TimeoutSeconds int `json:"timeoutSeconds,omitempty" default:"300"`
	// MinInstances is how many instances are kept warm. Default: 0.
	MinInstances int `json:"minInstances,omitempty"`
	// MaxInstances caps the instances of each revision, and so the cost. Required, at least 1.
	MaxInstances int `json:"maxInstances"`
	// Public lets anybody call the service. Default: false.
	Public bool `json:"public,omitempty"`
	// Callers are the keys of services whose accounts may call this one. Default: none.
	Callers []string `json:"callers,omitempty"`
	// OutsideCallers are people and accounts outside of this file that may call the service, each with the reason:
	// serviceAccount:, user: or group: and an address, or principal:// or principalSet://. Default: none.
	OutsideCallers map[string]string `json:"outsideCallers,omitempty"`
	// VPC lets the service reach a network of the project. Default: none; the service reaches only the internet.
	VPC *VPC `json:"vpc,omitempty"`
	// Ingress is all, internal or internal-and-cloud-load-balancing. Default: all.
	Ingress string `json:"ingress,omitempty" default:"all"`
	// DeletionProtection refuses to delete or replace the service. Default: false; prod has to say it. To delete a protected service, write
	// false, run `up`, and then remove the service. The policy run-deletion-protection refuses false in prod without an exemption.
	DeletionProtection *bool `json:"deletionProtection,omitempty"`
	// Attempt is a number to raise by one when an unchanged template has to be deployed again, because the name of a failed revision
	// cannot be used twice. Default: 0.
	Attempt int `json:"attempt,omitempty"`
	// Environment are plain variables. Default: none.
	Environment map[string]string `json:"environment,omitempty"`
	// URLVariables are variables that hold a URL. Write a list of variables for the service's own URL, for example
	// [NEXTAUTH_URL], or a map of variables to the keys of services, for example {API_URL: api}. A URL is known before the
	// service exists, so services may name each other. Default: none.
	URLVariables URLVariables `json:"urlVariables,omitempty"`
	// Secrets maps variables to ids in Settings.Secrets. Default: none.
	Secrets map[string]string `json:"secrets,omitempty"`
	// Databases maps prefixes of variables to keys in Settings.Databases: {DB: main} gives the service DB_HOST, DB_NAME, DB_USER and
	// DB_INSTANCE, its own user in the database, and the grants to log in as it without a password. Default: none.
	Databases map[string]string `json:"databases,omitempty"`
	// Buckets maps variables to keys in Settings.Buckets, where the service is a reader or a writer; a variable holds the bucket's
	// name. Default: none.
	Buckets map[string]string `json:"buckets,omitempty"`
	// Startup and Liveness are the probes that Cloud Run makes. Their paths are called often, so they must be cheap.
	// Required.
	Startup  Probe `json:"startup"`
	Liveness Probe `json:"liveness"`
	// SmokePaths are the paths that a release probes before and while it shifts traffic. Required, at least one.
	SmokePaths []string `json:"smokePaths"`
	// Traffic is the split at the service's creation, by revision name or LATEST. Default: 100 % to the first revision.
	// Afterwards the release controller owns traffic, and changing this changes nothing.
	Traffic map[string]int `json:"traffic,omitempty"`
	// Uptime is the check from outside. It is required if Ingress is all; otherwise Google's checkers do not reach the service.
	// Default: none.
	Uptime Uptime `json:"uptime,omitempty"`
	// SLO are the objectives.
	SLO SLO `json:"slo"`
	// Load is the load that the service is expected to have. Only the estimate of costs uses it. Default: none; the estimate
	// assumes 100,000 requests of 200 ms a month.
	Load *ExpectedLoad `json:"load,omitempty"`
}

// ExpectedLoad is the load that a service is expected to have.
type ExpectedLoad struct {
	// RequestsPerMonth is the number of requests in a month, at least 0.
	RequestsPerMonth int `json:"requestsPerMonth"`
	// MillisecondsPerRequest is how long a request takes on average, at least 1.
	MillisecondsPerRequest int `json:"millisecondsPerRequest"`
}

// URLVariables are variables that hold a URL: a list or a map in the file.
type URLVariables struct {
	// Own hold the service's own URL.
	Own []string `json:"-"`
	// Of hold the URL of the service with the key.
	Of map[string]string `json:"-"`
}

// VPC is a network that a service sends requests into, by Direct VPC egress, which needs no connector and costs nothing
// by itself.
type VPC struct {
	// Network is the network's name, or projects/PROJECT/global/networks/NAME. Default: the network of Subnetwork.
	Network string `json:"network,omitempty"`
	// Subnetwork is a subnetwork's name in the service's region, or projects/PROJECT/regions/REGION/subnetworks/NAME. It needs
	// four addresses for each instance, and at least a /26. Default: the subnetwork with the network's name.
	Subnetwork string `json:"subnetwork,omitempty"`
	// Egress is private-ranges-only or all-traffic. all-traffic sends requests to the internet through the network too, which
	// then needs a Cloud NAT. Default: private-ranges-only.
	Egress string `json:"egress,omitempty" default:"private-ranges-only"`
	// Tags are network tags, by which firewall rules select the service. Default: none.
	Tags []string `json:"tags,omitempty"`
}

// Sidecar is a container next to the service's own.
type Sidecar struct {
	// Image is a full reference by digest, HOST/PATH@sha256:DIGEST. Policies limit the registries.
	Image string `json:"image"`
	// Command replaces the image's entrypoint. Default: the image's.
	Command []string `json:"command,omitempty"`
	// Arguments replace the arguments of the image's entrypoint. Default: the image's.
	Arguments []string `json:"arguments,omitempty"`
	// CPU is vCPUs: "0.08" to "1", "2", "4", "6" or "8". All containers together have at most 8. Default: "0.5".
	CPU string `json:"cpu,omitempty" default:"0.5"`
	// Memory is the limit, for example 256Mi. All containers together have at most 32Gi. Default: 256Mi.
	Memory string `json:"memory,omitempty" default:"256Mi"`
	// StartupCPUBoost gives this container extra CPU while an instance starts. Default: false.
	StartupCPUBoost bool `json:"startupCpuBoost,omitempty"`
	// Environment are plain variables. Default: none.
	Environment map[string]string `json:"environment,omitempty"`
	// Secrets maps variables to ids in Settings.Secrets. Default: none.
	Secrets map[string]string `json:"secrets,omitempty"`
	// Startup is the probe that has to succeed before containers that come after this one start. It names its port. Default: none;
	// then no container may come after this one.
	Startup *Probe `json:"startup,omitempty"`
	// Liveness restarts the container when it fails; it names its port. Default: none.
	Liveness *Probe `json:"liveness,omitempty"`
	// After are other sidecars that have to be healthy before this one starts. Default: none.
	After []string `json:"after,omitempty"`
	// Mounts maps keys of volumes to the paths at which this container sees them. Default: none.
	Mounts map[string]string `json:"mounts,omitempty"`
}

// Volume is a folder that containers mount. Exactly one of its kinds is set.
type Volume struct {
	// Memory is a folder in memory of this size, for example 64Mi, which counts as the container's memory. It is empty when an
	// instance starts. Default: none.
	Memory string `json:"memory,omitempty"`
	// Secret is the id, in Settings.Secrets, of a secret. Its pinned version is the only file of the folder. Default: none.
	Secret string `json:"secret,omitempty"`
	// File is the name of the secret's file. Default: the secret's id.
	File string `json:"file,omitempty"`
	// Bucket is the key, in Settings.Buckets, of a bucket whose objects are the files. Default: none.
	Bucket string `json:"bucket,omitempty"`
	// NFS is a folder of a file server in the service's network. Default: none.
	NFS *NFS `json:"nfs,omitempty"`
	// ReadOnly refuses writes to a bucket or a file server; a bucket is read-only for its readers anyway. Default: false.
	ReadOnly bool `json:"readOnly,omitempty"`
}

// NFS is a folder of a file server.
type NFS struct {
	// Server is the server's address or host name.
	Server string `json:"server"`
	// Path is the exported folder, and begins with a slash.
	Path string `json:"path"`
}

// Probe says how Cloud Run checks a container. Set exactly one of Path, TCP and GRPC.
type Probe struct {
	// Path is requested by HTTP/1 and starts with a slash. Default: none.
	Path string `json:"path,omitempty"`
	// TCP opens a connection to the port, at startup only: Cloud Run has no liveness probe of this kind. Default: false.
	TCP bool `json:"tcp,omitempty"`
	// GRPC asks the standard health service, grpc.health.v1.Health. Default: false.
	GRPC bool `json:"grpc,omitempty"`
	// GRPCService is the name that the health service is asked about. Default: none, the whole server.
	GRPCService string `json:"grpcService,omitempty"`
	// Port is the port that is probed. Default: the service's own port. Required for a sidecar.
	Port int `json:"port,omitempty"`
	// InitialDelaySeconds is the time before the first probe, 0-240 (startup) or 0-3600 (liveness). Default: 0.
	InitialDelaySeconds int `json:"initialDelaySeconds,omitempty"`
	// PeriodSeconds is the time between two probes, 1-240 (startup) or 1-3600 (liveness). Default: 10.
	PeriodSeconds int `json:"periodSeconds,omitempty" default:"10"`
	// TimeoutSeconds is how long one probe may take, at most PeriodSeconds. Default: 1.
	TimeoutSeconds int `json:"timeoutSeconds,omitempty" default:"1"`
	// FailureThreshold is how many failures in a row make the container count as failed, at least 1. At startup
	// FailureThreshold times PeriodSeconds is at most 240, the longest time that Cloud Run waits for a start. Default: 3.
	FailureThreshold int `json:"failureThreshold,omitempty" default:"3"`
}

// Uptime is an uptime check.
type Uptime struct {
	// Path starts with a slash.
	Path string `json:"path"`
	// PeriodSeconds is 60, 300, 600 or 900. Default: 60.
	PeriodSeconds int `json:"periodSeconds,omitempty" default:"60"`
	// TimeoutSeconds is 1-60. Default: 10.
	TimeoutSeconds int `json:"timeoutSeconds,omitempty" default:"10"`
}

// SLO are objectives over a rolling window.
type SLO struct {
	// AvailabilityPercent is the share of requests that must not fail with 5xx, for example 99.5; above 0 and at most
	// 99.9. With little traffic, a breach of a higher goal cannot be told from chance.
	AvailabilityPercent float64 `json:"availabilityPercent"`
	// WindowDays is the length of the window in days, 1-30. Default: 28.
	WindowDays int `json:"windowDays,omitempty" default:"28"`
	// Latency is the objective for how fast requests are answered. Default: none; one alert says when one request in twenty takes
	// more than 5 seconds.
	Latency *LatencyObjective `json:"latency,omitempty"`
}

// LatencyObjective is the share of requests that are answered in time.
type LatencyObjective struct {
	// Percent is the share, for example 95; above 0 and at most 99.9.
	Percent float64 `json:"percent"`
	// Milliseconds is how long a request may take, 1 to 60000.
	Milliseconds int `json:"milliseconds"`
}
