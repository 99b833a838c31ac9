package stacks

// Job is one Cloud Run job. It runs to its end, by a schedule, around a release, or when somebody starts it.
type Job struct {
	// Name is the job id, at most 57 characters: Cloud Run adds six to it for each execution.
	Name string `json:"name"`
	// Service is the key of a service. The job runs the same image, by the digest of the same release.
	Service string `json:"service"`
	// RuntimeAccount is the id of the job's own service account, 6-30 characters. Nothing else shares it.
	RuntimeAccount string `json:"runtimeAccount"`
	// Command replaces the image's entry point. Default: the image's own.
	Command []string `json:"command,omitempty"`
	// Args are the arguments of the entry point. Default: the image's own.
	Args []string `json:"args,omitempty"`
	// CPU is vCPUs: "1", "2", "4", "6" or "8". Default: "1".
	CPU string `json:"cpu,omitempty" default:"1"`
	// Memory is the limit, for example 512Mi or 2Gi; Cloud Run allows certain sizes for each CPU. Default: 512Mi.
	Memory string `json:"memory,omitempty" default:"512Mi"`
	// Tasks are how many containers an execution runs, 1-10000; each finds its number in CLOUD_RUN_TASK_INDEX. The policy job-bounds
	// allows 10 unless it is configured otherwise. Default: 1.
	Tasks int `json:"tasks,omitempty" default:"1"`
	// Parallelism is how many tasks run at once, at most Tasks. It limits the load on a database, for example. Default: 0; Cloud Run
	// runs as many as it has room for.
	Parallelism int `json:"parallelism,omitempty"`
	// MaxRetries is how often a task that failed is tried again, 0-10. If it is not 0, a migration must tolerate a second run.
	// Default: 0.
	MaxRetries int `json:"maxRetries,omitempty"`
	// TimeoutSeconds is how long one attempt of a task may take, 1-86400. Default: 600.
	TimeoutSeconds int `json:"timeoutSeconds,omitempty" default:"600"`
	// Environment are plain variables. Default: none.
	Environment map[string]string `json:"environment,omitempty"`
	// Secrets maps variables to ids in Settings.Secrets. Default: none.
	Secrets map[string]string `json:"secrets,omitempty"`
	// Databases maps prefixes of variables to keys in Settings.Databases: {DB: main} gives the job DB_HOST, DB_NAME, DB_USER and
	// DB_INSTANCE, its own user in the database, and the grants to log in as it without a password. Default: none.
	Databases map[string]string `json:"databases,omitempty"`
	// Buckets maps variables to keys in Settings.Buckets, where the job is a reader or a writer; a variable holds the bucket's name.
	// Default: none.
	Buckets map[string]string `json:"buckets,omitempty"`
	// VPC lets the job reach a network of the project. Default: none; the job reaches only the internet.
	VPC *VPC `json:"vpc,omitempty"`
	// Release lets a release run the job, as a hook of release.yaml. Default: false.
	Release bool `json:"release,omitempty"`
	// Schedule starts the job. Default: none.
	Schedule *Schedule `json:"schedule,omitempty"`
	// AlertOnFailure alerts people, through monitoring's channels, about each execution that failed, no matter who started it. Default:
	// true.
	AlertOnFailure *bool `json:"alertOnFailure,omitempty" default:"true"`
	// LateAfterHours alerts people when no execution has succeeded for this many hours: the schedule is paused, its account has lost
	// its right, or every execution fails. It has to be longer than the time between two starts, for example 25 for a daily job, and
	// is at most 744. Looking back over more than 25 hours is a preview feature of Cloud Monitoring. A new job is late until its
	// first success. Default: 0, no alert.
	LateAfterHours int `json:"lateAfterHours,omitempty"`
	// DeletionProtection refuses to delete or replace the job. Default: false.
	DeletionProtection bool `json:"deletionProtection,omitempty"`
}

// Schedule says when Cloud Scheduler starts a job.
type Schedule struct {
	// Cron is five fields: minute, hour, day of the month, month, day of the week. "0 3 * * *" is each night at three.
	Cron string `json:"cron"`
	// TimeZone is the time zone of Cron, such as Europe/Berlin. Default: UTC.
	TimeZone string `json:"timeZone,omitempty" default:"UTC"`
	// Account is the id of the service account that starts the job and may do nothing else, 6-30 characters. Nothing else shares it.
	Account string `json:"account"`
}
