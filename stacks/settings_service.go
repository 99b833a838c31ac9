package stacks

// Service is one Cloud Run service.
type Service struct {
	// Name is the service id, at most 37 characters: Cloud Run allows 49, and 46 for a name with a traffic tag, of which the
	// release controller's tag "candidate" takes nine.
	Name string `json:"name"`
	// Image is the image's name in the registry.
	Image string `json:"image"`
	// Digest is what to run, sha256:<64 hex>. Default: what runs now; where nothing runs yet, BootstrapImage.
	Digest string `json:"digest,omitempty"`
	// ImageUser is who the image of Digest runs as, USER@DIGEST, as a release found in the image's configuration and wrote
	// beside Digest; for several platforms USER is all of their users, with commas between. It goes on the service as
	// evidence for policies, and is refused for any other digest. Default: what is known of what runs now.
	ImageUser string `json:"imageUser,omitempty"`
	// BootstrapImage is what the first run starts before any digest was deployed: a full reference by digest.
	BootstrapImage string `json:"bootstrapImage"`
	// RuntimeAccount is the id of the service's own service account, 6-30 characters. No two services share one, and none is
	// the pipeline's, which begin with [PipelineAccountPrefix].
	RuntimeAccount string `json:"runtimeAccount"`
	// Port is the container's port. Default: 8080.
	Port int `json:"port,omitempty" default:"8080"`
	// CPU is vCPUs: "1", "2", "4", "6" or "8". Default: "1".
	CPU string `json:"cpu,omitempty" default:"1"`
	// Memory is the limit, for example 512Mi or 2Gi; what Cloud Run sells depends on CPU, and 512Mi is the least for the
	// second generation execution environment. Default: 512Mi.
	Memory string `json:"memory,omitempty" default:"512Mi"`
	// CPUIdle throttles CPU outside of requests. Default: true.
	CPUIdle *bool `json:"cpuIdle,omitempty" default:"true"`
	// StartupCPUBoost gives the service's own container extra CPU while an instance starts. Default: false.
	StartupCPUBoost bool `json:"startupCpuBoost,omitempty"`
	// Command replaces the image's entrypoint. Default: the image's.
	Command []string `json:"command,omitempty"`
	// Arguments replace those that the image gives its entrypoint. Default: the image's.
	Arguments []string `json:"arguments,omitempty"`
	// ExecutionEnvironment is gen1 or gen2: gen1 starts faster and takes 128Mi, gen2 is a whole Linux, and mounts buckets and NFS.
	// Default: gen2.
	ExecutionEnvironment string `json:"executionEnvironment,omitempty" default:"gen2"`
	// HTTP2 has requests arrive as HTTP/2 without TLS (h2c), as gRPC takes them. Default: false, HTTP/1.
	HTTP2 bool `json:"http2,omitempty"`
	// SessionAffinity sends a client to the instance that it met before. It overrides the split of traffic: visitors stay with the
	// revision that they met first, so that a canary sees new ones only. Leave it off where releases go by steps. Default: false.
	SessionAffinity bool `json:"sessionAffinity,omitempty"`
	// Audiences are what ID tokens may be for besides the service's URL, for example https://api.example.com. Default: none.
	Audiences []string `json:"audiences,omitempty"`
	// Sidecars are containers beside the service's own, by a short key. They share its network and take no requests from outside.
	// Default: none.
	Sidecars map[string]Sidecar `json:"sidecars,omitempty"`
	// After are sidecars that have to be healthy before the service's own container starts. Default: none.
	After []string `json:"after,omitempty"`
	// Volumes are folders that containers mount, by a short key. Default: none.
	Volumes map[string]Volume `json:"volumes,omitempty"`
	// Mounts are where the service's own container has volumes: the volume's key, and the path. Default: none.
	Mounts map[string]string `json:"mounts,omitempty"`
	// Concurrency is requests per instance at once, 1-1000. Default: 80.
	Concurrency int `json:"concurrency,omitempty" default:"80"`
	// TimeoutSeconds is a request's limit, 1-3600. Default: 300.
	TimeoutSeconds int `json:"timeoutSeconds,omitempty" default:"300"`
	// MinInstances are kept warm. Default: 0.
	MinInstances int `json:"minInstances,omitempty"`
	// MaxInstances caps each revision, and with it cost. Required, at least 1.
	MaxInstances int `json:"maxInstances"`
	// Public lets anybody call the service. Default: false.
	Public bool `json:"public,omitempty"`
	// Callers are the keys of services whose accounts may call this one. Default: none.
	Callers []string `json:"callers,omitempty"`
	// OutsideCallers are principals that are no service of this file and may call this one, each with the reason:
	// serviceAccount:, user: or group: and an address, or principal:// or principalSet://. Default: none.
	OutsideCallers map[string]string `json:"outsideCallers,omitempty"`
	// VPC lets the service reach a network of the project. Default: none, it reaches the internet.
	VPC *VPC `json:"vpc,omitempty"`
	// Ingress is all, internal or internal-and-cloud-load-balancing. Default: all.
	Ingress string `json:"ingress,omitempty" default:"all"`
	// DeletionProtection refuses to delete or replace the service. Default: false; required to be true in prod.
	DeletionProtection bool `json:"deletionProtection,omitempty"`
	// Attempt is raised by one to deploy an unchanged template again: the name of a revision that failed cannot be used twice. Default: 0.
	Attempt int `json:"attempt,omitempty"`
	// Environment are plain variables. Default: none.
	Environment map[string]string `json:"environment,omitempty"`
	// URLVariables are variables that hold a URL: a list of those that hold the service's own, for example [NEXTAUTH_URL], or a
	// map of variables to the keys of services, for example {API_URL: api}. A URL is known before the service exists, so services
	// may name each other. Default: none.
	URLVariables URLVariables `json:"urlVariables,omitempty"`
	// Secrets maps variables to ids in Settings.Secrets. Default: none.
	Secrets map[string]string `json:"secrets,omitempty"`
	// Databases maps prefixes of variables to keys in Settings.Databases: {DB: main} gives the service DB_HOST, DB_NAME, DB_USER and
	// DB_INSTANCE, a user of its own in the database, and the grants to log in as it without a password. Default: none.
	Databases map[string]string `json:"databases,omitempty"`
	// Buckets maps variables to keys in Settings.Buckets, where the service is a reader or a writer; a variable holds the bucket's
	// name. Default: none.
	Buckets map[string]string `json:"buckets,omitempty"`
	// Startup and Liveness are the probes Cloud Run makes. Required: paths are called often, so they must be cheap.
	Startup  Probe `json:"startup"`
	Liveness Probe `json:"liveness"`
	// SmokePaths are what a release probes before and while it shifts traffic. Required, at least one.
	SmokePaths []string `json:"smokePaths"`
	// Traffic is the split at the service's creation, by revision name or LATEST. Default: 100 % to the first revision.
	// Afterwards the release controller owns traffic, and changing this changes nothing.
	Traffic map[string]int `json:"traffic,omitempty"`
	// Uptime is the check from outside. Default: none, where Ingress is not all and Google's checkers do not reach the service; where
	// it is all, the check has to be set.
	Uptime Uptime `json:"uptime,omitempty"`
	// SLO are the objectives.
	SLO SLO `json:"slo"`
	// Load is what the service is expected to do, for the estimate of costs alone. Default: none, and 100,000 requests of 200 ms
	// are assumed.
	Load *ExpectedLoad `json:"load,omitempty"`
}

