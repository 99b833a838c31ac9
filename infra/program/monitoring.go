package program

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/budget"
	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/components/monitoring"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

func (p *platform) writeMonitoring(ctx *pulumi.Context) error {
	var err error
	p.channels, err = monitoring.NewChannels(ctx, "alerts", &monitoring.ChannelsArgs{
		Project: p.projectID(), Emails: p.settings.Monitoring.AlertEmails, Others: p.otherChannels(), Labels: p.labels(),
	}, p.inProject()...)
	if err != nil {
		return err
	}
	shown := map[string]pulumi.StringInput{}
	for _, key := range p.serviceKeys() {
		service := p.services[key]
		shown[key] = service.Name
		if err := p.watch(ctx, key, p.settings.Services[key], service); err != nil {
			return err
		}
	}
	for _, key := range p.jobKeys() {
		if err := p.watchJob(ctx, key, p.settings.Jobs[key]); err != nil {
			return err
		}
	}
	p.dashboard, err = monitoring.NewDashboard(ctx, "dashboard", &monitoring.DashboardArgs{
		Project:  p.projectID(),
		Title:    p.settings.Labels["app"] + " " + p.settings.Environment,
		Services: shown,
	}, p.inProject()...)
	return err
}

// otherChannels returns the channels besides mail. Their secrets lost their mark when the settings were read; the
// component marks them again.
func (p *platform) otherChannels() map[string]monitoring.Channel {
	channels := map[string]monitoring.Channel{}
	for key, c := range p.settings.Monitoring.Channels {
		channel := monitoring.Channel{Kind: c.Kind, Target: c.Target, User: c.User}
		if c.Secret != "" {
			channel.Secret = pulumi.String(c.Secret)
		}
		channels[key] = channel
	}
	return channels
}

func (p *platform) watch(ctx *pulumi.Context, key string, s stacks.Service, service *cloudrun.Service) error {
	_, err := monitoring.NewWatch(ctx, "watch-"+key, &monitoring.WatchArgs{
		Project:             p.projectID(),
		Location:            p.region(),
		Environment:         p.settings.Environment,
		ServiceName:         service.Name,
		Channels:            p.channels.Names,
		RunbookURL:          p.settings.Monitoring.RunbookURL,
		Uptime:              p.uptime(s, service),
		AvailabilityPercent: s.SLO.AvailabilityPercent,
		WindowDays:          s.SLO.WindowDays,
		Latency:             latency(s.SLO.Latency),
		Labels:              p.labels(),
	}, p.inProject()...)
	return err
}

// watchJob makes the alerts of a job, if the settings ask for any.
func (p *platform) watchJob(ctx *pulumi.Context, key string, s stacks.Job) error {
	if !*s.AlertOnFailure && s.LateAfterHours == 0 {
		return nil
	}
	_, err := monitoring.NewJobWatch(ctx, "watch-job-"+key, &monitoring.JobWatchArgs{
		Project: p.projectID(), Location: p.region(), Environment: p.settings.Environment, JobName: p.jobs[key].Name,
		Channels: p.channels.Names, RunbookURL: p.settings.Monitoring.RunbookURL,
		Failure: *s.AlertOnFailure, LateAfterHours: s.LateAfterHours, Labels: p.labels(),
	}, p.inProject()...)
	return err
}

func latency(objective *stacks.LatencyObjective) *monitoring.Latency {
	if objective == nil {
		return nil
	}
	return &monitoring.Latency{Percent: objective.Percent, Milliseconds: objective.Milliseconds}
}

// uptime returns the check of a service, or nil if Google's checkers cannot reach it: they come from outside, and would always
// fail. For a private service they carry a token.
func (p *platform) uptime(s stacks.Service, service *cloudrun.Service) *monitoring.Uptime {
	if !s.Reachable() {
		return nil
	}
	uptime := &monitoring.Uptime{
		Host: service.Host, Path: s.Uptime.Path, PeriodSeconds: s.Uptime.PeriodSeconds, TimeoutSeconds: s.Uptime.TimeoutSeconds,
	}
	if !s.Public {
		uptime.CallerOf = p.projectNumber()
	}
	return uptime
}

func (p *platform) writeBudget(ctx *pulumi.Context) error {
	_, err := budget.NewBudget(ctx, "budget", &budget.BudgetArgs{
		BillingAccount:  pulumi.String(p.settings.Project.BillingAccount),
		ProjectNumber:   p.projectNumber(),
		DisplayName:     pulumi.String(fmt.Sprintf("%s a month", p.settings.Project.ID)),
		Amount:          p.settings.Budget.Amount,
		Currency:        p.settings.Budget.Currency,
		CurrentPercent:  p.settings.Budget.CurrentPercent,
		ForecastPercent: p.settings.Budget.ForecastPercent,
		Channels:        p.channels.EmailNames,
	}, p.inProject()...)
	return err
}
