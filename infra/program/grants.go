package program

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/identity"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

func (p *platform) ciGrants() []identity.Grant {
	return append([]identity.Grant{
		p.onRepository("roles/artifactregistry.writer", "Pushes images and their attestations."),
	}, p.signingGrants()...)
}

// previewGrants returns the grants to read what the program manages, for previews and drift checks. Everybody who may push a
// branch can run code as this account, so it reads settings only: no secret's value, log, metric or image.
func (p *platform) previewGrants() []identity.Grant {
	return slices.Concat([]identity.Grant{
		onProject("roles/run.viewer", "Reads services, revisions and the traffic split."),
		onProject("roles/secretmanager.viewer", "Reads secrets' settings, not their values."),
		onProject("roles/iam.workloadIdentityPoolViewer", "Reads the pool and its providers."),
		onProject("roles/iam.serviceAccountViewer", "Reads the accounts."),
		{
			Role: "settings-reader", CustomRole: p.role(settingsReaderRole), Scope: identity.ProjectScope{},
			Reason: "Reads the other resources of the program and the list of APIs, and counts its calls against this project's quota.",
		},
		p.onBillingAccount("roles/billing.viewer",
			"Reads the budget and the billing account's IAM policy. A billing account outside of an organization has no narrower role."),
	}, p.scheduleReads(), p.dataGrants(dataReaderRole, "Reads the settings of databases and buckets."), p.attestationReads())
}

// deployGrants returns the grants of a release. Its update targets the services and changes nothing else. It reads
// no secrets, not even their settings: Cloud Run itself says whether the revision can read a pinned version.
func (p *platform) deployGrants() []identity.Grant {
	grants := []identity.Grant{
		{
			Role: "releaser", CustomRole: p.role(releaserRole), Scope: identity.ProjectScope{},
			Reason: "Makes revisions, shifts traffic, and waits for operations, which belong to no service.",
		},
		p.onRepository("roles/artifactregistry.reader", "Finds the image by its digest and checks its attestations."),
		onProject("roles/monitoring.viewer", "Judges a canary by its error ratio and latency."),
		onProject("roles/serviceusage.serviceUsageConsumer", "The provider counts its calls against this project's quota."),
	}
	return slices.Concat(grants, p.onRuntimes("A revision runs as this account. The release can use no other account."), p.onPrivateServices(),
		p.jobReleases(), p.attestationReads())
}

// infraGrants returns the grants for changing everything else, except who may do what. This account sets no IAM policy,
// makes no account, changes no role, pool or provider, and switches no API on or off. So nobody who takes over the account
// can raise its rights or sign images; a person does those things (docs/adr/0007). docs/grants.md lists what the account
// can still reach, with reasons.
func (p *platform) infraGrants() []identity.Grant {
	grants := []identity.Grant{
		{
			Role: "infrastructure", CustomRole: p.role(infrastructureRole), Scope: identity.ProjectScope{},
			Reason: "Makes and changes services, secrets without their values, alerts and dashboards; reads the other resources.",
		},
		onProject("roles/iam.workloadIdentityPoolViewer",
			"Reads the pool and its providers. Only a person changes them, because they decide who may become this account."),
		onProject("roles/iam.serviceAccountViewer", "Reads the accounts. Only a person makes one, or changes who may become it."),
		p.customOnRepository("registry-keeper", registryKeeperRole,
			"Sets the repository's clean-up. It may neither push nor change who may push."),
		p.onBillingAccount("roles/billing.costsManager", "Sets the budget."),
	}
	return slices.Concat(grants, p.onRuntimes("Makes the service, which runs as this account."), p.previewInfrastructure(), p.onSchedules(),
		p.jobInfrastructure(), p.dataGrants(dataKeeperRole, "Makes and changes databases and buckets. Only a person deletes "+
			"one."), p.attestationReads())
}

func onProject(role, reason string) identity.Grant {
	return identity.Grant{Role: role, Scope: identity.ProjectScope{}, Reason: reason}
}

func (p *platform) onRepository(role, reason string) identity.Grant {
	return identity.Grant{Role: role, Reason: reason, Scope: identity.RepositoryScope{
		Key: "images", Location: p.region(), Repository: p.registry.Name,
	}}
}

