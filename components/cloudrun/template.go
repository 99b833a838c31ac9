package cloudrun

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
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

// template is everything that makes a revision, except its name.
func (args *ServiceArgs) template(url pulumi.StringOutput) *cloudrunv2.ServiceTemplateArgs {
	port := cmp.Or(args.Port, DefaultPort)
	return &cloudrunv2.ServiceTemplateArgs{
		ServiceAccount:       args.ServiceAccount.ToStringOutput(),
		Labels:               args.Labels,
		Annotations:          args.annotations(),
		ExecutionEnvironment: pulumi.String("EXECUTION_ENVIRONMENT_GEN2"),
		Scaling: &cloudrunv2.ServiceTemplateScalingArgs{
			MinInstanceCount: pulumi.Int(args.MinInstances),
			MaxInstanceCount: pulumi.Int(args.MaxInstances),
		},
		MaxInstanceRequestConcurrency: pulumi.Int(cmp.Or(args.Concurrency, DefaultConcurrency)),
		Timeout:                       pulumi.String(fmt.Sprintf("%ds", cmp.Or(args.TimeoutSeconds, DefaultTimeoutSeconds))),
		// Affinity overrides the split: a client would stay on the revision it met first, canary or not.
		SessionAffinity: pulumi.Bool(false),
		Containers: cloudrunv2.ServiceTemplateContainerArray{&cloudrunv2.ServiceTemplateContainerArgs{
			Image: byDigest(args.Image),
			Ports: &cloudrunv2.ServiceTemplateContainerPortsArgs{ContainerPort: pulumi.Int(port)},
			Resources: &cloudrunv2.ServiceTemplateContainerResourcesArgs{
				Limits: pulumi.StringMap{
					"cpu":    pulumi.String(cmp.Or(args.CPU, DefaultCPU)),
					"memory": pulumi.String(cmp.Or(args.Memory, DefaultMemory)),
				},
				CpuIdle:         pulumi.Bool(!args.CPUAlwaysOn),
				StartupCpuBoost: pulumi.Bool(args.StartupCPUBoost),
			},
			Envs:          args.variables(url),
			StartupProbe:  args.Startup.startup(port),
			LivenessProbe: args.Liveness.liveness(port),
		}},
	}
}

// annotations are absent, not empty, where nobody looked at the image: an empty map would rename the revision.
func (args *ServiceArgs) annotations() pulumi.StringMapInput {
	if args.ImageUser == nil {
		return nil
	}
	return pulumi.All(args.Image, args.ImageUser).ApplyT(func(values []any) (map[string]string, error) {
		image, user := values[0].(string), values[1].(string)
		if user == "" {
			return nil, nil
		}
		return map[string]string{ImageUserAnnotation: user}, checkImageUser(user, image)
	}).(pulumi.StringMapOutput)
}

// variables are sorted by name: the order is part of the template.
func (args *ServiceArgs) variables(url pulumi.StringOutput) cloudrunv2.ServiceTemplateContainerEnvArray {
	byName := map[string]*cloudrunv2.ServiceTemplateContainerEnvArgs{}
	for name, value := range args.Environment {
		byName[name] = &cloudrunv2.ServiceTemplateContainerEnvArgs{Value: value.ToStringOutput()}
	}
	for _, name := range args.URLVariables {
		byName[name] = &cloudrunv2.ServiceTemplateContainerEnvArgs{Value: url}
	}
	for name, secret := range args.Secrets {
		byName[name] = &cloudrunv2.ServiceTemplateContainerEnvArgs{
			ValueSource: &cloudrunv2.ServiceTemplateContainerEnvValueSourceArgs{
				SecretKeyRef: &cloudrunv2.ServiceTemplateContainerEnvValueSourceSecretKeyRefArgs{
					Secret: secret.Secret, Version: pinned(name, secret.Version),
				},
			},
		}
	}
	variables := cloudrunv2.ServiceTemplateContainerEnvArray{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		byName[name].Name = pulumi.String(name)
		variables = append(variables, byName[name])
	}
	return variables
}

func (p Probe) startup(port int) *cloudrunv2.ServiceTemplateContainerStartupProbeArgs {
	p = p.withDefaults()
	return &cloudrunv2.ServiceTemplateContainerStartupProbeArgs{
		HttpGet:             &cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs{Path: pulumi.String(p.Path), Port: pulumi.Int(port)},
		InitialDelaySeconds: pulumi.Int(p.InitialDelaySeconds), PeriodSeconds: pulumi.Int(p.PeriodSeconds),
		TimeoutSeconds: pulumi.Int(p.TimeoutSeconds), FailureThreshold: pulumi.Int(p.FailureThreshold),
	}
}

func (p Probe) liveness(port int) *cloudrunv2.ServiceTemplateContainerLivenessProbeArgs {
	p = p.withDefaults()
	return &cloudrunv2.ServiceTemplateContainerLivenessProbeArgs{
		HttpGet:             &cloudrunv2.ServiceTemplateContainerLivenessProbeHttpGetArgs{Path: pulumi.String(p.Path), Port: pulumi.Int(port)},
		InitialDelaySeconds: pulumi.Int(p.InitialDelaySeconds), PeriodSeconds: pulumi.Int(p.PeriodSeconds),
		TimeoutSeconds: pulumi.Int(p.TimeoutSeconds), FailureThreshold: pulumi.Int(p.FailureThreshold),
	}
}

func (p Probe) withDefaults() Probe {
	p.PeriodSeconds = cmp.Or(p.PeriodSeconds, defaultProbePeriodSeconds)
	p.TimeoutSeconds = cmp.Or(p.TimeoutSeconds, defaultProbeTimeoutSeconds)
	p.FailureThreshold = cmp.Or(p.FailureThreshold, defaultProbeFailureThreshold)
	return p
}
