package program

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/identity"
)

func (p *platform) ciGrants() []identity.Grant {
	return append([]identity.Grant{
		p.onRepository("roles/artifactregistry.writer", "Pushes images and what attests to them."),
	}, p.signingGrants()...)
}

// previewGrants read what the program manages, so that a preview or a drift check can compare. Whoever may push a branch can
// run as this account, so it reads settings and nothing else: no secret's value, log, metric or image.
func (p *platform) previewGrants() []identity.Grant {
	return append([]identity.Grant{
		onProject("roles/run.viewer", "Reads services, revisions and the traffic split."),
		onProject("roles/secretmanager.viewer", "Reads secrets' settings, not their values."),
		onProject("roles/iam.workloadIdentityPoolViewer", "Reads the pool and its providers."),
		onProject("roles/iam.serviceAccountViewer", "Reads the accounts."),
		{
			Role: "settings-reader", CustomRole: p.project.Roles[settingsReaderRole], Scope: identity.ProjectScope{},
			Reason: "Reads the rest of what the program sets, and which APIs are on, and counts its calls against this project's quota.",
		},
		p.onBillingAccount("roles/billing.viewer", "Reads the budget and the billing account's IAM policy. No narrower role can be had for a billing account outside an organization."),
	}, p.attestationReads()...)
}

// deployGrants are all that a release needs: its update is targeted at the services and changes nothing else. Secrets are
// not among it, not even their settings: whether a pinned version is there and readable, Cloud Run says of the revision.
func (p *platform) deployGrants() []identity.Grant {
	grants := []identity.Grant{
		{
			Role: "releaser", CustomRole: p.project.Roles[releaserRole], Scope: identity.ProjectScope{},
			Reason: "Makes revisions, shifts traffic, and waits for operations, which belong to no service.",
		},
		p.onRepository("roles/artifactregistry.reader", "Finds the image by its digest and checks what attests to it."),
		onProject("roles/monitoring.viewer", "Judges a canary by its error ratio and latency."),
		onProject("roles/serviceusage.serviceUsageConsumer", "The provider counts its calls against this project's quota."),
	}
	return slices.Concat(grants, p.onRuntimes("A revision runs as this account; the release may start no other."), p.attestationReads())
}

// infraGrants are what changing the rest takes. Who may say who else may become an account or read a secret can in the end
// do so himself: that is why this account is reached only through the environment's approvals and from one workflow, and
// why no release uses it. What it cannot do is raise itself at the project: its own grants and the custom roles are
// changed by a person.
func (p *platform) infraGrants() []identity.Grant {
	grants := []identity.Grant{
		onProject("roles/serviceusage.serviceUsageAdmin", "Switches APIs on, and counts its calls against this project's quota."),
		{
			Role: "roles/resourcemanager.projectIamAdmin", Scope: identity.ProjectScope{},
			Reason:    "Gives the preview and deploy accounts their roles on the project, and can give no others.",
			Condition: identity.OnlyRoles(p.delegatedRoles()...),
		},
		onProject("roles/iam.serviceAccountAdmin", "Makes the accounts and says which workflow may become which."),
		onProject("roles/iam.roleViewer", "Reads the custom roles. Changing them is left to a person: one is this account's own."),
		onProject("roles/iam.workloadIdentityPoolAdmin", "Makes the pool and its providers."),
		{
			Role: "secret-manager", CustomRole: p.project.Roles[secretManagerRole], Scope: identity.ProjectScope{},
			Reason: "Makes secrets and says who reads them, without reading their values.",
		},
		p.onRepository("roles/artifactregistry.admin", "Sets the repository's clean-up, and who reads and writes."),
		onProject("roles/run.admin", "Sets the services' shape and who may call them."),
		onProject("roles/monitoring.alertPolicyEditor", "Sets the alerts."),
		onProject("roles/monitoring.notificationChannelEditor", "Sets whom alerts reach."),
		onProject("roles/monitoring.uptimeCheckConfigEditor", "Sets the checks from outside."),
		onProject("roles/monitoring.servicesEditor", "Sets the objectives."),
		onProject("roles/monitoring.dashboardEditor", "Sets the dashboard."),
		onProject("roles/logging.configWriter", "Sets the metric of deployments."),
		p.onBillingAccount("roles/billing.costsManager", "Sets the budget."),
	}
	return slices.Concat(grants, p.onRuntimes("A service is given this account to run as."), p.attestationReads())
}

// delegatedRoles are Google's roles on the project that preview and deploy hold. Custom roles are a person's to grant. Google
// takes at most ten in the condition.
func (p *platform) delegatedRoles() []string {
	var roles []string
	for _, grant := range slices.Concat(p.previewGrants(), p.deployGrants()) {
		if _, onProject := grant.Scope.(identity.ProjectScope); onProject && grant.CustomRole == nil {
			roles = append(roles, grant.Role)
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

func onProject(role, reason string) identity.Grant {
	return identity.Grant{Role: role, Scope: identity.ProjectScope{}, Reason: reason}
}

func (p *platform) onRepository(role, reason string) identity.Grant {
	return identity.Grant{Role: role, Reason: reason, Scope: identity.RepositoryScope{
		Key: "images", Location: p.region(), Repository: p.registry.Name,
	}}
}

func (p *platform) onBillingAccount(role, reason string) identity.Grant {
	return identity.Grant{Role: role, Reason: reason, Scope: identity.BillingAccountScope{ID: pulumi.String(p.settings.Project.BillingAccount)}}
}

func (p *platform) onRuntimes(reason string) []identity.Grant {
	var grants []identity.Grant
	for _, key := range p.serviceKeys() {
		grants = append(grants, identity.Grant{
			Role: "roles/iam.serviceAccountUser", Reason: reason,
			Scope: identity.ServiceAccountScope{Key: key, Name: p.runtimes[key].Name},
		})
	}
	return grants
}