func (p *platform) customOnRepository(key, role, reason string) identity.Grant {
	grant := p.onRepository(key, reason)
	grant.CustomRole = p.role(role)
	return grant
}

func (p *platform) onBillingAccount(role, reason string) identity.Grant {
	return identity.Grant{Role: role, Reason: reason,
		Scope: identity.BillingAccountScope{ID: pulumi.String(p.settings.Project.BillingAccount)}}
}

// dataGrants returns the grant of a custom role for data, if there is data.
func (p *platform) dataGrants(role, reason string) []identity.Grant {
	if len(dataRoles(p.settings)) == 0 {
		return nil
	}
	return []identity.Grant{{Role: naming.Slug(role), CustomRole: p.role(role), Scope: identity.ProjectScope{}, Reason: reason}}
}

// onPrivateServices returns the grants for a release's probes of private services.
func (p *platform) onPrivateServices() []identity.Grant {
	var grants []identity.Grant
	for _, key := range p.serviceKeys() {
		if s := p.settings.Services[key]; !s.Public && s.Reachable() {
			grants = append(grants, identity.Grant{
				Role: "roles/run.invoker", Reason: "Probes the candidate and the serving revision of this service.",
				Scope: identity.ServiceScope{Key: key, Location: p.region(), Service: p.services[key].Name},
			})
		}
	}
	return grants
}

func (p *platform) onRuntimes(reason string) []identity.Grant {
	var grants []identity.Grant
	for _, key := range p.serviceKeys() {
		grants = append(grants, identity.Grant{
			Role: "roles/iam.serviceAccountUser", Reason: reason,
			Scope: identity.ServiceAccountScope{Key: key, Name: p.runtimes[key].Name},
		})
	}
	for _, key := range p.jobKeys() {
		accounts := p.jobAccounts[key]
		grants = append(grants, identity.Grant{
			Role: "roles/iam.serviceAccountUser", Reason: reason,
			Scope: identity.ServiceAccountScope{Key: "job-" + key, Name: accounts.runtime.Name},
		})
	}
	return grants
}

// onSchedules returns the grants to use the accounts as which schedules start jobs.
func (p *platform) onSchedules() []identity.Grant {
	var grants []identity.Grant
	for _, key := range p.jobKeys() {
		if schedule := p.jobAccounts[key].schedule; schedule != nil {
			grants = append(grants, identity.Grant{
				Role: "roles/iam.serviceAccountUser", Reason: "Makes the schedule, which starts its job as this account.",
				Scope: identity.ServiceAccountScope{Key: "schedule-" + key, Name: schedule.Name},
			})
		}
	}
	return grants
}

// jobReleases returns the grants of a release on jobs: to give all of them the new digest, and to run its hooks.
func (p *platform) jobReleases() []identity.Grant {
	if len(p.jobKeys()) == 0 {
		return nil
	}
	grants := []identity.Grant{{
		Role: "job-releaser", CustomRole: p.role(jobReleaserRole), Scope: identity.ProjectScope{},
		Reason: "Gives jobs the digest of the release, and reads their executions.",
	}}
	for _, key := range p.jobKeys() {
		if p.settings.Jobs[key].Release {
			grants = append(grants, identity.Grant{
				Role: "hook-runner", CustomRole: p.role(hookRunnerRole), Reason: "A release runs this job as a hook, and cancels it when it hangs.",
				Scope: identity.JobScope{Key: key, Location: p.region(), Job: p.jobs[key].Name},
			})
		}
	}
	return grants
}

// jobInfrastructure returns the grants for making jobs and schedules.
func (p *platform) jobInfrastructure() []identity.Grant {
	if len(p.jobKeys()) == 0 {
		return nil
	}
	return []identity.Grant{{
		Role: "job-keeper", CustomRole: p.role(jobKeeperRole), Scope: identity.ProjectScope{},
		Reason: "Makes and changes jobs and their schedules. It may neither run a job nor change who may.",
	}}
}

func (p *platform) scheduleReads() []identity.Grant {
	if len(p.jobKeys()) == 0 {
		return nil
	}
	return []identity.Grant{onProject("roles/cloudscheduler.viewer", "Reads the schedules of jobs.")}
}
