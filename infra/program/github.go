package program

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/repository"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// writeGitHub makes the gates that a deployment passes, and tells workflows what they need to know. Nothing here is secret:
// what the variables name is of no use without a token that the federation takes.
func (p *platform) writeGitHub(ctx *pulumi.Context) error {
	g := p.settings.GitHub
	environments := map[string]repository.Environment{}
	for _, gate := range g.Environments {
		environments[gate.Name] = repository.Environment{Reviewers: gate.Reviewers, WaitMinutes: gate.WaitMinutes, Branch: g.Branch}
	}
	variables, err := p.environmentVariables()
	if err != nil {
		return err
	}
	last := environments[p.environment()]
	last.Variables = variables
	environments[p.environment()] = last
	_, err = repository.NewRepository(ctx, "repository", &repository.RepositoryArgs{
		Repository:   pulumi.String(g.Repository),
		Environments: environments,
		Actions:      repository.Actions{Variables: p.repositoryVariables()},
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

func (p *platform) environmentVariables() (map[string]pulumi.StringInput, error) {
	services, err := json.Marshal(p.settings.Describe()) // keys sorted
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", VariableServices, err)
	}
	variables := map[string]pulumi.StringInput{
		VariableProject:           p.projectID(),
		VariableProjectNumber:     p.projectNumber(),
		VariableRegion:            p.region(),
		VariableRegistry:          p.registry.ImagePrefix,
		VariableProvider:          p.providerOf(deploy),
		VariablePromotionProvider: p.providerOf(ci),
		VariableInfraProvider:     p.providerOf(infra),
		VariableCIAccount:         p.accounts[ci].Email,
		VariableDeployAccount:     p.accounts[deploy].Email,
		VariableInfraAccount:      p.accounts[infra].Email,
		VariableServices:          pulumi.String(string(services)),
	}
	if p.attestation != nil {
		variables[VariableAttestor], variables[VariableAttestorKeyVersion] = p.attestation.Attestor, p.attestation.KeyVersion
	}
	return variables, nil
}

func (p *platform) repositoryVariables() map[string]pulumi.StringInput {
	stack := p.settings.Environment
	variables := map[string]pulumi.StringInput{
		RepositoryVariable(VariableProject, stack):         p.projectID(),
		RepositoryVariable(VariableRegion, stack):          p.region(),
		RepositoryVariable(VariablePreviewAccount, stack):  p.accounts[preview].Email,
		RepositoryVariable(VariablePreviewProvider, stack): p.providerOf(preview),
	}
	if p.settings.BuildsImages() {
		variables[RepositoryVariable(VariableRegistry, stack)] = p.registry.ImagePrefix
		variables[RepositoryVariable(VariableProvider, stack)] = p.providerOf(ci)
		variables[RepositoryVariable(VariableCIAccount, stack)] = p.accounts[ci].Email
	}
	return variables
}
