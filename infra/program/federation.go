package program

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/federation"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// The workflows that may become an account, by their files. They are a part of who is trusted: renaming one ends its
// access.
const (
	ciWorkflow        = "ci.yml"
	promotionWorkflow = "promote.yml"
	deployWorkflow    = "deploy.yml"
	infraWorkflow     = "infrastructure.yml"
)

// writeFederation says which job of GitHub Actions may become whom. In prod each way in has a provider of its own, so that
// a token is refused at the door unless it is of the one workflow and environment that the door is for; elsewhere one
// provider admits the repository, and the bindings tell its jobs apart.
func (p *platform) writeFederation(ctx *pulumi.Context) error {
	g := p.settings.GitHub
	binding := func(account, attribute, value string) federation.Binding {
		return federation.Binding{ServiceAccount: p.accounts[account].Name, Attribute: attribute, Value: value}
	}
	// job is a job of one workflow file in one environment, in runs of the branch.
	job := func(account, environment, workflow string) federation.Binding {
		return binding(account, federation.AttributeEnvironmentWorkflow,
			federation.EnvironmentWorkflowValue(g.RepositoryID, environment, g.Branch, p.workflow(workflow)))
	}
	bindings := map[string]federation.Binding{
		deploy:  job(deploy, p.environment(), deployWorkflow),
		preview: binding(preview, federation.AttributeEnvironment, federation.EnvironmentValue(g.RepositoryID, federation.NoEnvironment)),
		infra:   job(infra, p.environment(), infraWorkflow),
		// Images are copied here by the promotion inside a deployment.
		ci: job(ci, p.environment(), promotionWorkflow),
	}
	if p.settings.BuildsImages() {
		bindings[ci] = job(ci, federation.NoEnvironment, ciWorkflow)
	}
	var err error
	p.federation, err = federation.NewFederation(ctx, "federation", &federation.FederationArgs{
		Project:     p.projectID(),
		PoolID:      stacks.Pool,
		Description: pulumi.String(fmt.Sprintf("Jobs of %s/%s on GitHub Actions.", g.Owner, g.Repository)),
		Providers:   p.providers(),
		Bindings:    bindings,
	}, p.inProject()...)
	return err
}

func (p *platform) providers() map[string]federation.Trust {
	g := p.settings.GitHub
	trust := func(workflow, environment, description string) federation.Trust {
		t := federation.Trust{OwnerID: g.OwnerID, RepositoryID: g.RepositoryID, Environment: environment, Description: description}
		if workflow != "" {
			t.Ref, t.Workflow = "refs/heads/"+g.Branch, p.workflow(workflow)
		}
		return t
	}
	if !p.settings.SeparateProviders() {
		return map[string]federation.Trust{stacks.DeployProvider: trust("", "", "Every job of the repository; bindings tell them apart.")}
	}
	return map[string]federation.Trust{
		stacks.DeployProvider:    trust(deployWorkflow, p.environment(), "Releases, after their approvals."),
		stacks.PromotionProvider: trust(promotionWorkflow, p.environment(), "The copying of images inside a release, after its approvals."),
		stacks.InfraProvider:     trust(infraWorkflow, p.environment(), "Changes of the environment itself, after their approvals."),
		stacks.PreviewProvider:   trust("", federation.NoEnvironment, "Pull requests and drift checks, which read only."),
	}
}

// providerOf is the provider that an account's jobs authenticate with.
func (p *platform) providerOf(account string) pulumi.StringOutput {
	return p.federation.ProviderNames[p.settings.ProviderID(account)]
}

// environment is the GitHub environment that deployments run in.
func (p *platform) environment() string { return p.settings.GitHubEnvironment() }

func (p *platform) workflow(file string) string {
	g := p.settings.GitHub
	return federation.WorkflowRef(g.Owner, g.Repository, file, g.Branch)
}
