package program

import (
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/secrets"
)

// writeSecrets makes each secret readable by exactly the services and jobs that name it.
func (p *platform) writeSecrets(ctx *pulumi.Context) error {
	containers := map[string]secrets.Secret{}
	for id, settings := range p.settings.Secrets {
		secret := secrets.Secret{Version: settings.Version, Accessors: map[string]pulumi.StringInput{}}
		if settings.Value != "" {
			// The value lost its mark as a secret when the settings were read. It is marked again before anything else
			// sees it.
			secret.Value = pulumi.ToSecret(pulumi.String(settings.Value)).(pulumi.StringOutput)
		}
		for key, service := range p.settings.Services {
			if slices.Contains(service.SecretIDs(), id) {
				secret.Accessors[key] = p.runtimes[key].Member
			}
		}
		for key, job := range p.settings.Jobs {
			if slices.Contains(slices.Collect(maps.Values(job.Secrets)), id) {
				secret.Accessors[jobClient(key)] = p.jobAccounts[key].runtime.Member
			}
		}
		if v := p.settings.Previews; v != nil && slices.Contains(slices.Collect(maps.Values(v.Secrets)), id) {
			secret.Accessors["previews"] = p.previews.runtime.Member
		}
		containers[id] = secret
	}
	var err error
	p.secrets, err = secrets.NewSecrets(ctx, "secrets", &secrets.SecretsArgs{
		Project: p.projectID(), Labels: p.labels(), Secrets: containers,
	}, p.inProject()...)
	return err
}
