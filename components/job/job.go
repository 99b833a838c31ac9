package job

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudscheduler"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/container"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// TypeToken identifies the component in state. It never changes.
const TypeToken = "procureflow:job:Job"

// ImageUserAnnotation is the annotation of an execution that names the user its image runs as. A service's revisions have
// the same one.
const ImageUserAnnotation = "image-user"

// Defaults of absent arguments.
const (
	// DefaultCPU is the limit in vCPUs.
	DefaultCPU = "1"
	// DefaultMemory is the memory limit.
	DefaultMemory = "512Mi"
	// DefaultTasks is how many containers an execution runs.
	DefaultTasks = 1
	// DefaultTimeoutSeconds is how long one attempt of a task may take.
	DefaultTimeoutSeconds = 600
)

// startRole lets the schedule's account start the job. Of the permissions on a job it holds run.jobs.run only.
const startRole = "roles/run.invoker"

// JobArgs describes a job.
type JobArgs struct {
	// Project is the id of the project that holds the job. Required. Changing it replaces the job.
	Project pulumi.StringInput
	// Location is the region, for example us-central1. Required. Changing it replaces the job.
	Location pulumi.StringInput
	// JobName is the job id: 1-57 lower-case letters, digits and hyphens, beginning with a letter. Required. Changing it replaces the job.
	JobName string
	// Image is the container image by digest, NAME@sha256:<64 hex>. Required. A tag is refused, because the image of the job must not
	// change when a tag moves.
	Image pulumi.StringInput
	// ImageUser is the user the image runs as, USER@DIGEST with the image's own digest. It becomes the annotation
	// [ImageUserAnnotation]. Default: the empty string, which means that the user is not known.
	ImageUser pulumi.StringInput
	// ServiceAccount is the e-mail address of the account the job runs as. Required.
	ServiceAccount pulumi.StringInput
	// Labels are put on the job and on its executions. Default: none.
	Labels pulumi.StringMapInput
	// Command replaces the image's entry point, and Args its arguments. Default: the image's own.
	Command, Args []string
	// CPU is the limit in vCPUs, for example "1". Default: [DefaultCPU].
	CPU string
	// Memory is the limit, for example 512Mi. Default: [DefaultMemory].
	Memory string
	// Tasks are how many containers an execution runs, 1-10000. Default: [DefaultTasks].
	Tasks int
	// Parallelism is how many tasks run at once, at most Tasks. Default: 0; Cloud Run runs as many as it has room for.
	Parallelism int
	// MaxRetries is how often a task that failed is tried again, 0-10. Default: 0.
	MaxRetries int
	// TimeoutSeconds is how long one attempt of a task may take, 1-86400. Default: [DefaultTimeoutSeconds].
	TimeoutSeconds int
	// Environment are plain variables, by name. Values appear in state and console: secrets go to Secrets. Default: none.
	Environment map[string]pulumi.StringInput
	// Secrets are variables whose values come from Secret Manager, by name. Default: none.
	Secrets map[string]SecretVariable
	// CloudSQL are the connection names of instances whose sockets are in /cloudsql. Default: none.
	CloudSQL pulumi.StringArrayInput
	// VPC is a network that the job sends requests into. Default: none; the job reaches only the internet.
	VPC *VPC
	// BinaryAuthorization makes the project's policy judge the image before it starts. Default: false; every image
	// starts.
	BinaryAuthorization bool
	// DeletionProtection makes the provider refuse to delete or replace the job. Default: false.
	DeletionProtection bool
	// Schedule starts the job. Default: none.
	Schedule *Schedule
}

// SecretVariable is a secret's version as a variable.
type SecretVariable struct {
	// Secret is the secret's id within the job's project. Required.
	Secret pulumi.StringInput
	// Version is the version's number. Required. "latest" is refused, so that everybody can tell which value an execution ran with.
	Version pulumi.StringInput
}

// VPC is a network that the job sends requests into, by Direct VPC egress.
type VPC struct {
	// Network is the network's name. Default: the network of Subnetwork.
	Network string
	// Subnetwork is the name of a subnetwork in the job's region. Default: the subnetwork of Network in that region.
	Subnetwork string
	// AllTraffic sends requests to the internet through the network too. Default: false; only requests to private
	// addresses go through it.
	AllTraffic bool
	// Tags are network tags. Default: none.
	Tags []string
}

// Schedule says when the job starts.
type Schedule struct {
	// Cron is five fields: minute, hour, day of the month, month, day of the week. Required.
	Cron string
	// TimeZone is the time zone of Cron, such as Europe/Berlin. Required.
	TimeZone string
	// Account is the e-mail address of the account that starts the job. Required. The component gives it the right to start this
	// job; it should have no other right.
	Account pulumi.StringInput
}

