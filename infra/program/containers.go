package program

import (
	"cmp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// sidecars returns a service's containers next to its own.
func (p *platform) sidecars(s stacks.Service) map[string]cloudrun.Sidecar {
	sidecars := map[string]cloudrun.Sidecar{}
	for name, sidecar := range s.Sidecars {
		sidecars[name] = cloudrun.Sidecar{
			Image:           pulumi.String(sidecar.Image),
			Command:         sidecar.Command,
			Arguments:       sidecar.Arguments,
			CPU:             sidecar.CPU,
			Memory:          sidecar.Memory,
			StartupCPUBoost: sidecar.StartupCPUBoost,
			Environment:     texts(sidecar.Environment),
			Secrets:         p.secretVariables(sidecar.Secrets),
			Startup:         optionalProbe(sidecar.Startup),
			Liveness:        optionalProbe(sidecar.Liveness),
			After:           sidecar.After,
			Mounts:          sidecar.Mounts,
		}
	}
	return sidecars
}

// volumes returns the folders that a service's containers mount.
func (p *platform) volumes(s stacks.Service) map[string]cloudrun.Volume {
	volumes := map[string]cloudrun.Volume{}
	for name, v := range s.Volumes {
		volume := cloudrun.Volume{Memory: v.Memory, ReadOnly: v.ReadOnly}
		if v.Secret != "" {
			secret := p.secretVariable(v.Secret)
			volume.Secret, volume.File = &secret, cmp.Or(v.File, v.Secret)
		}
		if v.Bucket != "" {
			volume.Bucket = p.buckets[v.Bucket].Name
		}
		if v.NFS != nil {
			volume.Server, volume.Path = v.NFS.Server, v.NFS.Path
		}
		volumes[name] = volume
	}
	return volumes
}

// mountedBuckets returns the buckets whose objects a service's containers see as files.
func mountedBuckets(s stacks.Service) (keys []string) {
	for _, volume := range s.Volumes {
		if volume.Bucket != "" {
			keys = append(keys, volume.Bucket)
		}
	}
	return keys
}

func (p *platform) secretVariables(secrets map[string]string) map[string]cloudrun.SecretVariable {
	variables := map[string]cloudrun.SecretVariable{}
	for name, id := range secrets {
		variables[name] = p.secretVariable(id)
	}
	return variables
}

func (p *platform) secretVariable(id string) cloudrun.SecretVariable {
	return cloudrun.SecretVariable{Secret: p.secrets.SecretIDs[id], Version: p.secrets.Versions[id]}
}

func texts(values map[string]string) map[string]pulumi.StringInput {
	inputs := map[string]pulumi.StringInput{}
	for name, value := range values {
		inputs[name] = pulumi.String(value)
	}
	return inputs
}

func probe(p stacks.Probe) cloudrun.Probe {
	return cloudrun.Probe{
		Path: p.Path, TCP: p.TCP, GRPC: p.GRPC, GRPCService: p.GRPCService, Port: p.Port,
		InitialDelaySeconds: p.InitialDelaySeconds, PeriodSeconds: p.PeriodSeconds,
		TimeoutSeconds: p.TimeoutSeconds, FailureThreshold: p.FailureThreshold,
	}
}

func optionalProbe(p *stacks.Probe) *cloudrun.Probe {
	if p == nil {
		return nil
	}
	asked := probe(*p)
	return &asked
}
