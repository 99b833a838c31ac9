package cloudrun

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/container"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// TypeToken identifies the component in state. It never changes.
const TypeToken = "procureflow:cloudrun:Service"

// ImageUserAnnotation is the annotation of a revision that names the user its image runs as. Cloud Run has no setting
// for the user, so policies read this annotation. Annotations without a prefix are free for users.
const ImageUserAnnotation = "image-user"

// Latest in [ServiceArgs.Traffic] stands for the revision that became ready last.
const Latest = "LATEST"

const (
	invokerRole = "roles/run.invoker"
	everybody   = "allUsers"
)

// ingressValues maps the settings' names to the API's.
var ingressValues = map[string]string{
	"all":                               "INGRESS_TRAFFIC_ALL",
	"internal":                          "INGRESS_TRAFFIC_INTERNAL_ONLY",
	"internal-and-cloud-load-balancing": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
}

// ServiceArgs describes a service.
type ServiceArgs struct {
	// Project is the id of the project that holds the service. Required. Changing it replaces the service.
	Project pulumi.StringInput
	// ProjectNumber is the project's number, which is part of the service's URL; `gcloud projects describe PROJECT` shows
	// it. Required.
	ProjectNumber pulumi.StringInput
	// Location is the region, for example us-central1. Required. Changing it replaces the service.
	Location pulumi.StringInput
	// ServiceName is the service id: 1-49 lower-case letters, digits and hyphens, beginning with a letter. Required.
	// Changing it replaces the service, and with it its URL.
	ServiceName string
	// Image is the container image by digest, NAME@sha256:<64 hex>. Required. A tag is refused, because the running image
	// must not change when a tag moves.
	Image pulumi.StringInput
	// ImageUser is the user the image runs as, USER@DIGEST with the image's own digest, found in its configuration. It
	// becomes the revision's annotation [ImageUserAnnotation]. Cloud Run itself takes the user from the image. Default:
	// the empty string, which means that the user is not known.
	ImageUser pulumi.StringInput
	// ServiceAccount is the e-mail address of the account the service runs as. Required: the project's default account
	// can do far more than a service needs.
	ServiceAccount pulumi.StringInput
	// Labels are put on the service and on each of its revisions. Default: none.
	Labels pulumi.StringMapInput
	// Annotations are put on the service, in addition to those that others put there. Default: none.
	Annotations pulumi.StringMapInput
	// ImageOf names a sidecar whose image somebody else changes once the service exists; the program then leaves that image alone. Cloud
	// Run chooses the revisions' names, and the newest ready revision has all requests. Default: none; the program sets every image.
	ImageOf string

	// Port is the port the container listens on, 1-65535. Default: [DefaultPort].
	Port int
	// CPU is the limit in vCPUs, for example "1". Default: [DefaultCPU].
	CPU string
	// Memory is the limit, for example 512Mi. Default: [DefaultMemory].
	Memory string
	// CPUAlwaysOn allocates, and bills, CPU outside of requests as well. Default: false; an idle instance's CPU is
	// throttled.
	CPUAlwaysOn bool
	// StartupCPUBoost gives more CPU while an instance starts. Default: false.
	StartupCPUBoost bool
	// Command replaces the image's entrypoint, and Arguments replace its arguments. Default: the image's.
	Command, Arguments []string
	// HTTP2 has requests arrive as HTTP/2 without TLS (h2c). Default: false.
	HTTP2 bool
	// FirstGeneration selects the older execution environment, which mounts neither buckets nor file servers. Default:
	// false.
	FirstGeneration bool
	// SessionAffinity sends a client to the instance that answered it before. It overrides a split of traffic. Default:
	// false.
	SessionAffinity bool
	// Audiences are further audiences of ID tokens that the service accepts besides its URL. Default: none.
	Audiences []string
	// Sidecars are containers next to the service's own, by name. Default: none.
	Sidecars map[string]Sidecar
	// After are sidecars that have to be healthy before the service's own container starts. Default: none.
	After []string
	// Volumes are folders that containers mount, by name. Default: none.
	Volumes map[string]Volume
	// Mounts maps the names of volumes to the paths at which the service's own container sees them. Default: none.
	Mounts map[string]string
	// VPC is a network that the service reaches. Default: none.
	VPC *VPC
	// Concurrency is how many requests an instance takes at once, 1-1000. Default: [DefaultConcurrency].
	Concurrency int
	// TimeoutSeconds is how long a request may take, 1-3600. Default: [DefaultTimeoutSeconds].
	TimeoutSeconds int
	// MinInstances is how many instances are kept warm. Default: 0.
	MinInstances int
	// MaxInstances caps the instances of each revision, and so the cost. While two revisions share traffic, each has
	// this cap. Required, at least 1.
	MaxInstances int
	// Startup must succeed before an instance gets requests. Required.
	Startup Probe
	// Liveness restarts the container when it fails. Required.
	Liveness Probe

	// Environment are plain variables, by name. Values appear in state and console: secrets go to Secrets. Default: none.
	Environment map[string]pulumi.StringInput
	// URLVariables are variables that hold the service's own URL. Default: none.
	URLVariables []string
	// OtherURLs are variables that hold the URLs of other services, by name. Default: none.
	OtherURLs map[string]pulumi.StringInput
	// Secrets are variables whose values come from Secret Manager, by name. Default: none.
	Secrets map[string]SecretVariable

	// Public lets anybody call the service. Default: false; callers need roles/run.invoker.
	Public bool
	// Invokers are the accounts that may call the service, by a key that names the grant. Default: nobody.
	Invokers map[string]Invoker
	// Ingress is all, internal or internal-and-cloud-load-balancing. Default: all.
	Ingress string
	// BinaryAuthorization makes the project's policy judge each image before it starts. Default: false; every image
	// starts.
	BinaryAuthorization bool
	// DeletionProtection makes the provider refuse to delete or replace the service. Default: false.
	DeletionProtection bool
	// Attempt is raised to deploy an unchanged template again. Default: 0.
	Attempt int
	// Traffic is the split at the service's creation in percent, by revision name or [Latest]; it sums to 100. Default:
	// 100 to the first revision. Afterwards changes are ignored.
	Traffic map[string]int
}

