package program

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/stacks"
)

// outputs returns the stack's outputs for people and tools, by the names that package stacks defines.
func (p *platform) outputs() pulumi.Map {
	services, urls, accounts := pulumi.Map{}, pulumi.StringMap{}, pulumi.StringMap{}
	for key, service := range p.services {
		urls[key] = service.URL
		services[key] = pulumi.Map{
			stacks.ServiceName:     service.Name,
			stacks.ServiceURL:      service.URL,
			stacks.ServiceRevision: service.Revision,
			stacks.ServiceImage:    service.Image,
		}
	}
	jobs := pulumi.Map{}
	for key, job := range p.jobs {
		jobs[key] = pulumi.Map{stacks.JobName: job.Name, stacks.JobImage: job.Image}
	}
	for key, account := range p.accounts {
		accounts[key] = account.Email
	}
	outputs := pulumi.Map{
		stacks.OutputEnvironment:              pulumi.String(p.settings.Environment),
		stacks.OutputServices:                 services,
		stacks.OutputServiceURLs:              urls,
		stacks.OutputWorkloadIdentityProvider: p.providerOf(deploy),
		stacks.OutputAccounts:                 accounts,
		stacks.OutputRegistry:                 p.registry.ImagePrefix,
		stacks.OutputDashboardURL:             p.dashboard.URL,
	}
	if len(jobs) > 0 {
		outputs[stacks.OutputJobs] = jobs
	}
	return outputs
}
