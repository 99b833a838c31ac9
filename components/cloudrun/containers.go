package cloudrun

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/container"
)

// MainContainer is the name of the service's own container if there are sidecars. Without sidecars the container has no
// name.
const MainContainer = "main"

// Sidecar is a container next to the service's own. It shares the instance's network, and takes no requests from outside.
type Sidecar struct {
	// Image is the container image by digest, NAME@sha256:<64 hex>. Required.
	Image pulumi.StringInput
	// Command replaces the image's entrypoint, and Arguments replace its arguments. Default: the image's.
	Command, Arguments []string
	// CPU is the limit in vCPUs, for example "0.5". Required.
	CPU string
	// Memory is the limit, for example 256Mi. Required.
	Memory string
	// StartupCPUBoost gives more CPU while an instance starts. Default: false.
	StartupCPUBoost bool
	// Environment are plain variables, by name. Default: none.
	Environment map[string]pulumi.StringInput
	// Secrets are variables whose values come from Secret Manager, by name. Default: none.
	Secrets map[string]SecretVariable
	// Startup and Liveness are the sidecar's probes; each names its port. Default: none. A sidecar that others start after needs a
	// startup probe.
	Startup, Liveness *Probe
	// After are sidecars that have to be healthy before this one starts. Default: none.
	After []string
	// Mounts maps the names of volumes to the paths at which the container sees them. Default: none.
	Mounts map[string]string
}

// containers returns the service's own container, and after it the sidecars sorted by name.
func (args *ServiceArgs) containers(port int, url pulumi.StringOutput) cloudrunv2.ServiceTemplateContainerArray {
	ports := &cloudrunv2.ServiceTemplateContainerPortsArgs{ContainerPort: pulumi.Int(port)}
	if args.HTTP2 {
		ports.Name = pulumi.String("h2c")
	}
	urls := maps.Clone(args.OtherURLs)
	if urls == nil {
		urls = map[string]pulumi.StringInput{}
	}
	for _, name := range args.URLVariables {
		urls[name] = url
	}
	main := &cloudrunv2.ServiceTemplateContainerArgs{
		Image:         container.ByDigest(args.Image),
		Commands:      container.Texts(args.Command),
		Args:          container.Texts(args.Arguments),
		Ports:         ports,
		Resources:     args.resources(cmp.Or(args.CPU, DefaultCPU), cmp.Or(args.Memory, DefaultMemory), args.StartupCPUBoost),
		Envs:          variables("args", args.Environment, urls, args.Secrets),
		StartupProbe:  args.Startup.startup(port),
		LivenessProbe: args.Liveness.liveness(port),
		DependsOns:    container.Texts(slices.Sorted(slices.Values(args.After))),
		VolumeMounts:  mounts(args.Mounts),
	}
	all := cloudrunv2.ServiceTemplateContainerArray{main}
	for _, name := range slices.Sorted(maps.Keys(args.Sidecars)) {
		main.Name = pulumi.String(MainContainer)
		all = append(all, args.sidecar(name, args.Sidecars[name]))
	}
	return all
}

// sidecarIndex returns the position of a sidecar in the list of containers.
func (args *ServiceArgs) sidecarIndex(name string) int {
	return 1 + slices.Index(slices.Sorted(maps.Keys(args.Sidecars)), name)
}

func (args *ServiceArgs) sidecar(name string, s Sidecar) *cloudrunv2.ServiceTemplateContainerArgs {
	container := &cloudrunv2.ServiceTemplateContainerArgs{
		Name:         pulumi.String(name),
		Image:        container.ByDigest(s.Image),
		Commands:     container.Texts(s.Command),
		Args:         container.Texts(s.Arguments),
		Resources:    args.resources(s.CPU, s.Memory, s.StartupCPUBoost),
		Envs:         variables(fmt.Sprintf("args.Sidecars[%q]", name), s.Environment, nil, s.Secrets),
		DependsOns:   container.Texts(slices.Sorted(slices.Values(s.After))),
		VolumeMounts: mounts(s.Mounts),
	}
	if s.Startup != nil {
		container.StartupProbe = s.Startup.startup(0)
	}
	if s.Liveness != nil {
		container.LivenessProbe = s.Liveness.liveness(0)
	}
	return container
}

// resources returns a container's limits. The CPU allocation belongs to the instance, so it is the same in every
// container.
func (args *ServiceArgs) resources(cpu, memory string, boost bool) *cloudrunv2.ServiceTemplateContainerResourcesArgs {
	return &cloudrunv2.ServiceTemplateContainerResourcesArgs{
		Limits:          pulumi.StringMap{"cpu": pulumi.String(cpu), "memory": pulumi.String(memory)},
		CpuIdle:         pulumi.Bool(!args.CPUAlwaysOn),
		StartupCpuBoost: pulumi.Bool(boost),
	}
}

// mounts returns the mounts sorted by volume, because their order is part of the template.
func mounts(paths map[string]string) cloudrunv2.ServiceTemplateContainerVolumeMountArrayInput {
	if len(paths) == 0 {
		return nil
	}
	var list cloudrunv2.ServiceTemplateContainerVolumeMountArray
	for _, volume := range slices.Sorted(maps.Keys(paths)) {
		list = append(list, &cloudrunv2.ServiceTemplateContainerVolumeMountArgs{
			Name: pulumi.String(volume), MountPath: pulumi.String(paths[volume]),
		})
	}
	return list
}

// variables returns the variables sorted by name, because their order is part of the template. of is the path of the
// arguments, for errors.
func variables(of string, plain, urls map[string]pulumi.StringInput,
	secrets map[string]SecretVariable) cloudrunv2.ServiceTemplateContainerEnvArray {
	byName := map[string]*cloudrunv2.ServiceTemplateContainerEnvArgs{}
	for _, values := range []map[string]pulumi.StringInput{plain, urls} {
		for name, value := range values {
			byName[name] = &cloudrunv2.ServiceTemplateContainerEnvArgs{Value: value.ToStringOutput()}
		}
	}
	for name, secret := range secrets {
		byName[name] = &cloudrunv2.ServiceTemplateContainerEnvArgs{
			ValueSource: &cloudrunv2.ServiceTemplateContainerEnvValueSourceArgs{
				SecretKeyRef: &cloudrunv2.ServiceTemplateContainerEnvValueSourceSecretKeyRefArgs{
					Secret: secret.Secret, Version: container.Pinned(fmt.Sprintf("%s.Secrets[%q]", of, name), secret.Version),
				},
			},
		}
	}
	list := cloudrunv2.ServiceTemplateContainerEnvArray{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		byName[name].Name = pulumi.String(name)
		list = append(list, byName[name])
	}
	return list
}