// Invoker is an account that may call a service.
type Invoker struct {
	// Member is the caller as IAM writes it, for example serviceAccount:ADDRESS. Required.
	Member pulumi.StringInput
	// Reason says in a sentence why the account calls the service. Required.
	Reason string
}

// SecretVariable is a secret's version as a variable.
type SecretVariable struct {
	// Secret is the secret's id within the service's project. Required.
	Secret pulumi.StringInput
	// Version is the version's number. Required. "latest" is refused: a rollback has to restore the value too.
	Version pulumi.StringInput
}

// Service is a Cloud Run service.
type Service struct {
	pulumi.ResourceState

	// ID is the resource id, projects/P/locations/L/services/S.
	ID pulumi.StringOutput
	// Name is the service id, once the service exists.
	Name pulumi.StringOutput
	// URL is the service's deterministic URL, without a slash at its end. It is known before the service exists.
	URL pulumi.StringOutput
	// Host is the URL's host.
	Host pulumi.StringOutput
	// Revision is the name of the revision that the template describes, whether or not it has traffic.
	Revision pulumi.StringOutput
	// Image is that revision's image.
	Image pulumi.StringOutput
}

// NewService makes the service, and access for everybody if it is public. It fails before registering anything when an
// argument is missing or impossible, and then names every such argument. A bad image or secret version that becomes
// known only later makes the update fail at that point.
func NewService(ctx *pulumi.Context, name string, args *ServiceArgs, opts ...pulumi.ResourceOption) (*Service, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	service := &Service{}
	if err := ctx.RegisterComponentResourceV2(TypeToken, name, args.inputs(), service, opts...); err != nil {
		return nil, fmt.Errorf("register service %q: %w", name, err)
	}
	if err := warnWithoutRefresh(ctx, service); err != nil {
		return nil, err
	}
	service.Host = pulumi.All(args.ProjectNumber, args.Location).ApplyT(func(values []any) string {
		return naming.ServiceHost(args.ServiceName, values[0].(string), values[1].(string))
	}).(pulumi.StringOutput)
	service.URL = pulumi.Sprintf("https://%s", service.Host)
	template := args.template(service.URL)
	service.Revision = revisionName(args.ServiceName, args.Attempt, template)
	// The name is computed from the template concurrently. It goes into a copy, because it must not wait for itself.
	named := *template
	named.Revision = service.Revision
	ignored := []string{
		// The release controller owns traffic. The option is set here because a component's ignoreChanges do not reach
		// its children.
		"traffics",
		// Every client of the API, such as gcloud and the release controller, leaves its name in these fields.
		"client", "clientVersion",
	}
	if args.ImageOf != "" {
		service.Revision, named.Revision = pulumi.String("").ToStringOutput(), nil
		ignored = append(ignored, fmt.Sprintf("template.containers[%d].image", args.sidecarIndex(args.ImageOf)))
	}
	service.Image = container.ByDigest(args.Image)

	var admission cloudrunv2.ServiceBinaryAuthorizationPtrInput
	if args.BinaryAuthorization {
		admission = &cloudrunv2.ServiceBinaryAuthorizationArgs{UseDefault: pulumi.Bool(true)}
	}
	run, err := cloudrunv2.NewService(ctx, name+"-service", &cloudrunv2.ServiceArgs{
		Project:            args.Project,
		Location:           args.Location,
		Name:               pulumi.String(args.ServiceName),
		Labels:             args.Labels,
		Annotations:        args.Annotations,
		Ingress:            pulumi.String(ingressValues[args.ingress()]),
		InvokerIamDisabled: pulumi.Bool(false),
		CustomAudiences:    container.Texts(args.Audiences),
		// The provider's default is true, so false has to be written.
		DeletionProtection:  pulumi.Bool(args.DeletionProtection),
		BinaryAuthorization: admission,
		Template:            &named,
		Traffics:            args.traffic(service.Revision),
	}, pulumiopt.Child(service, pulumi.IgnoreChanges(ignored))...)
	if err != nil {
		return nil, fmt.Errorf("service %q: Cloud Run service: %w", name, err)
	}
	if err := args.grantInvocation(ctx, name, service, run.Name); err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	service.ID = run.ID().ToStringOutput()
	service.Name = run.Name
	outputs := pulumi.Map{
		"id": service.ID, "name": service.Name, "url": service.URL, "host": service.Host,
		"revision": service.Revision, "image": service.Image,
	}
	if err := ctx.RegisterResourceOutputs(service, outputs); err != nil {
		return nil, fmt.Errorf("service %q: register outputs: %w", name, err)
	}
	return service, nil
}

