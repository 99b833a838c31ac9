package program

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// writeServices comes after the accessors and the policy: a revision whose account cannot read its secrets does not start,
// and one that started before the policy was there was not judged by it.
func (p *platform) writeServices(ctx *pulumi.Context) error {
	p.services = map[string]*cloudrun.Service{}
	needs := slices.Clone(p.secrets.Accessors)
	if p.attestation != nil {
		needs = append(needs, p.attestation.Policy)
	}
	for _, key := range p.serviceKeys() {
		service, err := cloudrun.NewService(ctx, "service-"+key, p.serviceArgs(ctx, p.settings.Services[key], key), p.inProject(needs...)...)
		if err != nil {
			return err
		}
		p.services[key] = service
	}
	return nil
}

func (p *platform) serviceArgs(ctx *pulumi.Context, s stacks.Service, key string) *cloudrun.ServiceArgs {
	environment := map[string]pulumi.StringInput{}
	for name, value := range s.Environment {
		environment[name] = pulumi.String(value)
	}
	variables := map[string]cloudrun.SecretVariable{}
	for name, id := range s.Secrets {
		variables[name] = cloudrun.SecretVariable{Secret: p.secrets.SecretIDs[id], Version: p.secrets.Versions[id]}
	}
	image, user := p.image(ctx, s)
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
		Concurrency:         s.Concurrency,
		TimeoutSeconds:      s.TimeoutSeconds,
		MinInstances:        s.MinInstances,
		MaxInstances:        s.MaxInstances,
		Startup:             probe(s.Startup),
		Liveness:            probe(s.Liveness),
		Environment:         environment,
		URLVariables:        s.URLVariables,
		Secrets:             variables,
		Public:              s.Public,
		Ingress:             s.Ingress,
		DeletionProtection:  s.DeletionProtection,
		BinaryAuthorization: p.attestation != nil,
		Attempt:             s.Attempt,
		Traffic:             s.Traffic,
	}
}

func probe(p stacks.Probe) cloudrun.Probe {
	return cloudrun.Probe{
		Path: p.Path, InitialDelaySeconds: p.InitialDelaySeconds, PeriodSeconds: p.PeriodSeconds,
		TimeoutSeconds: p.TimeoutSeconds, FailureThreshold: p.FailureThreshold,
	}
}

// serviceResource is how the provider names a service, in its ids and in its errors.
func (p *platform) serviceResource(s stacks.Service) string {
	return fmt.Sprintf("projects/%s/locations/%s/services/%s", p.settings.Project.ID, p.settings.Project.Region, s.Name)
}
