package program

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/identity"
)

// writeRuntimes makes an account for each service. The account gets no grants here; the chapter about secrets lets it read
// its secrets.
func (p *platform) writeRuntimes(ctx *pulumi.Context) error {
	p.runtimes = map[string]*identity.Identity{}
	for _, key := range p.serviceKeys() {
		service := p.settings.Services[key]
		runtime, err := identity.NewIdentity(ctx, "runtime-"+key, &identity.IdentityArgs{
			Project:     p.projectID(),
			AccountID:   service.RuntimeAccount,
			DisplayName: pulumi.String(service.Name),
			Description: pulumi.String(fmt.Sprintf("The Cloud Run service %s runs as this account.", service.Name)),
		}, p.inProject()...)
		if err != nil {
			return err
		}
		p.runtimes[key] = runtime
	}
	return errors.Join(p.writeJobAccounts(ctx), p.writePreviewAccount(ctx))
}

// serviceKeys returns the services' keys sorted, so that every run registers services in the same order.
func (p *platform) serviceKeys() []string { return slices.Sorted(maps.Keys(p.settings.Services)) }