// grantInvocation lets everybody call the service, or only the named accounts.
func (args *ServiceArgs) grantInvocation(ctx *pulumi.Context, name string, parent *Service, service pulumi.StringInput) error {
	members := map[string]pulumi.StringInput{}
	if args.Public {
		members["public"] = pulumi.String(everybody)
	}
	for key, invoker := range args.Invokers {
		members["invoker-"+key] = invoker.Member
	}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		_, err := cloudrunv2.NewServiceIamMember(ctx, name+"-"+key, &cloudrunv2.ServiceIamMemberArgs{
			Project:  args.Project,
			Location: args.Location,
			Name:     service,
			Role:     pulumi.String(invokerRole),
			Member:   members[key],
		}, pulumiopt.Child(parent)...)
		if err != nil {
			return fmt.Errorf("access of %s: %w", key, err)
		}
	}
	return nil
}

// traffic returns the split at the service's creation. It names the first revision rather than LATEST, so that a later
// template gets no traffic by itself.
func (args *ServiceArgs) traffic(revision pulumi.StringInput) cloudrunv2.ServiceTrafficArray {
	const byRevision, byLatest = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
	if args.ImageOf != "" {
		return nil // Cloud Run's own default: the newest revision that is ready.
	}
	if len(args.Traffic) == 0 {
		return cloudrunv2.ServiceTrafficArray{&cloudrunv2.ServiceTrafficArgs{
			Type: pulumi.String(byRevision), Revision: revision.ToStringOutput(), Percent: pulumi.Int(100),
		}}
	}
	split := cloudrunv2.ServiceTrafficArray{}
	for _, target := range slices.Sorted(maps.Keys(args.Traffic)) {
		entry := &cloudrunv2.ServiceTrafficArgs{Type: pulumi.String(byLatest), Percent: pulumi.Int(args.Traffic[target])}
		if target != Latest {
			entry.Type, entry.Revision = pulumi.String(byRevision), pulumi.String(target)
		}
		split = append(split, entry)
	}
	return split
}

// inputs returns the component's inputs, which state keeps and policies read.
func (args *ServiceArgs) inputs() pulumi.Map {
	inputs := pulumi.Map{
		"project": args.Project, "location": args.Location, "serviceName": pulumi.String(args.ServiceName),
		"image": args.Image, "serviceAccount": args.ServiceAccount,
		"minInstances": pulumi.Int(args.MinInstances), "maxInstances": pulumi.Int(args.MaxInstances),
		"public": pulumi.Bool(args.Public), "ingress": pulumi.String(args.ingress()),
		"binaryAuthorization": pulumi.Bool(args.BinaryAuthorization), "deletionProtection": pulumi.Bool(args.DeletionProtection),
		"attempt": pulumi.Int(args.Attempt),
	}
	if len(args.Invokers) > 0 {
		invokers := pulumi.Map{}
		for key, invoker := range args.Invokers {
			invokers[key] = pulumi.Map{"member": invoker.Member, "reason": pulumi.String(invoker.Reason)}
		}
		inputs["invokers"] = invokers
	}
	if len(args.Sidecars) > 0 {
		inputs["sidecars"] = pulumi.ToStringArray(slices.Sorted(maps.Keys(args.Sidecars)))
	}
	if args.Labels != nil {
		inputs["labels"] = args.Labels
	}
	if args.ImageUser != nil {
		inputs["imageUser"] = args.ImageUser
	}
	return inputs
}

func (args *ServiceArgs) ingress() string { return cmp.Or(args.Ingress, "all") }
