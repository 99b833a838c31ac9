package program

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/identity"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// The accounts that change an environment.
const (
	ci      = stacks.AccountCI
	preview = stacks.AccountPreview
	deploy  = stacks.AccountDeploy
	infra   = stacks.AccountInfra
	slots   = stacks.AccountSlots
)

// writeAccounts makes the pipeline's accounts with their grants. A grant is as narrow as its role allows, and says why
// it is needed.
func (p *platform) writeAccounts(ctx *pulumi.Context) error {
	p.accounts = map[string]*identity.Identity{}
	type account struct {
		key, description string
		grants           []identity.Grant
	}
	accounts := []account{
		{ci, "Workflows push images as this account.", p.ciGrants()},
		{preview, "Pull requests and drift checks read as this account and change nothing.", p.previewGrants()},
		{deploy, "Releases run as this account.", p.deployGrants()},
		{infra, "infrastructure.yml changes everything but the services' releases as this account.", p.infraGrants()},
	}
	if p.settings.Previews != nil {
		accounts = append(accounts, account{slots, "Pull requests' images are put into slots as this account, and nothing else is.",
			p.slotGrants()})
	}
	for _, account := range accounts {
		made, err := identity.NewIdentity(ctx, "account-"+account.key, &identity.IdentityArgs{
			Project:     p.projectID(),
			AccountID:   stacks.PipelineAccountPrefix + account.key,
			DisplayName: pulumi.String(fmt.Sprintf("GitHub Actions: %s", account.key)),
			Description: pulumi.String(account.description),
			Grants:      account.grants,
		}, p.inProject()...)
		if err != nil {
			return err
		}
		p.accounts[account.key] = made
	}
	return nil
}
