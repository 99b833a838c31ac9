package cloudrun

import (
	"cmp"
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/container"
)

// Defaults of absent arguments. They are Cloud Run's own, written down so that a template, and with it a revision's
// name, does not depend on what the API fills in.
const (
	// DefaultPort is the container's port.
	DefaultPort = 8080
	// DefaultCPU is the limit in vCPUs.
	DefaultCPU = "1"
	// DefaultMemory is the memory limit.
	DefaultMemory = "512Mi"
	// DefaultConcurrency is how many requests an instance takes at once.
	DefaultConcurrency = 80
	// DefaultTimeoutSeconds is how long a request may take.
	DefaultTimeoutSeconds = 300

	defaultProbePeriodSeconds    = 10
	defaultProbeTimeoutSeconds   = 1
	defaultProbeFailureThreshold = 3
)

// template returns everything that makes a revision, except its name.
func (args *ServiceArgs) template(url pulumi.StringOutput) *cloudrunv2.ServiceTemplateArgs {
	port := cmp.Or(args.Port, DefaultPort)
	return &cloudrunv2.ServiceTemplateArgs{
		ServiceAccount:       args.ServiceAccount.ToStringOutput(),
		Labels:               args.Labels,
		Annotations:          container.UserAnnotation(ImageUserAnnotation, args.Image, args.ImageUser),
		ExecutionEnvironment: pulumi.String(args.executionEnvironment()),
		Scaling: &cloudrunv2.ServiceTemplateScalingArgs{
			MinInstanceCount: pulumi.Int(args.MinInstances),
			MaxInstanceCount: pulumi.Int(args.MaxInstances),
		},
		MaxInstanceRequestConcurrency: pulumi.Int(cmp.Or(args.Concurrency, DefaultConcurrency)),
		Timeout:                       pulumi.String(fmt.Sprintf("%ds", cmp.Or(args.TimeoutSeconds, DefaultTimeoutSeconds))),
		// Affinity overrides the split: a client stays on the revision that answered it first.
		SessionAffinity: pulumi.Bool(args.SessionAffinity),
		Containers:      args.containers(port, url),
		Volumes:         volumes(args.Volumes),
		VpcAccess:       args.VPC.access(),
	}
}

func (args *ServiceArgs) executionEnvironment() string {
	if args.FirstGeneration {
		return "EXECUTION_ENVIRONMENT_GEN1"
	}
	return "EXECUTION_ENVIRONMENT_GEN2"
}