// ExpectedLoad is what a service is expected to do.
type ExpectedLoad struct {
	// RequestsPerMonth are all requests of a month, at least 0.
	RequestsPerMonth int `json:"requestsPerMonth"`
	// MillisecondsPerRequest is how long one takes on average, at least 1.
	MillisecondsPerRequest int `json:"millisecondsPerRequest"`
}

// URLVariables are variables that hold a URL: a list or a map in the file.
type URLVariables struct {
	// Own hold the service's own URL.
	Own []string `json:"-"`
	// Of hold the URL of the service with the key.
	Of map[string]string `json:"-"`
}

// VPC is a network that a service sends requests into, by Direct VPC egress: no connector, nothing to pay for.
type VPC struct {
	// Network is the network's name, or projects/PROJECT/global/networks/NAME. Default: the subnetwork's.
	Network string `json:"network,omitempty"`
	// Subnetwork is a subnetwork's name in the service's region, or projects/PROJECT/regions/REGION/subnetworks/NAME. It needs
	// addresses for four times the instances, /26 at least. Default: the one that has the network's name.
	Subnetwork string `json:"subnetwork,omitempty"`
	// Egress is private-ranges-only, or all-traffic, which sends requests to the internet through the network too: they arrive
	// nowhere unless the network has a Cloud NAT. Default: private-ranges-only.
	Egress string `json:"egress,omitempty" default:"private-ranges-only"`
	// Tags are network tags, which firewall rules go by. Default: none.
	Tags []string `json:"tags,omitempty"`
}

