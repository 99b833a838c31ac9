package program

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// writeServices makes the services. It comes after the secrets' accessors and the policy: a revision does not start if its
// account cannot read its secrets, and a revision that starts before the policy exists is not judged by it.
func (p *platform) writeServices(ctx *pulumi.Context) error {
	p.services, p.users = map[string]*cloudrun.Service{}, map[string]pulumi.StringOutput{}
	for _, key := range p.serviceKeys() {
		s := p.settings.Services[key]
		service, err := cloudrun.NewService(ctx, "service-"+key, p.serviceArgs(ctx, s, key),
			p.inProject(slices.Concat(p.beforeImages(key), p.dataReady(s.Databases, s.Buckets, mountedBuckets(s)...))...)...)
		if err != nil {
			return err
		}
		p.services[key] = service
	}
	return nil
}

// beforeImages returns the resources that must exist before an image starts. accessor is the key under which its
// account reads secrets.
func (p *platform) beforeImages(accessor string) []pulumi.Resource {
	needs := slices.Clone(p.secrets.Accessors[accessor])
	if p.attestation != nil {
		needs = append(needs, p.attestation.Policy)
	}
	return needs
}

func (p *platform) serviceArgs(ctx *pulumi.Context, s stacks.Service, key string) *cloudrun.ServiceArgs {
	image, user := p.image(ctx, s)
	p.users[key] = user
	environment, volumes := texts(s.Environment), p.volumes(s)
	maps.Copy(environment, p.dataVariables(s.Databases, s.Buckets, key))
	mounts := p.sockets(s, volumes)
	return &cloudrun.ServiceArgs{
		Project:             p.projectID(),
		ProjectNumber:       p.projectNumber(),
		Location:            p.region(),
		ServiceName:         s.Name,
		Image:               image,
		ImageUser:           user,
		ServiceAccount:      p.runtimes[key].Email,
		Labels:              p.labels(),
		Port:                s.Port,
		CPU:                 s.CPU,
		Memory:              s.Memory,
		CPUAlwaysOn:         s.CPUIdle != nil && !*s.CPUIdle,
		StartupCPUBoost:     s.StartupCPUBoost,
		Command:             s.Command,
		Arguments:           s.Arguments,
		HTTP2:               s.HTTP2,
		FirstGeneration:     s.ExecutionEnvironment == "gen1",
		SessionAffinity:     s.SessionAffinity,
		Audiences:           s.Audiences,
		Sidecars:            p.sidecars(s),
		After:               s.After,
		Volumes:             volumes,
		Mounts:              mounts,
		VPC:                 vpc(s.VPC),
		Concurrency:         s.Concurrency,
		TimeoutSeconds:      s.TimeoutSeconds,
		MinInstances:        s.MinInstances,
		MaxInstances:        s.MaxInstances,
		Startup:             probe(s.Startup),
		Liveness:            probe(s.Liveness),
		Environment:         environment,
		URLVariables:        s.URLVariables.Own,
		OtherURLs:           p.otherURLs(s.URLVariables.Of),
		Secrets:             p.secretVariables(s.Secrets),
		Public:              s.Public,
		Invokers:            p.invokers(s),
		Ingress:             s.Ingress,
		DeletionProtection:  s.DeletionProtection != nil && *s.DeletionProtection,
		BinaryAuthorization: p.attestation != nil,
		Attempt:             s.Attempt,
		Traffic:             s.Traffic,
	}
}

// otherURLs returns the URLs of other services. They are known before any service exists, so that services may name
// each other.
func (p *platform) otherURLs(variables map[string]string) map[string]pulumi.StringInput {
	urls := map[string]pulumi.StringInput{}
	for name, key := range variables {
		urls[name] = pulumi.String(naming.ServiceURL(p.settings.Services[key].Name, p.settings.Project.Number, p.settings.Project.Region))
	}
	return urls
}

// invokers returns the accounts that may call a service: those of other services, and those that the settings list with
// a reason.
func (p *platform) invokers(s stacks.Service) map[string]cloudrun.Invoker {
	invokers := map[string]cloudrun.Invoker{}
	for _, key := range s.Callers {
		invokers[key] = cloudrun.Invoker{
			Member: p.runtimes[key].Member, Reason: fmt.Sprintf("The service %s calls it.", p.settings.Services[key].Name),
		}
	}
	maps.Copy(invokers, outsideCallers(s.OutsideCallers))
	return invokers
}

func outsideCallers(reasons map[string]string) map[string]cloudrun.Invoker {
	invokers := map[string]cloudrun.Invoker{}
	for member, reason := range reasons {
		invokers["outside-"+naming.Slug(member)] = cloudrun.Invoker{Member: pulumi.String(member), Reason: reason}
	}
	return invokers
}

func vpc(v *stacks.VPC) *cloudrun.VPC {
	if v == nil {
		return nil
	}
	return &cloudrun.VPC{Network: v.Network, Subnetwork: v.Subnetwork, AllTraffic: v.Egress == "all-traffic", Tags: v.Tags}
}

// serviceResource returns the provider's name of a service, in ids and errors.
func (p *platform) serviceResource(s stacks.Service) string {
	return fmt.Sprintf("projects/%s/locations/%s/services/%s", p.settings.Project.ID, p.settings.Project.Region, s.Name)
}
