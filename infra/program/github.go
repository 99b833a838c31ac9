package program

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/repository"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// writeGitHub makes the gates that a deployment passes. Workflows are told what they need to know by `release settings`, from reviewed
// files: whoever may write to the repository may set its variables.
func (p *platform) writeGitHub(ctx *pulumi.Context) error {
	g := p.settings.GitHub
	environments := map[string]repository.Environment{}
	for _, gate := range g.Environments {
		environments[gate.Name] = repository.Environment{Reviewers: gate.Reviewers, WaitMinutes: gate.WaitMinutes, Branch: g.Branch}
	}
	// GitHub shows a deployment by the environment that it is of, and would make an unprotected one of a name that it does not know.
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

// protection is the repository's own, in the one stack that has it.
func protection(settings *stacks.GitHubProtection) *repository.Protection {
	if settings == nil {
		return nil
	}
	return &repository.Protection{
		Branches: settings.Branches, Tags: settings.Tags, Checks: settings.Checks, Approvals: settings.Approvals, Actions: settings.Actions,
	}
}
