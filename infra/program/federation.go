package program

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/federation"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// The workflow files that may act as an account. Trust includes the file's name, so a renamed file loses its access.
const (
	ciWorkflow        = "build.yml"
	promotionWorkflow = "promote.yml"
	deployWorkflow    = "deploy.yml"
	infraWorkflow     = "infrastructure.yml"
	slotsWorkflow     = "preview-environment.yml"
)

// The events that start runs.
const pullRequest, push, schedule, byHand = "pull_request", "push", "schedule", "workflow_dispatch"

// writeFederation says which job of GitHub Actions may act as which account. In prod each account has its own provider, which admits
// only the tokens of one workflow in one environment. In dev and staging one provider admits the whole repository, and the bindings
// tell its jobs apart.
func (p *platform) writeFederation(ctx *pulumi.Context) error {
	g := p.settings.GitHub
	binding := func(account, attribute, value string) federation.Binding {
		return federation.Binding{ServiceAccount: p.accounts[account].Name, Attribute: attribute, Value: value}
	}
	bindings := map[string]federation.Binding{
		preview: binding(preview, federation.AttributeEnvironment, federation.EnvironmentValue(g.RepositoryID, federation.NoEnvironment)),
	}
	// job binds an account to the jobs of one workflow file in one environment, in runs of the branch. Each ref of the file has its
	// own binding, named after the ref, so that adding or removing one leaves the others alone.
	job := func(account, environment, file string) {
		for _, ref := range p.workflowRefs() {
			bindings[account+refKey(ref, g.Branch)] = binding(account, federation.AttributeEnvironmentWorkflow,
				federation.EnvironmentWorkflowValue(g.RepositoryID, environment, g.Branch, federation.WorkflowAt(p.workflowRepository(), file, ref)))
		}
	}
	job(deploy, p.environment(), deployWorkflow)
	job(infra, p.environment(), infraWorkflow)
	if p.settings.BuildsImages() {
		job(ci, federation.NoEnvironment, ciWorkflow)
	} else {
		// The promotion inside a deployment copies images with this account.
		job(ci, p.environment(), promotionWorkflow)
	}
	if p.settings.Previews != nil {
		// The ref of a pull request's run changes each time, so the binding goes by the event. A run of a fork gets no token
		// at all.
		for _, ref := range p.workflowRefs() {
			for event, key := range map[string]string{pullRequest: "", schedule: "-clock"} {
				bindings[slots+key+refKey(ref, g.Branch)] = binding(slots, federation.AttributeEventWorkflow,
					federation.EventWorkflowValue(g.RepositoryID, federation.NoEnvironment, event,
						federation.WorkflowAt(p.workflowRepository(), slotsWorkflow, ref)))
			}
		}
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
	trust := func(file, environment, description string, events ...string) federation.Trust {
		t := federation.Trust{OwnerID: g.OwnerID, RepositoryID: g.RepositoryID, Environment: environment, Events: events,
			Description: description}
		if file != "" {
			t.Ref = "refs/heads/" + g.Branch
			for _, ref := range p.workflowRefs() {
				t.Workflows = append(t.Workflows, federation.WorkflowAt(p.workflowRepository(), file, ref))
			}
		}
		return t
	}
	if !p.settings.SeparateProviders() {
		return map[string]federation.Trust{
			stacks.DeployProvider: trust("", "", "Every job of the repository; bindings tell them apart.", pullRequest, push, schedule, byHand),
		}
	}
	return map[string]federation.Trust{
		stacks.DeployProvider: trust(deployWorkflow, p.environment(), "Releases, after their approvals.", byHand),
		stacks.PromotionProvider: trust(promotionWorkflow, p.environment(),
			"The copying of images inside a release, after its approvals.", byHand),
		stacks.InfraProvider: trust(infraWorkflow, p.environment(), "Changes of the environment itself, after their approvals.", push,
			byHand),
		stacks.PreviewProvider: trust("", federation.NoEnvironment, "Pull requests and drift checks, which read only.", pullRequest,
			push, schedule, byHand),
	}
}

// providerOf returns the provider that an account's jobs authenticate with.
func (p *platform) providerOf(account string) pulumi.StringOutput {
	return p.federation.ProviderNames[p.settings.ProviderID(account)]
}

// environment returns the GitHub environment that deployments run in.
func (p *platform) environment() string { return p.settings.GitHubEnvironment() }

// workflowRepository returns the repository whose workflow files are trusted, OWNER/NAME: the application's own unless the
// settings name another.
func (p *platform) workflowRepository() string {
	if w := p.settings.GitHub.Workflows; w != nil {
		return w.Repository
	}
	return p.settings.GitHub.Owner + "/" + p.settings.GitHub.Repository
}

// workflowRefs returns the refs at which those files are trusted.
func (p *platform) workflowRefs() []string {
	if w := p.settings.GitHub.Workflows; w != nil {
		return w.Refs
	}
	return []string{"refs/heads/" + p.settings.GitHub.Branch}
}

// refKey returns the part of a binding's name that tells an account's bindings apart: "" for the branch, and otherwise
// the tag or the commit.
func refKey(ref, branch string) string {
	if ref == "refs/heads/"+branch {
		return ""
	}
	return "-" + naming.Slug(strings.TrimPrefix(ref, "refs/tags/"))
}
