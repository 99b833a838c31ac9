package program

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/repository"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// writeGitHub makes the environments that a deployment passes. It sets no variables, because everybody who may write to the repository
// can change those. Workflows get their values from `release settings`, which reads reviewed files.
func (p *platform) writeGitHub(ctx *pulumi.Context) error {
	g := p.settings.GitHub
	environments := map[string]repository.Environment{}
	for _, gate := range g.Environments {
		environments[gate.Name] = repository.Environment{Reviewers: gate.Reviewers, WaitMinutes: gate.WaitMinutes, Branch: g.Branch}
	}
	// GitHub shows deployments by environment, and would make an unprotected one for a name that it does not know.
	for _, key := range p.serviceKeys() {
		for _, slot := range p.settings.SlotNames(key) {
			environments[slot] = repository.Environment{Branch: g.Branch}
		}
	}
	_, err := repository.NewRepository(ctx, "repository", &repository.RepositoryArgs{
		Repository:   pulumi.String(g.Repository),
		Environments: environments,
		Protection:   protection(g.Protection),
	}, pulumi.Providers(p.github))
	return err
}

// protection returns the repository's protection, for the one stack that has it.
func protection(settings *stacks.GitHubProtection) *repository.Protection {
	if settings == nil {
		return nil
	}
	return &repository.Protection{
		Branches: settings.Branches, Tags: settings.Tags, Checks: settings.Checks, Approvals: settings.Approvals, Actions: settings.Actions,
	}
}