// Sidecar is a container beside the service's own.
type Sidecar struct {
	// Image is a full reference by digest, HOST/PATH@sha256:DIGEST; policies say from which registries.
	Image string `json:"image"`
	// Command replaces the image's entrypoint. Default: the image's.
	Command []string `json:"command,omitempty"`
	// Arguments replace those that the image gives its entrypoint. Default: the image's.
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
	// Startup is the probe that has to succeed before containers start that come after this one; it names its port. Default: none,
	// and nothing may start after it.
	Startup *Probe `json:"startup,omitempty"`
	// Liveness restarts the container when it fails; it names its port. Default: none.
	Liveness *Probe `json:"liveness,omitempty"`
	// After are other sidecars that have to be healthy before this one starts. Default: none.
	After []string `json:"after,omitempty"`
	// Mounts are where this container has volumes: the volume's key, and the path. Default: none.
	Mounts map[string]string `json:"mounts,omitempty"`
}

// Volume is a folder that containers mount. Exactly one of its kinds is set.
type Volume struct {
	// Memory is a folder in memory of this size, for example 64Mi, which counts as the container's memory. It is empty when an
	// instance starts. Default: none.
	Memory string `json:"memory,omitempty"`
	// Secret is the id, in Settings.Secrets, of a secret whose pinned version is the one file of the folder. Default: none.
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

// Probe is what Cloud Run asks a container. Exactly one of Path, TCP and GRPC is set.
type Probe struct {
	// Path is asked by HTTP/1 and starts with a slash. Default: none.
	Path string `json:"path,omitempty"`
	// TCP opens a connection to the port, at startup only: Cloud Run has no liveness probe of this kind. Default: false.
	TCP bool `json:"tcp,omitempty"`
	// GRPC asks the standard health service, grpc.health.v1.Health. Default: false.
	GRPC bool `json:"grpc,omitempty"`
	// GRPCService is the name that the health service is asked about. Default: none, the server as a whole.
	GRPCService string `json:"grpcService,omitempty"`
	// Port is what is asked. Default: the service's own port; a sidecar has none, and names it.
	Port int `json:"port,omitempty"`
	// InitialDelaySeconds before the first probe, 0-240 (startup) or 0-3600 (liveness). Default: 0.
	InitialDelaySeconds int `json:"initialDelaySeconds,omitempty"`
	// PeriodSeconds between probes, 1-240 (startup) or 1-3600 (liveness). Default: 10.
	PeriodSeconds int `json:"periodSeconds,omitempty" default:"10"`
	// TimeoutSeconds of one probe, at most PeriodSeconds. Default: 1.
	TimeoutSeconds int `json:"timeoutSeconds,omitempty" default:"1"`
	// FailureThreshold is how many failures in a row count as failed, at least 1; for startup, times PeriodSeconds at most
	// 240 seconds, which is as long as Cloud Run waits for a start. Default: 3.
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
	// AvailabilityPercent is the share of requests that must not fail with 5xx, for example 99.5; over 0 and at most 99.9:
	// what a higher goal forbids, the traffic of these services cannot show.
	AvailabilityPercent float64 `json:"availabilityPercent"`
	// WindowDays is 1-30. Default: 28.
	WindowDays int `json:"windowDays,omitempty" default:"28"`
	// Latency is how fast requests have to be answered. Default: none, and one alert says when one request in twenty takes 5 seconds.
	Latency *LatencyObjective `json:"latency,omitempty"`
}

// LatencyObjective is the share of requests that are answered in time.
type LatencyObjective struct {
	// Percent is the share, for example 95; over 0 and at most 99.9.
	Percent float64 `json:"percent"`
	// Milliseconds are what a request may take, 1 to 60000.
	Milliseconds int `json:"milliseconds"`
}
