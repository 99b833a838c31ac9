package program

import (
	"cmp"
	"os"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// writeProviders makes both providers explicitly. Pulumi.yaml disables the default providers, so that nothing can be made
// in the project that the caller's own tools happen to use.
func (p *platform) writeProviders(ctx *pulumi.Context) error {
	var err error
	p.gcp, err = gcp.NewProvider(ctx, "gcp", &gcp.ProviderArgs{
		Project: pulumi.String(p.settings.Project.ID),
		Region:  pulumi.String(p.settings.Project.Region),
		// Quota and API use count for this project, not for the project of the caller's credentials. The caller needs
		// serviceusage.services.use here.
		UserProjectOverride: pulumi.Bool(true),
		BillingProject:      pulumi.String(p.settings.Project.ID),
	})
	if err != nil {
		return err
	}
	return p.writeGitHubProvider(ctx)
}

// writeGitHubProvider makes the provider as the SDK's constructor does, by its token; see components/repository. The token and the address
// come from the environment of the person or job that runs the program.
func (p *platform) writeGitHubProvider(ctx *pulumi.Context) error {
	inputs := pulumi.Map{
		"owner":   pulumi.String(p.settings.GitHub.Owner),
		"baseUrl": pulumi.String(cmp.Or(os.Getenv("GITHUB_BASE_URL"), "https://api.github.com/")),
	}
	if token := os.Getenv("GITHUB_TOKEN"); token != "" {
		inputs["token"] = pulumi.ToSecret(pulumi.String(token))
	}
	provider := &pulumi.ProviderResourceState{}
	p.github = provider
	return ctx.RegisterResource("pulumi:providers:github", "github", inputs, provider, pulumi.Version(pulumiopt.GitHubVersion),
		pulumi.AdditionalSecretOutputs([]string{"token"}))
}

// inProject returns the options of resources in the project: its provider, and a dependency on its APIs.
func (p *platform) inProject(extra ...pulumi.Resource) []pulumi.ResourceOption {
	needs := slices.Concat(p.project.Ready, extra)
	return []pulumi.ResourceOption{pulumi.Providers(p.gcp), pulumi.DependsOn(needs)}
}

func (p *platform) projectID() pulumi.String { return pulumi.String(p.settings.Project.ID) }

func (p *platform) projectNumber() pulumi.String { return pulumi.String(p.settings.Project.Number) }

func (p *platform) region() pulumi.String { return pulumi.String(p.settings.Project.Region) }

func (p *platform) labels() pulumi.StringMap { return pulumi.ToStringMap(p.settings.Labels) }
