package program

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/identity"
	"github.com/guiofsaints/procureflow-platform/components/job"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// jobAccounts are the account that a job runs as, and the account of its schedule; nil if it has no schedule.
type jobAccounts struct{ runtime, schedule *identity.Identity }

// jobClient returns a job's key among the clients of a database or a bucket. The other clients are services.
func jobClient(key string) string { return "job-" + key }

// jobKeys returns the jobs' keys sorted, so that every run registers jobs in the same order.
func (p *platform) jobKeys() []string { return slices.Sorted(maps.Keys(p.settings.Jobs)) }

// writeJobAccounts makes the accounts of jobs. Like the accounts of services, they get no grants here. A schedule's account gets
// the right to start its job, and no other right, where the job is made.
func (p *platform) writeJobAccounts(ctx *pulumi.Context) (err error) {
	p.jobAccounts = map[string]jobAccounts{}
	account := func(name, id, display, description string) *identity.Identity {
		if err != nil {
			return nil
		}
		var made *identity.Identity
		made, err = identity.NewIdentity(ctx, name, &identity.IdentityArgs{Project: p.projectID(), AccountID: id,
			DisplayName: pulumi.String(display), Description: pulumi.String(description)}, p.inProject()...)
		return made
	}
	for _, key := range p.jobKeys() {
		s := p.settings.Jobs[key]
		accounts := jobAccounts{runtime: account("runtime-job-"+key, s.RuntimeAccount, s.Name,
			fmt.Sprintf("The Cloud Run job %s runs as this account.", s.Name))}
		if s.Schedule != nil {
			accounts.schedule = account("schedule-"+key, s.Schedule.Account, s.Name+" schedule",
				fmt.Sprintf("Cloud Scheduler starts the Cloud Run job %s as this account.", s.Name))
		}
		p.jobAccounts[key] = accounts
	}
	return err
}

// writeJobs makes the jobs. A job runs its service's image by the same digest, and a release changes both at once.
func (p *platform) writeJobs(ctx *pulumi.Context) error {
	p.jobs = map[string]*job.Job{}
	for _, key := range p.jobKeys() {
		s := p.settings.Jobs[key]
		made, err := job.NewJob(ctx, "job-"+key, p.jobArgs(key, s),
			p.inProject(slices.Concat(p.beforeImages(jobClient(key)), p.dataReady(s.Databases, s.Buckets))...)...)
		if err != nil {
			return err
		}
		p.jobs[key] = made
	}
	return nil
}

func (p *platform) jobArgs(key string, s stacks.Job) *job.JobArgs {
	secrets := map[string]job.SecretVariable{}
	for name, id := range s.Secrets {
		secrets[name] = job.SecretVariable{Secret: p.secrets.SecretIDs[id], Version: p.secrets.Versions[id]}
	}
	environment := texts(s.Environment)
	maps.Copy(environment, p.dataVariables(s.Databases, s.Buckets, jobClient(key)))
	args := &job.JobArgs{
		Project: p.projectID(), Location: p.region(), JobName: s.Name, Labels: p.labels(),
		Image: p.services[s.Service].Image, ImageUser: p.users[s.Service], ServiceAccount: p.jobAccounts[key].runtime.Email,
		Command: s.Command, Args: s.Args, CPU: s.CPU, Memory: s.Memory,
		Tasks: s.Tasks, Parallelism: s.Parallelism, MaxRetries: s.MaxRetries, TimeoutSeconds: s.TimeoutSeconds,
		Environment: environment, Secrets: secrets,
		BinaryAuthorization: p.attestation != nil, DeletionProtection: s.DeletionProtection,
	}
	if connections := p.connections(s.Databases); len(connections) > 0 {
		args.CloudSQL = connections
	}
	if v := s.VPC; v != nil {
		args.VPC = &job.VPC{Network: v.Network, Subnetwork: v.Subnetwork, AllTraffic: v.Egress == "all-traffic", Tags: v.Tags}
	}
	if s.Schedule != nil {
		args.Schedule = &job.Schedule{Cron: s.Schedule.Cron, TimeZone: s.Schedule.TimeZone, Account: p.jobAccounts[key].schedule.Email}
	}
	return args
}