// Job is a Cloud Run job.
type Job struct {
	pulumi.ResourceState

	// ID is the resource id, projects/P/locations/L/jobs/J.
	ID pulumi.StringOutput
	// Name is the job id, once the job exists.
	Name pulumi.StringOutput
	// Image is the image that the job's next execution runs.
	Image pulumi.StringOutput
}

// NewJob makes the job and, if it has one, its schedule. It fails before registering anything when an argument is missing or
// impossible, and then names every such argument. A bad image or secret version that becomes known only later makes the update fail
// at that point.
func NewJob(ctx *pulumi.Context, name string, args *JobArgs, opts ...pulumi.ResourceOption) (*Job, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("job %q: %w", name, err)
	}
	job := &Job{}
	if err := ctx.RegisterComponentResourceV2(TypeToken, name, args.inputs(), job, opts...); err != nil {
		return nil, fmt.Errorf("register job %q: %w", name, err)
	}
	job.Image = container.ByDigest(args.Image)
	var admission cloudrunv2.JobBinaryAuthorizationPtrInput
	if args.BinaryAuthorization {
		admission = &cloudrunv2.JobBinaryAuthorizationArgs{UseDefault: pulumi.Bool(true)}
	}
	made, err := cloudrunv2.NewJob(ctx, name+"-job", &cloudrunv2.JobArgs{
		Project: args.Project, Location: args.Location, Name: pulumi.String(args.JobName), Labels: args.Labels,
		// The provider's default is true, so false has to be written.
		DeletionProtection:  pulumi.Bool(args.DeletionProtection),
		BinaryAuthorization: admission,
		Template: &cloudrunv2.JobTemplateArgs{
			Labels: args.Labels, Annotations: container.UserAnnotation(ImageUserAnnotation, args.Image, args.ImageUser),
			TaskCount:   pulumi.Int(cmp.Or(args.Tasks, DefaultTasks)),
			Parallelism: args.parallelism(), Template: args.template(job.Image),
		},
		// Every client of the API, such as gcloud, leaves its name in these fields.
	}, pulumiopt.Child(job, pulumi.IgnoreChanges([]string{"client", "clientVersion"}))...)
	if err != nil {
		return nil, fmt.Errorf("job %q: Cloud Run job: %w", name, err)
	}
	job.ID, job.Name = made.ID().ToStringOutput(), made.Name
	if args.Schedule != nil {
		if err := job.schedule(ctx, name, args); err != nil {
			return nil, fmt.Errorf("job %q: schedule: %w", name, err)
		}
	}
	if err := ctx.RegisterResourceOutputs(job, pulumi.Map{"id": job.ID, "name": job.Name, "image": job.Image}); err != nil {
		return nil, fmt.Errorf("job %q: register outputs: %w", name, err)
	}
	return job, nil
}

// parallelism returns nil if there is no bound. The program then does not manage the value that the API answers.
func (args *JobArgs) parallelism() pulumi.IntPtrInput {
	if args.Parallelism == 0 {
		return nil
	}
	return pulumi.Int(args.Parallelism)
}

func (args *JobArgs) template(image pulumi.StringOutput) *cloudrunv2.JobTemplateTemplateArgs {
	template := &cloudrunv2.JobTemplateTemplateArgs{
		ServiceAccount:       args.ServiceAccount.ToStringOutput(),
		ExecutionEnvironment: pulumi.String("EXECUTION_ENVIRONMENT_GEN2"),
		MaxRetries:           pulumi.Int(args.MaxRetries),
		Timeout:              pulumi.String(fmt.Sprintf("%ds", cmp.Or(args.TimeoutSeconds, DefaultTimeoutSeconds))),
		Containers: cloudrunv2.JobTemplateTemplateContainerArray{&cloudrunv2.JobTemplateTemplateContainerArgs{
			Image: image, Commands: container.Texts(args.Command), Args: container.Texts(args.Args), Envs: args.variables(),
			Resources: &cloudrunv2.JobTemplateTemplateContainerResourcesArgs{Limits: pulumi.StringMap{
				"cpu": pulumi.String(cmp.Or(args.CPU, DefaultCPU)), "memory": pulumi.String(cmp.Or(args.Memory, DefaultMemory)),
			}},
			VolumeMounts: args.mounts(),
		}},
		VpcAccess: args.VPC.access(),
	}
	if args.CloudSQL != nil {
		template.Volumes = cloudrunv2.JobTemplateTemplateVolumeArray{&cloudrunv2.JobTemplateTemplateVolumeArgs{Name: pulumi.String(sockets),
			CloudSqlInstance: &cloudrunv2.JobTemplateTemplateVolumeCloudSqlInstanceArgs{Instances: args.CloudSQL}}}
	}
	return template
}

// sockets is the name of the folder with the sockets of databases. The program mounts it by name. Otherwise Cloud Run would add a
// mount that the program does not have, and every preview would remove it.
const sockets = "cloudsql"

func (args *JobArgs) mounts() cloudrunv2.JobTemplateTemplateContainerVolumeMountArrayInput {
	if args.CloudSQL == nil {
		return nil
	}
	return cloudrunv2.JobTemplateTemplateContainerVolumeMountArray{&cloudrunv2.JobTemplateTemplateContainerVolumeMountArgs{
		Name: pulumi.String(sockets), MountPath: pulumi.String("/cloudsql")}}
}

func (v *VPC) access() cloudrunv2.JobTemplateTemplateVpcAccessPtrInput {
	if v == nil {
		return nil
	}
	return &cloudrunv2.JobTemplateTemplateVpcAccessArgs{
		Egress: container.VPC(*v).Egress(),
		NetworkInterfaces: cloudrunv2.JobTemplateTemplateVpcAccessNetworkInterfaceArray{
			&cloudrunv2.JobTemplateTemplateVpcAccessNetworkInterfaceArgs{
				Network: container.Text(v.Network), Subnetwork: container.Text(v.Subnetwork), Tags: container.Texts(v.Tags),
			},
		},
	}
}

// variables returns the plain variables and then the secret ones, each sorted by name, so that an unchanged job has no
// difference.
func (args *JobArgs) variables() cloudrunv2.JobTemplateTemplateContainerEnvArray {
	var variables cloudrunv2.JobTemplateTemplateContainerEnvArray
	for _, name := range slices.Sorted(maps.Keys(args.Environment)) {
		variables = append(variables, &cloudrunv2.JobTemplateTemplateContainerEnvArgs{Name: pulumi.String(name),
			Value: args.Environment[name].ToStringOutput()})
	}
	for _, name := range slices.Sorted(maps.Keys(args.Secrets)) {
		secret := args.Secrets[name]
		variables = append(variables, &cloudrunv2.JobTemplateTemplateContainerEnvArgs{Name: pulumi.String(name),
			ValueSource: &cloudrunv2.JobTemplateTemplateContainerEnvValueSourceArgs{
				SecretKeyRef: &cloudrunv2.JobTemplateTemplateContainerEnvValueSourceSecretKeyRefArgs{
					Secret: secret.Secret, Version: container.Pinned(fmt.Sprintf("args.Secrets[%q]", name), secret.Version),
				},
			}})
	}
	return variables
}

// schedule lets an account start the job, and makes Cloud Scheduler start it as that account.
func (job *Job) schedule(ctx *pulumi.Context, name string, args *JobArgs) error {
	starter, err := cloudrunv2.NewJobIamMember(ctx, name+"-starter", &cloudrunv2.JobIamMemberArgs{
		Project: args.Project, Location: args.Location, Name: job.Name, Role: pulumi.String(startRole),
		Member: pulumi.Sprintf("serviceAccount:%s", args.Schedule.Account),
	}, pulumiopt.Child(job)...)
	if err != nil {
		return fmt.Errorf("starter: %w", err)
	}
	_, err = cloudscheduler.NewJob(ctx, name+"-schedule", &cloudscheduler.JobArgs{
		Project: args.Project, Region: args.Location, Name: pulumi.String(args.JobName),
		Description: pulumi.String("Starts the Cloud Run job " + args.JobName + "."),
		Schedule:    pulumi.String(args.Schedule.Cron), TimeZone: pulumi.String(args.Schedule.TimeZone),
		AttemptDeadline: pulumi.String("180s"),
		HttpTarget: &cloudscheduler.JobHttpTargetArgs{
			HttpMethod: pulumi.String("POST"), Uri: pulumi.Sprintf("https://run.googleapis.com/v2/%s:run", job.ID),
			OauthToken: &cloudscheduler.JobHttpTargetOauthTokenArgs{ServiceAccountEmail: args.Schedule.Account,
				Scope: pulumi.String("https://www.googleapis.com/auth/cloud-platform")},
		},
	}, pulumiopt.Child(job, pulumi.DependsOn([]pulumi.Resource{starter}))...)
	return err
}
